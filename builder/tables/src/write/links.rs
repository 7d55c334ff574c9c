//! Links: pairs of records, with what was found about them.

use std::path::Path;

use super::table::{Cell, Column, Kind, TableWriter, WriteError};

/// Two records that may be one person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link<'a> {
    /// Input and id of the one record.
    pub a: (&'a str, &'a str),
    /// Input and id of the other.
    pub b: (&'a str, &'a str),
    /// That they are one person, 0 to 1.
    pub probability: f64,
    /// What became of the pair: linked, left for review.
    pub decision: &'a str,
    /// What speaks for and against it, in words.
    pub evidence: &'a str,
}

const COLUMNS: [Column; 7] = [
    Column { name: "source_a", kind: Kind::Text },
    Column { name: "record_id_a", kind: Kind::Text },
    Column { name: "source_b", kind: Kind::Text },
    Column { name: "record_id_b", kind: Kind::Text },
    Column { name: "probability", kind: Kind::Number },
    Column { name: "decision", kind: Kind::Text },
    Column { name: "evidence", kind: Kind::Text },
];

/// Writes `source_a, record_id_a, source_b, record_id_b, probability, decision, evidence`; without the two sources when
/// there is one input.
#[derive(Debug)]
pub struct LinkWriter {
    inner: TableWriter,
    with_source: bool,
}

impl LinkWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// As [`TableWriter::create`].
    pub fn create(path: &Path, with_source: bool) -> Result<Self, WriteError> {
        let kept = COLUMNS.into_iter().filter(|c| with_source || !c.name.starts_with("source"));
        let inner = TableWriter::create(path, &kept.collect::<Vec<_>>())?;
        Ok(LinkWriter { inner, with_source })
    }

    /// Writes a pair.
    ///
    /// # Errors
    /// The disk fails.
    pub fn write(&mut self, link: &Link<'_>) -> Result<(), WriteError> {
        let (p, decision) = (Cell::Number(link.probability), Cell::Text(link.decision));
        let (a, b, evidence) = (Cell::Text(link.a.1), Cell::Text(link.b.1), Cell::Text(link.evidence));
        if self.with_source {
            return self.inner.write(&[Cell::Text(link.a.0), a, Cell::Text(link.b.0), b, p, decision, evidence]);
        }
        self.inner.write(&[a, b, p, decision, evidence])
    }

    /// Ends the file and gives it its name; gives the number of pairs.
    ///
    /// # Errors
    /// As [`TableWriter::finish`].
    pub fn finish(self) -> Result<u64, WriteError> {
        self.inner.finish()
    }
}
