//! The five systems' real export formats, read into typed rows.
//!
//! Deliberately not here: storage (`kenal-lake`), deciding which version of a record counts (the lake, by sequence),
//! matching people, deciding consent. Parsers are lenient about what a system may leave out and strict about what a
//! value means; nothing is guessed from a clock.
//!
//! A folder is read in two passes. The [`survey`] reads every file once to the end: it takes the stamp (BLAKE3 of the
//! bytes as stored), tells what kind of file it is by its content, and finds what makes a whole file unusable: a gzip
//! that is cut, a page of JSON that does not close, counts that differ from the operation that wrote the file, a
//! header without an `Id`. Such a file is *quarantined*: not one row of it is handed over, and the others are read.
//! So [`read`], the second pass, can hand rows to the [`RowSink`] as they come, without staging and without taking
//! anything back, and it may fail only when a file cannot be read any more or changes while it is read.
//! The alternative, one pass and a sink that rolls a file back, saves one sequential read (about 1 GB/s) and costs
//! every sink a staging area.
//!
//! Every row ends as accepted or as rejected, and `read = accepted + rejected` is asserted for each file. What a row
//! is: a line of JSONL (each event, when the line is a batch), an element of a page's arrays, a record of a CSV
//! without its headers, a row of Parquet. Older versions of a record are rows like any other.
//!
//! Memory is bounded by ids, never by rows: parents of a bulk file, contacts of the CRM, accounts and devices of the
//! app, a window of message ids.
//!
//! Read in this order: [`sink`] (what the reader calls), [`report`], [`error`], [`survey`], then a system:
//! `shopify`, `zendesk`, `salesforce`, `warehouse`, `app`.

pub mod error;
pub mod progress;
pub mod report;
pub mod sink;
pub mod survey;

mod app;
mod content;
mod country;
mod elements;
mod json;
mod limits;
mod lines;
mod rows;
mod salesforce;
mod shopify;
mod warehouse;
mod zendesk;

use std::path::Path;

use kenal_types::System;

pub use error::{Quarantine, SourceError};
pub use progress::{Progress, Quiet};
pub use report::{FileKind, FileReport, FileState, SourceReport};
pub use sink::{RowSink, SinkError, Take};
pub use survey::{Survey, survey};

/// Surveys the folder of one system's export and reads every file of it that is whole: [`survey`], then [`read`].
///
/// `dir` is the system's own folder, such as `exports/shopify`. Rows arrive file by file in the order of file names,
/// and within a file in the order of lines, except that a child that stands before its parent follows at the end of
/// its file. The same bytes give the same calls.
///
/// # Errors
/// The folder is missing or holds no data file; a file cannot be read; the sink fails. A damaged file is no error: it
/// is quarantined and reported.
pub fn read_system(
    system: System,
    dir: &Path,
    sink: &mut dyn RowSink,
    progress: &dyn Progress,
) -> Result<SourceReport, SourceError> {
    read(&survey(system, dir, progress)?, sink, progress)
}

/// Reads what a survey found. The sink may decline a file it already has.
///
/// # Errors
/// A file cannot be read or is not the one that was surveyed; the sink fails.
pub fn read(survey: &Survey, sink: &mut dyn RowSink, progress: &dyn Progress) -> Result<SourceReport, SourceError> {
    let files = match survey.system {
        System::Shopify => shopify::read(survey, sink, progress)?,
        System::Zendesk => zendesk::read(survey, sink, progress)?,
        System::Salesforce => salesforce::read(survey, sink, progress)?,
        System::Warehouse => warehouse::read(survey, sink, progress)?,
        System::App => app::read(survey, sink, progress)?,
    };
    Ok(SourceReport { system: survey.system, files })
}
