//! Rows in memory: one text for all values, and where each value stands in it. No value is a `String` of its own.

use std::fmt;

/// Why a row is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectReason {
    /// More or fewer fields than the header has names: a delimiter within a value that is not quoted, or a cut line.
    Fields {
        /// Fields of the row.
        found: usize,
        /// Names of the header.
        expected: usize,
    },
    /// Bytes that are not UTF-8: save the file as UTF-8.
    NotUtf8,
    /// A quote opens a value and nothing closes it.
    QuoteOpen,
    /// Text follows the quote that closes a value: quotes within a value must be doubled.
    QuoteStray,
    /// Longer than a megabyte.
    TooLong,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RejectReason::Fields { found, expected } => write!(f, "{found} fields where the header has {expected}"),
            RejectReason::NotUtf8 => f.write_str("not UTF-8"),
            RejectReason::QuoteOpen => f.write_str("a quote is opened and not closed"),
            RejectReason::QuoteStray => f.write_str("a quote within a quoted value is not doubled"),
            RejectReason::TooLong => f.write_str("longer than 1 MiB"),
        }
    }
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The file's name without its folder.
    pub file: String,
    /// Line of its first byte, from 1; in Parquet the row, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: RejectReason,
    /// Its bytes as received, without the line's end; the first 64 KiB of them.
    pub raw: Vec<u8>,
    /// How many bytes it has.
    pub raw_bytes: u64,
}

/// Where a value stands in the batch's text; empty is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

const _: () = assert!(size_of::<Span>() == 8);

/// Some rows of one file, and what was rejected between them.
#[derive(Debug, Default)]
pub struct Batch {
    columns_count: usize,
    text: String,
    spans: Vec<Span>,
    lines: Vec<u64>,
    rejected: Vec<Rejected>,
    rejected_bytes: usize,
}

impl Batch {
    /// An empty batch, to be filled by [`super::Reader::next_batch`].
    pub fn new() -> Self {
        Batch::default()
    }

    /// Rows in it, without rejected ones.
    pub fn rows_count(&self) -> usize {
        self.lines.len()
    }

    /// Columns of each row: all columns of the file.
    pub fn columns_count(&self) -> usize {
        self.columns_count
    }

    /// A value, trimmed; none when it is empty, not selected, or no such row or column exists.
    #[inline]
    pub fn get(&self, row: usize, column: usize) -> Option<&str> {
        if column >= self.columns_count {
            return None;
        }
        let span = self.spans.get(row * self.columns_count + column)?;
        self.text.get(span.start as usize..span.end as usize).filter(|value| !value.is_empty())
    }

    /// Line of a row's first byte in the file, from 1; in Parquet the row, from 1. 0 when there is no such row.
    pub fn line(&self, row: usize) -> u64 {
        self.lines.get(row).copied().unwrap_or_default()
    }

    /// Rows rejected between the others, in the file's order.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// Takes the rejected rows out.
    pub fn take_rejected(&mut self) -> Vec<Rejected> {
        std::mem::take(&mut self.rejected)
    }

    pub(super) fn clear(&mut self, columns_count: usize) {
        self.columns_count = columns_count;
        self.text.clear();
        self.spans.clear();
        self.lines.clear();
        self.rejected.clear();
        self.rejected_bytes = 0;
    }

    /// Rows and bytes of everything held.
    pub(super) fn held(&self) -> (usize, usize) {
        (self.lines.len() + self.rejected.len(), self.text.len() + self.rejected_bytes)
    }

    pub(super) fn text(&mut self) -> &mut String {
        &mut self.text
    }

    pub(super) fn spans(&mut self) -> &mut Vec<Span> {
        &mut self.spans
    }

    pub(super) fn accept(&mut self, line: u64) {
        self.lines.push(line);
    }

    pub(super) fn reject(&mut self, rejected: Rejected) {
        self.rejected_bytes += rejected.raw.len();
        self.rejected.push(rejected);
    }
}

/// Start and end of a part of `text` without the white space around it.
#[inline]
pub(super) fn trimmed(text: &str, start: usize, end: usize) -> Span {
    let bytes = text.as_bytes();
    let plain = |at: usize| bytes.get(at).is_some_and(|b| (0x21..0x7f).contains(b));
    let (mut from, mut to) = (start, end);
    if from < to && !(plain(from) && plain(to - 1)) {
        let part = text.get(from..to).unwrap_or_default();
        from += part.len() - part.trim_start().len();
        to = from + part.trim().len();
    }
    // A batch's text is bounded far below 4 GiB, see `limits`; were it not, the value would read as none.
    match (u32::try_from(from), u32::try_from(to)) {
        (Ok(start), Ok(end)) => Span { start, end },
        _ => Span::default(),
    }
}
