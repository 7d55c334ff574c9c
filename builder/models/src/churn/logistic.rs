//! Penalised logistic regression, exact to the optimum, in few passes over the rows.
//!
//! ```text
//! F(w, b, u) = Σ_i log(1 + e^(−s_i z_i)) + λ/2 ‖w‖² + 1/2 ‖u‖²     z_i = b + u_g(i) + w·t_i     s_i = ±1
//! ∇F = Tᵀ(p − y) + λw        ∇²F = Tᵀ diag(p(1 − p)) T + λI        the intercept b without penalty
//! ```
//!
//! u is a group's own level, for rows that come from several moments: what a season does to everybody is then not taken
//! for an effect of the features. Its prior is a standard normal, so that a group of one class has a finite level; since
//! b is free, Σ u = 0 at the optimum and b is the mean of the groups' levels, each group counting the same.
//!
//! F is strictly convex in w and u, so there is one optimum and no start value or seed matters. With few rows this is
//! Newton's method. With many, the Hessian is that of a fixed sample of rows, its diagonal corrected by all rows
//! (subsampled Newton: Roosta-Khorasani and Mahoney 2019), and L-BFGS (Nocedal and Wright, algorithm 7.4) starts from it:
//! a pass costs 4·n·d operations instead of n·d², and about ten passes reach the optimum.
//! The passes themselves are in `sums`.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::churn::ChurnError;
use crate::churn::sums::{hessian_factor, totals};
use crate::linear::solve_f64;
use crate::threads::Threads;

/// Rows of the sampled Hessian. With 150 unknowns its relative error is √(150/65,536) ≈ 5 %, the factor by which a
/// step then shrinks the distance to the optimum.
const SAMPLE_ROWS: usize = 65_536;
/// Pairs of steps and gradient changes that L-BFGS keeps.
const MEMORY: usize = 10;
/// The Hessian of a sample is taken again while a step promises more than this share of the objective.
const REFRESH_ABOVE: f64 = 1e-3;
/// Halvings of a step before it counts as no step: 2⁻³⁰ of it is below what F can tell.
const HALVINGS_MAX: usize = 30;
/// A step that promises less than this share of the objective is close to the rounding of f32 rows: when it and its half
/// do not lower F, nothing will.
const ROUNDING: f64 = 1e-8;
/// Penalty of a group's level: the inverse variance of its prior.
const GROUP_PENALTY: f64 = 1.0;

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogisticConfig {
    /// λ; scikit-learn's 1/C. Finite and above zero.
    pub l2: f64,
    pub iterations_max: usize,
    /// Converged when a step promises less than this share of the objective.
    pub tolerance: f64,
}

impl Default for LogisticConfig {
    fn default() -> Self {
        LogisticConfig { l2: 1.0, iterations_max: 200, tolerance: 1e-9 }
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

/// Rows to fit.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Scaled terms, row-major, n × width, all finite.
    pub terms: &'a [f32],
    pub width: usize,
    /// One a row.
    pub labels: &'a [bool],
    /// The group of each row, 0 to below `groups_count`; empty when there is one group.
    pub groups: &'a [u16],
    pub groups_count: usize,
}

/// The optimum.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    pub weights: Vec<f64>,
    pub intercept: f64,
    /// Levels of the groups beside the intercept; empty when there is one group.
    pub levels: Vec<f64>,
    /// F at the optimum.
    pub objective: f64,
    pub stop: ChurnStop,
    /// Passes over all rows.
    pub passes: usize,
}

impl Rows<'_> {
    pub(super) fn unknowns(&self) -> usize {
        self.width + 1 + self.levels()
    }

    fn levels(&self) -> usize {
        if self.groups.is_empty() { 0 } else { self.groups_count }
    }

    pub(super) fn group(&self, row: usize) -> Option<usize> {
        self.groups.get(row).map(|&g| self.width + 1 + usize::from(g))
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.terms[row * self.width..(row + 1) * self.width]
    }
}

/// [`fit`] on a pool of so many threads.
///
/// # Errors
/// As [`fit`].
pub fn fit_on(
    rows: Rows<'_>,
    config: &LogisticConfig,
    start: Option<&Solution>,
    threads: Threads,
) -> Result<Solution, ChurnError> {
    threads.run(|| fit(rows, config, start))
}

/// Finds the optimum from `start` (weights, intercept and levels of an earlier solution of the same shape), or from the
/// base rate. Runs on the caller's thread pool; the result does not depend on the number of threads.
///
/// # Errors
/// A parameter out of range, one class only, or a Hessian that is not positive definite to f64.
///
/// # Cost
/// A pass is 4·n·d operations and reads the terms once; each factorisation (d + groups)³/6.
pub fn fit(rows: Rows<'_>, config: &LogisticConfig, start: Option<&Solution>) -> Result<Solution, ChurnError> {
    for (name, value) in
        [("l2", config.l2), ("tolerance", config.tolerance), ("iterations_max", config.iterations_max as f64)]
    {
        if !(value > 0.0 && value.is_finite()) {
            return Err(ChurnError::Parameter { name });
        }
    }
    let (n, d) = (rows.labels.len(), rows.unknowns());
    let left = rows.labels.iter().filter(|l| **l).count();
    if left == 0 || left == n {
        return Err(ChurnError::OneClass { rows: n, label: left > 0 });
    }
    let penalty: Vec<f64> = (0..d)
        .map(|j| match j.cmp(&rows.width) {
            std::cmp::Ordering::Less => config.l2,
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => GROUP_PENALTY,
        })
        .collect();
    let mut w = match start {
        Some(s) if s.weights.len() == rows.width && s.levels.len() == rows.levels() => {
            s.weights.iter().chain([&s.intercept]).chain(&s.levels).copied().collect()
        }
        // The base rate is the optimum when no feature says anything.
        _ => {
            let mut w = vec![0.0; d];
            w[rows.width] = (left as f64 / (n - left) as f64).ln();
            w
        }
    };
    let sample = sample(n);
    let mut memory: VecDeque<Pair> = VecDeque::new();
    let mut factor: Option<Vec<f64>> = None;
    let (mut iterations, mut passes, mut promised) = (0, 1, f64::INFINITY);
    let mut at = totals(&rows, &w, &penalty, true);
    let stop = loop {
        if factor.is_none() || promised > REFRESH_ABOVE || sample.len() == n {
            if at.diagonal.is_empty() {
                at = totals(&rows, &w, &penalty, true);
                passes += 1;
            }
            factor = Some(hessian_factor(&rows, &w, &penalty, &sample, &at.diagonal)?);
            memory.clear();
        }
        let step = direction(factor.as_deref().unwrap_or_default(), &memory, &at.gradient);
        // gᵀH⁻¹g / 2: how far F can fall, in the quadratic model.
        promised = inner(&at.gradient, &step) / 2.0 / (1.0 + at.loss);
        if promised < config.tolerance {
            break ChurnStop::Converged { iterations };
        }
        if iterations == config.iterations_max {
            break ChurnStop::IterationCap { iterations, last_decrement: promised };
        }
        iterations += 1;
        let diagonal_next = promised > REFRESH_ABOVE || sample.len() == n;
        let mut size = 1.0;
        let tries = if promised < ROUNDING { 2 } else { HALVINGS_MAX };
        let moved = (0..tries).find_map(|_| {
            let next: Vec<f64> = w.iter().zip(&step).map(|(v, s)| v - size * s).collect();
            size /= 2.0;
            let there = totals(&rows, &next, &penalty, diagonal_next);
            passes += 1;
            (there.loss < at.loss).then_some((next, there))
        });
        // When no step lowers F in f64, this is the optimum as far as numbers can tell.
        let Some((next, there)) = moved else { break ChurnStop::Converged { iterations } };
        memory.extend(Pair::of(&w, &next, &at.gradient, &there.gradient));
        if memory.len() > MEMORY {
            memory.pop_front();
        }
        (w, at) = (next, there);
    };
    let levels = w.split_off(rows.width + 1);
    let intercept = w.pop().unwrap_or_default();
    Ok(Solution { weights: w, intercept, levels, objective: at.loss, stop, passes })
}

/// A step and the change of the gradient along it.
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
    rho: f64,
}

impl Pair {
    /// None when rounding has eaten the curvature.
    fn of(w: &[f64], next: &[f64], gradient: &[f64], gradient_next: &[f64]) -> Option<Pair> {
        let minus = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(x, y)| x - y).collect() };
        let (s, y) = (minus(next, w), minus(gradient_next, gradient));
        let sy = inner(&s, &y);
        (sy > 1e-12 * (inner(&s, &s) * inner(&y, &y)).sqrt()).then(|| Pair { rho: 1.0 / sy, s, y })
    }
}

/// H⁻¹g, H known by its factor and the pairs since: L-BFGS's two loops.
fn direction(factor: &[f64], memory: &VecDeque<Pair>, gradient: &[f64]) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut alphas = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let alpha = pair.rho * inner(&pair.s, &q);
        q.iter_mut().zip(&pair.y).for_each(|(x, y)| *x -= alpha * y);
        alphas.push(alpha);
    }
    solve_f64(factor, gradient.len(), &mut q);
    for (pair, alpha) in memory.iter().zip(alphas.into_iter().rev()) {
        let beta = pair.rho * inner(&pair.y, &q);
        q.iter_mut().zip(&pair.s).for_each(|(x, s)| *x += (alpha - beta) * s);
    }
    q
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Numbers of the rows of the sampled Hessian, ascending: all when there are few, otherwise one at a fixed
/// pseudo-random place in each of [`SAMPLE_ROWS`] equal stretches, so that no period of the input can hide rows.
fn sample(n: usize) -> Vec<u32> {
    if n <= SAMPLE_ROWS {
        return (0..n as u32).collect();
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..SAMPLE_ROWS)
        .map(|k| {
            let (from, to) = (k * n / SAMPLE_ROWS, (k + 1) * n / SAMPLE_ROWS);
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (from + (state >> 33) as usize % (to - from)) as u32
        })
        .collect()
}

/// 1 / (1 + e^−z).
pub fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    use super::*;

    /// Correlated terms with a rare one, and labels of a logistic model over them with a level for each group.
    fn drawn(n: usize, width: usize, groups: usize) -> (Vec<f32>, Vec<bool>, Vec<u16>) {
        let mut random = Pcg64Mcg::seed_from_u64(7);
        let mut even = || random.random::<f32>() * 2.0 - 1.0;
        let (mut terms, mut labels, mut of) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..n {
            let shared = even();
            let from = terms.len();
            terms.extend(
                (0..width).map(|j| if j == 0 { f32::from(u8::from(i % 5_000 == 7)) * 50.0 } else { even() + shared }),
            );
            let level = (i % groups) as f32 - 1.0;
            let z: f32 = terms[from..].iter().enumerate().map(|(j, x)| x * (j as f32 - 2.0) / 4.0).sum::<f32>() + level;
            labels.push((even() + 1.0) / 2.0 < 1.0 / (1.0 + (-z).exp()));
            of.push((i % groups) as u16);
        }
        (terms, labels, of)
    }

    /// ∂F written out in f64 from the definition, apart from the code under test.
    fn gradient(rows: &Rows<'_>, s: &Solution, l2: f64) -> Vec<f64> {
        let mut g: Vec<f64> = s.weights.iter().map(|w| l2 * w).chain([0.0]).chain(s.levels.iter().copied()).collect();
        for i in 0..rows.labels.len() {
            let row = &rows.terms[i * rows.width..(i + 1) * rows.width];
            let level = rows.groups.get(i).map_or(0.0, |&u| s.levels[usize::from(u)]);
            let z = s.intercept + level + row.iter().zip(&s.weights).map(|(x, w)| f64::from(*x) * w).sum::<f64>();
            let r = 1.0 / (1.0 + (-z).exp()) - if rows.labels[i] { 1.0 } else { 0.0 };
            row.iter().enumerate().for_each(|(j, x)| g[j] += r * f64::from(*x));
            g[rows.width] += r;
            if let Some(&u) = rows.groups.get(i) {
                g[rows.width + 1 + usize::from(u)] += r;
            }
        }
        g
    }

    #[test]
    fn the_optimum_has_no_gradient_with_few_rows_and_with_many() {
        for (n, width, groups) in [(500, 4, 1), (3_000, 6, 3), (150_000, 6, 3), (150_000, 5, 1)] {
            let (terms, labels, of) = drawn(n, width, groups);
            let of = if groups == 1 { Vec::new() } else { of };
            let rows = Rows { terms: &terms, width, labels: &labels, groups: &of, groups_count: groups };
            let config = LogisticConfig { l2: 2.0, tolerance: 1e-10, ..LogisticConfig::default() };
            let got = fit(rows, &config, None).expect("fits");
            assert!(matches!(got.stop, ChurnStop::Converged { iterations } if iterations < 25), "{n}: {:?}", got.stop);
            let steepest = gradient(&rows, &got, 2.0).into_iter().fold(0.0f64, |m, g| m.max(g.abs()));
            assert!(steepest < 1e-5 * n as f64, "{n} rows, {groups} groups: gradient {steepest}");
            assert!(got.levels.iter().sum::<f64>().abs() < 1e-3, "levels {:?}", got.levels);
            let again = fit(rows, &config, Some(&got)).expect("fits");
            assert!(again.passes <= 4 && (again.objective - got.objective).abs() < 1e-6 * got.objective);
        }
    }

    #[test]
    fn a_group_of_one_class_has_a_finite_level() {
        let (terms, mut labels, of) = drawn(900, 3, 3);
        labels.iter_mut().zip(&of).filter(|(_, g)| **g == 2).for_each(|(l, _)| *l = true);
        let rows = Rows { terms: &terms, width: 3, labels: &labels, groups: &of, groups_count: 3 };
        let got = fit(rows, &LogisticConfig::default(), None).expect("fits");
        assert!(got.levels[2] > 2.0 && got.levels[2] < 10.0, "{:?}", got.levels);
    }
}
