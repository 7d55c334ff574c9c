//! The run: make the file, fit it with one system and then with the other, and put both into a table.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use kenal_bench::process::{self, Taken};
use kenal_bench::{FigureTable, count, note};
use serde_json::Value;

/// What is asked of Kenal beside implicit: CPU time an iteration, and the peak of a million users with 64 factors.
const CPU_RATIO_ASKED: f64 = 0.5;
const PEAK_MIB_ASKED: u64 = 1024;

#[derive(clap::Args)]
pub struct RunArgs {
    #[arg(long, default_value_t = 1_000_000)]
    pub users: u64,
    #[arg(long, default_value_t = 50_000)]
    pub items: u64,
    #[arg(long, default_value_t = 30_000_000)]
    pub interactions: u64,
    #[arg(long, default_value_t = 64)]
    pub factors: u64,
    #[arg(long, default_value_t = 3)]
    pub iterations: u64,
    /// Also Kenal's exact solver.
    #[arg(long)]
    pub exact: bool,
    /// A Python that has implicit.
    #[arg(long, value_name = "FILE")]
    pub python: PathBuf,
    /// The script that runs implicit.
    #[arg(long, value_name = "FILE")]
    pub implicit: PathBuf,
    /// Where the file is made; it stays.
    #[arg(long, value_name = "DIR")]
    pub work: PathBuf,
    /// Also write the figures into a dated file in this folder.
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

/// What one system took.
struct Figures {
    system: String,
    cpu_per_iteration: f64,
    objective: f64,
    taken: Taken,
    own: Value,
}

pub fn run(args: &RunArgs) -> Result<()> {
    std::fs::create_dir_all(&args.work).with_context(|| format!("making {}", args.work.display()))?;
    let commit = note::commit();
    let file = args.work.join(format!("{}-{}-{}.parquet", args.users, args.items, args.interactions));
    let python = || {
        let mut command = Command::new(&args.python);
        command.env("OPENBLAS_NUM_THREADS", "1").env("PYTHONDONTWRITEBYTECODE", "1").arg(&args.implicit);
        command
    };
    if !file.exists() {
        eprintln!("make {}", file.display());
        let mut make = python();
        make.arg("make").arg(&file).args(["--users", &args.users.to_string(), "--items", &args.items.to_string()]);
        process::run(make.args(["--interactions", &args.interactions.to_string()]), &args.work.join("make"))?;
    }
    let shape = ["--factors", &args.factors.to_string(), "--iterations", &args.iterations.to_string()];
    let this = || anyhow::Ok(Command::new(std::env::current_exe().context("finding this program")?));
    let mut done = Vec::new();
    let mut systems = vec![("kenal", this()?, &[][..])];
    if args.exact {
        systems.push(("kenal-exact", this()?, &["--exact"][..]));
    }
    systems.push(("implicit", python(), &[]));
    for (name, mut command, more) in systems {
        eprintln!("fit with {name}");
        let fit = command.arg("fit").arg(&file).args(shape).args(more);
        let (printed, taken) = process::run(fit, &args.work.join(name))?;
        let own = printed.lines().rev().find_map(|line| serde_json::from_str(line).ok());
        done.push(figures(own.context("it printed no figures")?, taken));
    }
    let body = format!("```\n{}\n```\n\n{}", table(&done), legend(&done));
    println!("{body}");
    if let Some(dir) = &args.record {
        let path = note::write(dir, "als", "ALS beside implicit", &commit, &body)?;
        println!("{} is written", path.display());
    }
    Ok(())
}

fn figures(own: Value, taken: Taken) -> Figures {
    let numbers =
        |name: &str| -> Vec<f64> { own[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect() };
    let cpu = own["cpu_s_per_iteration"].as_f64().unwrap_or_else(|| median(numbers("iterations_cpu_s")));
    let objective = own["objective"].as_f64().or(numbers("objectives").last().copied()).unwrap_or(f64::NAN);
    let system = own["system"].as_str().unwrap_or_default().to_owned();
    Figures { system, cpu_per_iteration: cpu, objective, taken, own }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (values.get((values.len().max(1) - 1) / 2), values.get(values.len() / 2));
    low.zip(high).map_or(f64::NAN, |(a, b)| (a + b) / 2.0)
}

fn table(done: &[Figures]) -> String {
    let columns = ["system", "CPU s an iteration", "objective at the end", "CPU s in all", "wall s in all", "peak MiB"];
    let mut table = FigureTable::new(columns, 1);
    let peer = done.last();
    for figures in done {
        let Figures { system, cpu_per_iteration, objective, taken, .. } = figures;
        table.row([
            system.clone(),
            format!("{cpu_per_iteration:.2}"),
            format!("{objective:.0}"),
            format!("{:.1}", taken.cpu_s),
            format!("{:.1}", taken.wall_s),
            count(taken.peak_bytes >> 20),
        ]);
        if let Some(peer) = peer.filter(|p| p.system != *system) {
            table.row([
                "  ratio".to_owned(),
                format!("{:.2} ×", cpu_per_iteration / peer.cpu_per_iteration),
                format!("{:.4} ×", objective / peer.objective),
                format!("{:.2} ×", taken.cpu_s / peer.taken.cpu_s),
                format!("{:.2} ×", taken.wall_s / peer.taken.wall_s),
                format!("{:.2} ×", taken.peak_bytes as f64 / peer.taken.peak_bytes as f64),
            ]);
        }
    }
    table.to_string()
}

fn legend(done: &[Figures]) -> String {
    let mut text = format!(
        "Both minimise Σ c (p − x·y)² + λ(‖X‖² + ‖Y‖²) with the same α and λ. The CPU time of an iteration is the median of \
         all; that in all has reading the file, Kenal's last exact step of the users and its checks, and implicit's \
         objective. Asked: ratio of an iteration at most {CPU_RATIO_ASKED} at an objective that is not higher, and a peak \
         of at most {} MiB.\n\nWhat each says:\n\n```\n",
        count(PEAK_MIB_ASKED)
    );
    for figures in done {
        let _ = writeln!(text, "{}", figures.own);
    }
    text.push_str("```\n");
    text
}
