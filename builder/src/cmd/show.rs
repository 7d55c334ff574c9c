//! `kenal show`: what the stages left, for a person to look at.

mod visitors;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::pretty::pretty_format_batches;
use kenal_lake::Lake;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::ui::{Align, Table, count};

/// Characters of a text in a table of rows.
const CELL_CHARS_MAX: usize = 120;

#[derive(clap::Args)]
pub struct ShowArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// All tables of the lake with their versions and sizes.
    Tables(LakeArgs),
    /// Rows of one table, named as in `kenal show tables`; long texts are cut short, which `sql` does not do.
    Rows(RowsArgs),
    /// Any read-only SQL over the tables; with `--out`, as a Parquet file for `kenal churn`, `kenal recommend` or a notebook.
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
    /// Where the rows go, as Parquet, instead of the terminal. They may be people's data: mind who can read the file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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
                let query = format!("SELECT * FROM {} LIMIT {}", args.table, args.limit);
                let rows: Result<Vec<RecordBatch>> = args.lake.open()?.sql(&query)?.iter().map(cut_short).collect();
                println!("{}", pretty_format_batches(&rows?)?);
            }
            What::Sql(SqlArgs { query, lake, out: Some(out) }) => export(&lake.open()?, &query, &out)?,
            What::Sql(SqlArgs { query, lake, out: None }) => print(&lake.open()?, &query)?,
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

/// Writes a result batch by batch; the file is there once all of it is.
fn export(lake: &Lake, query: &str, out: &Path) -> Result<()> {
    let mut part = out.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut writer: Option<ArrowWriter<File>> = None;
    let written = lake.sql_each(query, |batch: RecordBatch| -> Result<()> {
        let writer = match &mut writer {
            Some(writer) => writer,
            None => {
                let file = File::create(&part).with_context(|| format!("creating {}", part.display()))?;
                let zstd =
                    WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?)).build();
                writer.insert(ArrowWriter::try_new(file, batch.schema(), Some(zstd))?)
            }
        };
        Ok(writer.write(&batch)?)
    });
    let finished = written.and_then(|()| match writer {
        Some(writer) => Ok(writer.close()?.file_metadata().num_rows()),
        None => bail!("the query has no rows, so {} was not written", out.display()),
    });
    let rows = match finished {
        Ok(rows) => rows,
        Err(error) => {
            // What was begun is no use to anybody; that it cannot be removed is not what is wrong.
            let _ = fs::remove_file(&part);
            return Err(error);
        }
    };
    fs::rename(&part, out).with_context(|| format!("naming {}", out.display()))?;
    println!("{} rows in {}", count(rows as u64), out.display());
    Ok(())
}

/// A batch whose texts are no longer than a person reads in a table.
fn cut_short(batch: &RecordBatch) -> Result<RecordBatch> {
    let column = |column: &ArrayRef| -> Result<ArrayRef> {
        if !matches!(column.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
            return Ok(Arc::clone(column));
        }
        let texts = cast(column, &DataType::Utf8)?;
        let cut = |text: &str| match text.char_indices().nth(CELL_CHARS_MAX) {
            Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
            None => text.to_owned(),
        };
        Ok(Arc::new(texts.as_string::<i32>().iter().map(|text| text.map(cut)).collect::<StringArray>()))
    };
    let columns: Result<Vec<ArrayRef>> = batch.columns().iter().map(column).collect();
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().clone());
    Ok(RecordBatch::try_from_iter(names.zip(columns?))?)
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
