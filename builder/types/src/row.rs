//! What one input row became: typed entities, or a rejection that keeps its bytes.

use std::fmt;
use std::sync::Arc;

use crate::consent::ConsentSignal;
use crate::customer::CustomerRecord;
use crate::event::AppEvent;
use crate::item::{Item, Variant};
use crate::order::{Order, OrderLine};
use crate::ticket::Ticket;

/// Where a row stands: the file below the export's folder, and its line (row, for Parquet; element, for a page of
/// JSON), from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    pub file: Arc<str>,
    pub line: u64,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A file of an export, known by its content: the same bytes under the same name are the same file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileStamp {
    /// Path below the system's folder.
    pub name: Arc<str>,
    /// Size as stored, compressed or not.
    pub bytes: u64,
    /// BLAKE3 of the bytes as stored.
    pub blake3: [u8; 32],
}

/// A typed row. One input row may give several: a customer and the consents written on the same line.
#[derive(Debug, Clone, PartialEq)]
pub enum Entity {
    Customer(Box<CustomerRecord>),
    Consent(Box<ConsentSignal>),
    Item(Box<Item>),
    Variant(Box<Variant>),
    Order(Box<Order>),
    OrderLine(Box<OrderLine>),
    Ticket(Box<Ticket>),
    Event(Box<AppEvent>),
}

/// A row that could not be used, with everything needed to mend and replay it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub origin: Origin,
    /// Path of the field within the row, empty when the row as a whole is at fault.
    pub field: String,
    pub reason: Reason,
    /// A sentence for a person, without the person's data.
    pub detail: String,
    pub raw: Vec<u8>,
}

/// Classes of rejection, as counted in the stage's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Not UTF-8, JSON or CSV at all.
    Syntax,
    /// A field the row cannot do without is absent or empty.
    MissingField,
    /// A field's value is not of its type.
    BadValue,
    /// The kind of row is none that this system exports.
    UnknownKind,
    /// A child whose parent is nowhere in the export.
    Orphan,
    /// Same id and same payload as an earlier row.
    Duplicate,
    /// Marked by the system as a test.
    TestRow,
}

impl Reason {
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Syntax => "syntax",
            Reason::MissingField => "missing_field",
            Reason::BadValue => "bad_value",
            Reason::UnknownKind => "unknown_kind",
            Reason::Orphan => "orphan",
            Reason::Duplicate => "duplicate",
            Reason::TestRow => "test_row",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
