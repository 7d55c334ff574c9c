//! What visitors did since the bundle was built, in memory only.
//!
//! Keyed by the salted visitor key, so no visitor id is kept. Bounded per visitor, in total and in time. Only events
//! that came with a visitor's own "granted" get here ([`crate::routes`] sees to that), and [`Overlay::forget`] removes
//! all of a visitor's at once.

use std::collections::{BTreeSet, HashMap};

use kenal_edge::limits::EVENTS_MAX;
use kenal_edge::{LiveEvent, LiveKind, VisitorKey};

/// Visitors kept at most: about 100 MB when each has all [`EVENTS_MAX`] events with ids of a usual length.
pub const VISITORS_MAX: usize = 20_000;

/// How long a visitor's events are kept after the last of them. A purchase must stay excluded until a bundle knows of
/// it, and the slowest system of the shop is synced nightly, with a build after it; three days cover a failed night.
pub const TTL_S: i64 = 3 * 24 * 3600;

/// Live events of all visitors.
#[derive(Debug, Default)]
pub struct Overlay {
    visitors: HashMap<VisitorKey, Recent>,
    /// Visitors by the time of their last event: the first is the next to go.
    by_age: BTreeSet<(i64, VisitorKey)>,
}

#[derive(Debug, Default)]
struct Recent {
    touched: i64,
    events: Vec<LiveEvent>,
}

/// What became of events that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recorded {
    pub accepted: usize,
    /// Sent before, in every detail: a repeat after a lost answer.
    pub duplicate: usize,
}

impl Overlay {
    /// Adds events of a visitor who has granted consent; `now` is the time of receipt.
    pub fn record(&mut self, key: VisitorKey, events: Vec<LiveEvent>, now: i64) -> Recorded {
        self.expire(now);
        let mut recorded = Recorded::default();
        if events.is_empty() {
            return recorded;
        }
        let recent = self.visitors.entry(key).or_default();
        self.by_age.remove(&(recent.touched, key));
        for event in events {
            if recent.events.contains(&event) {
                recorded.duplicate += 1;
            } else {
                recent.events.push(event);
                recorded.accepted += 1;
            }
        }
        recent.shorten();
        recent.touched = now;
        self.by_age.insert((now, key));
        while self.visitors.len() > VISITORS_MAX {
            self.drop_oldest();
        }
        recorded
    }

    /// A visitor's events, oldest first.
    pub fn events(&self, key: &VisitorKey, now: i64) -> Vec<LiveEvent> {
        match self.visitors.get(key) {
            Some(recent) if recent.touched > now - TTL_S => recent.events.clone(),
            _ => Vec::new(),
        }
    }

    /// Forgets a visitor; returns how many events were kept.
    pub fn forget(&mut self, key: &VisitorKey) -> usize {
        let Some(recent) = self.visitors.remove(key) else { return 0 };
        self.by_age.remove(&(recent.touched, *key));
        recent.events.len()
    }

    fn expire(&mut self, now: i64) {
        while self.by_age.first().is_some_and(|&(touched, _)| touched <= now - TTL_S) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, key)) = self.by_age.pop_first() {
            self.visitors.remove(&key);
        }
    }
}

impl Recent {
    /// Keeps the newest events, and among them purchases before anything else: a view that is dropped moves a ranking
    /// a little, a purchase that is dropped recommends what was just bought.
    fn shorten(&mut self) {
        self.events.sort_by_key(|e| e.time);
        while self.events.len() > EVENTS_MAX {
            let at = self.events.iter().position(|e| e.kind != LiveKind::Purchase).unwrap_or(0);
            self.events.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use kenal_edge::Hash;

    use super::*;

    fn event(item: usize, kind: LiveKind, time: i64) -> LiveEvent {
        LiveEvent { item: item.to_string(), kind, time }
    }

    fn key(n: u32) -> VisitorKey {
        VisitorKey::new(&Hash::default(), &n.to_string())
    }

    #[test]
    fn a_repeat_counts_once_and_purchases_outlive_views() {
        let mut overlay = Overlay::default();
        let bought = event(0, LiveKind::Purchase, 5);
        assert_eq!(overlay.record(key(1), vec![bought.clone()], 10), Recorded { accepted: 1, duplicate: 0 });
        assert_eq!(overlay.record(key(1), vec![bought.clone()], 11), Recorded { accepted: 0, duplicate: 1 });
        let views = (0..2 * EVENTS_MAX).map(|i| event(i, LiveKind::View, 100 + i as i64)).collect();
        overlay.record(key(1), views, 500);
        let kept = overlay.events(&key(1), 500);
        assert_eq!(kept.len(), EVENTS_MAX);
        assert_eq!(kept[0], bought);
        assert_eq!(kept[1].time, 100 + (EVENTS_MAX + 1) as i64, "the newest views are kept");
    }

    #[test]
    fn a_visitor_is_forgotten_on_request_and_by_age() {
        let mut overlay = Overlay::default();
        overlay.record(key(1), vec![event(1, LiveKind::View, 0)], 0);
        overlay.record(key(2), vec![event(1, LiveKind::View, 0)], 10);
        assert_eq!(overlay.forget(&key(2)), 1);
        assert_eq!(overlay.forget(&key(2)), 0);
        assert!(overlay.events(&key(2), 10).is_empty());
        assert_eq!(overlay.events(&key(1), TTL_S - 1).len(), 1);
        assert!(overlay.events(&key(1), TTL_S).is_empty(), "too old to be used, before anything sweeps");
        overlay.record(key(3), vec![event(1, LiveKind::View, 0)], TTL_S);
        assert_eq!(overlay.visitors.len(), 1, "the sweep removed the first visitor");
        assert_eq!(overlay.by_age.len(), 1);
    }

    #[test]
    fn the_visitors_longest_away_make_room() {
        let mut overlay = Overlay::default();
        for n in 0..=VISITORS_MAX as u32 {
            overlay.record(key(n), vec![event(1, LiveKind::View, 0)], i64::from(n));
        }
        assert_eq!(overlay.visitors.len(), VISITORS_MAX);
        let now = VISITORS_MAX as i64;
        assert!(overlay.events(&key(0), now).is_empty());
        for n in [1, VISITORS_MAX as u32] {
            assert_eq!(overlay.events(&key(n), now).len(), 1, "{n}");
        }
    }
}
