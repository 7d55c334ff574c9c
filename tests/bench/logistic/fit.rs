//! Kenal's side: the fit of `kenal churn fit`, after its features have been made terms.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use arrow::array::AsArray as _;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type};
use kenal_bench::measured;
use kenal_models::Threads;
use kenal_models::churn::ChurnStop;
use kenal_models::churn::logistic::{self, LogisticConfig, Rows};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

#[derive(clap::Args)]
pub struct FitArgs {
    /// Parquet with the column label, 0 or 1, and others, which are the features.
    file: PathBuf,
    /// scikit-learn's 1/C.
    #[arg(long, default_value_t = 1.0)]
    l2: f64,
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// Fits, and prints one line of JSON.
pub fn run(args: &FitArgs) -> Result<()> {
    let (table, reading) = measured(|| read(&args.file));
    let Table { terms, width, labels } = table.with_context(|| format!("reading {}", args.file.display()))?;
    let threads = Threads::new(args.threads).context("at least one thread")?;
    let rows = Rows { terms: &terms, width, labels: &labels, groups: &[], groups_count: 1 };
    let config = LogisticConfig { l2: args.l2, ..LogisticConfig::default() };
    let (solution, fitting) = measured(|| logistic::fit_on(rows, &config, None, threads));
    let solution = solution.context("fitting")?;
    ensure!(matches!(solution.stop, ChurnStop::Converged { .. }), "it did not converge: {:?}", solution.stop);
    let loss: f64 = terms
        .chunks_exact(width)
        .zip(&labels)
        .map(|(t, label)| {
            let z: f64 = t.iter().zip(&solution.weights).map(|(t, w)| f64::from(*t) * w).sum();
            let m = if *label { -(z + solution.intercept) } else { z + solution.intercept };
            m.max(0.0) + (-m.abs()).exp().ln_1p()
        })
        .sum();
    let objective = loss + args.l2 / 2.0 * solution.weights.iter().map(|w| w * w).sum::<f64>();
    let line = json!({
        "system": "kenal",
        "rows": labels.len(),
        "features": width,
        "passes": solution.passes,
        "objective": (objective * 1e3).round() / 1e3,
        "fit_cpu_s": fitting.cpu_s,
        "fit_s": fitting.wall.as_secs_f64(),
        "read_cpu_s": reading.cpu_s,
        "peak_mib": fitting.peak_bytes >> 20,
    });
    println!("{line}");
    Ok(())
}

struct Table {
    /// Row-major.
    terms: Vec<f32>,
    width: usize,
    labels: Vec<bool>,
}

fn read(path: &Path) -> Result<Table> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let rows = usize::try_from(reader.metadata().file_metadata().num_rows())?;
    let names: Vec<String> = reader.schema().fields().iter().map(|f| f.name().clone()).collect();
    let features: Vec<&String> = names.iter().filter(|name| *name != "label").collect();
    let width = features.len();
    let (mut terms, mut labels) = (vec![0.0; rows * width], Vec::with_capacity(rows));
    for batch in reader.build()? {
        let batch = batch?;
        let column = |name: &str| {
            let column = batch.column_by_name(name).with_context(|| format!("there is no column {name}"))?;
            anyhow::Ok(cast(column, &DataType::Float32)?)
        };
        let from = labels.len();
        for (at, name) in features.iter().enumerate() {
            let values = column(name)?;
            let places = terms[from * width + at..].iter_mut().step_by(width);
            places.zip(values.as_primitive::<Float32Type>().values()).for_each(|(place, value)| *place = *value);
        }
        labels.extend(column("label")?.as_primitive::<Float32Type>().values().iter().map(|v| *v > 0.0));
    }
    Ok(Table { terms, width, labels })
}
