//! `kenal build`: every stage in order.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use kenal_lake::Lake;
use kenal_types::Timestamp;

use super::clock;
use crate::keys::default_path;
use crate::stage::sources::refuse_stranger;
use crate::stage::{Company, Outcome, PublishPolicy, Stage, run};
use crate::ui::duration;

/// Nothing was published because the model is not good enough.
pub const REFUSED: u8 = 3;

#[derive(clap::Args)]
pub struct BuildArgs {
    /// Folder with the exports: shopify, zendesk, salesforce, warehouse, app.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Folder of the lake; made when it is not there.
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Folder of the bundle; the version goes up when one is there.
    #[arg(long, value_name = "BUNDLE")]
    out: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

/// What every stage may be told.
#[derive(clap::Args)]
pub struct CommonArgs {
    /// The moment consent is decided for [default: now].
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Threads for identity and training [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// File of the signing key [default: LAKE/keys/signing.key, made on first use].
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Publish a model even if it does not beat trending; the model card says so.
    #[arg(long)]
    publish_anyway: bool,
    /// Fit the model of identity anew; else that of the last run is kept while settings and size allow.
    #[arg(long)]
    refit: bool,
}

impl CommonArgs {
    /// Opens a lake, and makes it when it is not there.
    pub fn open_or_make(&self, lake: &Path) -> Result<Company> {
        self.company(Lake::open(lake)?, lake)
    }

    /// Opens a lake that must be there: a mistyped name is not a lake without rows.
    pub fn open(&self, lake: &Path) -> Result<Company> {
        self.company(Lake::open_existing(lake)?, lake)
    }

    fn company(&self, lake: Lake, at: &Path) -> Result<Company> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let now = self.now.unwrap_or_else(clock::now);
        let mut company = Company::new(lake, default_path(at), now, self.threads.unwrap_or(cores))?;
        if let Some(key) = &self.key {
            company.key.clone_from(key);
        }
        company.refit = self.refit;
        if self.publish_anyway {
            company.publish = PublishPolicy::Regardless;
        }
        Ok(company)
    }
}

impl BuildArgs {
    pub fn run(self) -> Result<ExitCode> {
        let started = Instant::now();
        // Before a lake is made that would have nothing in it.
        refuse_stranger(&self.from)?;
        let mut company = self.common.open_or_make(&self.lake)?;
        company.from = Some(self.from);
        company.out = Some(self.out.clone());
        for stage in Stage::ALL {
            println!("\n══ {}", stage.name());
            if let Outcome::Refused(why) = run(stage, &company)? {
                eprintln!("not published: {why}");
                return Ok(ExitCode::from(REFUSED));
            }
        }
        println!("\nbundle {} is ready, {}", self.out.display(), duration(started.elapsed()));
        Ok(ExitCode::SUCCESS)
    }
}
