//! Writes the test shop's bundle to a folder: `shop FOLDER`. With `shop FOLDER canary` it is published there for half of the
//! visitors by the next version, which has an item more.

#[path = "../tests/shop/mod.rs"]
mod shop;

use std::fs;
use std::path::PathBuf;

use kenal_bundle::{CANARY_NAME, MANIFEST_NAME, write_canary};
use shop::Shop;

/// In hundredths of a percent.
const HALF: u16 = 5_000;

fn main() {
    let mut args = std::env::args_os().skip(1);
    let folder = PathBuf::from(args.next().expect("usage: shop FOLDER [canary]"));
    let canary = args.next().is_some_and(|word| word == "canary");
    let shop = Shop::default();
    if canary {
        let next = Shop { items: shop.items + 1, version: shop.version + 1, ..shop };
        next.write(&folder);
        let manifest = fs::read(folder.join(MANIFEST_NAME)).expect("the manifest");
        let canary = write_canary(&shop::signer(), HALF, &manifest).expect("a canary");
        fs::write(folder.join(CANARY_NAME), canary).expect("a file of the bundle");
    }
    shop.write(&folder);
}
