//! Chance by name: every draw comes from a generator seeded by (seed, what for, index), so person 7 of a world of ten
//! and of a million is the same, and the order in which people are made does not matter.

use rand::Rng;
use rand_pcg::Pcg64Mcg;

/// What a generator is for. One number each, never reused: two uses of one stream would correlate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum For {
    Household = 1,
    HouseholdSizes,
    Identity,
    Email,
    History,
    Records,
    Consent,
    Sessions,
    Tickets,
    Catalogue,
    Written,
    Guest,
    Broken,
    Permutation,
    RowOrder,
    Message,
    Device,
    Warehouse,
    Orders,
}

/// SplitMix64's finaliser (Steele et al., 2014, figure 16).
const fn finalise(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number that tells nothing about `index` to who does not know the seed.
pub(crate) const fn mix(seed: u64, purpose: For, index: u64) -> u64 {
    let key = finalise(seed ^ (purpose as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    finalise(key.wrapping_add(finalise(index.wrapping_add(0x6a09_e667_f3bc_c909))))
}

/// The same over bytes (FNV-1a, finalised).
pub(crate) fn mix_bytes(seed: u64, purpose: For, bytes: &[u8]) -> u64 {
    let fnv = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    mix(seed, purpose, fnv)
}

/// A generator of chance.
#[derive(Debug, Clone)]
pub(crate) struct Dice(Pcg64Mcg);

impl Dice {
    pub(crate) fn new(seed: u64, purpose: For, index: u64) -> Dice {
        let low = mix(seed, purpose, index);
        let high = mix(seed ^ 0x5851_f42d_4c95_7f2d, purpose, index);
        Dice(Pcg64Mcg::new(u128::from(high) << 64 | u128::from(low)))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// In [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// In 0..n; n must be above zero. The bias of at most n / 2^64 does not matter here.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// In lo..=hi.
    pub(crate) fn between(&mut self, lo: i64, hi: i64) -> i64 {
        lo + self.below((hi - lo).max(0) as u64 + 1) as i64
    }

    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len() as u64) as usize]
    }

    /// A position with probability proportional to its weight.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (at, weight) in weights.iter().enumerate() {
            if left < *weight {
                return at;
            }
            left -= weight;
        }
        weights.len().saturating_sub(1)
    }

    /// Standard normal (Box and Muller, 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        libm::sqrt(-2.0 * libm::log(u)) * libm::cos(core::f64::consts::TAU * v)
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// 1, 2, 3, … with the given mean (at least 1).
    pub(crate) fn geometric(&mut self, mean: f64) -> u64 {
        let p = 1.0 / mean.max(1.0);
        if p >= 1.0 { 1 } else { 1 + (libm::log(1.0 - self.unit()) / libm::log(1.0 - p)) as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_stated_means() {
        let mut dice = Dice::new(7, For::Identity, 3);
        let mut mean =
            |f: &mut dyn FnMut(&mut Dice) -> f64| (0..200_000).map(|_| f(&mut dice)).sum::<f64>() / 200_000.0;
        for (name, found, expected) in [
            ("unit", mean(&mut |d| d.unit()), 0.5),
            ("normal", mean(&mut |d| d.normal()), 0.0),
            (
                "square of normal",
                mean(&mut |d| {
                    let x = d.normal();
                    x * x
                }),
                1.0,
            ),
            ("exponential", mean(&mut |d| d.exponential(1.0)), 1.0),
            ("geometric", mean(&mut |d| d.geometric(2.4) as f64) / 2.4, 1.0),
            ("below", mean(&mut |d| d.below(3) as f64), 1.0),
            ("between", mean(&mut |d| d.between(-1, 1) as f64), 0.0),
            ("weighted", mean(&mut |d| d.weighted(&[1.0, 0.0, 1.0]) as f64), 1.0),
        ] {
            assert!((found - expected).abs() < 0.01, "{name}: {found}");
        }
    }

    #[test]
    fn streams_do_not_depend_on_each_other() {
        assert_ne!(mix(1, For::Identity, 0), mix(1, For::Email, 0));
        assert_ne!(mix(1, For::Identity, 0), mix(2, For::Identity, 0));
        assert_eq!(Dice::new(5, For::Guest, 9).bits(), Dice::new(5, For::Guest, 9).bits());
    }
}
