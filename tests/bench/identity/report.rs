//! The table, and the file that keeps it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use kenal_bench::{FigureTable, count, note};

use crate::compare::{Comparison, Figures};

/// What is asked of Kenal beside Splink on a file of millions.
const CPU_RATIO_ASKED: f64 = 0.35;
const MEMORY_RATIO_ASKED: f64 = 0.5;

const COLUMNS: [&str; 10] =
    ["file", "system", "F1", "precision", "recall", "B³ F1", "largest", "CPU s", "wall s", "peak MiB"];

/// Three rows a file: Kenal, Splink, and the first by the second.
pub fn table(done: &[Comparison]) -> String {
    let mut table = FigureTable::new(COLUMNS, 2);
    for file in done {
        for (name, system, figures) in [(&*file.name, "Kenal", &file.kenal), ("", "Splink", &file.splink)] {
            match figures {
                Ok(figures) => table.row(row(name, figures)),
                Err(error) => {
                    let mut texts = [const { String::new() }; COLUMNS.len()];
                    (texts[0], texts[1]) = (name.to_owned(), system.to_owned());
                    texts[2] = format!("no answer: {error:#}");
                    table.row(texts);
                }
            }
        }
        if let (Ok(kenal), Ok(splink)) = (&file.kenal, &file.splink) {
            table.row(ratios(kenal, splink));
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
    let mut body = format!("```\n{}\n```\n\n{}\n\nWhat each says of its own steps:\n\n```\n", table(done), legend());
    for file in done {
        for figures in [&file.kenal, &file.splink].into_iter().flatten() {
            writeln!(body, "{}: {}", file.name, figures.own)?;
        }
    }
    body.push_str("```\n");
    note::write(dir, "identity", "Identity beside Splink", commit, &body)
}
