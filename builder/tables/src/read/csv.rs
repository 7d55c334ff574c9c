//! Rows of a CSV.
//!
//! The `csv` crate is the tests' oracle and not used here, for two reasons: it never refuses a stray quote, so one of
//! them silently swallows the rows up to the next, and it does not give a row's own bytes. Here a row whose quotes do
//! not fit is rejected alone, and reading goes on at the next line of the file.
//!
//! A line without quotes, which most are, is copied to the batch whole and only the places of its values are noted;
//! [`Quoted`] splits the others.

use std::path::{Path, PathBuf};

use super::batch::{Batch, RejectReason, Rejected, Span, trimmed};
use super::error::{self, ReadError};
use super::input::Text;
use super::{Format, header};
use crate::limits::{BATCH_BYTES, BATCH_ROWS, BUFFER_BYTES, REJECTED_BYTES_MAX, ROW_BYTES_MAX};

/// Reads rows ended by LF or CRLF, outside quotes.
#[derive(Debug)]
pub(super) struct CsvRows {
    path: PathBuf,
    text: Text,
    buffer: Vec<u8>,
    /// What of the buffer is not read yet.
    start: usize,
    end: usize,
    ended: bool,
    delimiter: u8,
    columns_count: usize,
    /// Physical lines read so far.
    lines: u64,
    quoted: Quoted,
    /// Found when rows before it were still to be handed over.
    failed: Option<ReadError>,
}

impl CsvRows {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path) -> Result<(Vec<String>, Self), ReadError> {
        let mut rows = CsvRows {
            path: path.to_owned(),
            text: Text::open(path)?,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            ended: false,
            delimiter: b',',
            columns_count: 0,
            lines: 0,
            quoted: Quoted::default(),
            failed: None,
        };
        let columns = rows.header()?;
        rows.columns_count = columns.len();
        Ok((columns, rows))
    }

    pub(super) fn format(&self) -> Format {
        Format::Csv { delimiter: char::from(self.delimiter), packed: self.text.packed }
    }

    fn header(&mut self) -> Result<Vec<String>, ReadError> {
        let refuse = |path: &Path, what| ReadError::Header { path: path.to_owned(), what };
        self.line_end(0)?;
        match self.rest() {
            [0xef, 0xbb, 0xbf, ..] => self.start += 3,
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                return Err(refuse(&self.path, "the file is UTF-16; save it as UTF-8"));
            }
            _ => {}
        }
        let mut announced = None;
        let end = loop {
            let Some(end) = self.line_end(0)? else { return Err(ReadError::Empty { path: self.path.clone() }) };
            let line = self.rest().get(..end).unwrap_or_default().trim_ascii();
            let sep = header::announced(line);
            if !line.is_empty() && sep.is_none() {
                break end;
            }
            announced = sep.or(announced);
            self.consume(end);
        };
        self.delimiter = announced.unwrap_or_else(|| header::delimiter(self.rest().get(..end).unwrap_or_default()));
        let Ok(end) = self.split_quoted(end)? else {
            return Err(refuse(&self.path, "a quote in it is not closed, or not doubled"));
        };
        let Ok(text) = std::str::from_utf8(&self.quoted.text) else {
            return Err(refuse(&self.path, "it is not UTF-8; save the file as UTF-8"));
        };
        let mut start = 0;
        let fields = self.quoted.ends.iter().map(|&end| text.get(std::mem::replace(&mut start, end)..end));
        let columns = header::names(&self.path, fields.map(Option::unwrap_or_default))?;
        self.consume(end);
        Ok(columns)
    }

    /// Fills a batch with the next rows; leaves it empty at the end.
    pub(super) fn fill(&mut self, batch: &mut Batch) -> Result<(), ReadError> {
        batch.clear(self.columns_count);
        if let Some(failed) = self.failed.take() {
            return Err(failed);
        }
        loop {
            let (rows, bytes) = batch.held();
            if rows >= BATCH_ROWS || bytes >= BATCH_BYTES {
                return Ok(());
            }
            match self.row(batch) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(failed) if rows > 0 => {
                    self.failed = Some(failed);
                    return Ok(());
                }
                Err(failed) => return Err(failed),
            }
        }
    }

    /// Reads one line or row; `false` at the end.
    fn row(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        let Some(end) = self.line_end(0)? else { return Ok(false) };
        if end > ROW_BYTES_MAX {
            self.reject_long(batch, end)?;
            return Ok(true);
        }
        let line = without_end(self.buffer.get(self.start..self.start + end).unwrap_or_default());
        if line.is_empty() {
            self.consume(end);
            return Ok(true);
        }
        if memchr::memchr(b'"', line).is_none() {
            match plain(line, self.delimiter, self.columns_count, batch) {
                Ok(()) => batch.accept(self.lines + 1),
                Err(reason) => self.reject(batch, reason, end),
            }
            self.consume(end);
            return Ok(true);
        }
        let (end, outcome) = match self.split_quoted(end)? {
            Ok(whole) => (whole, self.quoted.push(self.columns_count, batch)),
            Err(reason) => (end, Err(reason)),
        };
        match outcome {
            Ok(()) => batch.accept(self.lines + 1),
            Err(reason) => self.reject(batch, reason, end),
        }
        self.consume(end);
        Ok(true)
    }

    /// Splits the row that starts with a line of `end` bytes; gives the row's length, or why it is none.
    fn split_quoted(&mut self, mut end: usize) -> Result<Result<usize, RejectReason>, ReadError> {
        self.quoted.begin();
        let mut from = 0;
        loop {
            let part = self.buffer.get(self.start + from..self.start + end).unwrap_or_default();
            match self.quoted.split(part, self.delimiter) {
                Step::Complete => return Ok(Ok(end)),
                Step::Stray => return Ok(Err(RejectReason::QuoteStray)),
                Step::Open if end > ROW_BYTES_MAX => return Ok(Err(RejectReason::QuoteOpen)),
                Step::Open => {}
            }
            from = end;
            end = match self.line_end(from)? {
                Some(next) => next,
                None => return Ok(Err(RejectReason::QuoteOpen)),
            };
        }
    }

    /// Keeps the first `end` bytes as rejected.
    fn reject(&self, batch: &mut Batch, reason: RejectReason, end: usize) {
        let line = without_end(self.rest().get(..end).unwrap_or_default());
        self.reject_bytes(batch, reason, line, line.len() as u64);
    }

    fn reject_bytes(&self, batch: &mut Batch, reason: RejectReason, raw: &[u8], raw_bytes: u64) {
        let raw = raw.get(..REJECTED_BYTES_MAX).unwrap_or(raw).to_vec();
        batch.reject(Rejected { file: error::name(&self.path), line: self.lines + 1, reason, raw, raw_bytes });
    }

    /// Rejects a line longer than any row may be, without keeping it in memory.
    fn reject_long(&mut self, batch: &mut Batch, mut end: usize) -> Result<(), ReadError> {
        let raw = self.rest().get(..REJECTED_BYTES_MAX).unwrap_or_default().to_vec();
        let (line, mut length) = (self.lines, 0);
        loop {
            let part = self.rest().get(..end).unwrap_or_default();
            let last = part.last() == Some(&b'\n');
            length += without_end(part).len() as u64;
            self.consume(end);
            if last {
                break;
            }
            match self.line_end(0)? {
                Some(next) => end = next,
                None => break,
            }
        }
        self.lines = line;
        self.reject_bytes(batch, RejectReason::TooLong, &raw, length);
        self.lines = line + 1;
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn consume(&mut self, length: usize) {
        let read = self.rest().get(..length).unwrap_or_default();
        self.lines += (memchr::memchr_iter(b'\n', read).count() as u64).max(u64::from(self.ended && length > 0));
        self.start += length;
    }

    /// Where the line ends that begins `from` bytes ahead, its end included; none when nothing is there.
    ///
    /// Gives up, as if the line ended there, a little above [`ROW_BYTES_MAX`].
    fn line_end(&mut self, from: usize) -> Result<Option<usize>, ReadError> {
        let mut searched = from;
        loop {
            let ahead = self.rest().get(searched..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', ahead) {
                return Ok(Some(searched + at + 1));
            }
            searched = self.end - self.start;
            if self.ended || searched > from.saturating_add(ROW_BYTES_MAX) {
                return Ok((searched > from).then_some(searched));
            }
            self.more()?;
        }
    }

    /// Reads more behind what is there.
    fn more(&mut self) -> Result<(), ReadError> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end == self.buffer.len() {
            self.buffer.resize(self.end * 2, 0);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let length = self.text.read(room, &self.path, self.lines)?;
        self.end += length;
        self.ended = length == 0;
        Ok(())
    }
}

/// A line without LF or CRLF.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Adds a row that has no quotes.
fn plain(line: &[u8], delimiter: u8, expected: usize, batch: &mut Batch) -> Result<(), RejectReason> {
    let text = std::str::from_utf8(line).map_err(|_| RejectReason::NotUtf8)?;
    let before = (batch.text().len(), batch.spans().len());
    batch.text().push_str(text);
    let (mut start, mut found) = (0, 0);
    for end in memchr::memchr_iter(delimiter, line).chain(std::iter::once(line.len())) {
        found += 1;
        if found <= expected {
            let span = trimmed(text, start, end);
            // The offset is below 4 GiB by `limits`; a sum past it would wrap in no batch that can be built.
            let offset = before.0 as u32;
            batch.spans().push(Span { start: offset + span.start, end: offset + span.end });
        }
        start = end + 1;
    }
    if found == expected {
        return Ok(());
    }
    batch.text().truncate(before.0);
    batch.spans().truncate(before.1);
    Err(RejectReason::Fields { found, expected })
}

/// Splits a row with quotes, line by line.
#[derive(Debug, Default)]
struct Quoted {
    text: Vec<u8>,
    ends: Vec<usize>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    FieldStart,
    Unquoted,
    Within,
    /// After a quote within a quoted value: doubled, or the value's end.
    QuoteSeen,
    /// After the quote that closed a value, with space behind it.
    Closed,
}

enum Step {
    Complete,
    /// It goes on in the next line.
    Open,
    Stray,
}

impl Quoted {
    fn begin(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.state = State::FieldStart;
    }

    /// Takes one physical line with its end.
    fn split(&mut self, line: &[u8], delimiter: u8) -> Step {
        let body = without_end(line);
        let mut at = 0;
        while at < line.len() {
            if self.state == State::Within {
                let rest = line.get(at..).unwrap_or_default();
                let Some(end) = memchr::memchr(b'"', rest) else {
                    self.text.extend_from_slice(rest);
                    return Step::Open;
                };
                self.text.extend_from_slice(rest.get(..end).unwrap_or_default());
                self.state = State::QuoteSeen;
                at += end + 1;
                continue;
            }
            if at >= body.len() {
                break;
            }
            let byte = body.get(at).copied().unwrap_or_default();
            at += 1;
            self.state = match (self.state, byte) {
                (_, b) if b == delimiter => {
                    self.ends.push(self.text.len());
                    State::FieldStart
                }
                (State::QuoteSeen, b'"') => {
                    self.text.push(b'"');
                    State::Within
                }
                // Values are trimmed, so space around quotes says nothing.
                (State::QuoteSeen | State::Closed, b' ' | b'\t') => State::Closed,
                (State::QuoteSeen | State::Closed, _) => return Step::Stray,
                (State::FieldStart, b'"') => State::Within,
                (State::FieldStart, b' ' | b'\t') => State::FieldStart,
                (State::FieldStart | State::Unquoted | State::Within, b) => {
                    self.text.push(b);
                    State::Unquoted
                }
            };
        }
        if self.state == State::Within {
            return Step::Open;
        }
        self.ends.push(self.text.len());
        Step::Complete
    }

    /// Adds the row to a batch.
    fn push(&self, expected: usize, batch: &mut Batch) -> Result<(), RejectReason> {
        let text = std::str::from_utf8(&self.text).map_err(|_| RejectReason::NotUtf8)?;
        let found = self.ends.len();
        if found != expected {
            return Err(RejectReason::Fields { found, expected });
        }
        let offset = batch.text().len() as u32;
        batch.text().push_str(text);
        let mut start = 0;
        for &end in &self.ends {
            let span = trimmed(text, start, end);
            batch.spans().push(Span { start: offset + span.start, end: offset + span.end });
            start = end;
        }
        Ok(())
    }
}
