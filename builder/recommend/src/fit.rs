//! Factors of anybody's interactions, as files: what `kenal recommend fit` does.
//!
//! The matrix is the one that [`crate::evaluate`] measures ALS on: confidence 1 for each pair, or, when it is asked for,
//! the sum of the pair's weights. A fit may begin with the item factors of an earlier one ([`FitOptions::warm_start`]),
//! matched by id, and leaves a [`Checkpoint`] after each iteration.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kenal_models::als::{self, AlsConfig, AlsModel, AlsStop, Iteration, Start, State};
use kenal_models::interactions::{InteractionError, Row, compact, core_filter};
use kenal_models::{Interactions, Threads, TrainError};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::checkpoint::{Checkpoint, CheckpointError, Fingerprint};
use crate::factors::{self, FactorsError};
use crate::read::Dataset;

/// Names of the files in a folder of factors.
pub const ITEM_FACTORS: &str = "item_factors.parquet";
pub const USER_FACTORS: &str = "user_factors.parquet";
pub const MODEL: &str = "model.json";

/// What to fit, and from where.
#[derive(Debug, Clone)]
pub struct FitOptions {
    pub config: AlsConfig,
    /// Items with fewer customers and customers with fewer items are left out; 1 keeps all.
    pub min_count: usize,
    /// Confidence by the column `weight`, instead of 1 for each pair.
    pub weighted: bool,
    pub threads: Threads,
    /// Folder of checkpoints.
    pub checkpoint: Option<PathBuf>,
    /// Folder that an earlier fit has written.
    pub warm_start: Option<PathBuf>,
}

/// Nothing was fitted, or it could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// The filter leaves nothing.
    #[error(
        "nothing is left to learn from: every item or customer has fewer than {min_count} partners; lower --min-count"
    )]
    Filtered { min_count: usize },
    /// The numbers of the file make no matrix.
    #[error(transparent)]
    Interactions(#[from] InteractionError),
    /// A setting of the trainer's is out of range, or it finds no solution.
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Factors(#[from] FactorsError),
    /// No item of an earlier fit is among these.
    #[error("{}: none of its items is among those of the interactions", path.display())]
    Strangers { path: PathBuf },
    /// The folder for the results.
    #[error("{}: cannot be written", path.display())]
    Out { path: PathBuf, source: io::Error },
}

/// What is seen of a fit while it goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// What there is to learn from.
    Begun {
        users: usize,
        items: usize,
        interactions: usize,
    },
    /// Item factors taken from an earlier fit, of so many items.
    Warm {
        known: usize,
        items: usize,
    },
    /// A checkpoint was there.
    Resumed {
        iterations: usize,
    },
    Iteration(Iteration),
}

/// A fitted model and whose rows its factors are.
#[derive(Debug)]
pub struct Fitted {
    pub model: AlsModel,
    pub matrix: Interactions,
    /// Positions in [`Dataset::users`] and [`Dataset::items`].
    users: Vec<u32>,
    items: Vec<u32>,
    /// Iterations of the losses that an earlier process did.
    resumed: usize,
    checkpoint: Option<Checkpoint>,
}

/// Fits a file's rows, which are used up, since there may be many.
///
/// # Errors
/// See [`FitError`]. A checkpoint that cannot be written ends the fit: it was asked for.
pub fn fit(
    data: &mut Dataset,
    options: &FitOptions,
    on_progress: &mut (dyn FnMut(Progress) -> ControlFlow<()> + Send),
) -> Result<Fitted, FitError> {
    let config = &options.config;
    let (matrix, users, items) = matrix(std::mem::take(&mut data.rows), options)?;
    let _ =
        on_progress(Progress::Begun { users: matrix.n_users(), items: matrix.n_items(), interactions: matrix.len() });
    let mut warm = None;
    if let Some(dir) = &options.warm_start {
        let names = items.iter().map(|&i| data.items[i as usize].as_str());
        let (start, known) = warm_start(&dir.join(ITEM_FACTORS), names, config)?;
        let _ = on_progress(Progress::Warm { known, items: items.len() });
        warm = Some(start);
    }
    let checkpoint = match &options.checkpoint {
        Some(dir) => Some(Checkpoint::new(dir, Fingerprint::of(&matrix, config, warm.as_deref()))?),
        None => None,
    };
    let reached = checkpoint.as_ref().map_or(Ok(None), Checkpoint::read)?;
    let resumed = reached.as_ref().map_or(0, |r| r.losses.len());
    if resumed > 0 {
        let _ = on_progress(Progress::Resumed { iterations: resumed });
    }
    let start = match (reached, warm) {
        (Some(reached), _) => Start::Resumed { items: reached.items, losses: reached.losses },
        (None, Some(items)) => Start::Items(items),
        (None, None) => Start::Seeded,
    };
    let mut failed = None;
    let model = als::fit_steps(&matrix, config, start, options.threads, &mut |state: State<'_>| {
        if let Some(Err(e)) = checkpoint.as_ref().map(|c| c.write(&state.items(), state.losses)) {
            failed = Some(e);
            return ControlFlow::Break(());
        }
        on_progress(Progress::Iteration(state.iteration))
    })?;
    failed.map_or(Ok(()), Err)?;
    Ok(Fitted { model, matrix, users, items, resumed, checkpoint })
}

/// The matrix, and the file's numbers of its users and items.
fn matrix(rows: Vec<Row>, options: &FitOptions) -> Result<(Interactions, Vec<u32>, Vec<u32>), FitError> {
    let kept = compact(core_filter(rows, options.min_count));
    if kept.rows.is_empty() {
        return Err(FitError::Filtered { min_count: options.min_count });
    }
    let mut rows = kept.rows;
    if !options.weighted {
        rows.sort_unstable_by_key(|r| (r.user, r.item));
        rows.dedup_by_key(|r| (r.user, r.item));
    }
    let column = |f: fn(&Row) -> u32| rows.iter().map(f).collect::<Vec<u32>>();
    let (by_user, by_item) = (column(|r| r.user), column(|r| r.item));
    let weights = options.weighted.then(|| rows.iter().map(|r| r.weight).collect());
    drop(rows);
    let matrix = Interactions::from_columns(kept.users.len(), kept.items.len(), by_user, by_item, weights)?;
    Ok((matrix, kept.users, kept.items))
}

/// The item factors of an earlier fit for these items, as a fit begins where it has none; and for how many it has.
fn warm_start<'a>(
    path: &Path,
    items: impl ExactSizeIterator<Item = &'a str>,
    config: &AlsConfig,
) -> Result<(Vec<f32>, usize), FitError> {
    let k = config.factors;
    let mut start = als::seeded_items(items.len(), config);
    let places: FxHashMap<&str, usize> = items.enumerate().map(|(at, name)| (name, at)).collect();
    let mut known = 0;
    factors::read(path, "item", k, |id, row| {
        if let Some(&at) = places.get(id) {
            start[at * k..][..k].copy_from_slice(row);
            known += 1;
        }
    })?;
    if known == 0 {
        return Err(FitError::Strangers { path: path.to_owned() });
    }
    Ok((start, known))
}

impl Fitted {
    /// Writes user and item factors as Parquet and what the fit was as JSON; then its checkpoint has served.
    ///
    /// # Errors
    /// The disk fails; the checkpoint is then still there.
    pub fn write(&self, data: &Dataset, dir: &Path) -> Result<(), FitError> {
        let out = |source| FitError::Out { path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(out)?;
        let (model, k) = (&self.model, self.model.factors());
        let users = self.users.iter().map(|&u| data.users[u as usize].as_str());
        let items = self.items.iter().map(|&i| data.items[i as usize].as_str());
        factors::write(&dir.join(USER_FACTORS), "user", users, model.user_factors(), k)?;
        factors::write(&dir.join(ITEM_FACTORS), "item", items, model.item_factors(), k)?;
        std::fs::write(dir.join(MODEL), format!("{:#}\n", self.json())).map_err(out)?;
        self.checkpoint.as_ref().map_or(Ok(()), Checkpoint::remove)?;
        Ok(())
    }

    /// What was fitted, on what, and how it went.
    pub fn json(&self) -> Value {
        let stop = match self.model.stop() {
            AlsStop::Converged { .. } => "converged",
            AlsStop::IterationCap { .. } => "iterations",
            AlsStop::Interrupted { .. } => "interrupted",
        };
        json!({
            "model": "als",
            "config": self.model.config(),
            "users": self.matrix.n_users(),
            "items": self.matrix.n_items(),
            "interactions": self.matrix.len(),
            "iterations": self.model.losses().len(),
            "resumed_after": self.resumed,
            "stopped_by": stop,
            "losses": self.model.losses(),
        })
    }
}
