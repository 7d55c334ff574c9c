//! `kenal bundle diff A B`: what another bundle changes: items, bytes to fetch, and what people are shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use kenal_bundle::{RowSeal, write_delta};
use kenal_core::{
    Ask, Bundle, Choice, ConsentBits, EventKind, Gate, ItemIdx, LiveEvent, Revocation, Rules, Scratch, UserRow,
    UserShard, Who, gate, personalise,
};

use crate::bundle_folder::{BundleFolder, key_file};
use crate::stage::compile::Tokens;
use crate::ui::{Align, Table, count};

/// Items of a list that are compared.
const K: usize = 20;
/// Visitors asked for, spread evenly.
const SAMPLE: usize = 500;

#[derive(clap::Args)]
pub struct DiffArgs {
    /// The bundle that readers have.
    a: PathBuf,
    /// The bundle that they would get.
    b: PathBuf,
    /// The key to trust [default: the one that came with each bundle].
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Visitor tokens as `kenal build` keeps them (keys/visitor-tokens.csv): compares what these people are shown
    /// [default: what strangers are shown who look at one item].
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
}

impl DiffArgs {
    pub fn run(&self) -> Result<()> {
        let trust = self.trust.as_deref().map(key_file).transpose()?;
        let (a, b) = (BundleFolder::open(&self.a, trust)?, BundleFolder::open(&self.b, trust)?);
        println!("{}", items(&a.bundle()?, &b.bundle()?, (a.manifest.version, b.manifest.version)));
        println!("{}", bytes(&a, &b));
        let tokens = self.tokens.as_deref().map(Tokens::read).transpose()?;
        println!("{}", ranking(&a, &b, tokens.as_ref())?);
        Ok(())
    }
}

fn items(a: &Bundle<'_>, b: &Bundle<'_>, (version_a, version_b): (u64, u64)) -> Table {
    let (mut gone, mut changed) = (0, 0);
    let dims = a.items.dims().max(b.items.dims());
    let (mut x, mut y) = (vec![0.0; dims], vec![0.0; dims]);
    for item in a.items.iter() {
        let Some(other) = a.items.id(item).and_then(|id| b.items.find(id)) else {
            gone += 1;
            continue;
        };
        let same_taste = a.items.dims() == b.items.dims()
            && a.items.dequantise(item, &mut x)
            && b.items.dequantise(other, &mut y)
            && x == y
            && a.items.boost(item) == b.items.boost(other);
        let title = |bundle: &Bundle<'_>, item| bundle.catalogue.and_then(|c| c.title(item)).map(str::to_owned);
        let same_card = title(a, item) == title(b, other) && a.items.attributes(item) == b.items.attributes(other);
        changed += u64::from(!same_taste || !same_card);
    }
    let new = b.items.iter().filter(|i| b.items.id(*i).is_none_or(|id| a.items.find(id).is_none())).count();
    let mut table = Table::new(&[("", Align::Left), ("a", Align::Right), ("b", Align::Right)]);
    table.row(["version".to_owned(), version_a.to_string(), version_b.to_string()]);
    table.row(["items".to_owned(), count(a.items.len() as u64), count(b.items.len() as u64)]);
    table.row(["  gone, new".to_owned(), count(gone), count(new as u64)]);
    table.row(["  with another taste, trend, price band, stock or title".to_owned(), String::new(), count(changed)]);
    let users = |bundle: &Bundle<'_>| count(bundle.users.map_or(0, |users| u64::from(users.users())));
    table.row(["visitors with a row".to_owned(), users(a), users(b)]);
    table
}

fn bytes(a: &BundleFolder, b: &BundleFolder) -> Table {
    let columns = [("section", Align::Left), ("bytes", Align::Right), ("to fetch", Align::Right)];
    let mut table = Table::new(&columns);
    let (mut whole, mut fetched) = (0, 0);
    for entry in &b.manifest.sections {
        let (Some(new), old) = (b.section(entry.kind), a.section(entry.kind)) else { continue };
        let fetch = match old {
            Some(old) if old == new => 0,
            Some(old) => write_delta(old, new).len().min(new.len()),
            None => new.len(),
        };
        table.row([entry.kind.name().to_owned(), count(new.len() as u64), count(fetch as u64)]);
        whole += new.len();
        fetched += fetch;
    }
    let share = 100.0 * fetched as f64 / whole.max(1) as f64;
    table.row(["all".to_owned(), count(whole as u64), format!("{} ({share:.1} %)", count(fetched as u64))]);
    table
}

/// Ids of the items that somebody is shown.
type Shown = Vec<String>;

fn ranking(a: &BundleFolder, b: &BundleFolder, tokens: Option<&Tokens>) -> Result<Table> {
    let (lists_a, lists_b) = match tokens {
        Some(tokens) => (of_people(a, tokens)?, of_people(b, tokens)?),
        None => of_strangers(&a.bundle()?, &b.bundle()?),
    };
    let mut overlap = Vec::new();
    let mut first = 0;
    for (who, shown_a) in &lists_a {
        let Some(shown_b) = lists_b.get(who).filter(|list| !list.is_empty() && !shown_a.is_empty()) else { continue };
        let same = shown_a.iter().filter(|id| shown_b.contains(id)).count();
        overlap.push(same as f64 / shown_a.len().max(shown_b.len()) as f64);
        first += u64::from(shown_a.first() == shown_b.first());
    }
    overlap.sort_unstable_by(f64::total_cmp);
    let n = overlap.len().max(1);
    let who =
        if tokens.is_some() { "people shown a list of their own by both" } else { "strangers who look at one item" };
    let mut table = Table::new(&[("ranking", Align::Left), ("", Align::Right)]);
    table.row([who.to_owned(), count(overlap.len() as u64)]);
    table.row([format!("overlap@{K}, mean"), format!("{:.3}", overlap.iter().sum::<f64>() / n as f64)]);
    let tenth = overlap.get(overlap.len() / 10).copied().unwrap_or_default();
    table.row([format!("overlap@{K}, of one in ten at most"), format!("{tenth:.3}")]);
    table.row(["the same first item".to_owned(), format!("{:.1} %", 100.0 * first as f64 / n as f64)]);
    Ok(table)
}

/// What the people of the tokens are shown on the home page; by token.
fn of_people(folder: &BundleFolder, tokens: &Tokens) -> Result<BTreeMap<String, Shown>> {
    let bundle = folder.bundle()?;
    let users = bundle.users.context("the bundle has no users section")?;
    let mut all: Vec<&str> = tokens.iter().map(|(_, token)| token).collect();
    all.sort_unstable();
    let mut scratch = Box::new(Scratch::new());
    let mut lists = BTreeMap::new();
    for token in all.iter().step_by(all.len().div_ceil(SAMPLE).max(1)) {
        let seal = RowSeal::new(&folder.manifest.salt, token);
        let (shard, _) = users.shard(seal.visitor_key().as_bytes());
        let bytes = folder.shard(&users, shard)?;
        let shard = UserShard::parse(&bytes)?;
        let Some(sealed) = shard.row(seal.visitor_key().as_bytes()) else { continue };
        let row = seal.open(sealed)?;
        let row = UserRow::parse(&row, bundle.items.len())?;
        let rules = Rules { market: row.market(), bought: row.bought(), ..Rules::default() };
        let shown = shown(&bundle, Some(&row), &[], &rules, &mut scratch);
        lists.insert((*token).to_owned(), shown);
    }
    Ok(lists)
}

/// What strangers are shown who look at one item that both bundles have; by that item.
fn of_strangers(a: &Bundle<'_>, b: &Bundle<'_>) -> (BTreeMap<String, Shown>, BTreeMap<String, Shown>) {
    let both: Vec<&str> =
        a.items.iter().filter_map(|item| a.items.id(item)).filter(|id| b.items.find(id).is_some()).collect();
    let mut scratch = Box::new(Scratch::new());
    let mut lists = |bundle: &Bundle<'_>| {
        let list = |id: &&str| {
            let item = bundle.items.find(id)?;
            let looked = [LiveEvent { item, at_s: 0, kind: EventKind::View }];
            Some(((*id).to_owned(), shown(bundle, None, &looked, &Rules::default(), &mut scratch)))
        };
        both.iter().step_by(both.len().div_ceil(SAMPLE).max(1)).filter_map(list).collect()
    };
    (lists(a), lists(b))
}

fn shown(
    bundle: &Bundle<'_>,
    row: Option<&UserRow<'_>>,
    events: &[LiveEvent],
    rules: &Rules<'_>,
    scratch: &mut Scratch,
) -> Shown {
    // The question is what would be shown to whoever agrees, not whether this one does.
    let Gate::Open(permit) = gate(&Ask {
        choice: Choice::Granted,
        gpc: false,
        now_s: 0,
        expires_at_s: 1,
        revocation: Revocation::Clear,
        who: Who::Known(ConsentBits::PERSONALISE_ONSITE),
        live_events: !events.is_empty(),
    }) else {
        return Shown::new();
    };
    if scratch.visit.load(permit, &bundle.items, row, events, 0).is_err() {
        return Shown::new();
    }
    let id = |item: ItemIdx| bundle.items.id(item).unwrap_or_default().to_owned();
    let list = personalise(bundle, rules, false, K, scratch).unwrap_or_default();
    list.iter().map(|scored| id(scored.item)).collect()
}
