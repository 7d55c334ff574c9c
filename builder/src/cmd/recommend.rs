//! `kenal recommend`: a recommender on anybody's interactions, and what it is worth.

mod fit;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use kenal_models::Threads;
use kenal_models::eval::Metric;
use kenal_recommend::{Dataset, Model, Options, Protocol, Report, evaluate};

use crate::ui::{Align, Table, count, duration};

#[derive(clap::Args)]
pub struct RecommendArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Hide purchases, tune on a validation split of what is left, and see how many of the hidden ones are found.
    Eval(EvalArgs),
    /// Fit ALS on everything, and write the factors of users and items as Parquet.
    Fit(fit::FitArgs),
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ProtocolArg {
    /// A fifth of the people are strangers, known by four fifths of their items and tested on the others.
    Strong,
    /// The last 30 days are hidden.
    Time,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ModelArg {
    Als,
    ItemItem,
    Blend,
    Trending,
}

#[derive(clap::Args)]
struct EvalArgs {
    /// Columns user, item and, where there are, time and weight; CSV or Parquet.
    #[arg(long, value_name = "FILE", required_unless_present = "split")]
    interactions: Option<PathBuf>,
    /// A given split instead: a file with a column `part` beside user, item and time, as it is, without --min-count.
    #[arg(long, value_name = "FILE")]
    split: Option<PathBuf>,
    #[arg(long, value_enum)]
    protocol: ProtocolArg,
    /// Over time: only items that are new to the customer. The default.
    #[arg(long, conflicts_with = "repeats")]
    new: bool,
    /// Over time: whatever the customer buys.
    #[arg(long)]
    repeats: bool,
    #[arg(long, value_enum, default_value = "blend")]
    model: ModelArg,
    /// Factors of ALS.
    #[arg(long, value_name = "F", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=512))]
    factors: u16,
    /// Items with fewer customers, and customers with fewer items, are left out; 1 keeps all.
    #[arg(long, value_name = "N", default_value_t = 5)]
    min_count: usize,
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
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

impl EvalArgs {
    fn run(&self) -> Result<()> {
        let started = Instant::now();
        let protocol = match (self.protocol, self.repeats) {
            (ProtocolArg::Strong, false) if !self.new => Protocol::Strong,
            (ProtocolArg::Strong, _) => bail!("--new and --repeats are for --protocol time"),
            (ProtocolArg::Time, true) => Protocol::TimeRepeats,
            (ProtocolArg::Time, false) => Protocol::TimeNew,
        };
        let model = match self.model {
            ModelArg::Als => Model::Als,
            ModelArg::ItemItem => Model::ItemItem,
            ModelArg::Blend => Model::Blend,
            ModelArg::Trending => Model::Trending,
        };
        let threads = threads(self.threads)?;
        let Some(path) = self.split.as_ref().or(self.interactions.as_ref()) else {
            bail!("--interactions or --split is needed")
        };
        let data = read(path)?;
        let options = Options {
            is_split: self.split.is_some(),
            protocol,
            model,
            factors: usize::from(self.factors),
            min_count: self.min_count,
            threads,
            seed: self.seed,
        };
        let report = evaluate(&data, &options)?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", report.json())?;
        } else {
            writeln!(out, "{}", told(&report))?;
        }
        eprintln!("{}{}", duration(started.elapsed()), peak());
        Ok(())
    }
}

/// Reads a file, and says what of it cannot be used.
fn read(path: &Path) -> Result<Dataset> {
    let data = Dataset::read(path)?;
    if data.refused_count > 0 {
        eprintln!("{} of {} rows cannot be used:", count(data.refused_count), count(data.read_count));
        data.refused.iter().for_each(|r| eprintln!("  {}, line {}: {}", path.display(), r.line, r.why));
    }
    Ok(data)
}

fn threads(asked: Option<usize>) -> Result<Threads> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let Some(threads) = Threads::new(asked.unwrap_or(cores)) else { bail!("--threads must be at least 1") };
    Ok(threads)
}

fn told(report: &Report) -> String {
    let mut table = Table::new(&[
        (&format!("{}, {}", report.model.name(), report.protocol.name()), Align::Left),
        ("mean", Align::Right),
        ("95 %", Align::Right),
    ]);
    for metric in Metric::ALL {
        let i = report.evaluation.interval(metric, 0.95, 42);
        table.row([metric.name().to_owned(), format!("{:.4}", i.mean), format!("{:.4} – {:.4}", i.low, i.high)]);
    }
    table.row(["coverage@20".to_owned(), format!("{:.4}", report.evaluation.coverage_20), String::new()]);
    format!(
        "{table}\n{}{} people tested; learnt from {} interactions of {} people with {} items\n{}",
        ablation(report),
        count(report.evaluation.cases() as u64),
        count(report.interactions as u64),
        count(report.users as u64),
        count(report.items as u64),
        report.tuned
    )
}

/// What each part of a blend brings.
fn ablation(report: &Report) -> String {
    if report.ablation.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        ("what each part brings", Align::Left),
        ("recall@20", Align::Right),
        ("of the blend", Align::Right),
        ("ndcg@20", Align::Right),
    ]);
    let whole = report.evaluation.mean(Metric::Recall20);
    for part in &report.ablation {
        let recall = part.evaluation.mean(Metric::Recall20);
        let ndcg = part.evaluation.mean(Metric::Ndcg20);
        let share = if whole > 0.0 { format!("{:+.1} %", 100.0 * (recall / whole - 1.0)) } else { String::new() };
        table.row([part.name.to_owned(), format!("{recall:.4}"), share, format!("{ndcg:.4}")]);
    }
    format!("{table}\n")
}

/// Most memory that this process has had, where the system says it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or(String::new(), |kib| format!(", at most {} MiB of memory", count(kib >> 10)))
}
