//! Variety and category affinity: what the money goes to.

use super::entry::SHOPPING;
use super::{Family, Feature, NEVER_NULL, each_window, features, flag, join, ratio};

const TASTE: Family = Family { name: "basket", owner: "merchandising", purposes: SHOPPING };
const ITEMS: &[&str] = &["silver_orders.ordered_at", "silver_order_lines.item_id", "silver_order_lines.sku"];
const CATEGORIES: &[&str] = &["silver_orders.ordered_at", "silver_order_lines.sku", "silver_items.category"];
const CATEGORY_MONEY: &[&str] = &[
    "silver_order_lines.quantity",
    "silver_order_lines.unit_price",
    "silver_orders.currency",
    "silver_items.category",
];
const VIEWS: &[&str] = &["silver_events.item_id", "silver_items.category", "silver_order_lines.unit_price"];
const VIEWED_CATEGORIES: &[&str] = &["silver_events.happened_at", "silver_events.item_id", "silver_items.category"];
const NO_CATEGORY: &str = "nothing with a known category and a price was bought in the window";

pub(super) const FEATURES: &[Feature] = join![
    each_window![TASTE; "items_30d" Days30, "items_90d" Days90, "items_365d" Days365, "items_ever" Ever;
        Count, ITEMS, NEVER_NULL, w => Some(f64::from(w.items))],
    each_window![TASTE; "categories_90d" Days90, "categories_365d" Days365;
        Count, CATEGORIES, NEVER_NULL, w => Some(f64::from(w.categories))],
    each_window![TASTE; "lines_per_order_90d" Days90, "lines_per_order_365d" Days365;
        Ratio, ITEMS, "no order in the window", w => ratio(f64::from(w.lines), f64::from(w.orders))],
    features![TASTE;
        "category_top_share_365d" Share Days365, CATEGORY_MONEY, NO_CATEGORY, |v| v.affinity().top_share;
        "category_entropy_365d" Bits Days365, CATEGORY_MONEY, NO_CATEGORY, |v| v.affinity().entropy;
        "category_view_match_365d" Share Days365, VIEWS,
            "no favourite category, or no view with a category, in the window", |v| v.affinity().view_match;
        "category_view_top_share_365d" Share Days365, VIEWED_CATEGORIES,
            "no view with a category in the window", |v| v.affinity().view_top_share;
        "category_last_is_top_365d" Flag Days365, CATEGORY_MONEY, NO_CATEGORY, |v| v.affinity().last_in_top.and_then(flag);
        "categories_new_90d" Count Days90, CATEGORIES, NEVER_NULL, |v| Some(f64::from(v.affinity().new_categories));
        "repeat_item_share" Share Ever, ITEMS, "no known item was bought yet", |v| v.affinity().repeat_share;
    ],
];
