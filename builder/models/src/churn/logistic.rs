//! Penalised logistic regression by Newton's method (iteratively reweighted least squares), f64.
//!
//! ```text
//! F(w, b) = Σ_i log(1 + e^(−s_i z_i)) + λ/2 ‖w‖²     z_i = b + w·t_i     s_i = +1 if labelled, else −1
//! ∇F = Tᵀ(p − y) + λw        ∇²F = Tᵀ diag(p(1 − p)) T + λI        the intercept without λ
//! ```
//!
//! F is strictly convex in w, so there is one optimum and no start value or seed matters. A full step that does not
//! lower F is halved. Sums over rows run in blocks of fixed size, joined in block order.

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::churn::design::Design;
use crate::churn::{ChurnConfig, ChurnError, ChurnStop};
use crate::linear::{factor_f64, solve_f64};

/// Rows per block of a sum; part of the result's last bits.
const BLOCK_ROWS: usize = 2048;

/// Halvings of a step before it counts as no step: 2⁻³⁰ of it is below what F can tell.
const HALVINGS_MAX: usize = 30;

pub(super) struct Solution {
    pub(super) weights: Vec<f64>,
    pub(super) intercept: f64,
    pub(super) stop: ChurnStop,
}

/// Loss, gradient and Hessian (upper triangle) of one block of rows; the last coordinate is the intercept.
struct Sums {
    loss: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

pub(super) fn newton(
    design: &Design,
    rows: ArrayView2<'_, f32>,
    labels: &[bool],
    config: &ChurnConfig,
) -> Result<Solution, ChurnError> {
    let d = design.terms() + 1;
    // Start at the base rate, which is the optimum when no feature says anything.
    let share = labels.iter().filter(|l| **l).count() as f64 / labels.len() as f64;
    let mut w = vec![0.0; d];
    w[d - 1] = (share / (1.0 - share)).ln();
    let mut iterations = 0;
    let stop = loop {
        let mut sums = totals(design, rows, labels, &w);
        penalise(&mut sums, &w, config.l2);
        let mut step = sums.gradient.clone();
        factor_f64(&mut sums.hessian, d).map_err(|_| ChurnError::NotPositiveDefinite)?;
        solve_f64(&sums.hessian, d, &mut step);
        // gᵀH⁻¹g / 2: how far F can fall, in the quadratic model.
        let decrement = sums.gradient.iter().zip(&step).map(|(g, s)| g * s).sum::<f64>() / 2.0 / (1.0 + sums.loss);
        if decrement < config.tolerance {
            break ChurnStop::Converged { iterations };
        }
        if iterations == config.iterations_max {
            break ChurnStop::IterationCap { iterations, last_decrement: decrement };
        }
        iterations += 1;
        let mut size = 1.0;
        let moved = (0..HALVINGS_MAX).find_map(|_| {
            let next: Vec<f64> = w.iter().zip(&step).map(|(v, s)| v - size * s).collect();
            size /= 2.0;
            (objective(design, rows, labels, &next, config.l2) < sums.loss).then_some(next)
        });
        match moved {
            Some(next) => w = next,
            // No step lowers F in f64: this is the optimum as far as numbers can tell.
            None => break ChurnStop::Converged { iterations },
        }
    };
    let intercept = w.pop().unwrap_or_default();
    Ok(Solution { weights: w, intercept, stop })
}

fn penalise(sums: &mut Sums, w: &[f64], l2: f64) {
    let d = w.len();
    for (j, v) in w[..d - 1].iter().enumerate() {
        sums.loss += l2 / 2.0 * v * v;
        sums.gradient[j] += l2 * v;
        sums.hessian[j * d + j] += l2;
    }
}

/// F at `w`.
fn objective(design: &Design, rows: ArrayView2<'_, f32>, labels: &[bool], w: &[f64], l2: f64) -> f64 {
    let losses: Vec<f64> = blocks(labels.len())
        .map(|block| {
            let mut t = vec![1.0; w.len()];
            block.map(|i| log_loss(terms(design, rows, i, w, &mut t), labels[i])).sum()
        })
        .collect();
    losses.into_iter().sum::<f64>() + l2 / 2.0 * w[..w.len() - 1].iter().map(|v| v * v).sum::<f64>()
}

fn totals(design: &Design, rows: ArrayView2<'_, f32>, labels: &[bool], w: &[f64]) -> Sums {
    let d = w.len();
    let empty = || Sums { loss: 0.0, gradient: vec![0.0; d], hessian: vec![0.0; d * d] };
    let parts: Vec<Sums> = blocks(labels.len())
        .map(|block| {
            let (mut sums, mut t) = (empty(), vec![1.0; d]);
            for i in block {
                let z = terms(design, rows, i, w, &mut t);
                let p = sigmoid(z);
                sums.loss += log_loss(z, labels[i]);
                let residual = p - if labels[i] { 1.0 } else { 0.0 };
                let weight = p * (1.0 - p);
                for j in 0..d {
                    sums.gradient[j] += residual * t[j];
                    let f = weight * t[j];
                    for (h, x) in sums.hessian[j * d + j..(j + 1) * d].iter_mut().zip(&t[j..]) {
                        *h += f * x;
                    }
                }
            }
            sums
        })
        .collect();
    parts.into_iter().fold(empty(), |mut all, part| {
        all.loss += part.loss;
        all.gradient.iter_mut().zip(part.gradient).for_each(|(a, b)| *a += b);
        all.hessian.iter_mut().zip(part.hessian).for_each(|(a, b)| *a += b);
        all
    })
}

fn blocks(rows: usize) -> impl IndexedParallelIterator<Item = std::ops::Range<usize>> {
    (0..rows.div_ceil(BLOCK_ROWS)).into_par_iter().map(move |b| b * BLOCK_ROWS..rows.min((b + 1) * BLOCK_ROWS))
}

/// Writes the scaled terms of row `i` to `t` (its last place is the intercept's 1) and gives z.
fn terms(design: &Design, rows: ArrayView2<'_, f32>, i: usize, w: &[f64], t: &mut [f64]) -> f64 {
    let row = rows.row(i);
    let d = t.len() - 1;
    match row.as_slice() {
        Some(row) => design.scale_row(row, &mut t[..d]),
        None => design.scale_row(&row.to_vec(), &mut t[..d]),
    }
    t.iter().zip(w).map(|(x, v)| x * v).sum()
}

pub(super) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// log(1 + e^(−s z)) without overflow.
fn log_loss(z: f64, label: bool) -> f64 {
    let m = if label { -z } else { z };
    m.max(0.0) + (-m.abs()).exp().ln_1p()
}
