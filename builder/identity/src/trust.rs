//! Which emails, phones and devices behave like one person's: detected from the data, not assumed.
//!
//! Under every value the records are sorted into groups that could be one person each (compatible names, no conflict of
//! birth dates). A value with one group decides alone (`deterministic`); a value with more is evidence, and the less the
//! more people share it (`model`). Flags of the systems ("shared phone") count as a second person.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::column::Values;
use crate::comparison::{births_conflict, name};
use crate::config::TrustConfig;
use crate::table::Table;

/// Records looked at under one value. A value of more records is not one person's whatever their names.
const RECORDS_LOOKED_AT_MAX: usize = 256;
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

/// Records under each value: `(value, records)` sorted.
pub(crate) struct Holders(Vec<(u32, u32)>);

impl Holders {
    pub(crate) fn of(values: &Values) -> Holders {
        let mut all: Vec<(u32, u32)> = (0..values.of.len() as u32)
            .flat_map(|record| values.of.row(record).iter().map(move |&value| (value, record)))
            .collect();
        all.par_sort_unstable();
        Holders(all)
    }

    /// Each value with its records, in order.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[(u32, u32)]> {
        self.0.chunk_by(|x, y| x.0 == y.0)
    }
}

/// Fills in [`Values::people`] and returns, by value, whether it decides alone.
pub(crate) fn judge(table: &Table, values: &Values, config: &TrustConfig) -> (Vec<u16>, Vec<bool>, TrustCounts) {
    let holders = Holders::of(values);
    let groups: Vec<&[(u32, u32)]> = holders.groups().collect();
    let people: Vec<u16> = groups.par_iter().map(|held| people_under(table, held)).collect();
    let mut counts = TrustCounts { values: groups.len() as u64, ..TrustCounts::default() };
    let mut by_value = vec![0_u16; values.vocabulary.len()];
    let mut trusted = vec![false; values.vocabulary.len()];
    for (held, people) in groups.iter().zip(people) {
        let value = held[0].0 as usize;
        let crowd = held.len() > config.records_per_value_max;
        // A crowd without names is still a crowd: as many people as full allotments of records.
        by_value[value] = if crowd {
            people.max((held.len() / config.records_per_value_max + 1).min(usize::from(u16::MAX)) as u16)
        } else {
            people
        };
        let several = usize::from(people) > config.people_per_value_max;
        let kind = match (held.len() < 2, values.shared[value], crowd, several) {
            (true, ..) => &mut counts.single,
            (_, true, ..) => &mut counts.flagged,
            (_, _, true, _) => &mut counts.too_many_records,
            (_, _, _, true) => &mut counts.several_people,
            _ => {
                trusted[value] = true;
                &mut counts.trusted
            }
        };
        *kind += 1;
    }
    (by_value, trusted, counts)
}

fn people_under(table: &Table, held: &[(u32, u32)]) -> u16 {
    people_among(table, held.iter().map(|&(_, record)| record))
}

/// Groups of records that cannot be one person: each record joins the first group whose first member it is compatible
/// with. Records with longer names open groups before those that fit anywhere ("Tan", or no name at all).
pub(crate) fn people_among(table: &Table, records: impl Iterator<Item = u32>) -> u16 {
    let mut records: Vec<u32> = records.collect();
    records.sort_unstable_by_key(|&r| (std::cmp::Reverse(table.names.words_of(r).len()), table.tie[r as usize]));
    records.truncate(RECORDS_LOOKED_AT_MAX);
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
