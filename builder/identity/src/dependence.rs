//! Attributes that follow from another field: the state from the postcode, the age from the birth date, a column given
//! twice. Their weights must not be added, since agreement on the one brings about agreement on the other, also between
//! two different people, which is what `u` of the one alone does not know.
//!
//! For fields `f` and `g`, of pairs of two different people that have the same value of `f`: if `g` speaks for one person
//! far more often than between people taken at random, the two are *dependent*, and only the stronger counts (as with the
//! addresses and phones of a household, of which it is known beforehand).

use rayon::prelude::*;

use crate::ahead;
use crate::comparison::compare;
use crate::field::{Field, MISSING};
use crate::groups::value;
use crate::model::Scorer;
use crate::pairs::Pair;
use crate::random_pairs::ranked;
use crate::table::Table;

/// Pairs looked at per field.
const PAIRS: usize = 20_000;
/// Fewer pairs of different people with both fields tell nothing.
const PAIRS_MIN: u32 = 50;
/// Dependent: with the one the same, the other agrees in this share of the pairs of different people or more...
const SHARE_MIN: f64 = 0.5;
/// ...and this many times as often as between any two people: two bits that would be counted twice.
const LIFT_MIN: f64 = 4.0;

/// Groups of dependent fields, each with an attribute in it: what roles mean for each other the scorer knows.
pub(crate) fn find(table: &Table, scorer: &Scorer, seed: u64) -> Vec<Vec<Field>> {
    let attributes: Vec<Field> = table.active.iter().copied().filter(|f| f.attribute_number().is_some()).collect();
    if attributes.is_empty() {
        return Vec::new();
    }
    let records = ranked(table);
    let fields: Vec<Field> = table.active.iter().copied().filter(|&f| f != Field::ACCOUNTS).collect();
    let random = Agreements::count(table, scorer, &any_pairs(&records), None);
    let mut parent: Vec<usize> = (0..Field::COUNT).collect();
    for &field in &fields {
        let given = Agreements::count(table, scorer, &same_pairs(table, field, &records, seed), Some(field));
        for &other in fields.iter().filter(|&&other| other != field) {
            let involved = attributes.contains(&field) || attributes.contains(&other);
            if !involved || given.known[other.at()] < PAIRS_MIN {
                continue;
            }
            let share = given.share(other);
            if share >= SHARE_MIN && share >= LIFT_MIN * random.share(other) {
                let (a, b) = (group_of(&parent, field.at()), group_of(&parent, other.at()));
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    let groups = fields.iter().map(|&first| {
        fields.iter().copied().filter(|f| group_of(&parent, f.at()) == first.at()).collect::<Vec<Field>>()
    });
    groups.filter(|group| group.len() > 1).collect()
}

/// Of pairs of two different people, how many have a field, and in how many it speaks for one person.
#[derive(Default)]
struct Agreements {
    known: [u32; Field::COUNT],
    agree: [u32; Field::COUNT],
}

impl Agreements {
    /// `given`: the field that is the same, which says nothing about whether they are one person.
    fn count(table: &Table, scorer: &Scorer, pairs: &[Pair], given: Option<Field>) -> Agreements {
        let chunks = pairs.par_chunks(1 << 12).map(|chunk| {
            let mut counted = Agreements::default();
            ahead::for_each_pair(table, chunk, |pair| {
                let weighed = scorer.weigh(&compare(table, pair.first(), pair.second()));
                let bits = |f: Field| i32::from(weighed.centibits[f.at()]);
                let others = weighed.total() - given.map_or(0, bits);
                for field in Field::all().filter(|&f| weighed.levels[f.at()] != MISSING && Some(f) != given) {
                    // Whatever this field says, the others must say that they are two people.
                    if others - bits(field).max(0) < 0 {
                        counted.known[field.at()] += 1;
                        counted.agree[field.at()] += u32::from(bits(field) > 0);
                    }
                }
            });
            counted
        });
        chunks.reduce(Agreements::default, |mut all, part| {
            for f in 0..Field::COUNT {
                all.known[f] += part.known[f];
                all.agree[f] += part.agree[f];
            }
            all
        })
    }

    fn share(&self, field: Field) -> f64 {
        (f64::from(self.agree[field.at()]) + 0.5) / (f64::from(self.known[field.at()]) + 1.0)
    }
}

fn group_of(parent: &[usize], mut at: usize) -> usize {
    while parent[at] != at {
        at = parent[at];
    }
    at
}

/// Neighbours in the order of ties, which is that of a hash.
fn any_pairs(records: &[u32]) -> Vec<Pair> {
    records.windows(2).take(PAIRS).map(|w| Pair::new(w[0], w[1], 0)).collect()
}

/// Pairs that have the same value of a field.
fn same_pairs(table: &Table, field: Field, records: &[u32], seed: u64) -> Vec<Pair> {
    let hashed = records.iter().map(|&record| (value(table, field, record), record)).filter(|(value, _)| *value != 0);
    // The sort is stable: within a value, records stay in the order of their ties.
    let mut valued: Vec<(u64, u32)> = hashed.collect();
    valued.par_sort_by_key(|&(value, _)| value);
    let same = valued.windows(2).filter(|w| w[0].0 == w[1].0).map(|w| Pair::new(w[0].1, w[1].1, 0));
    let pairs: Vec<Pair> = same.collect();
    crate::blocking::fewer(table, &pairs, PAIRS as u64, seed)
}
