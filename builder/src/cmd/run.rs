//! `kenal run STAGE`: one stage alone.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use super::build::{CommonArgs, REFUSED};
use crate::stage::{Outcome, Stage, run};

#[derive(clap::Args)]
pub struct RunArgs {
    stage: Stage,
    /// Folder of the lake.
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Folder with the exports; the stage `sources` reads it.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Folder of the bundle; the stage `compile` writes it.
    #[arg(long, value_name = "BUNDLE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    common: CommonArgs,
}

impl RunArgs {
    pub fn run(self) -> Result<ExitCode> {
        // Only the first stage has a lake to begin.
        let mut company = match self.stage {
            Stage::Sources => self.common.open_or_make(&self.lake)?,
            _ => self.common.open(&self.lake)?,
        };
        company.from = self.from;
        company.out = self.out;
        match run(self.stage, &company)? {
            Outcome::Done => Ok(ExitCode::SUCCESS),
            Outcome::Refused(why) => {
                eprintln!("refused: {why}");
                Ok(ExitCode::from(REFUSED))
            }
        }
    }
}
