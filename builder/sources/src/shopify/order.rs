//! Order and line item.

use kenal_types::{
    Currency, Entity, Market, Money, MoneyError, Order, OrderLine, OrderStatus, Reason, RecordKey, System,
};

use crate::country;
use crate::json::{Fault, Scalar, Text, decode, filled, owned, time, time_required};

use super::{Gid, Operation};

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderNode<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(borrow)]
    phone: Option<Text<'a>>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow)]
    processed_at: Option<Text<'a>>,
    #[serde(borrow)]
    updated_at: Option<Text<'a>>,
    #[serde(borrow)]
    cancelled_at: Option<Text<'a>>,
    #[serde(borrow)]
    display_financial_status: Option<Text<'a>>,
    #[serde(borrow)]
    currency_code: Option<Text<'a>>,
    #[serde(borrow)]
    total_price_set: Option<PriceSet<'a>>,
    #[serde(borrow)]
    customer: Option<Reference<'a>>,
    #[serde(borrow)]
    shipping_address: Option<Shipping<'a>>,
    #[serde(default)]
    test: Option<bool>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceSet<'a> {
    #[serde(borrow)]
    shop_money: Option<Amount<'a>>,
    #[serde(borrow)]
    presentment_money: Option<Amount<'a>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Amount<'a> {
    #[serde(borrow)]
    amount: Option<Scalar<'a>>,
    #[serde(borrow)]
    currency_code: Option<Text<'a>>,
}

/// Another node, named inline.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    legacy_resource_id: Option<Scalar<'a>>,
}

impl Reference<'_> {
    /// The number, from whichever of the two forms the query asked for.
    fn number(&self, field: &'static str) -> Result<String, Fault> {
        if let Some(id) = self.legacy_resource_id.as_ref().and_then(Scalar::id) {
            return Ok(id);
        }
        let id = filled(&self.id).ok_or_else(|| Fault::missing(field))?;
        let gid = Gid::parse(id).ok_or_else(|| Fault::bad(field, "expected an id like gid://shopify/Customer/1"))?;
        Ok(gid.number.to_string())
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shipping<'a> {
    #[serde(borrow)]
    country_code: Option<Text<'a>>,
    #[serde(borrow)]
    country_code_v2: Option<Text<'a>>,
    #[serde(borrow)]
    country: Option<Text<'a>>,
}

pub(super) fn parse(number: u64, raw: &[u8], operation: &Operation) -> Result<Vec<Entity>, Fault> {
    let node: OrderNode<'_> = decode(raw)?;
    if node.test == Some(true) {
        return Err(Fault::new(Reason::TestRow, "test", "the shop marks the order as a test"));
    }
    let name = filled(&node.name).map(|n| n.trim_start_matches('#')).filter(|n| !n.is_empty());
    let name = name.ok_or_else(|| Fault::missing("name"))?;
    let created_at = time_required("createdAt", &node.created_at)?;
    let ordered_at = time("processedAt", &node.processed_at)?.unwrap_or(created_at);
    let updated_at = time("updatedAt", &node.updated_at)?.unwrap_or(created_at);
    let shop = node.total_price_set.as_ref().and_then(|set| set.shop_money.as_ref());
    let total = shop.and_then(|m| m.amount.as_ref()).ok_or_else(|| Fault::missing("totalPriceSet.shopMoney.amount"))?;
    let total = total.money("totalPriceSet.shopMoney.amount")?;
    let currency = filled(&node.currency_code).or_else(|| shop.and_then(|m| filled(&m.currency_code)));
    let currency = currency.ok_or_else(|| Fault::missing("currencyCode"))?;
    let currency: Currency = currency.parse().map_err(|e| Fault::bad("currencyCode", e))?;
    let status = if time("cancelledAt", &node.cancelled_at)?.is_some() {
        OrderStatus::Cancelled
    } else if filled(&node.display_financial_status) == Some("REFUNDED") {
        // A part that was refunded leaves the rest bought.
        OrderStatus::Refunded
    } else {
        OrderStatus::Completed
    };
    let customer = node.customer.as_ref().map(|c| c.number("customer.id")).transpose()?;
    let order = Order {
        system: System::Shopify,
        order_id: number.to_string(),
        number: name.to_owned(),
        customer: customer.map(|id| RecordKey::new(System::Shopify, id)),
        email: owned(&node.email),
        phone: owned(&node.phone),
        ordered_at,
        known_at: operation.known_at(created_at.max(ordered_at)),
        market: market(&node, currency),
        currency,
        total,
        status,
        device: None,
        sequence: updated_at.0,
    };
    Ok(vec![Entity::Order(Box::new(order))])
}

/// Where it was sent, else the currency the customer saw, else the currency of the shop.
fn market(node: &OrderNode<'_>, shop: Currency) -> Option<Market> {
    let shipping = node.shipping_address.as_ref();
    let country = shipping
        .and_then(|s| filled(&s.country_code_v2).or_else(|| filled(&s.country_code)).or_else(|| filled(&s.country)));
    if country.is_some() {
        return country::market(country, []);
    }
    let seen = node.total_price_set.as_ref().and_then(|set| set.presentment_money.as_ref());
    let seen = seen.and_then(|m| filled(&m.currency_code)).and_then(|c| c.parse().ok()).unwrap_or(shop);
    Market::ALL.into_iter().find(|m| m.currency() == seen)
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct LineNode<'a> {
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    sku: Option<Text<'a>>,
    quantity: Option<i64>,
    #[serde(borrow)]
    original_unit_price_set: Option<PriceSet<'a>>,
    /// `None` when the query did not ask for them.
    #[serde(borrow)]
    discount_allocations: Option<Vec<Allocation<'a>>>,
    #[serde(borrow)]
    product: Option<Reference<'a>>,
}

/// The part of a discount that falls on a line.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allocation<'a> {
    #[serde(borrow)]
    allocated_amount_set: Option<PriceSet<'a>>,
}

/// Of all discounts together.
fn discount(allocations: &[Allocation<'_>]) -> Result<Money, Fault> {
    const FIELD: &str = "discountAllocations.allocatedAmountSet.shopMoney.amount";
    let mut sum = Money(0);
    for allocation in allocations {
        let amount = allocation.allocated_amount_set.as_ref().and_then(|set| set.shop_money.as_ref());
        let amount = amount.and_then(|m| m.amount.as_ref()).ok_or_else(|| Fault::missing(FIELD))?.money(FIELD)?;
        if amount.0 < 0 {
            return Err(Fault::bad(FIELD, "expected an amount of at least 0"));
        }
        sum = Money(sum.0.checked_add(amount.0).ok_or_else(|| Fault::bad(FIELD, MoneyError::TooLarge))?);
    }
    Ok(sum)
}

pub(super) fn parse_line(number: u64, order: u64, sequence: i64, raw: &[u8]) -> Result<Vec<Entity>, Fault> {
    let node: LineNode<'_> = decode(raw)?;
    let price = node.original_unit_price_set.as_ref().and_then(|set| set.shop_money.as_ref());
    let price = price.and_then(|m| m.amount.as_ref());
    let unit_price: Money = price
        .ok_or_else(|| Fault::missing("originalUnitPriceSet.shopMoney.amount"))?
        .money("originalUnitPriceSet.shopMoney.amount")?;
    let line = OrderLine {
        system: System::Shopify,
        order_id: order.to_string(),
        line_id: number.to_string(),
        item_id: node.product.as_ref().map(|p| p.number("product.id")).transpose()?,
        sku: owned(&node.sku),
        title: owned(&node.title).or_else(|| owned(&node.name)),
        quantity: node.quantity.ok_or_else(|| Fault::missing("quantity"))?,
        unit_price,
        discount: node.discount_allocations.as_deref().map(discount).transpose()?,
        sequence,
    };
    Ok(vec![Entity::OrderLine(Box::new(line))])
}
