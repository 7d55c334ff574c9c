//! The mobile app and the web page: Segment-shaped events, one or one batch a line.
//!
//! A row is an event. An event of a batch is handed over as a batch of its own with the batch's times, so that it can
//! be replayed alone. Read in this order: [`message`] (what is written), [`dedupe`] (what came twice), [`event`] (what
//! it says happened), [`actors`] (accounts and devices, and how their choices change).
//!
//! State is kept over all files of the folder, also those the sink declines: message ids within a window, accounts
//! and devices. Files are read in the order of their names, which is that of receipt.

mod actors;
mod consent;
mod dedupe;
mod event;
mod message;

use std::path::Path;

use kenal_types::{Entity, Reason, System, Timestamp};

use crate::error::{Quarantine, SourceError};
use crate::json::{Fault, decode};
use crate::limits::APP_LATENESS_US;
use crate::lines::{Lines, is_blank};
use crate::progress::Progress;
use crate::report::{FileKind, FileReport, FileState};
use crate::rows::FileRows;
use crate::sink::RowSink;
use crate::survey::{Opened, Probed, Shape, Survey, Surveyed, scan_lines};

use actors::Actors;
use dedupe::{Dedupe, Seen};
use message::{Batch, Message};

/// The lines an event is looked for in, to tell the file's kind.
const KIND_LINES_MAX: u64 = 1000;

pub(crate) fn probe(path: &Path, name: &str, progress: &dyn Progress) -> Result<Probed, SourceError> {
    let (mut lines, mut kind) = (0_u64, FileKind::Unknown);
    let scan = scan_lines(path, name, progress, |_, line| {
        if is_blank(line) {
            return;
        }
        lines += 1;
        if kind == FileKind::Unknown && lines <= KIND_LINES_MAX && message::is_one(line) {
            kind = FileKind::AppEvents;
        }
    })?;
    let verdict = match (scan.damage, kind) {
        (Some(damage), _) => Err(damage),
        (None, _) if lines == 0 => Err(Quarantine::Empty),
        (None, FileKind::Unknown) => Err(Quarantine::Unrecognised {
            system: System::App,
            what: format!(
                "none of its first {} lines is an object with a type such as \"track\", or a batch",
                lines.min(KIND_LINES_MAX)
            ),
        }),
        (None, _) => Ok(Shape::Events),
    };
    Ok(Probed { bytes: scan.bytes, blake3: scan.blake3, kind, verdict })
}

pub(crate) fn read(
    survey: &Survey,
    sink: &mut dyn RowSink,
    progress: &dyn Progress,
) -> Result<Vec<FileReport>, SourceError> {
    progress.begin("read", survey.bytes());
    let mut state = State::default();
    let mut reports = Vec::with_capacity(survey.files.len());
    for file in &survey.files {
        reports.push(match file.open(sink)? {
            Opened::Quarantined(report) => report,
            Opened::Rows(_, rows) => read_file(file, rows, &mut state, progress)?,
        });
    }
    progress.end();
    Ok(reports)
}

/// What is remembered over files.
#[derive(Default)]
struct State {
    dedupe: Dedupe,
    actors: Actors,
}

fn read_file(
    file: &Surveyed,
    mut rows: FileRows<'_>,
    state: &mut State,
    progress: &dyn Progress,
) -> Result<FileReport, SourceError> {
    let mut lines = Lines::new(file.content(progress)?);
    let (mut buffer, mut envelope) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next(&mut buffer).map_err(|e| file.read_error(e))? {
        if is_blank(&buffer) {
            continue;
        }
        match message::batch(&buffer) {
            Ok(None) => {
                let outcome = state.row(&buffer, None, &mut rows);
                rows.row(line.number, &buffer, outcome)?;
            }
            Ok(Some(batch)) => {
                for event in &batch.events {
                    let outcome = state.row(event.get().as_bytes(), Some(&batch), &mut rows);
                    batch.envelope(event, &mut envelope);
                    rows.row(line.number, &envelope, outcome)?;
                }
                if batch.events.is_empty() {
                    rows.row(line.number, &buffer, Err(Fault::missing("batch")))?;
                }
            }
            Err(fault) => rows.row(line.number, &buffer, Err(fault))?,
        }
    }
    file.check_same(lines.content)?;
    let watermark = rows.newest().map(|t| Timestamp(t.0.saturating_sub(APP_LATENESS_US)));
    rows.finish(FileState::Whole, watermark, None)
}

impl State {
    /// One event to its entities.
    fn row(&mut self, raw: &[u8], batch: Option<&Batch<'_>>, rows: &mut FileRows<'_>) -> Result<Vec<Entity>, Fault> {
        let message: Message<'_> = decode(raw)?;
        let header = message.header(batch)?;
        let happened = event::understand(&message)?;
        rows.saw(Some(header.received_at));
        // Only a row that can be used is remembered, so that the mended copy of a rejected one is not taken for a
        // second.
        let message_id = match self.dedupe.see(&header, message.fingerprint()) {
            Seen::First => header.message_id.to_owned(),
            Seen::OtherPayload(derived) => derived,
            Seen::SamePayload => {
                return Err(Fault::new(Reason::Duplicate, "messageId", "same id and same payload as an earlier row"));
            }
        };
        Ok(self.actors.entities(&message, &header, happened, &message_id))
    }
}
