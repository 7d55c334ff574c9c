//! Kenal's side: what `kenal identity resolve --auto` does, timed step by step.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kenal_bench::{Cost, measured};
use kenal_identity::{Known, resolve};
use kenal_outside::{Setup, Taken, take, write_clusters};
use serde_json::json;

/// Resolves a file into clusters, and prints one line of JSON.
pub fn run(people: PathBuf, clusters: &Path, report: bool) -> Result<()> {
    let inputs = [people];
    let (setup, guessing) = measured(|| Setup::guess(&inputs));
    let setup = setup?;
    let (taken, reading) = measured(|| take(&setup, &inputs, |_| {}));
    let Taken { mut records, rejected } = taken?;
    let (found, resolving) = measured(|| resolve(&mut records, &Known::default(), &setup.engine));
    let found = found?;
    let (written, writing) = measured(|| write_clusters(clusters, &records, &found));
    written.with_context(|| format!("writing {}", clusters.display()))?;
    if report {
        eprintln!("{}\n{}\n{}", setup.to_toml()?, found.report, found.model);
    }
    let step = |cost: Cost| json!({ "wall_s": rounded(cost.wall.as_secs_f64()), "cpu_s": rounded(cost.cpu_s), "peak_mib": cost.peak_bytes >> 20 });
    let line = json!({
        "system": "kenal",
        "steps": { "guess": step(guessing), "read": step(reading), "resolve": step(resolving), "write": step(writing) },
        "rows": records.len(),
        "rejected": rejected.len(),
        "pairs_scored": found.report.candidates,
    });
    println!("{line}");
    Ok(())
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}
