//! `kenal recommend`: what a recommender is worth on anybody's interactions.

use std::io::Write as _;
use std::path::PathBuf;
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
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let Some(threads) = Threads::new(self.threads.unwrap_or(cores)) else { bail!("--threads must be at least 1") };
        let Some(path) = self.split.as_ref().or(self.interactions.as_ref()) else {
            bail!("--interactions or --split is needed")
        };
        let data = Dataset::read(path)?;
        if data.refused_count > 0 {
            eprintln!("{} of {} rows cannot be used:", count(data.refused_count), count(data.read_count));
            data.refused.iter().for_each(|r| eprintln!("  {}, line {}: {}", path.display(), r.line, r.why));
        }
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
            eprintln!("{}", duration(started.elapsed()));
        }
        Ok(())
    }
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
        "{table}\n{} people tested; learnt from {} interactions of {} people with {} items\n{}",
        count(report.evaluation.cases() as u64),
        count(report.interactions as u64),
        count(report.users as u64),
        count(report.items as u64),
        report.tuned
    )
}
