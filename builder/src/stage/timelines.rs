//! Gold rows put together, person by person, as the features read them.

use std::collections::HashMap;

use compact_str::CompactString;
use kenal_consent::{Consented, Snapshot};
use kenal_features::{
    Activity, Device, Loyalty, LoyaltyStatus, Presence, Profile, Purchase, Rating, TicketFact, Timeline, When,
};
use kenal_types::{OrderStatus, PersonId, Satisfaction, Timestamp};

use super::matter::ItemNumbers;
use crate::gold::{EventRow, PresenceRow, PurchaseRow, TicketRow};

/// What the profile stage left, as read from the lake.
pub struct GoldRows {
    pub purchases: Vec<PurchaseRow>,
    pub events: Vec<EventRow>,
    pub tickets: Vec<TicketRow>,
    pub presences: Vec<PresenceRow>,
}

#[derive(Default)]
struct Parts {
    purchases: Vec<Purchase>,
    tickets: Vec<TicketFact>,
    activities: Vec<Activity>,
    profile: Profile,
    orders: HashMap<CompactString, u32>,
}

/// Timelines of everybody who permits `cell`, by person.
pub fn timelines(
    rows: GoldRows,
    snapshot: &Snapshot,
    cell: kenal_consent::Cell,
    items: &ItemNumbers,
    categories: &[String],
) -> Consented<Vec<Timeline>> {
    let mut people: std::collections::BTreeMap<PersonId, Parts> = std::collections::BTreeMap::new();
    let category = |name: &Option<CompactString>| {
        name.as_deref()
            .and_then(|n| categories.binary_search_by(|c| c.as_str().cmp(n)).ok())
            .and_then(|n| u16::try_from(n).ok())
    };
    let item = |id: &Option<CompactString>| id.as_deref().and_then(|id| items.number(id));
    for row in rows.purchases.into_iter().filter(|row| !row.doubtful) {
        let parts = people.entry(row.person).or_default();
        let next = parts.orders.len() as u32;
        let when = When { happened_at: row.happened_at, known_at: row.known_at };
        parts.purchases.push(Purchase {
            when,
            item: item(&row.item_id),
            category: category(&row.category),
            quantity: i32::try_from(row.quantity).unwrap_or(i32::MAX),
            price_sgd: row.price_sgd as f32,
            discount_sgd: row.discount_sgd.map(|d| d as f32),
            device: row.place.as_deref().and_then(Device::from_text),
            voided: row.voided_at.filter(|_| row.status != OrderStatus::Completed).map(at),
            order: *parts.orders.entry(row.order_number).or_insert(next),
        });
    }
    for row in rows.events {
        people.entry(row.person).or_default().activities.push(Activity {
            when: When { happened_at: row.happened_at, known_at: row.known_at },
            kind: row.kind,
            item: item(&row.item_id),
            category: category(&row.category),
            device: row.platform.as_deref().and_then(Device::from_text),
        });
    }
    for row in rows.tickets {
        let rating = row.satisfaction.zip(both(row.rated_at, row.rated_known_at));
        people.entry(row.person).or_default().tickets.push(TicketFact {
            when: at(row.created_at),
            channel: row.channel,
            priority: row.priority,
            escalated: both(row.escalated_at, row.escalated_known_at),
            solved: both(row.solved_at, row.solved_known_at),
            rating: rating.map(|(said, when)| Rating { when, good: said == Satisfaction::Good }),
        });
    }
    for row in rows.presences {
        let profile = &mut people.entry(row.person).or_default().profile;
        profile.presences.push(Presence { when: at(row.created_at), system: row.system, market: row.market });
        if let Some(since) = row.loyalty_since_at {
            let told = row.loyalty_active.zip(row.loyalty_told_at);
            let status = told.map(|(active, told)| LoyaltyStatus { when: at(told.max(since)), active });
            profile.loyalty = Some(Loyalty { joined: at(since), status });
        }
    }
    let all = people
        .into_iter()
        .map(|(person, p)| Timeline::new(person, p.purchases, p.tickets, p.activities, p.profile))
        .collect();
    snapshot.admit(cell, all).0
}

/// Known as soon as it happened.
fn at(moment: Timestamp) -> When {
    When { happened_at: moment, known_at: moment }
}

/// A change, when both of its times are there.
fn both(happened_at: Option<Timestamp>, known_at: Option<Timestamp>) -> Option<When> {
    happened_at.zip(known_at).map(|(happened_at, known_at)| When { happened_at, known_at })
}
