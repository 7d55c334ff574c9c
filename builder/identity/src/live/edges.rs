//! The proposals that a record is in: what the tiers propose of all records at once, for one.

use super::index::{DEVICE, EMAIL, Index, PHONE, each_block, id_hash, own_claims, split_of, values};
use super::rulings::Rulings;
use crate::clusters::Refusal;
use crate::comparison::compare;
use crate::deterministic::{DECIDED, TRUSTED_EMAIL, TRUSTED_PHONE, claimed, only_account, star};
use crate::frozen::Frozen;
use crate::pairs::Pair;
use crate::prepared::Claim;
use crate::records::Records;

/// Half of a proposal: kept with each of its two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub other: u32,
    /// Weight in hundredths of a bit.
    pub centibits: i32,
    pub rule: u8,
    /// Why the two are not joined, and the weight of the two people as wholes; `None` where they are.
    pub refused: Option<(i32, Refusal)>,
}

impl Edge {
    pub(super) fn new(other: u32, centibits: i32, rule: u8) -> Edge {
        Edge { other, centibits, rule, refused: None }
    }

    /// The same proposal.
    pub(super) fn proposes(&self, as_: &Edge) -> bool {
        (self.other, self.centibits, self.rule) == (as_.other, as_.centibits, as_.rule)
    }
}

/// What proposals are found by.
pub(super) struct Finder<'a> {
    pub records: &'a Records,
    pub frozen: &'a Frozen,
    pub index: &'a Index,
    pub rulings: &'a Rulings,
    pub alive: &'a [bool],
}

impl Finder<'_> {
    /// The proposals of a record, by the other record.
    pub(super) fn edges(&self, record: u32) -> Vec<Edge> {
        let decided = self.decided(record);
        let mut edges: Vec<Edge> = Vec::new();
        let weigh = |other: u32| self.frozen.scorer.weigh(&compare(&self.records.table, record, other)).total();
        let floor = self.frozen.floor();
        let candidates = self.candidates(record);
        self.records.table.read_ahead(&candidates.iter().map(|c| c.0).collect::<Vec<u32>>());
        for (other, rule) in candidates {
            if decided.iter().any(|d| d.0 == other) {
                continue;
            }
            let centibits = weigh(other);
            if centibits >= floor {
                edges.push(Edge::new(other, centibits, rule));
            }
        }
        edges.extend(decided.iter().map(|&(other, rule)| Edge::new(other, weigh(other), rule)));
        edges.sort_unstable();
        edges
    }

    /// Pairs of tier 1 and those that stewards have joined, each under its first rule.
    fn decided(&self, record: u32) -> Vec<(u32, u8)> {
        let Finder { records, frozen, index, .. } = *self;
        let (table, trust) = (&records.table, &frozen.config.trust);
        let mut found: Vec<Pair> = Vec::new();
        let same = self.rulings.of(table.tie[record as usize]).filter(|r| r.1);
        let others = same.filter_map(|(tie, _)| records.of_tie(tie)).filter(|&other| other != record);
        found.extend(others.map(|other| Pair::new(record, other, DECIDED)));
        let mut ids: Vec<u64> = own_claims(records, record).map(|(_, claim)| id_hash(&claim.id)).collect();
        ids.push(id_hash(records.id(record)));
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let is_alive = |claim: &&Claim| self.alive[claim.record as usize];
            found.append(&mut claimed(records, index.claims(records, id).filter(is_alive), trust));
        }
        for (kind, rule) in [(EMAIL, TRUSTED_EMAIL), (PHONE, TRUSTED_PHONE)] {
            for &value in values(table, kind).of.row(record).iter().filter(|&&v| index.is_trusted(kind, v)) {
                star(table, self.holders(kind, value), rule, &mut found);
            }
        }
        for &device in table.devices.of.row(record) {
            only_account(table, self.holders(DEVICE, device), trust, &mut found);
        }
        let own = found.iter().filter_map(|pair| match (pair.first(), pair.second()) {
            (a, b) if a == record => Some((b, pair.rule())),
            (a, b) if b == record => Some((a, pair.rule())),
            _ => None,
        });
        first_rules(own.collect())
    }

    fn holders(&self, kind: usize, value: u32) -> impl Iterator<Item = u32> + Clone {
        self.index.holders(kind, value).filter(|&r| self.alive[r as usize])
    }

    /// Records that share an open block, each under its first rule.
    fn candidates(&self, record: u32) -> Vec<(u32, u8)> {
        let mut found: Vec<(u32, u8)> = Vec::new();
        each_block(&self.records.table, self.frozen, record, |key, rule| {
            if !self.members(key, rule, record, &mut found) {
                for key in split_of(&self.records.table, self.frozen, key, rule, record) {
                    self.members(key, rule, record, &mut found);
                }
            }
        });
        first_rules(found)
    }

    /// Appends the other records of a block; `false`, and none, when they are too many.
    fn members(&self, key: u64, rule: usize, record: u32, found: &mut Vec<(u32, u8)>) -> bool {
        let (start, max) = (found.len(), self.frozen.config.blocking.block_records_max);
        let mut own = 0;
        for member in self.index.blocks.of(key).filter(|&r| self.alive[r as usize]) {
            own += 1;
            if own > max {
                found.truncate(start);
                return false;
            }
            if member != record {
                found.push((member, rule as u8));
            }
        }
        true
    }
}

fn first_rules(mut found: Vec<(u32, u8)>) -> Vec<(u32, u8)> {
    found.sort_unstable();
    found.dedup_by_key(|pair| pair.0);
    found
}
