//! Zendesk: pages of the incremental export, users with their identities side-loaded, and tickets.
//!
//! A row is an element of a page's arrays; its line number is its number within the file, since a page is one line.
//! Identities come after the users they complete, so a page is followed up to three times: identities, users and
//! tickets, and then the identities' own ends as rows. Memory is bounded by the identities of one file.

mod ticket;
mod user;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use kenal_types::{Reason, System, Timestamp};

use crate::content::{Content, ReadFailure};
use crate::elements::{Elements, PageError, Part};
use crate::error::{Quarantine, SourceError};
use crate::json::{Fault, decode};
use crate::limits::ZENDESK_HELD_BACK_US;
use crate::progress::{Progress, Quiet};
use crate::report::{FileKind, FileReport, FileState};
use crate::rows::FileRows;
use crate::sink::RowSink;
use crate::survey::{Opened, Probed, Shape, Survey, Surveyed, io_error};

use user::Identity;

pub(crate) fn probe(path: &Path, name: &str, progress: &dyn Progress) -> Result<Probed, SourceError> {
    let content = Content::open(path, true, progress).map_err(|e| io_error(path, e))?;
    let not_gzip = name.ends_with(".gz") && !content.is_gzip();
    let mut elements = Elements::new(content);
    let (mut buffer, mut kind, mut members) = (Vec::new(), FileKind::Unknown, 0_u64);
    let broken = loop {
        match elements.next(&mut buffer) {
            Ok(Some(_)) => members += 1,
            Ok(None) => break None,
            Err(PageError::Broken(what)) => break Some(Quarantine::BrokenPage { elements: elements.number, what }),
            Err(PageError::Io(e)) => match elements.content.blame(e) {
                ReadFailure::Truncated => break Some(Quarantine::TruncatedGzip { lines: elements.number }),
                ReadFailure::Corrupt => break Some(Quarantine::CorruptGzip { lines: elements.number }),
                ReadFailure::Io(e) => return Err(io_error(path, e)),
            },
        }
        match elements.key() {
            b"users" if kind == FileKind::Unknown => kind = FileKind::ZendeskUsers,
            // Tickets may side-load their users.
            b"tickets" => kind = FileKind::ZendeskTickets,
            _ => {}
        }
    };
    let verdict = match (not_gzip, broken) {
        (true, _) => Err(Quarantine::NotGzip),
        // A file that breaks before its first member never was a page.
        (_, Some(Quarantine::BrokenPage { what, .. })) if members == 0 => {
            Err(Quarantine::Unrecognised { system: System::Zendesk, what })
        }
        (_, Some(broken)) => Err(broken),
        (_, None) if members == 0 => Err(Quarantine::Empty),
        (_, None) if kind == FileKind::Unknown => Err(Quarantine::Unrecognised {
            system: System::Zendesk,
            what: "the page has neither users nor tickets".to_owned(),
        }),
        (_, None) => Ok(Shape::Pages),
    };
    let (bytes, blake3) = elements.content.finish().map_err(|e| io_error(path, e))?;
    Ok(Probed { bytes, blake3, kind, verdict })
}

pub(crate) fn read(
    survey: &Survey,
    sink: &mut dyn RowSink,
    progress: &dyn Progress,
) -> Result<Vec<FileReport>, SourceError> {
    progress.begin("read", survey.bytes());
    let mut reports = Vec::with_capacity(survey.files.len());
    for file in &survey.files {
        reports.push(match file.open(sink)? {
            Opened::Quarantined(report) => report,
            Opened::Rows(_, rows) => read_file(file, rows, progress)?,
        });
    }
    progress.end();
    Ok(reports)
}

fn read_file(file: &Surveyed, mut rows: FileRows<'_>, progress: &dyn Progress) -> Result<FileReport, SourceError> {
    if rows.declined() {
        return rows.finish(FileState::Whole, None, None);
    }
    let mut identities: HashMap<u64, Vec<Identity>> = HashMap::new();
    let mut identities_count = 0_u64;
    follow(file, &Quiet, |key, _, raw| {
        if key == b"identities" {
            identities_count += 1;
            // A fault is reported when the identities are gone through as rows.
            if let Ok(identity) = user::parse_identity(raw) {
                identities.entry(identity.user).or_default().push(identity);
            }
        }
        Ok(())
    })?;
    let mut users: HashSet<u64> = HashSet::new();
    let mut page_end = None;
    follow(file, progress, |key, number, raw| {
        let outcome = match (key, number) {
            (b"users", Some(_)) => {
                let parsed = user::parse(raw, &identities);
                parsed.map(|(user, updated_at, entities)| {
                    users.insert(user);
                    rows.saw(updated_at);
                    entities
                })
            }
            (b"tickets", Some(_)) => ticket::parse(raw).map(|(generated_at, entities)| {
                rows.saw(Some(generated_at));
                entities
            }),
            (b"identities", Some(_)) => return Ok(()),
            (_, Some(_)) => Err(Fault::new(Reason::UnknownKind, "", "neither a user, an identity nor a ticket")),
            (b"end_time", None) => {
                page_end = decode::<i64>(raw).ok().map(Timestamp::from_seconds);
                return Ok(());
            }
            (_, None) => return Ok(()),
        };
        rows.row(number.unwrap_or_default(), raw, outcome)
    })?;
    if identities_count > 0 {
        follow(file, &Quiet, |key, number, raw| match number {
            Some(number) if key == b"identities" => {
                let outcome = user::parse_identity(raw).and_then(|identity| match users.contains(&identity.user) {
                    true => Ok(Vec::new()),
                    false => Err(Fault::new(Reason::Orphan, "user_id", "no user of this page has this id")),
                });
                rows.row(number, raw, outcome)
            }
            _ => Ok(()),
        })?;
    }
    let watermark = page_end.map(|t| Timestamp(t.0.saturating_sub(ZENDESK_HELD_BACK_US))).or(rows.newest());
    rows.finish(FileState::Whole, watermark, None)
}

/// Follows a file's pages: the member's name, the element's number (`None` for a scalar), and the bytes.
fn follow(
    file: &Surveyed,
    progress: &dyn Progress,
    mut each: impl FnMut(&[u8], Option<u64>, &[u8]) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut elements = Elements::new(file.content(progress)?);
    let mut buffer = Vec::new();
    loop {
        match elements.next(&mut buffer) {
            Ok(Some(Part::Element { number, .. })) => each(elements.key(), Some(number), &buffer)?,
            Ok(Some(Part::Scalar)) => each(elements.key(), None, &buffer)?,
            Ok(Some(Part::Array)) => {}
            Ok(None) => return file.check_same(elements.content),
            Err(PageError::Io(e)) => return Err(file.read_error(e)),
            Err(PageError::Broken(what)) => return Err(SourceError::Changed { path: file.path.clone(), what }),
        }
    }
}
