//! `kenal world check`: what the stages made of a company, against the truth that none of them has seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use kenal_consent::{Cell, CellSet};
use kenal_lake::Lake;
use kenal_types::{PersonId, RecordKey, Timestamp};
use kenal_world::truth::{self, Pairs};

use crate::gold::{AssignmentRow, EventRow, GoldRow, PurchaseRow, RecommendationRow, RulingRow};
use crate::ui::{Align, Table, count, percent};

#[derive(clap::Args)]
pub struct CheckArgs {
    /// The company's folder, or the folder `truth` in it.
    #[arg(long, value_name = "DIR")]
    truth: PathBuf,
    /// Lake in which `kenal build` has run on this company.
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
}

impl CheckArgs {
    pub fn run(self) -> Result<ExitCode> {
        let world = world_of(&self.truth)?;
        let people = truth::people(&world)?;
        let lake = Lake::open_existing(&self.lake)?;
        if lake.gold_fingerprint(RulingRow::TABLE)?.is_none() {
            bail!("nothing to check: the stages up to consent have not run on {}", self.lake.display());
        }
        let assignments: Vec<AssignmentRow> = lake.read_gold(AssignmentRow::TABLE)?;
        check_identity(&people, &assignments);
        let consented = check_consent(&world, &people, &assignments, &lake)?;
        let unbought = check_bought(&world, &people, &assignments, &lake)?;
        Ok(if consented && unbought { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The folder that holds `truth`, whichever of the two was named.
fn world_of(dir: &Path) -> Result<PathBuf> {
    if dir.join("truth").is_dir() {
        return Ok(dir.to_owned());
    }
    match dir.parent() {
        Some(world) if dir.join("people.parquet").is_file() => Ok(world.to_owned()),
        _ => bail!("{} holds no truth of a company that `kenal world` made", dir.display()),
    }
}

/// Tiers from the strongest; a pair counts under the weaker tier of its two records.
const TIERS: [&str; 4] = ["deterministic", "probabilistic", "review", "unmatched"];

fn check_identity(people: &[truth::Person], assignments: &[AssignmentRow]) {
    let tier = |name: &str| TIERS.iter().position(|t| *t == name).unwrap_or(TIERS.len());
    let placed = assignments.iter().map(|a| (&a.record, a.person, tier(&a.tier)));
    let score = truth::identity(people, placed);
    let mut table = Table::new(&[
        ("identity, pairs of records", Align::Left),
        ("found", Align::Right),
        ("precision", Align::Right),
        ("recall", Align::Right),
        ("F1", Align::Right),
    ]);
    let mut row = |name: &str, pairs: Pairs| {
        let figures = [pairs.precision(), pairs.recall(), pairs.f1()].map(|x| format!("{x:.4}"));
        table.row([name.to_owned(), count(pairs.found)].into_iter().chain(figures));
    };
    for tier in &score.tiers {
        row(TIERS.get(tier.tier).copied().unwrap_or("?"), tier.pairs);
    }
    row("all automatic tiers", score.overall);
    row("  that share evidence", score.with_evidence);
    println!("{table}");
    let unified = assignments.iter().filter(|a| a.person.is_some()).count() as u64;
    println!(
        "{} of {} records unified ({}); {} records are of nobody in particular, {} never reached identity\n",
        count(unified),
        count(assignments.len() as u64),
        percent(unified, assignments.len() as u64),
        count(score.unknown_records),
        count(score.missing_records)
    );
}

/// Everybody of whom a row went on after the consent stage, and everybody the rulings permit.
fn check_consent(world: &Path, people: &[truth::Person], assignments: &[AssignmentRow], lake: &Lake) -> Result<bool> {
    let consents = truth::consent(world)?;
    let mut permitted: BTreeMap<PersonId, CellSet> = BTreeMap::new();
    for row in lake.read_gold::<RulingRow>(RulingRow::TABLE)? {
        let set = permitted.entry(row.person).or_insert(CellSet(u32::MAX));
        set.0 &= row.eligible_bits;
    }
    let mut kept: BTreeSet<PersonId> = BTreeSet::new();
    kept.extend(lake.read_gold::<PurchaseRow>(PurchaseRow::TABLE)?.iter().map(|r| r.person));
    kept.extend(lake.read_gold::<EventRow>(EventRow::TABLE)?.iter().map(|r| r.person));
    let unpermitted = kept.iter().filter(|p| {
        let set = permitted.get(p).copied().unwrap_or_default();
        !set.contains(Cell::PERSONALISE_ONSITE) && !set.contains(Cell::TRAIN)
    });
    let unpermitted = unpermitted.count() as u64;
    let mut table = Table::new(&[
        ("consent, true people", Align::Left),
        ("consent in truth", Align::Right),
        ("admitted", Align::Right),
        ("without true consent", Align::Right),
        ("of them refused", Align::Right),
    ]);
    let mut wrong = unpermitted;
    for (name, cell) in [("personalise on the site", Cell::PERSONALISE_ONSITE), ("train", Cell::TRAIN)] {
        let admitted = assignments.iter().filter_map(|a| {
            let person = a.person.filter(|p| permitted.get(p).is_some_and(|set| set.contains(cell)))?;
            Some((person, &a.record))
        });
        let score = truth::consent_violations(people, &consents, cell.purpose, cell.channel, admitted);
        let refused = score.violations.iter().filter(|v| v.refused).count() as u64;
        wrong += score.violations.len() as u64;
        let figures = [score.consenting, score.admitted, score.violations.len() as u64, refused].map(count);
        table.row([name.to_owned()].into_iter().chain(figures));
    }
    println!("{table}");
    println!(
        "people with rows after the consent stage: {}; without a ruling that permits it: {unpermitted}\n",
        count(kept.len() as u64)
    );
    Ok(wrong == 0)
}

fn check_bought(world: &Path, people: &[truth::Person], assignments: &[AssignmentRow], lake: &Lake) -> Result<bool> {
    let purchases = truth::purchases(world)?;
    let clusters: Vec<(PersonId, &RecordKey)> =
        assignments.iter().filter_map(|a| Some((a.person?, &a.record))).collect();
    if lake.gold_fingerprint(RecommendationRow::TABLE)?.is_none() {
        println!("recommended: nothing, since no bundle was compiled from this lake");
        return Ok(true);
    }
    let shown: Vec<RecommendationRow> = lake.read_gold(RecommendationRow::TABLE)?;
    let recommended = shown.iter().map(|r| (r.person, r.item_id.as_str()));
    let score = truth::already_bought(people, &purchases, Timestamp(i64::MAX), clusters, recommended);
    let known = known_to_be_bought(&purchases, &score.bought, assignments, lake)?;
    let asked: BTreeSet<PersonId> = shown.iter().map(|r| r.person).collect();
    println!(
        "recommended: {} items to {} people; already bought: {}, and {} more through records that identity has not tied to them",
        count(score.recommended),
        count(asked.len() as u64),
        count(known),
        count(score.bought.len() as u64 - known)
    );
    Ok(known == 0)
}

/// Those of `bought` that the stages could know of: a record of the order is held to be the person's.
fn known_to_be_bought(
    purchases: &[truth::Purchase],
    bought: &[truth::Bought<PersonId>],
    assignments: &[AssignmentRow],
    lake: &Lake,
) -> Result<u64> {
    let person_of: HashMap<&RecordKey, PersonId> =
        assignments.iter().filter_map(|a| Some((&a.record, a.person?))).collect();
    let mut buyers: HashMap<String, BTreeSet<PersonId>> = HashMap::new();
    for order in lake.orders()? {
        let person = order.customer.as_ref().and_then(|customer| person_of.get(customer));
        buyers.entry(order.number).or_default().extend(person);
    }
    let known = |b: &&truth::Bought<PersonId>| {
        let orders = purchases.iter().filter(|p| p.person == b.person && p.item == b.item);
        orders.into_iter().any(|p| buyers.get(&p.order_number).is_some_and(|people| people.contains(&b.cluster)))
    };
    Ok(bought.iter().filter(known).count() as u64)
}
