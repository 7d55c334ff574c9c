//! From events to confidence: how sure we are that a person wants an item.
//!
//! For person u and item i, over the events e between them:
//!
//! ```text
//! c_ui = min(cap, Σ_e weight(kind_e) · 2^(−age_e / half_life))
//! ```
//!
//! A return has a negative weight, so a purchase that came back counts for nothing; pairs whose sum is not above
//! [`Confidence::floor`] are dropped, which also keeps decade-old views from growing the matrix. The cap bounds what
//! one bot or one reseller can do. One fresh purchase is 1, the weight of an observation in the published experiments
//! with binary data, so the published ranges of `unobserved` and `reg` apply.

use serde::{Deserialize, Serialize};

use crate::interactions::{InteractionError, Interactions};

/// What happened between a person and an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    View,
    Cart,
    Purchase,
    /// Takes back what a purchase said.
    Return,
}

/// One event, seen from the moment the model is trained for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    pub user: u32,
    pub item: u32,
    pub kind: Kind,
    /// Days between the event and the cut; never negative.
    pub age_days: f32,
}

/// The weights of the formula above.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    pub view: f32,
    pub cart: f32,
    pub purchase: f32,
    /// Negative: what a return takes away.
    pub returned: f32,
    /// Days after which an event counts half; `f32::INFINITY` for no decay.
    pub half_life_days: f32,
    pub cap: f32,
    pub floor: f32,
}

impl Default for Confidence {
    fn default() -> Self {
        Confidence { view: 0.2, cart: 0.5, purchase: 1.0, returned: -1.0, half_life_days: 365.0, cap: 4.0, floor: 0.01 }
    }
}

impl Confidence {
    /// The weight of one event of this kind and age, before cap and floor.
    pub fn weight(&self, kind: Kind, age_days: f32) -> f32 {
        let fresh = match kind {
            Kind::View => self.view,
            Kind::Cart => self.cart,
            Kind::Purchase => self.purchase,
            Kind::Return => self.returned,
        };
        fresh * (-age_days / self.half_life_days).exp2()
    }

    /// The matrix c_ui, `n_users × n_items`. The order of `events` does not matter: sums are taken in the order of
    /// (user, item, kind, age). O(n log n).
    ///
    /// # Errors
    /// An index out of range, or an age that is negative or not a number; the row in the error is the event's position
    /// after sorting by (user, item, kind, age).
    pub fn interactions(
        &self,
        n_users: usize,
        n_items: usize,
        mut events: Vec<Event>,
    ) -> Result<Interactions, InteractionError> {
        events.sort_unstable_by(|a, b| {
            (a.user, a.item, a.kind).cmp(&(b.user, b.item, b.kind)).then(a.age_days.total_cmp(&b.age_days))
        });
        let mut triples: Vec<(u32, u32, f32)> = Vec::new();
        for (row, e) in events.iter().enumerate() {
            if !e.age_days.is_finite() || e.age_days < 0.0 {
                return Err(InteractionError::BadAge { row, age_days: e.age_days });
            }
            let w = self.weight(e.kind, e.age_days);
            match triples.last_mut() {
                Some((u, i, c)) if (*u, *i) == (e.user, e.item) => *c += w,
                _ => triples.push((e.user, e.item, w)),
            }
        }
        let kept = triples.into_iter().filter(|t| t.2 > self.floor).map(|(u, i, c)| (u, i, c.min(self.cap)));
        Interactions::from_triples(n_users, n_items, kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(user: u32, item: u32, kind: Kind, age_days: f32) -> Event {
        Event { user, item, kind, age_days }
    }

    #[test]
    fn weights_add_up_decay_cancel_and_are_capped() {
        let c = Confidence { half_life_days: 10.0, cap: 2.0, ..Confidence::default() };
        let events = vec![
            event(0, 0, Kind::View, 0.0),
            event(0, 0, Kind::Purchase, 10.0),
            event(0, 1, Kind::Purchase, 3.0),
            event(0, 1, Kind::Return, 3.0),
            event(1, 2, Kind::Purchase, 0.0),
            event(1, 2, Kind::Purchase, 0.0),
            event(1, 2, Kind::Purchase, 0.0),
            event(1, 0, Kind::View, 100.0),
        ];
        let m = c.interactions(2, 3, events.clone()).expect("valid");
        assert_eq!(
            (m.row(0).0, m.row(0).1.to_vec()),
            (&[0][..], vec![0.7]),
            "view 0.2 + half a purchase; the returned purchase is gone"
        );
        assert_eq!((m.row(1).0, m.row(1).1.to_vec()), (&[2][..], vec![2.0]), "capped; the old view is below the floor");
        let mut backwards = events;
        backwards.reverse();
        assert_eq!(c.interactions(2, 3, backwards).expect("valid"), m, "order does not matter");
    }

    #[test]
    fn impossible_ages_are_refused() {
        let c = Confidence::default();
        for age in [-1.0, f32::NAN, f32::INFINITY] {
            let got = c.interactions(1, 1, vec![event(0, 0, Kind::View, age)]);
            assert!(matches!(got, Err(InteractionError::BadAge { row: 0, .. })), "{age}: {got:?}");
        }
    }
}
