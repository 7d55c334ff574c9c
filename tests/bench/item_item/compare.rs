//! The run: every fit in turn, and a table of them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use kenal_bench::{FigureTable, count, note, process};
use serde_json::Value;

/// What is asked at 200,000 items.
const PEAK_MIB_ASKED: u64 = 4096;

#[derive(clap::Args)]
pub struct RunArgs {
    #[arg(long, num_args = 1.., default_values_t = [50_000, 200_000])]
    pub items: Vec<u64>,
    #[arg(long, default_value_t = 1_000_000)]
    pub users: u64,
    /// Purchases of a customer, in the mean, before those of the same item twice are one.
    #[arg(long, default_value_t = 33)]
    pub each: u64,
    /// Items of the dense inverse.
    #[arg(long, default_value_t = 3_000)]
    pub dense: u64,
    /// Where logs go.
    #[arg(long, value_name = "DIR")]
    pub work: PathBuf,
    /// Also write the figures into a dated file in this folder.
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

pub fn run(args: &RunArgs) -> Result<()> {
    std::fs::create_dir_all(&args.work).with_context(|| format!("making {}", args.work.display()))?;
    let commit = note::commit();
    let fit = |system: &str, items: u64| -> Result<Value> {
        eprintln!("fit {} items with {system}", count(items));
        let mut command = Command::new(std::env::current_exe().context("finding this program")?);
        command.args(["fit", system]);
        for (option, number) in [("--users", args.users), ("--items", items), ("--each", args.each)] {
            command.args([option, &number.to_string()]);
        }
        let (printed, _) = process::run(&mut command, &args.work.join(format!("{system}-{items}")))?;
        serde_json::from_str(printed.trim()).context("it printed no figures")
    };
    let columns = ["fit", "items", "seconds", "CPU s", "peak MiB", "Recall@20", "coverage@20"];
    let mut table = FigureTable::new(columns, 1);
    let mut told = String::new();
    let dense = fit("dense", args.dense)?;
    table.row(row("dense inverse", &dense));
    told.push_str(&format!("{dense}\n"));
    for &items in &args.items {
        let (ours, cosine) = (fit("kenal", items)?, fit("cosine", items)?);
        table.row(row("kenal", &ours));
        table.row(row("cosine of all pairs", &cosine));
        let number = |value: &Value, name: &str| value[name].as_f64().unwrap_or(f64::NAN);
        let ratio = |name: &str| format!("{:.2} ×", number(&ours, name) / number(&cosine, name));
        let names = ["s", "cpu_s", "peak_mib", "recall@20", "coverage@20"];
        let [s, cpu, peak, recall, coverage] = names.map(ratio);
        table.row(["  kenal / cosine".to_owned(), String::new(), s, cpu, peak, recall, coverage]);
        let times = items as f64 / args.dense as f64;
        let reckoned = [number(&dense, "s") * times.powi(3), number(&dense, "cpu_s") * times.powi(3)];
        let [s, cpu] = reckoned.map(|s| format!("{} h", count((s / 3600.0) as u64)));
        let peak = count((8.0 * (items as f64).powi(2) / f64::from(1 << 20)) as u64);
        let name = "  dense inverse, reckoned".to_owned();
        table.row([name, String::new(), s, cpu, peak, String::new(), String::new()]);
        told.push_str(&format!("{ours}\n{cosine}\n"));
    }
    let body = format!(
        "```\n{table}\n```\n\nThe fit alone is timed, on two threads but for the dense inverse, which is one; the peak is that \
         of its process, with the people in it. The dense inverse is reckoned with the cube of the items for time and eight \
         bytes an entry. Asked at 200,000 items: minutes, and a peak of at most {} MiB.\n\nWhat each says:\n\n```\n{told}```\n",
        count(PEAK_MIB_ASKED)
    );
    println!("{body}");
    if let Some(dir) = &args.record {
        let path = note::write(dir, "item-item", "Item–item at many items", &commit, &body)?;
        println!("{} is written", path.display());
    }
    Ok(())
}

fn row(name: &str, fit: &Value) -> [String; 7] {
    let number = |field: &str| fit[field].as_u64().unwrap_or(0);
    let share = |field: &str| fit[field].as_f64().map_or(String::new(), |v| format!("{v:.4}"));
    let seconds = |field: &str| fit[field].as_f64().map_or(String::new(), |v| format!("{v:.1}"));
    [
        name.to_owned(),
        count(number("items")),
        seconds("s"),
        seconds("cpu_s"),
        count(number("peak_mib")),
        share("recall@20"),
        share("coverage@20"),
    ]
}
