//! Drift of one feature: how far the values served now have moved from those learnt from.
//!
//! The population stability index (Siddiqi, "Credit Risk Scorecards", 2006, chapter 10), with the missing values as a bin
//! of their own:
//!
//! ```text
//! PSI = Σ_bins (s − l) · ln(s / l)        l, s: share of the bin among the values learnt from and served
//! ```
//!
//! The bins are the deciles of the values learnt from; a value that fills several deciles has one bin. Each share is
//! smoothed by half an observation a bin, so that an empty bin makes PSI large and not infinite.

/// Bins that the values learnt from are cut into.
const BINS: usize = 10;
/// Below this the feature is steady; the customary bound.
const STEADY_BELOW: f64 = 0.1;
/// From here on it has shifted; the customary bound.
const SHIFTED_FROM: f64 = 0.25;

/// What became of a feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// At least 0.
    pub psi: f64,
    /// Share of values that are not there; 0 to 1, 0 without any value at all.
    pub learnt_missing: f64,
    pub served_missing: f64,
    /// Lower median of the values that are there.
    pub learnt_median: Option<f64>,
    pub served_median: Option<f64>,
}

/// How bad that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// PSI below 0.1.
    Steady,
    /// Worth a look.
    Moved,
    /// PSI of 0.25 and more: what was learnt may not hold.
    Shifted,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Steady => "steady",
            Verdict::Moved => "moved",
            Verdict::Shifted => "shifted",
        }
    }
}

impl Drift {
    pub fn verdict(&self) -> Verdict {
        if self.psi < STEADY_BELOW {
            Verdict::Steady
        } else if self.psi < SHIFTED_FROM {
            Verdict::Moved
        } else {
            Verdict::Shifted
        }
    }
}

/// Compares the values of one feature; NaN is a value that is not there. The order of the values does not matter.
/// O(n log n).
pub fn drift(learnt: &[f32], served: &[f32]) -> Drift {
    let (learnt_there, served_there) = (there(learnt), there(served));
    let edges = edges(&learnt_there);
    let (l, s) = (shares(learnt, &edges), shares(served, &edges));
    let psi = l.iter().zip(&s).map(|(l, s)| (s - l) * (s / l).ln()).sum();
    let missing = |all: &[f32], there: &[f32]| 1.0 - there.len() as f64 / all.len().max(1) as f64;
    Drift {
        psi,
        learnt_missing: if learnt.is_empty() { 0.0 } else { missing(learnt, &learnt_there) },
        served_missing: if served.is_empty() { 0.0 } else { missing(served, &served_there) },
        learnt_median: median(&learnt_there),
        served_median: median(&served_there),
    }
}

/// The values that are there, ascending.
fn there(values: &[f32]) -> Vec<f32> {
    let mut there: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    there.sort_unstable_by(f32::total_cmp);
    there
}

fn median(ascending: &[f32]) -> Option<f64> {
    ascending.get(ascending.len().saturating_sub(1) / 2).map(|v| f64::from(*v))
}

/// Greatest value of each bin but the last, strictly ascending.
fn edges(ascending: &[f32]) -> Vec<f32> {
    let n = ascending.len();
    let mut edges: Vec<f32> =
        (1..BINS).filter_map(|b| ascending.get((b * n / BINS).checked_sub(1)?).copied()).collect();
    // Zero has two signs and one bin.
    edges.dedup_by(|a, b| a == b);
    edges
}

/// Share of each bin, the last that of missing values.
fn shares(values: &[f32], edges: &[f32]) -> Vec<f64> {
    let mut counts = vec![0.5f64; edges.len() + 2];
    for value in values {
        let bin = if value.is_nan() { edges.len() + 1 } else { edges.partition_point(|edge| edge < value) };
        counts[bin] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    counts.into_iter().map(|n| n / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(n: usize, shift: f32) -> Vec<f32> {
        // Evenly spread quantiles of a logistic distribution: no random numbers, no ties.
        (1..=n).map(|i| i as f32 / (n + 1) as f32).map(|p| (p / (1.0 - p)).ln() + shift).collect()
    }

    #[test]
    fn the_same_values_are_steady_and_moved_ones_are_told() {
        let learnt = normal(2000, 0.0);
        let mut backwards = learnt.clone();
        backwards.reverse();
        assert!(drift(&learnt, &backwards).psi < 1e-12);
        assert_eq!(drift(&learnt, &normal(500, 0.05)).verdict(), Verdict::Steady);
        assert_eq!(drift(&learnt, &normal(500, 0.7)).verdict(), Verdict::Moved);
        let far = drift(&learnt, &normal(500, 3.0));
        assert_eq!(far.verdict(), Verdict::Shifted);
        assert!((far.served_median.unwrap_or(0.0) - 3.0).abs() < 0.1 && far.learnt_median.unwrap_or(1.0).abs() < 0.1);
    }

    #[test]
    fn values_that_went_missing_are_a_shift_too() {
        let learnt = normal(1000, 0.0);
        let mut served = learnt.clone();
        served[..500].fill(f32::NAN);
        let d = drift(&learnt, &served);
        assert_eq!((d.learnt_missing, d.served_missing), (0.0, 0.5));
        assert_eq!(d.verdict(), Verdict::Shifted);
    }

    #[test]
    fn constants_ties_and_nothing_at_all() {
        let zeros = vec![0.0; 100];
        assert!(drift(&zeros, &[-0.0; 50]).psi < 0.02);
        assert_eq!(drift(&zeros, &[1.0; 50]).verdict(), Verdict::Shifted);
        let none = drift(&[], &[]);
        assert_eq!((none.learnt_median, none.learnt_missing), (None, 0.0));
        assert!(none.psi.abs() < 1e-12);
        assert!(drift(&[f32::NAN; 10], &[f32::NAN; 20]).psi < 0.05);
        // By hand: half zeros and half ones, nothing greater and nothing missing, against 3 : 1, with half an observation
        // in each of the four bins.
        let learnt: Vec<f32> = (0..10).map(|n| (n % 2) as f32).collect();
        let served = [0.0, 0.0, 0.0, 1.0];
        let share = |n: f64, of: f64| (n + 0.5) / (of + 2.0);
        let term = |l: f64, s: f64| (s - l) * (s / l).ln();
        let expected = term(share(5.0, 10.0), share(3.0, 4.0))
            + term(share(5.0, 10.0), share(1.0, 4.0))
            + 2.0 * term(share(0.0, 10.0), share(0.0, 4.0));
        assert!((drift(&learnt, &served).psi - expected).abs() < 1e-12);
    }
}
