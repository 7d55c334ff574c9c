//! A small generated shop. Everything follows from a seed.

use kenal_core::format::write::{
    BlendInput, CatalogueInput, CatalogueItem, ChurnFeature, ChurnInput, HistoryInput, ItemInput, ItemsInput,
    ItemsSection, ShardInput, Tiers, TrendingInput, TrendingList, UserRowInput, write_blend, write_catalogue,
    write_churn, write_items, write_revocations, write_row, write_shard, write_trending, write_users,
};
use kenal_core::{
    Ask, CategoryIdx, Choice, ConsentBits, Gate, ItemIdx, MarketIdx, Model, Permit, Revocation, Score, Scored, Weights,
    Who, gate,
};

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Between -1 and 1.
    pub fn signed(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

pub const MODEL: Model =
    Model { alpha0: 0.1, reg: 0.003, view: 1.0, cart: 3.0, purchase: 5.0, half_life_s: 30.0 * 86_400.0 };
pub const MARKETS: usize = 4;
pub const CATEGORIES: usize = 5;

pub fn item(index: usize) -> ItemIdx {
    ItemIdx::new(index).expect("small")
}

pub fn category(index: usize) -> CategoryIdx {
    CategoryIdx::new(index).expect("small")
}

pub fn market(index: usize) -> MarketIdx {
    MarketIdx::new(index).expect("small")
}

pub fn scored(index: usize, score: f32) -> Scored {
    Scored { item: item(index), score: Score::new(score).expect("finite") }
}

/// A permit, as a visitor who said yes gets it.
pub fn permit() -> Permit {
    let ask = Ask {
        choice: Choice::Granted,
        gpc: false,
        now_s: 0,
        expires_at_s: 1,
        revocation: Revocation::Clear,
        who: Who::Known(ConsentBits::NONE),
        live_events: true,
    };
    match gate(&ask) {
        Gate::Open(permit) => permit,
        Gate::Closed(reason) => panic!("closed: {reason:?}"),
    }
}

/// Items whose norms fall off as those of real factors do.
pub fn item_inputs(seed: u64, n: usize, dims: usize) -> Vec<ItemInput> {
    let mut random = Random(seed);
    (0..n)
        .map(|i| {
            let size = 1.0 / (1.0 + i as f32).powf(0.4);
            ItemInput {
                id: format!("item-{:x}", random.next() >> 20 << 20 | i as u64),
                factor: (0..dims).map(|_| random.signed() * size).collect(),
                markets: 1 + random.below((1 << MARKETS) - 1) as u16,
                category: category(random.below(CATEGORIES)),
                price_band: random.below(5) as u8,
                in_stock: random.below(10) > 0,
                boost: [1.0, 0.5, 0.25][random.below(3)],
            }
        })
        .collect()
}

pub fn categories() -> Vec<String> {
    (0..CATEGORIES).map(|c| format!("category {c}")).collect()
}

pub fn items_of(inputs: &[ItemInput], dims: usize) -> ItemsSection {
    tiered_items_of(inputs, dims, Tiers::WHOLE)
}

/// As finely as `tiers` says.
pub fn tiered_items_of(inputs: &[ItemInput], dims: usize, tiers: Tiers) -> ItemsSection {
    let categories = categories();
    write_items(&ItemsInput {
        model: MODEL,
        dims,
        markets: MARKETS,
        categories: &categories,
        items: inputs,
        tiers,
        previous: None,
    })
    .expect("a good shop")
}

pub fn items(seed: u64, n: usize, dims: usize) -> Vec<u8> {
    items_of(&item_inputs(seed, n, dims), dims).bytes
}

pub fn tiered_items(seed: u64, n: usize, dims: usize, fine: usize, whole: usize) -> Vec<u8> {
    tiered_items_of(&item_inputs(seed, n, dims), dims, Tiers { fine, whole }).bytes
}

pub fn trending(n: usize) -> Vec<u8> {
    let mut lists = Vec::new();
    for m in 0..MARKETS {
        for c in [None, Some(category(1))] {
            let entries = (0..n.min(7)).map(|i| scored((i * 3 + m) % n, i as f32)).collect();
            lists.push(TrendingList { market: market(m), category: c, entries });
        }
    }
    write_trending(&TrendingInput { items: n, lists: &lists }).expect("good lists")
}

pub fn churn() -> Vec<u8> {
    let feature =
        |name: &str, coefficient, mean, scale| ChurnFeature { name: name.to_owned(), coefficient, mean, scale };
    let features = [feature("recency_days", 0.8, 40.0, 25.0), feature("orders", -0.5, 3.0, 2.0)];
    write_churn(&ChurnInput { intercept: -0.25, calibration: (1.5, 0.125), features: &features }).expect("good model")
}

pub fn revocations(n: u64) -> Vec<u8> {
    let keys: Vec<u64> = (0..n).map(|i| Random(i).next()).collect();
    write_revocations(&keys).expect("distinct keys")
}

pub fn row(n: usize) -> Vec<u8> {
    let input = UserRowInput {
        consent: ConsentBits::PERSONALISE_ONSITE.with(ConsentBits::MEASURE),
        churn_decile: Some(7),
        market: Some(market(2)),
        history: vec![
            HistoryInput { item: item(2 % n), confidence: 1.5, together: 0.5, again: 0.0 },
            HistoryInput { item: item(0), confidence: 2.0, together: 1.0, again: 0.75 },
        ],
        bought: vec![item(3 % n), item(0), item(3 % n)],
    };
    write_row(&input, n).expect("a good row")
}

pub fn shard(n: usize) -> Vec<u8> {
    let rows = [([0x80; 16], row(n)), ([0xff; 16], Vec::new()), ([0x81; 16], row(n))];
    write_shard(&ShardInput { shard: 1, shard_bits: 1, rows: &rows }).expect("good rows")
}

pub fn users(n: usize) -> Vec<u8> {
    write_users(n, 3, 1, &[[1; 32], [2; 32]]).expect("two hashes")
}

pub fn catalogue(n: usize) -> Vec<u8> {
    let entry = |i: usize| CatalogueItem {
        title: format!("Titel № {i}"),
        prices: (0..MARKETS as u64).map(|m| m * 100 + i as u64).collect(),
        category: category(i % CATEGORIES),
    };
    let items: Vec<CatalogueItem> = (0..n).map(entry).collect();
    write_catalogue(&CatalogueInput { markets: MARKETS, categories: CATEGORIES, items: &items }).expect("good entries")
}

/// What goes with what: of each item a few others, some of them against it.
pub fn goes_with(seed: u64, n: usize, most: usize) -> Vec<Vec<(ItemIdx, f32)>> {
    let mut random = Random(seed);
    let list = |random: &mut Random| {
        let mut others: Vec<usize> = (0..random.below(most + 1)).map(|_| random.below(n)).collect();
        others.sort_unstable();
        others.dedup();
        others.into_iter().map(|other| (item(other), random.signed() + 0.5)).collect()
    };
    (0..n).map(|_| list(&mut random)).collect()
}

pub const WEIGHTS: Weights = Weights { item_item: 1.0, als: 0.25, again: 8.0 };

/// The first list has two entries.
pub fn blend(n: usize) -> Vec<u8> {
    let mut lists = goes_with(3, n, 6);
    lists[0] = vec![(item(1), 1.0), (item(2), -0.5)];
    write_blend(&BlendInput { weights: WEIGHTS, goes_with: &lists }).expect("good lists")
}

/// A history entry that counts fully for what goes with it.
pub fn entry(index: usize, confidence: f32) -> HistoryInput {
    HistoryInput { item: item(index), confidence, together: 1.0, again: 0.0 }
}
