//! Product and variant.

use kenal_types::{Entity, Item, Money, Variant};

use crate::json::{Fault, Scalar, Text, decode, filled, owned, tags, time};

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductNode<'a> {
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    vendor: Option<Text<'a>>,
    #[serde(borrow)]
    product_type: Option<Text<'a>>,
    #[serde(default, deserialize_with = "tags")]
    tags: Vec<String>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow)]
    updated_at: Option<Text<'a>>,
}

pub(super) fn parse(number: u64, raw: &[u8]) -> Result<Vec<Entity>, Fault> {
    let node: ProductNode<'_> = decode(raw)?;
    let created_at = time("createdAt", &node.created_at)?;
    let updated_at = time("updatedAt", &node.updated_at)?;
    let active = match filled(&node.status).ok_or_else(|| Fault::missing("status"))? {
        "ACTIVE" => true,
        // UNLISTED (since 2025-10) can be bought by link and is not to be shown.
        "ARCHIVED" | "DRAFT" | "UNLISTED" => false,
        _ => return Err(Fault::bad("status", "expected ACTIVE, ARCHIVED, DRAFT or UNLISTED")),
    };
    let item = Item {
        item_id: number.to_string(),
        title: owned(&node.title).ok_or_else(|| Fault::missing("title"))?,
        vendor: owned(&node.vendor),
        category: owned(&node.product_type),
        tags: node.tags,
        active,
        updated_at: updated_at.or(created_at),
        sequence: updated_at.or(created_at).map_or(0, |t| t.0),
    };
    Ok(vec![Entity::Item(Box::new(item))])
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct VariantNode<'a> {
    #[serde(borrow)]
    sku: Option<Text<'a>>,
    #[serde(borrow)]
    price: Option<Scalar<'a>>,
    inventory_quantity: Option<i64>,
}

pub(super) fn parse_variant(number: u64, product: u64, raw: &[u8]) -> Result<Vec<Entity>, Fault> {
    let node: VariantNode<'_> = decode(raw)?;
    let price: Money = node.price.as_ref().ok_or_else(|| Fault::missing("price"))?.money("price")?;
    let variant = Variant {
        variant_id: number.to_string(),
        item_id: product.to_string(),
        sku: owned(&node.sku),
        price,
        // Null when the shop does not track it; oversold stock is negative.
        stock: node.inventory_quantity.unwrap_or(0),
    };
    Ok(vec![Entity::Variant(Box::new(variant))])
}
