//! Copies of events: natural ones are dropped, others are kept under a name of their own.
//!
//! A phone that gets no answer sends again, so the same message comes twice (a natural copy). Some libraries reuse an
//! id for another event (a synthetic copy); dropping it would lose an event, and keeping it under the same id would
//! lose the first. It is kept under an id derived from both, the same one each time it comes.

use std::collections::HashMap;

use kenal_types::Timestamp;

use crate::limits::DEDUPE_WINDOW_US;

use super::message::Header;

/// What is known of a message id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    First,
    SamePayload,
    /// Keep it under this id.
    OtherPayload(String),
}

/// Message ids of the last one to two windows, by the hash of the id: 24 to 40 bytes each. Two ids with the same hash
/// (one in 10^5 runs of ten million events) look like other payloads, so nothing is lost by it.
#[derive(Debug, Default)]
pub(super) struct Dedupe {
    newer: HashMap<u64, u64>,
    older: HashMap<u64, u64>,
    /// When the newer generation began.
    since: Option<Timestamp>,
}

impl Dedupe {
    /// Looks an event up and remembers it. Events come roughly by `receivedAt`.
    pub(super) fn see(&mut self, header: &Header<'_>, fingerprint: u64) -> Seen {
        self.turn(header.received_at);
        match self.insert(hash(header.message_id), fingerprint) {
            None => Seen::First,
            Some(known) if known == fingerprint => Seen::SamePayload,
            Some(_) => {
                let derived = format!("{}~{fingerprint:016x}", header.message_id);
                match self.insert(hash(&derived), fingerprint) {
                    None => Seen::OtherPayload(derived),
                    Some(_) => Seen::SamePayload,
                }
            }
        }
    }

    /// The payload under this id, or `None` and it is this one from now on.
    fn insert(&mut self, id: u64, fingerprint: u64) -> Option<u64> {
        if let Some(known) = self.older.get(&id) {
            return Some(*known);
        }
        match self.newer.entry(id) {
            std::collections::hash_map::Entry::Occupied(known) => Some(*known.get()),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(fingerprint);
                None
            }
        }
    }

    /// Starts a new generation when the newer one is a window old.
    fn turn(&mut self, now: Timestamp) {
        let since = *self.since.get_or_insert(now);
        if now.0.saturating_sub(since.0) > DEDUPE_WINDOW_US {
            self.older = std::mem::take(&mut self.newer);
            self.since = Some(now);
        }
    }
}

/// Not the standard library's hasher: ids are chosen by whoever sends, and this hash decides what is a copy.
fn hash(id: &str) -> u64 {
    u64::from_le_bytes(blake3::hash(id.as_bytes()).as_bytes().first_chunk().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kenal_types::{RecordKey, System};

    #[test]
    fn natural_and_synthetic_copies_within_the_window() {
        let mut dedupe = Dedupe::default();
        let mut see = |id: &str, days: i64, payload: u64| {
            let time = Timestamp(0).plus_days(days);
            let actor = RecordKey::new(System::App, "user/1");
            let header = Header { message_id: id, actor, anonymous: None, happened_at: time, received_at: time };
            dedupe.see(&header, payload)
        };
        let other = |id: &str, payload: u64| Seen::OtherPayload(format!("{id}~{payload:016x}"));
        for (id, days, payload, expected) in [
            ("a", 0, 1, Seen::First),
            ("a", 0, 1, Seen::SamePayload),
            ("a", 1, 2, other("a", 2)),
            ("a", 1, 2, Seen::SamePayload),
            ("a", 2, 3, other("a", 3)),
            ("b", 2, 1, Seen::First),
            // One generation later it is still known; two later it is not.
            ("b", 15, 1, Seen::SamePayload),
            ("a", 16, 1, Seen::SamePayload),
            ("c", 30, 1, Seen::First),
            ("b", 30, 1, Seen::First),
        ] {
            assert_eq!(see(id, days, payload), expected, "{id} on day {days} with {payload}");
        }
    }
}
