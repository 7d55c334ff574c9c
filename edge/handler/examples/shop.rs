//! Writes the test shop's bundle to a folder: `cargo run -p kenal-edge --example shop -- FOLDER`.

#[path = "../tests/shop/mod.rs"]
mod shop;

fn main() {
    let folder = std::env::args_os().nth(1).expect("usage: shop FOLDER");
    shop::Shop::default().write(folder.as_ref());
}
