//! A table from outside, row by row: CSV (also packed with gzip, also with tabs, semicolons or bars) or Parquet.
//!
//! Every value is text, trimmed; an empty one is none. A row that is no row (too many fields, not UTF-8, a quote that
//! does not close) never stops the file: it is kept as [`Rejected`] with its line and its bytes, and counted, so that
//! read = accepted + rejected.
//!
//! Deliberately not here: what a column means (`mapping`, `guess`).
//!
//! Read [`Reader`], then [`Batch`], [`ReadError`]; `csv` and `parquet` fill batches, `header` finds out how a CSV is
//! written, `input` unpacks.

mod batch;
mod csv;
mod error;
mod header;
mod input;
mod parquet;

pub use batch::{Batch, RejectReason, Rejected};
pub use error::ReadError;

use std::path::{Path, PathBuf};

use crate::names;

use self::csv::CsvRows;
use self::parquet::ParquetRows;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines of fields between delimiters.
    Csv {
        /// What stands between fields: a comma, a semicolon, a tab or a bar.
        delimiter: char,
        /// Packed with gzip.
        packed: bool,
    },
    /// Apache Parquet.
    Parquet,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Format::Parquet => f.write_str("Parquet"),
            Format::Csv { delimiter, packed } => {
                let name = match delimiter {
                    '\t' => "tab",
                    ';' => "semicolon",
                    '|' => "bar",
                    _ => "comma",
                };
                write!(f, "CSV, delimiter {name}{}", if *packed { ", gzip" } else { "" })
            }
        }
    }
}

/// Rows so far: `read` = `accepted` + `rejected`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were there. Blank lines of a CSV are none.
    pub read: u64,
    /// Rows handed over as values.
    pub accepted: u64,
    /// Rows handed over as [`Rejected`].
    pub rejected: u64,
}

/// An open table.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    columns: Vec<String>,
    rows: Rows,
    counts: Counts,
}

#[derive(Debug)]
enum Rows {
    Csv(Box<CsvRows>),
    Parquet(Box<ParquetRows>),
}

impl Reader {
    /// Opens a file by its name: `.csv`, `.tsv`, `.tab`, `.psv`, `.txt`, each also with `.gz`, or `.parquet`, `.pq`.
    ///
    /// The delimiter is the one of comma, semicolon, tab and bar that the header line has most of, outside quotes. A
    /// column without a name is called `column_1`, `column_2` and so on by its position.
    ///
    /// # Errors
    /// The file is missing, empty, of another kind or broken, or two columns have one name. A header without rows is
    /// no error.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let (columns, rows) = match input::kind(path)? {
            input::Kind::Parquet => {
                let (columns, rows) = ParquetRows::open(path)?;
                (columns, Rows::Parquet(Box::new(rows)))
            }
            input::Kind::Text => {
                let (columns, rows) = CsvRows::open(path)?;
                (columns, Rows::Csv(Box::new(rows)))
            }
        };
        header::check_names(path, &columns)?;
        Ok(Reader { path: path.to_owned(), columns, rows, counts: Counts::default() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's name without its folder: what messages and the `source` column say.
    pub fn name(&self) -> String {
        error::name(&self.path)
    }

    /// How the file is written.
    pub fn format(&self) -> Format {
        match &self.rows {
            Rows::Csv(rows) => rows.format(),
            Rows::Parquet(_) => Format::Parquet,
        }
    }

    /// Names of the columns, trimmed, in the file's order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Position of the column of a name: the same name, or the only one that differs in capitals alone.
    ///
    /// # Errors
    /// No column has it; the error names the nearest.
    pub fn column(&self, name: &str) -> Result<usize, ReadError> {
        names::position(&self.columns, name).ok_or_else(|| {
            let (path, column) = (self.path.clone(), name.to_owned());
            let near = names::nearest(&self.columns, name).map(str::to_owned);
            ReadError::NoColumn { path, column, near, columns: self.columns.clone() }
        })
    }

    /// Rows handed over so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Rows of the whole file where the file says so (Parquet), rejected ones among them.
    pub fn rows_count(&self) -> Option<u64> {
        match &self.rows {
            Rows::Csv(_) => None,
            Rows::Parquet(rows) => Some(rows.rows_count()),
        }
    }

    /// The column at a position can be read as text.
    ///
    /// # Errors
    /// [`ReadError::ColumnType`], for a list, a structure and the like in a Parquet file.
    pub fn readable(&self, column: usize) -> Result<(), ReadError> {
        match &self.rows {
            Rows::Csv(_) => Ok(()),
            Rows::Parquet(rows) => rows.readable(column),
        }
    }

    /// Reads only these columns; [`Batch::get`] gives none for the others. To be called before the first batch.
    ///
    /// Parquet then decodes only these; a CSV is read whole in any case.
    pub fn select(&mut self, columns: &[usize]) {
        if let Rows::Parquet(rows) = &mut self.rows {
            rows.select(columns);
        }
    }

    /// Fills `batch` with the next rows, at most 32,768; `false` when there are none left.
    ///
    /// The batch's memory is used again. Cost: one copy of the bytes of each row.
    ///
    /// # Errors
    /// The disk fails, a gzip stream breaks off, a Parquet page is damaged, or a selected column holds no text. Rows
    /// handed over before stay valid.
    pub fn next_batch(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        match &mut self.rows {
            Rows::Csv(rows) => rows.fill(batch)?,
            Rows::Parquet(rows) => rows.fill(batch)?,
        }
        let (accepted, rejected) = (batch.rows_count() as u64, batch.rejected().len() as u64);
        self.counts.accepted += accepted;
        self.counts.rejected += rejected;
        self.counts.read += accepted + rejected;
        Ok(accepted + rejected > 0)
    }
}
