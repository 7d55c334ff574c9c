//! `kenal identity review`: the questions to stewards, the most valuable first, and their answers.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use kenal_lake::{Fingerprint, Lake};
use kenal_types::{ContactPoint, CustomerRecord, RecordKey};

use crate::cmd::clock;
use crate::gold::{DecisionRow, GoldRow as _, ReviewRow};
use crate::stage::identity::{Explained, decisions, explain};
use crate::ui::{Align, Table, count};

/// Columns that a bar of the waterfall may take.
const BAR_COLUMNS: f64 = 30.0;

#[derive(clap::Args)]
pub struct ReviewArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Open questions, those first whose answer sets the most right. No personal data.
    List(ListArgs),
    /// One question: both records side by side, and the evidence. Shows personal data.
    Show(ShowArgs),
    /// Answer a question. The answer survives every run, and the next one acts on it.
    Decide(DecideArgs),
}

#[derive(clap::Args)]
struct ListArgs {
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Also those a steward was unsure of.
    #[arg(long)]
    all: bool,
}

#[derive(clap::Args)]
struct ShowArgs {
    a: RecordKey,
    b: RecordKey,
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
}

#[derive(clap::Args)]
struct DecideArgs {
    a: RecordKey,
    b: RecordKey,
    /// Are the two one person?
    verdict: Verdict,
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Who decides.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Verdict {
    Same,
    Different,
    Unsure,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Different => "different",
            Verdict::Unsure => "unsure",
        }
    }
}

impl ReviewArgs {
    pub fn run(self) -> Result<ExitCode> {
        match self.what {
            What::List(args) => list(&args)?,
            What::Show(args) => {
                let explained = explain(&Lake::open_existing(&args.lake)?, &args.a, &args.b)?;
                println!("{}", side_by_side(&explained.a, &explained.b));
                print!("{}", waterfall(&explained));
            }
            What::Decide(args) => decide(args)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(args: &ListArgs) -> Result<()> {
    let lake = Lake::open_existing(&args.lake)?;
    let mut rows: Vec<ReviewRow> =
        lake.read_gold(ReviewRow::TABLE).context("has `kenal run identity` run on this lake?")?;
    let answered: HashSet<(RecordKey, RecordKey)> = decisions(&lake)?
        .into_iter()
        .filter(|d| !(args.all && d.verdict == Verdict::Unsure.name()))
        .flat_map(|d| [(d.a.clone(), d.b.clone()), (d.b, d.a)])
        .collect();
    rows.retain(|r| !answered.contains(&(r.a.clone(), r.b.clone())));
    rows.sort_by(|x, y| y.value.total_cmp(&x.value).then_with(|| (&x.a, &x.b).cmp(&(&y.a, &y.b))));
    let mut table = Table::new(&[
        ("worth", Align::Right),
        ("probability", Align::Right),
        ("record", Align::Left),
        ("and", Align::Left),
        ("why it is asked", Align::Left),
        ("evidence", Align::Left),
    ]);
    for row in rows.iter().take(args.limit) {
        table.row([
            format!("{:.1}", row.value),
            format!("{:.3}", row.probability),
            row.a.to_string(),
            row.b.to_string(),
            row.reason.clone(),
            row.evidence.clone(),
        ]);
    }
    println!("{table}");
    println!(
        "{} open questions; kenal identity review show RECORD RECORD --lake {}",
        count(rows.len() as u64),
        args.lake.display()
    );
    Ok(())
}

fn decide(args: DecideArgs) -> Result<()> {
    if args.a == args.b {
        bail!("{} twice: a decision is about two records", args.a);
    }
    if args.by.trim().is_empty() {
        bail!("--by must say who decides");
    }
    let lake = Lake::open_existing(&args.lake)?;
    let known: HashSet<RecordKey> = lake.customers()?.into_iter().map(|c| c.key).collect();
    if let Some(absent) = [&args.a, &args.b].into_iter().find(|key| !known.contains(*key)) {
        bail!("no record {absent} in this lake");
    }
    let row = DecisionRow {
        a: args.a.clone(),
        b: args.b.clone(),
        verdict: args.verdict.name().to_owned(),
        decided_by: args.by,
        decided_at: clock::now(),
        note: args.note,
    };
    append(&lake, vec![row])?;
    println!(
        "{} and {}: {}; `kenal run identity --lake {}` acts on it",
        args.a,
        args.b,
        args.verdict.name(),
        args.lake.display()
    );
    Ok(())
}

/// Adds decisions to those of the lake.
pub fn append(lake: &Lake, new: Vec<DecisionRow>) -> Result<()> {
    let mut rows: Vec<DecisionRow> = match lake.gold_fingerprint(DecisionRow::TABLE)? {
        Some(_) => lake.read_gold(DecisionRow::TABLE)?,
        None => Vec::new(),
    };
    rows.extend(new);
    let fingerprint = Fingerprint::of("decisions").config(&serde_json::to_string(&rows)?).finish();
    lake.write_gold(DecisionRow::TABLE, &rows, &fingerprint)?;
    Ok(())
}

/// Both records, value by value.
fn side_by_side(a: &CustomerRecord, b: &CustomerRecord) -> Table {
    let mut table = Table::new(&[("", Align::Left), ("record", Align::Left), ("and", Align::Left)]);
    let points = |points: &[ContactPoint]| points.iter().map(|p| p.value.clone()).collect::<Vec<_>>().join(", ");
    let name = |r: &CustomerRecord| {
        let parts = [&r.given_name, &r.family_name].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        if parts.is_empty() { r.full_name.clone().unwrap_or_default() } else { parts }
    };
    let place = |r: &CustomerRecord| {
        let parts = [&r.street, &r.postcode, &r.city, &r.country].into_iter().flatten().cloned();
        parts.collect::<Vec<_>>().join(", ")
    };
    let both = |of: &dyn Fn(&CustomerRecord) -> String| [of(a), of(b)];
    let rows: [(&str, [String; 2]); 8] = [
        ("key", both(&|r| r.key.to_string())),
        ("name", both(&name)),
        ("born", both(&|r| r.birth_date.map_or_else(String::new, |d| d.to_string()))),
        ("emails", both(&|r| points(&r.emails))),
        ("phones", both(&|r| points(&r.phones))),
        ("address", both(&place)),
        ("loyalty", both(&|r| r.loyalty.as_ref().map_or_else(String::new, |l| l.number.clone()))),
        ("since", both(&|r| r.created_at.map_or_else(String::new, |t| t.to_string()))),
    ];
    for (label, [x, y]) in rows {
        if !(x.is_empty() && y.is_empty()) {
            table.row([label.to_owned(), x, y]);
        }
    }
    table
}

/// From the prior to the posterior, field by field, in bits.
pub fn waterfall(explained: &Explained) -> String {
    let Explained { evidence, model, version, .. } = explained;
    let prior_bits = (model.match_probability / (1.0 - model.match_probability)).log2();
    let total = prior_bits + evidence.weight_bits;
    let largest = evidence.fields.iter().map(|f| f.bits.abs()).fold(prior_bits.abs().max(1.0), f64::max);
    let bar = |bits: f64| {
        let length = (bits.abs() / largest * BAR_COLUMNS).round() as usize;
        if bits < 0.0 { "▒".repeat(length) } else { "█".repeat(length) }
    };
    let mut out = String::new();
    let mut line = |field: &str, level: &str, bits: f64| {
        let _ = writeln!(out, "{field:<16} {level:<26} {bits:>+8.2}  {}", bar(bits));
    };
    line("before", "two records at random", prior_bits);
    for field in &evidence.fields {
        line(&field.field, &field.level, field.bits);
    }
    line("after", "", total);
    let probability = model.probability(evidence.weight_bits);
    let _ =
        writeln!(out, "one person with probability {probability:.6}, by model {version}; █ for, ▒ against, in bits");
    out
}
