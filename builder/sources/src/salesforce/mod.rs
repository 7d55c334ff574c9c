//! Salesforce: result pages of Bulk API 2.0 queries, one object a file.
//!
//! Consent hangs on an `Individual`, and a customer's record is the `Contact` that names it. So all pages are read
//! twice: the first time for the [`index`] of contacts, individuals, memberships and names of purposes, the second
//! for rows. Memory is bounded by ids, packed in 16 bytes each, and the membership numbers.

mod consent;
mod contact;
mod csv;
mod header;
mod id;
mod index;
mod individual;
mod loyalty;
mod values;

use std::path::Path;

use kenal_types::Entity;

use crate::error::{Quarantine, SourceError};
use crate::json::Fault;
use crate::limits::HEAD_BYTES;
use crate::progress::Progress;
use crate::report::{FileKind, FileReport, FileState};
use crate::rows::FileRows;
use crate::sink::RowSink;
use crate::survey::{Opened, Probed, Shape, Survey, Surveyed, scan_lines};

use self::csv::{Record, Records};
use self::index::Index;
use self::values::Row;

pub(crate) use self::header::Header;

pub(crate) fn probe(path: &Path, name: &str, progress: &dyn Progress) -> Result<Probed, SourceError> {
    let mut head = Vec::new();
    let scan = scan_lines(path, name, progress, |_, line| {
        if head.len() < HEAD_BYTES {
            head.extend_from_slice(line.get(..HEAD_BYTES).unwrap_or(line));
            head.push(b'\n');
        }
    })?;
    let header = match scan.damage {
        Some(damage) => Err(damage),
        None if crate::lines::is_blank(&head) => Err(Quarantine::Empty),
        None => Header::understand(&head),
    };
    let kind = header.as_ref().map_or(FileKind::Unknown, |h| h.kind);
    Ok(Probed { bytes: scan.bytes, blake3: scan.blake3, kind, verdict: header.map(Shape::Csv) })
}

pub(crate) fn read(
    survey: &Survey,
    sink: &mut dyn RowSink,
    progress: &dyn Progress,
) -> Result<Vec<FileReport>, SourceError> {
    progress.begin("index", survey.bytes());
    let mut index = Index::default();
    for file in &survey.files {
        if let Ok(Shape::Csv(header)) = &file.verdict {
            // Declined files too: what a later page refers to may be in them.
            each_record(file, header, progress, |_, row| {
                if let Ok(row) = row {
                    index.add(header.kind, &row);
                }
                Ok(())
            })?;
        }
    }
    index.seal();
    progress.end();
    progress.begin("read", survey.bytes());
    let mut reports = Vec::with_capacity(survey.files.len());
    for file in &survey.files {
        reports.push(match file.open(sink)? {
            Opened::Quarantined(report) => report,
            Opened::Rows(Shape::Csv(header), rows) => read_file(file, header, &index, rows, progress)?,
            Opened::Rows(..) => unreachable!("the probe of Salesforce gives CSV files only"),
        });
    }
    progress.end();
    Ok(reports)
}

fn read_file(
    file: &Surveyed,
    header: &Header,
    index: &Index,
    mut rows: FileRows<'_>,
    progress: &dyn Progress,
) -> Result<FileReport, SourceError> {
    if rows.declined() {
        return rows.finish(FileState::Whole, None, None);
    }
    each_record(file, header, progress, |record, row| {
        let outcome = row.and_then(|row| {
            let entities = parse(header.kind, &row, index)?;
            rows.saw(row.modified()?);
            Ok(entities)
        });
        rows.row(record.line, &record.raw, outcome)
    })?;
    let watermark = rows.newest();
    rows.finish(FileState::Whole, watermark, None)
}

fn parse(kind: FileKind, row: &Row<'_>, index: &Index) -> Result<Vec<Entity>, Fault> {
    match kind {
        FileKind::Contact => contact::parse(row, index),
        FileKind::Individual => individual::parse(row, index),
        FileKind::ContactPointTypeConsent => consent::parse(row, index),
        FileKind::LoyaltyProgramMember => loyalty::parse(row, index),
        // Kept in the index; a name of a purpose is no entity.
        _ => row.id("Id").map(|_| Vec::new()),
    }
}

/// Goes through the records of a file without its headers; a record that is none comes as a fault.
fn each_record(
    file: &Surveyed,
    header: &Header,
    progress: &dyn Progress,
    mut each: impl FnMut(&Record, Result<Row<'_>, Fault>) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut records = Records::new(file.content(progress)?, header.delimiter);
    let mut record = Record::default();
    let columns = values::Columns::of(header);
    while records.next(&mut record).map_err(|e| file.read_error(e))? {
        if record.malformed.is_none() && header.is_repeated_by(&record) {
            continue;
        }
        let row = match record.malformed {
            Some(why) => Err(Fault::syntax(why)),
            None if record.len() != header.len() => {
                Err(Fault::syntax(format!("{} fields where the header has {}", record.len(), header.len())))
            }
            None => Ok(Row { record: &record, columns: &columns }),
        };
        each(&record, row)?;
    }
    file.check_same(records.content)
}
