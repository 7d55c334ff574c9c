//! A file of rows with named columns, that appears when it is whole.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::sink::{CsvSink, ParquetSink, Sink};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
}

/// A column to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// One value of a row, of its column's kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    None,
    /// Of a text column.
    Text(&'a str),
    /// Of an integer column.
    Integer(i64),
    /// Of a number column.
    Number(f64),
}

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The name ends in neither.
    #[error("{}: the name must end in .parquet or .csv", path.display())]
    Extension { path: PathBuf },
    /// The disk, the permissions, or a folder that is not there.
    #[error("{}: cannot be written", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// The rows could not be encoded.
    #[error("{}: cannot be written as Parquet", path.display())]
    Parquet { path: PathBuf, source: parquet::errors::ParquetError },
    /// The caller gave a row that does not fit the columns.
    #[error("{}: row {row} does not fit the columns", path.display())]
    Row {
        path: PathBuf,
        /// From 1.
        row: u64,
    },
}

/// Writes rows to a file.
pub struct TableWriter {
    path: PathBuf,
    temporary: PathBuf,
    /// None once it is finished.
    sink: Option<Box<dyn Sink>>,
    kinds: Vec<Kind>,
    rows: u64,
}

impl std::fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableWriter").field("path", &self.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl TableWriter {
    /// Begins a file. What has its name now stays until [`TableWriter::finish`].
    ///
    /// # Errors
    /// The name ends in neither `.parquet` nor `.csv`, or the folder cannot be written to.
    pub fn create(path: &Path, columns: &[Column]) -> Result<Self, WriteError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
        if !matches!(extension.as_str(), "parquet" | "pq" | "csv") {
            return Err(WriteError::Extension { path: path.to_owned() });
        }
        // Two commands that write the same file must not write into one another's.
        let temporary = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = File::create(&temporary).map_err(|source| WriteError::Io { path: path.to_owned(), source })?;
        // From here on the temporary file is removed by `drop` when anything fails.
        let kinds: Vec<Kind> = columns.iter().map(|c| c.kind).collect();
        let mut writer = TableWriter { path: path.to_owned(), temporary, sink: None, kinds, rows: 0 };
        let file = BufWriter::with_capacity(1 << 18, file);
        writer.sink = Some(if extension == "csv" {
            Box::new(CsvSink::new(file, columns).map_err(|e| e.at(path))?)
        } else {
            Box::new(ParquetSink::new(file, columns).map_err(|e| e.at(path))?)
        });
        Ok(writer)
    }

    /// Writes one row: a value for each column, of its kind or none.
    ///
    /// # Errors
    /// The row does not fit, or the disk fails.
    pub fn write(&mut self, row: &[Cell<'_>]) -> Result<(), WriteError> {
        self.rows += 1;
        let fits = |(cell, kind): (&Cell<'_>, &Kind)| {
            matches!(
                (cell, kind),
                (Cell::None, _)
                    | (Cell::Text(_), Kind::Text)
                    | (Cell::Integer(_), Kind::Integer)
                    | (Cell::Number(_), Kind::Number)
            )
        };
        if row.len() != self.kinds.len() || !row.iter().zip(&self.kinds).all(fits) {
            return Err(WriteError::Row { path: self.path.clone(), row: self.rows });
        }
        match &mut self.sink {
            Some(sink) => sink.write(row).map_err(|e| e.at(&self.path)),
            None => Ok(()),
        }
    }

    /// Rows written so far.
    pub fn rows_count(&self) -> u64 {
        self.rows
    }

    /// Ends the file and gives it its name; gives the number of rows.
    ///
    /// # Errors
    /// The disk fails. The file that had the name before is then still there.
    pub fn finish(mut self) -> Result<u64, WriteError> {
        let io = |source| WriteError::Io { path: self.path.clone(), source };
        if let Some(sink) = self.sink.take() {
            let file = sink.finish().map_err(|e| e.at(&self.path))?;
            // The bytes must be on disk before the name is, or a power cut could leave an empty file with it.
            file.sync_all().map_err(io)?;
            std::fs::rename(&self.temporary, &self.path).map_err(io)?;
        }
        Ok(self.rows)
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        // After `finish` nothing is there; after a failure nobody is left to tell of a second one.
        let _ = std::fs::remove_file(&self.temporary);
    }
}
