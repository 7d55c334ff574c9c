//! Missingness: what is not known of somebody.

use super::entry::SERVICE;
use super::{Family, Feature, NEVER_NULL, each_window, features, flag, join, share};
use crate::view::Span;

const KNOWING: Family = Family { name: "knowledge", owner: "data platform", purposes: SERVICE };
const ORDERS: &[&str] = &["silver_orders.ordered_at", "silver_orders.status"];
const EVENTS: &[&str] = &["silver_events.happened_at"];
const TICKETS: &[&str] = &["silver_tickets.created_at"];
const ITEMS: &[&str] = &["silver_order_lines.item_id", "silver_order_lines.sku", "silver_items.item_id"];
const CATEGORIES: &[&str] = &["silver_order_lines.item_id", "silver_order_lines.sku", "silver_items.category"];
const NO_ORDER: &str = "no order in the window";

pub(super) const FEATURES: &[Feature] = join![
    features![KNOWING;
        "never_ordered" Flag Ever, ORDERS, NEVER_NULL, |v| flag(v.orders().is_empty());
        "never_browsed" Flag Ever, EVENTS, NEVER_NULL, |v| flag(v.sessions().is_empty());
        "never_asked_support" Flag Ever, TICKETS, NEVER_NULL, |v| flag(v.support().last_at.is_none());
        "market_unknown" Flag Ever, &["silver_customers.market"], NEVER_NULL, |v| flag(v.standing().market.is_none());
        "order_device_unknown_share_365d" Share Days365, &["silver_orders.ordered_at", "silver_orders.device"], NO_ORDER, |v| {
            let h = v.habits();
            share(h.orders - h.order_devices.iter().sum::<u32>(), h.orders)
        };
        "session_device_unknown_share_365d" Share Days365, &["silver_events.happened_at", "silver_events.platform"],
            "no session in the window", |v| {
            let (h, sessions) = (v.habits(), v.window(Span::Days365).sessions);
            share(sessions - h.session_devices.iter().sum::<u32>(), sessions)
        };
    ],
    each_window![KNOWING; "item_unknown_share_365d" Days365;
        Share, ITEMS, NO_ORDER, w => share(w.lines_unknown, w.lines)],
    each_window![KNOWING; "category_unknown_share_365d" Days365;
        Share, CATEGORIES, NO_ORDER, w => share(w.lines_uncategorised, w.lines)],
];
