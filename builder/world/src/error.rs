//! Why a world could not be made or checked.

use std::io;
use std::path::{Path, PathBuf};

/// Why [`crate::generate`] or [`crate::truth::Truth::read`] stopped.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Fewer than one person was asked for.
    #[error("a world needs at least one person; give --people a number above zero")]
    NoPeople,
    /// More people than ids have room for.
    #[error("{people} people are more than the {max} that ids have room for")]
    TooManyPeople { people: u64, max: u64 },
    /// `--end` leaves no room for two years of history, or lies beyond year 9000.
    #[error("the end day {end} is out of range; it must lie between 1975-01-01 and 9000-12-31")]
    EndOutOfRange { end: kenal_types::Date },
    /// The folder holds something: nothing is ever overwritten.
    #[error("{} is not empty; name a new folder, or remove it first", path.display())]
    OutNotEmpty { path: PathBuf },
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A Parquet file could not be read or written.
    #[error("{}: {source}", path.display())]
    Parquet { path: PathBuf, source: parquet::errors::ParquetError },
    /// Rows could not be turned into a table, or a table has other columns than it should.
    #[error("{}: {source}", path.display())]
    Arrow { path: PathBuf, source: arrow::error::ArrowError },
    /// A truth table lacks a column, or has it with another type.
    #[error("{}: no column {column} of the expected type; was this folder written by `kenal world`?", path.display())]
    TruthColumn { path: PathBuf, column: &'static str },
    /// The file of real purchases.
    #[error("{}: {source}", path.display())]
    Purchases { path: PathBuf, source: PurchasesError },
}

impl WorldError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> WorldError + '_ {
        move |source| WorldError::Io { path: path.to_owned(), source }
    }

    pub(crate) fn parquet(path: &Path) -> impl FnOnce(parquet::errors::ParquetError) -> WorldError + '_ {
        move |source| WorldError::Parquet { path: path.to_owned(), source }
    }

    pub(crate) fn arrow(path: &Path) -> impl FnOnce(arrow::error::ArrowError) -> WorldError + '_ {
        move |source| WorldError::Arrow { path: path.to_owned(), source }
    }
}

/// Why a file of purchases is of no use.
#[derive(Debug, thiserror::Error)]
pub enum PurchasesError {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// The compressed stream ends early: usually an interrupted download.
    #[error("the gzip stream ends early, after {lines} lines; fetch the file again")]
    Truncated { lines: u64 },
    #[error("the gzip stream is damaged after {lines} lines")]
    Corrupt { lines: u64 },
    /// The header is another one.
    #[error("the first line must name the columns {expected}; it lacks {missing}")]
    WrongColumns { expected: &'static str, missing: String },
    /// A spreadsheet of another country, or one that was pasted.
    #[error("its columns are separated by {separator:?}; save it with commas")]
    Separator { separator: char },
    #[error("line {line}: {field} is not {expected}")]
    BadField { line: u64, field: &'static str, expected: &'static str },
    #[error("line {line} has {found} fields where the header has {expected}")]
    FieldCount { line: u64, found: u64, expected: u64 },
    #[error("line {line} is not UTF-8")]
    NotUtf8 { line: u64 },
    /// Nothing is left after dropping what is not a sale.
    #[error("no line is a sale to a known customer")]
    NoCustomers,
}
