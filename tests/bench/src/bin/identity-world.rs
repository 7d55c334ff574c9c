//! Resolves the records of a world that `kenal world` made, with purchases and devices, and scores them against its truth:
//! `identity-world WORLD [--report]`.

use std::path::Path;

use anyhow::{Context as _, Result};
use kenal_bench::{Company, measured};
use kenal_identity::{Config, Input, Known, Records, ResolveError, resolve};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let world = args.next().context("usage: identity-world WORLD [--report]")?;
    let company = Company::read(Path::new(&world))?;
    let (taken, take) = measured(|| -> Result<Records, ResolveError> {
        Input { records: &company.customers, baskets: &company.baskets }.take()
    });
    let mut records = taken?;
    let (found, cost) = measured(|| resolve(&mut records, &Known::default(), &Config::default()));
    let found = found?;
    let scores = company.score(&found);
    println!("{} records, {} orders: take {take}; resolve {cost}", company.customers.len(), company.baskets.len());
    println!(
        "pairs: precision {:.5}, recall {:.4}, of those with evidence {:.4}; {:.1} % of records unified",
        scores.precision,
        scores.recall,
        scores.recall_with_evidence,
        100.0 * scores.unified
    );
    if args.next().is_some() {
        println!("{}\n{}", found.report, found.model);
    }
    Ok(())
}
