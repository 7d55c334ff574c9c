//! One exact half-step: every row's k × k normal equation, built and solved by Cholesky, rows in parallel.
//!
//! The rows of a half-step are independent, so threads cannot change a result; the Gram matrix is a sum over all rows
//! and is therefore taken in blocks of fixed size, joined in block order in f64.

use rayon::prelude::*;

use crate::als::{AlsConfig, TrainError};
use crate::interactions::Interactions;
use crate::linear::{NotPositiveDefinite, factor_f32, solve_f32};

/// Rows per block of a Gram sum. Part of the result: another size gives other rounding.
const GRAM_BLOCK_ROWS: usize = 1024;

/// Rows a thread takes at a time: small enough to balance power-law rows, large enough to amortise its scratch.
const STEP_BLOCK_ROWS: usize = 64;

/// The buffers of one row's system.
#[derive(Debug, Clone)]
pub(super) struct System {
    /// k × k, upper triangle.
    pub(super) a: Vec<f32>,
}

impl System {
    pub(super) fn new(k: usize) -> Self {
        System { a: vec![0.0; k * k] }
    }
}

/// FᵀF of `factors` (rows × k), row-major, symmetric.
pub(super) fn gram(factors: &[f32], k: usize) -> Vec<f32> {
    let blocks: Vec<Vec<f32>> = factors
        .par_chunks(GRAM_BLOCK_ROWS * k)
        .map(|block| {
            let mut a = vec![0.0; k * k];
            add_outer_products(&mut a, k, block.chunks_exact(k).map(|y| (y, 1.0)));
            a
        })
        .collect();
    let mut total = vec![0.0f64; k * k];
    for block in blocks {
        for (t, v) in total.iter_mut().zip(block) {
            *t += f64::from(v);
        }
    }
    let mut out = vec![0.0; k * k];
    for i in 0..k {
        for j in i..k {
            let v = total[i * k + j] as f32;
            out[i * k + j] = v;
            out[j * k + i] = v;
        }
    }
    out
}

/// Solves every row of `rows` (CSR) against `fixed` (its columns' factors, `gram` = FᵀF) into `out` (n_rows × k).
pub(super) fn half_step(
    rows: &Interactions,
    fixed: &[f32],
    gram: &[f32],
    config: &AlsConfig,
    out: &mut [f32],
) -> Result<(), TrainError> {
    let k = config.factors;
    let base: Vec<f32> = gram.iter().map(|g| config.unobserved * g).collect();
    out.par_chunks_mut(k * STEP_BLOCK_ROWS).enumerate().try_for_each_init(
        || System::new(k),
        |system, (block, solutions)| {
            for (r, x) in solutions.chunks_exact_mut(k).enumerate() {
                let row = block * STEP_BLOCK_ROWS + r;
                let (items, weights) = rows.row(row);
                let history = items.iter().copied().zip(weights.iter().copied());
                let ridge = ridge(config, items.len(), rows.n_items());
                solve_row(fixed, &base, ridge, history, system, x)
                    .map_err(|NotPositiveDefinite { .. }| TrainError::NotPositiveDefinite { row })?;
            }
            Ok(())
        },
    )
}

/// reg · (n + α₀ · N): n observed partners of N possible ones.
pub(super) fn ridge(config: &AlsConfig, observed: usize, possible: usize) -> f32 {
    config.reg * (observed as f32 + config.unobserved * possible as f32)
}

/// `x = (base + Σ c y yᵀ + ridge I)⁻¹ Σ c y`, where y is the row of `fixed` that a history entry names, c its weight,
/// and `base` = α₀ FᵀF. Without history, x is zero. O(n·k² + k³), no allocation.
pub(super) fn solve_row(
    fixed: &[f32],
    base: &[f32],
    ridge: f32,
    history: impl Iterator<Item = (u32, f32)> + Clone,
    system: &mut System,
    x: &mut [f32],
) -> Result<(), NotPositiveDefinite> {
    let k = x.len();
    x.fill(0.0);
    let pairs = history.map(|(j, c)| (&fixed[j as usize * k..][..k], c));
    let mut any = false;
    for (y, c) in pairs.clone() {
        any = true;
        for (b, v) in x.iter_mut().zip(y) {
            *b += c * v;
        }
    }
    if !any {
        return Ok(());
    }
    let a = &mut system.a;
    a.copy_from_slice(base);
    add_outer_products(a, k, pairs);
    for i in 0..k {
        a[i * k + i] += ridge;
    }
    factor_f32(a, k)?;
    solve_f32(a, k, x);
    Ok(())
}

/// `a += Σ c y yᵀ`, upper triangle. Four products a pass, which quarters the traffic on `a`.
fn add_outer_products<'y>(a: &mut [f32], k: usize, mut pairs: impl Iterator<Item = (&'y [f32], f32)>) {
    loop {
        let (Some(p0), p1, p2, p3) = (pairs.next(), pairs.next(), pairs.next(), pairs.next()) else {
            return;
        };
        match (p1, p2, p3) {
            (Some(p1), Some(p2), Some(p3)) => add_four(a, k, [p0, p1, p2, p3]),
            (p1, p2, _) => {
                for (y, c) in [Some(p0), p1, p2].into_iter().flatten() {
                    add_one(a, k, y, c);
                }
                return;
            }
        }
    }
}

fn add_four(a: &mut [f32], k: usize, [(y0, c0), (y1, c1), (y2, c2), (y3, c3)]: [(&[f32], f32); 4]) {
    for i in 0..k {
        let (f0, f1, f2, f3) = (c0 * y0[i], c1 * y1[i], c2 * y2[i], c3 * y3[i]);
        let row = &mut a[i * k + i..(i + 1) * k];
        let tails = y0[i..k].iter().zip(&y1[i..k]).zip(&y2[i..k]).zip(&y3[i..k]);
        for (v, (((t0, t1), t2), t3)) in row.iter_mut().zip(tails) {
            *v += (f0 * t0 + f1 * t1) + (f2 * t2 + f3 * t3);
        }
    }
}

fn add_one(a: &mut [f32], k: usize, y: &[f32], c: f32) {
    for i in 0..k {
        let f = c * y[i];
        for (v, t) in a[i * k + i..(i + 1) * k].iter_mut().zip(&y[i..k]) {
            *v += f * t;
        }
    }
}
