//! The subcommands, one file each.

mod build;
mod bundle;
mod clock;
mod run;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Know your customers, with their permission, where they are.
#[derive(Parser)]
#[command(name = "kenal", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Five systems' exports in, a signed bundle out: every stage in order.
    Build(build::BuildArgs),
    /// One stage alone, from what the stages before it left in the lake.
    Run(run::RunArgs),
    /// Look into a bundle, and verify it.
    Bundle(bundle::BundleArgs),
}

impl Cli {
    pub fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Build(args) => args.run(),
            Command::Run(args) => args.run(),
            Command::Bundle(args) => args.run(),
        }
    }
}
