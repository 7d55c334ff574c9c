//! A generated company of any size as the identity stage sees it: read from its exports once, part by part, and kept as
//! the tables that the lake would hold; then taken in from there in batches.
//!
//! The exports of millions are larger than a disk, so a part of the people at a time is written, read through the
//! connectors, and deleted. The first parts of a company are a smaller company, with whole households.

mod exports;
mod tables;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use kenal_columns::read;
use kenal_identity::{
    Customer, FoundLines, FoundOrders, FoundReceipts, Line, Ordered, Orders, Receipt, Records, Resolution, Schema, Tier,
};
use kenal_types::{AppEvent, CustomerRecord, Date, Order, OrderLine, RecordKey, System};
use kenal_world::{WorldConfig, Written, generate, truth, truth_dir};
use rustc_hash::FxHashSet;

use self::tables::{Batch, each_batch, rows};

/// People of a part; each has about 4.5 records.
pub const PART_PEOPLE: u64 = 20_000;
/// The last day of a company: any, so long as every run has the same.
const END: Date = Date(20_770);
/// The people of the company, in a file of its folder: what its parts are parts of.
const PEOPLE_FILE: &str = "people";

/// The parts of a company, or of the first people of it.
#[derive(Debug)]
pub struct Company {
    parts: Vec<PathBuf>,
}

/// Records as the engine has taken them in.
#[derive(Debug)]
pub struct Taken {
    pub records: Records,
    pub orders: usize,
}

/// Precision and recall of pairs.
#[derive(Debug, Clone, Copy)]
pub struct Scores {
    pub precision: f64,
    pub recall: f64,
    /// Of pairs of records that share evidence with a record of their person.
    pub recall_with_evidence: f64,
    /// Share of the records that belong to a person.
    pub unified: f64,
}

impl Company {
    /// Makes the parts of a company of so many people that are not there yet.
    pub fn make(dir: &Path, people: u64, progress: &dyn Fn(u64, u64)) -> Result<()> {
        fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
        let note = dir.join(PEOPLE_FILE);
        match fs::read_to_string(&note) {
            Ok(had) => ensure!(had == people.to_string(), "{} holds a company of {had} people", dir.display()),
            Err(_) => fs::write(&note, people.to_string()).with_context(|| format!("writing {}", note.display()))?,
        }
        for part in 0..people.div_ceil(PART_PEOPLE) {
            let done = part_dir(dir, part);
            if !done.is_dir() {
                let (exports, making) = (dir.join("exports"), dir.join("making"));
                for dir in [&exports, &making] {
                    drop(fs::remove_dir_all(dir));
                }
                make_part(&exports, &making, people, part).with_context(|| format!("making part {part}"))?;
                fs::rename(&making, &done).with_context(|| format!("making {}", done.display()))?;
            }
            progress(part + 1, people.div_ceil(PART_PEOPLE));
        }
        Ok(())
    }

    /// The first people of a company that was made; whole parts of it.
    pub fn open(dir: &Path, people: u64) -> Result<Company> {
        let parts: Vec<PathBuf> = (0..people.div_ceil(PART_PEOPLE)).map(|part| part_dir(dir, part)).collect();
        for part in &parts {
            ensure!(part.is_dir(), "no {}: has the company been made?", part.display());
        }
        Ok(Company { parts })
    }

    /// Takes the company in, in batches: customers, orders, lines, receipts.
    pub fn take(&self) -> Result<Taken> {
        let mut records = Records::new(Schema::company())?;
        let (preparing, devices) = (records.preparing(), Mutex::new(FxHashSet::default()));
        let prepare = |rows: &mut dyn Iterator<Item = Customer<'_>>| {
            // A device that two homes share is in the parts of both, and so in two batches.
            let mut devices = devices.lock().unwrap_or_else(PoisonError::into_inner);
            let new = |c: &Customer<'_>| c.key.system != System::App || devices.insert(c.key.id.to_owned());
            let rows: Vec<Customer<'_>> = rows.filter(new).collect();
            drop(devices);
            preparing.customers(&rows)
        };
        let prepare = |batch: &Batch| batch.read(|part| read(part, prepare));
        each_batch::<CustomerRecord, _>(&self.parts, prepare, |customers| Ok(records.take(&customers)?))?;
        let mut orders = Orders::with_room(rows::<Ordered<'_>>(&self.parts)?, rows::<Line<'_>>(&self.parts)?);
        let find = |batch: &Batch| batch.read(|part| read(part, |rows| FoundOrders::of(&records, rows)));
        each_batch::<Ordered<'_>, _>(&self.parts, find, |found| {
            orders.open_all(&found);
            Ok(())
        })?;
        let find = |batch: &Batch| batch.read(|part| read(part, |rows| FoundLines::of(rows)));
        each_batch::<Line<'_>, _>(&self.parts, find, |found| {
            orders.add_all(&found);
            Ok(())
        })?;
        let find = |batch: &Batch| batch.read(|part| read(part, |rows| FoundReceipts::of(&records, rows)));
        each_batch::<Receipt<'_>, _>(&self.parts, find, |found| {
            orders.add_receipts(&found);
            Ok(())
        })?;
        let count = orders.len();
        records.bought_all(orders)?;
        Ok(Taken { records, orders: count })
    }

    /// Scores a resolution of the records against the truth.
    pub fn score(&self, records: &Records, found: &Resolution) -> Result<Scores> {
        let mut counts: [HashMap<(u64, u64), u64>; 5] = std::array::from_fn(|_| HashMap::new());
        let mut seen = vec![false; records.len()];
        for part in &self.parts {
            for person in truth::people(part)? {
                let Some(record) = records.find(person.record.system as u8, &person.record.id) else { continue };
                let at = record as usize;
                if std::mem::replace(&mut seen[at], true) {
                    continue;
                }
                let automatic = matches!(found.tiers[at], Tier::Deterministic | Tier::Probabilistic);
                let cluster = if automatic { u64::from(found.clusters[at]) } else { (1 << 40) + at as u64 };
                let mut add = |at: usize, key| *counts[at].entry(key).or_default() += 1;
                add(0, (cluster, person.person));
                add(1, (cluster, 0));
                add(2, (person.person, 0));
                if !person.no_evidence {
                    add(3, (cluster, person.person));
                    add(4, (person.person, 0));
                }
            }
        }
        let pairs = |counts: HashMap<_, u64>| counts.into_values().map(|n| n * n.saturating_sub(1) / 2).sum::<u64>();
        let [both, said, are, both_evident, evident] = counts.map(pairs);
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        Ok(Scores {
            precision: share(both, said),
            recall: share(both, are),
            recall_with_evidence: share(both_evident, evident),
            unified: found.report.unified_share(),
        })
    }
}

fn part_dir(dir: &Path, part: u64) -> PathBuf {
    dir.join(format!("part-{part:04}"))
}

fn make_part(exports: &Path, making: &Path, people: u64, part: u64) -> Result<()> {
    let range = part * PART_PEOPLE..((part + 1) * PART_PEOPLE).min(people);
    let written = Written { people: Some(range), sessions_brief: true };
    let config = WorldConfig { out: exports.to_owned(), people, purchases: None, seed: 1, end: END, written };
    generate(&config, &|_, _, _| {})?;
    let rows = exports::Rows::read(exports)?;
    let truth = truth_dir(making);
    fs::create_dir_all(&truth).with_context(|| format!("making {}", truth.display()))?;
    tables::write(making, &rows.customers)?;
    tables::write(making, &rows.orders.iter().map(ordered).collect::<Vec<_>>())?;
    tables::write(making, &rows.lines.iter().map(line).collect::<Vec<_>>())?;
    tables::write(making, &rows.receipts.iter().map(receipt).collect::<Vec<_>>())?;
    fs::rename(truth_dir(exports).join("people.parquet"), truth.join("people.parquet"))?;
    fs::remove_dir_all(exports)?;
    Ok(())
}

fn ordered(order: &Order) -> Ordered<'_> {
    Ordered {
        system: order.system,
        order_id: &order.order_id,
        number: &order.number,
        customer: order.customer.as_ref().map(RecordKey::as_ref),
        ordered_at: order.ordered_at,
    }
}

fn line(line: &OrderLine) -> Line<'_> {
    let (item_id, sku) = (line.item_id.as_deref(), line.sku.as_deref());
    Line { system: line.system, order_id: &line.order_id, item_id, sku }
}

fn receipt(event: &AppEvent) -> Receipt<'_> {
    Receipt {
        actor: event.actor.as_ref(),
        happened_at: event.happened_at,
        order_number: event.order_number.as_deref(),
        item_id: event.item_id.as_deref(),
        sku: event.sku.as_deref(),
    }
}
