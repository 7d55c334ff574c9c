//! `kenal identity score`: clusters against a truth.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kenal_tables::score::{LabelColumns, Labels, Unjoined, score};

use crate::ui::columns;

#[derive(clap::Args)]
pub struct ScoreArgs {
    /// Clusters, as `kenal identity resolve` writes them.
    #[arg(long, value_name = "FILE")]
    clusters: PathBuf,
    /// A table that says which records are one.
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// The truth's column of record ids.
    #[arg(long, value_name = "COL")]
    id: String,
    /// The truth's column of clusters.
    #[arg(long, value_name = "COL")]
    cluster: String,
    /// The clusters' column of record ids.
    #[arg(long, value_name = "COL", default_value = "record_id")]
    clusters_id: String,
    /// The clusters' column of clusters.
    #[arg(long, value_name = "COL", default_value = "cluster_id")]
    clusters_cluster: String,
    /// Leave out records that only one of the two tables has, instead of refusing.
    #[arg(long)]
    leave_out: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl ScoreArgs {
    pub fn run(self) -> Result<ExitCode> {
        let columns_of = LabelColumns { id: &self.clusters_id, cluster: &self.clusters_cluster, source: None };
        let clusters = Labels::read(&self.clusters, columns_of)
            .with_context(|| format!("reading the clusters of {}", self.clusters.display()))?;
        let columns_of = LabelColumns { id: &self.id, cluster: &self.cluster, source: None };
        let truth = Labels::read(&self.truth, columns_of)
            .with_context(|| format!("reading the truth of {}", self.truth.display()))?;
        let unjoined = if self.leave_out { Unjoined::LeaveOut } else { Unjoined::Refuse };
        let score = score(&clusters, &truth, unjoined).context("add --leave-out to score what both have")?;
        if self.json {
            println!("{}", serde_json::to_string(&score)?);
        } else {
            println!("{}", score.to_text(columns()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
