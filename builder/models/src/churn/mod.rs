//! Who is about to leave: logistic regression on features of a moment, judged on a later moment.
//!
//! The pieces, in reading order: [`split`] (cuts in time, so that no label of the training overlaps the test),
//! [`design`] (missing values, transforms, bounds, scaling), [`logistic`] (the penalised likelihood and its optimum),
//! [`calibration`] (Platt scaling on a cut that did not train), [`metrics`] (AUC, top decile, calibration error).
//! [`forward`] does all of it.
//!
//! ```text
//! z = intercept + Σ_j w_j (t_j − mean_j) / scale_j            P(leaves) = 1 / (1 + e^−(a·z + bend·max(0, z) + b))
//! ```
//!
//! over the *terms* t of [`design`]: the transformed and bounded features with their gaps filled, their bends, then a 0/1
//! term for each feature that was sometimes missing. The edge's churn section holds exactly these
//! numbers but the bend, without which such a model is calibrated ([`ChurnConfig::bent`]).
//!
//! Deliberately not here: what churn means. Horizon, population and features are the caller's.

pub mod calibration;
pub mod design;
pub mod forward;
pub mod logistic;
pub mod metrics;
pub mod split;
mod sums;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

pub use calibration::{CalibrationError, Platt};
pub use design::{Column, Design, DesignConfig, Transform};
pub use forward::{CutsFit, ForwardFit, Part, Samples, Selected, fit_cuts, fit_forward, fit_part, select};
pub use logistic::ChurnStop;
pub use metrics::{Quality, Reach, reach};
pub use split::{ForwardSplit, SplitError, TrainCuts};

/// How to fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChurnConfig {
    /// Penalties to choose from: λ of `Σ log-loss + λ/2 ‖w‖²` over scaled terms, the intercept free; scikit-learn's 1/C.
    /// Each finite and above zero, at least one.
    pub penalties: Vec<f64>,
    pub design: DesignConfig,
    /// Calibrate with a bend, which the edge's churn section cannot hold.
    pub bent: bool,
    pub iterations_max: usize,
    /// Converged when a step promises less than this share of the objective.
    pub tolerance: f64,
}

impl Default for ChurnConfig {
    fn default() -> Self {
        ChurnConfig {
            penalties: vec![1.0, 3.0, 10.0, 30.0, 100.0, 300.0],
            design: DesignConfig::default(),
            bent: false,
            iterations_max: 200,
            tolerance: 1e-9,
        }
    }
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
    /// `l2`, `tolerance`, `iterations_max` or a bound out of range.
    #[error("{name} is out of range: it must be above 0 and finite (a bound: from 0 to below 0.5)")]
    Parameter { name: &'static str },
    /// The Hessian is singular to f64: raise `l2`.
    #[error("the Hessian is not positive definite; raise l2")]
    NotPositiveDefinite,
    /// The cuts are not usable.
    #[error(transparent)]
    Split(#[from] SplitError),
}

/// A fitted, calibrated churn model: an immutable value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChurnModel {
    design: Design,
    weights: Vec<f64>,
    intercept: f64,
    platt: Platt,
    stop: ChurnStop,
    /// The penalised objective at the optimum.
    objective: f64,
}

/// One feature's part in a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason<'m> {
    pub feature: &'m str,
    /// The feature's value, NaN when it is missing.
    pub value: f32,
    /// Σ w (t − mean) / scale over the feature's terms: above zero speaks for leaving.
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

    /// The `count` features with the largest part in the score of `row`, the largest first; ties in column order.
    ///
    /// # Panics
    /// As [`ChurnModel::linear`].
    pub fn reasons(&self, row: &[f32], count: usize) -> Vec<Reason<'_>> {
        let mut scaled = vec![0.0; self.design.terms()];
        self.design.scale_row(row, &mut scaled);
        let features = self.design.columns().iter().zip(row);
        let mut reasons: Vec<Reason<'_>> =
            features.map(|(c, &value)| Reason { feature: &c.name, value, contribution: 0.0 }).collect();
        for (column, (t, w)) in self.design.term_columns().zip(scaled.iter().zip(&self.weights)) {
            reasons[column].contribution += t * w;
        }
        reasons.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
        reasons.truncate(count);
        reasons
    }

    /// The penalised objective at the optimum.
    pub fn objective(&self) -> f64 {
        self.objective
    }

    /// The same model with another calibration.
    pub fn calibrated(self, platt: Platt) -> ChurnModel {
        ChurnModel { platt, ..self }
    }
}

#[cfg(test)]
mod tests;
