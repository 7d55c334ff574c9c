//! Sorting of many small values by way of buckets.
//!
//! A comparison sort of millions of keys leaves the cache at every level but the last few. Here values are dealt out by
//! their leading bits where they are made, a chunk that fits the cache at a time; the parts of one bucket are then laid
//! side by side and sorted within the cache. The outcome is that of any sort, so it shows neither threads nor chunks.
//!
//! Read [`Dealt`], which takes values in, and [`sorted`].

use rayon::prelude::*;

/// Values that are dealt out at a time.
const CHUNK: usize = 1 << 15;
/// Buckets: of eight million values each has as many as fit the cache of a core.
const BUCKETS: usize = 1 << 10;
/// Bits of a bucket's number.
pub(crate) const BUCKET_BITS: u32 = BUCKETS.trailing_zeros();

/// A value with a bucket.
pub(crate) trait Bucketed: Copy + Ord + Default + Send + Sync {
    /// Below 2 to the power of [`BUCKET_BITS`]; never less for a value that sorts later. `shift`: as given to [`Dealt::new`].
    fn bucket(&self, shift: u32) -> usize;
}

/// A key that is a hash, and what has it.
impl Bucketed for (u64, u32) {
    fn bucket(&self, _: u32) -> usize {
        (self.0 >> (u64::BITS - BUCKET_BITS)) as usize
    }
}

/// Values as they come, dealt out.
pub(crate) struct Dealt<T> {
    shift: u32,
    /// Not dealt out yet.
    open: Vec<T>,
    chunks: Vec<Chunk<T>>,
}

/// Values in the order of their buckets, and by bucket where it ends.
struct Chunk<T> {
    values: Vec<T>,
    ends: Vec<u32>,
}

impl<T: Bucketed> Chunk<T> {
    fn of(values: &[T], shift: u32) -> Chunk<T> {
        let mut ends = vec![0_u32; BUCKETS];
        values.iter().for_each(|value| ends[value.bucket(shift)] += 1);
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        // While values are placed, the end of a bucket is where its next one goes.
        let mut placed = vec![T::default(); values.len()];
        for value in values {
            let next = &mut ends[value.bucket(shift)];
            placed[*next as usize] = *value;
            *next += 1;
        }
        Chunk { values: placed, ends }
    }

    fn bucket(&self, at: usize) -> &[T] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.values[start as usize..self.ends[at] as usize]
    }
}

impl<T: Bucketed> Dealt<T> {
    /// `shift`: for values whose leading bits are not those of their type.
    pub(crate) fn new(shift: u32) -> Dealt<T> {
        Dealt { shift, open: Vec::new(), chunks: Vec::new() }
    }

    /// Lets `fill` append values.
    pub(crate) fn fill(&mut self, fill: impl FnOnce(&mut Vec<T>)) {
        fill(&mut self.open);
        if self.open.len() >= CHUNK {
            self.deal();
        }
    }

    fn deal(&mut self) {
        for values in self.open.chunks(CHUNK) {
            self.chunks.push(Chunk::of(values, self.shift));
        }
        self.open.clear();
    }
}

/// All values of the parts, sorted, each once.
pub(crate) fn sorted<T: Bucketed>(mut parts: Vec<Dealt<T>>) -> Vec<T> {
    let dealt: usize = parts.iter().map(|part| part.chunks.len()).sum();
    if dealt == 0 {
        let mut all: Vec<T> = parts.into_iter().flat_map(|part| part.open).collect();
        all.sort_unstable();
        all.dedup();
        return all;
    }
    parts.iter_mut().for_each(Dealt::deal);
    let chunks: Vec<Chunk<T>> = parts.into_iter().flat_map(|part| part.chunks).collect();
    let mut all = vec![T::default(); chunks.iter().map(|chunk| chunk.values.len()).sum()];
    let mut rest = all.as_mut_slice();
    let mut buckets: Vec<(usize, &mut [T])> = Vec::with_capacity(BUCKETS);
    for at in 0..BUCKETS {
        let own;
        (own, rest) = rest.split_at_mut(chunks.iter().map(|chunk| chunk.bucket(at).len()).sum());
        buckets.push((at, own));
    }
    buckets.into_par_iter().for_each(|(at, own)| {
        let mut end = 0;
        for part in chunks.iter().map(|chunk| chunk.bucket(at)) {
            own[end..end + part.len()].copy_from_slice(part);
            end += part.len();
        }
        own.sort_unstable();
    });
    drop(chunks);
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::mix;

    #[test]
    fn as_any_sort() {
        for (count, parts) in [(0, 1), (10, 3), (CHUNK - 1, 1), (CHUNK, 2), (200_000, 3)] {
            // Keys that repeat, and a few that many have.
            let value = |n: u64| (if n.is_multiple_of(5) { mix(n % 3) } else { mix(n % 50_000) }, (mix(n) % 40) as u32);
            let values: Vec<(u64, u32)> = (0..count as u64).map(value).collect();
            let mut dealt: Vec<Dealt<(u64, u32)>> = (0..parts).map(|_| Dealt::new(0)).collect();
            for (at, some) in values.chunks(777).enumerate() {
                dealt[at % parts].fill(|open| open.extend_from_slice(some));
            }
            let mut expected = values;
            expected.sort_unstable();
            expected.dedup();
            assert!(sorted(dealt) == expected, "{count} in {parts}");
        }
    }
}
