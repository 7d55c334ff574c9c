//! How long one request takes inside wasmtime: `cargo run --release -p kenal-server --example core_time`.
//!
//! The bundle is the test shop at 50,000 items × 64 dimensions. What is timed is what `Server-Timing` calls `core`: JSON
//! in, JSON out, with copying both ways. Every answer is compared with the native core's, so a wrong one cannot be fast.

#[path = "../../handler/tests/shop/mod.rs"]
mod shop;

use std::sync::Arc;
use std::time::{Duration, Instant};

use kenal_edge::{Consent, LiveEvent, LiveKind, Request, Store};
use kenal_server::Folder;
use kenal_server::wasm::{Core, Load};
use shop::{NOW, Shop, visitors};

const ROUNDS: usize = 2_000;

fn main() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    Shop { items: 50_000, dims: 64, ..Shop::default() }.write(dir.path());
    let folder = Folder::open(dir.path()).expect("a bundle");
    let edge = Arc::new(kenal_edge::store::open(&folder, &shop::key(), NOW).expect("the shop opens"));
    let manifest = folder.get("manifest.kenal").expect("read").expect("there");
    let start = Instant::now();
    let core = Core::embedded().expect("the module compiles");
    println!("module: {} bytes, compiled in {:?}", kenal_server::MODULE.len(), start.elapsed());
    let start = Instant::now();
    let load = Load { manifest, key: shop::key(), now: NOW, edge: Arc::clone(&edge), revocations: None };
    let mut worker = core.instantiate(&load).expect("the bundle loads");
    println!("bundle: {} items, loaded in {:?}", edge.items().unwrap_or(0), start.elapsed());

    let shard = edge.shard_for(visitors::SHIRTS).expect("users").section_name();
    let shard = folder.get(&shard).expect("read").expect("a shard");
    let row = edge.row_from_shard(&shard, visitors::SHIRTS).expect("a shard").expect("a row");
    let event = |n: usize| LiveEvent { item: shop::id(n * 37), kind: LiveKind::View, time: NOW - n as i64 };
    let known =
        Request { visitor: Some(visitors::SHIRTS.into()), consent: Consent::Granted, k: 20, ..Request::new("SG", NOW) };
    let five = Request { events: (0..5).map(event).collect(), ..known.clone() };
    let full = Request { events: (0..64).map(event).collect(), ..known.clone() };
    let trending = Request { k: 20, ..Request::new("SG", NOW) };
    for (name, request, row) in [
        ("trending", trending, None),
        ("history", known, Some(row.as_slice())),
        ("history + 5 events", five, Some(row.as_slice())),
        ("history + 64 events", full, Some(row.as_slice())),
    ] {
        let json = serde_json::to_vec(&request).expect("JSON");
        let native = serde_json::to_vec(&edge.recommend(&request, row).expect("an answer")).expect("JSON");
        let mut times: Vec<Duration> = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let answer = worker.recommend(&json, row).expect("an answer");
            times.push(start.elapsed());
            assert_eq!(answer, native, "{name}");
        }
        times.sort_unstable();
        println!("{name:22} p50 {:?}, p99 {:?}", times[ROUNDS / 2], times[ROUNDS * 99 / 100]);
    }
}
