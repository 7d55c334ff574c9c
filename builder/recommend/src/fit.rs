//! Factors of anybody's interactions, as files: what `kenal recommend fit` does.
//!
//! The matrix is the one that [`crate::evaluate`] measures ALS on: confidence 1 for each pair, or, when it is asked for,
//! the sum of the pair's weights. A fit may begin with the item factors of an earlier one ([`FitOptions::warm_start`]),
//! matched by id, and leaves a [`Checkpoint`] after each iteration.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kenal_models::als::{self, AlsConfig, AlsModel, AlsStop, Iteration, Start, State};
use kenal_models::content::ContentModel;
use kenal_models::interactions::{InteractionError, Row, compact, core_filter};
use kenal_models::{Interactions, Threads, TrainError};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Value, json};

use crate::catalogue::Catalogue;
use crate::checkpoint::{Checkpoint, CheckpointError, Fingerprint};
use crate::factors::{self, FactorsError};
use crate::pack::{PackedReport, pack};
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
    /// Folder or file that an earlier fit has written.
    pub warm_start: Option<PathBuf>,
}

/// Where factors go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// [`USER_FACTORS`], [`ITEM_FACTORS`] and [`MODEL`] in a folder.
    Folder(PathBuf),
    /// One table of both, and what the fit was beside it as `.json`.
    File(PathBuf),
}

impl Out {
    /// A path that ends in `.parquet` is a file, if it is no folder already.
    pub fn at(path: &Path) -> Out {
        let is_file = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) && !path.is_dir();
        if is_file { Out::File(path.to_owned()) } else { Out::Folder(path.to_owned()) }
    }

    /// The folder in which everything goes.
    pub fn dir(&self) -> &Path {
        match self {
            Out::Folder(dir) => dir,
            Out::File(file) => file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        match self {
            Out::Folder(dir) => vec![dir.join(USER_FACTORS), dir.join(ITEM_FACTORS)],
            Out::File(file) => vec![file.clone()],
        }
    }

    fn told(&self) -> PathBuf {
        match self {
            Out::Folder(dir) => dir.join(MODEL),
            Out::File(file) => file.with_extension("json"),
        }
    }
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
    /// No two fitted items share anything that the catalogue says.
    #[error("the catalogue has nothing to say of the items that were fitted: none is in it, or no two share a word")]
    Undescribed,
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
    /// Checkpoints of other interactions or settings are in the folder. They are not gone on from, and stay.
    Others {
        files: usize,
        bytes: u64,
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
    described: Option<Described>,
}

/// What a catalogue adds.
#[derive(Debug)]
struct Described {
    /// Items that have no interactions.
    ids: Vec<String>,
    /// Factors of the fitted items, with content where there is little else, and then of these.
    factors: Vec<f32>,
    /// Fitted items whose factors content has changed.
    changed: usize,
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
    if let Some(path) = &options.warm_start {
        let names = items.iter().map(|&i| data.items[i as usize].as_str());
        let path = if path.is_dir() { path.join(ITEM_FACTORS) } else { path.clone() };
        let (start, known) = warm_start(&path, names, config)?;
        let _ = on_progress(Progress::Warm { known, items: items.len() });
        warm = Some(start);
    }
    let checkpoint = match &options.checkpoint {
        Some(dir) => Some(Checkpoint::new(dir, Fingerprint::of(&matrix, config, warm.as_deref()))?),
        None => None,
    };
    let (files, bytes) = checkpoint.as_ref().map_or(Ok((0, 0)), Checkpoint::others)?;
    if files > 0 {
        let _ = on_progress(Progress::Others { files, bytes });
    }
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
    Ok(Fitted { model, matrix, users, items, resumed, checkpoint, described: None })
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
    /// Gives the items of a catalogue that have no interactions vectors by their content, and those that have few a part of
    /// one; [`Fitted::write`] then writes them too. Gives how many were added.
    ///
    /// # Errors
    /// The catalogue says nothing that fitted items share.
    pub fn describe(&mut self, data: &Dataset, catalogue: &Catalogue, threads: Threads) -> Result<usize, FitError> {
        let known: Vec<&str> = self.items.iter().map(|&i| data.items[i as usize].as_str()).collect();
        let places: FxHashSet<&str> = known.iter().copied().collect();
        let added = catalogue.ids().iter().map(String::as_str).filter(|id| !places.contains(id));
        let all: Vec<&str> = known.iter().copied().chain(added).collect();
        let content = catalogue.features(&all);
        if (0..known.len()).all(|item| content.row(item).0.is_empty()) {
            return Err(FitError::Undescribed);
        }
        let mut counts = self.matrix.item_counts();
        counts.resize(all.len(), 0);
        let k = self.model.factors();
        let mut factors = self.model.item_factors().to_vec();
        factors.resize(all.len() * k, 0.0);
        let Some(model) = ContentModel::learn(&content, &factors, k, &counts, threads) else {
            unreachable!("an item was fitted to interactions")
        };
        let changed = model.complete(&content, &counts, &mut factors);
        let ids: Vec<String> = all[known.len()..].iter().map(|id| (*id).to_owned()).collect();
        let added = ids.len();
        self.described = Some(Described { ids, factors, changed: changed - added });
        Ok(added)
    }

    /// What fewer bytes an item would cost.
    pub fn packed(&self, threads: Threads) -> Vec<PackedReport> {
        pack(&self.model, threads)
    }

    /// Writes user and item factors as Parquet and what the fit was as JSON; then its checkpoint has served.
    /// Gives the files that it has written.
    ///
    /// # Errors
    /// The disk fails; the checkpoint is then still there.
    pub fn write(&self, data: &Dataset, out: &Out) -> Result<Vec<PathBuf>, FitError> {
        let failed = |source| FitError::Out { path: out.dir().to_owned(), source };
        std::fs::create_dir_all(out.dir()).map_err(failed)?;
        let (model, k) = (&self.model, self.model.factors());
        let users = factors::Rows {
            ids: Box::new(self.users.iter().map(|&u| data.users[u as usize].as_str())),
            values: model.user_factors(),
        };
        let mut ids: Vec<&str> = self.items.iter().map(|&i| data.items[i as usize].as_str()).collect();
        let mut values = model.item_factors();
        if let Some(described) = &self.described {
            ids.extend(described.ids.iter().map(String::as_str));
            values = &described.factors;
        }
        let items = factors::Rows { ids: Box::new(ids.into_iter()), values };
        let mut files = out.files();
        match out {
            Out::Folder(_) => {
                factors::write(&files[0], "user", users, k)?;
                factors::write(&files[1], "item", items, k)?;
            }
            Out::File(_) => factors::write_both(&files[0], users, items, k)?,
        }
        let told = out.told();
        let failed = |source| FitError::Out { path: told.clone(), source };
        std::fs::write(&told, format!("{:#}\n", self.json())).map_err(failed)?;
        files.push(told);
        self.checkpoint.as_ref().map_or(Ok(()), Checkpoint::remove)?;
        Ok(files)
    }

    /// What was fitted, on what, and how it went.
    pub fn json(&self) -> Value {
        let stop = match self.model.stop() {
            AlsStop::Converged { .. } => "converged",
            AlsStop::IterationCap { .. } => "iterations",
            AlsStop::Interrupted { .. } => "interrupted",
        };
        let mut told = json!({
            "model": "als",
            "config": self.model.config(),
            "users": self.matrix.n_users(),
            "items": self.matrix.n_items(),
            "interactions": self.matrix.len(),
            "iterations": self.model.losses().len(),
            "resumed_after": self.resumed,
            "stopped_by": stop,
            "losses": self.model.losses(),
        });
        if let Some(Described { ids, changed, .. }) = &self.described {
            told["items_by_content"] = json!(ids.len());
            told["items_partly_by_content"] = json!(changed);
        }
        told
    }
}
