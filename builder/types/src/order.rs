//! Orders and their lines, from Shopify, the warehouse and the app's "Order Completed".

use serde::{Deserialize, Serialize};

use crate::ids::{RecordKey, System};
use crate::market::Market;
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// One version of an order, without its lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub system: System,
    /// The system's own id; lines name it.
    pub order_id: String,
    /// The number printed on the receipt, without `#`: the same order has the same number in every system.
    pub number: String,
    /// `None` for a guest.
    pub customer: Option<RecordKey>,
    /// As written at checkout; `None` when empty.
    pub email: Option<String>,
    pub phone: Option<String>,
    pub ordered_at: Timestamp,
    /// When the builder's company could first know of it: sync or load time, not purchase time.
    pub known_at: Timestamp,
    pub market: Option<Market>,
    pub currency: Currency,
    pub total: Money,
    pub status: OrderStatus,
    pub device: Option<String>,
    pub sequence: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Completed,
    Cancelled,
    Refunded,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    pub system: System,
    pub order_id: String,
    /// Unique within the order.
    pub line_id: String,
    /// `None` for a custom or deleted item; then `sku` may still say what it was.
    pub item_id: Option<String>,
    pub sku: Option<String>,
    pub title: Option<String>,
    /// Negative for a return.
    pub quantity: i64,
    /// Before discounts.
    pub unit_price: Money,
    /// What the whole line was reduced by, at least 0; `None` when the system does not say.
    pub discount: Option<Money>,
    pub sequence: i64,
}
