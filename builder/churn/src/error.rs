//! Why no churn model came from a file.

use std::path::PathBuf;

use kenal_models::churn::{ChurnError, SplitError};
use kenal_tables::read::{ReadError, Reader};
use kenal_tables::write::WriteError;

/// What went wrong with which file, column or setting.
#[derive(Debug, thiserror::Error)]
pub enum ChurnFileError {
    /// A file is missing, empty, of another kind or broken.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A column that is needed has none of its usual names.
    #[error(
        "{}: no column `{role}` (nor {others}); the file has: {columns}", path.display()
    )]
    NoRole { path: PathBuf, role: String, others: String, columns: String },
    /// Nothing can be learnt from no rows.
    #[error("{}: no row can be used: {what}", path.display())]
    NoRows { path: PathBuf, what: String },
    /// Nothing in the log is a purchase.
    #[error("{}: no purchases: no line has an amount above 0", path.display())]
    NoPurchases { path: PathBuf },
    /// The log ends before an outcome can be known.
    #[error(
        "purchases from {from} to {to} are too few days for a horizon of {horizon_days}: at least {needed_days} are \
         needed to fit, and {horizon_days} more to judge; choose a shorter horizon"
    )]
    TooShort { from: String, to: String, horizon_days: u32, needed_days: i64 },
    /// The label is nothing to be told apart.
    #[error("{}: column `{column}`: {what}", path.display())]
    Label { path: PathBuf, column: String, what: String },
    /// Every column but the label says nothing, or is left out.
    #[error("{}: no column to learn from: {what}", path.display())]
    NoColumns { path: PathBuf, what: String },
    /// Too few rows of one class to hold some back.
    #[error("{}: {rows} rows, {positives} of them labelled true: {what}", path.display())]
    TooFew { path: PathBuf, rows: usize, positives: usize, what: &'static str },
    /// A setting is out of range.
    #[error("{name}: {what}")]
    Setting { name: &'static str, what: String },
    /// Not a model of this program, or of another kind of input.
    #[error("{}: {what}", path.display())]
    Model { path: PathBuf, what: String },
    /// The file system, with the file.
    #[error("{}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// The fit itself.
    #[error(transparent)]
    Fit(#[from] ChurnError),
}

impl From<SplitError> for ChurnFileError {
    fn from(error: SplitError) -> Self {
        ChurnFileError::Fit(error.into())
    }
}

impl ChurnFileError {
    pub(crate) fn no_role(reader: &Reader, names: &[&str]) -> Self {
        let list = |all: &[&str]| all.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        ChurnFileError::NoRole {
            path: reader.path().to_owned(),
            role: names.first().copied().unwrap_or_default().to_owned(),
            others: list(names.get(1..).unwrap_or_default()),
            columns: reader.columns().join(", "),
        }
    }
}
