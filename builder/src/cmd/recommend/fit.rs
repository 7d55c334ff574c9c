//! `kenal recommend fit`: factors as Parquet, with checkpoints and from earlier ones.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use kenal_models::AlsConfig;
use kenal_models::als::Solver;
use kenal_recommend::{FitOptions, Out, PackedReport, Progress, fit};
use serde_json::json;

use crate::ui::{count, duration};

#[derive(Clone, Copy, clap::ValueEnum)]
enum SolverArg {
    /// Conjugate gradients; the users once more exactly at the end.
    Fast,
    /// Each row by Cholesky.
    Exact,
}

#[derive(clap::Args)]
pub struct FitArgs {
    /// Columns user, item and, where there are, time and weight; CSV or Parquet.
    #[arg(long, value_name = "FILE")]
    interactions: PathBuf,
    /// A folder for `user_factors.parquet` and `item_factors.parquet` (an id and a list of numbers a row) and
    /// `model.json`; or a file ending in `.parquet` for both, told apart by a column `kind`.
    #[arg(long, value_name = "DIR|FILE")]
    out: PathBuf,
    /// Numbers of a factor.
    #[arg(long, value_name = "F", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=512))]
    factors: u16,
    /// Strength of the ridge, which grows with a row's pairs.
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = AlsConfig::default().reg)]
    reg: f32,
    /// Weight of every pair, observed or not.
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = AlsConfig::default().unobserved)]
    unobserved: f32,
    /// Most iterations.
    #[arg(long, value_name = "N", default_value_t = AlsConfig::default().iterations_max)]
    iterations: usize,
    /// Ends when an iteration lowers the loss by less than this share of it; 0 does all iterations.
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = AlsConfig::default().tolerance)]
    tolerance: f64,
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    #[arg(long, value_enum, default_value = "fast")]
    solver: SolverArg,
    /// A pair counts by its column `weight`; without, each counts 1.
    #[arg(long)]
    weighted: bool,
    /// Items with fewer customers, and customers with fewer items, are left out; 1 keeps all.
    #[arg(long, value_name = "N", default_value_t = 5)]
    min_count: usize,
    /// Where what is reached is kept after each iteration [default: beside the factors]. The same fit goes on from it: one
    /// that is killed loses at most an iteration, and ends with the same bits. It goes when the factors are written.
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,
    /// Begin with the item factors that an earlier fit has written to this --out; items it does not know begin anew.
    #[arg(long, value_name = "DIR|FILE")]
    warm: Option<PathBuf>,
    /// Columns item and what is known of it: category, brand, price, and any others as text; CSV or Parquet. Its items
    /// without interactions get vectors by their content, and are written with the others.
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Also how many of the first 20 stay when the item factors are packed into a byte, half a byte, or a mixture.
    #[arg(long)]
    pack: bool,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl FitArgs {
    pub fn run(self) -> Result<()> {
        let started = Instant::now();
        let out = Out::at(&self.out);
        let checkpoints = self.checkpoint.unwrap_or_else(|| out.dir().to_owned());
        let options = FitOptions {
            config: AlsConfig {
                factors: usize::from(self.factors),
                unobserved: self.unobserved,
                reg: self.reg,
                iterations_max: self.iterations,
                tolerance: self.tolerance,
                seed: self.seed,
                solver: match self.solver {
                    SolverArg::Fast => Solver::Fast,
                    SolverArg::Exact => Solver::Exact,
                },
                ..AlsConfig::default()
            },
            min_count: self.min_count,
            weighted: self.weighted,
            threads: super::threads(self.threads)?,
            checkpoint: Some(checkpoints.clone()),
            warm_start: self.warm,
        };
        let threads = options.threads;
        let catalogue = self.items.as_deref().map(super::read_items).transpose()?;
        let mut data = super::read(&self.interactions)?;
        if self.weighted && !data.has_weight {
            bail!("{}: no column `weight`, which --weighted needs", self.interactions.display());
        }
        let mut fitted = fit(&mut data, &options, &mut |progress| {
            told(progress, &checkpoints, started);
            ControlFlow::Continue(())
        })
        .with_context(|| format!("fitting {}", self.interactions.display()))?;
        if let (Some(catalogue), Some(path)) = (&catalogue, &self.items) {
            let added = fitted.describe(&data, catalogue, threads).with_context(|| path.display().to_string())?;
            eprintln!("{} items without interactions have vectors by their content", count(added as u64));
        }
        let packed = if self.pack { fitted.packed(threads) } else { Vec::new() };
        let files = fitted.write(&data, &out)?;
        let mut stdout = std::io::stdout().lock();
        if self.json {
            let mut report = fitted.json();
            report["files"] = json!(files);
            if self.pack {
                report["packed"] = packed.iter().map(PackedReport::json).collect();
            }
            super::cost::add(&mut report, started);
            writeln!(stdout, "{report}")?;
        } else {
            write!(stdout, "{}", super::packed(&packed))?;
            files.iter().try_for_each(|file| writeln!(stdout, "{}", file.display()))?;
        }
        eprintln!("{}", super::cost::told(started));
        Ok(())
    }
}

fn told(progress: Progress, checkpoints: &Path, started: Instant) {
    match progress {
        Progress::Begun { users, items, interactions } => eprintln!(
            "{} interactions of {} people with {} items",
            count(interactions as u64),
            count(users as u64),
            count(items as u64)
        ),
        Progress::Warm { known, items } => {
            eprintln!("begun from earlier factors of {} of {} items", count(known as u64), count(items as u64));
        }
        Progress::Others { files, bytes } => eprintln!(
            "not gone on from {} of other interactions or settings, {:.1} MB: als-*.checkpoint and als-*.part in {} may be \
             removed if no fit is to go on from them",
            if files == 1 { "a checkpoint".to_owned() } else { format!("{} checkpoints", count(files as u64)) },
            bytes as f64 / 1e6,
            checkpoints.display()
        ),
        Progress::Resumed { iterations } => eprintln!("gone on from a checkpoint after iteration {iterations}"),
        Progress::Iteration(i) => eprintln!(
            "iteration {} of at most {}: loss {:.6e}, {}",
            i.iteration,
            i.iterations_max,
            i.loss,
            duration(started.elapsed())
        ),
    }
}
