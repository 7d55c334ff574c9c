//! `kenal recommend eval`: what a recommender finds of purchases that were hidden from it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};
use kenal_models::eval::Metric;
use kenal_recommend::{
    ABLATION_METRICS, ColdReport, Dataset, Model, Options, Protocol, Report, evaluate, evaluate_cold,
};
use serde_json::Value;

use super::{cost, difference};
use crate::ui::{Align, Table, count};

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ProtocolArg {
    /// A fifth of the people are strangers, known by four fifths of their items and tested on the others.
    Strong,
    /// The last 30 days are hidden.
    Time,
    /// A fifth of the items is hidden, and found by what --items says of them.
    Cold,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ModelArg {
    Als,
    ItemItem,
    Blend,
    Trending,
}

#[derive(clap::Args)]
pub struct EvalArgs {
    /// Columns user, item and, where there are, time and weight; CSV or Parquet. Whether weights, as confidence, bring
    /// anything is tuned as all else.
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
    /// Cold: columns item and what is known of it: category, brand, price, and any others as text; CSV or Parquet.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["split", "pack", "new", "repeats"])]
    items: Option<PathBuf>,
    /// Cold: as many buyers of each hidden item are known nevertheless.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "items")]
    known: usize,
    /// [default: blend; als for --protocol cold]
    #[arg(long, value_enum)]
    model: Option<ModelArg>,
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
    /// Also what is lost when the factors of ALS are packed into a byte, half a byte, or a mixture.
    #[arg(long)]
    pack: bool,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

impl EvalArgs {
    pub fn run(&self) -> Result<()> {
        let started = Instant::now();
        let options = self.options()?;
        let Some(path) = self.split.as_ref().or(self.interactions.as_ref()) else {
            bail!("--interactions or --split is needed")
        };
        let data = super::read(path)?;
        let (text, object) = match &self.items {
            Some(items) => self.cold(&data, items, &options)?,
            None => {
                let report = evaluate(&data, &options)?;
                (told(&report), report.json())
            }
        };
        let mut out = std::io::stdout().lock();
        if self.json {
            let mut object = object;
            cost::add(&mut object, started);
            writeln!(out, "{object}")?;
        } else {
            writeln!(out, "{text}")?;
        }
        eprintln!("{}", cost::told(started));
        Ok(())
    }

    fn cold(&self, data: &Dataset, items: &Path, options: &Options) -> Result<(String, Value)> {
        let report = evaluate_cold(data, &super::read_items(items)?, self.known, options)?;
        Ok((told_cold(&report), report.json()))
    }

    fn options(&self) -> Result<Options> {
        let is_cold = self.protocol == ProtocolArg::Cold;
        let protocol = match (self.protocol, self.repeats) {
            (ProtocolArg::Time, true) => Protocol::TimeRepeats,
            (ProtocolArg::Time, false) => Protocol::TimeNew,
            (ProtocolArg::Strong | ProtocolArg::Cold, false) if !self.new => Protocol::Strong,
            (ProtocolArg::Strong | ProtocolArg::Cold, _) => bail!("--new and --repeats are for --protocol time"),
        };
        match (is_cold, &self.items) {
            (true, None) => bail!("--protocol cold needs --items, a file that says what the hidden items are"),
            (false, Some(_)) => bail!("--items is for --protocol cold"),
            _ => {}
        }
        let model = match (self.model, is_cold) {
            (Some(ModelArg::Als), _) | (None, true) => Model::Als,
            (Some(_), true) => bail!("--protocol cold gives items vectors of --model als, and measures nothing else"),
            (Some(ModelArg::ItemItem), _) => Model::ItemItem,
            (Some(ModelArg::Blend) | None, _) => Model::Blend,
            (Some(ModelArg::Trending), _) => Model::Trending,
        };
        if self.pack && !matches!(model, Model::Als | Model::Blend) {
            bail!("--pack is for models with factors: als and blend");
        }
        Ok(Options {
            is_split: self.split.is_some(),
            protocol,
            model,
            factors: usize::from(self.factors),
            min_count: self.min_count,
            threads: super::threads(self.threads)?,
            seed: self.seed,
            pack: self.pack,
        })
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
        "{table}\n{}{}{} people tested; learnt from {} interactions of {} people with {} items\n{}",
        ablation(report),
        super::packed(&report.packed),
        count(report.evaluation.cases() as u64),
        count(report.interactions as u64),
        count(report.users as u64),
        count(report.items as u64),
        report.tuned
    )
}

/// What each part of a blend brings; empty for anything else.
fn ablation(report: &Report) -> String {
    if report.ablation.is_empty() {
        return String::new();
    }
    let [recall, ndcg] = ABLATION_METRICS.map(Metric::name);
    let mut table = Table::new(&[
        ("blend", Align::Left),
        (recall, Align::Right),
        ("difference, 95 %", Align::Right),
        (ndcg, Align::Right),
        ("difference, 95 %", Align::Right),
    ]);
    let [recall, ndcg] = ABLATION_METRICS.map(|m| format!("{:.4}", report.evaluation.mean(m)));
    table.row(["with all parts", &recall, "", &ndcg, ""]);
    for ablated in &report.ablation {
        let [recall, ndcg] = ABLATION_METRICS.map(|m| format!("{:.4}", ablated.evaluation.mean(m)));
        let [of_recall, of_ndcg] = ablated.differences.map(difference);
        table.row([format!("without {}", ablated.without.name()), recall, of_recall, ndcg, of_ndcg]);
    }
    format!("{table}\n")
}

fn told_cold(report: &ColdReport) -> String {
    let [recall, ndcg] = [Metric::Recall20, Metric::Ndcg20];
    let mut table = Table::new(&[
        ("items found by", Align::Left),
        (recall.name(), Align::Right),
        ("95 %", Align::Right),
        (ndcg.name(), Align::Right),
        ("95 %", Align::Right),
    ]);
    for (name, evaluation) in &report.evaluations {
        let cells = [recall, ndcg].map(|metric| {
            let i = evaluation.interval(metric, 0.95, 42);
            [format!("{:.4}", i.mean), format!("{:.4} – {:.4}", i.low, i.high)]
        });
        table.row(std::iter::once((*name).to_owned()).chain(cells.into_iter().flatten()));
    }
    let cases = report.evaluations.first().map_or(0, |(_, e)| e.cases());
    format!(
        "{table}\n{} people tested; {} of {} items hidden, {} of them described, {} buyers of each known\npopularity of its \
         kind^{}",
        count(cases as u64),
        count(report.withheld as u64),
        count(report.items as u64),
        count(report.described as u64),
        report.known,
        report.kind_power
    )
}
