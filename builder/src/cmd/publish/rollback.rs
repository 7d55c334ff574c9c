//! `kenal rollback`: back to an older model, under a new version and with today's withdrawals.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kenal_types::Timestamp;

use super::{ThereArgs, signer, wait};
use crate::cmd::build::CommonArgs;
use crate::stage::compile::allowed;
use crate::ui::count;

#[derive(clap::Args)]
pub struct RollbackArgs {
    #[command(flatten)]
    there: ThereArgs,
    /// Folder of the lake, whose consent stage says who may be personalised.
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// The version whose model to go back to [default: the one built before what readers see].
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    #[command(flatten)]
    common: CommonArgs,
}

impl RollbackArgs {
    pub fn run(self) -> Result<ExitCode> {
        let company = self.common.open(&self.lake)?;
        let signer = signer(&company.key)?;
        let allowed = allowed(&company, &signer, &BTreeSet::new())?;
        let target = self.there.open()?;
        let now = u64::try_from(company.now.seconds()).context("nothing is published before 1970")?;
        let done = wait(kenal_publish::rollback(target.as_ref(), &signer, self.version, &allowed, now))??;
        let expires = Timestamp::from_seconds(i64::try_from(done.expires_at).unwrap_or(i64::MAX));
        println!(
            "readers saw version {}, and see the model of version {} as version {} until {expires}; {} visitors with a row \
             in it are revoked",
            done.from,
            done.to,
            done.version,
            count(done.revoked as u64)
        );
        Ok(ExitCode::SUCCESS)
    }
}
