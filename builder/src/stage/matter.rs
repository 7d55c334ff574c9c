//! What models learn from and edges fold in: what people did with items, as confidence; items as numbers. One definition
//! for both.

use std::collections::{BTreeMap, HashMap};

use kenal_consent::Subject;
use kenal_models::confidence::{Confidence, Event, Kind};
use kenal_models::interactions::InteractionError;
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

/// Something a person did with an item of the catalogue: 24 bytes, where a row of the lake takes 100 to 200.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Act {
    pub item: u32,
    /// What it says of the person; `None` of what was bought and says nothing: the order was cancelled, or is doubtful and
    /// so somebody else's.
    pub says: Option<Kind>,
    pub happened_at: Timestamp,
    pub known_at: Timestamp,
}

/// A person, with what they bought and what they looked at, each in the order of the tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Shopper {
    pub person: PersonId,
    pub bought: Vec<Act>,
    pub looked: Vec<Act>,
}

impl Subject for Shopper {
    fn person(&self) -> PersonId {
        self.person
    }
}

/// Everybody with any of the rows, by id; rows of what is not in the catalogue are left out.
pub fn shoppers(purchases: &[PurchaseRow], events: &[EventRow], items: &ItemNumbers) -> Vec<Shopper> {
    let mut people: BTreeMap<PersonId, Shopper> = BTreeMap::new();
    let mut of = |person: PersonId, act: Option<Act>, acts: fn(&mut Shopper) -> &mut Vec<Act>| {
        let new = || Shopper { person, bought: Vec::new(), looked: Vec::new() };
        acts(people.entry(person).or_insert_with(new)).extend(act);
    };
    for row in purchases {
        of(row.person, bought(row, items), |shopper| &mut shopper.bought);
    }
    for row in events {
        of(row.person, looked(row, items), |shopper| &mut shopper.looked);
    }
    people.into_values().collect()
}

fn bought(row: &PurchaseRow, items: &ItemNumbers) -> Option<Act> {
    let says = match row.status {
        _ if row.doubtful => None,
        OrderStatus::Completed if row.quantity > 0 => Some(Kind::Purchase),
        // A refund takes back.
        OrderStatus::Completed | OrderStatus::Refunded => Some(Kind::Return),
        OrderStatus::Cancelled => None,
    };
    let item = items.number(row.item_id.as_deref()?)?;
    Some(Act { item, says, happened_at: row.happened_at, known_at: row.known_at })
}

/// Views and carts. Purchases come from orders, so that none counts twice.
fn looked(row: &EventRow, items: &ItemNumbers) -> Option<Act> {
    let kind = match row.kind {
        EventKind::ItemViewed => Kind::View,
        EventKind::CartAdded | EventKind::WishlistAdded => Kind::Cart,
        _ => return None,
    };
    let item = items.number(row.item_id.as_deref()?)?;
    Some(Act { item, says: Some(kind), happened_at: row.happened_at, known_at: row.known_at })
}

impl Shopper {
    /// What was known by `cut` of purchases before it.
    pub fn purchases(&self, cut: Timestamp) -> impl Iterator<Item = Event> {
        events(&self.bought, cut)
    }

    /// What was known by `cut` of views and carts before it.
    pub fn browsing(&self, cut: Timestamp) -> impl Iterator<Item = Event> {
        events(&self.looked, cut)
    }

    /// The person's row of c_ui at `cut`, by item.
    ///
    /// # Errors
    /// As for [`Confidence::of_user`].
    pub fn taste(&self, cut: Timestamp, confidence: &Confidence) -> Result<Vec<(u32, f32)>, InteractionError> {
        confidence.of_user(self.purchases(cut).chain(self.browsing(cut)).collect())
    }
}

fn events(acts: &[Act], cut: Timestamp) -> impl Iterator<Item = Event> {
    let known = move |act: &&Act| act.known_at <= cut && act.happened_at < cut;
    let event = move |act: &Act| {
        Some(Event { item: act.item, kind: act.says?, age_days: cut.days_since(act.happened_at) as f32 })
    };
    acts.iter().filter(known).filter_map(event)
}
