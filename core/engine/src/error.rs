//! Why bytes are not a section.

use core::fmt;

use crate::format::Kind;

/// A section that cannot be read: which kind was expected, and what is wrong with the bytes.
///
/// It arises from damaged, truncated or foreign bytes. Fetch the section again and compare its BLAKE3 hash with the
/// manifest's; when the hash agrees, the writer has a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionError {
    /// What the reader was asked to read.
    pub section: Kind,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with the bytes of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Fewer bytes than a header: the download broke off.
    TooShort {
        /// Bytes there are.
        bytes: usize,
    },
    /// The first eight bytes are not `KENALSEC`: another kind of file.
    Magic,
    /// A section of another kind; the store returned the wrong file.
    Kind {
        /// The kind that the header names.
        found: u16,
    },
    /// Written by a newer Kenal.
    Version {
        /// The version that the header names.
        found: u16,
        /// The newest version this reader knows.
        known: u16,
    },
    /// The header's length is not the number of bytes, or is beyond the limit.
    Length {
        /// Bytes the header promises.
        stated: u32,
        /// Bytes there are.
        actual: usize,
    },
    /// Another number of parts than this kind has.
    PartCount {
        /// Parts the header promises.
        found: u32,
        /// Parts this kind of section has.
        expected: u32,
    },
    /// A part does not start where the one before it ends: a hole, an overlap, or past the end.
    PartTable {
        /// Position of the part, from 0.
        part: u32,
    },
    /// A byte that must be zero is not.
    NotZero {
        /// Offset from the start of the section or row.
        at: u32,
    },
    /// A part has not the length that the counts demand.
    PartLength {
        /// Position of the part.
        part: u32,
        /// Bytes it has.
        found: u32,
        /// Bytes it should have.
        expected: u64,
    },
    /// A count or a parameter is outside its limits.
    Limit {
        /// Offset of the field within its part.
        at: u32,
    },
    /// An entry of a part is outside its range, or not a finite number.
    Value {
        /// Position of the part.
        part: u32,
        /// Position of the entry.
        entry: u32,
    },
    /// An entry stands out of its order, or twice.
    Order {
        /// Position of the part.
        part: u32,
        /// Position of the entry.
        entry: u32,
    },
    /// A text is not UTF-8, or its length is outside the limits.
    Text {
        /// Position of the part.
        part: u32,
        /// Position of the text.
        entry: u32,
    },
    /// Two sections of a bundle do not belong together: they count items, markets or categories differently.
    Mismatch {
        /// What this section counts.
        found: u32,
        /// What the items section counts.
        expected: u32,
    },
}

impl fmt::Display for SectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} section: {}", self.section.name(), self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Fault::TooShort { bytes } => write!(f, "only {bytes} bytes, fewer than a header; was it cut off?"),
            Fault::Magic => f.write_str("does not start with KENALSEC: this is not a Kenal section"),
            Fault::Kind { found } => match Kind::from_code(found) {
                Some(kind) => write!(f, "these bytes are a {} section", kind.name()),
                None => write!(f, "these bytes are a section of unknown kind {found}"),
            },
            Fault::Version { found, known } => {
                write!(f, "written by a newer Kenal: version {found}, this reader knows {known}")
            }
            Fault::Length { stated, actual } => write!(f, "the header says {stated} bytes, there are {actual}"),
            Fault::PartCount { found, expected } => write!(f, "{found} parts, expected {expected}"),
            Fault::PartTable { part } => write!(f, "part {part} is not where the part table must place it"),
            Fault::NotZero { at } => write!(f, "byte {at} must be zero"),
            Fault::PartLength { part, found, expected } => {
                write!(f, "part {part} has {found} bytes, its counts demand {expected}")
            }
            Fault::Limit { at } => write!(f, "the field at byte {at} of its parameters is outside its limits"),
            Fault::Value { part, entry } => write!(f, "entry {entry} of part {part} is outside its range"),
            Fault::Order { part, entry } => write!(f, "entry {entry} of part {part} is out of order"),
            Fault::Text { part, entry } => write!(f, "text {entry} of part {part} is not UTF-8 or has a bad length"),
            Fault::Mismatch { found, expected } => {
                write!(f, "does not belong to this items section: {found} where that one has {expected}")
            }
        }
    }
}

impl core::error::Error for SectionError {}
