//! `kenal audit`: the audit alone, as a table, JSON, or a page wherever it is wanted.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kenal_audit::{html, text};

use super::build::CommonArgs;
use crate::stage::audit;
use crate::ui::columns;

#[derive(clap::Args)]
pub struct AuditArgs {
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Also write the page here.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    common: CommonArgs,
}

impl AuditArgs {
    pub fn run(self) -> Result<ExitCode> {
        let report = audit::report(&self.common.open(&self.lake)?)?;
        if let Some(path) = &self.html {
            fs::write(path, html::render(&report)).with_context(|| format!("writing {}", path.display()))?;
        }
        println!("{}", if self.json { report.to_json() } else { text::render(&report, columns()) });
        Ok(ExitCode::SUCCESS)
    }
}
