//! Which records have a key: an inverted index that grows.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::vocabulary::NONE;

/// Keys per entry of the directory.
const KEYS_PER_PLACE: usize = 4;

/// Records by key. Keys are hashes, so that their leading bits spread evenly.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// Sorted, with `records` beside it: what was there at first.
    keys: Vec<u64>,
    records: Vec<u32>,
    /// By the leading bits of a key: where such keys begin.
    directory: Vec<u32>,
    shift: u32,
    /// What came later: by key, the cell of the record that came last.
    added: FxHashMap<u64, u32>,
    cells: Vec<Cell>,
    /// Cells that hold nothing.
    free: Vec<u32>,
}

/// A record, and the cell of the one that came before it under the same key, or [`NONE`].
#[derive(Debug, Clone, Copy)]
struct Cell {
    record: u32,
    before: u32,
}

impl Postings {
    pub(crate) fn new(mut entries: Vec<(u64, u32)>) -> Postings {
        entries.par_sort_unstable();
        entries.dedup();
        let places = (entries.len() / KEYS_PER_PLACE).next_power_of_two().max(2);
        let shift = 64 - places.trailing_zeros();
        let mut directory = vec![0_u32; places + 1];
        entries.iter().for_each(|entry| directory[(entry.0 >> shift) as usize + 1] += 1);
        for at in 1..directory.len() {
            directory[at] += directory[at - 1];
        }
        let keys = entries.iter().map(|e| e.0).collect();
        let records = entries.iter().map(|e| e.1).collect();
        Postings { keys, records, directory, shift, ..Postings::default() }
    }

    /// The records with a key, each once, in no order that means anything.
    pub(crate) fn of(&self, key: u64) -> impl Iterator<Item = u32> + Clone + '_ {
        self.first(key).iter().copied().chain(self.later(key))
    }

    /// How many records have a key.
    pub(crate) fn count(&self, key: u64) -> usize {
        self.first(key).len() + self.later(key).count()
    }

    /// Those that were there at first.
    fn first(&self, key: u64) -> &[u32] {
        let place = (key >> self.shift.min(63)) as usize;
        let range = match (self.directory.get(place), self.directory.get(place + 1)) {
            (Some(&start), Some(&end)) => start as usize..end as usize,
            _ => 0..0,
        };
        let keys = &self.keys[range.clone()];
        let start = range.start + keys.partition_point(|&k| k < key);
        let end = start + self.keys[start..range.end].partition_point(|&k| k == key);
        &self.records[start..end]
    }

    fn later(&self, key: u64) -> impl Iterator<Item = u32> + Clone + '_ {
        let mut at = self.added.get(&key).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let Cell { record, before } = *self.cells.get(at as usize)?;
            at = before;
            Some(record)
        })
    }

    /// Of what was there at first, the keys of more than `max` records, with one of them each.
    pub(crate) fn larger_than(&self, max: usize) -> Vec<(u64, u32)> {
        let mut at = 0;
        let mut found = Vec::new();
        for same in self.keys.chunk_by(|x, y| x == y) {
            if same.len() > max {
                found.push((same[0], self.records[at]));
            }
            at += same.len();
        }
        found
    }

    /// Adds a record that does not have the key yet.
    pub(crate) fn add(&mut self, key: u64, record: u32) {
        let place = self.free.pop().unwrap_or(self.cells.len() as u32);
        let last = self.added.entry(key).or_insert(NONE);
        let cell = Cell { record, before: std::mem::replace(last, place) };
        match self.cells.get_mut(place as usize) {
            Some(free) => *free = cell,
            None => self.cells.push(cell),
        }
    }

    /// Removes a record that came later; one that was there at first stays, and is known to be gone otherwise.
    pub(crate) fn remove(&mut self, key: u64, record: u32) {
        let Some(last) = self.added.get_mut(&key) else { return };
        let (mut at, mut after) = (*last, NONE);
        while let Some(&Cell { record: own, before }) = self.cells.get(at as usize) {
            if own == record {
                match after {
                    NONE => *last = before,
                    after => self.cells[after as usize].before = before,
                }
                self.free.push(at);
                break;
            }
            (at, after) = (before, at);
        }
        if *last == NONE {
            self.added.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::mix;

    #[test]
    fn what_is_put_in_is_found() {
        let entries: Vec<(u64, u32)> = (0..5000_u32).map(|n| (mix(u64::from(n % 700)), n)).collect();
        for first in [0, 1, 2, 3000, 5000] {
            let mut postings = Postings::new(entries[..first].to_vec());
            entries[first..].iter().for_each(|&(key, record)| postings.add(key, record));
            for key in 0..701_u64 {
                let mut found: Vec<u32> = postings.of(mix(key)).collect();
                found.sort_unstable();
                let expected: Vec<u32> = (0..5000).filter(|n| u64::from(n % 700) == key).collect();
                assert_eq!(found, expected, "{first} {key}");
            }
            assert_eq!(postings.of(0).count() + postings.of(u64::MAX).count(), 0);
            // Removed in any order, and others put in their place.
            for &(key, record) in entries[first..].iter().filter(|e| e.1.is_multiple_of(3)).rev() {
                postings.remove(key, record);
            }
            entries[first..]
                .iter()
                .filter(|e| e.1.is_multiple_of(6))
                .for_each(|&(key, record)| postings.add(key, record));
            for key in 0..701_u64 {
                let mut found: Vec<u32> = postings.of(mix(key)).collect();
                found.sort_unstable();
                let is_there = |n: &u32| (*n as usize) < first || !n.is_multiple_of(3) || n.is_multiple_of(6);
                let expected: Vec<u32> = (0..5000).filter(|n| u64::from(n % 700) == key).filter(is_there).collect();
                assert_eq!((found.len(), found), (postings.count(mix(key)), expected), "{first} {key}");
            }
        }
    }
}
