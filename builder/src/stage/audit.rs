//! audit: what the five systems sent, field by field, as a table, JSON and a page.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use kenal_audit::{AuditConfig, AuditReport, html, text};

use super::Company;
use crate::ui::{Progress, columns};

/// Below the lake's folder.
const FOLDER: &str = "reports";

pub fn run(company: &Company) -> Result<()> {
    let progress = Progress::start("audit");
    let report = report(company)?;
    let folder = company.lake.root().join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let page = write(&folder.join("audit.html"), &html::render(&report))?;
    write(&folder.join("audit.json"), &report.to_json())?;
    progress.finish(&format!("{} tables", report.tables.len()));
    println!("{}", text::summary(&report, columns()));
    println!("field by field: {} (or `kenal audit --lake …`)", page.display());
    Ok(())
}

/// The audit of the lake as it is now.
pub fn report(company: &Company) -> Result<AuditReport> {
    let query = |sql: &str| company.lake.sql(sql);
    Ok(kenal_audit::run(&query, &AuditConfig::default(), company.now)?)
}

fn write(path: &std::path::Path, content: &str) -> Result<PathBuf> {
    fs::write(path, content).with_context(|| format!("writing {}", path.display()))?;
    Ok(path.to_owned())
}
