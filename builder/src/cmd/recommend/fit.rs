//! `kenal recommend fit`: factors as Parquet, with checkpoints and from earlier ones.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use kenal_models::AlsConfig;
use kenal_models::als::Solver;
use kenal_recommend::{FitOptions, ITEM_FACTORS, MODEL, Progress, USER_FACTORS, fit};

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
    /// Folder for `item_factors.parquet`, `user_factors.parquet` (an id and a list of numbers each) and `model.json`.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Numbers of a factor.
    #[arg(long, value_name = "F", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=512))]
    factors: u16,
    /// Strength of the ridge, which grows with a row's pairs.
    #[arg(long, value_name = "X", default_value_t = AlsConfig::default().reg)]
    reg: f32,
    /// Weight of every pair, observed or not.
    #[arg(long, value_name = "X", default_value_t = AlsConfig::default().unobserved)]
    unobserved: f32,
    /// Most iterations; fewer are done when the loss falls by less than a ten-thousandth.
    #[arg(long, value_name = "N", default_value_t = AlsConfig::default().iterations_max)]
    iterations: usize,
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    #[arg(long, value_enum, default_value = "fast")]
    solver: SolverArg,
    /// A pair counts by its column `weight`; without, each counts 1, as `eval` measures it.
    #[arg(long)]
    weighted: bool,
    /// Items with fewer customers, and customers with fewer items, are left out; 1 keeps all.
    #[arg(long, value_name = "N", default_value_t = 5)]
    min_count: usize,
    /// Keep what is reached here after each iteration, and go on from it when the same is fitted again: a fit that is
    /// killed loses at most one iteration, and ends with the same bits. It is removed when the factors are written.
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,
    /// Begin with the item factors that an earlier fit has written here; items it does not know begin anew.
    #[arg(long, value_name = "DIR")]
    warm_start: Option<PathBuf>,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print one JSON object instead of a line.
    #[arg(long)]
    json: bool,
}

impl FitArgs {
    pub fn run(self) -> Result<()> {
        let started = Instant::now();
        let mut data = super::read(&self.interactions)?;
        let config = AlsConfig {
            factors: usize::from(self.factors),
            unobserved: self.unobserved,
            reg: self.reg,
            iterations_max: self.iterations,
            seed: self.seed,
            solver: match self.solver {
                SolverArg::Fast => Solver::Fast,
                SolverArg::Exact => Solver::Exact,
            },
            ..AlsConfig::default()
        };
        let options = FitOptions {
            config,
            min_count: self.min_count,
            weighted: self.weighted,
            threads: super::threads(self.threads)?,
            checkpoint: self.checkpoint,
            warm_start: self.warm_start,
        };
        let fitted = fit(&mut data, &options, &mut |progress| {
            told(progress, started);
            ControlFlow::Continue(())
        })?;
        fitted.write(&data, &self.out)?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", fitted.json())?;
        } else {
            let dir = self.out.display();
            writeln!(out, "{ITEM_FACTORS}, {USER_FACTORS} and {MODEL} are in {dir}")?;
        }
        eprintln!("{}{}", duration(started.elapsed()), super::peak());
        Ok(())
    }
}

fn told(progress: Progress, started: Instant) {
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
