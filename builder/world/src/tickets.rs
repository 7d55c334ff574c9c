//! Support tickets: about orders, and more of them before a person leaves.

use kenal_types::Timestamp;

use crate::dice::{Dice, For};
use crate::orders::{History, Outcome};

/// A ticket as it happened.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    /// Position among the person's tickets.
    pub(crate) slot: u64,
    pub(crate) at: Timestamp,
    /// Position of the order it is about.
    pub(crate) order: Option<usize>,
    pub(crate) subject: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) priority: Option<&'static str>,
    pub(crate) score: &'static str,
    pub(crate) solved_at: Timestamp,
}

const ABOUT_ORDERS: [(&str, &str); 5] = [
    ("Where is my order?", "delivery"),
    ("Item arrived damaged", "damaged"),
    ("Wrong item in the parcel", "wrong_item"),
    ("Refund has not arrived", "refund"),
    ("Change of delivery address", "address"),
];
const ABOUT_OTHER: [(&str, &str); 3] =
    [("Cannot sign in", "account"), ("Points are missing", "loyalty"), ("Question about a product", "product")];
/// Most tickets of one person; it bounds ticket numbers.
pub(crate) const TICKETS_MAX: u64 = 16;
/// Orders in the last so many days before somebody leaves go wrong three times as often.
const TROUBLE_DAYS: f64 = 60.0;

pub(crate) fn draw(seed: u64, i: u64, history: &History, now: Timestamp) -> Vec<Ticket> {
    let mut dice = Dice::new(seed, For::Tickets, i);
    let mut tickets: Vec<Ticket> = Vec::new();
    for (order, bought) in history.orders.iter().enumerate() {
        let leaving = history.left_at.is_some_and(|left| left.days_since(bought.at) < TROUBLE_DAYS);
        let trouble = if leaving { 3.0 } else { 1.0 } * if bought.outcome == Outcome::Completed { 1.0 } else { 4.0 };
        if !bought.guest && dice.chance(0.04 * trouble) {
            let days = 0.2 + dice.exponential(4.0);
            tickets.push(ticket(bought.at, days, Some(order), leaving, now, &mut dice));
        }
    }
    if dice.chance(0.05) {
        let days = dice.unit() * 300.0;
        tickets.push(ticket(now.plus_days(-301), days, None, history.left_at.is_some(), now, &mut dice));
    }
    tickets.retain(|t| t.at < now.plus_days(-1));
    tickets.sort_by_key(|t| t.at);
    tickets.truncate(TICKETS_MAX as usize);
    for (slot, ticket) in tickets.iter_mut().enumerate() {
        ticket.slot = slot as u64;
    }
    tickets
}

fn ticket(from: Timestamp, days: f64, order: Option<usize>, unhappy: bool, now: Timestamp, dice: &mut Dice) -> Ticket {
    let after = |t: Timestamp, days: f64| {
        Timestamp::from_seconds(Timestamp(t.0 + (days * Timestamp::US_PER_DAY as f64) as i64).seconds())
    };
    let at = after(from, days);
    let (subject, tag) = if order.is_some() { *dice.pick(&ABOUT_ORDERS) } else { *dice.pick(&ABOUT_OTHER) };
    let priority = [None, Some("low"), Some("normal"), Some("high"), Some("urgent")];
    let weights = if unhappy { [0.2, 0.1, 0.3, 0.3, 0.1] } else { [0.3, 0.2, 0.4, 0.08, 0.02] };
    let scores = ["unoffered", "offered", "good", "bad"];
    let likes = if unhappy { [0.3, 0.3, 0.1, 0.3] } else { [0.3, 0.35, 0.3, 0.05] };
    Ticket {
        slot: 0,
        at,
        order,
        subject,
        tag,
        priority: priority[dice.weighted(&weights)],
        score: scores[dice.weighted(&likes)],
        solved_at: after(at, 0.1 + dice.exponential(2.0)).min(now),
    }
}
