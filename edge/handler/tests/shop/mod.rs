//! A small shop that does not exist, as a signed bundle: what the tests of every host open.
//!
//! All of it follows from [`Shop`]'s fields, so the same shop is the same bytes everywhere; `examples/shop.rs` writes it
//! to a folder for hosts that are not Rust. Its time stands still: it was built at [`BUILT_AT`].

#![allow(dead_code, reason = "each test uses its own part of the shop")]

pub mod cases;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kenal_bundle::{File, Hash, MarketEntry, Publisher, Release, RowSeal, Signer, VisitorKey};
use kenal_core::format::write::{CatalogueItem, HistoryInput, ItemInput, TrendingList, UserRowInput};
use kenal_core::{CategoryIdx, ConsentBits, ItemIdx, MarketIdx, Model, Score, Scored, Weights};

/// 2026-01-01T00:00:00Z.
pub const BUILT_AT: i64 = 1_767_225_600;

/// A day later: when the cases take place.
pub const NOW: i64 = BUILT_AT + 86_400;

pub const CATEGORIES: [&str; 4] = ["Shirts", "Lamps", "Cables", "Bowls"];
pub const MARKETS: [(&str, &str); 4] = [("SG", "SGD"), ("MY", "MYR"), ("TH", "THB"), ("ID", "IDR")];

/// How large the shop is, and for how long its bundle holds.
#[derive(Debug, Clone, Copy)]
pub struct Shop {
    pub items: usize,
    pub dims: usize,
    pub version: u64,
    pub expires_at: i64,
}

impl Default for Shop {
    fn default() -> Self {
        Shop { items: 60, dims: 24, version: 7, expires_at: BUILT_AT + 30 * 86_400 }
    }
}

/// The visitors of the shop.
pub mod visitors {
    /// Bought shirts; agreed.
    pub const SHIRTS: &str = "visitor-shirts";
    /// Looked at lamps and bought one; agreed.
    pub const LAMPS: &str = "visitor-lamps";
    /// Bought bowls; agreed to nothing that is on record.
    pub const SILENT: &str = "visitor-silent";
    /// Bought cables; withdrew since.
    pub const REVOKED: &str = "visitor-revoked";
    /// Agreed, but nothing is known.
    pub const EMPTY: &str = "visitor-empty";
    /// In no shard.
    pub const STRANGER: &str = "visitor-stranger";
}

/// The id of item `n`.
pub fn id(n: usize) -> String {
    format!("item-{n:05}")
}

pub fn signer() -> Signer {
    Signer::from_seed(&[7; 32])
}

/// The public key of [`signer`].
pub fn key() -> [u8; 32] {
    signer().public().expect("a good seed").to_bytes()
}

pub fn salt() -> Hash {
    Hash::of(b"the salt of the test shop")
}

impl Shop {
    /// The files of the bundle.
    pub fn files(&self) -> Vec<File> {
        let mut publisher = Publisher::new(self.release());
        let names = CATEGORIES.map(str::to_owned);
        let model =
            Model { alpha0: 0.05, reg: 0.02, view: 1.0, cart: 3.0, purchase: 6.0, half_life_s: 30.0 * 86_400.0 };
        let inputs: Vec<ItemInput> = (0..self.items).map(|n| self.item(n)).collect();
        let index = publisher.items(model, self.dims, &names, &inputs).expect("items").to_vec();
        let weights = Weights { item_item: 1.0, als: 0.5, again: 12.0 };
        publisher.blend(weights, &self.goes_with()).expect("a blend");
        publisher.trending(&trending(&index)).expect("trending");
        let cards: Vec<CatalogueItem> = (0..self.items).map(card).collect();
        publisher.catalogue(&cards).expect("catalogue");
        publisher.revocations(&[VisitorKey::new(&salt(), visitors::REVOKED)]).expect("revocations");
        const SHARD_BITS: u32 = 2;
        publisher.users(SHARD_BITS).expect("users");
        let known = rows_of(&index);
        let mut rows: BTreeMap<u32, Vec<(RowSeal, &UserRowInput)>> = BTreeMap::new();
        for (visitor, row) in &known {
            let seal = RowSeal::new(&salt(), visitor);
            rows.entry(seal.visitor_key().shard(SHARD_BITS)).or_default().push((seal, row));
        }
        let mut files: Vec<File> =
            rows.iter().map(|(shard, rows)| publisher.shard(*shard, rows).expect("a shard")).collect();
        files.extend(publisher.finish(&signer()).expect("a bundle"));
        files
    }

    /// Writes the bundle to `folder`.
    pub fn write(&self, folder: &Path) {
        fs::create_dir_all(folder.join("sections")).expect("a folder for the bundle");
        for file in self.files() {
            fs::write(folder.join(&file.name), &file.bytes).expect("a file of the bundle");
        }
    }

    fn release(&self) -> Release {
        let built = BUILT_AT as u64;
        Release {
            version: self.version,
            created_at: built,
            expires_at: self.expires_at as u64,
            previous: None,
            consent_root: Hash::of(b"consents"),
            salt: salt(),
            markets: MARKETS
                .map(|(code, currency)| MarketEntry { code: code.into(), currency: currency.into() })
                .to_vec(),
            watermarks: [("app".to_owned(), built - 60), ("shopify".to_owned(), built - 7200)].into(),
            card: BTreeMap::new(),
        }
    }

    /// Items of a category point the same way, more or less.
    fn item(&self, n: usize) -> ItemInput {
        let category = n % CATEGORIES.len();
        let size = 0.3 + noise(n, 900);
        let factor = |d: usize| {
            let common = if d % CATEGORIES.len() == category { 0.6 } else { 0.0 };
            (common + 0.5 * (noise(n, d) - 0.5)) * size
        };
        ItemInput {
            id: id(n),
            factor: (0..self.dims).map(factor).collect(),
            // Every seventh is sold in Singapore only, every eleventh is sold out.
            markets: if n % 7 == 3 { 0b0001 } else { 0b1111 },
            category: CategoryIdx::new(category).expect("a category"),
            price_band: (n % 5) as u8,
            in_stock: n % 11 != 5,
            boost: 1.0 / (1.0 + 2.0 * noise(n, 700)),
        }
    }

    /// Of each item three of its category, and one of another that its buyers leave alone.
    fn goes_with(&self) -> Vec<Vec<(u32, f32)>> {
        let near = |n: usize, step: usize, weight: f32| ((n + step) as u32 % self.items as u32, weight);
        let list = |n: usize| {
            let mut list = vec![near(n, 4, 0.5 + noise(n, 800)), near(n, 12, 0.4), near(n, 20, 0.3), near(n, 5, -0.2)];
            list.sort_by_key(|entry| entry.0);
            list.dedup_by_key(|entry| entry.0);
            list
        };
        (0..self.items).map(list).collect()
    }
}

fn card(n: usize) -> CatalogueItem {
    let price = 500 + 125 * (n as u64 % 40);
    let abroad = |factor: u64| if n % 7 == 3 { 0 } else { price * factor };
    CatalogueItem {
        title: format!("{} no. {n}", CATEGORIES[n % CATEGORIES.len()].trim_end_matches('s')),
        prices: vec![price, abroad(3), abroad(26), abroad(12_000)],
        category: CategoryIdx::new(n % CATEGORIES.len()).expect("a category"),
    }
}

/// Lists for the whole of each market, and of each category in Singapore.
fn trending(index: &[ItemIdx]) -> Vec<TrendingList> {
    let list = |market: usize, category: Option<usize>| {
        let mut entries: Vec<Scored> = (0..index.len())
            .filter(|n| category.is_none_or(|c| n % CATEGORIES.len() == c))
            .map(|n| Scored { item: index[n], score: Score::new(noise(n, 500 + market)).expect("finite") })
            .collect();
        entries.sort_by(|a, b| b.cmp(a));
        entries.truncate(20);
        TrendingList {
            market: MarketIdx::new(market).expect("a market"),
            category: category.map(|c| CategoryIdx::new(c).expect("a category")),
            entries,
        }
    };
    let everywhere = (0..MARKETS.len()).map(|market| list(market, None));
    everywhere.chain((0..CATEGORIES.len()).map(|category| list(0, Some(category)))).collect()
}

fn rows_of(index: &[ItemIdx]) -> Vec<(&'static str, UserRowInput)> {
    let agreed = ConsentBits::PERSONALISE_ONSITE;
    let row = |consent, history: &[(usize, f32)], bought: &[usize]| UserRowInput {
        consent,
        churn_decile: Some(3),
        market: MarketIdx::new(0).ok(),
        history: history
            .iter()
            .map(|&(n, confidence)| HistoryInput {
                item: index[n],
                confidence,
                together: (confidence / 6.0).min(1.0),
                again: if bought.contains(&n) { 0.25 + 0.5 * noise(n, 600) } else { 0.0 },
            })
            .collect(),
        bought: bought.iter().map(|n| index[*n]).collect(),
    };
    vec![
        (visitors::SHIRTS, row(agreed, &[(0, 6.0), (4, 5.5), (8, 0.75)], &[0, 4])),
        (visitors::LAMPS, row(agreed, &[(1, 1.5), (9, 6.0), (13, 0.5), (21, 1.0)], &[9])),
        (visitors::SILENT, row(ConsentBits::NONE, &[(3, 6.0), (7, 2.0)], &[3])),
        (visitors::REVOKED, row(agreed, &[(2, 6.0)], &[2])),
        (visitors::EMPTY, row(agreed, &[], &[])),
    ]
}

/// A number in 0..1 that depends on both arguments and looks as if it did not: SplitMix64's finaliser.
fn noise(a: usize, b: usize) -> f32 {
    let mut z = (a as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (b as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32
}
