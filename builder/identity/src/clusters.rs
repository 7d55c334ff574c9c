//! From pairs to people: agglomeration in order of weight, in which people are compared as wholes.
//!
//! Pairs are taken strongest first (decided by a steward, declared by a system, tier 1, then by weight). Where both records
//! are still alone, the pair's weight decides. Else the two *groups* are compared: every field by the best agreement of any
//! of their records, less what so many tries make likely by chance (`groups`). So evidence that is scattered over a
//! person's records adds up, and a weak bridge between two people shows all that speaks against it. What a merge changed
//! may make other pairs good enough: passes are repeated until nothing changes.
//!
//! Each component of the graph of proposals is joined by itself ([`join_component`]), so that components run side by side,
//! and a change in one leaves the others alone. Refused merges are not lost: they become review items.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::ahead::BATCH_RECORDS;
use crate::comparison::name;
use crate::deterministic::{DECIDED, MERGED};
use crate::field::*;
use crate::groups::{Groups, Whole};
use crate::model::{Scorer, Weighed};
use crate::pairs::{Pair, RULES_MAX};
use crate::table::Table;
use crate::vocabulary::{Rows, mix};

/// Passes over the pairs; people hardly ever need more than three.
const PASSES_MAX: usize = 8;
/// Components that one thread takes at a time.
const CHUNK_COMPONENTS: usize = 256;

/// A pair that the tiers propose to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Proposal {
    pub pair: Pair,
    /// Weight in hundredths of a bit.
    pub centibits: i32,
}

/// The order of proposals, the least first: the kind, then the weight, then what no arrival changes.
pub(crate) type Rank = u128;

impl Proposal {
    pub(crate) fn deterministic(&self) -> bool {
        usize::from(self.pair.rule()) >= RULES_MAX
    }

    fn declared(&self) -> bool {
        matches!(self.pair.rule(), MERGED | DECIDED)
    }

    /// Decided by a steward, declared by a system, tier 1, or none of it.
    fn kind(&self) -> u8 {
        let rule = self.pair.rule();
        u8::from(rule != DECIDED) << 2 | u8::from(rule != MERGED) << 1 | u8::from(!self.deterministic())
    }

    /// Tells a merge by this proposal in a pass from all others.
    fn stamp(&self, table: &Table, pass: usize) -> u64 {
        let kind = u64::from(self.kind());
        mix(table.pair_tie(self.pair) ^ mix(kind << 48 | (pass as u64) << 32 | u64::from(self.centibits as u32)))
    }

    /// Strongest first, ties by the records' keys.
    pub(crate) fn rank(&self, table: &Table) -> Rank {
        // Ascending with a weight that falls.
        let weight = !(self.centibits as u32 ^ 1 << 31);
        u128::from(self.kind()) << 96 | u128::from(weight) << 64 | u128::from(table.pair_tie(self.pair))
    }
}

/// Why two people were not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
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
    /// Records of the largest component.
    pub largest_component: usize,
}

/// By record: those that stewards have decided to be somebody else's.
pub(crate) type Apart = FxHashMap<u32, Vec<u32>>;

/// `pairs`: decided to be of two people.
pub(crate) fn apart(pairs: impl Iterator<Item = (u32, u32)>) -> Apart {
    let mut apart = Apart::default();
    for (a, b) in pairs.filter(|(a, b)| a != b) {
        apart.entry(a).or_default().push(b);
        apart.entry(b).or_default().push(a);
    }
    apart
}

/// Joins the records of the proposals, strongest first, as far as the evidence permits.
pub(crate) fn join(
    table: &Table,
    scorer: &Scorer,
    proposals: Vec<Proposal>,
    apart: &Apart,
    limits: &Limits,
) -> Clusters {
    let component = components(table.len(), &proposals);
    let by_component = proposals.iter().map(|p| (component[p.pair.first() as usize], *p));
    let grouped = Rows::grouped(table.len(), by_component);
    drop((component, proposals));
    let groups: Vec<&[Proposal]> =
        (0..table.len()).map(|component| grouped.row(component)).filter(|own| !own.is_empty()).collect();
    let chunks = groups.par_chunks(CHUNK_COMPONENTS);
    let joined: Vec<Outcome> = chunks
        .map(|chunk| {
            let mut outcome = Outcome::default();
            join_components(table, scorer, chunk, apart, limits, |component| outcome.add(component));
            outcome
        })
        .collect();
    let mut first: Vec<u32> = (0..table.len()).collect();
    let (mut links, mut refused) = (Vec::new(), Vec::new());
    let (mut passes, mut largest_component) = (0, 0);
    for mut chunk in joined {
        passes = passes.max(chunk.passes);
        largest_component = largest_component.max(chunk.largest_component);
        chunk.first.iter().for_each(|&(record, own)| first[record as usize] = own);
        links.append(&mut chunk.links);
        refused.append(&mut chunk.refused);
    }
    links.par_sort_by_cached_key(|p| p.rank(table));
    Clusters { first, links, refused, passes, largest_component }
}

/// What became of several components, which are too many to be kept each by itself.
#[derive(Default)]
struct Outcome {
    /// Records, and the first of their cluster.
    first: Vec<(u32, u32)>,
    links: Vec<Proposal>,
    refused: Vec<(Proposal, i32, Refusal)>,
    passes: usize,
    largest_component: usize,
}

impl Outcome {
    fn add(&mut self, mut component: Joined) {
        self.first.extend(component.records.iter().copied().zip(component.first));
        self.links.append(&mut component.links);
        self.refused.append(&mut component.refused);
        self.passes = self.passes.max(component.passes);
        self.largest_component = self.largest_component.max(component.records.len());
    }
}

/// Joins within each of the components, and hands over what became of each.
pub(crate) fn join_components(
    table: &Table,
    scorer: &Scorer,
    components: &[&[Proposal]],
    apart: &Apart,
    limits: &Limits,
    mut each: impl FnMut(Joined),
) {
    let mut records = Vec::with_capacity(2 * BATCH_RECORDS);
    let mut ahead = 0;
    for (at, own) in components.iter().enumerate() {
        if at == ahead {
            records.clear();
            while ahead < components.len() && (ahead == at || records.len() < BATCH_RECORDS) {
                records.extend(components[ahead].iter().flat_map(|p| [p.pair.first(), p.pair.second()]));
                ahead += 1;
            }
            records.sort_unstable();
            records.dedup();
            table.read_ahead(&records);
        }
        each(join_component(table, scorer, own, apart, limits));
    }
}

/// By record: a record of the component of the graph of proposals that it is in. What happens in one component does not
/// depend on any other.
fn components(records: u32, proposals: &[Proposal]) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..records).collect();
    for proposal in proposals {
        let (a, b) = (root(&mut parent, proposal.pair.first()), root(&mut parent, proposal.pair.second()));
        parent[a.max(b) as usize] = a.min(b);
    }
    (0..records).map(|record| root(&mut parent, record)).collect()
}

/// The root of a set in a union–find, with the path halved on the way.
pub(crate) fn root(parent: &mut [u32], mut at: u32) -> u32 {
    while parent[at as usize] != at {
        let above = parent[at as usize];
        parent[at as usize] = parent[above as usize];
        at = above;
    }
    at
}

/// What became of one component.
#[derive(Debug)]
pub(crate) struct Joined {
    /// Sorted.
    pub records: Vec<u32>,
    /// By position in `records`: the record that stands for its cluster.
    pub first: Vec<u32>,
    /// By position in `records`: a hash of how its cluster came to be, which merges in which passes.
    pub trace: Vec<u64>,
    pub links: Vec<Proposal>,
    pub refused: Vec<(Proposal, i32, Refusal)>,
    pub passes: usize,
}

/// Joins within one component of the graph of proposals.
fn join_component(table: &Table, scorer: &Scorer, proposals: &[Proposal], apart: &Apart, limits: &Limits) -> Joined {
    let mut records: Vec<u32> = proposals.iter().flat_map(|p| [p.pair.first(), p.pair.second()]).collect();
    records.sort_unstable();
    records.dedup();
    let mut open = open_proposals(table, &records, proposals);
    let mut forest = Forest::new(table, scorer, &records, apart);
    let mut passes = 0;
    loop {
        passes += 1;
        let mut joined = 0;
        // What is within one group stays so.
        open.retain_mut(|open| {
            let (a, b) = (root(&mut forest.parent, open.a), root(&mut forest.parent, open.b));
            if a == b {
                return false;
            }
            open.refusal = forest.objection(a, b, &open.proposal, limits);
            if open.refusal.is_none() {
                forest.union(a, b, open.proposal.stamp(table, passes));
                joined += 1;
            }
            open.refusal.is_some()
        });
        if joined == 0 || open.is_empty() || passes == PASSES_MAX {
            break;
        }
    }
    let roots: Vec<u32> = (0..records.len() as u32).map(|at| root(&mut forest.parent, at)).collect();
    let at = |record: u32| roots[records.binary_search(&record).unwrap_or(0)];
    let links = proposals.iter().copied().filter(|p| at(p.pair.first()) == at(p.pair.second())).collect();
    let apart = open.into_iter().filter(|open| roots[open.a as usize] != roots[open.b as usize]);
    let refused = apart.filter_map(|open| open.refusal.map(|(centibits, why)| (open.proposal, centibits, why)));
    let refused = refused.collect();
    let first = roots.iter().map(|&at| records[at as usize]).collect();
    let trace = roots.iter().map(|&at| forest.trace[at as usize]).collect();
    Joined { first, trace, links, refused, passes, records }
}

/// A proposal that has not led to a merge.
struct Open {
    proposal: Proposal,
    /// Positions of its records.
    a: u32,
    b: u32,
    refusal: Option<(i32, Refusal)>,
}

/// The proposals of a component, strongest first.
fn open_proposals(table: &Table, records: &[u32], proposals: &[Proposal]) -> Vec<Open> {
    let ranked = proposals.iter().zip(0..).map(|(proposal, at)| (proposal.rank(table), at));
    let mut ranked: Vec<(Rank, u32)> = ranked.collect();
    ranked.sort_unstable();
    let at = |record: u32| records.binary_search(&record).unwrap_or(0) as u32;
    let open = |(_, number): (Rank, u32)| {
        let proposal = proposals[number as usize];
        Open { proposal, a: at(proposal.pair.first()), b: at(proposal.pair.second()), refusal: None }
    };
    ranked.into_iter().map(open).collect()
}

/// Union–find over the records of a component, by their positions, whose roots are the records of their sets with the
/// smallest tie, so that the forest does not remember how it grew.
struct Forest<'a> {
    table: &'a Table,
    scorer: &'a Scorer,
    records: &'a [u32],
    parent: Vec<u32>,
    /// By root: a hash of how its group came to be; 0 while it is alone.
    trace: Vec<u64>,
    groups: Groups<'a>,
    /// By root: roots it must stay apart from.
    apart: FxHashMap<u32, FxHashSet<u32>>,
    /// By roots: their sizes when they were refused, the weight and the reason.
    refused: FxHashMap<(u32, u32), (u32, u32, i32, Refusal)>,
}

impl<'a> Forest<'a> {
    fn new(table: &'a Table, scorer: &'a Scorer, records: &'a [u32], apart: &Apart) -> Forest<'a> {
        let mut by_root: FxHashMap<u32, FxHashSet<u32>> = FxHashMap::default();
        if !apart.is_empty() {
            for (at, record) in records.iter().enumerate() {
                let others = apart.get(record).into_iter().flatten();
                let others = others.filter_map(|other| records.binary_search(other).ok());
                let others: FxHashSet<u32> = others.map(|other| other as u32).collect();
                if !others.is_empty() {
                    by_root.insert(at as u32, others);
                }
            }
        }
        let parent = (0..records.len() as u32).collect();
        let (groups, refused) = (Groups::new(table, records), FxHashMap::default());
        let trace = vec![0; records.len()];
        Forest { table, scorer, records, parent, trace, groups, apart: by_root, refused }
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
        // Of two records that are alone the pair's weight is that of them as wholes.
        if size_a == 1 && size_b == 1 {
            if proposal.centibits >= limits.threshold {
                return None;
            }
            if !proposal.deterministic() {
                return Some((proposal.centibits, Refusal::Doubtful));
            }
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
        let whole = self.groups.compare(self.scorer, a, b);
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

    fn union(&mut self, a: u32, b: u32, stamp: u64) {
        let first = self.table.by_tie(self.records[a as usize], self.records[b as usize]).is_le();
        let (root, child) = if first { (a, b) } else { (b, a) };
        self.groups.join(root, child);
        self.parent[child as usize] = root;
        let (own, other) = (self.trace[root as usize], self.trace[child as usize]);
        self.trace[root as usize] = mix(mix(own ^ stamp) ^ other) | 1;
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
