//! Everything one person did, in order, each element with when it happened and when it became known.
//!
//! A fact that changes later has several times: a purchase and its cancellation, a ticket, its solution and its rating. So a cut
//! between the two sees the purchase as good and the ticket as open, as everybody did then.

use kenal_consent::Subject;
use kenal_types::{EventKind, Market, PersonId, System, TicketChannel, TicketPriority, Timestamp};

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
    /// Of one unit before discounts, in Singapore dollars ([`crate::Rates`]).
    pub price_sgd: f32,
    /// What the whole line was reduced by, at least 0; `None` when the system does not say.
    pub discount_sgd: Option<f32>,
    pub device: Option<Device>,
    /// When the order was cancelled, if it was.
    pub voided: Option<When>,
}

/// A support ticket. What changes while it is worked on has a time of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketFact {
    pub when: When,
    pub channel: TicketChannel,
    /// As opened.
    pub priority: TicketPriority,
    /// When its priority first rose above that, if it did.
    pub escalated: Option<When>,
    /// When it was solved, if it is.
    pub solved: Option<When>,
    pub rating: Option<Rating>,
}

/// What somebody thought of a ticket's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rating {
    pub when: When,
    pub good: bool,
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
    pub market: Option<Market>,
}

/// Membership of the loyalty programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loyalty {
    /// Enrolment.
    pub joined: When,
    /// The state last told of, from when it was told: an earlier one is not remembered.
    pub status: Option<LoyaltyStatus>,
}

/// Whether a member takes part, since when that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoyaltyStatus {
    pub when: When,
    pub active: bool,
}

/// What is known of the person besides deeds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
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
        purchases: Vec<Purchase>,
        tickets: Vec<TicketFact>,
        activities: Vec<Activity>,
        profile: Profile,
    ) -> Timeline {
        let mut timeline = Timeline { person, purchases, tickets, activities, profile };
        timeline.sort();
        timeline
    }

    /// Makes it somebody else's, with what `fill` puts in; the buffers stay. So a reader of many people allocates
    /// nothing once they have grown.
    pub fn refill(
        &mut self,
        person: PersonId,
        fill: impl FnOnce(&mut Vec<Purchase>, &mut Vec<TicketFact>, &mut Vec<Activity>, &mut Profile),
    ) {
        self.person = person;
        self.purchases.clear();
        self.tickets.clear();
        self.activities.clear();
        self.profile.presences.clear();
        self.profile.loyalty = None;
        fill(&mut self.purchases, &mut self.tickets, &mut self.activities, &mut self.profile);
        self.sort();
    }

    /// Adds what happened since the rest was stored, such as the events of a visit that goes on.
    pub fn extend(&mut self, activities: &[Activity]) {
        self.activities.extend_from_slice(activities);
        self.sort();
    }

    /// By every field, so that equal sets of elements make equal timelines.
    fn sort(&mut self) {
        let time = |w: Option<When>| w.map(|w| (w.happened_at, w.known_at));
        self.purchases.sort_unstable_by(|a, b| {
            let key = |p: &Purchase| (p.when.happened_at, p.order, p.item, p.category, p.quantity, p.when.known_at);
            let more = |p: &Purchase| (p.device, time(p.voided));
            key(a)
                .cmp(&key(b))
                .then(a.price_sgd.total_cmp(&b.price_sgd))
                .then_with(|| more(a).cmp(&more(b)))
                .then_with(|| a.discount_sgd.unwrap_or(-1.0).total_cmp(&b.discount_sgd.unwrap_or(-1.0)))
        });
        self.tickets.sort_unstable_by_key(|t| {
            let rating = t.rating.map(|r| (r.when, r.good));
            (t.when, t.channel, t.priority, t.escalated, t.solved, rating)
        });
        self.activities
            .sort_unstable_by_key(|a| (a.when.happened_at, a.kind, a.item, a.category, a.device, a.when.known_at));
        self.profile.presences.sort_unstable();
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
