//! People as wholes: what is kept of a group of records, and how two groups agree.
//!
//! A group keeps a few *representatives*, chosen so that between them they have the values of the group. Two groups agree
//! on a field as well as any two of their representatives do. That is a choice among several tries, so the bits of a
//! field are less by the logarithm of the number of different pairs of values that were tried (a Bonferroni correction:
//! with `k` tries, what happens by chance once in `n` happens once in `n/k`).

use crate::comparison::{Comparison, compare_in};
use crate::field::*;
use crate::model::{Scorer, Weighed};
use crate::table::{AttributeColumn, Table};
use crate::vocabulary::{NONE, mix};

/// Representatives of one group.
const REPRESENTATIVES_MAX: usize = 6;

/// By root: what is kept of its group. Roots and members are positions in the list of records. A record alone is its own
/// representative and takes no room.
pub(crate) struct Groups<'a> {
    table: &'a Table,
    records: &'a [u32],
    /// What each record says in each active field, by [`value`]: a row per record.
    values: Vec<u64>,
    /// By root: position in `groups`, or [`NONE`] while alone.
    of: Vec<u32>,
    groups: Vec<Group>,
    free: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    records: u32,
    /// Positions.
    representatives: [u32; REPRESENTATIVES_MAX],
    len: u8,
    /// Sources in which the group has an active account, of those in which a person has one; by number modulo 64.
    accounts: u64,
}

impl Group {
    fn representatives(&self) -> &[u32] {
        &self.representatives[..usize::from(self.len)]
    }
}

/// How two groups agree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole {
    pub weighed: Weighed,
}

impl<'a> Groups<'a> {
    pub(crate) fn new(table: &'a Table, records: &'a [u32]) -> Groups<'a> {
        let width = table.active.len();
        let mut values = vec![0; width * records.len()];
        // Column by column, so that readings of memory overlap.
        for (n, &field) in table.active.iter().enumerate() {
            let column = values.iter_mut().skip(n).step_by(width);
            column.zip(records).for_each(|(value, &record)| *value = self::value(table, field, record));
        }
        Groups { table, records, values, of: vec![NONE; records.len()], groups: Vec::new(), free: Vec::new() }
    }

    /// What a record says in the active fields.
    fn says(&self, at: u32) -> &[u64] {
        let width = self.table.active.len();
        &self.values[at as usize * width..(at as usize + 1) * width]
    }

    fn alone(&self, at: u32) -> Group {
        let mut representatives = [NONE; REPRESENTATIVES_MAX];
        representatives[0] = at;
        let record = self.records[at as usize] as usize;
        let source = self.table.source[record];
        let counts = self.table.one_record[usize::from(source)] && self.table.standing[record].active;
        Group { records: 1, representatives, len: 1, accounts: u64::from(counts) << (source & 63) }
    }

    fn get(&self, root: u32) -> Group {
        match self.of[root as usize] {
            NONE => self.alone(root),
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
    pub(crate) fn join(&mut self, root: u32, child: u32) {
        let (own, other) = (self.get(root), self.get(child));
        let mut all = [NONE; 2 * REPRESENTATIVES_MAX];
        let count = own.representatives().len() + other.representatives().len();
        all[..own.representatives().len()].copy_from_slice(own.representatives());
        all[own.representatives().len()..count].copy_from_slice(other.representatives());
        let (representatives, len) = self.choose(&mut all[..count]);
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

    /// The members that between them have the most values: the fullest first, then those that add a value.
    fn choose(&self, all: &mut [u32]) -> ([u32; REPRESENTATIVES_MAX], u8) {
        let mut chosen = [NONE; REPRESENTATIVES_MAX];
        let mut len = 0;
        let empty = |at: u32| self.says(at).iter().filter(|&&value| value == 0).count();
        let tie = |at: u32| self.table.tie[self.records[at as usize] as usize];
        all.sort_unstable_by_key(|&at| (empty(at), tie(at), at));
        while len < REPRESENTATIVES_MAX {
            let mut best: Option<(usize, u32)> = None;
            for &at in all.iter().filter(|at| !chosen[..len].contains(at)) {
                let adds =
                    |(n, value): (usize, &u64)| *value != 0 && chosen[..len].iter().all(|&c| self.says(c)[n] != *value);
                let gained = self.says(at).iter().enumerate().filter(|said| adds(*said)).count();
                if gained > best.map_or(0, |b| b.0) {
                    best = Some((gained, at));
                }
            }
            let Some((_, at)) = best else { break };
            chosen[len] = at;
            len += 1;
        }
        (chosen, len as u8)
    }

    /// Compares two groups as wholes: each field by the values that are different, since equal ones agree alike.
    pub(crate) fn compare(&self, scorer: &Scorer, a: u32, b: u32) -> Whole {
        let (x, y) = (self.get(a), self.get(b));
        let (mut best, mut pair) = (Comparison::default(), Comparison::default());
        let mut tries = [0; Field::COUNT];
        for (n, &field) in self.table.active.iter().enumerate() {
            if field == Field::ACCOUNTS {
                let conflict = x.accounts & y.accounts != 0;
                best.levels[field.at()] = if conflict { ACCOUNTS_CONFLICT } else { ACCOUNTS_NO_CONFLICT };
                continue;
            }
            let (xs, ys) = (self.distinct(n, field, &x), self.distinct(n, field, &y));
            tries[field.at()] = xs.values * ys.values;
            let mut best_bits = f32::NEG_INFINITY;
            for &i in xs.records() {
                for &j in ys.records() {
                    compare_in(self.table, field, i, j, &mut pair);
                    if pair.level(field) == MISSING {
                        continue;
                    }
                    let bits = scorer.field_bits(field, &pair);
                    // Of equal bits the higher level, so that the order of the representatives does not show.
                    if (bits, pair.level(field)) > (best_bits, best.level(field)) {
                        best_bits = bits;
                        best.take(field, &pair);
                    }
                }
            }
        }
        Whole { weighed: scorer.weigh_whole(&best, |field| tries[field.at()]) }
    }

    /// Representatives of a group that differ in what they say in the `n`-th active field.
    fn distinct(&self, n: usize, field: Field, group: &Group) -> Distinct {
        let mut distinct = Distinct { records: [NONE; REPRESENTATIVES_MAX], len: 0, values: 0 };
        let mut seen = [(0, 0); REPRESENTATIVES_MAX];
        for &at in group.representatives() {
            let (own, record) = (self.says(at)[n], self.records[at as usize]);
            // Whether an email is made of a name depends on the name too.
            let name = if field == Field::EMAIL { self.table.names.of[record as usize] } else { NONE };
            let before = &seen[..distinct.len];
            if own == 0 || before.contains(&(own, name)) {
                continue;
            }
            distinct.values += u32::from(before.iter().all(|&(value, _)| value != own));
            seen[distinct.len] = (own, name);
            distinct.records[distinct.len] = record;
            distinct.len += 1;
        }
        distinct
    }
}

/// Records of a group that differ in what they say in a field.
struct Distinct {
    records: [u32; REPRESENTATIVES_MAX],
    len: usize,
    /// Distinct values.
    values: u32,
}

impl Distinct {
    fn records(&self) -> &[u32] {
        &self.records[..self.len]
    }
}

/// A number for what a record says in a field; 0 when it says nothing.
pub(crate) fn value(table: &Table, field: Field, record: u32) -> u64 {
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
                c[at].map_or(0, |[x, y]| mix(u64::from(x.to_bits()) << 32 | u64::from(y.to_bits())) | 1)
            }
            None => 0,
        },
    }
}
