//! What a change touches: blocks, shared values, orders and claims, and which other records must be looked at again when
//! they change.
//!
//! A pair depends on its two records, on whether the blocks they share are open (small enough that all their pairs are
//! made), on the people under the values they share, on how many records have the orders they share, and on what records
//! state of others. Everything else a change leaves alone.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::postings::Postings;
use crate::column::Values;
use crate::frozen::Frozen;
use crate::keys::{keys, split_keys};
use crate::prepared::Claim;
use crate::records::Records;
use crate::table::Table;
use crate::trust::{Verdict, judge_value};
use crate::vocabulary::{hash_text, mix};

/// Fewer keys are not worth another thread.
const KEYS_PER_THREAD_MIN: usize = 2_000;
/// Fewer records, or values that they have, are not either.
const RECORDS_PER_THREAD_MIN: usize = 100;

/// Kinds of values that several records may have.
pub(super) const KINDS: usize = 3;
pub(super) const EMAIL: usize = 0;
pub(super) const PHONE: usize = 1;
pub(super) const DEVICE: usize = 2;

/// Everything by which records are found. All lists may hold records that are gone: ask `alive`.
#[derive(Debug)]
pub(super) struct Index {
    /// By key of a blocking rule, and by split key within blocks that were once too large.
    pub blocks: Postings,
    /// Keys of the blocks that were once too large.
    split: FxHashSet<u64>,
    values: [Postings; KINDS],
    /// By value: whether it decides alone.
    trusted: [Vec<bool>; KINDS],
    /// By value: the records that say it is shared.
    flags: [FxHashMap<u32, Vec<u32>>; KINDS],
    orders: Postings,
    /// By hash of an id: positions of the claims that name it.
    claims: Postings,
}

/// The lists that a record stands in.
#[derive(Debug, Clone, Copy)]
enum List {
    Blocks,
    Values(usize),
    Orders,
    Claims,
}

/// What one change or several touch; each list sorted, and each but that of the blocks at first without repetition.
#[derive(Debug, Default)]
pub(super) struct Touched {
    blocks: Vec<u64>,
    values: [Vec<u32>; KINDS],
    orders: Vec<u64>,
    /// Hashes of ids.
    ids: Vec<u64>,
}

/// How what is touched stood before the change.
#[derive(Debug, Default)]
pub(super) struct Before {
    open: Vec<bool>,
    values: [Vec<Standing>; KINDS],
}

/// What pairs that share a value depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    /// No people, one, or nobody known: the value weighs the same.
    people: u16,
    shared: bool,
    /// The record that the others are tied to, where the value decides alone.
    centre: Option<u32>,
    /// One of the holders is a device, which its only account is tied to.
    device: bool,
}

pub(super) fn values(table: &Table, kind: usize) -> &Values {
    match kind {
        EMAIL => &table.emails,
        PHONE => &table.phones,
        _ => &table.devices,
    }
}

fn values_mut(table: &mut Table, kind: usize) -> &mut Values {
    match kind {
        EMAIL => &mut table.emails,
        PHONE => &mut table.phones,
        _ => &mut table.devices,
    }
}

/// The keys of the blocks that a record is in, and the numbers of their rules.
pub(super) type Own = Vec<(u64, usize)>;

pub(super) fn own_blocks(table: &Table, frozen: &Frozen, record: u32) -> Own {
    let mut own = Own::new();
    each_block(table, frozen, record, |key, rule| own.push((key, rule)));
    own
}

/// Calls `each` with the key of every block that a record is in, and the number of its rule.
pub(super) fn each_block(table: &Table, frozen: &Frozen, record: u32, mut each: impl FnMut(u64, usize)) {
    let mut own: Vec<(u64, u32)> = Vec::new();
    for (number, rule) in frozen.config.blocking.rules.iter().enumerate() {
        own.clear();
        keys(table, rule, record, &mut own);
        own.sort_unstable();
        own.dedup();
        own.iter().for_each(|&(key, _)| each(mix(key ^ mix(number as u64)), number));
    }
}

/// Keys of a record within a block that is split.
pub(super) fn split_of(table: &Table, frozen: &Frozen, key: u64, rule: usize, record: u32) -> Vec<u64> {
    let mut keyed = Vec::new();
    let blocking = &frozen.config.blocking;
    split_keys(table, &blocking.rules[rule], &blocking.split, (key, record), &mut keyed);
    let mut own: Vec<u64> = keyed.into_iter().map(|(key, _)| key).collect();
    own.sort_unstable();
    own.dedup();
    own
}

impl Index {
    /// `emails`, `phones`: by value, whether it decides alone.
    pub(super) fn new(records: &Records, frozen: &Frozen, emails: Vec<bool>, phones: Vec<bool>) -> Index {
        let table = &records.table;
        let append = |mut a: Vec<(u64, u32)>, mut b: Vec<(u64, u32)>| {
            a.append(&mut b);
            a
        };
        let blocks = (0..table.len()).into_par_iter().fold(Vec::new, |mut blocks, record| {
            each_block(table, frozen, record, |key, _| blocks.push((key, record)));
            blocks
        });
        let blocks = blocks.reduce(Vec::new, append);
        let held = |kind: usize| {
            let of = &values(table, kind).of;
            let entries = (0..table.len()).flat_map(|r| of.row(r).iter().map(move |&v| (mix(u64::from(v)), r)));
            Postings::new(entries.collect())
        };
        let flags = |kind: usize| {
            let mut flags: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
            values(table, kind).flags.iter().for_each(|&(value, record)| flags.entry(value).or_default().push(record));
            flags
        };
        let orders = (0..table.len()).flat_map(|r| table.purchases.orders.row(r).iter().map(move |&o| (o, r)));
        let claims = records.claims.iter().enumerate().map(|(at, claim)| (id_hash(&claim.id), at as u32));
        let mut index = Index {
            blocks: Postings::new(blocks),
            split: FxHashSet::default(),
            values: std::array::from_fn(held),
            trusted: [emails, phones, Vec::new()],
            flags: std::array::from_fn(flags),
            orders: Postings::new(orders.collect()),
            claims: Postings::new(claims.collect()),
        };
        let alive = vec![true; records.len()];
        for (key, member) in index.blocks.larger_than(frozen.config.blocking.block_records_max) {
            let mut rule = None;
            each_block(table, frozen, member, |own, number| rule = rule.or((own == key).then_some(number)));
            if let Some(rule) = rule {
                index.split_block(records, frozen, &alive, key, rule);
            }
        }
        index
    }

    /// Whether a block is small enough that all its pairs are made.
    pub(super) fn is_open(&self, frozen: &Frozen, alive: &[bool], key: u64) -> bool {
        let max = frozen.config.blocking.block_records_max;
        self.blocks.of(key).filter(|&r| alive[r as usize]).take(max + 1).count() <= max
    }

    fn are_open(&self, frozen: &Frozen, alive: &[bool], keys: &[u64]) -> Vec<bool> {
        keys.par_iter().with_min_len(KEYS_PER_THREAD_MIN).map(|&key| self.is_open(frozen, alive, key)).collect()
    }

    fn split_block(&mut self, records: &Records, frozen: &Frozen, alive: &[bool], key: u64, rule: usize) {
        self.split.insert(key);
        let members: Vec<u32> = self.blocks.of(key).filter(|&r| alive[r as usize]).collect();
        for record in members {
            split_of(&records.table, frozen, key, rule, record).into_iter().for_each(|k| self.blocks.add(k, record));
        }
    }

    pub(super) fn holders(&self, kind: usize, value: u32) -> impl Iterator<Item = u32> + Clone + '_ {
        self.values[kind].of(mix(u64::from(value)))
    }

    pub(super) fn is_trusted(&self, kind: usize, value: u32) -> bool {
        self.trusted[kind].get(value as usize).copied().unwrap_or(false)
    }

    /// The claims about records with an id.
    pub(super) fn claims<'a>(&'a self, records: &'a Records, id: u64) -> impl Iterator<Item = &'a Claim> + Clone {
        self.claims.of(id).map(|at| &records.claims[at as usize])
    }

    /// What records touch that have these blocks. Of the blocks only those that can be closed, before the change or after.
    pub(super) fn touched(&self, records: &Records, frozen: &Frozen, changed: &[u32], own: &[Own]) -> Touched {
        let each = changed.par_iter().zip(own).with_min_len(RECORDS_PER_THREAD_MIN);
        let parts = each.fold(Touched::default, |mut touched, (&record, own)| {
            self.touch(records, frozen, record, own, &mut touched);
            touched
        });
        let mut touched = parts.reduce(Touched::default, Touched::plus);
        touched.sort();
        let max = frozen.config.blocking.block_records_max;
        let keys: Vec<&[u64]> = touched.blocks.chunk_by(|x, y| x == y).collect();
        // A block has no more records than stand in it, gone ones among them, and than come.
        let may_be_closed = |same: &&&[u64]| self.blocks.count(same[0]) + same.len() > max;
        let keys = keys.par_iter().with_min_len(KEYS_PER_THREAD_MIN).filter(may_be_closed).map(|same| same[0]);
        touched.blocks = keys.collect();
        touched
    }

    /// Adds what a record touches.
    fn touch(&self, records: &Records, frozen: &Frozen, record: u32, own: &Own, touched: &mut Touched) {
        let table = &records.table;
        for &(key, rule) in own {
            touched.blocks.push(key);
            if self.split.contains(&key) {
                touched.blocks.extend(split_of(table, frozen, key, rule, record));
            }
        }
        for kind in 0..KINDS {
            touched.values[kind].extend_from_slice(values(table, kind).of.row(record));
        }
        touched.orders.extend_from_slice(table.purchases.orders.row(record));
        touched.ids.push(id_hash(records.id(record)));
        touched.ids.extend(own_claims(records, record).map(|(_, claim)| id_hash(&claim.id)));
    }

    /// How things stand, to be compared with how they stand when the change is made.
    pub(super) fn before(&self, table: &Table, frozen: &Frozen, alive: &[bool], touched: &Touched) -> Before {
        let open = self.are_open(frozen, alive, &touched.blocks);
        let values = std::array::from_fn(|kind| self.standings(table, alive, kind, &touched.values[kind]));
        Before { open, values }
    }

    fn standings(&self, table: &Table, alive: &[bool], kind: usize, values: &[u32]) -> Vec<Standing> {
        let each = values.par_iter().with_min_len(RECORDS_PER_THREAD_MIN);
        each.map(|&value| self.standing(table, alive, kind, value)).collect()
    }

    fn standing(&self, table: &Table, alive: &[bool], kind: usize, value: u32) -> Standing {
        let holders = || self.holders(kind, value).filter(|&r| alive[r as usize]);
        Standing {
            people: values(table, kind).people[value as usize].max(1),
            shared: self.is_shared(alive, kind, value),
            centre: if self.is_trusted(kind, value) { holders().min_by(|&a, &b| table.by_tie(a, b)) } else { None },
            device: kind == DEVICE && holders().any(|r| table.standing[r as usize].device),
        }
    }

    fn is_shared(&self, alive: &[bool], kind: usize, value: u32) -> bool {
        self.flags[kind].get(&value).is_some_and(|flagged| flagged.iter().any(|&r| alive[r as usize]))
    }

    pub(super) fn add(&mut self, records: &Records, frozen: &Frozen, record: u32, own: &Own) {
        for (list, key, entry) in self.entries(records, frozen, record, own) {
            self.list(list).add(key, entry);
        }
        for kind in 0..KINDS {
            // Flags are in the order of the records.
            let flags = &values(&records.table, kind).flags;
            let flags = &flags[flags.partition_point(|flag| flag.1 < record)..];
            for &(value, _) in flags.iter().take_while(|flag| flag.1 == record) {
                self.flags[kind].entry(value).or_default().push(record);
            }
        }
    }

    pub(super) fn remove(&mut self, records: &Records, frozen: &Frozen, record: u32, own: &Own) {
        for (list, key, entry) in self.entries(records, frozen, record, own) {
            self.list(list).remove(key, entry);
        }
        for kind in 0..KINDS {
            for value in values(&records.table, kind).of.row(record) {
                let flagged = self.flags[kind].get_mut(value);
                flagged.into_iter().for_each(|flagged| flagged.retain(|&r| r != record));
            }
        }
    }

    /// Where a record stands in the lists, with its key there and what stands under it.
    fn entries(&self, records: &Records, frozen: &Frozen, record: u32, own: &Own) -> Vec<(List, u64, u32)> {
        let table = &records.table;
        let mut entries: Vec<(List, u64, u32)> = Vec::new();
        for &(key, rule) in own {
            entries.push((List::Blocks, key, record));
            if self.split.contains(&key) {
                let parts = split_of(table, frozen, key, rule, record);
                entries.extend(parts.into_iter().map(|part| (List::Blocks, part, record)));
            }
        }
        for kind in 0..KINDS {
            let row = values(table, kind).of.row(record);
            entries.extend(row.iter().map(|&value| (List::Values(kind), mix(u64::from(value)), record)));
        }
        let orders = table.purchases.orders.row(record);
        entries.extend(orders.iter().map(|&order| (List::Orders, order, record)));
        let claims = own_claims(records, record);
        entries.extend(claims.map(|(at, claim)| (List::Claims, id_hash(&claim.id), at as u32)));
        entries
    }

    fn list(&mut self, list: List) -> &mut Postings {
        match list {
            List::Blocks => &mut self.blocks,
            List::Values(kind) => &mut self.values[kind],
            List::Orders => &mut self.orders,
            List::Claims => &mut self.claims,
        }
    }

    /// Brings what is measured of the touched values up to date, and appends the records whose pairs that changes.
    pub(super) fn settle(
        &mut self,
        records: &mut Records,
        frozen: &Frozen,
        alive: &[bool],
        touched: &Touched,
        before: &Before,
        again: &mut Vec<u32>,
    ) {
        let is_alive = |r: &u32| alive[*r as usize];
        let open = self.are_open(frozen, alive, &touched.blocks);
        for (&key, _) in touched.blocks.iter().zip(open.iter().zip(&before.open)).filter(|(_, (now, was))| now != was) {
            again.extend(self.blocks.of(key).filter(is_alive));
        }
        for kind in 0..KINDS {
            self.settle_values(records, frozen, alive, kind, (&touched.values[kind], &before.values[kind]), again);
        }
        for &order in &touched.orders {
            let holders: Vec<u32> = self.orders.of(order).filter(is_alive).collect();
            let was = records.table.purchases.holders(order);
            records.table.purchases.set_holders(order, holders.len() as u32);
            let now = records.table.purchases.holders(order);
            // Where two share it, the pair is new or gone, and looked at for that.
            if now != was && now.max(was) > 2 {
                again.extend(holders);
            }
        }
        for &id in &touched.ids {
            let claims = self.claims(records, id).filter(|claim| alive[claim.record as usize]);
            let mut claimed = false;
            for claim in claims {
                claimed = true;
                again.push(claim.record);
            }
            if claimed {
                let sources = 0..records.schema.sources.len() as u8;
                let named = self.claims(records, id).next().map(|claim| claim.id.clone()).unwrap_or_default();
                again.extend(sources.filter_map(|source| records.find(source, &named)));
            }
        }
    }

    /// `values` and how they stood before.
    fn settle_values(
        &mut self,
        records: &mut Records,
        frozen: &Frozen,
        alive: &[bool],
        kind: usize,
        (touched, before): (&[u32], &[Standing]),
        again: &mut Vec<u32>,
    ) {
        let table = &records.table;
        let judge = |&value: &u32| {
            let held: Vec<u32> = self.holders(kind, value).filter(|&r| alive[r as usize]).collect();
            let shared = self.is_shared(alive, kind, value);
            let judged = judge_value(table, &held, shared, &frozen.config.trust);
            (held, shared, judged)
        };
        let each = touched.par_iter().with_min_len(RECORDS_PER_THREAD_MIN);
        let judged: Vec<(Vec<u32>, bool, (u16, Verdict))> = each.map(judge).collect();
        let own = values_mut(&mut records.table, kind);
        let trusted = &mut self.trusted[kind];
        trusted.resize(trusted.len().max(own.people.len()), false);
        for (&value, &(_, shared, (people, verdict))) in touched.iter().zip(&judged) {
            let at = value as usize;
            own.people[at] = people;
            own.shared[at] = shared;
            trusted[at] = verdict == Verdict::Trusted && kind != DEVICE;
        }
        let now = self.standings(&records.table, alive, kind, touched);
        for ((now, was), (held, ..)) in now.iter().zip(before).zip(judged) {
            if now != was || now.device {
                again.extend(held);
            }
        }
    }

    /// Splits the blocks of records that came, where they have become too large.
    pub(super) fn split_touched(
        &mut self,
        records: &Records,
        frozen: &Frozen,
        alive: &[bool],
        touched: &Touched,
        blocks: impl Iterator<Item = (u64, usize)>,
    ) {
        if touched.blocks.is_empty() {
            return;
        }
        for (key, rule) in blocks.filter(|(key, _)| touched.blocks.binary_search(key).is_ok()) {
            if !self.split.contains(&key) && !self.is_open(frozen, alive, key) {
                self.split_block(records, frozen, alive, key, rule);
            }
        }
    }
}

impl Touched {
    fn plus(mut self, mut other: Touched) -> Touched {
        self.blocks.append(&mut other.blocks);
        self.orders.append(&mut other.orders);
        self.ids.append(&mut other.ids);
        self.values.iter_mut().zip(&mut other.values).for_each(|(own, other)| own.append(other));
        self
    }

    /// To be called when everything is in.
    fn sort(&mut self) {
        let Touched { blocks, values, orders, ids } = self;
        blocks.par_sort_unstable();
        for list in [orders, ids] {
            list.par_sort_unstable();
            list.dedup();
        }
        for list in values {
            list.par_sort_unstable();
            list.dedup();
        }
    }
}

/// The hash under which claims about an id are found.
pub(super) fn id_hash(id: &str) -> u64 {
    mix(hash_text(id))
}

/// The claims of a record, with their positions; they stand in the order of the records.
pub(super) fn own_claims(records: &Records, record: u32) -> impl Iterator<Item = (usize, &Claim)> {
    let start = records.claims.partition_point(|claim| claim.record < record);
    let own = records.claims[start..].iter().take_while(move |claim| claim.record == record);
    own.enumerate().map(move |(n, claim)| (start + n, claim))
}
