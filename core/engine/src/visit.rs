//! What is known of a visit: what the person dealt with, how much each item says, and what must not be shown.
//!
//! This is where a person's data enters scoring, so it takes a [`Permit`].

use core::fmt;

use crate::consent::Permit;
use crate::format::items::{Items, Model};
use crate::format::row::UserRow;
use crate::index::ItemIdx;
use crate::limits::{EVENTS_MAX, OBSERVATIONS_MAX, PULLED_MAX};

/// What the item that was clicked last adds to its own score, and to others by their likeness to it.
///
/// A bought item scores about 1, and the first items of a list somewhat less, so one click brings about four others
/// into a list of twelve, even for somebody with a long history, where confidences alone would move nothing that a
/// visitor could see. At 1 it brings about six, and a list of one kind of thing to those with a shorter history.
const PULL: f32 = 0.6;

/// The same for the item on whose page the visitor is: there the page's item leads, and taste has the second word.
const PULL_ON_PAGE: f32 = 3.0;

/// Clicks on other items after which a pull is half.
const PULL_HALF_LIFE_CLICKS: f32 = 2.0;

/// Seconds after which a pull is half: an interest of the moment, gone tomorrow.
const PULL_HALF_LIFE_S: f32 = 1800.0;

/// Seconds for which an item is not shown after a look at it: the visitor has just seen it, and its own pull would put
/// it first, for the reason that it was clicked.
const JUST_SEEN_S: u64 = 1800;

/// What a visitor did with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EventKind {
    /// Looked at it.
    View = 1,
    /// Put it in the cart.
    CartAdd = 2,
    /// Took it out of the cart.
    CartRemove = 3,
    /// Bought it.
    Purchase = 4,
}

/// Something that happened since the bundle was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LiveEvent {
    /// The item.
    pub item: ItemIdx,
    /// When, in seconds since 1970.
    pub at_s: u64,
    /// What.
    pub kind: EventKind,
}

/// How the visitor knows an item: what a reason says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Looked at it.
    Viewed,
    /// Has it in the cart.
    InCart,
    /// Has bought it.
    Bought,
}

/// One observed item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// The item.
    pub item: ItemIdx,
    /// c_uj, above 0.
    pub confidence: f32,
    /// What it adds to its own score for having been dealt with just now; 0 for most.
    pub pull: f32,
    /// How much it counts for what goes with it, 0 to 1.
    pub together: f32,
    /// How much it is due to be bought again; 0 for most.
    pub again: f32,
    /// How the visitor knows it.
    pub relation: Relation,
}

/// More live events than [`EVENTS_MAX`]: pass the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyEvents {
    /// How many there were.
    pub found: usize,
}

impl fmt::Display for TooManyEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} live events, at most {EVENTS_MAX} fit; pass the newest", self.found)
    }
}

impl core::error::Error for TooManyEvents {}

/// The observations of a visit. Reused from request to request; [`Visit::load`] starts it afresh.
pub struct Visit {
    observations: [Observation; OBSERVATIONS_MAX],
    observed: usize,
    /// Bought, in the cart or just looked at, ascending.
    hidden: [ItemIdx; EVENTS_MAX],
    hidden_len: usize,
    events: [LiveEvent; EVENTS_MAX],
}

impl fmt::Debug for Visit {
    /// Counts only: what a person looked at does not belong in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("observed", &self.observed).field("hidden", &self.hidden_len).finish()
    }
}

impl Default for Visit {
    fn default() -> Self {
        Visit::new()
    }
}

impl Visit {
    /// A visit of which nothing is known.
    pub const fn new() -> Visit {
        let item = ItemIdx::FIRST;
        Visit {
            observations: [Observation {
                item,
                confidence: 0.0,
                pull: 0.0,
                together: 0.0,
                again: 0.0,
                relation: Relation::Viewed,
            }; OBSERVATIONS_MAX],
            observed: 0,
            hidden: [item; EVENTS_MAX],
            hidden_len: 0,
            events: [LiveEvent { item, at_s: 0, kind: EventKind::View }; EVENTS_MAX],
        }
    }

    /// Forgets the visit, so that nothing of it is left in memory that the next request reuses.
    pub fn clear(&mut self) {
        *self = Visit::new();
    }

    /// Takes in what the row and the live events say, in place of what was there.
    ///
    /// The confidence of an item is the sum of what its history and its events say; an event of age t counts for
    /// `confidence(kind) · 2^(−t / half life)`, and for what goes with the item as much as that is of a purchase, at most 1
    /// with what the row says. The order of `events` does not matter. An item is in the cart when the
    /// last cart event says so, and not shown for half an hour after a look at it. The [`PULLED_MAX`] items dealt with
    /// last pull the list towards them, the r-th by `2^(−(r / 2 + t / 30 min))`. Cost: O(n log n) comparisons of
    /// events, no allocation.
    ///
    /// # Errors
    /// [`TooManyEvents`], and then the visit is empty.
    pub fn load(
        &mut self,
        _permit: Permit,
        items: &Items<'_>,
        row: Option<&UserRow<'_>>,
        events: &[LiveEvent],
        now_s: u64,
    ) -> Result<(), TooManyEvents> {
        self.observed = 0;
        self.hidden_len = 0;
        let bought = row.map(UserRow::bought).unwrap_or_default();
        let Some(sorted) = self.events.get_mut(..events.len()) else {
            return Err(TooManyEvents { found: events.len() });
        };
        sorted.copy_from_slice(events);
        sort(sorted);
        let mut history = row.into_iter().flat_map(UserRow::history).peekable();
        let mut groups = sorted.chunk_by(|a, b| a.item == b.item).peekable();
        let mut observations = self.observations.iter_mut();
        let mut newest = Newest::default();
        // Both sides ascend by item; merge them.
        loop {
            let from_history = history.peek().and_then(|entry| items.idx(entry.item));
            let from_events = groups.peek().and_then(|g| g.first()).map(|e| e.item);
            if from_history.is_none() && history.next_if(|_| true).is_some() {
                continue; // A row of another bundle: nothing sensible can be learnt from it.
            }
            let item = match (from_history, from_events) {
                (Some(a), Some(b)) => a.min(b),
                (Some(a), None) | (None, Some(a)) => a,
                (None, None) => break,
            };
            let entry = history.next_if(|entry| entry.item == item.get());
            let known = entry.map_or(0.0, |entry| entry.confidence);
            let group = groups.next_if(|g| g.first().is_some_and(|e| e.item == item)).unwrap_or_default();
            let seen = Seen::of(group, items.model(), now_s);
            if (seen.in_cart || seen.purchased || seen.just_looked_at)
                && let Some(slot) = self.hidden.get_mut(self.hidden_len)
            {
                *slot = item;
                self.hidden_len += 1;
            }
            let confidence = known + seen.confidence;
            if confidence > 0.0
                && items.idx(item.get()).is_some()
                && let Some(slot) = observations.next()
            {
                let of_purchase =
                    |confidence: f32| (confidence / items.model().purchase.max(f32::MIN_POSITIVE)).min(1.0);
                let together = entry.map_or(0.0, |entry| entry.together.unwrap_or(of_purchase(entry.confidence)));
                *slot = Observation {
                    item,
                    confidence,
                    pull: 0.0,
                    together: (together + of_purchase(seen.confidence)).min(1.0),
                    again: entry.map_or(0.0, |entry| entry.again),
                    relation: seen.relation(bought.contains(item)),
                };
                // What left the cart is not wanted, and of what was bought there is enough.
                if let Some(last) = group.last().filter(|e| matches!(e.kind, EventKind::View | EventKind::CartAdd)) {
                    newest.offer(last.at_s.min(now_s), self.observed);
                }
                self.observed += 1;
            }
        }
        for (rank, (at_s, observed)) in newest.iter().enumerate() {
            if let Some(observation) = self.observations.get_mut(observed) {
                let halvings =
                    rank as f32 / PULL_HALF_LIFE_CLICKS + now_s.saturating_sub(at_s) as f32 / PULL_HALF_LIFE_S;
                observation.pull = PULL * libm::exp2f(-halvings);
            }
        }
        Ok(())
    }

    /// Says that the visitor is on the page of `item`, which must be among the events: what goes with it comes first.
    pub fn on_page_of(&mut self, item: ItemIdx) {
        let observations = self.observations.get_mut(..self.observed).unwrap_or_default();
        if let Some(observation) = observations.iter_mut().find(|o| o.item == item) {
            observation.pull = PULL_ON_PAGE;
        }
    }

    /// The observed items, ascending.
    pub fn observations(&self) -> &[Observation] {
        self.observations.get(..self.observed).unwrap_or_default()
    }

    /// What was observed of `item`. Cost: a binary search.
    pub fn observation(&self, item: ItemIdx) -> Option<&Observation> {
        let observations = self.observations();
        observations.get(observations.binary_search_by_key(&item, |o| o.item).ok()?)
    }

    /// Whether the visitor has bought `item` during the visit, has it in the cart, or has just looked at it.
    pub fn hides(&self, item: ItemIdx) -> bool {
        self.hidden.get(..self.hidden_len).unwrap_or_default().binary_search(&item).is_ok()
    }
}

/// The observations with the newest events, newest first; at a tie, the lower item first.
#[derive(Default)]
struct Newest {
    list: [Option<(u64, usize)>; PULLED_MAX],
}

impl Newest {
    /// Observations must be offered in ascending order.
    fn offer(&mut self, at_s: u64, observed: usize) {
        let mut offered = Some((at_s, observed));
        for slot in &mut self.list {
            if slot.is_none_or(|(other, _)| offered.is_some_and(|(at_s, _)| at_s > other)) {
                core::mem::swap(slot, &mut offered);
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = (u64, usize)> {
        self.list.iter().flatten().copied()
    }
}

/// What the live events of one item say together.
struct Seen {
    confidence: f32,
    in_cart: bool,
    purchased: bool,
    /// And has not taken it out of the cart since.
    just_looked_at: bool,
}

impl Seen {
    /// `events` of one item, oldest first.
    fn of(events: &[LiveEvent], model: &Model, now_s: u64) -> Seen {
        let mut seen = Seen { confidence: 0.0, in_cart: false, purchased: false, just_looked_at: false };
        for event in events {
            let weight = match event.kind {
                EventKind::View => model.view,
                EventKind::CartAdd => model.cart,
                EventKind::CartRemove => 0.0,
                EventKind::Purchase => model.purchase,
            };
            seen.confidence += weight * decay(now_s.saturating_sub(event.at_s), model.half_life_s);
            seen.just_looked_at = event.kind == EventKind::View && now_s.saturating_sub(event.at_s) < JUST_SEEN_S;
            match event.kind {
                EventKind::View => {}
                EventKind::CartAdd => seen.in_cart = true,
                EventKind::CartRemove => seen.in_cart = false,
                EventKind::Purchase => (seen.in_cart, seen.purchased) = (false, true),
            }
        }
        seen
    }

    const fn relation(&self, bought_before: bool) -> Relation {
        if bought_before || self.purchased {
            Relation::Bought
        } else if self.in_cart {
            Relation::InCart
        } else {
            Relation::Viewed
        }
    }
}

/// Sorts by insertion: events are few, for which the library's sort is much code.
fn sort(events: &mut [LiveEvent]) {
    for end in 1..events.len() {
        let (Some(sorted), Some(next)) = (events.get(..end), events.get(end).copied()) else { return };
        let at = sorted.partition_point(|event| *event <= next);
        events.copy_within(at..end, at + 1);
        if let Some(slot) = events.get_mut(at) {
            *slot = next;
        }
    }
}

/// 2^(−age / half life).
fn decay(age_s: u64, half_life_s: f32) -> f32 {
    if half_life_s > 0.0 { libm::exp2f(-(age_s as f32) / half_life_s) } else { 1.0 }
}
