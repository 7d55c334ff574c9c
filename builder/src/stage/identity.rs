//! identity: which records are the same person.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result};
use kenal_identity::{Basket, Config, Decision, Input, Known, Records, Resolution, Tier, resolve};
use kenal_identity::{Evidence, Model, explain as weigh};
use kenal_lake::{Fingerprint, Lake};
use kenal_types::{AppEvent, CustomerRecord, EventKind, Order, OrderLine, PersonId, RecordKey};

use super::Company;
use crate::gold::{AssignmentRow, DecisionRow, GoldRow, IdentityModelRow, LinkRow, PastRow, ReviewRow};
use crate::ui::{Progress, count};

/// Digits of a model's version: enough to tell models of one lake apart.
const MODEL_VERSION_CHARS: usize = 12;

/// Raise when the meaning of the tables below changes.
const CODE: &str = "identity 4";

pub fn run(company: &Company) -> Result<()> {
    let lake = &company.lake;
    let config = Config::default();
    let mut fingerprint = Fingerprint::of(CODE).config(&serde_json::to_string(&config)?);
    for table in ["silver_customers", "silver_orders", "silver_order_lines", "silver_events"] {
        fingerprint = fingerprint.table(lake, table)?;
    }
    let decisions = decisions(lake)?;
    let fingerprint = fingerprint.config(&serde_json::to_string(&decisions)?).finish();
    if lake.gold_fingerprint(AssignmentRow::TABLE)? == Some(fingerprint) {
        eprintln!("{:>10}  unchanged", "identity");
        return Ok(());
    }
    let progress = Progress::start("identity");
    let (customers, mut records) = records(lake)?;
    progress.set("records", 0, customers.len() as u64);
    let prior = prior(company, &records)?;
    let decided: Vec<Decision> = decisions.iter().filter_map(|row| decision(&records, row)).collect();
    let mut history = history(lake)?;
    let past: Vec<(u32, PersonId)> = history
        .iter()
        .filter_map(|row| Some((records.find(row.record.system as u8, &row.record.id)?, row.person)))
        .collect();
    let resolution = resolve(&mut records, &Known { prior: &prior, past: &past, decisions: &decided }, &config)?;
    let model = model_row(&resolution.model, &config)?;

    company.put(&links(&resolution, &records, &model.version)?, &fingerprint)?;
    company.put(&reviews(&resolution, &records, &model.version)?, &fingerprint)?;
    company.put(&[model], &fingerprint)?;
    let lost = lost(&resolution, &records, &prior, &history)?;
    if !lost.is_empty() {
        history.extend(lost);
        company.put(&history, &fingerprint)?;
    }
    // Last: its fingerprint says that the stage is done.
    company.put(&assignments(&resolution, &records, &customers)?, &fingerprint)?;
    progress.finish(&format!(
        "{} records are {} people",
        count(resolution.report.records),
        count(resolution.report.persons)
    ));
    println!("{}", resolution.report);
    Ok(())
}

/// Whose records were in runs before the last; nothing in a lake where nobody's ever changed.
pub fn history(lake: &Lake) -> Result<Vec<PastRow>> {
    Ok(match lake.gold_fingerprint(PastRow::TABLE)? {
        Some(_) => lake.read_gold(PastRow::TABLE)?,
        None => Vec::new(),
    })
}

/// The records of the last run's people that are somebody else's now, or nobody's.
fn lost(
    resolution: &Resolution,
    records: &Records,
    prior: &[(u32, PersonId)],
    history: &[PastRow],
) -> Result<Vec<PastRow>> {
    let run = history.iter().map(|row| row.run).max().unwrap_or(0) + 1;
    let moved = prior.iter().filter(|(record, person)| resolution.persons[*record as usize] != Some(*person));
    let row = |&(record, person): &(u32, PersonId)| {
        Ok(PastRow { record: key(records, record)?, person, then: resolution.persons[record as usize], run })
    };
    let rows: Result<Vec<PastRow>> = moved.map(row).collect();
    let mut rows = rows?;
    rows.sort_unstable_by(|x, y| x.record.cmp(&y.record));
    Ok(rows)
}

/// The customers of the lake, as they are and as the engine takes them.
fn records(lake: &Lake) -> Result<(Vec<CustomerRecord>, Records)> {
    let customers = lake.customers()?;
    let baskets = baskets(&customers, &lake.orders()?, &lake.order_lines()?, &lake.events()?);
    let records = Input { records: &customers, baskets: &baskets }.take()?;
    Ok((customers, records))
}

/// What stewards have decided, the last word on each pair; none in a lake where nobody has.
pub fn decisions(lake: &Lake) -> Result<Vec<DecisionRow>> {
    if lake.gold_fingerprint(DecisionRow::TABLE)?.is_none() {
        return Ok(Vec::new());
    }
    let rows: Vec<DecisionRow> = lake.read_gold(DecisionRow::TABLE)?;
    let mut last: BTreeMap<(RecordKey, RecordKey), DecisionRow> = BTreeMap::new();
    for row in rows {
        let pair = if row.a < row.b { (row.a.clone(), row.b.clone()) } else { (row.b.clone(), row.a.clone()) };
        last.insert(pair, row);
    }
    Ok(last.into_values().collect())
}

/// Decisions about records that are gone, and those that decide nothing, have no say.
fn decision(records: &Records, row: &DecisionRow) -> Option<Decision> {
    let same = match row.verdict.as_str() {
        "same" => true,
        "different" => false,
        _ => return None,
    };
    let number = |key: &RecordKey| records.find(key.system as u8, &key.id);
    Some(Decision { a: number(&row.a)?, b: number(&row.b)?, same })
}

fn model_row(model: &Model, config: &Config) -> Result<IdentityModelRow> {
    let (model, config) = (serde_json::to_string(model)?, serde_json::to_string(config)?);
    let version = Fingerprint::of(CODE).config(&model).config(&config).finish().to_string();
    let version = version.chars().take(MODEL_VERSION_CHARS).collect();
    Ok(IdentityModelRow { version, model, config })
}

/// Two records of a lake, and what speaks for and against their being one person.
pub struct Explained {
    pub a: CustomerRecord,
    pub b: CustomerRecord,
    pub evidence: Evidence,
    pub model: Model,
    pub version: String,
}

/// Weighs two records under the model of the last run.
pub fn explain(lake: &Lake, a: &RecordKey, b: &RecordKey) -> Result<Explained> {
    let rows: Vec<IdentityModelRow> =
        lake.read_gold(IdentityModelRow::TABLE).context("has `kenal run identity` run on this lake?")?;
    let row = rows.into_iter().next().context("the identity stage left no model; run it again")?;
    let model: Model = serde_json::from_str(&row.model).context("reading the stored model")?;
    let config: Config = serde_json::from_str(&row.config).context("reading the stored settings")?;
    let (customers, mut records) = records(lake)?;
    let number = |key: &RecordKey| {
        records.find(key.system as u8, &key.id).with_context(|| format!("no record {key} in this lake"))
    };
    let (x, y) = (number(a)?, number(b)?);
    let evidence = weigh(&mut records, &model, &config, x, y)?;
    let (a, b) = (customers[x as usize].clone(), customers[y as usize].clone());
    Ok(Explained { a, b, evidence, model, version: row.version })
}

/// Who belonged to whom in the last run, so that ids stay; records that are gone have no say.
fn prior(company: &Company, records: &Records) -> Result<Vec<(u32, PersonId)>> {
    if company.lake.gold_fingerprint(AssignmentRow::TABLE)?.is_none() {
        return Ok(Vec::new());
    }
    let rows: Vec<AssignmentRow> = company.lake.read_gold(AssignmentRow::TABLE)?;
    let kept = |row: AssignmentRow| Some((records.find(row.record.system as u8, &row.record.id)?, row.person?));
    Ok(rows.into_iter().filter_map(kept).collect())
}

/// Orders with a customer, and what was in them, by number: overlapping purchase history is evidence.
fn baskets(
    records: &[CustomerRecord],
    orders: &[Order],
    lines: &[OrderLine],
    events: &[AppEvent],
) -> Vec<(u32, Basket)> {
    let position: HashMap<&RecordKey, u32> = records.iter().enumerate().map(|(n, r)| (&r.key, n as u32)).collect();
    // Systems name a product by SKU or by product id; the SKU is what all of them have.
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut number = |name| {
        let next = numbers.len() as u32;
        *numbers.entry(name).or_insert(next)
    };
    let mut items: HashMap<_, Vec<u32>> = HashMap::new();
    for line in lines {
        if let Some(name) = line.sku.as_deref().or(line.item_id.as_deref()) {
            items.entry((line.system, line.order_id.as_str())).or_default().push(number(name));
        }
    }
    let of_order = |order: &Order| {
        let record = *position.get(order.customer.as_ref()?)?;
        let items = items.get(&(order.system, order.order_id.as_str())).cloned().unwrap_or_default();
        let order_number = Some(order.number.clone());
        Some((record, Basket { order_number, day: order.ordered_at.date(), items }))
    };
    let mut baskets: Vec<(u32, Basket)> = orders.iter().filter_map(of_order).collect();
    let mut early: BTreeMap<(u32, &str), Basket> = BTreeMap::new();
    for event in events.iter().filter(|e| e.kind == EventKind::Purchased) {
        let (Some(&record), Some(order)) = (position.get(&event.actor), event.order_number.as_deref()) else {
            continue;
        };
        let basket = early.entry((record, order)).or_insert_with(|| Basket {
            order_number: Some(order.to_owned()),
            day: event.happened_at.date(),
            items: Vec::new(),
        });
        basket.items.extend(event.sku.as_deref().or(event.item_id.as_deref()).map(&mut number));
    }
    baskets.extend(early.into_iter().map(|((record, _), basket)| (record, basket)));
    baskets
}

fn key(records: &Records, record: u32) -> Result<RecordKey> {
    records.key(record).context("a record of none of the five systems")
}

/// Whose each record is, by key. `customers` are in the order of `records`.
fn assignments(resolution: &Resolution, records: &Records, customers: &[CustomerRecord]) -> Result<Vec<AssignmentRow>> {
    let certain = certain_groups(resolution, customers);
    let row = |(at, customer): (usize, &CustomerRecord)| {
        Ok(AssignmentRow {
            record: customer.key.clone(),
            person: resolution.persons[at],
            tier: resolution.tiers[at].name().to_owned(),
            certain_group: key(records, certain[at])?,
            market: customer.market,
        })
    };
    let rows: Result<Vec<AssignmentRow>> = customers.iter().enumerate().map(row).collect();
    let mut rows = rows?;
    rows.sort_unstable_by(|x, y| x.record.cmp(&y.record));
    Ok(rows)
}

/// For each record, the one with the smallest key among those of its person that deterministic links join to it.
fn certain_groups(resolution: &Resolution, customers: &[CustomerRecord]) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..customers.len() as u32).collect();
    fn root(parent: &mut [u32], mut at: u32) -> u32 {
        while parent[at as usize] != at {
            parent[at as usize] = parent[parent[at as usize] as usize];
            at = parent[at as usize];
        }
        at
    }
    for link in resolution.links.iter().filter(|l| l.tier == Tier::Deterministic) {
        let (a, b) = (root(&mut parent, link.a), root(&mut parent, link.b));
        let (low, high) = if customers[a as usize].key < customers[b as usize].key { (a, b) } else { (b, a) };
        parent[high as usize] = low;
    }
    (0..customers.len() as u32).map(|n| root(&mut parent, n)).collect()
}

fn links(resolution: &Resolution, records: &Records, model: &str) -> Result<Vec<LinkRow>> {
    let row = |l: &kenal_identity::Link| {
        Ok(LinkRow {
            a: key(records, l.a)?,
            b: key(records, l.b)?,
            tier: l.tier.name().to_owned(),
            rule: resolution.rule_name(l.rule).to_owned(),
            weight_bits: l.weight_bits,
            evidence: resolution.evidence(records, l.a, l.b).to_string(),
            model: model.to_owned(),
        })
    };
    resolution.links.iter().map(row).collect()
}

fn reviews(resolution: &Resolution, records: &Records, model: &str) -> Result<Vec<ReviewRow>> {
    let mut sizes: HashMap<u32, u32> = HashMap::new();
    resolution.clusters.iter().for_each(|&first| *sizes.entry(first).or_default() += 1);
    let size = |record: u32| f64::from(sizes[&resolution.clusters[record as usize]]);
    let row = |r: &kenal_identity::ReviewItem| {
        Ok(ReviewRow {
            a: key(records, r.a)?,
            b: key(records, r.b)?,
            weight_bits: r.weight_bits,
            probability: r.probability,
            reason: r.reason.name().to_owned(),
            evidence: resolution.evidence(records, r.a, r.b).to_string(),
            value: r.probability.min(1.0 - r.probability) * size(r.a) * size(r.b),
            model: model.to_owned(),
        })
    };
    resolution.review.iter().map(row).collect()
}
