//! Kenal's logistic regression and scikit-learn's on the same table in one run: CPU time and the objective reached.
//!
//! `run` does it all, each step a process of its own, and prints a table; `fit` is Kenal's step. The table is made by the
//! script that runs scikit-learn: correlated features, some skewed, some of two values. Both minimise the same penalised
//! objective, which is strictly convex but for the intercept, so that one optimum is the other's; Kenal's is reckoned
//! anew from its weights in f64, not taken from its own sums.

mod compare;
mod fit;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run both on one table, and print what they took and reached.
    Run(compare::RunArgs),
    /// Fit with Kenal, and print one line of JSON.
    Fit(fit::FitArgs),
}

fn main() -> Result<()> {
    kenal_allocator::keep_freed_memory();
    match Args::parse().command {
        Command::Run(args) => compare::run(&args),
        Command::Fit(args) => fit::run(&args),
    }
}
