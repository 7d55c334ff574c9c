//! Platt scaling: two numbers that turn a score into a probability that keeps its word.
//!
//! `P = 1 / (1 + e^−(a·z + b))`, a and b by maximum likelihood on rows that did not train the score, with Platt's
//! smoothed targets (Platt 1999; Lin, Lin, Weng 2007, whose Newton iteration this is).
//!
//! The slope a says how much of a score's strength carries forward in time; the level b says how many leave. They are
//! learnt from different rows when a model is refitted: see [`Platt::level`] and `forward`.

use serde::{Deserialize, Serialize};

use crate::churn::logistic::sigmoid;

/// The two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    pub a: f64,
    pub b: f64,
}

/// Why rows cannot calibrate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationError {
    /// Everybody or nobody left at the calibration cut.
    #[error("all {rows} calibration labels are {label}: choose another calibration cut")]
    OneClass { rows: usize, label: bool },
    /// The scores tell nothing apart, or rank people the wrong way round.
    #[error("at the calibration cut higher scores do not mean more leaving: the model does not hold at a later time")]
    NotIncreasing,
}

/// Newton steps; the problem has two unknowns and is convex, so a handful do.
const ITERATIONS_MAX: usize = 100;

/// Halvings of the interval of b: to the last bits of an f64.
const LEVEL_HALVINGS: usize = 60;

impl Platt {
    /// The score's own probability.
    pub const IDENTITY: Platt = Platt { a: 1.0, b: 0.0 };

    pub fn probability(self, z: f64) -> f64 {
        sigmoid(self.a * z + self.b)
    }

    /// Fits to scores and labels of the same length.
    ///
    /// # Errors
    /// One class only, or a slope that is not above zero.
    pub fn fit(scores: &[f64], labels: &[bool]) -> Result<Platt, CalibrationError> {
        let rows = labels.len();
        let left = labels.iter().filter(|l| **l).count();
        if left == 0 || left == rows {
            return Err(CalibrationError::OneClass { rows, label: left > 0 });
        }
        // As if one more row of each class had been seen: keeps probabilities off 0 and 1.
        let high = (left as f64 + 1.0) / (left as f64 + 2.0);
        let low = 1.0 / ((rows - left) as f64 + 2.0);
        let target = |l: bool| if l { high } else { low };
        let loss = |p: Platt| -> f64 {
            let term = |z: f64, t: f64| {
                let x = p.a * z + p.b;
                x.max(0.0) - x * t + (-x.abs()).exp().ln_1p()
            };
            scores.iter().zip(labels).map(|(&z, &l)| term(z, target(l))).sum()
        };
        let mut p = Platt { a: 0.0, b: (left as f64 / (rows - left) as f64).ln() };
        for _ in 0..ITERATIONS_MAX {
            let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 1e-12, 0.0, 1e-12);
            for (&z, &l) in scores.iter().zip(labels) {
                let q = p.probability(z);
                let (r, h) = (q - target(l), q * (1.0 - q));
                ga += r * z;
                gb += r;
                haa += h * z * z;
                hab += h * z;
                hbb += h;
            }
            let det = haa * hbb - hab * hab;
            let solvable = det > 0.0;
            if !solvable || ga.abs().max(gb.abs()) < 1e-9 * rows as f64 {
                break;
            }
            let (da, db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
            let before = loss(p);
            let mut size = 1.0;
            let mut next = Platt { a: p.a - da, b: p.b - db };
            let lowers = |p: Platt| loss(p) < before;
            while !lowers(next) && size > 1e-10 {
                size /= 2.0;
                next = Platt { a: p.a - size * da, b: p.b - size * db };
            }
            if !lowers(next) {
                break;
            }
            p = next;
        }
        if p.a > 0.0 { Ok(p) } else { Err(CalibrationError::NotIncreasing) }
    }

    /// The same slope with the offset at which the mean probability of `scores` equals the share of true `labels`.
    /// With labels of one class, as if half a row of each had been seen besides, so that the offset is finite.
    pub fn level(self, scores: &[f64], labels: &[bool]) -> Platt {
        let left = labels.iter().filter(|l| **l).count() as f64;
        let rows = labels.len() as f64;
        let wanted = left.clamp(0.5, (rows - 0.5).max(0.5)).min(rows);
        // The expected number of leavers grows with b, so bisection finds it; every finite score lies well inside.
        let reach = 40.0 + scores.iter().fold(0.0f64, |m, z| m.max((self.a * z).abs()));
        let (mut low, mut high) = (-reach, reach);
        for _ in 0..LEVEL_HALVINGS {
            let b = (low + high) / 2.0;
            let expected: f64 = scores.iter().map(|&z| sigmoid(self.a * z + b)).sum();
            if expected < wanted { low = b } else { high = b }
        }
        Platt { a: self.a, b: (low + high) / 2.0 }
    }
}
