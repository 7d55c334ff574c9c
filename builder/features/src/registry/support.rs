//! Support history: how often somebody needed help, and how it went.

use super::entry::SERVICE;
use super::{Family, Feature, NEVER_NULL, each_window, features, flag, join, ratio, share};
use crate::view::Span;

const SUPPORT: Family = Family { name: "support", owner: "customer service", purposes: SERVICE };
const TICKETS: &[&str] = &["silver_tickets.created_at"];
const CHANNEL: &[&str] = &["silver_tickets.created_at", "silver_tickets.channel"];
const PRIORITY: &[&str] = &["silver_tickets.created_at", "silver_tickets.priority"];
const ESCALATION: &[&str] = &["silver_tickets.created_at", "silver_tickets.priority", "silver_tickets.updated_at"];
const RATING: &[&str] = &["silver_tickets.created_at", "silver_tickets.satisfaction", "silver_tickets.updated_at"];
const OUTCOME: &[&str] = &["silver_tickets.created_at", "silver_tickets.status", "silver_tickets.updated_at"];

pub(super) const FEATURES: &[Feature] = join![
    each_window![SUPPORT; "tickets_30d" Days30, "tickets_90d" Days90, "tickets_365d" Days365, "tickets_ever" Ever;
        Count, TICKETS, NEVER_NULL, w => Some(f64::from(w.tickets))],
    each_window![SUPPORT; "urgent_tickets_90d" Days90, "urgent_tickets_365d" Days365;
        Count, PRIORITY, NEVER_NULL, w => Some(f64::from(w.urgent_tickets))],
    each_window![SUPPORT; "phone_ticket_share_365d" Days365;
        Share, CHANNEL, "no ticket in the window", w => ratio(f64::from(w.phone_tickets), f64::from(w.tickets))],
    each_window![SUPPORT; "bad_ratings_365d" Days365;
        Count, RATING, NEVER_NULL, w => Some(f64::from(w.bad_ratings))],
    each_window![SUPPORT; "good_rating_share_365d" Days365;
        Share, RATING, "no ticket of the window was rated",
        w => ratio(f64::from(w.good_ratings), f64::from(w.good_ratings + w.bad_ratings))],
    each_window![SUPPORT; "resolution_hours_mean_365d" Days365;
        Hours, OUTCOME, "no ticket of the window was solved yet",
        w => ratio(w.resolution_hours, f64::from(w.solved_tickets))],
    each_window![SUPPORT; "escalated_tickets_90d" Days90, "escalated_tickets_365d" Days365;
        Count, ESCALATION, NEVER_NULL, w => Some(f64::from(w.escalated_tickets))],
    each_window![SUPPORT; "resolution_hours_max_365d" Days365;
        Hours, OUTCOME, "no ticket of the window was solved yet",
        w => (w.solved_tickets > 0).then_some(w.resolution_hours_max)],
    each_window![SUPPORT; "unrated_ticket_share_365d" Days365;
        Share, RATING, "no ticket in the window", w => share(w.tickets - w.good_ratings - w.bad_ratings, w.tickets)],
    features![SUPPORT;
        "tickets_open" Count Ever, OUTCOME, NEVER_NULL, |v| Some(f64::from(v.support().open));
        "ticket_open_age_days" Days Ever, OUTCOME, "no ticket is open", |v| {
            v.support().open_since.map(|at| v.days_since(at))
        };
        "ticket_recency_days" Days Ever, TICKETS, "never wrote to support", |v| {
            v.support().last_at.map(|at| v.days_since(at))
        };
        "resolution_hours_last" Hours Ever, OUTCOME, "no ticket was solved yet", |v| v.support().last_resolution_hours;
        "rating_last_good" Flag Ever, RATING, "never rated a ticket", |v| v.support().last_rating.and_then(flag);
        "tickets_change_90" Count Ever, TICKETS, NEVER_NULL, |v| {
            let tickets = |span| f64::from(v.window(span).tickets);
            Some(tickets(Span::Days90) - (tickets(Span::Days180) - tickets(Span::Days90)))
        };
        "tickets_per_order_365d" Ratio Days365, &["silver_tickets.created_at", "silver_orders.ordered_at"],
            "no order in the window", |v| {
            let w = v.window(Span::Days365);
            share(w.tickets, w.orders)
        };
    ],
];
