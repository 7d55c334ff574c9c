//! What can go wrong with a lake, and what to do about it.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use deltalake::DeltaTableError;
use deltalake::datafusion::error::DataFusionError;

use crate::layout::TableName;

/// Why the lake could not do what it was asked. No variant carries a row's values.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The folder exists and holds other things; a lake is never laid over them.
    #[error(
        "{} is not a lake: it has no lake.json but is not empty; name another folder, or an empty one to start a lake",
        path.display()
    )]
    NotALake { path: PathBuf },

    /// There is nothing at the path, and only reading was asked for.
    #[error("there is no lake at {}; build one with `kenal build --lake {}`", path.display(), path.display())]
    NoLake { path: PathBuf },

    /// `lake.json` says a format this program does not know, or cannot be read.
    #[error("the lake at {} {problem}", path.display())]
    Format { path: PathBuf, problem: String },

    /// Another process is ingesting the same system.
    #[error("another process is writing {system} into the lake at {}; wait for it to end", path.display())]
    Busy { path: PathBuf, system: &'static str },

    /// The device has no room.
    #[error("the disk is full while {doing} {}; nothing was committed by halves, so make room and run again", path.display())]
    DiskFull { doing: &'static str, path: PathBuf },

    /// The operating system refuses.
    #[error("no permission for {doing} {}; check the folder's owner and mode", path.display())]
    Permission { doing: &'static str, path: PathBuf },

    /// Any other failure of the file system.
    #[error("{doing} {} failed: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },

    /// A newer program has written the table with features of Delta Lake that this one does not know.
    #[error("table {table} was written by a newer version, and this one cannot read it ({detail}); update kenal")]
    NewerTable { table: TableName, detail: String },

    /// The table's log or files are damaged, or a concurrent writer won.
    #[error("table {table}: {doing} failed: {source}")]
    Delta { table: TableName, doing: &'static str, source: Box<DeltaTableError> },

    /// The query names a table that the lake does not have.
    #[error("there is no table {name}; the lake has {known}")]
    NoSuchTable { name: String, known: String },

    /// The query does not parse, names unknown columns, or failed while running.
    #[error("the query failed: {0}")]
    Sql(Box<DataFusionError>),

    /// Rows and the table's columns do not fit each other.
    #[error("table {table}: rows do not fit its columns: {detail}")]
    Rows { table: TableName, detail: String },

    /// The result of a query has other columns than were asked of it.
    #[error("the query gave other rows than were expected: {detail}")]
    Result { detail: String },

    /// A gold table's name must be an identifier.
    #[error("{0:?} cannot name a gold table; use small letters, digits and _, beginning with a letter")]
    GoldName(String),

    /// An interrupted ingest cannot be finished, since files it had written are gone.
    #[error(
        "{} names {missing}, which is gone, after other tables of the same ingest were committed; \
         restore the file from a copy, or start a new lake from the exports",
        path.display()
    )]
    Journal { path: PathBuf, missing: String },

    /// A file was reported that was not announced when the ingest began.
    #[error("file {file} was not among those the ingest of {system} began with")]
    UnknownFile { system: &'static str, file: String },

    /// The reader's count of a file's rows is not that of the rows it handed over.
    #[error("{file}: {accepted} rows were accepted and {rejected} rejected, but its report says otherwise")]
    Counts { file: String, accepted: u64, rejected: u64 },

    /// Rows of the file were handed over, but not its outcome: it may not have been read to its end.
    #[error("{file}: rows were taken in, but the file was never reported as done; nothing was committed")]
    Unfinished { file: String },

    /// A caller's own function, run over rows of the lake, failed.
    #[error(transparent)]
    Caller(Box<dyn Error + Send + Sync>),
}

impl LakeError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => LakeError::DiskFull { doing, path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                LakeError::Permission { doing, path }
            }
            _ => LakeError::Io { doing, path, source },
        }
    }

    /// Sorts an error of the Delta library: a full disk and a missing permission look the same wherever they arise.
    pub(crate) fn delta(table: &TableName, root: &Path, doing: &'static str, source: DeltaTableError) -> Self {
        match io_kind(&source) {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                return LakeError::DiskFull { doing, path: table.dir(root) };
            }
            Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
                return LakeError::Permission { doing, path: table.dir(root) };
            }
            _ => {}
        }
        let text = source.to_string();
        // The library says this in three of its layers, each with an error of its own; the words are what they share.
        let unsupported =
            ["nsupported table feature", "nsupported reader", "nsupported minimum reader", "nsupported: "];
        if unsupported.iter().any(|words| text.contains(words)) || text.contains("rotocol version") {
            return LakeError::NewerTable { table: table.clone(), detail: text };
        }
        LakeError::Delta { table: table.clone(), doing, source: Box::new(source) }
    }
}

impl From<DataFusionError> for LakeError {
    /// Gives back an error of ours that travelled through the query engine.
    fn from(source: DataFusionError) -> Self {
        match source {
            DataFusionError::External(inner) => match inner.downcast::<LakeError>() {
                Ok(ours) => *ours,
                Err(inner) => LakeError::Sql(Box::new(DataFusionError::External(inner))),
            },
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => LakeError::from(*inner),
            other => LakeError::Sql(Box::new(other)),
        }
    }
}

/// The first I/O error in the chain of causes.
fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            // An I/O error may itself wrap one of the object store's.
            return io.get_ref().and_then(|inner| io_kind(inner)).or(Some(io.kind()));
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use deltalake::ObjectStoreError;

    /// As the object store reports a failed write: an I/O error in an error of its own, in another.
    fn store_error(kind: io::ErrorKind) -> DeltaTableError {
        let source = Box::new(io::Error::other(io::Error::from(kind)));
        DeltaTableError::ObjectStore { source: ObjectStoreError::Generic { store: "LocalFileSystem", source } }
    }

    #[test]
    fn a_full_disk_and_a_missing_permission_are_told_apart_from_damage() {
        let table = TableName::silver("orders");
        let message = |kind| LakeError::delta(&table, Path::new("/lake"), "writing", store_error(kind)).to_string();
        let full = "the disk is full while writing /lake/silver/orders; \
                    nothing was committed by halves, so make room and run again";
        assert_eq!(message(io::ErrorKind::StorageFull), full);
        let denied = "no permission for writing /lake/silver/orders; check the folder's owner and mode";
        assert_eq!(message(io::ErrorKind::PermissionDenied), denied);
        assert!(message(io::ErrorKind::InvalidData).starts_with("table silver_orders: writing failed: "));
    }

    #[test]
    fn an_error_of_ours_comes_back_from_the_query_engine_as_it_was() {
        let ours = LakeError::GoldName("x y".to_owned());
        let expected = ours.to_string();
        let through = DataFusionError::External(Box::new(ours)).context("planning");
        assert_eq!(LakeError::from(through).to_string(), expected);
    }
}
