//! From raw features to the terms of the model: transform, bound, bend, fill gaps, scale.
//!
//! A missing value (NaN) becomes the mean of the training rows that have it, which after scaling is 0, so it says
//! nothing by itself. That somebody *has* no value often says something, so each feature that was missing in some, but
//! not all, training rows adds a 0/1 term `<name> is missing`. A feature missing everywhere, or constant, has no
//! information: it stays in its place with scale 1 and ends with weight 0. A value missing at scoring though never in
//! training is filled the same way.
//!
//! Values are bounded by quantiles of the training rows: a linear model must not draw its line on beyond what it has
//! seen. On Online Retail the longest absences at the test cut are twice those of the training, and unbounded they are
//! predicted to leave at 82 % where 67 % do.
//! A column may bend at knots (linear splines): terms `max(0, t − knot)`.

use ndarray::ArrayView2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::churn::ChurnError;

/// Rows at most that quantiles are taken from, evenly spread: bounds need no more.
const QUANTILE_ROWS: usize = 65_536;
/// A column of fewer values than this neither bends nor is bounded within its range.
const DISTINCT_MIN: usize = 12;
/// Rows scaled at a time.
const BLOCK_ROWS: usize = 4096;

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

/// How values become terms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DesignConfig {
    /// Values are bounded by this quantile of the training rows and its opposite; 0 bounds nothing. Below 0.5.
    pub bound: f64,
    /// Knots of each column of many values, at its quantiles.
    pub knots: usize,
}

impl Default for DesignConfig {
    fn default() -> Self {
        DesignConfig { bound: 0.01, knots: 0 }
    }
}

/// A term that bends its column's line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Hinge {
    column: usize,
    /// Of the transformed value.
    knot: f64,
}

/// Learnt bounds, knots, filling and scaling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Design {
    columns: Vec<Column>,
    /// Bounds of the transformed values, none when there are none.
    bounds: Vec<Option<(f64, f64)>>,
    hinges: Vec<Hinge>,
    /// Columns with a missing-value term, ascending.
    missing: Vec<usize>,
    /// Names of the terms: the columns, the hinges, then the missing-value terms.
    names: Vec<String>,
    means: Vec<f64>,
    scales: Vec<f64>,
}

impl Design {
    /// Learns from training rows (n × columns, NaN where missing).
    ///
    /// # Errors
    /// [`ChurnError::NotFinite`] for an infinite value, [`ChurnError::Parameter`] for a bound that is none.
    pub fn learn(columns: &[Column], rows: ArrayView2<'_, f32>, config: &DesignConfig) -> Result<Design, ChurnError> {
        if !(0.0..0.5).contains(&config.bound) {
            return Err(ChurnError::Parameter { name: "bound" });
        }
        let learnt: Vec<LearntColumn> = columns
            .par_iter()
            .enumerate()
            .map(|(j, column)| LearntColumn::of(j, column, rows, config))
            .collect::<Result<_, _>>()?;
        let mut design = Design {
            columns: columns.to_vec(),
            bounds: learnt.iter().map(|l| l.bounds).collect(),
            hinges: Vec::new(),
            missing: Vec::new(),
            names: columns.iter().map(|c| c.name.clone()).collect(),
            means: learnt.iter().map(|l| l.moments.0).collect(),
            scales: learnt.iter().map(|l| l.moments.1).collect(),
        };
        for (column, learnt) in learnt.iter().enumerate() {
            for &(knot, (mean, scale)) in &learnt.hinges {
                design.hinges.push(Hinge { column, knot });
                design.names.push(format!(
                    "{} above {}",
                    columns[column].name,
                    inverse(columns[column].transform, knot)
                ));
                design.means.push(mean);
                design.scales.push(scale);
            }
        }
        for (column, learnt) in learnt.iter().enumerate() {
            let share = learnt.missing_share;
            if 0.0 < share && share < 1.0 {
                design.missing.push(column);
                design.names.push(format!("{} is missing", columns[column].name));
                design.means.push(share);
                design.scales.push((share * (1.0 - share)).sqrt());
            }
        }
        Ok(design)
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

    /// The column that each term is made of.
    pub fn term_columns(&self) -> impl Iterator<Item = usize> {
        let hinges = self.hinges.iter().map(|h| h.column);
        (0..self.columns.len()).chain(hinges).chain(self.missing.iter().copied())
    }

    /// Means of the terms, before scaling.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Standard deviations of the terms, each above zero.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// The terms of a row of raw features, bounded, gaps filled, not scaled: what the edge's formula takes as x.
    ///
    /// # Panics
    /// When `row` has not one value a column, or `out` not one place a term.
    pub fn term_row(&self, row: &[f32], out: &mut [f64]) {
        assert_eq!(row.len(), self.columns.len(), "a row has one value per column of the model");
        assert_eq!(out.len(), self.terms(), "one place per term");
        for (j, (&v, column)) in row.iter().zip(&self.columns).enumerate() {
            out[j] = if v.is_nan() { self.means[j] } else { bounded(self.bounds[j], column.transform.apply(v)) };
        }
        let (columns, rest) = out.split_at_mut(self.columns.len());
        let (hinges, gaps) = rest.split_at_mut(self.hinges.len());
        for (place, (n, hinge)) in hinges.iter_mut().zip(self.hinges.iter().enumerate()) {
            let gap = row[hinge.column].is_nan();
            *place =
                if gap { self.means[self.columns.len() + n] } else { (columns[hinge.column] - hinge.knot).max(0.0) };
        }
        for (place, &j) in gaps.iter_mut().zip(&self.missing) {
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

    /// The scaled terms of all rows, row-major.
    pub fn matrix(&self, rows: ArrayView2<'_, f32>) -> Vec<f32> {
        let width = self.terms();
        let mut all = vec![0.0f32; rows.nrows() * width];
        all.par_chunks_mut((BLOCK_ROWS * width).max(1)).enumerate().for_each(|(block, to)| {
            let (mut scaled, mut raw) = (vec![0.0; width], vec![0.0; self.columns.len()]);
            for (n, to) in to.chunks_exact_mut(width).enumerate() {
                raw.iter_mut().zip(rows.row(block * BLOCK_ROWS + n)).for_each(|(r, &v)| *r = v);
                self.scale_row(&raw, &mut scaled);
                to.iter_mut().zip(&scaled).for_each(|(t, &s)| *t = s as f32);
            }
        });
        all
    }
}

fn bounded(bounds: Option<(f64, f64)>, t: f64) -> f64 {
    bounds.map_or(t, |(low, high)| t.clamp(low, high))
}

/// A knot as a raw value, to three digits.
fn inverse(transform: Transform, knot: f64) -> String {
    let raw = match transform {
        Transform::Identity => knot,
        Transform::Log1p => knot.signum() * knot.abs().exp_m1(),
    };
    let digits = (2 - raw.abs().max(1e-9).log10().floor() as i32).clamp(0, 9) as usize;
    format!("{raw:.digits$}")
}

struct LearntColumn {
    bounds: Option<(f64, f64)>,
    moments: (f64, f64),
    hinges: Vec<(f64, (f64, f64))>,
    missing_share: f64,
}

impl LearntColumn {
    fn of(j: usize, column: &Column, rows: ArrayView2<'_, f32>, config: &DesignConfig) -> Result<Self, ChurnError> {
        let values = rows.column(j);
        if let Some((row, &value)) = values.iter().enumerate().find(|(_, v)| v.is_infinite()) {
            return Err(ChurnError::NotFinite { row, column: column.name.clone(), value });
        }
        let known: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        let missing_share = (values.len() - known.len()) as f64 / values.len().max(1) as f64;
        let (mut bounds, mut knots) = (None, Vec::new());
        if config.bound > 0.0 || config.knots > 0 {
            let step = known.len().div_ceil(QUANTILE_ROWS).max(1);
            let mut some: Vec<f64> = known.iter().step_by(step).map(|&v| column.transform.apply(v)).collect();
            some.sort_by(f64::total_cmp);
            let distinct = 1 + some.windows(2).filter(|w| w[0] < w[1]).take(DISTINCT_MIN).count();
            let (low, high) = (quantile(&some, config.bound), quantile(&some, 1.0 - config.bound));
            if distinct >= DISTINCT_MIN && low < high {
                bounds = (config.bound > 0.0).then_some((low, high));
                knots = (1..=config.knots).map(|k| quantile(&some, k as f64 / (config.knots + 1) as f64)).collect();
                // At or beyond a bound a hinge would repeat its column, or say nothing.
                knots.retain(|&knot| low < knot && knot < high);
                knots.dedup();
            }
        }
        let terms = || known.iter().map(|&v| bounded(bounds, column.transform.apply(v)));
        let hinges = knots.into_iter().map(|knot| (knot, moments(terms().map(|t| (t - knot).max(0.0))))).collect();
        Ok(LearntColumn { bounds, moments: moments(terms()), hinges, missing_share })
    }
}

/// Of sorted values; NaN of none.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    sorted.get((q * sorted.len().saturating_sub(1) as f64).round() as usize).copied().unwrap_or(f64::NAN)
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
