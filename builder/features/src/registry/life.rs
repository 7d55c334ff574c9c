//! Loyalty, life cycle, and what is not known of somebody.

use kenal_types::Purpose::Personalise;
use kenal_types::System;

use super::{Feature, NEVER_NULL, Unit, flag};
use crate::view::{Span, View};

const RECORDS: &[&str] = &["silver_customers.key", "silver_customers.created_at"];
const LOYALTY: &[&str] = &["silver_customers.loyalty"];
const ORDERS: &[&str] = &["silver_orders.ordered_at", "silver_orders.status"];
const EVENTS: &[&str] = &["silver_events.happened_at"];
const TICKETS: &[&str] = &["silver_tickets.created_at"];

fn in_system(v: &View, system: System) -> Option<f64> {
    flag(v.standing().systems >> system as u8 & 1 == 1)
}

const fn life(
    name: &'static str,
    unit: Unit,
    sources: &'static [&'static str],
    null: &'static str,
    compute: fn(&View) -> Option<f64>,
) -> Feature {
    Feature { name, unit, window: Span::Ever, sources, purpose: Personalise, null, compute }
}

pub(super) const FEATURES: &[Feature] = &[
    life("loyalty_member", Unit::Flag, LOYALTY, NEVER_NULL, |v| flag(v.standing().member_since.is_some())),
    life("loyalty_active", Unit::Flag, LOYALTY, "not a member", |v| v.standing().member_active.and_then(flag)),
    life("loyalty_tenure_days", Unit::Days, LOYALTY, "not a member", |v| {
        v.standing().member_since.map(|at| v.days_since(at))
    }),
    life("record_age_days", Unit::Days, RECORDS, "no record with a creation time", |v| {
        v.standing().first_record_at.map(|at| v.days_since(at))
    }),
    life("records", Unit::Count, RECORDS, NEVER_NULL, |v| Some(f64::from(v.standing().records))),
    life("systems", Unit::Count, RECORDS, NEVER_NULL, |v| Some(f64::from(v.standing().systems.count_ones()))),
    life("in_app", Unit::Flag, RECORDS, NEVER_NULL, |v| in_system(v, System::App)),
    life("in_loyalty_system", Unit::Flag, RECORDS, NEVER_NULL, |v| in_system(v, System::Salesforce)),
    life("days_from_record_to_order", Unit::Days, RECORDS, "no order, or no record with a creation time", |v| {
        Some(v.orders().first()?.at.days_since(v.standing().first_record_at?).max(0.0))
    }),
    life("never_ordered", Unit::Flag, ORDERS, NEVER_NULL, |v| flag(v.orders().is_empty())),
    life("ordered_once", Unit::Flag, ORDERS, NEVER_NULL, |v| flag(v.orders().len() == 1)),
    life("never_browsed", Unit::Flag, EVENTS, NEVER_NULL, |v| flag(v.sessions().is_empty())),
    life("never_asked_support", Unit::Flag, TICKETS, NEVER_NULL, |v| flag(v.last_ticket_at().is_none())),
];
