//! What can be wrong with a file as a whole. What is wrong with a row is [`super::RejectReason`].

use std::io;
use std::path::{Path, PathBuf};

use crate::names::hint;

/// A file could not be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The path is wrong.
    #[error("{}: no such file", path.display())]
    Missing { path: PathBuf },
    /// The path is a folder: name the files in it.
    #[error("{}: is a folder; name the files in it", path.display())]
    Folder { path: PathBuf },
    /// The disk or the permissions, not the content.
    #[error("{}: cannot be read", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// The name says nothing this crate reads.
    #[error("{}: .csv, .tsv, .psv or .txt (each also with .gz) or .parquet expected, by its name", path.display())]
    Extension { path: PathBuf },
    /// No bytes, or only blank lines: not even a header.
    #[error("{}: empty: there is no header in it", path.display())]
    Empty { path: PathBuf },
    /// The first line is no list of names.
    #[error("{}: line 1 is no header: {what}", path.display())]
    Header { path: PathBuf, what: &'static str },
    /// Two columns with one name cannot be told apart in a mapping: rename one.
    #[error("{}: columns {first} and {second} are both named `{column}`; rename one", path.display())]
    DuplicateColumn {
        path: PathBuf,
        column: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second, from 1.
        second: usize,
    },
    /// The download stopped: fetch the file again.
    #[error("{}: the gzip stream is cut short after line {line}; fetch the file again", path.display())]
    GzipTruncated {
        path: PathBuf,
        /// Last whole line.
        line: u64,
    },
    /// The bytes are damaged: fetch the file again.
    #[error("{}: the gzip stream is damaged after line {line}; fetch the file again", path.display())]
    GzipDamaged {
        path: PathBuf,
        /// Last whole line.
        line: u64,
    },
    /// Not Parquet, or a damaged file.
    #[error("{}: not readable as Parquet: {what}", path.display())]
    Parquet { path: PathBuf, what: String },
    /// A column of a Parquet file that holds no plain values: leave it out of the mapping.
    #[error("{}: column `{column}` is {kind}, which holds no text, number or date; ignore it", path.display())]
    ColumnType { path: PathBuf, column: String, kind: String },
    /// No column has this name.
    #[error("{}: no column `{column}`{}", path.display(), hint(near.as_deref(), columns))]
    NoColumn {
        path: PathBuf,
        column: String,
        /// The name most like it, when one is.
        near: Option<String>,
        /// Names of all columns.
        columns: Vec<String>,
    },
}

impl ReadError {
    /// Sorts what opening or reading a file ran into.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => ReadError::Missing { path },
            io::ErrorKind::IsADirectory => ReadError::Folder { path },
            _ => ReadError::Io { path, source },
        }
    }
}

/// A file's name without its folder.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
