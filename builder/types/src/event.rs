//! What happened in the mobile app or on the web page.

use serde::{Deserialize, Serialize};

use crate::ids::RecordKey;
use crate::market::Market;
use crate::time::Timestamp;

/// One event, deduplicated by message id and payload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppEvent {
    pub message_id: String,
    pub kind: EventKind,
    /// The account when somebody was signed in, else the device.
    pub actor: RecordKey,
    pub device: Option<String>,
    /// `receivedAt - (sentAt - originalTimestamp)`, at most `receivedAt` + 5 minutes.
    pub happened_at: Timestamp,
    pub known_at: Timestamp,
    pub item_id: Option<String>,
    pub sku: Option<String>,
    /// Order number of an "Order Completed".
    pub order_number: Option<String>,
    pub quantity: Option<i64>,
    pub market: Option<Market>,
    /// `ios`, `android`, `web`.
    pub platform: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    ScreenViewed,
    ListViewed,
    Searched,
    ItemViewed,
    CartAdded,
    CartRemoved,
    CartViewed,
    CheckoutStarted,
    WishlistAdded,
    /// One event per product of an "Order Completed".
    Purchased,
    SignedIn,
    ConsentChanged,
    Other,
}
