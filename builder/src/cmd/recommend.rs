//! `kenal recommend`: a recommender on anybody's interactions, and what it is worth.

mod cost;
mod eval;
mod fit;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use kenal_models::Threads;
use kenal_models::eval::Interval;
use kenal_recommend::{Catalogue, Dataset, PackedReport, Refused};

use crate::ui::{Align, Table, count};

#[derive(clap::Args)]
pub struct RecommendArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Hide purchases, tune on a validation split of what is left, and see how many of the hidden ones are found.
    Eval(Box<eval::EvalArgs>),
    /// Fit ALS to everything, and write the factors of users and items as Parquet.
    Fit(Box<fit::FitArgs>),
}

impl RecommendArgs {
    pub fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Eval(args) => args.run()?,
            What::Fit(args) => args.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads interactions, and says what of them cannot be used.
fn read(path: &Path) -> Result<Dataset> {
    let data = Dataset::read(path)?;
    say_refused(path, data.refused_count, data.read_count, &data.refused);
    Ok(data)
}

/// Reads what is known of items, and says what of it cannot be used.
fn read_items(path: &Path) -> Result<Catalogue> {
    let catalogue = Catalogue::read(path).context("reading --items")?;
    say_refused(path, catalogue.refused_count, catalogue.read_count, &catalogue.refused);
    Ok(catalogue)
}

fn say_refused(path: &Path, refused: u64, read: u64, first: &[Refused]) {
    if refused > 0 {
        eprintln!("{} of {} rows cannot be used:", count(refused), count(read));
        first.iter().for_each(|r| eprintln!("  {}, line {}: {}", path.display(), r.line, r.why));
    }
}

fn threads(asked: Option<usize>) -> Result<Threads> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let Some(threads) = Threads::new(asked.unwrap_or(cores)) else { bail!("--threads must be at least 1") };
    Ok(threads)
}

/// What fewer bytes cost; empty when it was not asked for.
fn packed(rows: &[PackedReport]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let is_evaluated = rows.iter().any(|r| r.recall_20.is_some());
    let columns = [
        ("factors of ALS as", Align::Left),
        ("bytes an item", Align::Right),
        ("all", Align::Right),
        ("overlap@20 with f32", Align::Right),
        ("recall@20", Align::Right),
        ("difference to f32, 95 %", Align::Right),
    ];
    let shown = if is_evaluated { columns.len() } else { 4 };
    let mut table = Table::new(&columns[..shown]);
    for row in rows {
        let (recall, d) =
            row.recall_20.map_or_else(Default::default, |(recall, d)| (format!("{recall:.4}"), difference(d)));
        let overlap = format!("{:.4}", row.overlap_20);
        let cells = [row.packing.name(), count(row.item_bytes as u64), count(row.bytes as u64), overlap, recall, d];
        table.row(cells.into_iter().take(shown));
    }
    format!("{table}\n")
}

/// `-0.0012 (-0.0031 to +0.0007)`.
fn difference(d: Interval) -> String {
    format!("{:+.4} ({:+.4} to {:+.4})", d.mean, d.low, d.high)
}
