//! How many true pairs no blocking rule has made, estimated without truth: capture–recapture over the rules.
//!
//! Rules are traps, pairs of one person are what is caught. From how many were caught by one kind of rule only and how
//! many by two, Chao's estimator (Chao, "Estimating the Population Size for Capture–Recapture Data with Unequal
//! Catchability", Biometrics 43, 1987, bias-corrected) gives a lower bound of those that none caught. Rules that look at
//! the same fields are one kind, since they catch the same pairs.

use serde::{Deserialize, Serialize};

use crate::config::BlockingRule;
use crate::keys::conditioned;

/// Kinds of rules told apart; further ones share the last.
const KINDS_MAX: u32 = 16;

/// What the rules caught, by the fitted model's estimate: true pairs in millionths, which are integers so that sums do not
/// depend on the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Captures {
    /// Kinds of rules that made any pair.
    pub kinds: u16,
    once: u64,
    twice: u64,
    more: u64,
}

impl Captures {
    /// Notes a pair of one person with a probability, made by the kinds of rules in the mask.
    pub(crate) fn add(&mut self, kinds: u16, probability: f64) {
        let millionths = (probability * 1e6) as u64;
        self.kinds |= kinds;
        match kinds.count_ones() {
            0 => {}
            1 => self.once += millionths,
            2 => self.twice += millionths,
            _ => self.more += millionths,
        }
    }

    /// True pairs that one kind of rule made, two, and more.
    pub fn counts(&self) -> [f64; 3] {
        [self.once, self.twice, self.more].map(|millionths| millionths as f64 / 1e6)
    }

    /// Least number of true pairs that no rule made: `(k-1)/k · f₁(f₁-1) / (2(f₂+1))` for `k` kinds of rules.
    pub fn missed(&self) -> f64 {
        let ([once, twice, _], kinds) = (self.counts(), f64::from(self.kinds.count_ones().max(1)));
        (kinds - 1.0) / kinds * (once * (once - 1.0)).max(0.0) / (2.0 * (twice + 1.0))
    }

    /// Share of the true pairs that some rule made; an upper bound. `None` where there is nothing to tell it by: no pair,
    /// or only one kind of rule.
    pub fn recall(&self) -> Option<f64> {
        let caught: f64 = self.counts().iter().sum();
        (caught > 0.0 && self.kinds.count_ones() > 1).then(|| caught / (caught + self.missed()))
    }
}

/// By rule, the bit of its kind.
pub(crate) fn kinds(rules: &[BlockingRule]) -> Vec<u16> {
    let mut seen = Vec::new();
    let mut kind = |rule: &BlockingRule| {
        let fields = conditioned(rule);
        let at = seen.iter().position(|known| *known == fields).unwrap_or_else(|| {
            seen.push(fields);
            seen.len() - 1
        });
        1 << (at as u32).min(KINDS_MAX - 1)
    };
    rules.iter().map(&mut kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BlockingConfig, Part};
    use crate::vocabulary::mix;

    /// Four independent traps of known strength: what none caught is what the estimate says.
    #[test]
    fn the_estimate_finds_what_no_trap_caught() {
        let (population, strengths) = (200_000_u64, [0.35, 0.35, 0.35, 0.35]);
        let (mut captures, mut missed) = (Captures::default(), 0.0);
        for animal in 0..population {
            let caught = strengths.iter().enumerate().filter(|(trap, strength)| {
                (mix(animal << 3 | *trap as u64) >> 11) as f64 / (1_u64 << 53) as f64 <= **strength
            });
            let kinds = caught.fold(0_u16, |mask, (trap, _)| mask | 1 << trap);
            captures.add(kinds, 1.0);
            missed += f64::from(u8::from(kinds == 0));
        }
        let estimate = captures.missed();
        assert!((estimate / missed - 1.0).abs() < 0.05, "{estimate} of {missed}");
        let recall = captures.recall().expect("four kinds");
        assert!((recall - (1.0 - missed / population as f64)).abs() < 0.01);
    }

    #[test]
    fn rules_of_the_same_fields_are_one_kind() {
        let rule = |parts: &[Part]| BlockingRule { name: String::new(), parts: parts.to_vec() };
        let rules =
            [rule(&[Part::NameWord, Part::BirthDate]), rule(&[Part::NameSound, Part::BirthDate]), rule(&[Part::Email])];
        assert_eq!(kinds(&rules), [1, 1, 2]);
        assert!(kinds(&BlockingConfig::default().rules).iter().all(|k| k.count_ones() == 1));
        assert_eq!(Captures::default().recall(), None);
    }
}
