//! The table, and the file that keeps it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result};
use comfy_table::{Cell, CellAlignment, Table, TableComponent, presets};

use crate::compare::{Comparison, Figures};

/// What is asked of Kenal beside Splink on a file of millions.
const CPU_RATIO_ASKED: f64 = 0.35;
const MEMORY_RATIO_ASKED: f64 = 0.5;

const COLUMNS: [&str; 10] =
    ["file", "system", "F1", "precision", "recall", "B³ F1", "largest", "CPU s", "wall s", "peak MiB"];

/// Three rows a file: Kenal, Splink, and the first by the second.
pub fn table(done: &[Comparison]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    table.set_header(cells(COLUMNS.map(str::to_owned)));
    for file in done {
        for (name, system, figures) in [(&*file.name, "Kenal", &file.kenal), ("", "Splink", &file.splink)] {
            match figures {
                Ok(figures) => table.add_row(cells(row(name, figures))),
                Err(error) => table.add_row([name, system, &format!("no answer: {error:#}")]),
            };
        }
        if let (Ok(kenal), Ok(splink)) = (&file.kenal, &file.splink) {
            table.add_row(cells(ratios(kenal, splink)));
        }
    }
    table.to_string()
}

/// What the columns mean.
pub fn legend() -> String {
    format!(
        "CPU and memory are of the whole process, start to end; asked at 4.1 million: ratio of CPU at most \
         {CPU_RATIO_ASKED}, of memory at most {MEMORY_RATIO_ASKED}.\nF1, precision and recall are of pairs of records in \
         one cluster, of all true pairs; largest is the largest cluster found / true."
    )
}

fn cells(texts: [String; COLUMNS.len()]) -> Vec<Cell> {
    let aligned = |(at, text): (usize, String)| {
        let side = if at < 2 { CellAlignment::Left } else { CellAlignment::Right };
        Cell::new(text).set_alignment(side)
    };
    texts.into_iter().enumerate().map(aligned).collect()
}

fn row(name: &str, figures: &Figures) -> [String; COLUMNS.len()] {
    let Figures { system, taken, score, .. } = figures;
    let share = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| format!("{x:.4}"));
    [
        name.to_owned(),
        (*system).to_owned(),
        share(score.pairwise.f1),
        share(score.pairwise.precision),
        share(score.pairwise.recall),
        share(score.b_cubed.f1),
        format!("{} / {}", score.largest_found, score.largest_true),
        format!("{:.1}", taken.cpu_s),
        format!("{:.1}", taken.wall_s),
        count(taken.peak_bytes >> 20),
    ]
}

fn ratios(kenal: &Figures, splink: &Figures) -> [String; COLUMNS.len()] {
    let ratio = |of: &dyn Fn(&Figures) -> f64| format!("{:.2} ×", of(kenal) / of(splink));
    let f1 = |f: &Figures| f.score.pairwise.f1.unwrap_or(0.0);
    let mut cells = [const { String::new() }; COLUMNS.len()];
    cells[1] = "ratio".to_owned();
    cells[2] = format!("{:.3} ×", f1(kenal) / f1(splink));
    cells[7] = ratio(&|f| f.taken.cpu_s);
    cells[8] = ratio(&|f| f.taken.wall_s);
    cells[9] = ratio(&|f| f.taken.peak_bytes as f64);
    cells
}

/// Writes the figures with date, machine, command and commit, and gives the file's name.
pub fn record(dir: &Path, commit: &str, done: &[Comparison]) -> Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    let now = jiff::Zoned::now();
    let mut text = format!("# Identity beside Splink, {}\n\n", now.strftime("%Y-%m-%d"));
    let mut line = |name: &str, value: &str| writeln!(text, "- {name}: {value}");
    line("machine", &machine())?;
    line("commit", commit)?;
    line("command", &command())?;
    write!(text, "\n```\n{}\n```\n\n{}\n\nWhat each says of its own steps:\n\n```\n", table(done), legend())?;
    for file in done {
        for figures in [&file.kenal, &file.splink].into_iter().flatten() {
            writeln!(text, "{}: {}", file.name, figures.own)?;
        }
    }
    text.push_str("```\n");
    let path = dir.join(format!("{}-identity.md", now.strftime("%Y-%m-%d-%H%M")));
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// Processor, cores, memory, and how busy it was.
fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_start_matches(['\t', ':', ' ']));
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|l| l.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    // Other work takes caches and shared units of a core, which costs CPU time too.
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{}, {cores} cores, {} GiB; load at the end {}",
        model.unwrap_or("unknown processor"),
        kib.unwrap_or(0) >> 20,
        load.split(' ').next().unwrap_or("unknown")
    )
}

/// What is checked out, and whether it is all.
pub fn commit() -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    let head = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let changed = git(&["status", "--porcelain"]).is_some_and(|s| !s.trim().is_empty());
    format!("{}{}", head.trim(), if changed { ", with changes that are not committed" } else { "" })
}

/// The command as it can be typed again: folders of this machine are left out.
fn command() -> String {
    let words: Vec<String> = env::args().skip(1).collect();
    let name = |word: &String| match Path::new(word).file_name() {
        Some(name) if Path::new(word).is_absolute() => format!("…/{}", name.to_string_lossy()),
        _ => word.clone(),
    };
    format!("`identity-peers {}`", words.iter().map(name).collect::<Vec<_>>().join(" "))
}

/// `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    groups.join(",")
}
