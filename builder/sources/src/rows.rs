//! One file's rows on their way to the sink: counted, and each ends in exactly one way.

use std::collections::BTreeMap;
use std::sync::Arc;

use kenal_types::{Entity, FileStamp, Origin, Reason, Rejection, Timestamp};

use crate::error::SourceError;
use crate::json::Fault;
use crate::report::{FileKind, FileReport, FileState};
use crate::sink::{RowSink, SinkError, Take};
use crate::survey::Surveyed;

/// Hands a file's rows over and keeps its counts.
pub(crate) struct FileRows<'a> {
    sink: &'a mut dyn RowSink,
    stamp: &'a FileStamp,
    kind: FileKind,
    take: Take,
    read: u64,
    accepted: u64,
    rejected: BTreeMap<Reason, u64>,
    newest: Option<Timestamp>,
}

impl<'a> FileRows<'a> {
    /// Announces the file.
    pub(crate) fn begin(file: &'a Surveyed, sink: &'a mut dyn RowSink) -> Result<Self, SourceError> {
        let take = sink.file(&file.stamp).map_err(|e| sink_error(&file.stamp, e))?;
        Ok(FileRows {
            sink,
            stamp: &file.stamp,
            kind: file.kind,
            take,
            read: 0,
            accepted: 0,
            rejected: BTreeMap::new(),
            newest: None,
        })
    }

    /// The sink has the file already: nothing needs to be made of its rows.
    pub(crate) fn declined(&self) -> bool {
        self.take == Take::Nothing
    }

    /// One row and its end. `line` is counted from 1.
    pub(crate) fn row(
        &mut self,
        line: u64,
        raw: &[u8],
        outcome: Result<Vec<Entity>, Fault>,
    ) -> Result<(), SourceError> {
        if self.declined() {
            return Ok(());
        }
        self.read += 1;
        let origin = Origin { file: Arc::clone(&self.stamp.name), line };
        let stored = match outcome {
            Ok(entities) => {
                self.accepted += 1;
                self.sink.accepted(&origin, raw, entities)
            }
            Err(fault) => {
                *self.rejected.entry(fault.reason).or_default() += 1;
                let (field, detail) = (fault.field.into_owned(), fault.detail.into_owned());
                self.sink.rejected(Rejection { origin, field, reason: fault.reason, detail, raw: raw.to_vec() })
            }
        };
        stored.map_err(|e| sink_error(self.stamp, e))
    }

    /// The file has been complete up to `time`; the newest counts.
    pub(crate) fn saw(&mut self, time: Option<Timestamp>) {
        self.newest = self.newest.max(time);
    }

    /// Newest time seen.
    pub(crate) fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// Closes the file. `watermark` is what the system makes of the newest time seen.
    pub(crate) fn finish(
        self,
        state: FileState,
        watermark: Option<Timestamp>,
        note: Option<String>,
    ) -> Result<FileReport, SourceError> {
        let report = FileReport {
            name: Arc::clone(&self.stamp.name),
            kind: self.kind,
            state: if self.take == Take::Nothing { FileState::Declined } else { state },
            read: self.read,
            accepted: self.accepted,
            rejected: self.rejected,
            bytes: self.stamp.bytes,
            watermark,
            note,
        };
        // The promise of the whole stage: no row is lost between the file and the two tables.
        assert_eq!(report.read, report.accepted + report.rejected_count(), "{}", report.name);
        self.sink.file_done(&report).map_err(|e| sink_error(self.stamp, e))?;
        Ok(report)
    }
}

fn sink_error(stamp: &FileStamp, source: SinkError) -> SourceError {
    SourceError::Sink { file: stamp.name.to_string(), source }
}
