//! The run: for each number of items the same factors in every host, and a table of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use kenal_bench::{FigureTable, count, note, process};
use serde_json::Value;

use crate::{bundle, whole};

#[derive(clap::Args)]
pub struct RunArgs {
    #[arg(long, value_name = "N", num_args = 1.., default_values_t = [50_000, 200_000])]
    items: Vec<u64>,
    /// The compiled ranker.
    #[arg(long, value_name = "FILE")]
    module: PathBuf,
    /// The program that times V8.
    #[arg(long, value_name = "FILE")]
    v8: PathBuf,
    /// The program that times whole requests in V8.
    #[arg(long, value_name = "FILE")]
    v8_requests: PathBuf,
    /// The program that loads the CDN hosts.
    #[arg(long, value_name = "FILE")]
    load: PathBuf,
    /// A Python that has faiss and NumPy, and the script that times them.
    #[arg(long, value_name = "FILE", requires = "faiss")]
    python: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    faiss: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    work: PathBuf,
    /// Also write the figures into a dated file in this folder.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
}

pub fn run(args: &RunArgs) -> Result<()> {
    std::fs::create_dir_all(&args.work).with_context(|| format!("making {}", args.work.display()))?;
    let commit = note::commit();
    let mut body = String::new();
    for &items in &args.items {
        let dir = args.work.join(items.to_string());
        let done = measure(args, items, &dir)?;
        body.push_str(&format!("{} items × 64 dimensions, top 20\n\n```\n{}\n```\n", count(items), table(&done)));
        let native = done.iter().find(|figures| figures["host"] == "native");
        if let Some(looked_at) = native.and_then(|figures| figures["looked_at"].as_f64()) {
            let bytes = native.and_then(|figures| figures["bytes"].as_f64()).unwrap_or_default();
            body.push_str(&format!(
                "\nThe core looked at {:.1} % of the items; the items section has {:.1} bytes an item.\n\n",
                100.0 * looked_at / items as f64,
                bytes / items as f64
            ));
        }
        body.push_str(&whole::figures(&args.v8_requests, &args.load, &dir)?);
    }
    body.push_str(
        "Each is the time of a single call, one thread, for 500 people, with the market, stock and twenty bought items \
         applied; faiss and NumPy apply no rules. The factors are those of ALS on made-up purchases with tastes and a \
         long tail; they let pruning stop early. Where norms are all alike it cannot stop at all: `cargo bench -p \
         kenal-core` has that case. Each list of the core is that of a full scan, on each host.\n",
    );
    println!("{body}");
    if let Some(dir) = &args.record {
        println!("{} is written", note::write(dir, "edge", "Ranking at the edge", &commit, &body)?.display());
    }
    Ok(())
}

fn measure(args: &RunArgs, items: u64, dir: &Path) -> Result<Vec<Value>> {
    let this = || anyhow::Ok(Command::new(std::env::current_exe().context("finding this program")?));
    if !bundle::folder(dir).join("manifest.kenal").exists() {
        eprintln!("fit factors of {} items", count(items));
        std::fs::create_dir_all(dir)?;
        process::run(this()?.arg("make").arg(dir).args(["--items", &items.to_string()]), &dir.join("make"))?;
    }
    let mut steps = Vec::new();
    let mut native = this()?;
    native.arg("native").arg(dir);
    steps.push(("native", native));
    let mut wasmtime = this()?;
    wasmtime.arg("wasmtime").arg(dir).arg("--module").arg(&args.module);
    steps.push(("wasmtime", wasmtime));
    let mut v8 = Command::new("node");
    v8.arg(&args.v8).arg(&args.module).arg(dir);
    steps.push(("v8", v8));
    if let (Some(python), Some(script)) = (&args.python, &args.faiss) {
        let mut peers = Command::new(python);
        peers.env("OPENBLAS_NUM_THREADS", "1").env("PYTHONDONTWRITEBYTECODE", "1");
        peers.arg(script).arg(dir.join("items.npy")).arg("--queries").arg(dir.join("people.npy"));
        steps.push(("peers", peers));
    }
    steps.into_iter().map(|(name, mut command)| figures(name, &mut command, dir)).collect()
}

/// Runs a command, and gives the last line of JSON that it printed.
pub fn figures(name: &str, command: &mut Command, dir: &Path) -> Result<Value> {
    eprintln!("time {name}");
    let (printed, _) = process::run(command, &dir.join(name))?;
    let figures = printed.lines().rev().find_map(|line| serde_json::from_str(line).ok());
    figures.with_context(|| format!("{name} printed no figures"))
}

fn table(done: &[Value]) -> String {
    let mut table = FigureTable::new(["host", "way", "p50 µs", "p99 µs", "× plain p50"], 2);
    for figures in done {
        let host = figures["host"].as_str().unwrap_or("Python");
        let plain = figures["plain"]["p50_us"].as_f64();
        let ways = [
            ("core", "Kenal"),
            ("plain", "plain scan, bytes"),
            ("floats", "plain scan, f32"),
            ("faiss", "faiss IndexFlatIP"),
            ("numpy", "NumPy"),
        ];
        for (key, way) in ways {
            let Some(p50) = figures[key]["p50_us"].as_f64() else { continue };
            let p99 = figures[key]["p99_us"].as_f64().unwrap_or_default();
            let ratio = plain.map_or(String::new(), |plain| format!("{:.2}", p50 / plain));
            table.row([host.to_owned(), way.to_owned(), format!("{p50:.1}"), format!("{p99:.1}"), ratio]);
        }
    }
    table.to_string()
}
