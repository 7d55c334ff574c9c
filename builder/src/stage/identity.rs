//! identity: which records are the same person.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use kenal_identity::{Basket, Config, FieldEvidence, Input, PriorAssignment, Resolution, Tier, resolve};
use kenal_lake::Fingerprint;
use kenal_types::{AppEvent, CustomerRecord, EventKind, Market, Order, OrderLine, RecordKey};

use super::Company;
use crate::gold::{AssignmentRow, GoldRow, LinkRow, ReviewRow};
use crate::ui::{Progress, count};

/// Raise when the meaning of the tables below changes.
const CODE: &str = "identity 1";

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
    let records = lake.customers()?;
    let baskets = baskets(&records, &lake.orders()?, &lake.order_lines()?, &lake.events()?);
    let prior = prior(company)?;
    progress.set("records", 0, records.len() as u64);
    let resolution = resolve(&Input { records: &records, baskets: &baskets, prior: &prior }, &config)?;

    company.put(&links(&resolution, &records), &fingerprint)?;
    company.put(&reviews(&resolution, &records), &fingerprint)?;
    // Last: its fingerprint says that the stage is done.
    company.put(&assignments(&resolution, &records), &fingerprint)?;
    progress.finish(&format!(
        "{} records are {} people",
        count(resolution.report.records),
        count(resolution.report.persons)
    ));
    println!("{}", resolution.report);
    Ok(())
}

/// Who belonged to whom in the last run, so that ids stay.
fn prior(company: &Company) -> Result<Vec<PriorAssignment>> {
    if company.lake.gold_fingerprint(AssignmentRow::TABLE)?.is_none() {
        return Ok(Vec::new());
    }
    let rows: Vec<AssignmentRow> = company.lake.read_gold(AssignmentRow::TABLE)?;
    let kept = rows.into_iter().filter_map(|row| Some(PriorAssignment { record: row.record, person: row.person? }));
    Ok(kept.collect())
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

fn assignments(resolution: &Resolution, records: &[CustomerRecord]) -> Vec<AssignmentRow> {
    let certain = certain_groups(resolution, records);
    let market: HashMap<&RecordKey, Option<Market>> = records.iter().map(|r| (&r.key, r.market)).collect();
    let row = |a: &kenal_identity::Assignment| AssignmentRow {
        record: a.record.clone(),
        person: a.person,
        tier: a.tier.name().to_owned(),
        certain_group: certain.get(&a.record).unwrap_or(&&a.record).to_owned().clone(),
        market: market.get(&a.record).copied().flatten(),
    };
    resolution.assignments.iter().map(row).collect()
}

/// For each record that deterministic links join to others of its person, the smallest key among them.
fn certain_groups<'a>(resolution: &Resolution, records: &'a [CustomerRecord]) -> HashMap<&'a RecordKey, &'a RecordKey> {
    let mut parent: Vec<u32> = (0..records.len() as u32).collect();
    fn root(parent: &mut [u32], mut at: u32) -> u32 {
        while parent[at as usize] != at {
            parent[at as usize] = parent[parent[at as usize] as usize];
            at = parent[at as usize];
        }
        at
    }
    for link in resolution.links.iter().filter(|l| l.tier == Tier::Deterministic) {
        let (a, b) = (root(&mut parent, link.a), root(&mut parent, link.b));
        let (low, high) = if records[a as usize].key < records[b as usize].key { (a, b) } else { (b, a) };
        parent[high as usize] = low;
    }
    (0..records.len()).map(|n| (&records[n].key, &records[root(&mut parent, n as u32) as usize].key)).collect()
}

fn links(resolution: &Resolution, records: &[CustomerRecord]) -> Vec<LinkRow> {
    let row = |l: kenal_identity::LinkRow| LinkRow {
        a: l.a,
        b: l.b,
        tier: l.tier.name().to_owned(),
        rule: l.rule,
        weight_bits: l.weight_bits,
        evidence: written(&l.evidence),
    };
    resolution.link_rows(records).map(row).collect()
}

fn reviews(resolution: &Resolution, records: &[CustomerRecord]) -> Vec<ReviewRow> {
    let row = |r: kenal_identity::ReviewRow| ReviewRow {
        a: r.a,
        b: r.b,
        weight_bits: r.weight_bits,
        probability: r.probability,
        reason: r.reason.text().to_owned(),
        evidence: written(&r.evidence),
    };
    resolution.review_rows(records).map(row).collect()
}

/// `email exact +9.1; city differs -1.2`.
fn written(evidence: &[FieldEvidence]) -> String {
    let one = |e: &FieldEvidence| format!("{:?} {} {:+.1}", e.field, e.level, e.bits).to_lowercase();
    evidence.iter().map(one).collect::<Vec<_>>().join("; ")
}
