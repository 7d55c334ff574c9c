//! From pairs to people: agglomeration in order of weight, in which people are compared as wholes.
//!
//! Pairs are taken strongest first (decided by a steward, declared by a system, tier 1, then by weight). Where both records
//! are still alone, the pair's weight decides. Else the two *groups* are compared: every field by the best agreement of any
//! of their records, less what so many tries make likely by chance (`groups`). So evidence that is scattered over a
//! person's records adds up, and a weak bridge between two people shows all that speaks against it. What a merge changed
//! may make other pairs good enough: passes are repeated until nothing changes.
//!
//! Refused merges are not lost: they become review items.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::comparison::name;
use crate::deterministic::{DECIDED, MERGED};
use crate::field::*;
use crate::groups::{Groups, Whole};
use crate::model::{Scorer, Weighed};
use crate::pairs::{Pair, RULES_MAX};
use crate::table::Table;

/// Passes over the pairs; people hardly ever need more than three.
const PASSES_MAX: usize = 8;

/// A pair that the tiers propose to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub pair: Pair,
    /// Weight in hundredths of a bit.
    pub centibits: i32,
}

impl Proposal {
    pub(crate) fn deterministic(&self) -> bool {
        usize::from(self.pair.rule()) >= RULES_MAX
    }

    fn declared(&self) -> bool {
        matches!(self.pair.rule(), MERGED | DECIDED)
    }

    /// Strongest first, ties by the records' keys.
    pub(crate) fn rank(&self, table: &Table) -> (bool, bool, bool, i32, u64) {
        let rule = self.pair.rule();
        (rule != DECIDED, rule != MERGED, !self.deterministic(), -self.centibits, table.pair_tie(self.pair))
    }
}

/// Why two people were not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Not likely enough as wholes.
    Doubtful,
    BirthDates,
    Accounts,
    Names,
    TooManyRecords,
    /// A steward has said that they are two.
    Decided,
}

impl Refusal {
    pub const ALL: [Refusal; 6] = [
        Refusal::Doubtful,
        Refusal::BirthDates,
        Refusal::Accounts,
        Refusal::Names,
        Refusal::TooManyRecords,
        Refusal::Decided,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Refusal::Doubtful => "likely, but below the stated precision",
            Refusal::BirthDates => "conflicting birth dates",
            Refusal::Accounts => "two accounts of one system",
            Refusal::Names => "different names",
            Refusal::TooManyRecords => "too many records for one person",
            Refusal::Decided => "decided to be two people",
        }
    }
}

/// What decides a merge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub records_per_person_max: usize,
    /// Weight from which people are joined, in hundredths of a bit.
    pub threshold: i32,
}

/// The partition, and what became of each proposal.
#[derive(Debug)]
pub(crate) struct Clusters {
    /// By record: the record of its cluster whose key's hash is smallest.
    pub first: Vec<u32>,
    /// Proposals whose records are in one cluster, strongest first.
    pub links: Vec<Proposal>,
    /// Proposals of which the records ended in different clusters, with the weight and the reason of the last refusal.
    pub refused: Vec<(Proposal, i32, Refusal)>,
    pub passes: usize,
}

/// Joins the records of the proposals, strongest first, as far as the evidence permits. `apart`: pairs that stewards have
/// decided to be two people.
pub(crate) fn join(
    table: &Table,
    scorer: &Scorer,
    mut proposals: Vec<Proposal>,
    apart: &[(u32, u32)],
    limits: &Limits,
) -> Clusters {
    proposals.sort_by_cached_key(|p| p.rank(table));
    let mut forest = Forest::new(table, scorer, apart);
    let mut refusals: Vec<Option<(i32, Refusal)>> = vec![None; proposals.len()];
    let mut passes = 0;
    loop {
        passes += 1;
        let mut joined = 0;
        for (proposal, refusal) in proposals.iter().zip(&mut refusals) {
            let (a, b) = (forest.root(proposal.pair.first()), forest.root(proposal.pair.second()));
            if a == b {
                continue;
            }
            match forest.objection(a, b, proposal, limits) {
                None => {
                    forest.union(a, b);
                    joined += 1;
                }
                objection => *refusal = objection,
            }
        }
        if joined == 0 || passes == PASSES_MAX {
            break;
        }
    }
    let first: Vec<u32> = (0..table.len()).map(|r| forest.root(r)).collect();
    let together = |p: &Proposal| first[p.pair.first() as usize] == first[p.pair.second() as usize];
    let refused = proposals.iter().zip(&refusals).filter(|(p, _)| !together(p));
    let refused = refused.filter_map(|(p, why)| why.map(|(centibits, why)| (*p, centibits, why))).collect();
    let links = proposals.into_iter().filter(together).collect();
    Clusters { first, links, refused, passes }
}

/// Union–find whose roots are the records of their sets with the smallest tie, so that the forest does not remember how
/// it grew.
struct Forest<'a> {
    table: &'a Table,
    scorer: &'a Scorer,
    parent: Vec<u32>,
    groups: Groups,
    /// By root: roots it must stay apart from.
    apart: FxHashMap<u32, FxHashSet<u32>>,
    /// By roots: their sizes when they were refused, the weight and the reason.
    refused: FxHashMap<(u32, u32), (u32, u32, i32, Refusal)>,
}

impl<'a> Forest<'a> {
    fn new(table: &'a Table, scorer: &'a Scorer, apart: &[(u32, u32)]) -> Forest<'a> {
        let mut by_root: FxHashMap<u32, FxHashSet<u32>> = FxHashMap::default();
        for &(a, b) in apart.iter().filter(|(a, b)| a != b) {
            by_root.entry(a).or_default().insert(b);
            by_root.entry(b).or_default().insert(a);
        }
        let parent = (0..table.len()).collect();
        let (groups, refused) = (Groups::new(table), FxHashMap::default());
        Forest { table, scorer, parent, groups, apart: by_root, refused }
    }

    fn root(&mut self, mut record: u32) -> u32 {
        while self.parent[record as usize] != record {
            let above = self.parent[record as usize];
            self.parent[record as usize] = self.parent[above as usize];
            record = above;
        }
        record
    }

    fn objection(&mut self, a: u32, b: u32, proposal: &Proposal, limits: &Limits) -> Option<(i32, Refusal)> {
        if self.apart.get(&a).is_some_and(|others| others.contains(&b)) {
            return Some((proposal.centibits, Refusal::Decided));
        }
        if proposal.declared() {
            return None;
        }
        let (size_a, size_b) = (self.groups.records(a), self.groups.records(b));
        if (size_a + size_b) as usize > limits.records_per_person_max {
            return Some((proposal.centibits, Refusal::TooManyRecords));
        }
        let alone = size_a == 1 && size_b == 1;
        if alone && !proposal.deterministic() {
            if proposal.centibits >= limits.threshold {
                return None;
            }
            return Some((proposal.centibits, Refusal::Doubtful));
        }
        let roots = (a.min(b), a.max(b));
        let sizes = if a < b { (size_a, size_b) } else { (size_b, size_a) };
        if !proposal.deterministic()
            && let Some(&(x, y, centibits, why)) = self.refused.get(&roots)
            && (x, y) == sizes
        {
            // Neither has changed since they were refused.
            return Some((centibits, why));
        }
        let whole = self.groups.compare(self.table, self.scorer, a, b);
        let centibits = whole.weighed.total();
        let conflict = conflict(&whole);
        let good = centibits >= limits.threshold || (proposal.deterministic() && conflict.is_none());
        if good {
            return None;
        }
        let why = conflict.unwrap_or(Refusal::Doubtful);
        self.refused.insert(roots, (sizes.0, sizes.1, centibits, why));
        Some((centibits, why))
    }

    fn union(&mut self, a: u32, b: u32) {
        let (root, child) = if self.table.by_tie(a, b).is_le() { (a, b) } else { (b, a) };
        self.groups.join(self.table, root, child);
        self.parent[child as usize] = root;
        if let Some(others) = self.apart.remove(&child) {
            for &other in &others {
                if let Some(back) = self.apart.get_mut(&other) {
                    back.remove(&child);
                    back.insert(root);
                }
            }
            self.apart.entry(root).or_default().extend(others);
        }
    }
}

/// What two people as wholes contradict each other in, the gravest first.
fn conflict(whole: &Whole) -> Option<Refusal> {
    let Weighed { levels, centibits } = &whole.weighed;
    let births = (DIFFERENT..DATE_NEAR).contains(&levels[Field::BIRTH_DATE.at()]);
    let accounts = levels[Field::ACCOUNTS.at()] == ACCOUNTS_CONFLICT;
    let names = !name::is_compatible(levels[Field::NAME.at()]);
    let found = [
        (births, Field::BIRTH_DATE, Refusal::BirthDates),
        (accounts, Field::ACCOUNTS, Refusal::Accounts),
        (names, Field::NAME, Refusal::Names),
    ];
    found.into_iter().filter(|f| f.0).min_by_key(|f| centibits[f.1.at()]).map(|f| f.2)
}
