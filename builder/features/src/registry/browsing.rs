//! Sessions, views, searches and carts.

use super::entry::SHOPPING;
use super::{Family, Feature, NEVER_NULL, each_window, features, flag, join, ratio, share};

const BROWSING: Family = Family { name: "browsing", owner: "web and app", purposes: SHOPPING };
const EVENTS: &[&str] = &["silver_events.happened_at", "silver_events.kind"];
const ITEM_EVENTS: &[&str] = &["silver_events.happened_at", "silver_events.kind", "silver_events.item_id"];
const CARTS_AND_ORDERS: &[&str] = &["silver_events.happened_at", "silver_events.kind", "silver_orders.ordered_at"];
const NO_SESSION: &str = "no session in the window";
const NO_VIEW: &str = "no item was viewed in the window";

pub(super) const FEATURES: &[Feature] = join![
    each_window![BROWSING; "sessions_7d" Days7, "sessions_30d" Days30, "sessions_90d" Days90, "sessions_365d" Days365;
        Count, EVENTS, NEVER_NULL, w => Some(f64::from(w.sessions))],
    each_window![BROWSING; "session_minutes_7d" Days7, "session_minutes_30d" Days30, "session_minutes_90d" Days90;
        Minutes, EVENTS, NEVER_NULL, w => Some(w.session_minutes)],
    each_window![BROWSING; "session_minutes_mean_90d" Days90;
        Minutes, EVENTS, NO_SESSION, w => ratio(w.session_minutes, f64::from(w.sessions))],
    each_window![BROWSING; "views_7d" Days7, "views_30d" Days30, "views_90d" Days90, "views_365d" Days365;
        Count, EVENTS, NEVER_NULL, w => Some(f64::from(w.views))],
    each_window![BROWSING; "viewed_items_30d" Days30, "viewed_items_90d" Days90;
        Count, ITEM_EVENTS, NEVER_NULL, w => Some(f64::from(w.viewed_items))],
    each_window![BROWSING; "views_per_session_90d" Days90;
        Ratio, EVENTS, NO_SESSION, w => ratio(f64::from(w.views), f64::from(w.sessions))],
    each_window![BROWSING; "searches_30d" Days30, "searches_90d" Days90;
        Count, EVENTS, NEVER_NULL, w => Some(f64::from(w.searches))],
    each_window![BROWSING; "carts_7d" Days7, "carts_30d" Days30, "carts_90d" Days90;
        Count, EVENTS, NEVER_NULL, w => Some(f64::from(w.carts))],
    each_window![BROWSING; "cart_removals_30d" Days30;
        Count, EVENTS, NEVER_NULL, w => Some(f64::from(w.cart_removals))],
    each_window![BROWSING; "wishlists_90d" Days90;
        Count, EVENTS, NEVER_NULL, w => Some(f64::from(w.wishlists))],
    each_window![BROWSING; "checkouts_30d" Days30;
        Count, EVENTS, NEVER_NULL, w => Some(f64::from(w.checkouts))],
    each_window![BROWSING; "carts_per_view_90d" Days90;
        Ratio, EVENTS, NO_VIEW, w => ratio(f64::from(w.carts), f64::from(w.views))],
    each_window![BROWSING; "orders_per_session_90d" Days90;
        Ratio, CARTS_AND_ORDERS, NO_SESSION, w => ratio(f64::from(w.orders), f64::from(w.sessions))],
    each_window![BROWSING; "session_minutes_max_90d" Days90;
        Minutes, EVENTS, NO_SESSION, w => (w.sessions > 0).then_some(w.session_minutes_max)],
    each_window![BROWSING; "active_days_30d" Days30, "active_days_90d" Days90;
        Count, EVENTS, NEVER_NULL, w => Some(f64::from(w.active_days))],
    each_window![BROWSING; "searches_per_session_90d" Days90;
        Ratio, EVENTS, NO_SESSION, w => share(w.searches, w.sessions)],
    each_window![BROWSING; "views_per_order_365d" Days365;
        Ratio, CARTS_AND_ORDERS, "no order in the window", w => share(w.views, w.orders)],
    each_window![BROWSING; "carts_per_order_365d" Days365;
        Ratio, CARTS_AND_ORDERS, "no order in the window", w => share(w.carts, w.orders)],
    each_window![BROWSING; "cart_removal_share_90d" Days90;
        Ratio, EVENTS, "nothing was put in a cart in the window", w => share(w.cart_removals, w.carts)],
    each_window![BROWSING; "checkouts_90d" Days90;
        Count, EVENTS, NEVER_NULL, w => Some(f64::from(w.checkouts))],
    features![BROWSING;
        "session_recency_days" Days Ever, EVENTS, "never seen in the app or on the page", |v| {
            v.sessions().last().map(|s| v.days_since(s.end))
        };
        "cart_recency_days" Days Ever, EVENTS, "nothing was ever put in a cart", |v| {
            v.last_cart_at().map(|at| v.days_since(at))
        };
        "cart_left_behind" Flag Ever, CARTS_AND_ORDERS, "nothing was ever put in a cart", |v| {
            let cart = v.last_cart_at()?;
            flag(v.orders().last().is_none_or(|o| o.at < cart))
        };
    ],
];
