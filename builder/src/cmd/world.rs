//! `kenal world`: a company made up, around real purchases or a generative model; and `kenal world check`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kenal_types::Date;
use kenal_world::{PEOPLE_MAX, WorldConfig, Written, generate};

use super::{clock, world_check};
use crate::ui::Progress;

/// People of a company without real purchases, unless told otherwise.
const PEOPLE_DEFAULT: u64 = 10_000;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct WorldArgs {
    #[command(subcommand)]
    command: Option<WorldCommand>,
    /// Folder of the company; must be empty or not there.
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,
    /// People to make; with --purchases, the most customers to take [default: 10,000, or all of the file's].
    #[arg(long, value_name = "N")]
    people: Option<u64>,
    /// Real purchases in the columns of UCI Online Retail, .csv or .csv.gz.
    #[arg(long, value_name = "FILE")]
    purchases: Option<PathBuf>,
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The last day of the company's history [default: yesterday].
    #[arg(long, value_name = "YYYY-MM-DD")]
    end: Option<Date>,
}

#[derive(clap::Subcommand)]
enum WorldCommand {
    /// Score what the stages made of a company against the truth about it.
    Check(world_check::CheckArgs),
}

impl WorldArgs {
    pub fn run(self) -> Result<ExitCode> {
        if let Some(WorldCommand::Check(args)) = self.command {
            return args.run();
        }
        let config = WorldConfig {
            out: self.out.context("--out DIR is needed")?,
            people: self.people.unwrap_or(if self.purchases.is_some() { PEOPLE_MAX } else { PEOPLE_DEFAULT }),
            purchases: self.purchases,
            seed: self.seed,
            end: self.end.unwrap_or_else(clock::yesterday),
            written: Written::default(),
        };
        let progress = Progress::start("world");
        let summary = generate(&config, &|stage, done, total| progress.set(stage, done, total))?;
        progress.finish(&format!("written to {}", config.out.display()));
        println!("{summary}");
        Ok(ExitCode::SUCCESS)
    }
}
