//! A shop of a few hundred items and visitors, in versions that differ a little.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use kenal_bundle::{File, Hash, MarketEntry, PublicKey, Publisher, Release, RowSeal, Signer, VisitorKey};
use kenal_core::format::write::{CatalogueItem, HistoryInput, ItemInput, UserRowInput};
use kenal_core::{CategoryIdx, ConsentBits, Items, MarketIdx, Model};
use kenal_publish::Source;

pub const NOW: u64 = 1_795_000_000;
pub const VISITORS: usize = 40;
const ITEMS: usize = 300;

pub fn signer() -> Signer {
    Signer::from_seed(&[3; 32])
}

pub fn key() -> PublicKey {
    signer().public().expect("a key")
}

fn salt() -> Hash {
    Hash::of(b"the salt of this shop")
}

pub fn visitor(n: usize) -> VisitorKey {
    VisitorKey::new(&salt(), &format!("visitor {n}"))
}

/// Everybody but the first `gone`.
pub fn allowed(gone: usize) -> BTreeSet<VisitorKey> {
    (gone..VISITORS).map(visitor).collect()
}

fn item(n: usize, version: u64) -> ItemInput {
    // Every hundredth item is another in each version.
    let taste = if n % 100 == 7 { n as u64 + 1000 * version } else { n as u64 };
    let size = 1.0 / (1.0 + n as f32 / 30.0);
    let part = |d: u64| ((taste * 31 + d * 17) % 97) as f32 / 97.0 - 0.5;
    ItemInput {
        id: format!("{}", 5000 + n),
        factor: (0..16).map(|d| part(d) * size).collect(),
        markets: 1,
        category: CategoryIdx::new(0).expect("small"),
        price_band: 0,
        in_stock: true,
        boost: 1.0,
    }
}

fn files(version: u64, before: Option<&[u8]>) -> Vec<File> {
    let release = Release {
        version,
        created_at: NOW + version * 900,
        expires_at: NOW + version * 900 + 86_400,
        previous: None,
        consent_root: Hash::of(b"consent"),
        salt: salt(),
        markets: vec![MarketEntry { code: "SG".to_owned(), currency: "SGD".to_owned() }],
        watermarks: BTreeMap::from([("shopify".to_owned(), NOW)]),
        card: BTreeMap::new(),
    };
    let mut publisher = Publisher::new(release).following(before.map(|bytes| Items::parse(bytes).expect("items")));
    let model = Model { alpha0: 0.1, reg: 0.01, view: 1.0, cart: 2.0, purchase: 5.0, half_life_s: 0.0 };
    let items: Vec<ItemInput> = (0..ITEMS).map(|n| item(n, version)).collect();
    let index = publisher.items(model, 16, &["all".to_owned()], &items).expect("items").to_vec();
    publisher.trending(&[]).expect("no lists");
    let card = |n: usize| CatalogueItem {
        title: format!("Thing no. {n}"),
        prices: vec![100 + n as u64],
        category: CategoryIdx::new(0).expect("small"),
    };
    publisher.catalogue(&(0..ITEMS).map(card).collect::<Vec<_>>()).expect("cards");
    publisher.users(3).expect("eight shards");
    let row = |n: usize| UserRowInput {
        consent: ConsentBits::PERSONALISE_ONSITE,
        churn_decile: None,
        market: MarketIdx::new(0).ok(),
        history: vec![HistoryInput { item: index[n], confidence: 5.0, together: 1.0, again: 0.0 }],
        bought: vec![index[n]],
    };
    let rows: Vec<UserRowInput> = (0..VISITORS).map(row).collect();
    let mut files = Vec::new();
    for shard in 0..8 {
        let seals = (0..VISITORS).map(|n| (RowSeal::new(&salt(), &format!("visitor {n}")), &rows[n]));
        let own: Vec<_> = seals.filter(|(seal, _)| seal.visitor_key().shard(3) == shard).collect();
        files.push(publisher.shard(shard, &own).expect("a shard"));
    }
    files.extend(publisher.finish(&signer()).expect("a bundle"));
    files
}

/// Writes a version of the shop to `folder`, following the one that is there, and opens it.
pub fn source(folder: &Path, version: u64) -> Source {
    let before = Source::open(folder, key()).ok().map(|source| {
        let entry = *source.manifest.section(kenal_bundle::Kind::Items).expect("items");
        source.section(&entry.hash).expect("there")
    });
    fs::create_dir_all(folder.join("sections")).expect("a folder");
    for file in files(version, before.as_deref()) {
        fs::write(folder.join(&file.name), &file.bytes).expect("written");
    }
    Source::open(folder, key()).expect("a bundle")
}
