//! Recency, gaps and trends: whether somebody is on time, late, or slowing down.

use super::entry::SHOPPING;
use super::{Family, Feature, NEVER_NULL, Unit, ratio, share};
use crate::view::{Span, View};

const RHYTHM: Family = Family { name: "rhythm", owner: "commerce", purposes: SHOPPING };
const ORDERS: &[&str] = &["silver_orders.ordered_at", "silver_orders.status"];
const MONEY: &[&str] = &[
    "silver_orders.ordered_at",
    "silver_order_lines.quantity",
    "silver_order_lines.unit_price",
    "silver_orders.currency",
];
const EVENTS: &[&str] = &["silver_events.happened_at"];
const ONE_ORDER: &str = "fewer than two orders";

/// Mean days between orders.
fn gap_mean(v: &View) -> Option<f64> {
    let (first, last) = (v.orders().first()?, v.orders().last()?);
    ratio(last.at.days_since(first.at), v.orders().len() as f64 - 1.0)
}

fn recency(v: &View) -> Option<f64> {
    v.orders().last().map(|o| v.days_since(o.at))
}

/// The last 90 days less the 90 before them.
fn change(v: &View, of: impl Fn(Span) -> f64) -> Option<f64> {
    v.orders().first().map(|_| of(Span::Days90) - (of(Span::Days180) - of(Span::Days90)))
}

const fn rhythm(
    name: &'static str,
    unit: Unit,
    sources: &'static [&'static str],
    null: &'static str,
    compute: fn(&View) -> Option<f64>,
) -> Feature {
    Feature { family: RHYTHM, name, unit, window: Span::Ever, sources, null, compute }
}

pub(super) const FEATURES: &[Feature] = &[
    rhythm("recency_days", Unit::Days, ORDERS, "no order yet", recency),
    rhythm("tenure_days", Unit::Days, ORDERS, "no order yet", |v| v.orders().first().map(|o| v.days_since(o.at))),
    rhythm("gap_mean_days", Unit::Days, ORDERS, ONE_ORDER, gap_mean),
    rhythm("gap_last_days", Unit::Days, ORDERS, ONE_ORDER, |v| v.gaps_days().last()),
    rhythm("gap_longest_days", Unit::Days, ORDERS, ONE_ORDER, |v| v.gaps_days().reduce(f64::max)),
    rhythm("gap_spread", Unit::Ratio, ORDERS, "fewer than three orders, or all at one time", |v| {
        let (n, mean) = (v.gaps_days().count() as f64, gap_mean(v)?);
        let variance = ratio(v.gaps_days().map(|g| (g - mean).powi(2)).sum(), n - 1.0)?;
        ratio(variance.sqrt(), mean)
    }),
    rhythm("recency_to_gap", Unit::Ratio, ORDERS, "fewer than two orders, or all at one time", |v| {
        ratio(recency(v)?, gap_mean(v)?)
    }),
    rhythm("gap_last_to_mean", Unit::Ratio, ORDERS, "fewer than two orders, or all at one time", |v| {
        ratio(v.gaps_days().last()?, gap_mean(v)?)
    }),
    rhythm("orders_change_90", Unit::Count, ORDERS, "no order yet", |v| {
        change(v, |span| f64::from(v.window(span).orders))
    }),
    rhythm("spend_change_90", Unit::Sgd, MONEY, "no order yet", |v| change(v, |span| v.window(span).spend_sgd)),
    rhythm("orders_per_30_days", Unit::Ratio, ORDERS, "no order yet", |v| {
        // At least one day, so that a first order an hour ago is not 720 a month.
        let tenure = v.orders().first().map(|o| v.days_since(o.at).max(1.0))?;
        ratio(v.orders().len() as f64 * 30.0, tenure.max(30.0))
    }),
    rhythm("sessions_change_90", Unit::Count, EVENTS, NEVER_NULL, |v| {
        let sessions = |span| f64::from(v.window(span).sessions);
        Some(sessions(Span::Days90) - (sessions(Span::Days180) - sessions(Span::Days90)))
    }),
    rhythm("gap_shortest_days", Unit::Days, ORDERS, ONE_ORDER, |v| v.gaps_days().reduce(f64::min)),
    rhythm("gap_last_to_longest", Unit::Ratio, ORDERS, "fewer than two orders, or all at one time", |v| {
        ratio(v.gaps_days().last()?, v.gaps_days().reduce(f64::max)?)
    }),
    rhythm("recency_to_longest_gap", Unit::Ratio, ORDERS, "fewer than two orders, or all at one time", |v| {
        ratio(recency(v)?, v.gaps_days().reduce(f64::max)?)
    }),
    rhythm("units_change_90", Unit::Count, MONEY, "no order yet", |v| change(v, |span| v.window(span).units as f64)),
    rhythm("views_change_90", Unit::Count, EVENTS, NEVER_NULL, |v| {
        let views = |span| f64::from(v.window(span).views);
        Some(views(Span::Days90) - (views(Span::Days180) - views(Span::Days90)))
    }),
    rhythm("order_share_90_of_365", Unit::Share, ORDERS, "no order in 365 days", |v| {
        share(v.window(Span::Days90).orders, v.window(Span::Days365).orders)
    }),
    rhythm("spend_share_90_of_365", Unit::Share, MONEY, "nothing spent in 365 days", |v| {
        ratio(v.window(Span::Days90).spend_sgd, v.window(Span::Days365).spend_sgd)
    }),
    rhythm("session_share_7_of_30", Unit::Share, EVENTS, "no session in 30 days", |v| {
        share(v.window(Span::Days7).sessions, v.window(Span::Days30).sessions)
    }),
    rhythm("session_share_30_of_90", Unit::Share, EVENTS, "no session in 90 days", |v| {
        share(v.window(Span::Days30).sessions, v.window(Span::Days90).sessions)
    }),
];
