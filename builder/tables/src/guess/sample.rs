//! The first rows of a file, kept to be looked at.

use crate::limits::SAMPLE_ROWS;
use crate::read::{Batch, ReadError, Reader};

/// The first [`SAMPLE_ROWS`] rows of a file.
#[derive(Debug)]
pub struct Sample {
    pub(super) file: String,
    pub(super) columns: Vec<String>,
    /// Type of each column that cannot be read as text.
    pub(super) unreadable: Vec<Option<String>>,
    batches: Vec<Batch>,
}

impl Sample {
    /// Takes the first rows of a freshly opened table. Columns that hold no plain values are noted, and no error.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn take(mut reader: Reader) -> Result<Self, ReadError> {
        let columns = reader.columns().to_vec();
        let kind = |at| match reader.readable(at) {
            Err(ReadError::ColumnType { kind, .. }) => Some(kind),
            _ => None,
        };
        let unreadable: Vec<Option<String>> = (0..columns.len()).map(kind).collect();
        let readable: Vec<usize> = (0..columns.len()).filter(|&at| unreadable.get(at) == Some(&None)).collect();
        reader.select(&readable);
        let (mut batches, mut rows) = (Vec::new(), 0);
        while rows < SAMPLE_ROWS {
            let mut batch = Batch::new();
            if !reader.next_batch(&mut batch)? {
                break;
            }
            rows += batch.rows_count();
            batches.push(batch);
        }
        Ok(Sample { file: reader.name(), columns, unreadable, batches })
    }

    /// Rows in it.
    pub fn rows_count(&self) -> usize {
        self.batches.iter().map(Batch::rows_count).sum::<usize>().min(SAMPLE_ROWS)
    }

    /// Values of a column, row by row.
    pub(super) fn values(&self, column: usize) -> impl Iterator<Item = Option<&str>> {
        let rows = self.batches.iter().flat_map(|batch| (0..batch.rows_count()).map(move |row| (batch, row)));
        rows.take(SAMPLE_ROWS).map(move |(batch, row)| batch.get(row, column))
    }
}
