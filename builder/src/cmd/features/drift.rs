//! `kenal features drift`: what is served beside what a training set had, feature by feature.

use std::path::PathBuf;

use anyhow::Result;

use crate::cmd::build::CommonArgs;
use crate::stage::drift;
use crate::ui::{Align, Table, count};

#[derive(clap::Args)]
pub struct DriftArgs {
    /// Folder of the lake.
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// The training set to compare with, by its name.
    #[arg(long, default_value = "default")]
    name: String,
    /// Features shown, those that moved most first; the table gold_feature_drift has them all.
    #[arg(long, value_name = "N", default_value_t = 15)]
    limit: usize,
    #[command(flatten)]
    common: CommonArgs,
}

impl DriftArgs {
    pub fn run(&self) -> Result<()> {
        let company = self.common.open(&self.lake)?;
        let rows = drift::measure(&company, &self.name)?;
        let mut table = Table::new(&[
            ("feature", Align::Left),
            ("PSI", Align::Right),
            ("verdict", Align::Left),
            ("missing: learnt", Align::Right),
            ("served", Align::Right),
            ("median: learnt", Align::Right),
            ("served", Align::Right),
        ]);
        let share = |v: f64| format!("{:.1} %", 100.0 * v);
        let number = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |v| format!("{v:.2}"));
        for row in rows.iter().take(self.limit) {
            table.row([
                row.feature.clone(),
                format!("{:.3}", row.psi),
                row.verdict.clone(),
                share(row.learnt_missing),
                share(row.served_missing),
                number(row.learnt_median),
                number(row.served_median),
            ]);
        }
        println!("{table}");
        let moved = |verdict: &str| count(rows.iter().filter(|r| r.verdict == verdict).count() as u64);
        println!(
            "{} features: {} steady, {} moved, {} shifted",
            rows.len(),
            moved("steady"),
            moved("moved"),
            moved("shifted")
        );
        Ok(())
    }
}
