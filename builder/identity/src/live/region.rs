//! The clusters that a change can reach, and no others.
//!
//! Joining (`clusters`) takes proposals in order of rank, and what becomes of one depends on its two groups alone. So when
//! some clusters are joined again by themselves, the others follow unless one of those that changed has a proposal to
//! them; then these are taken in too, until no cluster that changed has a proposal outside.
//!
//! "Changed" is strict: a cluster whose records are the same, but which came to be by other merges, was another group at
//! some time, and might then have been joined to something else. That is what traces tell (`clusters::Joined::trace`).
//! Whatever is outside was refused by groups that are, at every step, what they were: it is refused again.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Live;
use crate::clusters::{Joined, Proposal, join_components};
use crate::pairs::Pair;

/// Components that one thread takes at a time.
const CHUNK_COMPONENTS: usize = 64;

/// The clusters of all records.
#[derive(Debug)]
pub(super) struct Partition {
    /// By record: the first of its cluster.
    first: Vec<u32>,
    /// By record: how its cluster came to be; 0 where it is alone.
    trace: Vec<u64>,
    /// By record: the next of its cluster, round to the first again.
    next: Vec<u32>,
}

impl Partition {
    pub(super) fn of_singles(records: usize) -> Partition {
        let mut partition = Partition { first: Vec::new(), trace: Vec::new(), next: Vec::new() };
        partition.extend(records);
        partition
    }

    /// Further records, each alone.
    pub(super) fn extend(&mut self, records: usize) {
        let new = self.first.len() as u32..records as u32;
        self.first.extend(new.clone());
        self.next.extend(new);
        self.trace.resize(records, 0);
    }

    pub(super) fn first(&self, record: u32) -> u32 {
        self.first[record as usize]
    }

    /// The records of a cluster, with those that are gone but were in it when it was made.
    fn members(&self, record: u32) -> impl Iterator<Item = u32> + '_ {
        let mut at = Some(record);
        std::iter::from_fn(move || {
            let own = at?;
            at = Some(self.next[own as usize]).filter(|&next| next != record);
            Some(own)
        })
    }

    /// Leaves each of the records alone. They are whole clusters, but for records that are gone.
    pub(super) fn dissolve(&mut self, records: &[u32]) {
        for &record in records {
            let mut at = record;
            loop {
                let next = self.next[at as usize];
                (self.first[at as usize], self.next[at as usize], self.trace[at as usize]) = (at, at, 0);
                if next == record || next == at {
                    break;
                }
                at = next;
            }
        }
    }

    /// Takes over what became of a component whose records are alone.
    pub(super) fn set(&mut self, joined: &Joined) {
        for ((&record, &first), &trace) in joined.records.iter().zip(&joined.first).zip(&joined.trace) {
            self.first[record as usize] = first;
            self.trace[record as usize] = trace;
            if record != first {
                self.next[record as usize] = self.next[first as usize];
                self.next[first as usize] = record;
            }
        }
    }
}

/// Where a change begins.
pub(super) struct Seeds {
    /// Records whose proposals changed, or may have.
    pub records: Vec<u32>,
    /// Those of them that are not what they were: new, or gone.
    pub changed: FxHashSet<u32>,
}

/// A set of records, asked of without hashing. What it holds of records that are not in it means nothing, so that to empty
/// it costs nothing either.
#[derive(Debug, Default)]
pub(super) struct RecordSet {
    list: Vec<u32>,
    /// By record: its position in the list, if it is in the list.
    at: Vec<u32>,
}

impl RecordSet {
    fn clear(&mut self, records: usize) {
        self.list.clear();
        self.at.resize(records, 0);
    }

    fn position(&self, record: u32) -> Option<usize> {
        let at = self.at[record as usize] as usize;
        (self.list.get(at) == Some(&record)).then_some(at)
    }

    fn insert(&mut self, record: u32) {
        if self.position(record).is_none() {
            self.at[record as usize] = self.list.len() as u32;
            self.list.push(record);
        }
    }
}

/// Whole clusters that are joined again by themselves.
pub(super) struct Region {
    records: RecordSet,
    /// Clusters, by their first record, that have lost a record.
    lost: FxHashSet<u32>,
    /// Of the records, those that have been joined.
    joined_records: usize,
    /// What became of the region's components; records without a proposal in it are in none.
    pub joined: Vec<Joined>,
}

/// The proposals of components, one component after another.
#[derive(Default)]
struct Components {
    proposals: Vec<Proposal>,
    ends: Vec<usize>,
}

impl Components {
    fn end(&mut self) {
        if self.ends.last().copied().unwrap_or(0) < self.proposals.len() {
            self.ends.push(self.proposals.len());
        }
    }

    fn slices(&self) -> Vec<&[Proposal]> {
        let mut start = 0;
        self.ends.iter().map(|&end| &self.proposals[std::mem::replace(&mut start, end)..end]).collect()
    }
}

impl Region {
    /// `records`: an old set, for its memory.
    pub(super) fn of(live: &Live, seeds: &Seeds, mut records: RecordSet) -> Region {
        records.clear(live.alive.len());
        let mut region = Region { records, lost: FxHashSet::default(), joined_records: 0, joined: Vec::new() };
        for &record in &seeds.records {
            if !live.alive[record as usize] {
                region.lost.insert(live.clusters.first(record));
            }
            region.take_in(live, record);
        }
        region.expect(live, seeds);
        region
    }

    /// Takes in what the clusters that will very likely change have proposals to, so that joining once is mostly enough.
    fn expect(&mut self, live: &Live, seeds: &Seeds) {
        let limits = live.frozen.limits();
        let mut expected: Vec<u32> = Vec::new();
        for &record in seeds.changed.iter().filter(|&&record| live.alive[record as usize]) {
            expected.push(record);
            let likely = live.edges[record as usize].iter().filter(|edge| edge.centibits >= limits.threshold);
            expected.extend(likely.flat_map(|edge| live.clusters.members(edge.other)));
        }
        for record in expected {
            for edge in &live.edges[record as usize] {
                self.take_in(live, edge.other);
            }
        }
    }

    fn take_in(&mut self, live: &Live, record: u32) {
        if self.records.position(record).is_none() {
            let members = live.clusters.members(record).filter(|&r| live.alive[r as usize]);
            members.for_each(|member| self.records.insert(member));
        }
    }

    /// Sorted.
    pub(super) fn records(&self) -> Vec<u32> {
        let mut records = self.records.list.clone();
        records.par_sort_unstable();
        records
    }

    /// The set of its records, for its memory.
    pub(super) fn into_set(self) -> RecordSet {
        self.records
    }

    /// Joins the components of the records that were taken in since it was last done.
    pub(super) fn join(&mut self, live: &Live) {
        let new = &self.records.list[self.joined_records..];
        let mut seen = vec![false; self.records.list.len()];
        let components = self.components(live, new, &mut seen);
        let apart = live.apart(&self.records.list);
        let (table, scorer, limits) = (&live.records.table, &live.frozen.scorer, live.frozen.limits());
        let slices = components.slices();
        let chunks = slices.par_chunks(CHUNK_COMPONENTS);
        let join = |chunk: &[&[Proposal]]| {
            let mut joined = Vec::with_capacity(chunk.len());
            join_components(table, scorer, chunk, &apart, &limits, |component| joined.push(component));
            joined
        };
        let joined: Vec<Vec<Joined>> = chunks.map(join).collect();
        // What of the former components has grown was joined again.
        let is_whole = |old: &Joined| self.records.position(old.records[0]).is_some_and(|at| !seen[at]);
        self.joined.retain(is_whole);
        self.joined.extend(joined.into_iter().flatten());
        self.joined_records = self.records.list.len();
    }

    /// The proposals within the region of everything that the seeds are connected with, by component.
    fn components(&self, live: &Live, seeds: &[u32], seen: &mut [bool]) -> Components {
        let mut found = Components::default();
        let mut reached = Vec::new();
        let mut is_new =
            |record: u32| self.records.position(record).is_some_and(|at| !std::mem::replace(&mut seen[at], true));
        for &seed in seeds {
            if !is_new(seed) {
                continue;
            }
            reached.push(seed);
            while let Some(record) = reached.pop() {
                for edge in &live.edges[record as usize] {
                    if self.records.position(edge.other).is_none() {
                        continue;
                    }
                    if is_new(edge.other) {
                        reached.push(edge.other);
                    }
                    if edge.other > record {
                        let pair = Pair::new(record, edge.other, edge.rule);
                        found.proposals.push(Proposal { pair, centibits: edge.centibits });
                    }
                }
            }
            found.end();
        }
        found
    }

    /// The clusters that do not have the same records as before, by their first. The others keep their people.
    ///
    /// `former`: by position in `records`, the first of the cluster before; `now`: by record, now.
    pub(super) fn changed_clusters(
        &self,
        records: &[u32],
        former: &[u32],
        now: impl Fn(u32) -> u32,
        seeds: &Seeds,
    ) -> FxHashMap<u32, Vec<u32>> {
        let mut firsts = former.to_vec();
        firsts.sort_unstable();
        let size_before = |first: u32| firsts.partition_point(|&f| f <= first) - firsts.partition_point(|&f| f < first);
        let mut placed: Vec<(u32, u32, u32)> =
            records.iter().zip(former).map(|(&record, &was)| (now(record), record, was)).collect();
        placed.sort_unstable();
        let is_as_before = |own: &&[(u32, u32, u32)]| {
            let was = own[0].2;
            own.iter().all(|&(_, record, first)| first == was && !seeds.changed.contains(&record))
                && !self.lost.contains(&was)
                && size_before(was) == own.len()
        };
        let changed = placed.chunk_by(|x, y| x.0 == y.0).filter(|own| !is_as_before(own));
        changed.map(|own| (own[0].0, own.iter().map(|&(_, record, _)| record).collect())).collect()
    }

    /// Takes in the clusters to which one that changed has a proposal; `false` when there is none.
    pub(super) fn grow(&mut self, live: &Live, seeds: &Seeds) -> bool {
        let list = &self.records.list;
        // By position: the first of the record's cluster, and how it came to be.
        let mut now: Vec<(u32, u64)> = list.iter().map(|&record| (record, 0)).collect();
        for component in &self.joined {
            for ((&record, &first), &trace) in component.records.iter().zip(&component.first).zip(&component.trace) {
                if let Some(at) = self.records.position(record) {
                    now[at] = (first, trace);
                }
            }
        }
        // A cluster has changed where it came to be in another way, has lost a record, or has one that is not what it was.
        let is_changed = |&(&record, now): &(&u32, &(u32, u64))| {
            let was = (live.clusters.first(record), live.clusters.trace[record as usize]);
            was != *now || self.lost.contains(&was.0) || seeds.changed.contains(&record)
        };
        let firsts: Vec<u32> = list.par_iter().zip(&now).filter(is_changed).map(|(_, now)| now.0).collect();
        let mut changed = vec![false; list.len()];
        firsts.iter().filter_map(|&first| self.records.position(first)).for_each(|at| changed[at] = true);
        let is_in_changed = |now: &(u32, u64)| self.records.position(now.0).is_some_and(|at| changed[at]);
        let records = list.par_iter().zip(&now).filter(|(_, now)| is_in_changed(now));
        let outside = records.flat_map_iter(|(&record, _)| {
            let edges = live.edges[record as usize].iter().map(|edge| edge.other);
            edges.filter(|&other| self.records.position(other).is_none())
        });
        let outside: Vec<u32> = outside.collect();
        outside.iter().for_each(|&record| self.take_in(live, record));
        !outside.is_empty()
    }
}
