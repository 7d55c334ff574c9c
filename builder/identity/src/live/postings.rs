//! Which records have a key: an inverted index that grows.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

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
    /// What came later.
    added: FxHashMap<u64, Vec<u32>>,
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
        Postings { keys, records, directory, shift, added: FxHashMap::default() }
    }

    /// The records with a key, each once, in no order that means anything.
    pub(crate) fn of(&self, key: u64) -> impl Iterator<Item = u32> + Clone + '_ {
        let place = (key >> self.shift.min(63)) as usize;
        let range = match (self.directory.get(place), self.directory.get(place + 1)) {
            (Some(&start), Some(&end)) => start as usize..end as usize,
            _ => 0..0,
        };
        let keys = &self.keys[range.clone()];
        let start = range.start + keys.partition_point(|&k| k < key);
        let end = start + self.keys[start..range.end].partition_point(|&k| k == key);
        self.records[start..end].iter().copied().chain(self.added.get(&key).into_iter().flatten().copied())
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
        self.added.entry(key).or_default().push(record);
    }

    /// Removes a record that came later; one that was there at first stays, and is known to be gone otherwise.
    pub(crate) fn remove(&mut self, key: u64, record: u32) {
        if let Some(records) = self.added.get_mut(&key) {
            records.retain(|&r| r != record);
            if records.is_empty() {
                self.added.remove(&key);
            }
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
        }
    }
}
