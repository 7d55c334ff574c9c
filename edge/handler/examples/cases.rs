//! Writes what the native core answers to the cases into `tests/cases/recommend.json`, after a change that is meant to
//! change answers: `cargo run -p kenal-edge --example cases`. Review the difference before committing it.

#[path = "../tests/shop/mod.rs"]
mod shop;

use kenal_edge::{Edge, Store, StoreError};
use shop::cases::{self, Expected};

/// The files of the shop, in memory.
struct Memory(Vec<kenal_bundle::File>);

impl Store for Memory {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.iter().find(|file| file.name == name).map(|file| file.bytes.clone()))
    }
}

fn main() {
    let store = Memory(shop::Shop::default().files());
    let edge: Edge = kenal_edge::store::open(&store, &shop::key(), shop::NOW).expect("the shop opens");
    let mut list = cases::load();
    for case in &mut list.cases {
        let visitor = case.request.visitor.as_deref().filter(|_| case.row);
        let shard = visitor.and_then(|visitor| {
            let name = edge.shard_for(visitor)?.section_name();
            store.get(&name).expect("memory").map(|shard| (visitor, shard))
        });
        let row = shard.as_ref().and_then(|(visitor, shard)| edge.row_from_shard(shard, visitor).expect("a shard"));
        case.expected = Expected::of(&edge.recommend(&case.request, row.as_deref()).expect(&case.name));
    }
    let mut text = serde_json::to_string_pretty(&list).expect("plain values");
    text.push('\n');
    std::fs::write(cases::path(), text).expect("the list can be written");
}
