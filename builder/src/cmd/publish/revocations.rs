//! `kenal publish revocations`: withdrawals reach readers in seconds, by a file of their own.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kenal_publish::{Source, publish_revocations};

use super::{ThereArgs, signer, wait};
use crate::cmd::build::CommonArgs;
use crate::stage::compile::allowed;
use crate::ui::count;

#[derive(clap::Args)]
pub struct RevocationsArgs {
    #[command(flatten)]
    there: ThereArgs,
    /// Folder of the lake, whose consent stage says who may be personalised.
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Visitor tokens, one a line, that have withdrawn since: revoked whatever the lake says.
    #[arg(long, value_name = "FILE")]
    withdrawn: Option<PathBuf>,
    /// Folder of the bundle that is published: what is in it is not read from the target.
    #[arg(long, value_name = "BUNDLE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    common: CommonArgs,
}

impl RevocationsArgs {
    pub fn run(self) -> Result<ExitCode> {
        let company = self.common.open(&self.lake)?;
        let signer = signer(&company.key)?;
        let withdrawn = match &self.withdrawn {
            Some(path) => fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?,
            None => String::new(),
        };
        let withdrawn: BTreeSet<&str> = withdrawn.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let allowed = allowed(&company, &signer, &withdrawn)?;
        let target = self.there.open()?;
        let near = self.bundle.as_deref().map(|path| Source::open(path, signer.public()?).map_err(anyhow::Error::from));
        let near = near.transpose()?;
        let issued_at = u64::try_from(company.now.seconds()).context("nothing is revoked before 1970")?;
        let done = wait(publish_revocations(target.as_ref(), &signer, &allowed, near.as_ref(), issued_at))??;
        println!(
            "version {}: {} of {} visitors with a row are revoked, {} bytes",
            done.version,
            count(done.revoked as u64),
            count(done.visitors as u64),
            count(done.bytes as u64)
        );
        Ok(ExitCode::SUCCESS)
    }
}
