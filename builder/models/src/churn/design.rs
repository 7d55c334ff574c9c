//! From raw features to the terms of the model: transform, fill gaps, scale.
//!
//! A missing value (NaN) becomes the mean of the training rows that have it, which after scaling is 0, so it says
//! nothing by itself. That somebody *has* no value often says something, so each feature that was missing in some, but
//! not all, training rows adds a 0/1 term `<name> is missing`. A feature missing everywhere, or constant, has no
//! information: it stays in its place with scale 1 and ends with weight 0. A value missing at scoring though never in
//! training is filled the same way.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::churn::ChurnError;

/// What is done to a value before scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    Identity,
    /// sign(x)·ln(1 + |x|): for counts, money and durations, whose tails would otherwise carry the fit.
    Log1p,
}

impl Transform {
    fn apply(self, x: f32) -> f64 {
        let x = f64::from(x);
        match self {
            Transform::Identity => x,
            Transform::Log1p => x.signum() * x.abs().ln_1p(),
        }
    }
}

/// One feature as the model takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub transform: Transform,
}

/// Learnt filling and scaling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Design {
    columns: Vec<Column>,
    /// Columns with a missing-value term, ascending.
    missing: Vec<usize>,
    /// Names of the terms: the columns, then the missing-value terms.
    names: Vec<String>,
    means: Vec<f64>,
    scales: Vec<f64>,
}

impl Design {
    pub(super) fn learn(columns: &[Column], rows: ArrayView2<'_, f32>) -> Result<Design, ChurnError> {
        let (mut means, mut scales, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let mut gap_terms = Vec::new();
        for (j, column) in columns.iter().enumerate() {
            let values = rows.column(j);
            if let Some((row, &value)) = values.iter().enumerate().find(|(_, v)| v.is_infinite()) {
                return Err(ChurnError::NotFinite { row, column: column.name.clone(), value });
            }
            let known = || values.iter().filter(|v| !v.is_nan()).map(|&v| column.transform.apply(v));
            let (mean, scale) = moments(known());
            means.push(mean);
            scales.push(scale);
            let (n, total) = (known().count(), values.len());
            if 0 < n && n < total {
                missing.push(j);
                let share = (total - n) as f64 / total as f64;
                gap_terms.push((share, (share * (1.0 - share)).sqrt()));
            }
        }
        means.extend(gap_terms.iter().map(|g| g.0));
        scales.extend(gap_terms.iter().map(|g| g.1));
        let names = columns.iter().map(|c| c.name.clone());
        let names = names.chain(missing.iter().map(|&j| format!("{} is missing", columns[j].name))).collect();
        Ok(Design { columns: columns.to_vec(), missing, names, means, scales })
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Number of terms.
    pub fn terms(&self) -> usize {
        self.names.len()
    }

    pub fn term_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Means of the terms, before scaling.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Standard deviations of the terms, each above zero.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// The terms of a row of raw features, gaps filled, not scaled: what the edge's formula takes as x.
    ///
    /// # Panics
    /// When `row` has not one value a column, or `out` not one place a term.
    pub fn term_row(&self, row: &[f32], out: &mut [f64]) {
        assert_eq!(row.len(), self.columns.len(), "a row has one value per column of the model");
        assert_eq!(out.len(), self.terms(), "one place per term");
        for (j, (&v, column)) in row.iter().zip(&self.columns).enumerate() {
            out[j] = if v.is_nan() { self.means[j] } else { column.transform.apply(v) };
        }
        for (place, &j) in out[self.columns.len()..].iter_mut().zip(&self.missing) {
            *place = if row[j].is_nan() { 1.0 } else { 0.0 };
        }
    }

    /// [`Design::term_row`], scaled.
    pub(super) fn scale_row(&self, row: &[f32], out: &mut [f64]) {
        self.term_row(row, out);
        for ((t, mean), scale) in out.iter_mut().zip(&self.means).zip(&self.scales) {
            *t = (*t - mean) / scale;
        }
    }
}

/// Mean and standard deviation (of the population), two passes; (0, 1) of nothing, scale 1 of a constant.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count();
    if n == 0 {
        return (0.0, 1.0);
    }
    let mean = values.clone().sum::<f64>() / n as f64;
    let variance = values.map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
    let scale = variance.sqrt();
    // Rounding makes the spread of a constant column tiny rather than zero; dividing by it would invent a signal.
    if scale > 1e-9 * (1.0 + mean.abs()) { (mean, scale) } else { (mean, 1.0) }
}
