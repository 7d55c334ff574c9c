//! Frequency and money: what was ordered, how much, at what reduction, in windows.

use super::entry::SHOPPING;
use super::{Family, Feature, NEVER_NULL, each_window, features, join, ratio, share};
use crate::view::Span;

const ORDERING: Family = Family { name: "orders", owner: "commerce", purposes: SHOPPING };
const ORDERS: &[&str] = &["silver_orders.ordered_at", "silver_orders.status"];
const UNITS: &[&str] = &["silver_orders.ordered_at", "silver_order_lines.quantity"];
const MONEY: &[&str] = &[
    "silver_orders.ordered_at",
    "silver_order_lines.quantity",
    "silver_order_lines.unit_price",
    "silver_orders.currency",
];
const DISCOUNTS: &[&str] = &[
    "silver_orders.ordered_at",
    "silver_order_lines.discount",
    "silver_order_lines.unit_price",
    "silver_orders.currency",
];
const NO_ORDER: &str = "no order in the window";
const NO_ORDER_YET: &str = "no order yet";

pub(super) const FEATURES: &[Feature] = join![
    each_window![ORDERING; "orders_7d" Days7, "orders_30d" Days30, "orders_90d" Days90, "orders_365d" Days365, "orders_ever" Ever;
        Count, ORDERS, NEVER_NULL, w => Some(f64::from(w.orders))],
    each_window![ORDERING; "units_30d" Days30, "units_90d" Days90, "units_365d" Days365;
        Count, UNITS, NEVER_NULL, w => Some(w.units as f64)],
    each_window![ORDERING; "spend_7d" Days7, "spend_30d" Days30, "spend_90d" Days90, "spend_365d" Days365, "spend_ever" Ever;
        Sgd, MONEY, NEVER_NULL, w => Some(w.spend_sgd)],
    each_window![ORDERING; "order_value_mean_90d" Days90, "order_value_mean_365d" Days365, "order_value_mean_ever" Ever;
        Sgd, MONEY, NO_ORDER, w => ratio(w.spend_sgd, f64::from(w.orders))],
    each_window![ORDERING; "unit_price_mean_90d" Days90, "unit_price_mean_365d" Days365;
        Sgd, MONEY, NO_ORDER, w => ratio(w.spend_sgd, w.units as f64)],
    each_window![ORDERING; "unit_price_max_365d" Days365;
        Sgd, MONEY, NO_ORDER, w => (w.orders > 0).then_some(w.unit_price_sgd_max)],
    each_window![ORDERING; "discount_90d" Days90, "discount_365d" Days365;
        Sgd, DISCOUNTS, NEVER_NULL, w => Some(w.discount_sgd)],
    each_window![ORDERING; "discount_share_365d" Days365;
        Share, DISCOUNTS, "nothing bought in the window whose system says what it was reduced by",
        w => ratio(w.discount_sgd, w.spend_told_sgd)],
    each_window![ORDERING; "discounted_order_share_365d" Days365;
        Share, DISCOUNTS, NO_ORDER, w => share(w.discounted_orders, w.orders)],
    features![ORDERING;
        "order_value_last" Sgd Ever, MONEY, NO_ORDER_YET, |v| v.orders().last().map(|o| o.spend_sgd);
        "order_value_max" Sgd Ever, MONEY, NO_ORDER_YET, |v| v.orders().iter().map(|o| o.spend_sgd).reduce(f64::max);
        "order_value_last_to_mean" Ratio Ever, MONEY, "no order yet, or all of them free", |v| {
            let w = v.window(Span::Ever);
            let last = v.orders().last()?;
            ratio(last.spend_sgd * f64::from(w.orders), w.spend_sgd)
        };
        "discount_last_share" Share Ever, DISCOUNTS, "no order yet, or the last one free", |v| {
            let last = v.orders().last()?;
            ratio(last.discount_sgd, last.spend_sgd)
        };
    ],
];
