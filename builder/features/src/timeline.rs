//! Everything one person did, in order, each element with when it happened and when it became known.
//!
//! A fact that changes later is two elements: a purchase and its cancellation, a ticket and its outcome. So a cut
//! between the two sees the purchase as good and the ticket as open, as everybody did then.

use kenal_consent::Subject;
use kenal_types::{EventKind, Market, PersonId, Satisfaction, System, TicketChannel, TicketPriority, Timestamp};

/// When something happened, and when the company could first know of it: the load or sync time of the source that had
/// it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct When {
    pub happened_at: Timestamp,
    pub known_at: Timestamp,
}

impl When {
    /// Happened before the cut and known at it. The one rule of point-in-time correctness.
    pub fn visible_at(self, cut: Timestamp) -> bool {
        self.happened_at < cut && self.known_at <= cut
    }
}

/// Where a purchase or a visit took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    Ios,
    Android,
    Web,
    Store,
}

impl Device {
    pub const ALL: [Device; 4] = [Device::Ios, Device::Android, Device::Web, Device::Store];

    /// As the systems write platform and channel; `None` for anything else.
    pub fn from_text(text: &str) -> Option<Device> {
        match text {
            "ios" => Some(Device::Ios),
            "android" => Some(Device::Android),
            "web" => Some(Device::Web),
            "store" => Some(Device::Store),
            _ => None,
        }
    }
}

/// One line of an order, deduplicated over the systems that report it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purchase {
    pub when: When,
    /// Lines of one order share this number and their time; it is unique within the person.
    pub order: u32,
    /// `None` when the line names no item of the catalogue.
    pub item: Option<u32>,
    pub category: Option<u16>,
    /// Below zero for a return.
    pub quantity: i32,
    /// Of one unit, in Singapore dollars ([`crate::Rates`]).
    pub price_sgd: f32,
    pub device: Option<Device>,
    /// When the order was cancelled, if it was.
    pub voided: Option<When>,
}

/// A support ticket, as opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketFact {
    pub when: When,
    pub channel: TicketChannel,
    pub priority: TicketPriority,
    /// How it ended, if it has.
    pub outcome: Option<TicketOutcome>,
}

/// The end of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketOutcome {
    pub when: When,
    pub satisfaction: Satisfaction,
}

/// An event of the app or the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    pub when: When,
    pub kind: EventKind,
    pub item: Option<u32>,
    pub category: Option<u16>,
    pub device: Option<Device>,
}

/// A record of the person in one system, from its creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Presence {
    pub when: When,
    pub system: System,
}

/// Membership of the loyalty programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loyalty {
    pub when: When,
    pub active: bool,
}

/// What is known of the person besides deeds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Decides the local time; Singapore's when unknown.
    pub market: Option<Market>,
    pub presences: Vec<Presence>,
    pub loyalty: Option<Loyalty>,
}

/// One person's elements, each kind in order of time. Having one proves the order.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    person: PersonId,
    purchases: Vec<Purchase>,
    tickets: Vec<TicketFact>,
    activities: Vec<Activity>,
    profile: Profile,
}

impl Timeline {
    /// Sorts the elements: the order in which they are given does not matter.
    pub fn new(
        person: PersonId,
        mut purchases: Vec<Purchase>,
        mut tickets: Vec<TicketFact>,
        mut activities: Vec<Activity>,
        mut profile: Profile,
    ) -> Timeline {
        purchases.sort_unstable_by(|a, b| {
            let key = |p: &Purchase| (p.when.happened_at, p.order, p.item, p.category, p.quantity, p.when.known_at);
            key(a).cmp(&key(b)).then(a.price_sgd.total_cmp(&b.price_sgd)).then(a.device.cmp(&b.device))
        });
        tickets.sort_by_key(|t| (t.when, t.channel, t.priority));
        activities
            .sort_unstable_by_key(|a| (a.when.happened_at, a.kind, a.item, a.category, a.device, a.when.known_at));
        profile.presences.sort_unstable();
        Timeline { person, purchases, tickets, activities, profile }
    }

    pub fn purchases(&self) -> &[Purchase] {
        &self.purchases
    }

    pub fn tickets(&self) -> &[TicketFact] {
        &self.tickets
    }

    pub fn activities(&self) -> &[Activity] {
        &self.activities
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }
}

impl Subject for Timeline {
    fn person(&self) -> PersonId {
        self.person
    }
}
