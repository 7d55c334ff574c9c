//! Platt scaling: two or three numbers that turn a score into a probability that keeps its word.
//!
//! `P = 1 / (1 + e^−(a·z + bend·max(0, z) + b))`, by maximum likelihood on rows that did not train the score, with Platt's
//! smoothed targets (Platt 1999; Lin, Lin, Weng 2007). The bend is ours: who has just bought stays as surely as the score
//! says, while who seems lost comes back more often than it says, and one slope must be wrong about one of the two (the
//! reason for two slopes in Kull, Silva Filho and Flach 2017, over ln p and ln(1 − p)).
//!
//! The slope a says how much of a score's strength carries forward in time; the level b says how many leave. They are
//! learnt from different rows when a model is refitted: see [`Platt::level`] and `forward`.

use serde::{Deserialize, Serialize};

use crate::churn::logistic::sigmoid;
use crate::linear::{factor_f64, solve_f64};

/// The numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    pub a: f64,
    pub b: f64,
    /// What is added to the slope where z is above zero.
    #[serde(default)]
    pub bend: f64,
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

/// Newton steps; the problem has three unknowns at most and is convex, so a handful do.
const ITERATIONS_MAX: usize = 100;

/// Halvings of the interval of b: to the last bits of an f64.
const LEVEL_HALVINGS: usize = 60;

impl Platt {
    /// The score's own probability.
    pub const IDENTITY: Platt = Platt { a: 1.0, b: 0.0, bend: 0.0 };

    /// The log odds that a score is turned into.
    pub fn log_odds(self, z: f64) -> f64 {
        self.a * z + self.bend * z.max(0.0) + self.b
    }

    pub fn probability(self, z: f64) -> f64 {
        sigmoid(self.log_odds(z))
    }

    /// Fits slope and level to scores and labels of the same length, and the bend when `bent`.
    ///
    /// # Errors
    /// One class only, or a slope that is not above zero.
    pub fn fit(scores: &[f64], labels: &[bool], bent: bool) -> Result<Platt, CalibrationError> {
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
                let x = p.log_odds(z);
                x.max(0.0) - x * t + (-x.abs()).exp().ln_1p()
            };
            scores.iter().zip(labels).map(|(&z, &l)| term(z, target(l))).sum()
        };
        let d = if bent { 3 } else { 2 };
        let mut p = Platt { a: 0.0, b: (left as f64 / (rows - left) as f64).ln(), bend: 0.0 };
        for _ in 0..ITERATIONS_MAX {
            let (mut gradient, mut hessian) = (vec![0.0; d], vec![0.0; d * d]);
            for (&z, &l) in scores.iter().zip(labels) {
                let t = [1.0, z, z.max(0.0)];
                let q = p.probability(z);
                let (r, h) = (q - target(l), q * (1.0 - q));
                for i in 0..d {
                    gradient[i] += r * t[i];
                    for j in i..d {
                        hessian[i * d + j] += h * t[i] * t[j];
                    }
                }
            }
            if gradient.iter().all(|g| g.abs() < 1e-9 * rows as f64) {
                break;
            }
            for i in 0..d {
                // Scores on one side of zero only have no bend to fit; this keeps it at zero.
                hessian[i * d + i] += 1e-9 * rows as f64;
            }
            if factor_f64(&mut hessian, d).is_err() {
                break;
            }
            solve_f64(&hessian, d, &mut gradient);
            let moved = |size: f64| Platt {
                b: p.b - size * gradient[0],
                a: p.a - size * gradient[1],
                bend: p.bend - size * gradient.get(2).copied().unwrap_or(0.0),
            };
            let before = loss(p);
            let sizes = (0..30).map(|n| 0.5f64.powi(n));
            let Some(next) = sizes.map(moved).find(|&next| loss(next) < before) else { break };
            p = next;
        }
        if p.a > 0.0 && p.a + p.bend > 0.0 { Ok(p) } else { Err(CalibrationError::NotIncreasing) }
    }

    /// The same slope with the offset at which the mean probability of `scores` equals the share of true `labels`.
    /// With labels of one class, as if half a row of each had been seen besides, so that the offset is finite.
    pub fn level(self, scores: &[f64], labels: &[bool]) -> Platt {
        let left = labels.iter().filter(|l| **l).count() as f64;
        let rows = labels.len() as f64;
        let wanted = left.clamp(0.5, (rows - 0.5).max(0.5)).min(rows);
        // The expected number of leavers grows with b, so bisection finds it; every finite score lies well inside.
        let at = Platt { b: 0.0, ..self };
        let reach = 40.0 + scores.iter().fold(0.0f64, |m, &z| m.max(at.log_odds(z).abs()));
        let (mut low, mut high) = (-reach, reach);
        for _ in 0..LEVEL_HALVINGS {
            let b = (low + high) / 2.0;
            let expected: f64 = scores.iter().map(|&z| sigmoid(at.log_odds(z) + b)).sum();
            if expected < wanted { low = b } else { high = b }
        }
        Platt { b: (low + high) / 2.0, ..self }
    }
}
