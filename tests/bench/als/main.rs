//! Kenal's ALS and implicit's on the same matrix in one run: CPU time an iteration, peak memory, and the loss reached.
//!
//! `run` does it all, each step a process of its own, and prints a table; `fit` is Kenal's step. The file is made by the
//! script that runs implicit, and both minimise the objective of Hu, Koren and Volinsky with the same α and ridge, so
//! that the loss of one is the loss of the other. A median over the iterations is shown, since other work on the machine
//! comes and goes.

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
    /// Run both on one file, and print what they took and reached.
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
