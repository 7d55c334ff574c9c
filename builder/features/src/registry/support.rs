//! Support history: how often somebody needed help, and how it went.

use kenal_types::Purpose::Market;

use super::{Feature, NEVER_NULL, Unit, each_window, join, ratio};
use crate::view::Span;

const TICKETS: &[&str] = &["silver_tickets.created_at"];
const CHANNEL: &[&str] = &["silver_tickets.created_at", "silver_tickets.channel"];
const PRIORITY: &[&str] = &["silver_tickets.created_at", "silver_tickets.priority"];
const RATING: &[&str] = &["silver_tickets.created_at", "silver_tickets.satisfaction", "silver_tickets.updated_at"];
const OUTCOME: &[&str] = &["silver_tickets.created_at", "silver_tickets.status", "silver_tickets.updated_at"];

pub(super) const FEATURES: &[Feature] = join![
    each_window!["tickets_30d" Days30, "tickets_90d" Days90, "tickets_365d" Days365, "tickets_ever" Ever;
        Unit::Count, TICKETS, Market, NEVER_NULL, w => Some(f64::from(w.tickets))],
    each_window!["urgent_tickets_90d" Days90, "urgent_tickets_365d" Days365;
        Unit::Count, PRIORITY, Market, NEVER_NULL, w => Some(f64::from(w.urgent_tickets))],
    each_window!["phone_ticket_share_365d" Days365;
        Unit::Share, CHANNEL, Market, "no ticket in the window", w => ratio(f64::from(w.phone_tickets), f64::from(w.tickets))],
    each_window!["bad_ratings_365d" Days365;
        Unit::Count, RATING, Market, NEVER_NULL, w => Some(f64::from(w.bad_ratings))],
    each_window!["good_rating_share_365d" Days365;
        Unit::Share, RATING, Market, "no ticket of the window was rated",
        w => ratio(f64::from(w.good_ratings), f64::from(w.good_ratings + w.bad_ratings))],
    each_window!["resolution_hours_mean_365d" Days365;
        Unit::Hours, OUTCOME, Market, "no ticket of the window was solved yet",
        w => ratio(w.resolution_hours, f64::from(w.solved_tickets))],
    [
        Feature {
            name: "tickets_open",
            unit: Unit::Count,
            window: Span::Ever,
            sources: OUTCOME,
            purpose: Market,
            null: NEVER_NULL,
            compute: |v| Some(f64::from(v.open_tickets())),
        },
        Feature {
            name: "ticket_recency_days",
            unit: Unit::Days,
            window: Span::Ever,
            sources: TICKETS,
            purpose: Market,
            null: "never wrote to support",
            compute: |v| v.last_ticket_at().map(|at| v.days_since(at)),
        },
        Feature {
            name: "tickets_per_order_365d",
            unit: Unit::Ratio,
            window: Span::Days365,
            sources: &["silver_tickets.created_at", "silver_orders.ordered_at"],
            purpose: Market,
            null: "no order in the window",
            compute: |v| {
                let w = v.window(Span::Days365);
                ratio(f64::from(w.tickets), f64::from(w.orders))
            },
        },
    ],
];
