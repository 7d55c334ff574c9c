//! `kenal show`: what the stages left, for a person to look at.

mod visitors;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use arrow::util::pretty::pretty_format_batches;
use kenal_lake::Lake;

use crate::ui::{Align, Table, count};

#[derive(clap::Args)]
pub struct ShowArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// All tables of the lake with their versions and sizes.
    Tables(LakeArgs),
    /// Rows of one table, named as in `kenal show tables`.
    Rows(RowsArgs),
    /// Any read-only SQL over the tables.
    Sql(SqlArgs),
    /// Rows that could not be used, and why.
    DeadLetters(DeadLettersArgs),
    /// People a demonstration can be given to: ids and habits, no names.
    Visitors(visitors::VisitorsArgs),
}

#[derive(clap::Args)]
struct LakeArgs {
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
}

#[derive(clap::Args)]
struct RowsArgs {
    table: String,
    #[command(flatten)]
    lake: LakeArgs,
    #[arg(long, default_value_t = 20)]
    limit: usize,
}

#[derive(clap::Args)]
struct SqlArgs {
    query: String,
    #[command(flatten)]
    lake: LakeArgs,
}

#[derive(clap::Args)]
struct DeadLettersArgs {
    #[command(flatten)]
    lake: LakeArgs,
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Also print the bytes. They are a person's data: mind who is looking.
    #[arg(long)]
    bytes: bool,
}

impl ShowArgs {
    pub fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Tables(args) => tables(&args.open()?)?,
            What::Rows(args) => {
                print(&args.lake.open()?, &format!("SELECT * FROM {} LIMIT {}", args.table, args.limit))?;
            }

            What::Sql(args) => print(&args.lake.open()?, &args.query)?,
            What::DeadLetters(args) => dead_letters(&args)?,
            What::Visitors(args) => args.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl LakeArgs {
    fn open(&self) -> Result<Lake> {
        Ok(Lake::open_existing(&self.lake)?)
    }
}

fn print(lake: &Lake, query: &str) -> Result<()> {
    println!("{}", pretty_format_batches(&lake.sql(query)?)?);
    Ok(())
}

fn tables(lake: &Lake) -> Result<()> {
    let mut table = Table::new(&[
        ("table", Align::Left),
        ("version", Align::Right),
        ("rows", Align::Right),
        ("files", Align::Right),
        ("bytes", Align::Right),
        ("written", Align::Left),
    ]);
    for info in lake.tables()? {
        let written = info.committed_at.map_or(String::new(), |t| t.to_string());
        let cells = [info.version.to_string(), count(info.rows), count(info.files), count(info.bytes), written];
        table.row([info.name.to_string()].into_iter().chain(cells));
    }
    println!("{table}");
    Ok(())
}

fn dead_letters(args: &DeadLettersArgs) -> Result<()> {
    let lake = args.lake.open()?;
    print(
        &lake,
        "SELECT system, reason, field, COUNT(*) AS rows FROM bronze_dead_letters \
         GROUP BY system, reason, field ORDER BY rows DESC, system, reason, field",
    )?;
    let raw = if args.bytes { ", arrow_cast(raw, 'Utf8') AS raw" } else { "" };
    let limit = args.limit;
    print(
        &lake,
        &format!(
            "SELECT system, file, line, field, reason, detail{raw} FROM bronze_dead_letters ORDER BY system, file, line LIMIT {limit}"
        ),
    )
}
