//! Puts the sections of the test shop into a program with a slot for them: `embedded ITEMS PROGRAM OUT`. With as many items
//! as the shop has they are those of its bundle, with others those of another version.

#[path = "../tests/shop/mod.rs"]
mod shop;

use kenal_bundle::{Hash, Trust, embed, verify};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [items, program, out] = &args[..] else { panic!("embedded ITEMS PROGRAM OUT") };
    let shop = shop::Shop { items: items.parse().expect("a number"), ..shop::Shop::default() };
    let files = shop.files();
    let trust = Trust::new(shop::signer().public().expect("a key"));
    let manifest = files.iter().find_map(|file| verify(&file.bytes, &trust).ok()).expect("the manifest");
    let listed = |bytes: &[u8]| manifest.sections.iter().any(|entry| entry.hash == Hash::of(bytes));
    let sections: Vec<&[u8]> = files.iter().map(|file| &*file.bytes).filter(|bytes| listed(bytes)).collect();
    let program = std::fs::read(program).expect("the program");
    std::fs::write(out, embed(&program, &sections).expect("embedded")).expect("written");
}
