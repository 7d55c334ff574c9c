//! identity: which records are the same person.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result};
use kenal_identity::{Basket, Config, Evidence, Input, Known, Records, Resolution, Tier, resolve};
use kenal_lake::Fingerprint;
use kenal_types::{AppEvent, CustomerRecord, EventKind, Order, OrderLine, PersonId, RecordKey};

use super::Company;
use crate::gold::{AssignmentRow, GoldRow, LinkRow, ReviewRow};
use crate::ui::{Progress, count};

/// Raise when the meaning of the tables below changes.
const CODE: &str = "identity 2";

pub fn run(company: &Company) -> Result<()> {
    let lake = &company.lake;
    let config = Config::default();
    let mut fingerprint = Fingerprint::of(CODE).config(&serde_json::to_string(&config)?);
    for table in ["silver_customers", "silver_orders", "silver_order_lines", "silver_events"] {
        fingerprint = fingerprint.table(lake, table)?;
    }
    let fingerprint = fingerprint.finish();
    if lake.gold_fingerprint(AssignmentRow::TABLE)? == Some(fingerprint) {
        eprintln!("{:>10}  unchanged", "identity");
        return Ok(());
    }
    let progress = Progress::start("identity");
    let customers = lake.customers()?;
    let baskets = baskets(&customers, &lake.orders()?, &lake.order_lines()?, &lake.events()?);
    progress.set("records", 0, customers.len() as u64);
    let mut records = Input { records: &customers, baskets: &baskets }.take()?;
    let prior = prior(company, &records)?;
    let resolution = resolve(&mut records, &Known { prior: &prior, decisions: &[] }, &config)?;

    company.put(&links(&resolution, &records)?, &fingerprint)?;
    company.put(&reviews(&resolution, &records)?, &fingerprint)?;
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
fn baskets(records: &[CustomerRecord], orders: &[Order], lines: &[OrderLine], events: &[AppEvent]) -> Vec<Basket> {
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
        Some(Basket { record, order_number: Some(order.number.clone()), day: order.ordered_at.date(), items })
    };
    let mut baskets: Vec<Basket> = orders.iter().filter_map(of_order).collect();
    let mut early: BTreeMap<(u32, &str), Basket> = BTreeMap::new();
    for event in events.iter().filter(|e| e.kind == EventKind::Purchased) {
        let (Some(&record), Some(order)) = (position.get(&event.actor), event.order_number.as_deref()) else {
            continue;
        };
        let basket = early.entry((record, order)).or_insert_with(|| Basket {
            record,
            order_number: Some(order.to_owned()),
            day: event.happened_at.date(),
            items: Vec::new(),
        });
        basket.items.extend(event.sku.as_deref().or(event.item_id.as_deref()).map(&mut number));
    }
    baskets.extend(early.into_values());
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

fn links(resolution: &Resolution, records: &Records) -> Result<Vec<LinkRow>> {
    let row = |l: &kenal_identity::Link| {
        Ok(LinkRow {
            a: key(records, l.a)?,
            b: key(records, l.b)?,
            tier: l.tier.name().to_owned(),
            rule: resolution.rule_name(l.rule).to_owned(),
            weight_bits: l.weight_bits,
            evidence: written(&resolution.evidence(records, l.a, l.b)),
        })
    };
    resolution.links.iter().map(row).collect()
}

fn reviews(resolution: &Resolution, records: &Records) -> Result<Vec<ReviewRow>> {
    let row = |r: &kenal_identity::ReviewItem| {
        Ok(ReviewRow {
            a: key(records, r.a)?,
            b: key(records, r.b)?,
            weight_bits: r.weight_bits,
            probability: r.probability,
            reason: r.reason.name().to_owned(),
            evidence: written(&resolution.evidence(records, r.a, r.b)),
        })
    };
    resolution.review.iter().map(row).collect()
}

/// `email exact +9.1; city differs -1.2`.
fn written(evidence: &Evidence) -> String {
    let one = |e: &kenal_identity::FieldEvidence| format!("{} {} {:+.1}", e.field, e.level, e.bits);
    evidence.fields.iter().map(one).collect::<Vec<_>>().join("; ")
}
