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

mod conjugate;
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
use conjugate::{Effort, Factors};
use half_step::{Rule, gram, half_step};

/// Most factors a model may have: a k × k system per row must stay in a core's cache.
pub const FACTORS_MAX: usize = 512;

/// How well the fast solver solves a row. On a million users, three iterations, a tenth of it lowers the loss by
/// 0.04 % and takes a third longer; an iteration more lowers it by 0.6 %.
const USERS_EFFORT: Effort = Effort { remaining: 1e-2, steps_max: 24 };
const ITEMS_EFFORT: Effort = Effort { remaining: 1e-2, steps_max: 24 };

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
    #[serde(default)]
    pub objective: Objective,
    #[serde(default)]
    pub solver: Solver,
}

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// As the module has it: the ridge grows with a row's pairs, and an observed pair also counts as one of all pairs.
    #[default]
    FrequencyScaled,
    /// As Hu, Koren and Volinsky 2008 have it, and most libraries: the ridge is `reg` for every row, and an observed pair
    /// counts α₀ + c_ui with the target 1, instead of as one of all pairs. Their c = 1 + α·weight is α₀ = 1 and
    /// c_ui = α·weight.
    Hu,
}

/// How a half-step is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Solver {
    /// Each row by Cholesky: the reference.
    #[default]
    Exact,
    /// Each row by a few steps of conjugate gradients; the users once more exactly at the end.
    Fast,
}

impl Default for AlsConfig {
    /// The values that the published protocol on Online Retail uses.
    fn default() -> Self {
        AlsConfig {
            factors: 64,
            unobserved: 0.1,
            reg: 0.003,
            iterations_max: 16,
            tolerance: 1e-4,
            seed: 0,
            objective: Objective::default(),
            solver: Solver::default(),
        }
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

/// Where a fit begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// From the numbers that the seed gives.
    Seeded,
    /// Warm: from the item factors of an earlier model, `n_items × factors`.
    Items(Vec<f32>),
    /// Where another fit of the same interactions and configuration was after some iterations. It ends as that would have
    /// ended, to the bit.
    Resumed { items: Vec<f32>, losses: Vec<f64> },
}

/// A fit after an iteration: all that [`Start::Resumed`] needs.
pub struct State<'a> {
    pub iteration: Iteration,
    /// L after each iteration so far.
    pub losses: &'a [f64],
    items: &'a dyn Fn() -> Vec<f32>,
}

impl State<'_> {
    /// A copy of the item factors, `n_items × factors`.
    pub fn items(&self) -> Vec<f32> {
        (self.items)()
    }
}

impl std::fmt::Debug for State<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("iteration", &self.iteration)
            .field("losses", &self.losses)
            .finish_non_exhaustive()
    }
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

    /// The same model with other item factors, `n_items × factors`, as packing leaves them: who is folded in from here on
    /// is folded in by these. The vectors of training users stay as they are.
    ///
    /// # Errors
    /// [`TrainError::Start`] when they are of another shape or not finite.
    pub fn with_items(&self, items: Vec<f32>) -> Result<AlsModel, TrainError> {
        let expected = self.items.len();
        if items.len() != expected || !items.iter().all(|v| v.is_finite()) {
            return Err(TrainError::Start { expected });
        }
        let gram = gram(&items, self.config.factors);
        Ok(AlsModel { users: self.users.clone(), items, gram, losses: self.losses.clone(), ..*self })
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
    fit_steps(interactions, config, Start::Seeded, threads, &mut |state| on_iteration(state.iteration))
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
    fit_steps(interactions, config, Start::Items(start), threads, &mut |state| on_iteration(state.iteration))
}

/// As [`fit`], from any start; `on_iteration` also sees the state, which may be kept to go on from.
///
/// # Errors
/// As [`fit`], and [`TrainError::Start`].
pub fn fit_steps(
    interactions: &Interactions,
    config: &AlsConfig,
    start: Start,
    threads: Threads,
    on_iteration: &mut (dyn FnMut(State<'_>) -> ControlFlow<()> + Send),
) -> Result<AlsModel, TrainError> {
    check(interactions, config)?;
    let expected = interactions.n_items() * config.factors;
    let (items, losses) = match start {
        Start::Seeded => (seeded_items(interactions.n_items(), config), Vec::new()),
        Start::Items(items) => (items, Vec::new()),
        Start::Resumed { items, losses } => (items, losses),
    };
    if items.len() != expected || !items.iter().all(|v| v.is_finite()) {
        return Err(TrainError::Start { expected });
    }
    threads.run(|| iterate(interactions, config, items, losses, on_iteration))
}

/// The item factors that [`Start::Seeded`] begins with; a warm start has them for items that the earlier model lacks.
pub fn seeded_items(n_items: usize, config: &AlsConfig) -> Vec<f32> {
    // Normal with the standard deviation 0.1/√k, as the paper starts; the sum of twelve uniform draws, which is normal
    // enough and needs only additions, so that it is the same on every platform.
    let spread = 0.1 / (config.factors as f32).sqrt();
    let mut random = Pcg64Mcg::seed_from_u64(config.seed);
    let mut normal = || (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0;
    (0..n_items * config.factors).map(|_| normal() * spread).collect()
}

/// The mean of f fᵀ over the rows of a matrix of factors, k × k.
pub(crate) fn second_moment(factors: &[f32], k: usize) -> Vec<f32> {
    let scale = k as f32 / factors.len().max(1) as f32;
    gram(factors, k).into_iter().map(|v| v * scale).collect()
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

/// Whether a fit that reached these losses is at its end.
fn ended(losses: &[f64], config: &AlsConfig) -> Option<AlsStop> {
    let iterations = losses.len();
    let last_delta = match losses {
        [.., before, last] => (before - last) / before,
        _ => 1.0,
    };
    if iterations > 1 && last_delta < config.tolerance {
        Some(AlsStop::Converged { iterations })
    } else {
        (iterations >= config.iterations_max).then_some(AlsStop::IterationCap { iterations, last_delta })
    }
}

/// The losses of a fit, and whoever watches it.
struct Watch<'a> {
    config: &'a AlsConfig,
    losses: Vec<f64>,
    on_iteration: &'a mut (dyn FnMut(State<'_>) -> ControlFlow<()> + Send),
}

impl Watch<'_> {
    /// Takes note of an iteration, and says whether it was the last.
    fn judge(&mut self, loss: f64, items: &dyn Fn() -> Vec<f32>) -> Option<AlsStop> {
        self.losses.push(loss);
        let iterations = self.losses.len();
        let iteration = Iteration { iteration: iterations, iterations_max: self.config.iterations_max, loss };
        let flow = (self.on_iteration)(State { iteration, losses: &self.losses, items });
        let interrupted = flow.is_break().then_some(AlsStop::Interrupted { iterations });
        ended(&self.losses, self.config).or(interrupted)
    }
}

fn iterate(
    by_user: &Interactions,
    config: &AlsConfig,
    items: Vec<f32>,
    losses: Vec<f64>,
    on_iteration: &mut (dyn FnMut(State<'_>) -> ControlFlow<()> + Send),
) -> Result<AlsModel, TrainError> {
    let mut watch = Watch { config, losses, on_iteration };
    let (mut users, items, stop) = match (ended(&watch.losses, config), config.solver) {
        (Some(stop), _) => (vec![0.0; by_user.n_users() * config.factors], items, stop),
        (None, Solver::Exact) => exactly(by_user, config, items, &mut watch)?,
        (None, Solver::Fast) => fast(by_user, config, &items, &mut watch),
    };
    // The users once more, so that a stored vector is what a fold-in of the same history gives.
    let item_gram = gram(&items, config.factors);
    half_step(by_user, &items, &item_gram, config, &mut users)?;
    Ok(AlsModel {
        config: *config,
        n_users: by_user.n_users(),
        n_items: by_user.n_items(),
        users,
        items,
        gram: item_gram,
        losses: watch.losses,
        stop,
    })
}

/// Users, items, and why it ended.
type Fitted = (Vec<f32>, Vec<f32>, AlsStop);

fn exactly(
    by_user: &Interactions,
    config: &AlsConfig,
    mut items: Vec<f32>,
    watch: &mut Watch<'_>,
) -> Result<Fitted, TrainError> {
    let k = config.factors;
    let by_item = &by_user.transpose();
    let mut users = vec![0.0; by_user.n_users() * k];
    let mut item_gram = gram(&items, k);
    loop {
        half_step(by_user, &items, &item_gram, config, &mut users)?;
        let user_gram = gram(&users, k);
        half_step(by_item, &users, &user_gram, config, &mut items)?;
        item_gram = gram(&items, k);
        let loss = loss::loss(by_user, by_item, &users, &user_gram, &items, &item_gram, config);
        if let Some(stop) = watch.judge(loss, &|| items.clone()) {
            return Ok((users, items, stop));
        }
    }
}

fn fast(by_user: &Interactions, config: &AlsConfig, items: &[f32], watch: &mut Watch<'_>) -> Fitted {
    let by_item = &by_user.transpose();
    let (k, rule) = (config.factors, Rule(*config));
    let mut items = Factors::new(items, k);
    let mut users = Factors::zeros(by_user.n_users(), items.width);
    loop {
        let penalty = conjugate::users(by_user, &mut items, &rule, USERS_EFFORT, &mut users);
        let loss = penalty + conjugate::items(by_item, &users, &rule, ITEMS_EFFORT, &mut items);
        if let Some(stop) = watch.judge(loss, &|| items.clone().into_rows(k)) {
            return (users.into_rows(k), items.into_rows(k), stop);
        }
    }
}

#[cfg(test)]
mod tests;
