//! Who is about to leave: logistic regression on features of a moment, judged on a later moment.
//!
//! The pieces, in reading order: [`split`] (cuts in time, so that no label of the training overlaps the test),
//! [`design`] (missing values, transforms, scaling), `logistic` (Newton's method on the penalised likelihood),
//! [`calibration`] (Platt scaling on a cut that did not train), [`metrics`] (AUC, top decile, calibration error).
//! [`fit_forward`] does all of it.
//!
//! ```text
//! z = intercept + Σ_j w_j (t_j − mean_j) / scale_j            P(leaves) = 1 / (1 + e^−(a·z + b))
//! ```
//!
//! over the *terms* t of [`design`]: the transformed features with their gaps filled, then a 0/1 term for each feature
//! that was sometimes missing. The edge's churn section holds exactly these numbers.
//!
//! Deliberately not here: what churn means. Horizon, population and features are the caller's.

pub mod calibration;
pub mod design;
mod logistic;
pub mod metrics;
pub mod split;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

pub use calibration::{CalibrationError, Platt};
pub use design::{Column, Design, Transform};
pub use metrics::Quality;
pub use split::{ForwardSplit, SplitError};

use crate::threads::Threads;

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChurnConfig {
    /// λ of `Σ log-loss + λ/2 ‖w‖²` over scaled terms, the intercept free; scikit-learn's 1/C. Finite and above zero.
    pub l2: f64,
    pub iterations_max: usize,
    /// Converged when a Newton step promises less than this share of the objective.
    pub tolerance: f64,
}

impl Default for ChurnConfig {
    fn default() -> Self {
        ChurnConfig { l2: 1.0, iterations_max: 50, tolerance: 1e-9 }
    }
}

/// Why the fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum ChurnStop {
    /// The objective cannot fall by more than the tolerance.
    Converged { iterations: usize },
    /// The cap came first; `last_decrement` is what the next step promised, as a share of the objective.
    IterationCap { iterations: usize, last_decrement: f64 },
}

/// Why there is no churn model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChurnError {
    /// Rows, labels and columns do not fit together.
    #[error("{rows} rows × {columns} columns were given with {labels} labels and {names} column names")]
    Shape { rows: usize, columns: usize, labels: usize, names: usize },
    /// Everybody leaves, or nobody does; widen the population or the horizon.
    #[error("all {rows} training labels are {label}: there is nothing to tell apart")]
    OneClass { rows: usize, label: bool },
    /// A feature is infinite; NaN is how to say "missing".
    #[error("row {row}, column {column:?}: {value} is not a number (write NaN for a missing value)")]
    NotFinite { row: usize, column: String, value: f32 },
    /// `l2`, `tolerance` or `iterations_max` out of range.
    #[error("{name} must be above 0 and finite")]
    Parameter { name: &'static str },
    /// The Hessian is singular to f64: raise `l2`.
    #[error("the Hessian is not positive definite; raise l2")]
    NotPositiveDefinite,
    /// The cuts are not usable.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The calibration cut is not usable.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
}

/// A fitted, calibrated churn model: an immutable value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChurnModel {
    design: Design,
    weights: Vec<f64>,
    intercept: f64,
    platt: Platt,
    stop: ChurnStop,
}

/// One term's part in a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason<'m> {
    pub term: &'m str,
    /// w (t − mean) / scale: above zero speaks for leaving.
    pub contribution: f64,
}

impl ChurnModel {
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// One weight a term, for scaled terms.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    pub fn platt(&self) -> Platt {
        self.platt
    }

    pub fn stop(&self) -> ChurnStop {
        self.stop
    }

    /// z of one row of raw features, NaN where missing.
    ///
    /// # Panics
    /// When the row has another length than the model has columns.
    pub fn linear(&self, row: &[f32]) -> f64 {
        let mut scaled = vec![0.0; self.design.terms()];
        self.design.scale_row(row, &mut scaled);
        self.intercept + scaled.iter().zip(&self.weights).map(|(t, w)| t * w).sum::<f64>()
    }

    /// Calibrated probability of leaving, 0 to 1.
    ///
    /// # Panics
    /// As [`ChurnModel::linear`].
    pub fn probability(&self, row: &[f32]) -> f64 {
        self.platt.probability(self.linear(row))
    }

    /// [`ChurnModel::probability`] of each row.
    ///
    /// # Panics
    /// As [`ChurnModel::linear`].
    pub fn probabilities(&self, rows: ArrayView2<'_, f32>) -> Vec<f64> {
        rows.rows().into_iter().map(|r| self.probability(&r.to_vec())).collect()
    }

    /// The `count` terms with the largest part in the score of `row`, the largest first; ties in term order.
    ///
    /// # Panics
    /// As [`ChurnModel::linear`].
    pub fn reasons(&self, row: &[f32], count: usize) -> Vec<Reason<'_>> {
        let mut scaled = vec![0.0; self.design.terms()];
        self.design.scale_row(row, &mut scaled);
        let parts = self.design.term_names().zip(scaled.iter().zip(&self.weights));
        let mut reasons: Vec<Reason<'_>> = parts.map(|(term, (t, w))| Reason { term, contribution: t * w }).collect();
        reasons.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
        reasons.truncate(count);
        reasons
    }
}

/// Feature rows of several cuts.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    /// Columns in the order of the features, one row a (person, cut); NaN where missing.
    pub rows: ArrayView2<'a, f32>,
    /// Whether the person left within the horizon from the cut.
    pub labels: &'a [bool],
    /// The cut of each row, in any unit that [`ForwardSplit`] shares.
    pub cuts: &'a [i64],
}

/// What a forward fit gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ForwardFit {
    pub model: ChurnModel,
    /// On the test cut.
    pub test: Quality,
    pub train_rows: usize,
    pub calibration_rows: usize,
}

/// Fits on the training cuts, learns the slope of the calibration on the calibration cut, fits the weights again on both
/// and sets the level there, and measures on the test cut, which none of this saw.
///
/// The slope needs a later cut than the weights, because it corrects what does not carry forward. The level needs as
/// many seasons as there are: on Online Retail the level of the calibration cut alone, a summer, overstates the autumn
/// (calibration error .09 instead of .03).
///
/// # Errors
/// See [`ChurnError`].
pub fn fit_forward(
    columns: &[Column],
    samples: Samples<'_>,
    split: &ForwardSplit,
    config: &ChurnConfig,
    threads: Threads,
) -> Result<ForwardFit, ChurnError> {
    check_shape(columns, samples.rows, samples.labels)?;
    let places = split.assign(samples.cuts)?;
    let take = |chosen: &[usize]| {
        let rows = samples.rows.select(ndarray::Axis(0), chosen);
        (rows, chosen.iter().map(|&r| samples.labels[r]).collect::<Vec<bool>>())
    };
    let (train, train_labels) = take(&places.train);
    let (hold, hold_labels) = take(&places.calibration);
    let first = fit(columns, train.view(), &train_labels, config, threads)?;
    let scores: Vec<f64> = hold.rows().into_iter().map(|r| first.linear(&r.to_vec())).collect();
    let platt = Platt::fit(&scores, &hold_labels)?;

    let mut both: Vec<usize> = places.train.iter().chain(&places.calibration).copied().collect();
    both.sort_unstable();
    let (all, all_labels) = take(&both);
    let second = fit(columns, all.view(), &all_labels, config, threads)?;
    let scores: Vec<f64> = all.rows().into_iter().map(|r| second.linear(&r.to_vec())).collect();
    let model = ChurnModel { platt: platt.level(&scores, &all_labels)?, ..second };
    let (test, test_labels) = take(&places.test);
    let test = Quality::measure(&model.probabilities(test.view()), &test_labels);
    Ok(ForwardFit { model, test, train_rows: train_labels.len(), calibration_rows: hold_labels.len() })
}

/// Fits `rows` (n × columns, NaN where missing) to `labels`, uncalibrated. The result does not depend on `threads`.
///
/// # Errors
/// See [`ChurnError`].
///
/// # Cost
/// O(n · terms²) an iteration, a handful of iterations; memory terms² per 2,048 rows.
pub fn fit(
    columns: &[Column],
    rows: ArrayView2<'_, f32>,
    labels: &[bool],
    config: &ChurnConfig,
    threads: Threads,
) -> Result<ChurnModel, ChurnError> {
    check_shape(columns, rows, labels)?;
    for (name, value) in
        [("l2", config.l2), ("tolerance", config.tolerance), ("iterations_max", config.iterations_max as f64)]
    {
        if !(value > 0.0 && value.is_finite()) {
            return Err(ChurnError::Parameter { name });
        }
    }
    let left = labels.iter().filter(|l| **l).count();
    if left == 0 || left == labels.len() {
        return Err(ChurnError::OneClass { rows: labels.len(), label: left > 0 });
    }
    let design = Design::learn(columns, rows)?;
    let solution = threads.run(|| logistic::newton(&design, rows, labels, config))?;
    Ok(ChurnModel {
        design,
        weights: solution.weights,
        intercept: solution.intercept,
        platt: Platt::IDENTITY,
        stop: solution.stop,
    })
}

fn check_shape(columns: &[Column], rows: ArrayView2<'_, f32>, labels: &[bool]) -> Result<(), ChurnError> {
    if rows.nrows() != labels.len() || rows.ncols() != columns.len() {
        return Err(ChurnError::Shape {
            rows: rows.nrows(),
            columns: rows.ncols(),
            labels: labels.len(),
            names: columns.len(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
