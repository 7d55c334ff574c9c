//! People as wholes: what is kept of a group of records, and how two groups agree.
//!
//! A group keeps a few *representatives*, chosen so that between them they have the values of the group. Two groups agree
//! on a field as well as any two of their representatives do. That is a choice among several tries, so the bits of a
//! field are less by the logarithm of the number of different pairs of values that were tried (a Bonferroni correction:
//! with `k` tries, what happens by chance once in `n` happens once in `n/k`).

use crate::comparison::{Comparison, compare};
use crate::field::*;
use crate::model::{Scorer, Weighed};
use crate::table::{AttributeColumn, Table};
use crate::vocabulary::{NONE, mix};

/// Representatives of one group.
const REPRESENTATIVES_MAX: usize = 6;

/// By root: what is kept of its group. Roots are positions in a list of records, which every call is given. A record alone
/// is its own representative and takes no room.
#[derive(Debug)]
pub(crate) struct Groups {
    /// By root: position in `groups`, or [`NONE`] while alone.
    of: Vec<u32>,
    groups: Vec<Group>,
    free: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    records: u32,
    representatives: [u32; REPRESENTATIVES_MAX],
    len: u8,
    /// Sources in which the group has an active account, of those in which a person has one; by number modulo 64.
    accounts: u64,
}

impl Group {
    fn alone(table: &Table, record: u32) -> Group {
        let mut representatives = [NONE; REPRESENTATIVES_MAX];
        representatives[0] = record;
        let source = table.source[record as usize];
        let counts = table.one_record[usize::from(source)] && table.standing[record as usize].active;
        Group { records: 1, representatives, len: 1, accounts: u64::from(counts) << (source & 63) }
    }

    fn representatives(&self) -> &[u32] {
        &self.representatives[..usize::from(self.len)]
    }
}

/// How two groups agree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole {
    pub weighed: Weighed,
}

impl Groups {
    /// `records`: how many there are.
    pub(crate) fn new(records: usize) -> Groups {
        Groups { of: vec![NONE; records], groups: Vec::new(), free: Vec::new() }
    }

    fn get(&self, table: &Table, records: &[u32], root: u32) -> Group {
        match self.of[root as usize] {
            NONE => Group::alone(table, records[root as usize]),
            at => self.groups[at as usize],
        }
    }

    pub(crate) fn records(&self, root: u32) -> u32 {
        match self.of[root as usize] {
            NONE => 1,
            at => self.groups[at as usize].records,
        }
    }

    /// Adds the group of `child` to that of `root`.
    pub(crate) fn join(&mut self, table: &Table, records: &[u32], root: u32, child: u32) {
        let (own, other) = (self.get(table, records, root), self.get(table, records, child));
        let mut all = [NONE; 2 * REPRESENTATIVES_MAX];
        let count = own.representatives().len() + other.representatives().len();
        all[..own.representatives().len()].copy_from_slice(own.representatives());
        all[own.representatives().len()..count].copy_from_slice(other.representatives());
        let (representatives, len) = choose(table, &mut all[..count]);
        let joined = Group {
            records: own.records + other.records,
            representatives,
            len,
            accounts: own.accounts | other.accounts,
        };
        let freed = std::mem::replace(&mut self.of[child as usize], NONE);
        if self.of[root as usize] == NONE {
            self.of[root as usize] = if freed != NONE { freed } else { self.place() };
        } else if freed != NONE {
            self.free.push(freed);
        }
        let at = self.of[root as usize] as usize;
        self.groups[at] = joined;
    }

    fn place(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            let representatives = [NONE; REPRESENTATIVES_MAX];
            self.groups.push(Group { records: 0, representatives, len: 0, accounts: 0 });
            self.groups.len() as u32 - 1
        })
    }

    /// Compares two groups as wholes.
    pub(crate) fn compare(&self, table: &Table, scorer: &Scorer, records: &[u32], a: u32, b: u32) -> Whole {
        let (x, y) = (self.get(table, records, a), self.get(table, records, b));
        let mut best = Comparison::default();
        let mut best_bits = [f32::NEG_INFINITY; Field::COUNT];
        for &i in x.representatives() {
            for &j in y.representatives() {
                let pair = compare(table, i, j);
                for &field in &table.active {
                    let at = field.at();
                    if pair.levels[at] == MISSING {
                        continue;
                    }
                    let bits = scorer.field_bits(field, &pair);
                    // Of equal bits the higher level, so that the order of the representatives does not show.
                    if (bits, pair.levels[at]) > (best_bits[at], best.levels[at]) {
                        best_bits[at] = bits;
                        best.levels[at] = pair.levels[at];
                        best.rarity_bits[at] = pair.rarity_bits[at];
                        best.sharers[at] = pair.sharers[at];
                        if field == Field::EMAIL {
                            best.email_made_of_name = pair.email_made_of_name;
                        }
                    }
                }
            }
        }
        if x.accounts & y.accounts != 0 {
            best.levels[Field::ACCOUNTS.at()] = ACCOUNTS_CONFLICT;
        }
        let tries =
            |field: Field| distinct(table, field, x.representatives()) * distinct(table, field, y.representatives());
        Whole { weighed: scorer.weigh_whole(&best, tries) }
    }
}

/// The records that between them have the most values: the fullest first, then those that add a value.
fn choose(table: &Table, all: &mut [u32]) -> ([u32; REPRESENTATIVES_MAX], u8) {
    let mut chosen = [NONE; REPRESENTATIVES_MAX];
    let mut len = 0;
    all.sort_unstable_by(|&a, &b| fullness(table, b).cmp(&fullness(table, a)).then_with(|| table.by_tie(a, b)));
    while len < REPRESENTATIVES_MAX {
        let gain = |record: u32| table.active.iter().filter(|&&f| adds(table, f, &chosen[..len], record)).count();
        let mut best: Option<(usize, u32)> = None;
        for &record in all.iter().filter(|&&r| !chosen[..len].contains(&r)) {
            let gained = gain(record);
            if gained > best.map_or(0, |b| b.0) {
                best = Some((gained, record));
            }
        }
        let Some((_, record)) = best else { break };
        chosen[len] = record;
        len += 1;
    }
    (chosen, len as u8)
}

fn adds(table: &Table, field: Field, chosen: &[u32], record: u32) -> bool {
    let own = value(table, field, record);
    own != 0 && !chosen.iter().any(|&c| value(table, field, c) == own)
}

fn fullness(table: &Table, record: u32) -> usize {
    table.active.iter().filter(|&&field| value(table, field, record) != 0).count()
}

fn distinct(table: &Table, field: Field, records: &[u32]) -> u32 {
    let mut seen = [0_u64; REPRESENTATIVES_MAX];
    let mut len = 0;
    for &record in records {
        let own = value(table, field, record);
        if own != 0 && !seen[..len].contains(&own) {
            seen[len] = own;
            len += 1;
        }
    }
    len as u32
}

/// A number for what a record says in a field; 0 when it says nothing.
fn value(table: &Table, field: Field, record: u32) -> u64 {
    let at = record as usize;
    let single = |of: &[u32]| u64::from(of[at].wrapping_add(1));
    let several = |row: &[u32]| row.iter().fold(0, |all, &v| mix(all ^ (u64::from(v) + 1)));
    match field {
        Field::NAME => single(&table.names.of),
        Field::BIRTH_DATE => single(&table.births.of),
        Field::EMAIL => several(table.emails.of.row(record)),
        Field::PHONE => several(table.phones.of.row(record)),
        Field::STREET => single(&table.streets.of),
        Field::LOCALITY => single(&table.postcodes.of) << 32 | single(&table.cities.of),
        Field::DEVICE => several(table.devices.of.row(record)),
        Field::PURCHASES => u64::from(table.purchases.any[at]) * (u64::from(record) + 1),
        Field::NUMBER => single(&table.numbers.of),
        Field::ACCOUNTS => 0,
        other => match other.attribute_number().and_then(|n| table.attributes.get(n)) {
            Some(AttributeColumn::Category(c) | AttributeColumn::Number(c)) => single(&c.of),
            Some(AttributeColumn::Text(c)) => single(&c.of),
            Some(AttributeColumn::Date(c)) => single(&c.of),
            Some(AttributeColumn::Place(c)) => {
                c[at].map_or(0, |[x, y]| u64::from(x.to_bits()) << 32 | u64::from(y.to_bits()))
            }
            None => 0,
        },
    }
}
