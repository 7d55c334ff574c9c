//! Kenal's side: the trainer of `kenal recommend fit`, timed iteration by iteration.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use arrow::array::AsArray as _;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, UInt32Type};
use kenal_bench::{measured, moment};
use kenal_models::als::{self, AlsConfig, Objective, Solver};
use kenal_models::{Interactions, Threads};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

#[derive(clap::Args)]
pub struct FitArgs {
    /// Parquet with the columns user, item, weight: numbers.
    file: PathBuf,
    #[arg(long, default_value_t = 64)]
    factors: usize,
    #[arg(long, default_value_t = 3)]
    iterations: usize,
    #[arg(long, default_value_t = 10.0)]
    alpha: f32,
    #[arg(long, default_value_t = 0.05)]
    reg: f32,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// By Cholesky instead of conjugate gradients.
    #[arg(long)]
    exact: bool,
}

/// Fits, and prints one line of JSON.
pub fn run(args: &FitArgs) -> Result<()> {
    let (matrix, reading) = measured(|| read(&args.file, args.alpha));
    let matrix = matrix.with_context(|| format!("reading {}", args.file.display()))?;
    let threads = Threads::new(args.threads).context("at least one thread")?;
    let config = AlsConfig {
        factors: args.factors,
        unobserved: 1.0,
        reg: args.reg,
        iterations_max: args.iterations,
        tolerance: 0.0,
        seed: 1,
        objective: Objective::Hu,
        solver: if args.exact { Solver::Exact } else { Solver::Fast },
    };
    let mut marks = vec![moment()];
    let (model, fitting) = measured(|| {
        als::fit(&matrix, &config, threads, &mut |_| {
            marks.push(moment());
            ControlFlow::Continue(())
        })
    });
    let model = model.context("fitting")?;
    let last = moment();
    let each = |f: &dyn Fn(usize) -> f64| (1..marks.len()).map(f).map(rounded).collect::<Vec<_>>();
    let line = json!({
        "system": if args.exact { "kenal exact" } else { "kenal" },
        "interactions": matrix.len(),
        "read_cpu_s": rounded(reading.cpu_s),
        "cpu_s": rounded(reading.cpu_s + fitting.cpu_s),
        "peak_mib": fitting.peak_bytes >> 20,
        "s": each(&|n| (marks[n].0 - marks[n - 1].0).as_secs_f64()),
        "iterations_cpu_s": each(&|n| marks[n].1 - marks[n - 1].1),
        "last_users_cpu_s": marks.last().map(|m| rounded(last.1 - m.1)),
        "objectives": model.losses(),
    });
    println!("{line}");
    Ok(())
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

fn read(path: &Path, alpha: f32) -> Result<Interactions> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()?;
    let (mut users, mut items, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for batch in reader {
        let batch = batch?;
        let column = |name: &str, to: &DataType| {
            let column = batch.column_by_name(name).with_context(|| format!("there is no column {name}"))?;
            anyhow::Ok(cast(column, to)?)
        };
        users.extend_from_slice(column("user", &DataType::UInt32)?.as_primitive::<UInt32Type>().values());
        items.extend_from_slice(column("item", &DataType::UInt32)?.as_primitive::<UInt32Type>().values());
        let weight = column("weight", &DataType::Float32)?;
        weights.extend(weight.as_primitive::<Float32Type>().values().iter().map(|w| alpha * w));
    }
    let count = |column: &[u32]| column.iter().max().map_or(0, |&m| m as usize + 1);
    let (n_users, n_items) = (count(&users), count(&items));
    Ok(Interactions::from_columns(n_users, n_items, users, items, Some(weights))?)
}
