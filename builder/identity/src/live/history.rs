//! What happened to people's ids, so that it can be told and undone.

use kenal_types::PersonId;

/// One thing that happened to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Number of the update it happened in, from 1.
    pub sequence: u64,
    pub person: PersonId,
    pub kind: EventKind,
}

/// What happened. Records are given by source and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// First records that were one person.
    Created,
    /// The person and another were found to be one; the older id stands for both.
    Merged { into: PersonId, records: Vec<(u8, String)>, others: Vec<(u8, String)> },
    /// Records of another person were found to be this one's.
    Split { from: PersonId },
    /// No two records are this person's any more.
    Retired,
}
