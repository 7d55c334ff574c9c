//! A list of labels: which cluster each record is in.

use std::path::Path;

use super::interner::Interner;
use crate::read::{Batch, ReadError, Reader};

/// Which columns of a table hold labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelColumns<'a> {
    /// The record's id.
    pub id: &'a str,
    /// The cluster it is in.
    pub cluster: &'a str,
    /// The input it comes from, where ids are unique only within one. Both lists must have it, or none.
    pub source: Option<&'a str>,
}

/// Labels could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// The file, or a column of it.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record has two labels: the id is not one, or holds only within one input.
    #[error(
        "{name}: line {line} labels a record again; ids must be unique (name the source column too, if there is one)"
    )]
    Repeated { name: String, line: u64 },
    /// 4,294,967,295 records at most.
    #[error("{name}: more records than can be numbered")]
    TooMany { name: String },
}

/// Which cluster each record is in; records in the order of the list.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    pub(super) ids: Interner,
    /// By record.
    pub(super) cluster_of: Vec<u32>,
    clusters: Interner,
    unlabelled: u64,
    rejected: u64,
}

impl Labels {
    /// An empty list.
    pub fn new() -> Self {
        Labels::default()
    }

    /// Adds a record; false when it was there, with its label as it was. None when there are 2³² records already.
    pub fn push(&mut self, id: &str, cluster: &str) -> Option<bool> {
        let (_, is_new) = self.ids.insert(id)?;
        if is_new {
            self.cluster_of.push(self.clusters.insert(cluster)?.0);
        }
        Some(is_new)
    }

    /// Reads labels from a table. Rows without an id or a label are counted and left out.
    ///
    /// # Errors
    /// The file cannot be read, a column is not there, or a record comes twice.
    pub fn read(path: &Path, columns: LabelColumns<'_>) -> Result<Self, LabelsError> {
        let mut reader = Reader::open(path)?;
        let id = reader.column(columns.id)?;
        let cluster = reader.column(columns.cluster)?;
        let source = columns.source.map(|name| reader.column(name)).transpose()?;
        let selected: Vec<usize> = [Some(id), Some(cluster), source].into_iter().flatten().collect();
        reader.select(&selected);
        let (mut labels, mut batch, mut key) = (Labels::new(), Batch::new(), String::new());
        while reader.next_batch(&mut batch)? {
            for row in 0..batch.rows_count() {
                let (Some(id), Some(cluster)) = (batch.get(row, id), batch.get(row, cluster)) else {
                    labels.unlabelled += 1;
                    continue;
                };
                key.clear();
                if let Some(source) = source {
                    key.push_str(batch.get(row, source).unwrap_or_default());
                    // Between the two, so that `a` + `bc` is not `ab` + `c`.
                    key.push('\u{1f}');
                }
                key.push_str(id);
                match labels.push(&key, cluster) {
                    Some(true) => {}
                    Some(false) => {
                        return Err(LabelsError::Repeated { name: reader.name(), line: batch.line(row) });
                    }
                    None => return Err(LabelsError::TooMany { name: reader.name() }),
                }
            }
        }
        labels.rejected = reader.counts().rejected;
        Ok(labels)
    }

    /// Records with a label.
    pub fn records_count(&self) -> usize {
        self.cluster_of.len()
    }

    /// Different labels.
    pub fn clusters_count(&self) -> usize {
        self.clusters.len()
    }

    /// Rows of the file that have no id or no label.
    pub fn unlabelled_count(&self) -> u64 {
        self.unlabelled
    }

    /// Rows of the file that are none.
    pub fn rejected_count(&self) -> u64 {
        self.rejected
    }
}
