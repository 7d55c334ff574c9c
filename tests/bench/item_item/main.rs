//! The sparse item–item part beside what one would write first: at hundreds of thousands of items, in one run.
//!
//! `run` does it all, each fit a process of its own, and prints a table; `fit` is one of them. The naive ones are the
//! cosine of every pair of items that anybody has both of, and the dense inverse of the closed form (EASE), which is
//! done for as many items as fit and reckoned from there: it grows with the cube of the items. People are made up
//! ([`people`]) and the last thing each bought is hidden, so that speed is not bought with lists that find less.

mod compare;
mod cosine;
mod dense;
mod fit;
mod people;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run all on the same people, and print what they took and found.
    Run(compare::RunArgs),
    /// Fit with one, and print one line of JSON.
    Fit(fit::FitArgs),
}

fn main() -> Result<()> {
    kenal_allocator::keep_freed_memory();
    match Args::parse().command {
        Command::Run(args) => compare::run(&args),
        Command::Fit(args) => fit::run(&args),
    }
}
