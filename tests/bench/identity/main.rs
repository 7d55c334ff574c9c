//! Kenal and Splink on the same files in one run: CPU time, peak memory, and how well each tells who is who.
//!
//! `run` does it all, each step a process of its own, and prints a table; the other commands are its steps. `make` writes
//! made-up people and their truth, `real` the same shape from a public data set; `resolve` is what
//! `kenal identity resolve --auto` does, without the rest of the program; `score` measures anybody's clusters.
//!
//! The truth is a file apart, which neither system is given, and ids are numbers of rows, because those of the public sets
//! name the cluster. Both systems get all columns, and neither is told a threshold.

mod compare;
mod real;
mod report;
mod resolve;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use kenal_bench::people::{COLUMNS, Living, Population, TRUTH};
use kenal_tables::score::{LabelColumns, Labels, Unjoined, score};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run both systems on every file, and print what they took and found.
    Run(compare::RunArgs),
    /// Write made-up people and their truth.
    Make {
        /// .parquet or .csv.
        people: PathBuf,
        truth: PathBuf,
        #[arg(long)]
        records: u64,
        /// Nobody shares a home.
        #[arg(long)]
        alone: bool,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Write a public data set in the same columns, and its truth.
    Real {
        set: real::Set,
        /// The folder of public data sets.
        data: PathBuf,
        people: PathBuf,
        truth: PathBuf,
    },
    /// Resolve people with Kenal, as it is without any configuration.
    Resolve {
        people: PathBuf,
        clusters: PathBuf,
        /// Print what was fitted, and how blocking went.
        #[arg(long)]
        report: bool,
    },
    /// Print how good clusters are, as JSON.
    Score { clusters: PathBuf, truth: PathBuf },
}

fn main() -> Result<()> {
    kenal_allocator::keep_freed_memory();
    match Args::parse().command {
        Command::Run(args) => compare::run(&args),
        Command::Make { people, truth, records, alone, seed } => {
            let living = if alone { Living::Alone } else { Living::Together };
            Population::new(records, living, seed)?.write(&people, &truth)
        }
        Command::Real { set, data, people, truth } => real::write(set, &data, &people, &truth),
        Command::Resolve { people, clusters, report } => resolve::run(people, &clusters, report),
        Command::Score { clusters, truth } => {
            let found = LabelColumns { id: "record_id", cluster: "cluster_id", source: None };
            let found = Labels::read(&clusters, found)?;
            let truth = Labels::read(&truth, LabelColumns { id: COLUMNS[0], cluster: TRUTH, source: None })?;
            // A system that loses records, or answers for some twice, gets no score.
            println!("{}", serde_json::to_string(&score(&found, &truth, Unjoined::Refuse)?)?);
            Ok(())
        }
    }
}
