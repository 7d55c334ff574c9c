//! What was read, what was accepted, what was rejected and why: the stage's table.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use kenal_types::{Reason, System, Timestamp};

use crate::error::Quarantine;

/// What a file holds, told by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    ShopifyCustomers,
    ShopifyOrders,
    ShopifyProducts,
    ZendeskUsers,
    ZendeskTickets,
    Contact,
    Individual,
    ContactPointTypeConsent,
    LoyaltyProgramMember,
    /// `DataUsePurpose` or `EngagementChannelType`: ids and their names.
    Names,
    WarehouseCustomers,
    WarehouseOrderLines,
    AppEvents,
    /// A quarantined file whose kind did not show.
    Unknown,
}

impl FileKind {
    pub const fn name(self) -> &'static str {
        match self {
            FileKind::ShopifyCustomers => "customers",
            FileKind::ShopifyOrders => "orders",
            FileKind::ShopifyProducts => "products",
            FileKind::ZendeskUsers => "users",
            FileKind::ZendeskTickets => "tickets",
            FileKind::Contact => "Contact",
            FileKind::Individual => "Individual",
            FileKind::ContactPointTypeConsent => "ContactPointTypeConsent",
            FileKind::LoyaltyProgramMember => "LoyaltyProgramMember",
            FileKind::Names => "names",
            FileKind::WarehouseCustomers => "customers",
            FileKind::WarehouseOrderLines => "order lines",
            FileKind::AppEvents => "events",
            FileKind::Unknown => "unknown",
        }
    }
}

impl FileKind {
    /// What a full export of a system holds. Names are helpful and not needed: rows that use ids are read without.
    pub const fn of(system: System) -> &'static [FileKind] {
        match system {
            System::Shopify => &[FileKind::ShopifyCustomers, FileKind::ShopifyOrders, FileKind::ShopifyProducts],
            System::Zendesk => &[FileKind::ZendeskUsers, FileKind::ZendeskTickets],
            System::Salesforce => &[
                FileKind::Contact,
                FileKind::Individual,
                FileKind::ContactPointTypeConsent,
                FileKind::LoyaltyProgramMember,
            ],
            System::Warehouse => &[FileKind::WarehouseCustomers, FileKind::WarehouseOrderLines],
            System::App => &[FileKind::AppEvents],
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// All of the export's rows are in it.
    Whole,
    /// Rows were read, but the operation that wrote the file failed half-way: the watermark stays.
    Partial,
    /// The sink had it already.
    Declined,
    /// Nothing of it was handed over.
    Quarantined(Quarantine),
}

/// One file. `read = accepted + the sum of rejected`, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    pub name: Arc<str>,
    pub kind: FileKind,
    pub state: FileState,
    pub read: u64,
    pub accepted: u64,
    pub rejected: BTreeMap<Reason, u64>,
    /// As stored.
    pub bytes: u64,
    /// How far the source is known complete by this file; `None` when the file does not say.
    pub watermark: Option<Timestamp>,
    /// What a person should know though nothing is wrong with the rows.
    pub note: Option<String>,
}

impl FileReport {
    pub fn rejected_count(&self) -> u64 {
        self.rejected.values().sum()
    }
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match &self.state {
            FileState::Quarantined(why) => return write!(f, "quarantined: {why}"),
            FileState::Declined => return write!(f, "already in"),
            FileState::Partial => write!(f, "partial {}: ", self.kind)?,
            FileState::Whole => write!(f, "{}: ", self.kind)?,
        }
        write!(f, "read {} = accepted {} + rejected {}", self.read, self.accepted, self.rejected_count())?;
        for (reason, count) in &self.rejected {
            write!(f, ", {reason} {count}")?;
        }
        self.note.as_ref().map_or(Ok(()), |note| write!(f, "; {note}"))
    }
}

/// One system, files in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceReport {
    pub system: System,
    pub files: Vec<FileReport>,
}

impl SourceReport {
    pub fn read(&self) -> u64 {
        self.files.iter().map(|f| f.read).sum()
    }

    pub fn accepted(&self) -> u64 {
        self.files.iter().map(|f| f.accepted).sum()
    }

    /// Rejected rows by reason, over all files.
    pub fn rejected(&self) -> BTreeMap<Reason, u64> {
        let mut all = BTreeMap::new();
        for (reason, count) in self.files.iter().flat_map(|f| &f.rejected) {
            *all.entry(*reason).or_default() += count;
        }
        all
    }

    /// Files of which nothing was handed over.
    pub fn quarantined(&self) -> impl Iterator<Item = (&FileReport, &Quarantine)> {
        self.files.iter().filter_map(|f| match &f.state {
            FileState::Quarantined(why) => Some((f, why)),
            FileState::Whole | FileState::Partial | FileState::Declined => None,
        })
    }

    /// Kinds of which the folder has no file, not even one that cannot be used: usually one that was forgotten.
    pub fn absent(&self) -> impl Iterator<Item = FileKind> {
        FileKind::of(self.system).iter().copied().filter(|kind| self.files.iter().all(|file| file.kind != *kind))
    }

    /// Per kind of row, how far it is known complete: the newest watermark of its files. `None` for a kind of which a
    /// file is partial or quarantined, since what that file lacks may be older.
    pub fn watermarks(&self) -> BTreeMap<FileKind, Option<Timestamp>> {
        let mut all: BTreeMap<FileKind, Option<Timestamp>> = BTreeMap::new();
        for file in self.files.iter().filter(|f| f.kind != FileKind::Unknown) {
            let newest = all.entry(file.kind).or_default();
            *newest = (*newest).max(file.watermark);
        }
        for file in &self.files {
            if matches!(file.state, FileState::Partial | FileState::Quarantined(_)) {
                all.entry(file.kind).and_modify(|w| *w = None);
            }
        }
        all.remove(&FileKind::Unknown);
        all
    }
}
