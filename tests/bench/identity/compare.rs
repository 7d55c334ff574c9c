//! The run: for each file make it, resolve it with one system and then with the other, and score both.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use kenal_bench::process::{self, Taken};
use kenal_bench::{count, note};
use serde::Deserialize;
use serde_json::Value;

use crate::real::Set;
use crate::report;

#[derive(clap::Args)]
pub struct RunArgs {
    /// Made-up people who live in households: how many records, for each file one number.
    #[arg(long, value_name = "N", num_args = 0..)]
    pub records: Vec<u64>,
    /// The same of people none of whom share a home.
    #[arg(long, value_name = "N", num_args = 0..)]
    pub alone: Vec<u64>,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The folder of public data sets; without it only made-up people are resolved.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A Python that has Splink.
    #[arg(long, value_name = "FILE")]
    pub python: PathBuf,
    /// The script that runs Splink.
    #[arg(long, value_name = "FILE")]
    pub splink: PathBuf,
    /// Where files are made; they stay.
    #[arg(long, value_name = "DIR")]
    pub work: PathBuf,
    /// Also write the figures into a dated file in this folder.
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

/// What one system made of one file.
#[derive(Debug)]
pub struct Figures {
    pub system: &'static str,
    pub taken: Taken,
    /// As [`kenal_tables::score::Score`] is written.
    pub score: Score,
    /// What it says of its own steps.
    pub own: Value,
}

/// The part of a score that is shown.
#[derive(Debug, Clone, Deserialize)]
pub struct Score {
    pub pairwise: Measure,
    pub b_cubed: Measure,
    pub largest_found: u64,
    pub largest_true: u64,
}

/// As [`kenal_tables::score::Measure`] is written; none where nothing was to be found.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Measure {
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub f1: Option<f64>,
}

/// Both systems on one file; what kept a system from an answer stands in its place.
#[derive(Debug)]
pub struct Comparison {
    pub name: String,
    pub kenal: Result<Figures>,
    pub splink: Result<Figures>,
}

pub fn run(args: &RunArgs) -> Result<()> {
    std::fs::create_dir_all(&args.work).with_context(|| format!("making {}", args.work.display()))?;
    // Before the long part: what is edited while it runs is not what runs.
    let commit = note::commit();
    let mut done = Vec::new();
    let real = args.data.iter().flat_map(|data| Set::ALL.map(|set| (set.name().to_owned(), File::Real(set, data))));
    let together = args.records.iter().map(|&n| (format!("households {}", count(n)), File::Made(n, false)));
    let alone = args.alone.iter().map(|&n| (format!("alone {}", count(n)), File::Made(n, true)));
    for (name, file) in real.chain(together).chain(alone) {
        done.push(compare(args, &name, &file).with_context(|| name.clone())?);
        // After each file, so that a long run shows what it has.
        println!("{}\n", report::table(&done[done.len() - 1..]));
    }
    if done.len() > 1 {
        println!("{}\n", report::table(&done));
    }
    println!("{}", report::legend());
    if let Some(dir) = &args.record {
        println!("{} is written", report::record(dir, &commit, &done)?.display());
    }
    Ok(())
}

enum File<'a> {
    /// How many records, and whether of people who live alone.
    Made(u64, bool),
    Real(Set, &'a Path),
}

fn compare(args: &RunArgs, name: &str, file: &File) -> Result<Comparison> {
    let stem: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let at = |end: &str| args.work.join(format!("{stem}-{end}"));
    let (people, truth) = (at("people.parquet"), at("truth.csv"));
    eprintln!("{name}: make the file");
    let mut make = match file {
        File::Made(..) => this("make")?,
        File::Real(set, data) => {
            let mut make = this("real")?;
            make.arg(set.name()).arg(data);
            make
        }
    };
    make.arg(&people).arg(&truth);
    if let File::Made(n, alone) = file {
        make.args(["--records", &n.to_string(), "--seed", &args.seed.to_string()]);
        make.args(alone.then_some("--alone"));
    }
    process::run(&mut make, &at("make"))?;

    let answer = |system: &'static str, command: &mut Command, clusters: &Path| -> Result<Figures> {
        eprintln!("{name}: resolve with {system}");
        let (printed, taken) = process::run(command, &at(system))?;
        let own = printed.lines().rev().find_map(|line| serde_json::from_str(line).ok()).unwrap_or(Value::Null);
        let (score, _) = process::run(this("score")?.arg(clusters).arg(&truth), &at("score"))?;
        let score = serde_json::from_str(&score).context("reading the score")?;
        Ok(Figures { system, taken, score, own })
    };
    let clusters = at("kenal.csv");
    let kenal = answer("Kenal", this("resolve")?.arg(&people).arg(&clusters), &clusters);
    let clusters = at("splink.csv");
    let mut splink = Command::new(&args.python);
    splink.arg(&args.splink).arg(&people).arg("--out").arg(&clusters);
    let splink = answer("Splink", &mut splink, &clusters);
    Ok(Comparison { name: name.to_owned(), kenal, splink })
}

/// A step of this program.
fn this(step: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("finding this program")?);
    command.arg(step);
    Ok(command)
}
