//! Whether an experiment may be believed, before anybody looks at what it says.

use serde::Serialize;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::estimate::Estimate;
use crate::moments::{BEFORE, Moments, Value};

/// Below this a check alarms: rare enough not to cry wolf at every experiment, and what goes wrong goes wrong by far.
pub const ALARM_P: f64 = 0.001;

/// Are the arms as large as they were meant to be?
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleRatio {
    /// Share of each arm that was meant.
    pub expected: Vec<f64>,
    pub chi_squared: f64,
    pub p: f64,
    pub alarm: bool,
}

/// Pearson's χ² of the sizes against `shares`, which are in any unit.
pub fn sample_ratio(sizes: &[u64], shares: &[f64]) -> SampleRatio {
    let (n, total) = (sizes.iter().sum::<u64>() as f64, shares.iter().sum::<f64>());
    let expected: Vec<f64> = shares.iter().map(|s| s / total).collect();
    let term = |(&size, share): (&u64, &f64)| (size as f64 - n * share).powi(2) / (n * share);
    let chi_squared: f64 = sizes.iter().zip(&expected).map(term).sum();
    let degrees = sizes.len().saturating_sub(1) as f64;
    // No people or one arm: nothing can be wrong.
    let p = ChiSquared::new(degrees).map_or(1.0, |d| d.sf(if chi_squared.is_finite() { chi_squared } else { 0.0 }));
    SampleRatio { expected, chi_squared, p, alarm: p < ALARM_P }
}

/// A difference between arms that was there before anybody was exposed: the arms were not drawn at random.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bias {
    pub arm: String,
    pub value: Value,
    pub control: f64,
    pub treatment: f64,
    /// Multiplied by the number of such tests (Bonferroni).
    pub p: f64,
}

/// The values before the exposure of each arm against the control's, those that alarm.
pub fn biases(arms: &[(&str, Moments)], control: usize) -> Vec<Bias> {
    let base = arms[control].1;
    let tests = (arms.len().saturating_sub(1) * BEFORE.len()) as f64;
    let mut found = Vec::new();
    for (name, arm) in arms.iter().enumerate().filter(|(at, _)| *at != control).map(|(_, a)| a) {
        for value in BEFORE {
            let error = (arm.covariance(value, value) / arm.n() + base.covariance(value, value) / base.n()).sqrt();
            let difference = Estimate {
                value: arm.mean(value) - base.mean(value),
                error,
                n: arm.n() + base.n(),
                freedom: f64::INFINITY,
            };
            let p = (difference.p() * tests).min(1.0);
            if p < ALARM_P {
                let (control, treatment) = (base.mean(value), arm.mean(value));
                found.push(Bias { arm: (*name).to_owned(), value, control, treatment, p });
            }
        }
    }
    found
}

/// Orders an arm must have for the normal approximation of its mean to be worth printing without a word.
pub const CONVERTED_MIN: f64 = 100.0;

/// Too few orders to rely on an interval.
pub fn too_few(arm: &Moments) -> bool {
    arm.n() * arm.mean(Value::Converted) < CONVERTED_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.chisquare(sizes, expected).pvalue`.
    #[test]
    fn chi_squared_as_another_program_has_it() {
        for (sizes, shares, p) in [
            (&[505_000, 495_000][..], &[1.0, 1.0][..], 1.523_970_604_832_009_5e-23),
            (&[50_250, 49_750], &[0.5, 0.5], 0.113_846_298_006_657_63),
            (&[10_300, 89_700], &[10.0, 90.0], 0.001_565_402_258_002_549),
            (&[340, 330, 350], &[1.0, 1.0, 1.0], 0.745_188_817_013_480_6),
        ] {
            let found = sample_ratio(sizes, shares);
            assert!((found.p / p - 1.0).abs() < 1e-8, "{sizes:?}: {} is not {p}", found.p);
            assert_eq!(found.alarm, p < 0.001);
        }
        assert!(!sample_ratio(&[0, 0], &[1.0, 1.0]).alarm);
        assert!(!sample_ratio(&[10], &[1.0]).alarm);
    }

    #[test]
    fn arms_that_differed_before_are_found() {
        let arm = |shift: f64| {
            let mut m = Moments::default();
            for i in 0..2_000 {
                let before = f64::from(i % 10) + shift;
                m.add(&[0.0, 0.0, 0.0, before, 1.0, 1.0]);
            }
            m
        };
        let found = biases(&[("a", arm(0.0)), ("b", arm(0.5)), ("c", arm(0.01))], 0);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].arm.as_str(), found[0].value), ("b", Value::RevenueBefore));
    }
}
