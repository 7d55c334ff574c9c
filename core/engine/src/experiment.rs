//! Which arm of an experiment a visitor is on: the same on every host, today and next month, without a table.
//!
//! An id is hashed under a key made of the experiment's name and salt to one of [`BUCKETS`] buckets, and the arms own
//! ranges of them. The hash is SipHash-2-4 (Aumasson and Bernstein 2012): under another key it is another function, so
//! being on one arm of an experiment says nothing about the arm of the next. A small fast mixer would be cheaper, but a
//! request hashes once, and no such promise comes with it.
//!
//! [`Holdout`] is persistent and the same for all experiments: who is in it is in none of them, so that what all of them
//! together have brought can be measured against it.
//!
//! Deliberately not here: consent, but for asking for it: [`Experiment::place`] takes a [`Permit`], so that a visitor who
//! may not be measured is on *no* arm; and what an arm does, which is the host's.
//!
//! ```
//! use kenal_core::experiment::{Experiment, Holdout, Key, Place, place_of};
//!
//! // 10 % of the visitors, half of them on each arm.
//! let experiment = Experiment::new(Key::new("carousel order", "2026-11"), &[5_000, 5_000], 1_000).unwrap();
//! let holdout = Holdout { key: Key::new("holdout", "since 2026"), buckets: 500 };
//! let place = place_of(&experiment, &holdout, "visitor 17");
//! assert_eq!(place, Place::Outside);
//! ```

use crate::consent::Permit;

/// Buckets that ids fall into; a share of visitors is known to a hundredth of a per cent.
pub const BUCKETS: u16 = 10_000;

/// Arms of one experiment.
pub const ARMS_MAX: usize = 16;

/// The key under which an experiment's ids are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u64, u64);

impl Key {
    /// The key of an experiment. A salt of its own draws new arms for an experiment that runs again.
    pub fn new(name: &str, salt: &str) -> Key {
        // Hashed one under the other: no separator is needed that a name might contain.
        let half = |n: u64| sip(n, sip(n, 0, salt.as_bytes()), name.as_bytes());
        Key(half(1), half(2))
    }

    /// The bucket of an id, from 0 to below [`BUCKETS`].
    pub fn bucket(&self, id: &str) -> u16 {
        // Multiplication maps 64 bits onto the buckets; none is favoured by more than one part in 10¹⁵.
        ((u128::from(sip(self.0, self.1, id.as_bytes())) * u128::from(BUCKETS)) >> 64) as u16
    }
}

/// Where a visitor is in an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the global holdout: in no experiment, and without what they test.
    Holdout,
    /// Not among the visitors that the experiment covers.
    Outside,
    /// On this arm, by position.
    Arm(u8),
}

/// Visitors who are in no experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdout {
    /// Never changed, or the holdout is lost.
    pub key: Key,
    /// Its size; zero holds nobody out. At most half of [`BUCKETS`], so that its twin fits.
    pub buckets: u16,
}

impl Holdout {
    /// Whether an id is held out.
    pub fn holds(&self, id: &str) -> bool {
        self.key.bucket(id) < self.buckets
    }

    /// Whether an id is in the twin: a sample as large as the holdout, of visitors who get everything, to compare it
    /// with. Nobody is in both.
    pub fn is_twin(&self, id: &str) -> bool {
        let bucket = self.key.bucket(id);
        bucket >= self.buckets && bucket < self.buckets.saturating_mul(2)
    }
}

/// Weights that are no experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExperimentError {
    /// None, or more than [`ARMS_MAX`].
    Arms(usize),
    /// They do not add up to [`BUCKETS`].
    Weights(u32),
    /// More than all visitors.
    Coverage(u16),
}

/// A key, the arms' shares, and how many visitors take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Experiment {
    key: Key,
    arms: usize,
    /// The first bucket of each arm; from `arms` on, [`BUCKETS`].
    starts: [u16; ARMS_MAX],
    coverage: u16,
}

impl Experiment {
    /// An experiment whose arms have `weights`, which add up to [`BUCKETS`], on `coverage` of [`BUCKETS`] visitors.
    ///
    /// Coverage may grow while it runs and moves nobody to another arm: each arm takes the first part of its range.
    ///
    /// # Errors
    /// See [`ExperimentError`].
    pub fn new(key: Key, weights: &[u16], coverage: u16) -> Result<Experiment, ExperimentError> {
        if weights.is_empty() || weights.len() > ARMS_MAX {
            return Err(ExperimentError::Arms(weights.len()));
        }
        if coverage > BUCKETS {
            return Err(ExperimentError::Coverage(coverage));
        }
        let mut starts = [BUCKETS; ARMS_MAX];
        let mut sum: u32 = 0;
        for (start, &weight) in starts.iter_mut().zip(weights) {
            *start = sum.min(u32::from(BUCKETS)) as u16;
            sum += u32::from(weight);
        }
        if sum != u32::from(BUCKETS) {
            return Err(ExperimentError::Weights(sum));
        }
        Ok(Experiment { key, arms: weights.len(), starts, coverage })
    }

    /// Where the visitor is. O(length of the id + arms), no allocation.
    pub fn place(&self, _: Permit, holdout: &Holdout, id: &str) -> Place {
        place_of(self, holdout, id)
    }
}

/// As [`Experiment::place`], for whoever has asked for consent elsewhere: the builder, which holds `Consented` rows, and
/// simulations.
pub fn place_of(experiment: &Experiment, holdout: &Holdout, id: &str) -> Place {
    if holdout.holds(id) {
        return Place::Holdout;
    }
    let bucket = experiment.key.bucket(id);
    let starts = experiment.starts.iter().take(experiment.arms);
    let ends = experiment.starts.iter().copied().skip(1).chain([BUCKETS]);
    for (arm, (&start, end)) in starts.zip(ends).enumerate() {
        let covered = u32::from(end - start) * u32::from(experiment.coverage) / u32::from(BUCKETS);
        if bucket >= start && bucket < end {
            let inside = u32::from(bucket - start) < covered;
            return if inside { Place::Arm(arm as u8) } else { Place::Outside };
        }
    }
    Place::Outside
}

/// SipHash-2-4 of `bytes` under the key (`k0`, `k1`).
fn sip(k0: u64, k1: u64, bytes: &[u8]) -> u64 {
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let last = u64::from_le_bytes(last) | ((bytes.len() as u64) << 56);
    for word in words.iter().map(|w| u64::from_le_bytes(*w)).chain([last]) {
        v[3] ^= word;
        v = round(round(v));
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    let [a, b, c, d] = round(round(round(round(v))));
    a ^ b ^ c ^ d
}

const fn round([mut a, mut b, mut c, mut d]: [u64; 4]) -> [u64; 4] {
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::vec::Vec;

    const NOBODY: Holdout = Holdout { key: Key(0, 0), buckets: 0 };

    /// The first, ninth and sixteenth of the vectors that come with the paper: key 00…0f, input 00, 01, 02…
    #[test]
    fn the_hash_is_siphash_2_4() {
        let (k0, k1) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let input: Vec<u8> = (0..15).collect();
        for (length, expected) in
            [(0, 0x726f_db47_dd0e_0e31), (8, 0x93f5_f579_9a93_2462), (15, 0xa129_ca61_49be_45e5_u64)]
        {
            assert_eq!(sip(k0, k1, &input[..length]), expected, "{length}");
        }
    }

    /// Buckets that were given out once: changing the hash moves every visitor of every running experiment.
    #[test]
    fn buckets_stay() {
        let key = Key::new("carousel order", "2026-11");
        let buckets: Vec<u16> =
            ["", "visitor 17", "p:0000000000000001", "ผู้เยี่ยมชม"].iter().map(|id| key.bucket(id)).collect();
        assert_eq!(buckets, [2055, 6119, 5236, 4375]);
    }

    fn counts(experiment: &Experiment, holdout: &Holdout, n: u32) -> (u32, u32, Vec<u32>) {
        let (mut held, mut outside, mut arms) = (0, 0, Vec::new());
        arms.resize(ARMS_MAX, 0);
        for id in 0..n {
            match place_of(experiment, holdout, &format!("{id}")) {
                Place::Holdout => held += 1,
                Place::Outside => outside += 1,
                Place::Arm(arm) => arms[usize::from(arm)] += 1,
            }
        }
        (held, outside, arms)
    }

    #[test]
    fn shares_are_as_asked() {
        let holdout = Holdout { key: Key::new("holdout", "since 2026"), buckets: 500 };
        let experiment = Experiment::new(Key::new("a", "b"), &[2_000, 5_000, 3_000], 4_000).expect("an experiment");
        let (held, outside, arms) = counts(&experiment, &holdout, 100_000);
        // Five standard errors of a binomial share.
        let near = |found: u32, share: f64| {
            let error = (f64::from(found) - 1e5 * share).abs();
            assert!(error < 5.0 * libm::sqrt(1e5 * share * (1.0 - share)), "{found} is not {share}");
        };
        near(held, 0.05);
        near(outside, 0.95 * 0.6);
        for (arm, share) in [(0, 0.2), (1, 0.5), (2, 0.3)] {
            near(arms[arm], 0.95 * 0.4 * share);
        }
        assert_eq!(held + outside + arms.iter().sum::<u32>(), 100_000);
        let twin = (0..100_000).filter(|id| holdout.is_twin(&format!("{id}"))).count() as u32;
        near(twin, 0.05);
    }

    #[test]
    fn more_coverage_moves_nobody() {
        let key = Key::new("a", "b");
        let at = |coverage| Experiment::new(key, &[1_000, 9_000], coverage).expect("an experiment");
        let (some, all) = (at(500), at(BUCKETS));
        for id in 0..20_000 {
            let id = format!("{id}");
            let (before, after) = (place_of(&some, &NOBODY, &id), place_of(&all, &NOBODY, &id));
            assert!(before == Place::Outside || before == after, "{id}: {before:?} {after:?}");
            assert!(matches!(after, Place::Arm(_)));
        }
    }

    /// The arm of one experiment says nothing about that of another, whether its name or its salt differs.
    #[test]
    fn experiments_are_independent() {
        let of = |name, salt| Experiment::new(Key::new(name, salt), &[5_000, 5_000], BUCKETS).expect("an experiment");
        let base = of("order", "1");
        for other in [of("order", "2"), of("rows", "1"), of("order1", ""), of("", "order1")] {
            let n = 40_000;
            let both = (0..n)
                .filter(|id| {
                    let id = format!("{id}");
                    place_of(&base, &NOBODY, &id) == place_of(&other, &NOBODY, &id)
                })
                .count();
            let z = (both as f64 - f64::from(n) / 2.0) / libm::sqrt(f64::from(n) / 4.0);
            assert!(libm::fabs(z) < 5.0, "{both} of {n} on the same arm");
        }
    }

    #[test]
    fn weights_that_are_no_experiment() {
        let of = |weights: &[u16], coverage| Experiment::new(Key(1, 2), weights, coverage).err();
        assert_eq!(of(&[], 1), Some(ExperimentError::Arms(0)));
        assert_eq!(of(&[1; 17], 1), Some(ExperimentError::Arms(17)));
        assert_eq!(of(&[5_000, 4_999], 1), Some(ExperimentError::Weights(9_999)));
        assert_eq!(of(&[u16::MAX, u16::MAX], 1), Some(ExperimentError::Weights(131_070)));
        assert_eq!(of(&[BUCKETS], 10_001), Some(ExperimentError::Coverage(10_001)));
        assert_eq!(of(&[0, BUCKETS, 0], BUCKETS), None);
    }
}
