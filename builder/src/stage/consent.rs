//! consent: what each person has agreed to, decided once and signed into everything that follows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context as _, Result};
use kenal_consent::{Cell, CellSet, ConflictItem, Decided, PersonSubject, Policy, Ruling, Snapshot, decide};
use kenal_lake::{Fingerprint, Lake};
use kenal_types::{ConsentSignal, Market, PersonId, Purpose, RecordKey};

use super::{Company, Stage};
use crate::gold::{AssignmentRow, ConflictRow, GoldRow, ReviewRow, RulingRow, SnapshotRow};
use crate::ui::{Align, Progress, Table, count, percent};

const CODE: &str = "consent 2";

pub fn run(company: &Company) -> Result<()> {
    let progress = Progress::start("consent");
    let Ledger { decided, .. } = ledger(company)?;

    // Time alone can change a ruling (an opt-in runs out), so the stage always decides, and writes when it matters.
    let root = decided.snapshot.root();
    let fingerprint = Fingerprint::of(CODE).hash("root", &root).finish();
    company.put(&rulings(&decided.snapshot), &fingerprint)?;
    company.put(&decided.conflicts.iter().map(conflict).collect::<Vec<_>>(), &fingerprint)?;
    let snapshot =
        SnapshotRow { root: hex(&root), decided_at: decided.snapshot.decided_at(), people: decided.report.people };
    company.put(&[snapshot], &fingerprint)?;
    progress.finish(&format!("{} people, {} signals", count(decided.report.people), count(decided.report.signals)));
    show(&decided);
    Ok(())
}

/// What all systems have said by now, and what follows from it.
pub struct Ledger {
    pub people: Vec<PersonSubject>,
    pub signals: Vec<ConsentSignal>,
    pub decided: Decided,
}

/// Decides everybody at the company's `now` from the newest ledger in the lake, and keeps nothing.
pub fn ledger(company: &Company) -> Result<Ledger> {
    let people = subjects(&company.get::<AssignmentRow>(Stage::Identity)?, &company.get::<ReviewRow>(Stage::Identity)?);
    // Every version: a refusal that a later, undated version overwrote is still a refusal.
    let signals = company.lake.consent_versions()?;
    let decided = decide(&people, &signals, company.now, &Policy::default());
    Ok(Ledger { people, signals, decided })
}

/// People, their records in groups of certainty, records that may be theirs, and the markets they are customers in.
fn subjects(assignments: &[AssignmentRow], reviews: &[ReviewRow]) -> Vec<PersonSubject> {
    let person_of: HashMap<&RecordKey, PersonId> =
        assignments.iter().filter_map(|row| Some((&row.record, row.person?))).collect();
    let mut people: BTreeMap<PersonId, Parts<'_>> = BTreeMap::new();
    for row in assignments {
        let Some(person) = row.person else { continue };
        let parts = people.entry(person).or_default();
        parts.groups.entry(&row.certain_group).or_default().push(row.record.clone());
        parts.markets.extend(row.market);
    }
    let mut doubtful: BTreeMap<PersonId, BTreeSet<Vec<RecordKey>>> = BTreeMap::new();
    for review in reviews {
        for (one, other) in [(&review.a, &review.b), (&review.b, &review.a)] {
            let Some(&person) = person_of.get(one) else { continue };
            let theirs = person_of.get(other).and_then(|other| people.get(other));
            let groups = theirs.map_or_else(|| vec![vec![other.clone()]], |t| t.groups.values().cloned().collect());
            doubtful.entry(person).or_default().extend(groups);
        }
    }
    let subject = |(person, parts): (PersonId, Parts<'_>)| PersonSubject {
        person,
        groups: parts.groups.into_values().collect(),
        doubtful: doubtful.remove(&person).unwrap_or_default().into_iter().collect(),
        markets: parts.markets.into_iter().collect(),
    };
    people.into_iter().map(subject).collect()
}

/// A person being put together: records by the smallest of those that are certain to be one human, and markets.
#[derive(Default)]
struct Parts<'a> {
    groups: BTreeMap<&'a RecordKey, Vec<RecordKey>>,
    markets: BTreeSet<Market>,
}

/// The snapshot as it was decided; refuses one that was changed since.
pub fn snapshot(company: &Company) -> Result<Snapshot> {
    snapshot_of(&company.lake)
}

/// As [`snapshot`], of a lake alone.
pub fn snapshot_of(lake: &Lake) -> Result<Snapshot> {
    let missing = "reading what the stage consent leaves; has `kenal run consent` run on this lake?";
    let rows: Vec<RulingRow> = lake.read_gold(RulingRow::TABLE).context(missing)?;
    let kept: Vec<SnapshotRow> = lake.read_gold(SnapshotRow::TABLE).context(missing)?;
    let kept = kept.first().context("the consent stage left no snapshot; run it again")?;
    let rulings: Result<Vec<Ruling>> = rows
        .into_iter()
        .map(|row| {
            let record_hash = unhex(&row.record_hash).context("a ruling's hash is not 64 hexadecimal digits")?;
            Ok(Ruling { person: row.person, market: row.market, eligible: CellSet(row.eligible_bits), record_hash })
        })
        .collect();
    let root = unhex(&kept.root).context("the snapshot's root is not 64 hexadecimal digits")?;
    Ok(Snapshot::restore(rulings?, kept.decided_at, root)?)
}

fn rulings(snapshot: &Snapshot) -> Vec<RulingRow> {
    let names = |set: CellSet| {
        let named = Cell::all().filter(|c| set.contains(*c));
        named.map(|c| format!("{}/{}", c.purpose, c.channel)).collect::<Vec<_>>().join(" ")
    };
    let row = |r: &Ruling| RulingRow {
        person: r.person,
        market: r.market,
        eligible_bits: r.eligible.0,
        eligible: names(r.eligible),
        record_hash: hex(&r.record_hash),
    };
    snapshot.rulings().iter().map(row).collect()
}

fn conflict(item: &ConflictItem) -> ConflictRow {
    let ConflictItem { person, market, purpose, cells_count } = item.clone();
    ConflictRow { person, market, purpose, cells_count }
}

fn show(decided: &Decided) {
    let report = &decided.report;
    let mut table =
        Table::new(&[("purpose", Align::Left), ("people who agreed", Align::Right), ("of all", Align::Right)]);
    for purpose in Purpose::ALL {
        let agreed = report.eligible.get(&purpose).copied().unwrap_or(0);
        table.row([purpose.name().to_owned(), count(agreed), percent(agreed, report.people)]);
    }
    println!("{table}");
    let why: Vec<String> = report
        .personalise_onsite
        .iter()
        .map(|(why, n)| format!("{} {}", serde_json::to_string(why).unwrap_or_default().trim_matches('"'), count(*n)))
        .collect();
    println!("personalise on the site, person × market: {}", why.join(", "));
    println!(
        "{} signals, {} of records that stay apart; {} people without a market; {} conflicts to review",
        count(report.signals),
        count(report.signals_apart),
        count(report.people_without_market),
        count(report.conflicts)
    );
    if report.signals == 0 {
        println!("no system holds any consent record: nobody may be personalised, and nothing can be learnt");
    }
    println!("snapshot root {}", hex(&decided.snapshot.root()));
}

pub fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0_u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}
