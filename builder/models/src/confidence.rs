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

use crate::interactions::InteractionError;

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

/// One event of a person, seen from the moment the model is trained for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
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

    /// A row of the matrix c_ui, by item: what one person's events say. The order of `events` does not matter: sums are
    /// taken in the order of (item, kind, age). O(n log n).
    ///
    /// # Errors
    /// An age that is negative or not a number; the row in the error is the event's position after sorting by (item,
    /// kind, age).
    pub fn of_user(&self, mut events: Vec<Event>) -> Result<Vec<(u32, f32)>, InteractionError> {
        events.sort_unstable_by(|a, b| (a.item, a.kind).cmp(&(b.item, b.kind)).then(a.age_days.total_cmp(&b.age_days)));
        let mut items: Vec<(u32, f32)> = Vec::new();
        for (row, e) in events.iter().enumerate() {
            if !e.age_days.is_finite() || e.age_days < 0.0 {
                return Err(InteractionError::BadAge { row, age_days: e.age_days });
            }
            let w = self.weight(e.kind, e.age_days);
            match items.last_mut() {
                Some((i, c)) if *i == e.item => *c += w,
                _ => items.push((e.item, w)),
            }
        }
        items.retain(|&(_, c)| c > self.floor);
        items.iter_mut().for_each(|(_, c)| *c = c.min(self.cap));
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(item: u32, kind: Kind, age_days: f32) -> Event {
        Event { item, kind, age_days }
    }

    #[test]
    fn weights_add_up_decay_cancel_and_are_capped() {
        let c = Confidence { half_life_days: 10.0, cap: 2.0, ..Confidence::default() };
        let one = vec![
            event(1, Kind::Purchase, 3.0),
            event(0, Kind::View, 0.0),
            event(0, Kind::Purchase, 10.0),
            event(1, Kind::Return, 3.0),
        ];
        let row = c.of_user(one.clone()).expect("valid");
        assert_eq!(row, [(0, 0.7)], "view 0.2 + half a purchase; the returned purchase is gone");
        let other = [event(2, Kind::Purchase, 0.0), event(0, Kind::View, 100.0)];
        let other = other.into_iter().chain([event(2, Kind::Purchase, 0.0); 2]).collect();
        assert_eq!(c.of_user(other).expect("valid"), [(2, 2.0)], "capped; the old view is below the floor");
        let backwards = one.into_iter().rev().collect();
        assert_eq!(c.of_user(backwards).expect("valid"), row, "order does not matter");
        assert_eq!(c.of_user(Vec::new()).expect("valid"), []);
    }

    #[test]
    fn impossible_ages_are_refused() {
        let c = Confidence::default();
        for age in [-1.0, f32::NAN, f32::INFINITY] {
            let got = c.of_user(vec![event(0, Kind::View, age)]);
            assert!(matches!(got, Err(InteractionError::BadAge { row: 0, .. })), "{age}: {got:?}");
        }
    }
}
