//! `kenal churn`: who is about to leave, on anybody's table or transaction log.

mod campaign;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use kenal_churn::log::{self, Log, Population};
use kenal_churn::table::{self, Roles, Settings, Table};
use kenal_churn::{Report, Saved, Score};
use kenal_models::Threads;
use kenal_models::churn::ChurnConfig;
use kenal_types::Date;

/// Reasons written beside each score.
const REASONS: usize = 3;

#[derive(clap::Args)]
pub struct ChurnArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Fit a model on everything whose outcome is known, judge the same procedure on rows held back, and keep the model.
    Fit(FitArgs),
    /// Judge only: fit on the past, and measure on what came after it, or on each fifth in turn where there is no time.
    Eval(EvalArgs),
    /// Score people with a kept model, each with its reasons.
    Score(ScoreArgs),
    /// Put those most likely to leave into a retention campaign: files for Salesforce, and people held out.
    ///
    /// Made to be called by a scheduler each week, after `kenal build` has scored everybody anew. Consent to the channel
    /// and do-not-contact are asked of the newest ledger as it runs; everybody scored is counted once: exported, held out,
    /// do not contact, no consent, no record in the CRM, or under the threshold.
    Campaign(campaign::CampaignArgs),
}

/// What is learnt from: a table with a label, or a log of transactions, whose features and cuts are made for you.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("learnt from").required(true))]
struct LearnArgs {
    /// One row a person (or a person at a time), CSV or Parquet.
    #[arg(long, value_name = "FILE", requires = "label", group = "learnt from")]
    table: Option<PathBuf>,
    /// Column that says who left.
    #[arg(long, value_name = "COLUMN", requires = "table")]
    label: Option<String>,
    /// Value of the label that means leaving [default: guessed, and printed].
    #[arg(long, value_name = "VALUE", requires = "table")]
    positive: Option<String>,
    /// Column by which earlier rows train and later ones judge.
    #[arg(long, value_name = "COLUMN", requires = "table")]
    time: Option<String>,
    /// Column that names the rows, and is no feature.
    #[arg(long, value_name = "COLUMN", requires = "table")]
    id: Option<String>,
    /// Columns that are no features.
    #[arg(long, value_name = "COLUMN", requires = "table", num_args = 1..)]
    drop: Vec<String>,
    /// Columns customer, time, amount and, where there are, invoice, item, quantity; CSV or Parquet.
    #[arg(long, value_name = "FILE", requires = "horizon", group = "learnt from")]
    transactions: Option<PathBuf>,
    /// Days without a purchase that count as leaving.
    #[arg(long, value_name = "DAYS", requires = "transactions", value_parser = clap::value_parser!(u32).range(1..=3650))]
    horizon: Option<u32>,
    /// Only customers with a purchase in so many days before [default: whoever ever bought].
    #[arg(long, value_name = "DAYS", requires = "transactions", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    active_days: Option<u32>,
    /// Print one JSON object instead of words.
    #[arg(long)]
    json: bool,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(clap::Args)]
struct FitArgs {
    #[command(flatten)]
    learn: LearnArgs,
    /// Where the model is kept, as JSON.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(clap::Args)]
struct EvalArgs {
    #[command(flatten)]
    learn: LearnArgs,
}

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("scored").required(true))]
struct ScoreArgs {
    /// The model, as `fit` kept it.
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// A table with the columns of the one that the model was fitted on.
    #[arg(long, value_name = "FILE", group = "scored")]
    table: Option<PathBuf>,
    /// Column of the table that names the rows [default: the number of the row].
    #[arg(long, value_name = "COLUMN", requires = "table")]
    id: Option<String>,
    /// A log of transactions like the one that the model was fitted on.
    #[arg(long, value_name = "FILE", group = "scored")]
    transactions: Option<PathBuf>,
    /// Score as of the beginning of this day [default: the end of the log].
    #[arg(long, value_name = "YYYY-MM-DD", requires = "transactions")]
    at: Option<String>,
    /// Scores as CSV, the most likely to leave first: id, probability, reasons.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl ChurnArgs {
    pub fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Fit(args) => {
                let (saved, report) = args.learn.fit()?;
                saved.write(&args.out)?;
                args.learn.tell(&report)?;
                eprintln!("model kept in {}", args.out.display());
            }
            What::Eval(args) => args.learn.tell(&args.learn.evaluate()?)?,
            What::Score(args) => args.run()?,
            What::Campaign(args) => args.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl LearnArgs {
    fn threads(&self) -> Result<Threads> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        match Threads::new(self.threads.unwrap_or(cores)) {
            Some(threads) => Ok(threads),
            None => bail!("--threads must be at least 1"),
        }
    }

    fn population(&self) -> Population {
        Population { horizon_days: self.horizon.unwrap_or(30), active_days: self.active_days }
    }

    fn read_table(&self, path: &Path) -> Result<Table> {
        let roles = Roles {
            label: self.label.clone(),
            positive: self.positive.clone(),
            time: self.time.clone(),
            id: self.id.clone(),
            drop: self.drop.clone(),
        };
        Ok(Table::read(path, &roles)?)
    }

    fn fit(&self) -> Result<(Saved, Report)> {
        let threads = self.threads()?;
        if let Some(path) = &self.table {
            return Ok(table::fit(&self.read_table(path)?, &Settings::default(), threads)?);
        }
        let path = self.transactions.as_deref().context("--table or --transactions is needed")?;
        Ok(log::fit(&Log::read(path)?, path, &self.population(), &ChurnConfig::default(), threads)?)
    }

    fn evaluate(&self) -> Result<Report> {
        let threads = self.threads()?;
        if let Some(path) = &self.table {
            return Ok(table::evaluate(&self.read_table(path)?, &Settings::default(), threads)?);
        }
        let path = self.transactions.as_deref().context("--table or --transactions is needed")?;
        Ok(log::evaluate(&Log::read(path)?, path, &self.population(), &ChurnConfig::default(), threads)?)
    }

    fn tell(&self, report: &Report) -> Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(report)?)?;
        } else {
            writeln!(out, "{report}")?;
        }
        Ok(())
    }
}

impl ScoreArgs {
    fn run(&self) -> Result<()> {
        let saved = Saved::read(&self.model)?;
        let scores = if let Some(path) = &self.table {
            let roles = Roles { id: self.id.clone(), ..Roles::default() };
            table::score(&saved, &Table::read(path, &roles)?, REASONS)?
        } else {
            let path = self.transactions.as_deref().context("--table or --transactions is needed")?;
            let at = self.at.as_deref().map(|day| day.parse::<Date>().map(seconds)).transpose();
            let at = at.map_err(|_| anyhow::anyhow!("--at must be a day, as in 2026-11-25"))?;
            let mut scores = log::score(&saved, &Log::read(path)?, path, at, REASONS)?;
            scores.sort_by(|x, y| y.probability.total_cmp(&x.probability).then_with(|| x.id.cmp(&y.id)));
            scores
        };
        write(&self.out, &scores).with_context(|| format!("writing {}", self.out.display()))?;
        eprintln!("{} scores in {}", scores.len(), self.out.display());
        Ok(())
    }
}

/// The beginning of a day, in seconds since 1970.
fn seconds(day: Date) -> i64 {
    i64::from(day.0) * 86_400
}

fn write(path: &Path, scores: &[Score]) -> Result<()> {
    let mut out = csv::Writer::from_path(path)?;
    out.write_record(["id", "probability", "reasons"])?;
    for score in scores {
        out.write_record([&score.id, &format!("{:.6}", score.probability), &score.reasons.join("; ")])?;
    }
    Ok(out.flush()?)
}
