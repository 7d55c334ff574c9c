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
use crate::clusters::{Joined, Proposal, join_component};
use crate::pairs::Pair;

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
            let members: Vec<u32> = self.members(record).collect();
            for member in members {
                self.first[member as usize] = member;
                self.next[member as usize] = member;
                self.trace[member as usize] = 0;
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

/// Whole clusters that are joined again by themselves.
pub(super) struct Region {
    records: FxHashSet<u32>,
    /// Clusters, by their first record, that have lost a record.
    lost: FxHashSet<u32>,
}

impl Region {
    pub(super) fn of(live: &Live, seeds: &Seeds) -> Region {
        let mut region = Region { records: FxHashSet::default(), lost: FxHashSet::default() };
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
        if !self.records.contains(&record) {
            self.records.extend(live.clusters.members(record).filter(|&r| live.alive[r as usize]));
        }
    }

    /// Sorted.
    pub(super) fn records(&self) -> Vec<u32> {
        let mut records: Vec<u32> = self.records.iter().copied().collect();
        records.sort_unstable();
        records
    }

    /// What becomes of the region's components; records without a proposal in it are in none.
    pub(super) fn join(&self, live: &Live) -> Vec<Joined> {
        let records = self.records();
        let apart = live.apart(&records);
        let (table, scorer, limits) = (&live.records.table, &live.frozen.scorer, live.frozen.limits());
        let components = self.components(live, &records);
        components.par_iter().map(|own| join_component(table, scorer, own, &apart, &limits)).collect()
    }

    /// The proposals within the region, by component.
    fn components(&self, live: &Live, records: &[u32]) -> Vec<Vec<Proposal>> {
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        let mut found = Vec::new();
        let mut reached = Vec::new();
        for &seed in records {
            if !seen.insert(seed) {
                continue;
            }
            let mut proposals = Vec::new();
            reached.push(seed);
            while let Some(record) = reached.pop() {
                for edge in live.edges[record as usize].iter().filter(|edge| self.records.contains(&edge.other)) {
                    if seen.insert(edge.other) {
                        reached.push(edge.other);
                    }
                    if edge.other > record {
                        let pair = Pair::new(record, edge.other, edge.rule);
                        proposals.push(Proposal { pair, centibits: edge.centibits });
                    }
                }
            }
            if !proposals.is_empty() {
                found.push(proposals);
            }
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
    pub(super) fn grow(&mut self, live: &Live, seeds: &Seeds, joined: &[Joined]) -> bool {
        let mut now: FxHashMap<u32, (u32, u64)> = FxHashMap::default();
        for component in joined {
            for ((&record, &first), &trace) in component.records.iter().zip(&component.first).zip(&component.trace) {
                now.insert(record, (first, trace));
            }
        }
        let of = |record: u32| now.get(&record).copied().unwrap_or((record, 0));
        // A cluster has changed where it came to be in another way, has lost a record, or has one that is not what it was.
        let records: Vec<u32> = self.records.iter().copied().collect();
        let is_changed = |&record: &u32| {
            let was = (live.clusters.first(record), live.clusters.trace[record as usize]);
            was != of(record) || self.lost.contains(&was.0) || seeds.changed.contains(&record)
        };
        let changed = records.par_iter().copied().filter(is_changed).map(|record| of(record).0);
        let changed: FxHashSet<u32> = changed.collect::<Vec<u32>>().into_iter().collect();
        let outside = records.par_iter().filter(|&&record| changed.contains(&of(record).0)).flat_map_iter(|&record| {
            let edges = live.edges[record as usize].iter().map(|edge| edge.other);
            edges.filter(|other| !self.records.contains(other))
        });
        let outside: Vec<u32> = outside.collect();
        outside.iter().for_each(|&record| self.take_in(live, record));
        !outside.is_empty()
    }
}
