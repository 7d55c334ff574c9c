//! The first pass: what is in the folder, which files are whole, and their stamps.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kenal_types::{FileStamp, System};

use crate::content::{Content, ReadFailure};
use crate::error::{Quarantine, SourceError};
use crate::lines::{Line, Lines};
use crate::progress::Progress;
use crate::report::{FileKind, FileReport, FileState};
use crate::rows::FileRows;
use crate::sink::RowSink;
use crate::{app, salesforce, shopify, warehouse, zendesk};

/// One system's folder, looked through.
#[derive(Debug)]
pub struct Survey {
    pub system: System,
    pub dir: PathBuf,
    pub(crate) files: Vec<Surveyed>,
}

/// A file and what the survey made of it.
#[derive(Debug)]
pub(crate) struct Surveyed {
    pub(crate) stamp: FileStamp,
    pub(crate) path: PathBuf,
    pub(crate) kind: FileKind,
    pub(crate) verdict: Result<Shape, Quarantine>,
}

/// What reading a whole file needs to know beforehand.
#[derive(Debug)]
pub(crate) enum Shape {
    Bulk(shopify::Operation),
    Pages,
    Csv(salesforce::Header),
    Parquet,
    Events,
}

/// What a system's probe says about one file.
pub(crate) struct Probed {
    pub(crate) bytes: u64,
    pub(crate) blake3: [u8; 32],
    pub(crate) kind: FileKind,
    pub(crate) verdict: Result<Shape, Quarantine>,
}

impl Survey {
    /// Stamps of all files in the order of names, also of those that will be quarantined: what is wrong with a file may
    /// stand beside it, so its content is no reason to forget it.
    pub fn stamps(&self) -> impl Iterator<Item = &FileStamp> {
        self.files.iter().map(|f| &f.stamp)
    }

    /// Files that cannot be used, and why.
    pub fn quarantined(&self) -> impl Iterator<Item = (&FileStamp, &Quarantine)> {
        self.files.iter().filter_map(|f| f.verdict.as_ref().err().map(|why| (&f.stamp, why)))
    }

    /// Stored bytes of the files that will be read.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().filter(|f| f.verdict.is_ok()).map(|f| f.stamp.bytes).sum()
    }
}

impl Surveyed {
    /// Reports the file as quarantined, or gives its shape and its rows.
    pub(crate) fn open<'a>(&'a self, sink: &'a mut dyn RowSink) -> Result<Opened<'a>, SourceError> {
        let rows = match &self.verdict {
            Ok(shape) => return Ok(Opened::Rows(shape, FileRows::begin(self, sink)?)),
            Err(why) => why,
        };
        let report = FileReport {
            name: Arc::clone(&self.stamp.name),
            kind: self.kind,
            state: FileState::Quarantined(rows.clone()),
            read: 0,
            accepted: 0,
            rejected: Default::default(),
            bytes: self.stamp.bytes,
            watermark: None,
            note: None,
        };
        sink.file_done(&report).map_err(|source| SourceError::Sink { file: self.stamp.name.to_string(), source })?;
        Ok(Opened::Quarantined(report))
    }

    /// The content, from its beginning.
    pub(crate) fn content<'p>(&self, progress: &'p dyn Progress) -> Result<Content<'p>, SourceError> {
        Content::open(&self.path, false, progress).map_err(|e| io_error(&self.path, e))
    }

    /// A read of the second pass failed: the first one went through, so the file has changed or the disk fails.
    pub(crate) fn read_error(&self, error: io::Error) -> SourceError {
        io_error(&self.path, error)
    }

    /// Checks, at the end of the second pass, that the file is the one surveyed. Its length says so in all but
    /// malicious cases, and a second hash would cost as much as the parsing.
    pub(crate) fn check_same(&self, content: Content<'_>) -> Result<(), SourceError> {
        let (bytes, _) = content.finish().map_err(|e| io_error(&self.path, e))?;
        if bytes == self.stamp.bytes {
            return Ok(());
        }
        let what = format!("it had {} bytes and now has {bytes}", self.stamp.bytes);
        Err(SourceError::Changed { path: self.path.clone(), what })
    }
}

/// See [`Surveyed::open`].
pub(crate) enum Opened<'a> {
    Quarantined(FileReport),
    Rows(&'a Shape, FileRows<'a>),
}

/// Looks through one system's folder, reading each file once to its end.
///
/// Files are told apart by content; their order is that of their names. Names that begin with `.` or `_` and folders
/// within the folder are not looked at. Cost: one sequential read, hashed.
///
/// # Errors
/// No such folder, no data file in it, or a file that the disk or its permissions do not give.
pub fn survey(system: System, dir: &Path, progress: &dyn Progress) -> Result<Survey, SourceError> {
    let names = list(system, dir)?;
    let size = |name: &String| fs::metadata(dir.join(name)).map_or(0, |m| m.len());
    progress.begin("survey", names.iter().map(size).sum());
    let mut files = Vec::with_capacity(names.len());
    for name in &names {
        if system == System::Shopify && shopify::is_sidecar(name) {
            files.extend(shopify::sidecar_without_data(dir, name, &names));
            continue;
        }
        let path = dir.join(name);
        let probed = match system {
            System::Shopify => shopify::probe(&path, name, progress)?,
            System::Zendesk => zendesk::probe(&path, name, progress)?,
            System::Salesforce => salesforce::probe(&path, name, progress)?,
            System::Warehouse => warehouse::probe(&path, progress)?,
            System::App => app::probe(&path, name, progress)?,
        };
        let stamp = FileStamp { name: name.as_str().into(), bytes: probed.bytes, blake3: probed.blake3 };
        files.push(Surveyed { stamp, path, kind: probed.kind, verdict: probed.verdict });
    }
    progress.end();
    if files.is_empty() {
        let found = found_in(dir);
        return Err(SourceError::NoFiles { system, dir: dir.to_owned(), expected: expected(system), found });
    }
    Ok(Survey { system, dir: dir.to_owned(), files })
}

/// What a person should have put there.
const fn expected(system: System) -> &'static str {
    match system {
        System::Shopify => "customers.jsonl, orders.jsonl and products.jsonl (bulk operations), plain or .gz",
        System::Zendesk => "users-0001.json, tickets-0001.json and so on (incremental export pages), plain or .gz",
        System::Salesforce => "Contact-0001.csv, Individual-0001.csv and so on (Bulk API 2.0 results), plain or .gz",
        System::Warehouse => "customers-0001.parquet and order_lines-0001.parquet",
        System::App => "events-2026-11-01.jsonl and so on (Segment events by day of receipt), plain or .gz",
    }
}

fn list(system: System, dir: &Path) -> Result<Vec<String>, SourceError> {
    if !dir.is_dir() {
        let found = if dir.exists() {
            "what is there is a file, not a folder".to_owned()
        } else {
            dir.parent().map_or_else(String::new, found_in)
        };
        return Err(SourceError::NoFolder { system, dir: dir.to_owned(), expected: expected(system), found });
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| io_error(dir, e))? {
        let entry = entry.map_err(|e| io_error(dir, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Through links too, so not `entry.file_type()`.
        if entry.path().is_file() && !name.starts_with(['.', '_']) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// What a folder holds, for a message: at most eight names.
fn found_in(dir: &Path) -> String {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let Ok(entries) = fs::read_dir(dir) else {
        return format!("{} is not there either", dir.display());
    };
    let mut names: Vec<String> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
    names.truncate(8);
    match names.is_empty() {
        true => format!("{} is empty", dir.display()),
        false => format!("{} holds {}{more}", dir.display(), names.join(", ")),
    }
}

pub(crate) fn io_error(path: &Path, source: io::Error) -> SourceError {
    SourceError::Io { path: path.to_owned(), source }
}

/// What one pass over a file's lines found.
pub(crate) struct LineScan {
    pub(crate) bytes: u64,
    pub(crate) blake3: [u8; 32],
    pub(crate) content_bytes: u64,
    /// The compressed stream is damaged, or the name promises one that is not there.
    pub(crate) damage: Option<Quarantine>,
}

/// Reads a file's lines to the end, hashing what is stored.
pub(crate) fn scan_lines(
    path: &Path,
    name: &str,
    progress: &dyn Progress,
    mut each: impl FnMut(&Line, &[u8]),
) -> Result<LineScan, SourceError> {
    let content = Content::open(path, true, progress).map_err(|e| io_error(path, e))?;
    let mut damage = (name.ends_with(".gz") && !content.is_gzip()).then_some(Quarantine::NotGzip);
    let (mut lines, mut buffer, mut content_bytes, mut count) = (Lines::new(content), Vec::new(), 0, 0);
    loop {
        match lines.next(&mut buffer) {
            Ok(Some(line)) => {
                count = line.number;
                content_bytes += line.bytes;
                each(&line, &buffer);
            }
            Ok(None) => break,
            Err(e) => {
                damage = Some(match lines.content.blame(e) {
                    ReadFailure::Truncated => Quarantine::TruncatedGzip { lines: count },
                    ReadFailure::Corrupt => Quarantine::CorruptGzip { lines: count },
                    ReadFailure::Io(e) => return Err(io_error(path, e)),
                });
                break;
            }
        }
    }
    let (bytes, blake3) = lines.content.finish().map_err(|e| io_error(path, e))?;
    Ok(LineScan { bytes, blake3, content_bytes, damage })
}
