//! The run: make the table, fit it with one system and then with the other, and put both into a table.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use kenal_bench::process::{self, Taken};
use kenal_bench::{FigureTable, count, note};
use serde_json::Value;

/// What is asked of Kenal beside scikit-learn: CPU time of the fit.
const CPU_RATIO_ASKED: f64 = 0.6;

#[derive(clap::Args)]
pub struct RunArgs {
    #[arg(long, default_value_t = 1_000_000)]
    pub rows: u64,
    #[arg(long, default_value_t = 140)]
    pub features: u64,
    /// How often each fits; the table has the one with the least CPU time.
    #[arg(long, default_value_t = 3)]
    pub times: u64,
    /// A Python that has scikit-learn.
    #[arg(long, value_name = "FILE")]
    pub python: PathBuf,
    /// The script that runs scikit-learn.
    #[arg(long, value_name = "FILE")]
    pub sklearn: PathBuf,
    /// Where the table is made; it stays.
    #[arg(long, value_name = "DIR")]
    pub work: PathBuf,
    /// Also write the figures into a dated file in this folder.
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

/// What one system took.
struct Figures {
    system: String,
    /// Of the fit alone.
    cpu_s: f64,
    wall_s: f64,
    objective: f64,
    taken: Taken,
    said: Vec<Value>,
}

pub fn run(args: &RunArgs) -> Result<()> {
    std::fs::create_dir_all(&args.work).with_context(|| format!("making {}", args.work.display()))?;
    let commit = note::commit();
    let file = args.work.join(format!("{}-{}.parquet", args.rows, args.features));
    let python = || {
        let mut command = Command::new(&args.python);
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(&args.sklearn);
        command
    };
    if !file.exists() {
        eprintln!("make {}", file.display());
        let mut make = python();
        make.arg("make").arg(&file).args(["--rows", &args.rows.to_string()]);
        process::run(make.args(["--features", &args.features.to_string()]), &args.work.join("make"))?;
    }
    let this = std::env::current_exe().context("finding this program")?;
    let mut done = Vec::new();
    for name in ["kenal", "scikit-learn"] {
        eprintln!("fit with {name}");
        let mut best: Option<Figures> = None;
        let mut said = Vec::new();
        for _ in 0..args.times.max(1) {
            let mut command = if name == "kenal" { Command::new(&this) } else { python() };
            let (printed, taken) = process::run(command.arg("fit").arg(&file), &args.work.join(name))?;
            let own: Option<Value> = printed.lines().rev().find_map(|line| serde_json::from_str(line).ok());
            let own = own.context("it printed no figures")?;
            let figures = figures(&own, taken);
            said.push(own);
            if best.as_ref().is_none_or(|b| figures.cpu_s < b.cpu_s) {
                best = Some(figures);
            }
        }
        done.extend(best.map(|b| Figures { said, ..b }));
    }
    let body = format!("```\n{}\n```\n\n{}", table(&done), legend(&done));
    println!("{body}");
    if let Some(dir) = &args.record {
        let path = note::write(dir, "logistic", "Logistic regression beside scikit-learn", &commit, &body)?;
        println!("{} is written", path.display());
    }
    Ok(())
}

fn figures(own: &Value, taken: Taken) -> Figures {
    let number =
        |ours: &str, theirs: &str| own[ours].as_f64().or(own["steps"]["fit"][theirs].as_f64()).unwrap_or(f64::NAN);
    Figures {
        system: own["system"].as_str().unwrap_or_default().to_owned(),
        cpu_s: number("fit_cpu_s", "cpu_s"),
        wall_s: number("fit_s", "wall_s"),
        objective: own["objective"].as_f64().unwrap_or(f64::NAN),
        taken,
        said: Vec::new(),
    }
}

fn table(done: &[Figures]) -> String {
    let columns = ["system", "CPU s of the fit", "wall s of the fit", "objective", "CPU s in all", "peak MiB"];
    let mut table = FigureTable::new(columns, 1);
    let peer = done.last();
    for figures in done {
        let Figures { system, cpu_s, wall_s, objective, taken, .. } = figures;
        table.row([
            system.clone(),
            format!("{cpu_s:.2}"),
            format!("{wall_s:.2}"),
            format!("{objective:.3}"),
            format!("{:.1}", taken.cpu_s),
            count(taken.peak_bytes >> 20),
        ]);
        if let Some(peer) = peer.filter(|p| p.system != *system) {
            table.row([
                "  ratio".to_owned(),
                format!("{:.2} ×", cpu_s / peer.cpu_s),
                format!("{:.2} ×", wall_s / peer.wall_s),
                format!("{:+.1e}", objective / peer.objective - 1.0),
                format!("{:.2} ×", taken.cpu_s / peer.taken.cpu_s),
                format!("{:.2} ×", taken.peak_bytes as f64 / peer.taken.peak_bytes as f64),
            ]);
        }
    }
    table.to_string()
}

fn legend(done: &[Figures]) -> String {
    let mut text = format!(
        "Both minimise Σ log(1 + e^(−s z)) + ‖w‖²/2 on two threads; the row of the objective is what Kenal's is higher by, as a \
         share. Of the fits of each the table has the one with the least CPU time. Asked: a ratio of at most \
         {CPU_RATIO_ASKED} at an objective that is not higher.\n\nWhat each says:\n\n```\n"
    );
    for said in done.iter().flat_map(|figures| &figures.said) {
        text.push_str(&format!("{said}\n"));
    }
    text.push_str("```\n");
    text
}
