//! A small bundle whose every byte follows from this file: the golden fixture, and what the other tests damage.
//!
//! Only additions, multiplications and divisions are used, so that every machine makes the same factors.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kenal_bundle::{
    CardValue, File, Hash, Manifest, MarketEntry, Publisher, Release, RowSeal, Signer, Trust, VisitorKey, check_shard,
    verify,
};
use kenal_core::format::write::{
    CatalogueItem, ChurnFeature, ChurnInput, HistoryInput, ItemInput, TrendingList, UserRowInput,
};
use kenal_core::{
    Ask, Bundle, CategoryIdx, Choice, ConsentBits, Gate, ItemIdx, Kind, MarketIdx, Model, Revocation, Rules, Score,
    Scored, Scratch, Sections, UserRow, Weights, Who, gate, personalise, trending,
};

pub const CREATED: u64 = 1_795_000_000;
pub const EXPIRES: u64 = CREATED + 86_400;
pub const VISITORS: [&str; 4] = ["p0000000000000001", "p0000000000000002", "p0000000000000003", "p0000000000000004"];
const ITEMS: usize = 24;
const DIMS: usize = 12;

pub fn signer() -> Signer {
    Signer::from_seed(&[7; 32])
}

pub fn trust() -> Trust {
    Trust::new(signer().public().expect("a key"))
}

pub fn release() -> Release {
    let market = |code: &str, currency: &str| MarketEntry { code: code.to_owned(), currency: currency.to_owned() };
    Release {
        version: 41,
        created_at: CREATED,
        expires_at: EXPIRES,
        previous: Some(Hash::of(b"the one before")),
        consent_root: Hash::of(b"consent"),
        salt: Hash::of(b"salt"),
        markets: vec![market("SG", "SGD"), market("MY", "MYR")],
        watermarks: BTreeMap::from([("app".to_owned(), CREATED - 60), ("shopify".to_owned(), CREATED - 7200)]),
        card: BTreeMap::from([
            ("model".to_owned(), CardValue::Text("iALS, ν = 1".to_owned())),
            ("recall_at_20".to_owned(), CardValue::Number(0.266)),
        ]),
    }
}

fn item_inputs() -> Vec<ItemInput> {
    (0..ITEMS)
        .map(|i| {
            // A linear congruence, cut to 16 bits, over a denominator that grows: norms fall as those of real factors.
            let mut state = (i as u32).wrapping_mul(2_654_435_761);
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as f32 / 32_768.0 - 1.0
            };
            ItemInput {
                id: format!("{}", 9_000 - i * 37),
                factor: (0..DIMS).map(|_| next() * 4.0 / (4.0 + i as f32)).collect(),
                markets: [0b11, 0b01, 0b10][i % 3],
                category: CategoryIdx::new(i % 2).expect("small"),
                price_band: (i % 5) as u8,
                in_stock: i % 7 != 6,
                boost: [1.0, 0.5, 0.25][i / 4 % 3],
            }
        })
        .collect()
}

fn row(index: &[ItemIdx], who: usize) -> UserRowInput {
    UserRowInput {
        consent: if who == 2 { ConsentBits::MEASURE } else { ConsentBits::PERSONALISE_ONSITE },
        churn_decile: [Some(3), Some(10), None, Some(1)][who],
        market: MarketIdx::new(who % 2).ok(),
        history: (0..who + 2)
            .map(|i| HistoryInput {
                item: index[i * 5 % ITEMS],
                confidence: 1.0 + i as f32,
                together: 1.0 / (1 + i) as f32,
                again: if i == 1 { 0.5 } else { 0.0 },
            })
            .collect(),
        bought: (0..who).map(|i| index[i * 5 % ITEMS]).collect(),
    }
}

/// The files of the bundle, shards included, sorted by name.
pub fn build() -> Vec<File> {
    let release = release();
    let salt = release.salt;
    let mut publisher = Publisher::new(release);
    let model = Model { alpha0: 0.1, reg: 0.003, view: 1.0, cart: 3.0, purchase: 5.0, half_life_s: 0.0 };
    let categories = ["mugs".to_owned(), "lamps".to_owned()];
    let index = publisher.items(model, DIMS, &categories, &item_inputs()).expect("good items").to_vec();
    let entry = |i: usize| Scored { item: index[i], score: Score::new((ITEMS - i) as f32 / 4.0).expect("finite") };
    let list = |m: usize, category| TrendingList {
        market: MarketIdx::new(m).expect("small"),
        category,
        entries: (m..8).map(entry).collect(),
    };
    publisher.trending(&[list(0, None), list(1, None), list(1, CategoryIdx::new(1).ok())]).expect("good lists");
    let feature = ChurnFeature { name: "recency_days".to_owned(), coefficient: 0.75, mean: 30.0, scale: 20.0 };
    let churn = ChurnInput { intercept: -1.0, calibration: (1.25, 0.5), features: &[feature] };
    publisher.churn(&churn).expect("a good model");
    let card = |i: usize| CatalogueItem {
        title: format!("Thing {i}"),
        prices: vec![500 + i as u64, 1600 + i as u64],
        category: CategoryIdx::new(i % 2).expect("small"),
    };
    publisher.catalogue(&(0..ITEMS).map(card).collect::<Vec<_>>()).expect("good cards");
    let weights = Weights { item_item: 1.0, als: 0.25, again: 4.0 };
    let goes_with = |i: usize| (1..4).map(|n| ((i * 7 + n * 5) as u32 % ITEMS as u32, n as f32 / 4.0)).collect();
    publisher.blend(weights, &(0..ITEMS).map(goes_with).collect::<Vec<_>>()).expect("good lists");
    publisher.revocations(&[VisitorKey::new(&salt, VISITORS[3])]).expect("one key");
    publisher.users(1).expect("two shards");
    let rows: Vec<UserRowInput> = (0..VISITORS.len()).map(|who| row(&index, who)).collect();
    let mut files = Vec::new();
    for shard in 0..2 {
        let seals = VISITORS.iter().zip(&rows).map(|(id, row)| (RowSeal::new(&salt, id), row));
        let rows: Vec<_> = seals.filter(|(seal, _)| seal.visitor_key().shard(1) == shard).collect();
        files.push(publisher.shard(shard, &rows).expect("good rows"));
    }
    files.extend(publisher.finish(&signer()).expect("a good bundle"));
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

pub fn file<'f>(files: &'f [File], name: &str) -> &'f [u8] {
    &files.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no file {name}")).bytes
}

/// The section of this kind, hash-checked.
pub fn section<'f>(manifest: &Manifest, files: &'f [File], kind: Kind) -> &'f [u8] {
    let name = manifest.section(kind).expect("listed").hash.section_name();
    manifest.check(kind, file(files, &name)).expect("untouched")
}

/// What the bundle answers to each visitor: items and the bits of their scores, one line each.
pub fn answers(files: &[File]) -> String {
    let manifest = verify(file(files, "manifest.kenal"), &trust()).expect("signed");
    let section = |kind| section(&manifest, files, kind);
    let bundle = Bundle::parse(&Sections {
        items: section(Kind::Items),
        trending: section(Kind::Trending),
        revocations: section(Kind::Revocations),
        users: Some(section(Kind::Users)),
        churn: Some(section(Kind::Churn)),
        catalogue: Some(section(Kind::Catalogue)),
        blend: manifest.section(Kind::Blend).map(|_| section(Kind::Blend)),
    })
    .expect("good sections");
    let mut scratch = Box::new(Scratch::new());
    let mut out = String::new();
    for visitor in VISITORS.into_iter().chain(["nobody-we-know"]) {
        let users = bundle.users.as_ref().expect("users");
        let key = VisitorKey::new(&manifest.salt, visitor);
        let (number, hash) = users.shard(key.as_bytes());
        let shard = check_shard(users, number, file(files, &Hash(*hash).section_name())).expect("untouched");
        let row = shard.row(key.as_bytes()).map(|row| match shard.is_sealed() {
            true => RowSeal::new(&manifest.salt, visitor).open(row).expect("the visitor's own"),
            false => row.to_vec(),
        });
        let row = row.as_ref().map(|row| UserRow::parse(row, bundle.items.len()).expect("a good row"));
        let ask = Ask {
            choice: Choice::Unset,
            gpc: false,
            now_s: CREATED + 60,
            expires_at_s: manifest.expires_at,
            revocation: Revocation::from(bundle.revocations.contains(key.revocation_key())),
            who: row.map_or(Who::Stranger, |row| Who::Known(row.consent())),
            live_events: false,
        };
        let market = row.and_then(|row| row.market()).or(manifest.market("MY"));
        let mut rules = Rules { market, ..Rules::default() };
        let reason = match gate(&ask) {
            Gate::Open(permit) => {
                scratch.visit.load(permit, &bundle.items, row.as_ref(), &[], ask.now_s).expect("no events");
                rules.bought = row.map(|row| row.bought()).unwrap_or_default();
                personalise(&bundle, &rules, false, 5, &mut scratch).expect("a taste");
                "personalised"
            }
            Gate::Closed(reason) => {
                trending(&bundle.trending, &bundle.items, &rules, 5, &mut scratch.top);
                reason.name()
            }
        };
        write!(out, "{visitor} {reason}").expect("a string");
        for scored in scratch.top.list() {
            let id = bundle.items.id(scored.item).expect("an item");
            write!(out, " {id}:{:08x}", scored.score.to_bits()).expect("a string");
        }
        out.push('\n');
    }
    out
}
