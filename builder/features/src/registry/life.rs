//! Loyalty and life cycle.

use kenal_types::System;

use super::entry::SERVICE;
use super::{Family, Feature, NEVER_NULL, Unit, flag, ratio, share};
use crate::view::{Span, View};

const LIFE: Family = Family { name: "life", owner: "loyalty and CRM", purposes: SERVICE };

const RECORDS: &[&str] = &["silver_customers.key", "silver_customers.created_at"];
const LOYALTY: &[&str] = &["silver_customers.loyalty"];
const ORDERS: &[&str] = &["silver_orders.ordered_at", "silver_orders.status"];
const MEMBER_ORDERS: &[&str] =
    &["silver_customers.loyalty", "silver_orders.ordered_at", "silver_order_lines.unit_price"];
const NOT_A_MEMBER: &str = "not a member";

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
    Feature { family: LIFE, name, unit, window: Span::Ever, sources, null, compute }
}

pub(super) const FEATURES: &[Feature] = &[
    life("loyalty_member", Unit::Flag, LOYALTY, NEVER_NULL, |v| flag(v.standing().member_since.is_some())),
    life("loyalty_active", Unit::Flag, LOYALTY, "not a member, or not told since whether an active one", |v| {
        v.standing().member_active.and_then(flag)
    }),
    life("loyalty_tenure_days", Unit::Days, LOYALTY, NOT_A_MEMBER, |v| {
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
    life("ordered_once", Unit::Flag, ORDERS, NEVER_NULL, |v| flag(v.orders().len() == 1)),
    life("loyalty_orders", Unit::Count, MEMBER_ORDERS, NOT_A_MEMBER, |v| {
        v.standing().member_since.map(|_| f64::from(v.standing().member_orders))
    }),
    life("loyalty_order_share", Unit::Share, MEMBER_ORDERS, "not a member, or no order yet", |v| {
        v.standing().member_since?;
        share(v.standing().member_orders, v.window(Span::Ever).orders)
    }),
    life("loyalty_spend_per_day", Unit::Ratio, MEMBER_ORDERS, NOT_A_MEMBER, |v| {
        // At least one day, as for orders a month.
        let since = v.standing().member_since?;
        ratio(v.standing().member_spend_sgd, v.days_since(since).max(1.0))
    }),
    life("new_customer_90", Unit::Flag, ORDERS, "no order yet", |v| {
        flag(v.orders().first().map(|o| v.days_since(o.at))? <= 90.0)
    }),
    life("lapsed_365", Unit::Flag, ORDERS, "no order yet", |v| {
        flag(v.orders().last().map(|o| v.days_since(o.at))? > 365.0)
    }),
    life("came_back", Unit::Flag, ORDERS, "fewer than two orders", |v| {
        // The last order ended a pause of more than 180 days.
        flag(v.gaps_days().last()? > 180.0)
    }),
];
