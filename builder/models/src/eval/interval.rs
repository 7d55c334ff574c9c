//! Bootstrap confidence intervals over people: the people evaluated are a sample of those who will come.
//!
//! Percentile bootstrap (Efron 1979) with a fixed number of resamples and a seed; of a mean, and of the mean difference
//! of two models on the *same* people, which is far narrower than two intervals side by side.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};

/// Resamples an interval rests on: the ends of a 95 % interval then vary by less than a tenth of its width.
pub const RESAMPLES: usize = 1_000;

/// An estimate and the ends of its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
    /// 0.95 for a 95 % interval.
    pub level: f64,
}

/// Arithmetic mean, summed in order; NaN of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean of `values` (one a person) with its bootstrap interval. All NaN when there are no values.
///
/// # Panics
/// When `level` is not between 0 and 1.
pub fn mean_interval(values: &[f64], level: f64, seed: u64) -> Interval {
    assert!(level > 0.0 && level < 1.0, "a confidence level is between 0 and 1");
    let n = values.len();
    if n == 0 {
        return Interval { mean: f64::NAN, low: f64::NAN, high: f64::NAN, level };
    }
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| (0..n).map(|_| values[random.random_range(0..n as u64) as usize]).sum::<f64>() / n as f64)
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    let at = |q: f64| means[((RESAMPLES - 1) as f64 * q).round() as usize];
    Interval { mean: mean(values), low: at((1.0 - level) / 2.0), high: at((1.0 + level) / 2.0), level }
}

/// The mean of `a − b`, case by case, with its bootstrap interval.
///
/// # Panics
/// When the two do not have the same number of cases.
pub fn paired_interval(a: &[f64], b: &[f64], level: f64, seed: u64) -> Interval {
    assert_eq!(a.len(), b.len(), "two models are compared on the same cases");
    let differences: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    mean_interval(&differences, level, seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_cover_the_truth_as_often_as_they_say() {
        let mut random = Pcg64Mcg::seed_from_u64(3);
        let runs = 400;
        let covered = (0..runs)
            .filter(|&run| {
                let values: Vec<f64> = (0..120).map(|_| random.random::<f64>()).collect();
                let i = mean_interval(&values, 0.9, run);
                i.low <= 0.5 && 0.5 <= i.high
            })
            .count() as f64
            / runs as f64;
        // Standard error of the coverage itself: .015.
        assert!((0.85..=0.94).contains(&covered), "a 90 % interval covered the mean in {covered}");
    }

    #[test]
    fn pairing_sees_a_difference_that_two_intervals_hide() {
        let a: Vec<f64> = (0..200).map(|i| f64::from(i % 10) / 10.0 + 0.01 * f64::from(i % 3)).collect();
        let b: Vec<f64> = (0..200).map(|i| f64::from(i % 10) / 10.0).collect();
        let d = paired_interval(&a, &b, 0.95, 1);
        assert!(d.low > 0.0 && d.high < 0.02, "{d:?}");
        let (x, y) = (mean_interval(&a, 0.95, 1), mean_interval(&b, 0.95, 1));
        assert!(x.low < y.high, "the two intervals overlap");
        assert_eq!(d, paired_interval(&a, &b, 0.95, 1));
        assert!(mean_interval(&[], 0.95, 1).mean.is_nan());
    }
}
