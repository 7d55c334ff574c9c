//! Implicit-feedback alternating least squares: the recommender.
//!
//! Objective (Rendle, Krichene, Zhang, Koren 2021, "Revisiting the performance of iALS on item recommendation
//! benchmarks", eq. 3–5 with ν = 1), with a confidence c_ui on the observed pairs as in Hu, Koren, Volinsky 2008:
//!
//! ```text
//! L(X, Y) = Σ_{(u,i) observed} c_ui (x_u·y_i − 1)²  +  α₀ Σ_{all u,i} (x_u·y_i)²
//!         + reg ( Σ_u (n_u + α₀ |I|) ‖x_u‖²  +  Σ_i (n_i + α₀ |U|) ‖y_i‖² )
//! ```
//!
//! `n_u` is the *number* of distinct items of u, not the sum of their confidence: how sure we are of a pair should not
//! make its owner more regularised, and the edge can count without knowing how the weights were made. Fixing Y, each
//! x_u is the solution of a k × k system ([`fold`]), solved exactly by Cholesky; then the same for the items. An exact
//! half-step cannot raise L beyond rounding, which a test asserts.
//!
//! Read in this order: [`AlsConfig`], [`fit`], [`AlsModel`], [`fold`], then `half_step` and `loss`.

pub mod fold;
mod half_step;
mod loss;

use std::ops::ControlFlow;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};

pub use fold::{FoldError, FoldIn};

use crate::interactions::Interactions;
use crate::threads::Threads;
use half_step::{gram, half_step};

/// Most factors a model may have: a k × k system per row must stay in a core's cache.
pub const FACTORS_MAX: usize = 512;

/// What to fit and how.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AlsConfig {
    /// Dimensions k of a factor, 1 to [`FACTORS_MAX`].
    pub factors: usize,
    /// Weight α₀ of every cell, observed or not; finite and not negative.
    pub unobserved: f32,
    /// Strength of the frequency-scaled ridge; finite and above zero.
    pub reg: f32,
    /// Most iterations (a step for the users and one for the items) before giving up on convergence.
    pub iterations_max: usize,
    /// Converged when an iteration lowers the loss by less than this share of it. Zero: run to the cap.
    pub tolerance: f64,
    /// Start values.
    pub seed: u64,
}

impl Default for AlsConfig {
    /// The values that the published protocol on Online Retail uses.
    fn default() -> Self {
        AlsConfig { factors: 64, unobserved: 0.1, reg: 0.003, iterations_max: 16, tolerance: 1e-4, seed: 0 }
    }
}

/// Why a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum AlsStop {
    /// The last iteration lowered the loss by less than the tolerance.
    Converged { iterations: usize },
    /// The cap was reached first; `last_delta` is the relative decrease of the last iteration.
    IterationCap { iterations: usize, last_delta: f64 },
    /// The caller asked to stop; the factors are those of the last whole iteration.
    Interrupted { iterations: usize },
}

/// Why there is no model.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// Nothing observed: nobody consented, or every weight is below the floor.
    #[error("there are no interactions to learn from")]
    NoInteractions,
    /// `factors` out of range.
    #[error("factors must be from 1 to {FACTORS_MAX}, not {factors}")]
    Factors { factors: usize },
    /// `reg`, `unobserved` or `tolerance` out of range.
    #[error("{name} must be a finite number {bound}, not {value}")]
    Parameter { name: &'static str, bound: &'static str, value: f64 },
    /// `iterations_max` is zero.
    #[error("iterations_max must be at least 1")]
    NoIterations,
    /// Start values of another shape than `n_items × factors`, or not finite.
    #[error("the start values must be {expected} finite numbers (items × factors)")]
    Start { expected: usize },
    /// A system was singular to f32: the ridge is too small for these weights.
    #[error("the system of row {row} is not positive definite in single precision; raise reg")]
    NotPositiveDefinite { row: usize },
}

/// What an iteration did, for progress bars and model cards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// From 1.
    pub iteration: usize,
    pub iterations_max: usize,
    /// L after the step of the items.
    pub loss: f64,
}

/// A trained recommender: an immutable value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlsModel {
    config: AlsConfig,
    n_users: usize,
    n_items: usize,
    /// n_users × k, the exact fold-in of each training user.
    users: Vec<f32>,
    /// n_items × k.
    items: Vec<f32>,
    /// YᵀY, k × k, symmetric.
    gram: Vec<f32>,
    losses: Vec<f64>,
    stop: AlsStop,
}

impl AlsModel {
    pub fn config(&self) -> &AlsConfig {
        &self.config
    }

    /// k.
    pub fn factors(&self) -> usize {
        self.config.factors
    }

    pub fn n_items(&self) -> usize {
        self.n_items
    }

    pub fn n_users(&self) -> usize {
        self.n_users
    }

    /// Y, row-major, `n_items × factors`.
    pub fn item_factors(&self) -> &[f32] {
        &self.items
    }

    /// X, row-major, `n_users × factors`; equal to [`AlsModel::fold_in`] of the training rows.
    pub fn user_factors(&self) -> &[f32] {
        &self.users
    }

    /// The Gram matrix YᵀY of the items, row-major, `factors × factors`, symmetric, not scaled by α₀.
    pub fn item_gram(&self) -> &[f32] {
        &self.gram
    }

    /// L after each iteration.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    pub fn stop(&self) -> AlsStop {
        self.stop
    }

    /// The vector of somebody with this history; see [`fold`] for the equation and the rules of `history`.
    ///
    /// # Errors
    /// A history that is not strictly ascending by item, names an unknown item, or has a weight not above zero.
    pub fn fold_in(&self, history: &[(u32, f32)]) -> Result<Option<Vec<f32>>, FoldError> {
        let fold = FoldIn::new(self);
        let mut out = vec![0.0; self.factors()];
        Ok(fold.user(history, &mut fold.scratch(), &mut out)?.then_some(out))
    }
}

/// Fits `interactions` (CSR, n_users × n_items) from seeded start values. `on_iteration` sees every iteration and may
/// end the fit with `ControlFlow::Break`. The result does not depend on `threads`.
///
/// # Errors
/// See [`TrainError`]; nothing is trained on a configuration that is out of range.
///
/// # Cost
/// Per iteration O(nnz·k² + (n_users + n_items)·k³); memory for the factors, the transpose, and k² per thread.
pub fn fit(
    interactions: &Interactions,
    config: &AlsConfig,
    threads: Threads,
    on_iteration: &mut (dyn FnMut(Iteration) -> ControlFlow<()> + Send),
) -> Result<AlsModel, TrainError> {
    check(interactions, config)?;
    // Normal with the standard deviation 0.1/√k, as the paper starts; the sum of twelve uniform draws, which is normal
    // enough and needs only additions, so that it is the same on every platform.
    let spread = 0.1 / (config.factors as f32).sqrt();
    let mut random = Pcg64Mcg::seed_from_u64(config.seed);
    let mut normal = || (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0;
    let start = (0..interactions.n_items() * config.factors).map(|_| normal() * spread).collect();
    threads.run(|| iterate(interactions, config, start, on_iteration))
}

/// As [`fit`], warm: from the item factors of an earlier model, `n_items × factors`.
///
/// # Errors
/// As [`fit`], and [`TrainError::Start`].
pub fn fit_from(
    interactions: &Interactions,
    config: &AlsConfig,
    start: Vec<f32>,
    threads: Threads,
    on_iteration: &mut (dyn FnMut(Iteration) -> ControlFlow<()> + Send),
) -> Result<AlsModel, TrainError> {
    check(interactions, config)?;
    let expected = interactions.n_items() * config.factors;
    if start.len() != expected || !start.iter().all(|v| v.is_finite()) {
        return Err(TrainError::Start { expected });
    }
    threads.run(|| iterate(interactions, config, start, on_iteration))
}

fn check(interactions: &Interactions, config: &AlsConfig) -> Result<(), TrainError> {
    let parameter =
        |name, bound, value: f64, ok: bool| if ok { Ok(()) } else { Err(TrainError::Parameter { name, bound, value }) };
    let finite = |v: f32| v.is_finite();
    if !(1..=FACTORS_MAX).contains(&config.factors) {
        return Err(TrainError::Factors { factors: config.factors });
    }
    parameter("reg", "above 0", config.reg.into(), finite(config.reg) && config.reg > 0.0)?;
    let unobserved = config.unobserved;
    parameter("unobserved", "of at least 0", unobserved.into(), finite(unobserved) && unobserved >= 0.0)?;
    let tolerance = config.tolerance;
    parameter("tolerance", "of at least 0", tolerance, tolerance.is_finite() && tolerance >= 0.0)?;
    if config.iterations_max == 0 {
        return Err(TrainError::NoIterations);
    }
    if interactions.is_empty() { Err(TrainError::NoInteractions) } else { Ok(()) }
}

fn iterate(
    by_user: &Interactions,
    config: &AlsConfig,
    mut items: Vec<f32>,
    on_iteration: &mut (dyn FnMut(Iteration) -> ControlFlow<()> + Send),
) -> Result<AlsModel, TrainError> {
    let k = config.factors;
    let by_item = by_user.transpose();
    let mut users = vec![0.0; by_user.n_users() * k];
    let mut losses: Vec<f64> = Vec::with_capacity(config.iterations_max);
    let mut item_gram = gram(&items, k);
    let stop = loop {
        half_step(by_user, &items, &item_gram, config, &mut users)?;
        let user_gram = gram(&users, k);
        half_step(&by_item, &users, &user_gram, config, &mut items)?;
        item_gram = gram(&items, k);

        let loss = loss::loss(by_user, &by_item, &users, &user_gram, &items, &item_gram, config);
        let last_delta = losses.last().map_or(1.0, |&before| (before - loss) / before);
        losses.push(loss);
        let iterations = losses.len();
        let flow = on_iteration(Iteration { iteration: iterations, iterations_max: config.iterations_max, loss });
        if iterations > 1 && last_delta < config.tolerance {
            break AlsStop::Converged { iterations };
        }
        if iterations == config.iterations_max {
            break AlsStop::IterationCap { iterations, last_delta };
        }
        if flow.is_break() {
            break AlsStop::Interrupted { iterations };
        }
    };
    // The users once more, so that a stored vector is what a fold-in of the same history gives.
    half_step(by_user, &items, &item_gram, config, &mut users)?;
    Ok(AlsModel {
        config: *config,
        n_users: by_user.n_users(),
        n_items: by_user.n_items(),
        users,
        items,
        gram: item_gram,
        losses,
        stop,
    })
}

#[cfg(test)]
mod tests;
