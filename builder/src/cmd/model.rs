//! `kenal model`: is the new one better than the old one?

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kenal_card::{Row, Verdict, compare};

use crate::stage::card::find;
use crate::ui::{Align, Table, count};

#[derive(clap::Args)]
pub struct ModelArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Whether B is better than A, with significance, and in which markets.
    ///
    /// A and B are model cards (LAKE/reports/model-cards/*.json keeps those of all trainings), or folders of bundles or
    /// lakes with one. On the same test cases they are compared case by case, on others as two samples.
    Compare(CompareArgs),
}

#[derive(clap::Args)]
struct CompareArgs {
    a: PathBuf,
    b: PathBuf,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

impl ModelArgs {
    pub fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Compare(args) => args.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl CompareArgs {
    fn run(&self) -> Result<()> {
        let ((file_a, a), (file_b, b)) = (find(&self.a)?, find(&self.b)?);
        let found = compare(&a, &b).context("the two cards have no kind of model in common")?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&found)?)?;
            return Ok(());
        }
        let mut table = Table::new(&[
            ("metric", Align::Left),
            ("cases", Align::Right),
            ("A", Align::Right),
            ("B", Align::Right),
            ("B is better by", Align::Right),
            ("95 %", Align::Right),
            ("p", Align::Right),
            ("", Align::Left),
        ]);
        found.rows.iter().for_each(|row| {
            table.row(cells(row));
        });
        writeln!(out, "A  {}  {}", file_a.display(), a.title)?;
        writeln!(out, "B  {}  {}", file_b.display(), b.title)?;
        writeln!(out, "{table}\n{found}")?;
        Ok(())
    }
}

fn cells(row: &Row) -> [String; 8] {
    let name = row.segment.as_ref().map_or(row.metric.clone(), |s| format!("{} in {s}", row.metric));
    let verdict = match row.verdict {
        Verdict::BIsBetter => "B",
        Verdict::AIsBetter => "A",
        Verdict::NoDifferenceShown => "–",
    };
    [
        name,
        count(row.cases as u64),
        format!("{:.4}", row.a),
        format!("{:.4}", row.b),
        format!("{:+.4}", row.better_by),
        format!("{:+.4} to {:+.4}", row.low, row.high),
        format!("{:.4}", row.p),
        verdict.to_owned(),
    ]
}
