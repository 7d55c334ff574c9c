//! `kenal identity resolve`: files from anywhere in, clusters out.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use kenal_identity::{Known, resolve};
use kenal_outside::{Setup, Taken, take, write_clusters, write_links};

use crate::ui::{Progress, count, duration};

#[derive(clap::Args)]
pub struct ResolveArgs {
    /// CSV (also .tsv and .csv.gz) or Parquet; several files are linked with each other too.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    input: Vec<PathBuf>,
    /// Which column means what, and the engine's settings: what --auto prints.
    #[arg(long, value_name = "FILE", conflicts_with = "auto")]
    config: Option<PathBuf>,
    /// Work out which column means what, and print the configuration that is used. The default without --config.
    #[arg(long)]
    auto: bool,
    /// Share of the pairs found that must be right, by the fitted model; instead of the configuration's.
    #[arg(long, value_name = "SHARE")]
    precision: Option<f64>,
    /// Every input record with its cluster: .parquet or .csv.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also every pair found, and every doubtful one, with its evidence: .parquet or .csv.
    #[arg(long, value_name = "FILE")]
    links: Option<PathBuf>,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print what was fitted, and how blocking went.
    #[arg(long)]
    report: bool,
}

impl ResolveArgs {
    pub fn run(self) -> Result<ExitCode> {
        let started = Instant::now();
        if let Some(threads) = self.threads {
            if threads == 0 {
                bail!("--threads must be at least 1");
            }
            rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("setting --threads")?;
        }
        let mut setup = match &self.config {
            Some(path) => {
                let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
                Setup::from_toml(&text, &self.input).with_context(|| format!("in {}", path.display()))?
            }
            None => Setup::guess(&self.input)?,
        };
        if let Some(precision) = self.precision {
            setup.engine.precision_min = precision;
            setup.engine.link_probability_min = setup.engine.link_probability_min.min(precision);
        }
        if self.config.is_none() {
            println!("{}", setup.to_toml()?);
        }
        let progress = Progress::start("read");
        let Taken { mut records, rejected } = take(&setup, &self.input, |records| progress.set("records", records, 0))?;
        progress.finish(&format!("{} records, {} rejected", count(records.len() as u64), count(rejected.len() as u64)));
        let progress = Progress::start("resolve");
        let found = resolve(&mut records, &Known::default(), &setup.engine)?;
        let clusters = found.clusters.iter().enumerate().filter(|(at, first)| *at == **first as usize).count();
        progress.finish(&format!("{} clusters", count(clusters as u64)));
        write_clusters(&self.out, &records, &found)?;
        if let Some(path) = &self.links {
            write_links(path, &records, &found)?;
        }
        if !rejected.is_empty() {
            let path = self.out.with_extension("rejected.jsonl");
            write_rejected(&path, &rejected)?;
            eprintln!("{} rows could not be read; they are in {}", count(rejected.len() as u64), path.display());
        }
        if self.report {
            println!("{}\n{}", found.report, found.model);
        }
        eprintln!("{} is written, {}", self.out.display(), duration(started.elapsed()));
        Ok(ExitCode::SUCCESS)
    }
}

/// Rows that could not be used, one JSON object a line, with their bytes.
fn write_rejected(path: &Path, rejected: &[kenal_tables::read::Rejected]) -> Result<()> {
    let file = fs::File::create(path).with_context(|| format!("making {}", path.display()))?;
    let mut file = std::io::BufWriter::new(file);
    for row in rejected {
        let line = serde_json::json!({
            "file": row.file, "line": row.line, "reason": row.reason.to_string(),
            "bytes": row.raw_bytes, "raw": String::from_utf8_lossy(&row.raw),
        });
        writeln!(file, "{line}").with_context(|| format!("writing {}", path.display()))?;
    }
    file.flush().with_context(|| format!("writing {}", path.display()))
}
