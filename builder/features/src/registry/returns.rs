//! What did not stay bought: returns and cancellations.

use super::entry::SHOPPING;
use super::{Family, Feature, NEVER_NULL, each_window, features, join, ratio, share};

const RETURNING: Family = Family { name: "returns", owner: "commerce", purposes: SHOPPING };
const STATUS: &[&str] = &["silver_orders.ordered_at", "silver_orders.status"];
const UNITS: &[&str] = &["silver_orders.ordered_at", "silver_order_lines.quantity"];
const MONEY: &[&str] = &[
    "silver_orders.ordered_at",
    "silver_order_lines.quantity",
    "silver_order_lines.unit_price",
    "silver_orders.currency",
];

pub(super) const FEATURES: &[Feature] = join![
    each_window![RETURNING; "returned_units_90d" Days90, "returned_units_365d" Days365;
        Count, UNITS, NEVER_NULL, w => Some(w.returned_units as f64)],
    each_window![RETURNING; "returned_spend_365d" Days365;
        Sgd, MONEY, NEVER_NULL, w => Some(w.returned_sgd)],
    each_window![RETURNING; "return_share_365d" Days365;
        Share, UNITS, "no order in the window", w => ratio(w.returned_units as f64, w.units as f64)],
    each_window![RETURNING; "cancelled_orders_90d" Days90, "cancelled_orders_365d" Days365;
        Count, STATUS, NEVER_NULL, w => Some(f64::from(w.cancelled_orders))],
    each_window![RETURNING; "cancelled_order_share_365d" Days365;
        Share, STATUS, "nothing ordered in the window, cancelled or not",
        w => share(w.cancelled_orders, w.cancelled_orders + w.orders)],
    features![RETURNING;
        "return_recency_days" Days Ever, UNITS, "nothing was ever returned", |v| {
            v.last_return_at().map(|at| v.days_since(at))
        };
    ],
];
