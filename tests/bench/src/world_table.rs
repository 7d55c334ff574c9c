//! The sizes of a company in a table, and the line that they make.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use kenal_bench::note;
use serde::Deserialize;

/// What is asked at 4.1 million records.
const WALL_S_ASKED: f64 = 40.0;
const PEAK_GIB_ASKED: f64 = 3.0;

#[derive(clap::Args)]
pub struct RunArgs {
    /// People, for each size a number; 905,000 have 4.1 million records. The largest is the company.
    #[arg(long, value_name = "PEOPLE", num_args = 1.., required = true)]
    world: Vec<u64>,
    /// Where the company is, or will be: about 1 KiB a person.
    #[arg(long, value_name = "DIR")]
    work: PathBuf,
    /// Folder for a dated file with the figures.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
}

/// What `resolve` prints.
#[derive(Deserialize)]
struct Figures {
    records: u64,
    orders: u64,
    take: Step,
    resolve: Step,
    precision: f64,
    recall: f64,
    recall_with_evidence: f64,
    unified: f64,
}

#[derive(Deserialize)]
struct Step {
    wall_s: f64,
    cpu_s: f64,
    peak_mib: u64,
}

impl Figures {
    fn wall_s(&self) -> f64 {
        self.take.wall_s + self.resolve.wall_s
    }

    fn cpu_s(&self) -> f64 {
        self.take.cpu_s + self.resolve.cpu_s
    }

    fn row(&self) -> String {
        let Figures { take, resolve, .. } = self;
        let records = self.records as f64 / 1e6;
        format!(
            "{:>9.3} {:>9.3} {:>7.1} {:>7.1} {:>7.1} {:>7.1} {:>9.1} {:>9} {:>9} {:>9} {:>9.5} {:>7.4} {:>8.4} {:>8.1}",
            records,
            self.orders as f64 / 1e6,
            self.wall_s(),
            self.cpu_s(),
            take.cpu_s,
            resolve.cpu_s,
            self.cpu_s() / records,
            take.peak_mib,
            resolve.peak_mib,
            (resolve.peak_mib << 20) / self.records.max(1),
            self.precision,
            self.recall,
            self.recall_with_evidence,
            100.0 * self.unified
        )
    }
}

const HEADER: &str = "  records    orders    wall     CPU    take resolve     CPU s  peak MiB  peak MiB     bytes precision  recall    …with  unified\n\
                      \x20 million   million       s   CPU s   CPU s   CPU s a million  taken in   in all  a record                  evidence        %";

pub fn run(args: &RunArgs) -> Result<()> {
    // Before the hours in which somebody may change what is checked out.
    let commit = note::commit();
    let mut sizes = args.world.clone();
    sizes.sort_unstable();
    let people = *sizes.last().context("no size")?;
    // A company is made once for each number of people.
    let dir = args.work.join(format!("world-{people}"));
    let own = std::env::current_exe().context("finding this program")?;
    let done = Command::new(&own).arg("make").arg(&dir).arg(people.to_string()).status()?;
    ensure!(done.success(), "making the company failed");
    println!("{HEADER}");
    let mut all = Vec::new();
    for size in sizes {
        let figures = resolve(&own, &dir, size)?;
        println!("{}", figures.row());
        all.push(figures);
    }
    let summary = summary(&all);
    println!("{summary}");
    if let Some(record) = &args.record {
        let rows: Vec<String> = all.iter().map(Figures::row).collect();
        let body = format!("```\n{HEADER}\n{}\n```\n\n{summary}\n", rows.join("\n"));
        let written = note::write(record, "identity-world", "Identity of a whole company", &commit, &body)?;
        eprintln!("written to {}", written.display());
    }
    Ok(())
}

/// Each size in a process of its own, since a peak is that of a process.
fn resolve(own: &Path, dir: &Path, people: u64) -> Result<Figures> {
    let mut command = Command::new(own);
    command.arg("resolve").arg(dir).arg(people.to_string()).stderr(Stdio::inherit());
    let output = command.output().context("starting this program again")?;
    ensure!(output.status.success(), "resolving {people} people failed ({})", output.status);
    serde_json::from_slice(&output.stdout).context("reading the figures")
}

/// How straight the line is, and what is asked.
fn summary(all: &[Figures]) -> String {
    let mut text = String::new();
    let Some(largest) = all.last() else { return text };
    let per = |f: &Figures| f.cpu_s() / f.records as f64;
    if let Some(first) = all.iter().find(|f| f.records >= 400_000 && f.records < largest.records) {
        let _ = writeln!(
            text,
            "From {:.1} to {:.1} million records a record costs {:.2} times the CPU time: 1 is a straight line.",
            first.records as f64 / 1e6,
            largest.records as f64 / 1e6,
            per(largest) / per(first)
        );
    }
    let _ = write!(
        text,
        "Asked of 4.1 million on two cores: at most {WALL_S_ASKED} s and {PEAK_GIB_ASKED} GiB; the largest took {:.1} s, \
         {:.1} of them to read its tables and take them in, and {:.2} GiB.",
        largest.wall_s(),
        largest.take.wall_s,
        largest.resolve.peak_mib as f64 / 1024.0
    );
    text
}
