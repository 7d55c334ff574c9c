//! Ids that reveal nothing: a permutation of 0..n, so that ids are unique and dense, and the n-th person's id says
//! nothing about n or about the ids of the same person elsewhere.
//!
//! A Feistel network over the next even power of two, and walking the cycle until the value falls into the domain
//! (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002, section 4). Not meant to resist an attacker who
//! studies it: it keeps the truth from leaking into the data by accident.

use crate::dice::{For, mix};

/// A permutation of `0..n`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permutation {
    n: u64,
    half_bits: u32,
    keys: [u64; 4],
}

impl Permutation {
    /// `n` is at least 1 and at most 2^62; `label` tells permutations of one seed apart.
    pub(crate) fn new(n: u64, seed: u64, label: u64) -> Permutation {
        let bits = (64 - n.saturating_sub(1).leading_zeros()).max(2);
        let keys = [0, 1, 2, 3].map(|round| mix(seed, For::Permutation, label * 4 + round));
        Permutation { n, half_bits: bits.div_ceil(2), keys }
    }

    /// The image of `i`, which must be below `n`. Four rounds a step, and fewer than four steps on average.
    pub(crate) fn at(&self, i: u64) -> u64 {
        debug_assert!(i < self.n, "{i} of {}", self.n);
        let mask = (1_u64 << self.half_bits) - 1;
        let mut x = i;
        loop {
            let (mut left, mut right) = (x >> self.half_bits, x & mask);
            for key in self.keys {
                (left, right) = (right, left ^ (mix(key, For::Permutation, right) & mask));
            }
            x = left << self.half_bits | right;
            if x < self.n {
                return x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_once() {
        for n in [1, 2, 3, 5, 16, 17, 1000, 4097] {
            let permutation = Permutation::new(n, 42, 1);
            let mut seen: Vec<u64> = (0..n).map(|i| permutation.at(i)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..n).collect::<Vec<_>>(), "{n}");
        }
    }

    #[test]
    fn neighbours_do_not_stay_neighbours() {
        let n = 10_000;
        let permutation = Permutation::new(n, 42, 1);
        let near = (1..n).filter(|i| permutation.at(*i).abs_diff(permutation.at(i - 1)) < 10).count();
        assert!(near < 50, "{near} of {n}");
    }
}
