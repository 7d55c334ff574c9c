//! Variety and category affinity: what the money goes to.

use kenal_types::Purpose::Personalise;

use super::{Feature, NEVER_NULL, Unit, each_window, flag, join, ratio};
use crate::view::Span;

const ITEMS: &[&str] = &["silver_orders.ordered_at", "silver_order_lines.item_id", "silver_order_lines.sku"];
const CATEGORIES: &[&str] = &["silver_orders.ordered_at", "silver_order_lines.sku", "silver_items.category"];
const CATEGORY_MONEY: &[&str] = &[
    "silver_order_lines.quantity",
    "silver_order_lines.unit_price",
    "silver_orders.currency",
    "silver_items.category",
];
const VIEWS: &[&str] = &["silver_events.item_id", "silver_items.category", "silver_order_lines.unit_price"];
const NO_CATEGORY: &str = "nothing with a known category and a price was bought in the window";

pub(super) const FEATURES: &[Feature] = join![
    each_window!["items_30d" Days30, "items_90d" Days90, "items_365d" Days365, "items_ever" Ever;
        Unit::Count, ITEMS, Personalise, NEVER_NULL, w => Some(f64::from(w.items))],
    each_window!["categories_90d" Days90, "categories_365d" Days365;
        Unit::Count, CATEGORIES, Personalise, NEVER_NULL, w => Some(f64::from(w.categories))],
    each_window!["lines_per_order_90d" Days90, "lines_per_order_365d" Days365;
        Unit::Ratio, ITEMS, Personalise, "no order in the window", w => ratio(f64::from(w.lines), f64::from(w.orders))],
    [
        Feature {
            name: "category_top_share_365d",
            unit: Unit::Share,
            window: Span::Days365,
            sources: CATEGORY_MONEY,
            purpose: Personalise,
            null: NO_CATEGORY,
            compute: |v| v.affinity().top_share,
        },
        Feature {
            name: "category_entropy_365d",
            unit: Unit::Bits,
            window: Span::Days365,
            sources: CATEGORY_MONEY,
            purpose: Personalise,
            null: NO_CATEGORY,
            compute: |v| v.affinity().entropy,
        },
        Feature {
            name: "category_view_match_365d",
            unit: Unit::Share,
            window: Span::Days365,
            sources: VIEWS,
            purpose: Personalise,
            null: "no favourite category, or no view with a category, in the window",
            compute: |v| v.affinity().view_match,
        },
        Feature {
            name: "category_last_is_top_365d",
            unit: Unit::Flag,
            window: Span::Days365,
            sources: CATEGORY_MONEY,
            purpose: Personalise,
            null: NO_CATEGORY,
            compute: |v| v.affinity().last_in_top.and_then(flag),
        },
        Feature {
            name: "repeat_item_share",
            unit: Unit::Share,
            window: Span::Ever,
            sources: ITEMS,
            purpose: Personalise,
            null: "no known item was bought yet",
            compute: |v| v.affinity().repeat_share,
        },
    ],
];
