//! One fit: it alone is timed, not the making of the people nor what is found of the hidden purchases.

use anyhow::{Context as _, Result};
use kenal_bench::measured;
use kenal_models::Threads;
use kenal_models::blend::{Blend, Heat, Parts, Weights};
use kenal_models::eval::{Candidates, Metric, Scorer, evaluate};
use kenal_models::item_item::{ItemItem, ItemItemConfig};
use serde_json::json;

use crate::cosine::Cosine;
use crate::dense::invert;
use crate::people::people;

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum System {
    Kenal,
    Cosine,
    Dense,
}

#[derive(clap::Args)]
pub struct FitArgs {
    #[arg(value_enum)]
    system: System,
    #[arg(long)]
    users: usize,
    #[arg(long)]
    items: usize,
    /// Purchases of a customer, in the mean.
    #[arg(long)]
    each: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// Fits, and prints one line of JSON.
pub fn run(args: &FitArgs) -> Result<()> {
    let threads = Threads::new(args.threads).context("at least one thread")?;
    let people = people(args.users, args.items, args.each)?;
    let n = people.matrix.n_items();
    let found = |scorer: &dyn Scorer| {
        let evaluation = evaluate(scorer, n, &people.cases, Candidates::New, threads);
        (evaluation.mean(Metric::Recall20), evaluation.coverage_20)
    };
    let config = ItemItemConfig::default();
    let mut line = json!({"items": n, "interactions": people.matrix.len(), "cases": people.cases.len()});
    let (cost, recall) = match args.system {
        System::Kenal => {
            let (model, cost) = measured(|| ItemItem::fit(&people.matrix, Some(&people.days), &config, threads));
            let kept: usize = (0..n as u32).map(|item| model.neighbours(item).len()).sum();
            line["weights"] = json!(kept);
            let weights = Weights { item_item: 1.0, als: 0.0, trend_power: 0.0, ..Weights::DEFAULT };
            let blend = Blend::new(Parts::new(Some(&model), None, Heat::none(n)), weights);
            (cost, Some(found(&blend)))
        }
        System::Cosine => {
            let (model, cost) = measured(|| Cosine::fit(&people.matrix, config.keep, args.threads));
            line["gram_entries"] = json!(model.pairs);
            (cost, Some(found(&model)))
        }
        System::Dense => {
            let (largest, cost) = measured(|| invert(&people.matrix));
            line["largest"] = json!(largest);
            (cost, None)
        }
    };
    line["s"] = json!(cost.wall.as_secs_f64());
    line["cpu_s"] = json!(cost.cpu_s);
    line["peak_mib"] = json!(cost.peak_bytes >> 20);
    line["recall@20"] = json!(recall.map(|r| r.0));
    line["coverage@20"] = json!(recall.map(|r| r.1));
    println!("{line}");
    Ok(())
}
