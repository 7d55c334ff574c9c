//! The prior: how likely two records at random are of one person, from the weights of all candidates.

/// Counts of candidate weights in steps of a sixteenth of a bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Histogram(Vec<u64>);

impl Histogram {
    const BITS: i32 = 128;
    const STEPS: i32 = 16;

    pub(crate) fn new() -> Histogram {
        Histogram(vec![0; (2 * Self::BITS * Self::STEPS) as usize])
    }

    pub(crate) fn add(&mut self, centibits: i32) {
        let at = (centibits * Self::STEPS).div_euclid(100) + Self::BITS * Self::STEPS;
        self.0[at.clamp(0, 2 * Self::BITS * Self::STEPS - 1) as usize] += 1;
    }

    pub(crate) fn plus(mut self, other: &Histogram) -> Histogram {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += b);
        self
    }

    /// Weight in the middle of each step, and its count.
    fn steps(&self) -> impl Iterator<Item = (f64, u64)> {
        let middle = |at: usize| (at as f64 + 0.5) / f64::from(Self::STEPS) - f64::from(Self::BITS);
        self.0.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(at, &count)| (middle(at), count))
    }

    /// The prior that reproduces itself: `λ = Σ P(match | weight, λ) / pairs`, which is EM for `λ` over all pairs when
    /// those outside the candidates contribute nothing.
    pub(crate) fn match_probability(&self, records: u32) -> f64 {
        let pairs = (f64::from(records) * (f64::from(records) - 1.0) / 2.0).max(1.0);
        let mut lambda = (1.0 / f64::from(records.max(2))).min(0.5);
        for _ in 0..200 {
            let odds = lambda / (1.0 - lambda);
            let matches: f64 =
                self.steps().map(|(bits, count)| count as f64 / (1.0 + 1.0 / (odds * bits.exp2()))).sum();
            // At least half a match: a prior of zero would forbid every link for ever.
            let next = (matches.max(0.5) / pairs).clamp(1e-15, 0.5);
            let moved = (next / lambda).log2().abs();
            lambda = next;
            if moved < 1e-6 {
                break;
            }
        }
        lambda
    }

    /// The least weight, not below `least`, from which the expected share of right pairs is at least `precision`.
    pub(crate) fn threshold(&self, precision: f64, lambda: f64, least: f64) -> f64 {
        let odds = lambda / (1.0 - lambda);
        let mut steps: Vec<(f64, u64)> = self.steps().filter(|(bits, _)| *bits >= least).collect();
        steps.reverse();
        let (mut pairs, mut right) = (0.0, 0.0);
        // From the strongest down: the last weight at which the share still holds. Shares fall all the way, since each
        // step is less sure than the ones before it.
        let mut threshold = steps.first().map_or(least, |&(bits, _)| bits);
        for (bits, count) in steps {
            pairs += count as f64;
            right += count as f64 / (1.0 + 1.0 / (odds * bits.exp2()));
            if right < precision * pairs {
                break;
            }
            threshold = bits - 0.5 / f64::from(Self::STEPS);
        }
        threshold.max(least)
    }

    /// Expected share of right pairs among those of at least `bits`, and their number.
    pub(crate) fn precision_above(&self, bits: f64, lambda: f64) -> (f64, u64) {
        let odds = lambda / (1.0 - lambda);
        let above = || self.steps().filter(|(at, _)| *at >= bits);
        let pairs: u64 = above().map(|(_, count)| count).sum();
        let right: f64 = above().map(|(at, count)| count as f64 / (1.0 + 1.0 / (odds * at.exp2()))).sum();
        (if pairs == 0 { 1.0 } else { right / pairs as f64 }, pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prior_reproduces_itself() {
        let mut weights = Histogram::new();
        for _ in 0..1000 {
            weights.add(4000);
        }
        for _ in 0..100_000 {
            weights.add(-1000);
        }
        let lambda = weights.match_probability(1000);
        assert!((lambda * 499_500.0 - 1000.0).abs() < 1.0, "{lambda}");
        assert!(Histogram::new().match_probability(1000) > 0.0);
        assert!(Histogram::new().match_probability(0) > 0.0);
        assert_eq!(weights.precision_above(10.0, lambda).1, 1000);
    }
}
