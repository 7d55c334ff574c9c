//! What models learn from and edges fold in: events as confidence, items as numbers. One definition for both.

use std::collections::HashMap;

use kenal_models::confidence::{Event, Kind};
use kenal_types::{EventKind, Item, OrderStatus, PersonId, Timestamp};

use crate::gold::{EventRow, PurchaseRow};

/// Items, numbered in the order of their ids.
#[derive(Debug)]
pub struct ItemNumbers {
    ids: Vec<String>,
    by_id: HashMap<String, u32>,
}

impl ItemNumbers {
    pub fn new(items: &[Item]) -> Self {
        let mut ids: Vec<String> = items.iter().map(|i| i.item_id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let by_id = ids.iter().enumerate().map(|(n, id)| (id.clone(), n as u32)).collect();
        ItemNumbers { ids, by_id }
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    pub fn number(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }
}

/// People, numbered in the order of their ids.
#[derive(Debug)]
pub struct PersonNumbers {
    people: Vec<PersonId>,
}

impl PersonNumbers {
    pub fn new(people: impl IntoIterator<Item = PersonId>) -> Self {
        let mut people: Vec<PersonId> = people.into_iter().collect();
        people.sort_unstable();
        people.dedup();
        PersonNumbers { people }
    }

    pub fn len(&self) -> usize {
        self.people.len()
    }

    pub fn people(&self) -> &[PersonId] {
        &self.people
    }

    pub fn number(&self, person: PersonId) -> Option<u32> {
        self.people.binary_search(&person).ok().map(|n| n as u32)
    }
}

fn age_days(cut: Timestamp, happened: Timestamp) -> Option<f32> {
    (happened < cut).then(|| cut.days_since(happened) as f32)
}

/// Purchases before `cut` and known by then. A cancelled order says nothing; a refund takes back; a doubtful purchase is
/// somebody else's.
pub fn purchase_events(
    rows: &[PurchaseRow],
    people: &PersonNumbers,
    items: &ItemNumbers,
    cut: Timestamp,
) -> Vec<Event> {
    let event = |row: &PurchaseRow| {
        let kind = match row.status {
            OrderStatus::Completed if row.quantity > 0 => Kind::Purchase,
            OrderStatus::Completed | OrderStatus::Refunded => Kind::Return,
            OrderStatus::Cancelled => return None,
        };
        Some(Event {
            user: people.number(row.person)?,
            item: items.number(row.item_id.as_deref()?)?,
            kind,
            age_days: age_days(cut, row.happened_at)?,
        })
    };
    rows.iter().filter(|r| r.known_at <= cut && !r.doubtful).filter_map(event).collect()
}

/// Views and carts before `cut` and known by then. Purchases come from orders, so that none counts twice.
pub fn browse_events(rows: &[EventRow], people: &PersonNumbers, items: &ItemNumbers, cut: Timestamp) -> Vec<Event> {
    let event = |row: &EventRow| {
        let kind = match row.kind {
            EventKind::ItemViewed => Kind::View,
            EventKind::CartAdded | EventKind::WishlistAdded => Kind::Cart,
            _ => return None,
        };
        Some(Event {
            user: people.number(row.person)?,
            item: items.number(row.item_id.as_deref()?)?,
            kind,
            age_days: age_days(cut, row.happened_at)?,
        })
    };
    rows.iter().filter(|r| r.known_at <= cut).filter_map(event).collect()
}
