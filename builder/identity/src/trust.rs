//! Which emails, phones and devices behave like one person's: detected from the data, not assumed.
//!
//! Under every value the records are sorted into groups that could be one person each (compatible names, no conflict of
//! birth dates). A value with one group decides alone (`deterministic`); a value with more is evidence, and the less the
//! more people share it (`model`). Flags of the systems ("shared phone") count as a second person.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ahead::BATCH_RECORDS;
use crate::column::Values;
use crate::comparison::{births_conflict, name};
use crate::config::TrustConfig;
use crate::table::Table;
use crate::vocabulary::Rows;

/// Groups told apart under one value.
const GROUPS_MAX: usize = 32;

/// How many values of one kind decide alone, and why the others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TrustCounts {
    pub values: u64,
    /// Two or more records, one person.
    pub trusted: u64,
    /// Only one record has it: nothing to decide.
    pub single: u64,
    /// Flagged as shared by a system, or an office's.
    pub flagged: u64,
    /// Names or birth dates of more than one person.
    pub several_people: u64,
    pub too_many_records: u64,
}

/// Records under each value, in their order.
pub(crate) struct Holders(Rows<u32>);

impl Holders {
    pub(crate) fn of(values: &Values) -> Holders {
        let held = (0..values.of.len() as u32)
            .flat_map(|record| values.of.row(record).iter().map(move |&value| (value, record)));
        Holders(Rows::grouped(values.vocabulary.len() as u32, held))
    }

    /// Each value that records have, with its records.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (u32, &[u32])> {
        (0..self.0.len() as u32).map(|value| (value, self.0.row(value))).filter(|(_, held)| !held.is_empty())
    }
}

/// Whether a value decides alone, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Trusted,
    Single,
    Flagged,
    SeveralPeople,
    TooManyRecords,
}

/// People seen under a value that the records `held` have, and whether it decides alone. `shared`: a system says that
/// several people use it.
pub(crate) fn judge_value(table: &Table, held: &[u32], shared: bool, config: &TrustConfig) -> (u16, Verdict) {
    if held.len() > config.records_per_value_max {
        // A crowd: each record may be another person's. In powers of two, so that it hardly ever changes as records come.
        let people = held.len().next_power_of_two().min(usize::from(u16::MAX)) as u16;
        return (people, if shared { Verdict::Flagged } else { Verdict::TooManyRecords });
    }
    let people = if held.len() == 1 { 1 } else { people_among(table, held.iter().copied()) };
    let verdict = match (held.len() < 2, shared, usize::from(people) > config.people_per_value_max) {
        (true, ..) => Verdict::Single,
        (_, true, _) => Verdict::Flagged,
        (.., true) => Verdict::SeveralPeople,
        _ => Verdict::Trusted,
    };
    (people, verdict)
}

/// Fills in [`Values::people`] and returns, by value, whether it decides alone.
pub(crate) fn judge(table: &Table, values: &Values, config: &TrustConfig) -> (Vec<u16>, Vec<bool>, TrustCounts) {
    let holders = Holders::of(values);
    let groups: Vec<(u32, &[u32])> = holders.groups().collect();
    let judged = groups.par_chunks(BATCH_RECORDS / 2).flat_map_iter(|batch| {
        let several = batch.iter().filter(|(_, held)| held.len() > 1);
        table.read_people_ahead(&several.flat_map(|(_, held)| held.iter().copied()).collect::<Vec<u32>>());
        batch.iter().map(|&(value, held)| judge_value(table, held, values.shared[value as usize], config))
    });
    let judged: Vec<(u16, Verdict)> = judged.collect();
    let mut counts = TrustCounts { values: groups.len() as u64, ..TrustCounts::default() };
    let mut people = vec![0_u16; values.vocabulary.len()];
    let mut trusted = vec![false; values.vocabulary.len()];
    for (&(value, _), (own, verdict)) in groups.iter().zip(judged) {
        let value = value as usize;
        people[value] = own;
        trusted[value] = verdict == Verdict::Trusted;
        *counts.of(verdict) += 1;
    }
    (people, trusted, counts)
}

impl TrustCounts {
    fn of(&mut self, verdict: Verdict) -> &mut u64 {
        match verdict {
            Verdict::Trusted => &mut self.trusted,
            Verdict::Single => &mut self.single,
            Verdict::Flagged => &mut self.flagged,
            Verdict::SeveralPeople => &mut self.several_people,
            Verdict::TooManyRecords => &mut self.too_many_records,
        }
    }
}

/// Groups of records that cannot be one person: each record joins the first group whose first member it is compatible
/// with. Records with longer names open groups before those that fit anywhere ("Tan", or no name at all).
pub(crate) fn people_among(table: &Table, records: impl Iterator<Item = u32>) -> u16 {
    let mut records: Vec<u32> = records.collect();
    records.sort_unstable_by_key(|&r| (std::cmp::Reverse(table.names.words_of(r).len()), table.tie[r as usize]));
    let mut firsts: Vec<u32> = Vec::with_capacity(2);
    for record in records {
        let known = firsts.iter().any(|&first| could_be_one(table, first, record));
        if !known {
            firsts.push(record);
            if firsts.len() == GROUPS_MAX {
                break;
            }
        }
    }
    firsts.len() as u16
}

/// Names compatible, birth dates not in conflict.
pub(crate) fn could_be_one(table: &Table, a: u32, b: u32) -> bool {
    !births_conflict(table, a, b) && name::compatible(table, a, b)
}
