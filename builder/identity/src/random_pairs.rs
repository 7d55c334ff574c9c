//! `u`: how pairs of two different people agree, counted on random pairs.

use rayon::prelude::*;

use crate::ahead;
use crate::comparison::{Comparison, compare};
use crate::field::{Field, LEVELS_MAX};
use crate::model::Levels;
use crate::pairs::Pair;
use crate::schema::Schema;
use crate::table::Table;
use crate::vocabulary::mix;

/// Records that pairs are drawn from: each is in several then, and still no two pairs are alike.
const RECORDS_MAX: u64 = 250_000;
/// Pairs compared by one thread at a time.
const RANDOM_CHUNK: u64 = 1 << 14;

/// Levels of random pairs.
#[derive(Debug, Clone)]
pub(crate) struct RandomPairs {
    pub counts: Levels<u64>,
    /// Sum of the frequencies of what is agreed on, in units of 2^-40.
    frequency: Levels<u64>,
}

impl Default for RandomPairs {
    fn default() -> Self {
        RandomPairs { counts: [[0; LEVELS_MAX]; Field::COUNT], frequency: [[0; LEVELS_MAX]; Field::COUNT] }
    }
}

impl RandomPairs {
    /// Compares `count` random pairs, or all pairs when there are fewer.
    ///
    /// Records are drawn by the rank of their ties, so that the same records give the same pairs however they arrived.
    pub(crate) fn draw(table: &Table, count: u64, seed: u64) -> RandomPairs {
        let ranked = ranked(table);
        let n = ranked.len() as u64;
        let all = n * n.saturating_sub(1) / 2;
        let exhaustive = all <= count;
        let count = count.min(all);
        let pair = |number: u64| {
            let (a, b) = if exhaustive { nth_pair(number) } else { random_pair(number, seed, n) };
            Pair::new(ranked[a as usize], ranked[b as usize], 0)
        };
        (0..count.div_ceil(RANDOM_CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let mut drawn = RandomPairs::default();
                let numbers = chunk * RANDOM_CHUNK..((chunk + 1) * RANDOM_CHUNK).min(count);
                let pairs: Vec<Pair> = numbers.map(pair).collect();
                ahead::for_each_pair(table, &pairs, |pair| drawn.add(&compare(table, pair.first(), pair.second())));
                drawn
            })
            .reduce(RandomPairs::default, RandomPairs::plus)
    }

    fn add(&mut self, pair: &Comparison) {
        for (f, &level) in pair.levels.iter().enumerate() {
            self.counts[f][level as usize] += 1;
            let rarity = pair.rarity_bits[f];
            let frequency = if rarity == 0.0 { 1.0 } else { (-rarity).exp2() };
            self.frequency[f][level as usize] += (frequency * (1_u64 << 40) as f32) as u64;
        }
    }

    fn plus(mut self, other: RandomPairs) -> RandomPairs {
        for f in 0..Field::COUNT {
            for l in 0..LEVELS_MAX {
                self.counts[f][l] += other.counts[f][l];
                self.frequency[f][l] += other.frequency[f][l];
            }
        }
        self
    }

    /// `u`, with half a pair added to each level, and the share that true matches among the random pairs have taken off:
    /// with `p` the share of random pairs, `p = λm + (1-λ)u`. In small inputs with many duplicates that share is most of
    /// what random pairs agree on.
    pub(crate) fn u(&self, schema: &Schema, m: &Levels<f64>, match_probability: f64) -> Levels<f64> {
        let mut u = [[0.0; LEVELS_MAX]; Field::COUNT];
        for (field, kind) in schema.fields() {
            let (f, top) = (field.at(), kind.top());
            let known: u64 = self.counts[f][1..=top].iter().sum();
            let mut total = 0.0;
            for l in 1..=top {
                let p = (self.counts[f][l] as f64 + 0.5) / (known as f64 + 0.5 * top as f64);
                let least = p.min(0.5 / (known as f64 + 1.0));
                u[f][l] = (p - match_probability * m[f][l]).max(least);
                total += u[f][l];
            }
            u[f][1..=top].iter_mut().for_each(|p| *p /= total);
        }
        u
    }

    /// `-log2` of the mean frequency of what random pairs on each level agree on.
    pub(crate) fn base_rarity(&self) -> Levels<f32> {
        let mut base = [[0.0; LEVELS_MAX]; Field::COUNT];
        for (f, row) in base.iter_mut().enumerate() {
            for (l, bits) in row.iter_mut().enumerate().skip(1) {
                if self.counts[f][l] > 0 {
                    let mean = self.frequency[f][l] as f64 / self.counts[f][l] as f64 / (1_u64 << 40) as f64;
                    *bits = -mean.max(1e-12).log2() as f32;
                }
            }
        }
        base
    }
}

/// The `number`-th pair `(a, b)` with `b < a` in the order (1,0), (2,0), (2,1), (3,0)…
fn nth_pair(number: u64) -> (u32, u32) {
    // The largest a with a(a-1)/2 <= number; the square root is exact enough to be off by one at most.
    let mut a = ((1.0 + (1.0 + 8.0 * number as f64).sqrt()) / 2.0) as u64;
    while a * (a - 1) / 2 > number {
        a -= 1;
    }
    while (a + 1) * a / 2 <= number {
        a += 1;
    }
    (a as u32, (number - a * (a - 1) / 2) as u32)
}

/// Records by the rank of their ties: all, or of many a sample by tie.
pub(crate) fn ranked(table: &Table) -> Vec<u32> {
    let least = match u64::from(table.len()) {
        n if n <= RECORDS_MAX => 0,
        n => u64::MAX - (u128::from(u64::MAX) * u128::from(RECORDS_MAX) / u128::from(n)) as u64,
    };
    let tied = (0..table.len()).map(|record| (table.tie[record as usize], record));
    let mut ranked: Vec<(u64, u32)> = tied.filter(|&(tie, _)| tie >= least).collect();
    ranked.par_sort_unstable();
    ranked.into_iter().map(|(_, record)| record).collect()
}

/// Two different records, by hash.
fn random_pair(number: u64, seed: u64, n: u64) -> (u32, u32) {
    let bits = mix(mix(seed) ^ number);
    let a = ((u128::from(bits) * u128::from(n)) >> 64) as u64;
    let b = ((u128::from(mix(bits)) * u128::from(n - 1)) >> 64) as u64;
    (a as u32, if b >= a { b + 1 } else { b } as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_numbered_without_gaps() {
        let mut seen = Vec::new();
        for number in 0..45 {
            let (a, b) = nth_pair(number);
            assert!(b < a && a < 10, "{number}: {a} {b}");
            seen.push((a, b));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 45);
        for number in 0..1000 {
            let (a, b) = random_pair(number, 7, 2);
            assert_eq!(a + b, 1);
        }
    }
}
