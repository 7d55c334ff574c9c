//! Clusters: which records are one person.

use std::path::Path;

use super::table::{Cell, Column, Kind, TableWriter, WriteError};

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

/// Writes `record_id, cluster_id`, with `source` before them when there are several inputs.
#[derive(Debug)]
pub struct ClusterWriter {
    inner: TableWriter,
    with_source: bool,
}

impl ClusterWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// As [`TableWriter::create`].
    pub fn create(path: &Path, with_source: bool) -> Result<Self, WriteError> {
        let columns: &[Column] = &[text("source"), text("record_id"), text("cluster_id")];
        let inner = TableWriter::create(path, if with_source { columns } else { &columns[1..] })?;
        Ok(ClusterWriter { inner, with_source })
    }

    /// Writes a record. `source` is left out of a file that has no such column.
    ///
    /// # Errors
    /// The disk fails.
    pub fn write(&mut self, source: &str, record_id: &str, cluster_id: &str) -> Result<(), WriteError> {
        let row = [Cell::Text(source), Cell::Text(record_id), Cell::Text(cluster_id)];
        self.inner.write(if self.with_source { &row } else { &row[1..] })
    }

    /// Ends the file and gives it its name; gives the number of records.
    ///
    /// # Errors
    /// As [`TableWriter::finish`].
    pub fn finish(self) -> Result<u64, WriteError> {
        self.inner.finish()
    }
}
