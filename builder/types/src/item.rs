//! The catalogue: items and the variants that are sold.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::time::Timestamp;

/// A product as recommended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The number of the Shopify product gid.
    pub item_id: String,
    pub title: String,
    pub vendor: Option<String>,
    /// Shopify `productType`.
    pub category: Option<String>,
    pub tags: Vec<String>,
    /// Only active items are recommended; archived and drafted ones still explain past orders.
    pub active: bool,
    pub updated_at: Option<Timestamp>,
    pub sequence: i64,
}

/// What is put in a cart: one size or colour of an item. Orders of other systems name it by SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub variant_id: String,
    pub item_id: String,
    pub sku: Option<String>,
    /// In the shop's own currency.
    pub price: Money,
    pub stock: i64,
}
