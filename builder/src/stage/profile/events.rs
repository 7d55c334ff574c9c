//! What people did in the app: joined to them and sorted by the lake, one batch in memory.

use anyhow::Result;
use compact_str::CompactString;
use kenal_consent::Snapshot;
use kenal_lake::{Columns, Fingerprint, Lake};
use kenal_types::{EventKind, PersonId, Timestamp};
use serde::Deserialize;

use super::people::Catalogue;
use super::{Admitted, admitted};
use crate::gold::{EventRow, GoldRow as _};

/// Events of people, by person and time; what follows makes their order that of every run.
const OF_PEOPLE: &str = "SELECT a.person, e.kind, e.item_id, e.sku, e.platform, e.happened_at, e.known_at \
     FROM current_events e JOIN gold_identity_assignments a ON e.actor = a.record WHERE a.person IS NOT NULL \
     ORDER BY a.person, e.happened_at, e.kind, e.item_id, e.sku, e.platform, e.known_at";
const ALL: &str = "SELECT COUNT(*) AS events FROM current_events";

#[derive(Deserialize)]
struct OfPerson {
    person: PersonId,
    kind: EventKind,
    item_id: Option<CompactString>,
    sku: Option<CompactString>,
    platform: Option<CompactString>,
    happened_at: Timestamp,
    known_at: Timestamp,
}

#[derive(Deserialize)]
struct Count {
    events: u64,
}

/// What became of the events: all = kept + refused + apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventCounts {
    pub admitted: Admitted,
    /// Of actors who are no person.
    pub apart: u64,
}

/// Writes the events of those who permit it. Without `anybody`, the table that they would be found in has no columns.
pub fn write(
    lake: &Lake,
    anybody: bool,
    catalogue: &Catalogue<'_>,
    snapshot: &Snapshot,
    fingerprint: &Fingerprint,
) -> Result<EventCounts> {
    let all: Count = lake.sql_rows(ALL)?.next().transpose()?.unwrap_or(Count { events: 0 });
    let mut counts = EventCounts::default();
    let found = anybody.then(|| lake.sql_rows::<OfPerson>(OF_PEOPLE)).transpose()?;
    let events = found.into_iter().flatten().map(|event| event.map(|event| row(event, catalogue)));
    let events = admitted(events, snapshot, &mut counts.admitted);
    lake.write_gold_of(EventRow::TABLE, &columns(), events, fingerprint)?;
    counts.apart = all.events.saturating_sub(counts.admitted.kept + counts.admitted.refused);
    Ok(counts)
}

fn columns() -> Columns {
    let what = Columns::new().text("person").text("kind").text("item_id").text("category").text("platform");
    what.time("happened_at").time("known_at")
}

fn row(event: OfPerson, catalogue: &Catalogue<'_>) -> EventRow {
    let item = catalogue.item(event.item_id.as_deref(), event.sku.as_deref());
    EventRow {
        person: event.person,
        kind: event.kind,
        item_id: item.map(|i| i.item_id.as_str().into()),
        category: item.and_then(|i| i.category.as_deref()).map(Into::into),
        platform: event.platform,
        happened_at: event.happened_at,
        known_at: event.known_at,
    }
}
