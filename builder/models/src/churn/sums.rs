//! What a pass over the rows adds up: the objective, its gradient, the Hessian's diagonal, and of a sample the Hessian.
//!
//! Rows are f32, as scaled terms need no more; sums of 64 rows are f32, all above f64, joined in the order of the blocks.
//! Four rows go through together, so that their dot products do not wait for one another and a number of the gradient is
//! loaded and stored once for four products; the outer products stay in registers ([`wide`]).

use std::ops::Range;

use rayon::prelude::*;

use crate::churn::ChurnError;
use crate::churn::logistic::{Rows, sigmoid};
use crate::linear::factor_f64;
use crate::wide::{self, LANES};

/// Rows per block of a sum; part of the result's last bits.
const BLOCK_ROWS: usize = 2048;
/// Rows whose f32 products are summed in f32.
const RUN_ROWS: usize = 64;
/// Rows that go through together.
const TOGETHER: usize = 4;
/// Numbers of a row of the Hessian are a multiple of it, so that all of it is done in whole tiles.
const TILE: usize = 16;

/// Loss, gradient and, when asked for, the Hessian's diagonal of some rows.
pub(super) struct Sums {
    pub loss: f64,
    pub gradient: Vec<f64>,
    /// Empty when it was not asked for.
    pub diagonal: Vec<f64>,
}

impl Sums {
    fn zero(unknowns: usize, diagonal: bool) -> Sums {
        let zero = || vec![0.0; unknowns];
        Sums { loss: 0.0, gradient: zero(), diagonal: if diagonal { zero() } else { Vec::new() } }
    }
}

/// F, its gradient and perhaps the Hessian's diagonal at `w`.
pub(super) fn totals(rows: &Rows<'_>, w: &[f64], penalty: &[f64], diagonal: bool) -> Sums {
    let w32: Vec<f32> = w.iter().map(|&v| v as f32).collect();
    let sums = |block| {
        wide::at_full_width(
            #[inline(always)]
            || block_sums(rows, w, &w32, block, diagonal),
        )
    };
    let parts: Vec<Sums> = blocks(rows.labels.len()).map(sums).collect();
    let mut all = parts.into_iter().fold(Sums::zero(w.len(), diagonal), |mut all, part| {
        all.loss += part.loss;
        all.gradient.iter_mut().zip(part.gradient).for_each(|(a, b)| *a += b);
        all.diagonal.iter_mut().zip(part.diagonal).for_each(|(a, b)| *a += b);
        all
    });
    for (j, (v, p)) in w.iter().zip(penalty).enumerate() {
        all.loss += p / 2.0 * v * v;
        all.gradient[j] += p * v;
    }
    all
}

fn blocks(rows: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    (0..rows.div_ceil(BLOCK_ROWS)).into_par_iter().map(move |b| b * BLOCK_ROWS..rows.min((b + 1) * BLOCK_ROWS))
}

#[inline(always)]
fn block_sums(rows: &Rows<'_>, w: &[f64], w32: &[f32], block: Range<usize>, diagonal: bool) -> Sums {
    let width = rows.width;
    let mut sums = Sums::zero(w.len(), diagonal);
    let (mut gradient, mut squares) = (vec![0.0f32; width], vec![0.0f32; width]);
    for run in block.clone().step_by(RUN_ROWS) {
        gradient.fill(0.0);
        squares.fill(0.0);
        let end = block.end.min(run + RUN_ROWS);
        for first in (run..end).step_by(TOGETHER) {
            // What is beyond the end counts nothing, whatever row stands for it.
            let terms: [&[f32]; TOGETHER] = std::array::from_fn(|r| rows.row((first + r).min(end - 1)));
            let dots = dots(&w32[..width], terms);
            let (mut residuals, mut curvatures) = ([0.0f32; TOGETHER], [0.0f32; TOGETHER]);
            for i in first..end.min(first + TOGETHER) {
                let z = f64::from(dots[i - first]) + w[width] + rows.group(i).map_or(0.0, |g| w[g]);
                let (p, loss) = sigmoid_and_loss(z, rows.labels[i]);
                let (residual, curvature) = (p - f64::from(u8::from(rows.labels[i])), p * (1.0 - p));
                sums.loss += loss;
                for unknown in [Some(width), rows.group(i)].into_iter().flatten() {
                    sums.gradient[unknown] += residual;
                    if diagonal {
                        sums.diagonal[unknown] += curvature;
                    }
                }
                (residuals[i - first], curvatures[i - first]) = (residual as f32, curvature as f32);
            }
            add_scaled(residuals, terms, &mut gradient);
            if diagonal {
                add_squares(curvatures, terms, &mut squares);
            }
        }
        sums.gradient.iter_mut().zip(&gradient).for_each(|(a, &b)| *a += f64::from(b));
        sums.diagonal.iter_mut().zip(&squares).for_each(|(a, &b)| *a += f64::from(b));
    }
    sums
}

/// Each row's dot product with `w`: [`crate::linear::dot`], to the bit.
#[inline(always)]
fn dots(w: &[f32], rows: [&[f32]; TOGETHER]) -> [f32; TOGETHER] {
    let (w_lanes, w_rest) = w.as_chunks::<LANES>();
    let [a, b, c, d] = rows.map(|row| &row.as_chunks::<LANES>().0[..w_lanes.len()]);
    let mut sums = [[0.0; LANES]; TOGETHER];
    for (at, w) in w_lanes.iter().enumerate() {
        for (sum, x) in sums.iter_mut().zip([&a[at], &b[at], &c[at], &d[at]]) {
            for l in 0..LANES {
                sum[l] += w[l] * x[l];
            }
        }
    }
    let from = w.len() - w_rest.len();
    let rest = rows.map(|row| row[from..].iter().zip(w_rest).map(|(x, w)| w * x).sum::<f32>());
    std::array::from_fn(|r| wide::total(sums[r]) + rest[r])
}

/// `to += Σ_r factors_r rows_r`.
#[inline(always)]
fn add_scaled(factors: [f32; TOGETHER], rows: [&[f32]; TOGETHER], to: &mut [f32]) {
    let [fa, fb, fc, fd] = factors;
    let [a, b, c, d] = rows;
    for ((to, (a, b)), (c, d)) in to.iter_mut().zip(a.iter().zip(b)).zip(c.iter().zip(d)) {
        *to += (fa * a + fb * b) + (fc * c + fd * d);
    }
}

/// `to += Σ_r factors_r rows_r²`.
#[inline(always)]
fn add_squares(factors: [f32; TOGETHER], rows: [&[f32]; TOGETHER], to: &mut [f32]) {
    let [fa, fb, fc, fd] = factors;
    let [a, b, c, d] = rows;
    for ((to, (a, b)), (c, d)) in to.iter_mut().zip(a.iter().zip(b)).zip(c.iter().zip(d)) {
        *to += (fa * a * a + fb * b * b) + (fc * c * c + fd * d * d);
    }
}

/// Upper Cholesky factor of the penalised Hessian at `w`, from the rows of the sample, scaled so that its diagonal is
/// that of all rows.
pub(super) fn hessian_factor(
    rows: &Rows<'_>,
    w: &[f64],
    penalty: &[f64],
    sample: &[u32],
    diagonal: &[f64],
) -> Result<Vec<f64>, ChurnError> {
    let d = w.len();
    let k = d.next_multiple_of(TILE);
    let w32: Vec<f32> = w.iter().map(|&v| v as f32).collect();
    let part = |block: &[u32]| {
        let mut sum = vec![0.0f64; k * k];
        wide::at_full_width(
            #[inline(always)]
            || add_hessian(rows, (w, &w32), block, &mut sum),
        );
        sum
    };
    let parts: Vec<Vec<f64>> = sample.par_chunks(BLOCK_ROWS).map(part).collect();
    let mut h = vec![0.0; d * d];
    for part in parts {
        for (to, from) in h.chunks_exact_mut(d).zip(part.chunks_exact(k)) {
            to.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        }
    }
    let scale: Vec<f64> =
        (0..d).map(|j| if h[j * d + j] > 0.0 { (diagonal[j] / h[j * d + j]).sqrt() } else { 0.0 }).collect();
    for i in 0..d {
        for j in i..d {
            h[i * d + j] *= scale[i] * scale[j];
        }
        // A hair more than the Hessian, for unknowns without a penalty that no row of the sample tells apart.
        h[i * d + i] = diagonal[i] * (1.0 + 1e-9) + penalty[i] + 1e-12;
    }
    factor_f64(&mut h, d).map_err(|_| ChurnError::NotPositiveDefinite)?;
    Ok(h)
}

/// Adds p(1 − p) t tᵀ of some rows to the upper triangle of `sum`, whose rows are longer than the unknowns.
#[inline(always)]
fn add_hessian(rows: &Rows<'_>, (w, w32): (&[f64], &[f32]), sample: &[u32], sum: &mut [f64]) {
    let k = w.len().next_multiple_of(TILE);
    let (mut run, mut panel) = (vec![0.0f32; k * k], vec![0.0f32; RUN_ROWS * k]);
    for of_run in sample.chunks(RUN_ROWS) {
        run.fill(0.0);
        panel.fill(0.0);
        for (four, to) in of_run.chunks(TOGETHER).zip(panel.chunks_mut(TOGETHER * k)) {
            let at = |r: usize| four[r.min(four.len() - 1)] as usize;
            let terms: [&[f32]; TOGETHER] = std::array::from_fn(|r| rows.row(at(r)));
            let dots = dots(&w32[..rows.width], terms);
            for (r, to) in to.chunks_exact_mut(k).enumerate().take(four.len()) {
                weighted(rows, w, at(r), dots[r], to);
            }
        }
        let used = &panel[..of_run.len() * k];
        wide::add_outer_products(&mut run, k, used, used);
        sum.iter_mut().zip(&run).for_each(|(a, &b)| *a += f64::from(b));
    }
}

/// √(p(1 − p)) times the row, its intercept and its group.
#[inline(always)]
fn weighted(rows: &Rows<'_>, w: &[f64], i: usize, dot: f32, to: &mut [f32]) {
    let width = rows.width;
    let p = sigmoid(f64::from(dot) + w[width] + rows.group(i).map_or(0.0, |g| w[g]));
    let root = (p * (1.0 - p)).sqrt() as f32;
    to.iter_mut().zip(rows.row(i)).for_each(|(y, x)| *y = root * x);
    to[width] = root;
    if let Some(g) = rows.group(i) {
        to[g] = root;
    }
}

/// p and log(1 + e^(−s z)) from one exponential, without overflow.
#[inline(always)]
fn sigmoid_and_loss(z: f64, label: bool) -> (f64, f64) {
    let e = (-z.abs()).exp();
    let p = if z >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
    let m = if label { -z } else { z };
    (p, m.max(0.0) + e.ln_1p())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::dot;

    #[test]
    fn four_rows_together_have_the_dot_products_of_one() {
        for width in 0..20 {
            let value = |n: usize| ((n * 37 + 11) % 29) as f32 / 7.0 - 2.0;
            let rows: Vec<f32> = (0..4 * width).map(value).collect();
            let w: Vec<f32> = (0..width).map(|n| value(n + 5)).collect();
            let of = |r: usize| &rows[r * width..(r + 1) * width];
            let got = dots(&w, std::array::from_fn(of));
            assert_eq!(got, std::array::from_fn(|r| dot(&w, of(r))), "{width}");
        }
    }

    /// Few rows, so that runs, fours and tiles all end early.
    #[test]
    fn a_pass_adds_up_what_the_definition_says() {
        for (n, width, groups) in [(1, 1, 0), (67, 3, 2), (131, 21, 0)] {
            let value = |n: usize| ((n * 41 + 3) % 31) as f32 / 10.0 - 1.5;
            let terms: Vec<f32> = (0..n * width).map(value).collect();
            let labels: Vec<bool> = (0..n).map(|i| i % 3 == 0).collect();
            let of: Vec<u16> = if groups == 0 { Vec::new() } else { (0..n).map(|i| (i % groups) as u16).collect() };
            let rows = Rows { terms: &terms, width, labels: &labels, groups: &of, groups_count: groups };
            let d = rows.unknowns();
            let w: Vec<f64> = (0..d).map(|j| f64::from(value(j + 7)) / 3.0).collect();
            let penalty: Vec<f64> = (0..d).map(|j| j as f64 / 4.0).collect();
            let (mut loss, mut gradient, mut hessian) = (0.0, vec![0.0; d], vec![0.0; d * d]);
            for (i, &label) in labels.iter().enumerate() {
                let mut t: Vec<f64> = rows.row(i).iter().map(|x| f64::from(*x)).chain([1.0]).collect();
                t.resize(d, 0.0);
                rows.group(i).into_iter().for_each(|g| t[g] = 1.0);
                let z: f64 = t.iter().zip(&w).map(|(t, w)| t * w).sum();
                let (p, y) = (1.0 / (1.0 + (-z).exp()), f64::from(u8::from(label)));
                loss -= y * p.ln() + (1.0 - y) * (1.0 - p).ln();
                for a in 0..d {
                    gradient[a] += (p - y) * t[a];
                    (0..d).for_each(|b| hessian[a * d + b] += p * (1.0 - p) * t[a] * t[b]);
                }
            }
            for j in 0..d {
                loss += penalty[j] / 2.0 * w[j] * w[j];
                gradient[j] += penalty[j] * w[j];
            }
            let got = totals(&rows, &w, &penalty, true);
            assert!((got.loss - loss).abs() < 1e-5 * loss, "{} is not {loss}", got.loss);
            let near = |a: f64, b: f64| (a - b).abs() < 1e-4 * (1.0 + b.abs());
            assert!((0..d).all(|j| near(got.gradient[j], gradient[j])), "{:?} {gradient:?}", got.gradient);
            assert!((0..d).all(|j| near(got.diagonal[j], hessian[j * d + j])), "{:?}", got.diagonal);
            assert!(totals(&rows, &w, &penalty, false).diagonal.is_empty());
            // UᵀU, with a ridge under which it is definite.
            let ridge = vec![1.0; d];
            let sample: Vec<u32> = (0..n as u32).collect();
            let u = hessian_factor(&rows, &w, &ridge, &sample, &got.diagonal).expect("definite");
            for a in 0..d {
                for b in a..d {
                    let product: f64 = (0..=a).map(|p| u[p * d + a] * u[p * d + b]).sum();
                    let expected = hessian[a * d + b] + if a == b { 1.0 } else { 0.0 };
                    assert!(near(product, expected), "{a} {b}: {product} is not {expected}");
                }
            }
        }
    }
}
