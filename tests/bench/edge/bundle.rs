//! The same factors as a whole bundle: what a host opens and answers from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use kenal_bench_ranker::DIMS;
use kenal_bundle::{Hash, MarketEntry, Publisher, Release, RowSeal, Signer};
use kenal_core::format::write::{CatalogueItem, HistoryInput, ItemInput, TrendingList, UserRowInput};
use kenal_core::{CategoryIdx, ConsentBits, MarketIdx, Model, Score, Scored, Weights};
use kenal_edge::{Edge, Need};
use kenal_models::Interactions;

use crate::factors::TASTES;

/// When the bundle is built, and when it is asked: 2026-11-26T00:00:00Z and an hour later.
const BUILT_AT: u64 = 1_795_651_200;
pub const NOW: i64 = BUILT_AT as i64 + 3_600;

/// Visitors with a row.
const VISITORS: usize = 4_096;
/// About 64 rows a shard.
const SHARD_BITS: u32 = 6;
/// Items that each goes with, as `kenal build` keeps them.
const GOES_WITH: usize = 16;
const TRENDING: usize = 100;

pub fn folder(dir: &Path) -> PathBuf {
    dir.join("bundle")
}

pub fn visitor(n: usize) -> String {
    format!("visitor-{n:06}")
}

pub fn key() -> Result<[u8; 32]> {
    Ok(signer().public()?.to_bytes())
}

fn signer() -> Signer {
    Signer::from_seed(&[9; 32])
}

/// Writes the bundle: the items with their factors, titles and prices, sixteen neighbours each, what is popular, and the
/// histories of the first people.
pub fn write(folder: &Path, model: Model, items: &[ItemInput], bought: &Interactions) -> Result<()> {
    let market = |code: &str, currency: &str| MarketEntry { code: code.to_owned(), currency: currency.to_owned() };
    let salt = Hash::of(b"the salt of the bench");
    let mut publisher = Publisher::new(Release {
        version: 1,
        created_at: BUILT_AT,
        expires_at: BUILT_AT + 30 * 86_400,
        previous: None,
        consent_root: Hash::of(b"consents"),
        salt,
        markets: vec![market("SG", "SGD"), market("MY", "MYR")],
        watermarks: [("shop".to_owned(), BUILT_AT)].into(),
        card: BTreeMap::new(),
    });
    let index = publisher.items(model, DIMS, &["all".to_owned()], items)?.to_vec();
    // Things of a taste go together, near ones most.
    let near = |n: usize| {
        let mut near: Vec<(u32, f32)> = (1..=GOES_WITH)
            .map(|step| (((n + step * TASTES) % items.len()) as u32, 1.0 / (step as f32 + 1.0)))
            .collect();
        near.sort_unstable_by_key(|entry| entry.0);
        near
    };
    let goes_with: Vec<Vec<(u32, f32)>> = (0..items.len()).map(near).collect();
    publisher.blend(Weights { item_item: 1.0, als: 0.5, again: 1.0 }, &goes_with)?;
    // The first items are the popular ones.
    let entries = (0..TRENDING).map(|n| Some(Scored { item: index[n], score: Score::new(1.0 / (n as f32 + 1.0))? }));
    let entries: Vec<Scored> = entries.flatten().collect();
    let list = |market| Ok(TrendingList { market: MarketIdx::new(market)?, category: None, entries: entries.clone() });
    let lists: Result<Vec<TrendingList>> = (0..2).map(list).collect();
    publisher.trending(&lists?)?;
    let card = |n: usize| CatalogueItem {
        title: format!("Thing no. {n} of taste {}", n % TASTES),
        prices: vec![500 + 25 * (n as u64 % 200); 2],
        category: CategoryIdx::new(0).expect("small"),
    };
    publisher.catalogue(&(0..items.len()).map(card).collect::<Vec<_>>())?;
    publisher.users(SHARD_BITS)?;
    let mut rows: BTreeMap<u32, Vec<(RowSeal, UserRowInput)>> = BTreeMap::new();
    for person in 0..VISITORS.min(bought.n_users()) {
        let (owned, _) = bought.row(person);
        let history = owned.iter().map(|item| HistoryInput {
            item: index[*item as usize],
            confidence: 5.0,
            together: 1.0,
            again: 0.25,
        });
        let row = UserRowInput {
            consent: ConsentBits::PERSONALISE_ONSITE,
            churn_decile: Some(3),
            market: MarketIdx::new(0).ok(),
            history: history.collect(),
            bought: owned.iter().map(|item| index[*item as usize]).collect(),
        };
        let seal = RowSeal::new(&salt, &visitor(person));
        rows.entry(seal.visitor_key().shard(SHARD_BITS)).or_default().push((seal, row));
    }
    fs::create_dir_all(folder.join("sections"))?;
    let mut files = Vec::new();
    for (shard, rows) in rows {
        let (seals, inputs): (Vec<RowSeal>, Vec<UserRowInput>) = rows.into_iter().unzip();
        let rows: Vec<(RowSeal, &UserRowInput)> = seals.into_iter().zip(&inputs).collect();
        files.push(publisher.shard(shard, &rows)?);
    }
    files.extend(publisher.finish(&signer())?);
    for file in files {
        fs::write(folder.join(&file.name), &file.bytes)?;
    }
    fs::write(folder.join("signer.hex"), Hash(key()?).to_string())?;
    Ok(())
}

/// Puts the sections that a host opens into the program for Fastly, as `kenal bundle embed` does.
pub fn embed_into(program: &Path, dir: &Path, out: &Path) -> Result<()> {
    let folder = folder(dir);
    let edge = Edge::open(&fs::read(folder.join("manifest.kenal"))?, &key()?, NOW)?;
    let read = |need: Need| fs::read(folder.join(need.hash.section_name()));
    let sections: Vec<Vec<u8>> = edge.needs().into_iter().map(read).collect::<Result<_, _>>()?;
    let sections: Vec<&[u8]> = sections.iter().map(Vec::as_slice).collect();
    fs::write(out, kenal_bundle::embed(&fs::read(program)?, &sections)?)?;
    Ok(())
}

/// The kinds of section that a host opens, and their bytes.
pub fn sections(dir: &Path) -> Result<Vec<(String, u64)>> {
    let folder = folder(dir);
    let edge = Edge::open(&fs::read(folder.join("manifest.kenal"))?, &key()?, NOW)?;
    let bytes = |need: Need| {
        let size = fs::metadata(folder.join(need.hash.section_name()))?.len();
        anyhow::Ok((format!("{:?}", need.kind).to_lowercase(), size))
    };
    edge.needs().into_iter().map(bytes).collect()
}
