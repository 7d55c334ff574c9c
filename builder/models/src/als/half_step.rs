//! One exact half-step: every row's k × k normal equation, built and solved by Cholesky, rows in parallel.
//!
//! The rows of a half-step are independent, so threads cannot change a result; the Gram matrix is a sum over all rows
//! and is therefore taken in blocks of fixed size, joined in block order in f64.

use rayon::prelude::*;

use crate::als::{AlsConfig, Objective, TrainError};
use crate::interactions::Interactions;
use crate::linear::{NotPositiveDefinite, factor_f64, solve_f32, solve_f64};
use crate::weights::Weights;
use crate::wide;

/// Rows per block of a Gram sum. Part of the result: another size gives other rounding.
const GRAM_BLOCK_ROWS: usize = 1024;

/// Rows a thread takes at a time: small enough to balance power-law rows, large enough to amortise its scratch.
const STEP_BLOCK_ROWS: usize = 64;

/// Rows of a panel of gathered factors, a multiple of four: two panels stay in the nearest cache.
const PANEL_ROWS: usize = 32;

/// What a configuration makes of a row's pairs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule(pub(super) AlsConfig);

impl Rule {
    pub(super) fn unobserved(&self) -> f32 {
        self.0.unobserved
    }

    /// The ridge of a row with n observed partners of N possible ones: reg · (n + α₀ · N), or reg.
    pub(super) fn ridge(&self, observed: usize, possible: usize) -> f32 {
        match self.0.objective {
            Objective::FrequencyScaled => self.0.reg * (observed as f32 + self.0.unobserved * possible as f32),
            Objective::Hu => self.0.reg,
        }
    }

    /// What the weight of an observed pair has more in b than in A.
    pub(super) fn lift(&self) -> f32 {
        match self.0.objective {
            Objective::FrequencyScaled => 0.0,
            Objective::Hu => self.0.unobserved,
        }
    }

    /// The loss of a row whose vector is zero.
    pub(super) fn nothing_explained(&self, weights: Weights<'_>) -> f64 {
        match weights {
            Weights::Same(&c, n) => f64::from(c + self.lift()) * n as f64,
            Weights::Each(each) => each.iter().map(|&c| f64::from(c + self.lift())).sum(),
        }
    }
}

/// The buffers of one row's system.
#[derive(Debug, Clone)]
pub(super) struct System {
    /// k × k, upper triangle.
    a: Vec<f32>,
    /// Factors of the row's items, and the same times their weights.
    plain: Vec<f32>,
    scaled: Vec<f32>,
}

impl System {
    pub(super) fn new(k: usize) -> Self {
        let panel = || vec![0.0; PANEL_ROWS * k];
        System { a: vec![0.0; k * k], plain: panel(), scaled: panel() }
    }
}

/// FᵀF of `factors` (rows × k), row-major, symmetric.
pub(super) fn gram(factors: &[f32], k: usize) -> Vec<f32> {
    let blocks: Vec<Vec<f32>> = factors
        .par_chunks(GRAM_BLOCK_ROWS * k)
        .map(|block| {
            let mut a = vec![0.0; k * k];
            wide::at_full_width(
                #[inline(always)]
                || block.chunks(PANEL_ROWS * k).for_each(|y| wide::add_outer_products(&mut a, k, y, y)),
            );
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
    let (k, rule) = (config.factors, Rule(*config));
    let base: Vec<f32> = gram.iter().map(|g| config.unobserved * g).collect();
    out.par_chunks_mut(k * STEP_BLOCK_ROWS).enumerate().try_for_each_init(
        || System::new(k),
        |system, (block, solutions)| {
            for (r, x) in solutions.chunks_exact_mut(k).enumerate() {
                let row = block * STEP_BLOCK_ROWS + r;
                let (items, weights) = rows.row(row);
                let history = items.iter().copied().zip(weights.iter().copied());
                let equation = Equation { fixed, base: &base, rule, possible: rows.n_items() };
                system
                    .solve(&equation, history, x)
                    .map_err(|NotPositiveDefinite { .. }| TrainError::NotPositiveDefinite { row })?;
            }
            Ok(())
        },
    )
}

/// What the rows of a half-step share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Equation<'a> {
    pub(super) fixed: &'a [f32],
    /// α₀ FᵀF.
    pub(super) base: &'a [f32],
    pub(super) rule: Rule,
    /// Rows of F.
    pub(super) possible: usize,
}

impl System {
    /// `x = (base + Σ c y yᵀ + ridge I)⁻¹ Σ (c + lift) y`, where y is the row of `fixed` that a history entry names and c
    /// its weight. Without history, x is zero. O(n·k² + k³), no allocation.
    pub(super) fn solve(
        &mut self,
        equation: &Equation<'_>,
        history: impl Iterator<Item = (u32, f32)> + Clone,
        x: &mut [f32],
    ) -> Result<(), NotPositiveDefinite> {
        let again = history.clone();
        wide::at_full_width(
            #[inline(always)]
            || self.solve_wide(equation, history, x),
        )
        .or_else(|NotPositiveDefinite { .. }| solve_in_f64(equation, again, x))
    }

    #[inline(always)]
    fn solve_wide(
        &mut self,
        equation: &Equation<'_>,
        history: impl Iterator<Item = (u32, f32)> + Clone,
        x: &mut [f32],
    ) -> Result<(), NotPositiveDefinite> {
        let k = x.len();
        let (a, rule) = (&mut self.a, equation.rule);
        x.fill(0.0);
        a.copy_from_slice(equation.base);
        let (mut observed, mut filled) = (0, 0);
        for (j, c) in history {
            let y = &equation.fixed[j as usize * k..][..k];
            observed += 1;
            let lifted = c + rule.lift();
            let panels = self.plain[filled..filled + k].iter_mut().zip(&mut self.scaled[filled..filled + k]);
            for ((b, v), (plain, scaled)) in x.iter_mut().zip(y).zip(panels) {
                *b += lifted * v;
                *plain = *v;
                *scaled = c * v;
            }
            filled += k;
            if filled == PANEL_ROWS * k {
                wide::add_outer_products(a, k, &self.scaled, &self.plain);
                filled = 0;
            }
        }
        if observed == 0 {
            return Ok(());
        }
        wide::add_outer_products(a, k, &self.scaled[..filled], &self.plain[..filled]);
        let ridge = rule.ridge(observed, equation.possible);
        for i in 0..k {
            a[i * k + i] += ridge;
        }
        wide::factor(a, k)?;
        solve_f32(a, k, x);
        Ok(())
    }
}

/// The same in f64, for the rare row whose weights are so far apart that f32 loses the ridge beside them. Written to be
/// read: it allocates, and costs O(n·k² + k³) at a quarter of the speed.
fn solve_in_f64(
    equation: &Equation<'_>,
    history: impl Iterator<Item = (u32, f32)>,
    x: &mut [f32],
) -> Result<(), NotPositiveDefinite> {
    let (k, rule) = (x.len(), equation.rule);
    let mut a: Vec<f64> = equation.base.iter().map(|v| f64::from(*v)).collect();
    let mut b = vec![0.0f64; k];
    let mut observed = 0;
    for (j, c) in history {
        observed += 1;
        let y = &equation.fixed[j as usize * k..][..k];
        let (c, lifted) = (f64::from(c), f64::from(c + rule.lift()));
        for (i, v) in y.iter().map(|v| f64::from(*v)).enumerate() {
            b[i] += lifted * v;
            for (a, w) in a[i * k..][..k].iter_mut().zip(y) {
                *a += c * v * f64::from(*w);
            }
        }
    }
    let ridge = f64::from(rule.ridge(observed, equation.possible));
    for i in 0..k {
        a[i * k + i] += ridge;
    }
    factor_f64(&mut a, k)?;
    solve_f64(&a, k, &mut b);
    for (x, b) in x.iter_mut().zip(b) {
        *x = b as f32;
    }
    Ok(())
}
