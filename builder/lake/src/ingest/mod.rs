//! Taking in one system's files: all of them, or nothing that counts.
//!
//! Rows are buffered, written as Parquet in batches of bounded size, and committed at the end, once per table.
//! Read in this order: [`Ingest`], [`outcome`], `buffer`, `journal`.

mod buffer;
pub(crate) mod journal;
mod outcome;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::sync::Arc;

use kenal_types::{Entity, FileStamp, Origin, Rejection, System, Timestamp};

use crate::error::LakeError;
use crate::lake::Lake;
use crate::layout::TableName;
use crate::store;

use buffer::{Buffers, FileRow};
use journal::Journal;
use outcome::Announced;
pub use outcome::{FileOutcome, FileStatus};

/// What a committed ingest put into the lake.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IngestCounts {
    /// Number of this system's ingest, from 1; 0 when nothing was new.
    pub ingest: i64,
    /// Files recorded as read, partial or quarantined.
    pub files: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Rows appended, by table.
    pub rows: BTreeMap<TableName, u64>,
}

impl Lake {
    /// Begins to take in files of one system; `None` when all of them are already in, by content.
    ///
    /// `stamps` are all files of the system's folder, also those that a survey has quarantined: a file that was
    /// quarantined before is wanted again, since what was wrong may have stood beside it. `now` is stored as the time
    /// of ingestion. Locks the system in this lake until the ingest is committed or dropped.
    ///
    /// # Errors
    /// Another process is ingesting the same system; tables cannot be read.
    pub fn begin_ingest(
        &self,
        system: System,
        stamps: &[FileStamp],
        now: Timestamp,
    ) -> Result<Option<Ingest<'_>>, LakeError> {
        let lock = journal::lock(self, system)?;
        journal::finish(self, system)?;
        let files = TableName::bronze(crate::layout::FILES);
        let log = self.wait(store::open(self.root(), &files))?;
        let number = 1 + self.wait(store::txn_version(self.root(), &files, &log, &app(system)))?;
        let announced = outcome::announce(self, system, stamps)?;
        if announced.is_empty() {
            return Ok(None);
        }
        let buffers = Buffers::new(system, number);
        Ok(Some(Ingest { lake: self, system, number, now, announced, buffers, _lock: lock }))
    }
}

/// Name under which an ingest's commits are recorded in each table's log.
pub(crate) fn app(system: System) -> String {
    format!("kenal/{system}")
}

/// An ingest under way. Dropping it leaves the lake as it was.
pub struct Ingest<'a> {
    lake: &'a Lake,
    system: System,
    number: i64,
    now: Timestamp,
    /// By name; only files that are wanted.
    announced: BTreeMap<Arc<str>, Announced>,
    buffers: Buffers<'a>,
    /// Held until drop.
    _lock: File,
}

impl fmt::Debug for Ingest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ingest")
            .field("system", &self.system)
            .field("number", &self.number)
            .field("files", &self.announced.keys())
            .finish_non_exhaustive()
    }
}

impl<'a> Ingest<'a> {
    /// Whether the file's rows are to be handed over; `false` when its content is in the lake already, or is another
    /// wanted file's.
    pub fn wants(&self, stamp: &FileStamp) -> bool {
        self.announced.get(&stamp.name).is_some_and(|a| a.stamp.blake3 == stamp.blake3)
    }

    /// Keeps a row as received, and what it became.
    ///
    /// # Errors
    /// The row's file is not wanted; writing fails.
    pub fn accept(&mut self, origin: &Origin, raw: &[u8], entities: Vec<Entity>) -> Result<(), LakeError> {
        self.file(&origin.file)?.accepted += 1;
        self.buffers.accept(self.lake, origin, raw, entities)
    }

    /// Keeps a row that could not be used.
    ///
    /// # Errors
    /// As for [`Ingest::accept`].
    pub fn reject(&mut self, rejection: Rejection) -> Result<(), LakeError> {
        self.file(&rejection.origin.file)?.rejected += 1;
        let now = self.now;
        self.buffers.reject(self.lake, rejection, now)
    }

    /// Records that a file was read to its end, or why it was not. Files without an outcome do not count as read, and
    /// a later ingest wants them again. Of a file that is not wanted, nothing is recorded: it may be quarantined now
    /// although its content was read long ago.
    ///
    /// # Errors
    /// The outcome counts other rows than were handed over.
    pub fn file_done(&mut self, outcome: FileOutcome) -> Result<(), LakeError> {
        if outcome.read == 0 && !self.announced.contains_key(&outcome.file) {
            return Ok(());
        }
        let announced = self.file(&outcome.file.clone())?;
        let handed = (announced.accepted, announced.rejected);
        if handed != (outcome.accepted, outcome.rejected) || outcome.read != outcome.accepted + outcome.rejected {
            return Err(LakeError::Counts { file: outcome.file.to_string(), accepted: handed.0, rejected: handed.1 });
        }
        announced.outcome = Some(outcome);
        Ok(())
    }

    /// Puts everything into the tables, exactly once.
    ///
    /// # Errors
    /// A file has rows but no outcome; writing or committing fails. After a failure in the middle of committing, the
    /// next opening of the lake finishes what was begun.
    pub fn commit(mut self) -> Result<IngestCounts, LakeError> {
        let mut counts = IngestCounts { ingest: self.number, ..IngestCounts::default() };
        for announced in std::mem::take(&mut self.announced).into_values() {
            let Some(outcome) = announced.outcome else {
                if announced.accepted + announced.rejected > 0 {
                    return Err(LakeError::Unfinished { file: announced.stamp.name.to_string() });
                }
                continue;
            };
            if announced.quarantined_before && outcome.status == FileStatus::Quarantined {
                continue;
            }
            counts.files += 1;
            counts.accepted += outcome.accepted;
            counts.rejected += outcome.rejected;
            let row = FileRow::new(self.system, &announced.stamp, outcome, self.number, self.now);
            self.buffers.file(row);
        }
        if counts.files == 0 {
            return Ok(IngestCounts::default());
        }
        let (adds, rows) = self.buffers.finish(self.lake)?;
        counts.rows = rows;
        let journal = Journal::new(self.system, self.number, adds);
        journal.write(self.lake)?;
        journal.apply(self.lake)?;
        Ok(counts)
    }

    fn file(&mut self, name: &Arc<str>) -> Result<&mut Announced, LakeError> {
        let system = self.system.name();
        self.announced.get_mut(name).ok_or_else(|| LakeError::UnknownFile { system, file: name.to_string() })
    }
}
