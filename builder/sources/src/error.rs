//! What can be wrong with a folder, and with a file of it. What is wrong with a row is `kenal_types::Rejection`.

use std::io;
use std::path::PathBuf;

use kenal_types::System;

use crate::sink::SinkError;

/// A system could not be read at all, or not to the end.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The system's folder is not there: the path is wrong, or the export was not made.
    #[error("{system}: no folder {}; expected {expected} in it; {found}", dir.display())]
    NoFolder { system: System, dir: PathBuf, expected: &'static str, found: String },
    /// The folder is there and has no data file.
    #[error("{system}: {} holds no data file; expected {expected}; {found}", dir.display())]
    NoFiles { system: System, dir: PathBuf, expected: &'static str, found: String },
    /// The disk or the permissions, not the content.
    #[error("{}: cannot be read", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// The file passed the survey and is another one now. Rows of it may have been handed over, so the whole reading
    /// counts for nothing: run again when nobody writes to the folder.
    #[error("{}: changed while it was read: {what}", path.display())]
    Changed { path: PathBuf, what: String },
    /// The sink could not keep a row.
    #[error("{file}: cannot store its rows")]
    Sink { file: String, source: SinkError },
}

/// Why not one row of a file was handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Quarantine {
    /// No bytes, or only blank ones.
    #[error("empty: there is no row in it")]
    Empty,
    /// The download stopped: fetch the file again.
    #[error("the gzip stream is cut short after {lines} readable lines; fetch the file again")]
    TruncatedGzip { lines: u64 },
    /// The bytes are damaged: fetch the file again.
    #[error("the gzip stream is damaged after {lines} readable lines; fetch the file again")]
    CorruptGzip { lines: u64 },
    /// The name ends in `.gz` and the content is not gzip.
    #[error("named .gz, but its content is not gzip")]
    NotGzip,
    /// Nothing in it looks like this system's export.
    #[error("not an export of {system}: {what}")]
    Unrecognised { system: System, what: String },
    /// The operation beside a Shopify file says something else about it.
    #[error("{sidecar} says {field} is {said}, the file has {found}; the download is not complete")]
    CountMismatch { sidecar: String, field: &'static str, said: u64, found: u64 },
    /// The operation beside a Shopify file is not one.
    #[error("{sidecar}: not a bulk operation: {what}")]
    BadOperation { sidecar: String, what: String },
    /// The operation has not finished, so the file may still grow.
    #[error("{sidecar}: the operation is {status}; fetch the file when it has finished")]
    Unfinished { sidecar: String, status: String },
    /// The operation names objects, and its file is not there.
    #[error("{sidecar} says {said} objects, but the file they are in is not here")]
    MissingData { sidecar: String, said: u64 },
    /// A page of JSON does not close: the download stopped.
    #[error("the page breaks off after {elements} readable elements: {what}")]
    BrokenPage { elements: u64, what: String },
    /// The first line is not a header of a known object, under any of the six delimiters.
    #[error("line 1: {what}")]
    BadHeader { what: String },
    /// The file is not Parquet, or a damaged one.
    #[error("not readable as Parquet: {what}")]
    BadParquet { what: String },
    /// Columns that the rows cannot do without are missing or of another type.
    #[error("{what}")]
    BadColumns { what: String },
}
