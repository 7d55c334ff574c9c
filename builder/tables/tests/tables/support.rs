//! Files for one test, and what reading them gives.

use std::path::{Path, PathBuf};

use kenal_tables::read::{Batch, ReadError, Reader, Rejected};
use tempfile::TempDir;

/// A folder of its own with one file in it.
pub(crate) struct Dir(TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Dir(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).expect("a file");
        self.path(name)
    }
}

/// All rows of a file, with their lines; empty values are `None`.
pub(crate) struct Read {
    pub(crate) reader: Reader,
    pub(crate) rows: Vec<(u64, Vec<Option<String>>)>,
    pub(crate) rejected: Vec<Rejected>,
}

/// Reads a file to its end; rows = accepted + rejected is checked here, once for all tests.
pub(crate) fn read(path: &Path) -> Result<Read, ReadError> {
    let mut reader = Reader::open(path)?;
    let (mut batch, mut rows, mut rejected) = (Batch::new(), Vec::new(), Vec::new());
    while reader.next_batch(&mut batch)? {
        for row in 0..batch.rows_count() {
            let values = (0..batch.columns_count()).map(|c| batch.get(row, c).map(str::to_owned)).collect();
            rows.push((batch.line(row), values));
        }
        rejected.append(&mut batch.take_rejected());
    }
    let counts = reader.counts();
    assert_eq!((counts.accepted, counts.rejected), (rows.len() as u64, rejected.len() as u64));
    assert_eq!(counts.read, counts.accepted + counts.rejected);
    Ok(Read { reader, rows, rejected })
}

/// A row as `line: a|b|`, for tables of expected rows.
pub(crate) fn shown(read: &Read) -> Vec<String> {
    let value = |v: &Option<String>| v.clone().unwrap_or_default();
    read.rows.iter().map(|(l, row)| format!("{l}: {}", row.iter().map(value).collect::<Vec<_>>().join("|"))).collect()
}
