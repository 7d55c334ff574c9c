//! Resolves the records of a company that `kenal world` makes up, with purchases and devices, at several sizes, and scores
//! them against its truth.
//!
//! `make` writes what identity reads of a company, and the truth apart; `resolve` takes the first people of it in, in
//! batches, and resolves them; `run` does both, each size in a process of its own, and prints a table.

#[path = "../world_table.rs"]
mod world_table;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use kenal_bench::{Company, Cost, measured};
use kenal_identity::{Config, Known, resolve};
use serde_json::json;

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write what identity reads of a company.
    Make { dir: PathBuf, people: u64 },
    /// Resolve the first people of a company, and print figures as JSON.
    Resolve {
        dir: PathBuf,
        people: u64,
        /// Print what was fitted, and how blocking went.
        #[arg(long)]
        report: bool,
    },
    /// Resolve the company at several sizes and print a table.
    Run(world_table::RunArgs),
}

fn main() -> Result<()> {
    kenal_allocator::keep_freed_memory();
    match Args::parse().command {
        Command::Make { dir, people } => make(&dir, people),
        Command::Resolve { dir, people, report } => run(&dir, people, report),
        Command::Run(args) => world_table::run(&args),
    }
}

fn make(dir: &Path, people: u64) -> Result<()> {
    Company::make(dir, people, &|done, of| eprintln!("part {done} of {of}"))
}

fn run(dir: &Path, people: u64, report: bool) -> Result<()> {
    let company = Company::open(dir, people)?;
    let (taken, take) = measured(|| company.take());
    let mut taken = taken.context("taking the company in")?;
    let (found, cost) = measured(|| resolve(&mut taken.records, &Known::default(), &Config::default()));
    let found = found?;
    if report {
        eprintln!("{}\n{}", found.report, found.model);
    }
    let scores = company.score(&taken.records, &found)?;
    let step = |c: Cost| json!({ "wall_s": c.wall.as_secs_f64(), "cpu_s": c.cpu_s, "peak_mib": c.peak_bytes >> 20 });
    let line = json!({
        "people": people, "records": taken.records.len(), "orders": taken.orders,
        "take": step(take), "resolve": step(cost),
        "precision": scores.precision, "recall": scores.recall,
        "recall_with_evidence": scores.recall_with_evidence, "unified": scores.unified,
    });
    println!("{line}");
    Ok(())
}
