//! Frequency and money: what was ordered, how much, in windows.

use kenal_types::Purpose::Personalise;

use super::{Feature, NEVER_NULL, Unit, each_window, join, ratio};
use crate::view::Span;

const ORDERS: &[&str] = &["silver_orders.ordered_at", "silver_orders.status"];
const UNITS: &[&str] = &["silver_orders.ordered_at", "silver_order_lines.quantity"];
const MONEY: &[&str] = &[
    "silver_orders.ordered_at",
    "silver_order_lines.quantity",
    "silver_order_lines.unit_price",
    "silver_orders.currency",
];
const RETURNS: &[&str] = &["silver_orders.ordered_at", "silver_order_lines.quantity"];
const NO_ORDER: &str = "no order in the window";

pub(super) const FEATURES: &[Feature] = join![
    each_window!["orders_7d" Days7, "orders_30d" Days30, "orders_90d" Days90, "orders_365d" Days365, "orders_ever" Ever;
        Unit::Count, ORDERS, Personalise, NEVER_NULL, w => Some(f64::from(w.orders))],
    each_window!["units_30d" Days30, "units_90d" Days90, "units_365d" Days365;
        Unit::Count, UNITS, Personalise, NEVER_NULL, w => Some(w.units as f64)],
    each_window!["spend_7d" Days7, "spend_30d" Days30, "spend_90d" Days90, "spend_365d" Days365, "spend_ever" Ever;
        Unit::Sgd, MONEY, Personalise, NEVER_NULL, w => Some(w.spend_sgd)],
    each_window!["order_value_mean_90d" Days90, "order_value_mean_365d" Days365, "order_value_mean_ever" Ever;
        Unit::Sgd, MONEY, Personalise, NO_ORDER, w => ratio(w.spend_sgd, f64::from(w.orders))],
    each_window!["unit_price_mean_90d" Days90, "unit_price_mean_365d" Days365;
        Unit::Sgd, MONEY, Personalise, NO_ORDER, w => ratio(w.spend_sgd, w.units as f64)],
    each_window!["returned_units_90d" Days90, "returned_units_365d" Days365;
        Unit::Count, RETURNS, Personalise, NEVER_NULL, w => Some(w.returned_units as f64)],
    each_window!["returned_spend_365d" Days365;
        Unit::Sgd, MONEY, Personalise, NEVER_NULL, w => Some(w.returned_sgd)],
    each_window!["return_share_365d" Days365;
        Unit::Share, RETURNS, Personalise, NO_ORDER, w => ratio(w.returned_units as f64, w.units as f64)],
    each_window!["cancelled_orders_90d" Days90, "cancelled_orders_365d" Days365;
        Unit::Count, ORDERS, Personalise, NEVER_NULL, w => Some(f64::from(w.cancelled_orders))],
    [
        Feature {
            name: "order_value_last",
            unit: Unit::Sgd,
            window: Span::Ever,
            sources: MONEY,
            purpose: Personalise,
            null: "no order yet",
            compute: |v| v.orders().last().map(|o| o.spend_sgd),
        },
        Feature {
            name: "order_value_max",
            unit: Unit::Sgd,
            window: Span::Ever,
            sources: MONEY,
            purpose: Personalise,
            null: "no order yet",
            compute: |v| v.orders().iter().map(|o| o.spend_sgd).reduce(f64::max),
        },
        Feature {
            name: "order_value_last_to_mean",
            unit: Unit::Ratio,
            window: Span::Ever,
            sources: MONEY,
            purpose: Personalise,
            null: "no order yet, or all of them free",
            compute: |v| {
                let w = v.window(Span::Ever);
                let last = v.orders().last()?;
                ratio(last.spend_sgd * f64::from(w.orders), w.spend_sgd)
            },
        },
    ],
];
