//! Sessions, views, searches and carts.

use kenal_types::Purpose::Personalise;

use super::{Feature, NEVER_NULL, Unit, each_window, flag, join, ratio};
use crate::view::Span;

const EVENTS: &[&str] = &["silver_events.happened_at", "silver_events.kind"];
const ITEM_EVENTS: &[&str] = &["silver_events.happened_at", "silver_events.kind", "silver_events.item_id"];
const CARTS_AND_ORDERS: &[&str] = &["silver_events.happened_at", "silver_events.kind", "silver_orders.ordered_at"];
const NO_SESSION: &str = "no session in the window";
const NO_VIEW: &str = "no item was viewed in the window";

pub(super) const FEATURES: &[Feature] = join![
    each_window!["sessions_7d" Days7, "sessions_30d" Days30, "sessions_90d" Days90, "sessions_365d" Days365;
        Unit::Count, EVENTS, Personalise, NEVER_NULL, w => Some(f64::from(w.sessions))],
    each_window!["session_minutes_30d" Days30, "session_minutes_90d" Days90;
        Unit::Minutes, EVENTS, Personalise, NEVER_NULL, w => Some(w.session_minutes)],
    each_window!["session_minutes_mean_90d" Days90;
        Unit::Minutes, EVENTS, Personalise, NO_SESSION, w => ratio(w.session_minutes, f64::from(w.sessions))],
    each_window!["views_7d" Days7, "views_30d" Days30, "views_90d" Days90, "views_365d" Days365;
        Unit::Count, EVENTS, Personalise, NEVER_NULL, w => Some(f64::from(w.views))],
    each_window!["viewed_items_30d" Days30, "viewed_items_90d" Days90;
        Unit::Count, ITEM_EVENTS, Personalise, NEVER_NULL, w => Some(f64::from(w.viewed_items))],
    each_window!["views_per_session_90d" Days90;
        Unit::Ratio, EVENTS, Personalise, NO_SESSION, w => ratio(f64::from(w.views), f64::from(w.sessions))],
    each_window!["searches_30d" Days30, "searches_90d" Days90;
        Unit::Count, EVENTS, Personalise, NEVER_NULL, w => Some(f64::from(w.searches))],
    each_window!["carts_7d" Days7, "carts_30d" Days30, "carts_90d" Days90;
        Unit::Count, EVENTS, Personalise, NEVER_NULL, w => Some(f64::from(w.carts))],
    each_window!["cart_removals_30d" Days30;
        Unit::Count, EVENTS, Personalise, NEVER_NULL, w => Some(f64::from(w.cart_removals))],
    each_window!["wishlists_90d" Days90;
        Unit::Count, EVENTS, Personalise, NEVER_NULL, w => Some(f64::from(w.wishlists))],
    each_window!["checkouts_30d" Days30;
        Unit::Count, EVENTS, Personalise, NEVER_NULL, w => Some(f64::from(w.checkouts))],
    each_window!["carts_per_view_90d" Days90;
        Unit::Ratio, EVENTS, Personalise, NO_VIEW, w => ratio(f64::from(w.carts), f64::from(w.views))],
    each_window!["orders_per_session_90d" Days90;
        Unit::Ratio, CARTS_AND_ORDERS, Personalise, NO_SESSION, w => ratio(f64::from(w.orders), f64::from(w.sessions))],
    [
        Feature {
            name: "session_recency_days",
            unit: Unit::Days,
            window: Span::Ever,
            sources: EVENTS,
            purpose: Personalise,
            null: "never seen in the app or on the page",
            compute: |v| v.sessions().last().map(|s| v.days_since(s.end)),
        },
        Feature {
            name: "cart_recency_days",
            unit: Unit::Days,
            window: Span::Ever,
            sources: EVENTS,
            purpose: Personalise,
            null: "nothing was ever put in a cart",
            compute: |v| v.last_cart_at().map(|at| v.days_since(at)),
        },
        Feature {
            name: "cart_left_behind",
            unit: Unit::Flag,
            window: Span::Ever,
            sources: CARTS_AND_ORDERS,
            purpose: Personalise,
            null: "nothing was ever put in a cart",
            compute: |v| {
                let cart = v.last_cart_at()?;
                flag(v.orders().last().is_none_or(|o| o.at < cart))
            },
        },
    ],
];
