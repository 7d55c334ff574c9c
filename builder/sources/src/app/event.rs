//! What an event says happened: its kind, items, order.

use kenal_types::{Currency, EventKind, Market, Money};

use crate::country;
use crate::json::{Fault, Scalar, Text, filled, nulls_dropped, owned};

use super::message::{Context, Message};

#[derive(serde::Deserialize, Default)]
struct Properties<'a> {
    #[serde(borrow)]
    product_id: Option<Scalar<'a>>,
    #[serde(borrow)]
    sku: Option<Text<'a>>,
    #[serde(borrow)]
    quantity: Option<Scalar<'a>>,
    #[serde(borrow)]
    order_id: Option<Scalar<'a>>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    #[serde(borrow)]
    total: Option<Scalar<'a>>,
    #[serde(borrow, default, deserialize_with = "nulls_dropped")]
    products: Vec<Product<'a>>,
}

#[derive(serde::Deserialize)]
struct Product<'a> {
    #[serde(borrow)]
    product_id: Option<Scalar<'a>>,
    #[serde(borrow)]
    sku: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    price: Option<Scalar<'a>>,
    #[serde(borrow)]
    quantity: Option<Scalar<'a>>,
}

#[derive(serde::Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct TraitsNode<'a> {
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(borrow)]
    phone: Option<Text<'a>>,
    #[serde(borrow)]
    first_name: Option<Text<'a>>,
    #[serde(borrow)]
    last_name: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

/// What an account says about its owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Traits {
    pub(super) email: Option<Box<str>>,
    pub(super) phone: Option<Box<str>>,
    pub(super) given_name: Option<Box<str>>,
    pub(super) family_name: Option<Box<str>>,
    pub(super) full_name: Option<Box<str>>,
}

/// One thing seen, put in the cart or bought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Thing {
    pub(super) item_id: Option<String>,
    pub(super) sku: Option<String>,
    pub(super) title: Option<String>,
    pub(super) quantity: Option<i64>,
    pub(super) price: Option<Money>,
}

/// The order of an "Order Completed".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bought {
    pub(super) number: String,
    /// Both, or the order is left to the systems that bill it.
    pub(super) paid: Option<(Currency, Money)>,
}

/// An event, understood.
pub(super) struct Happened<'a> {
    pub(super) kind: EventKind,
    /// At least one, but for an order without products.
    pub(super) things: Vec<Thing>,
    pub(super) order: Option<Bought>,
    pub(super) market: Option<Market>,
    pub(super) context: Context<'a>,
    /// Of an `identify`.
    pub(super) traits: Option<Traits>,
}

pub(super) fn understand<'a>(message: &Message<'a>) -> Result<Happened<'a>, Fault> {
    let kind = kind(message)?;
    let context = message.context()?;
    let properties: Properties<'_> = message.properties()?;
    let market = market(&properties, &context);
    let (things, order) = if kind == EventKind::Purchased {
        let things = properties.products.iter().map(Product::thing).collect::<Result<_, _>>()?;
        (things, Some(bought(&properties)?))
    } else {
        let quantity = quantity("properties.quantity", &properties.quantity)?;
        let item_id = properties.product_id.as_ref().and_then(Scalar::id);
        (vec![Thing { item_id, sku: owned(&properties.sku), title: None, quantity, price: None }], None)
    };
    let traits = match kind {
        EventKind::SignedIn => Some(traits(message.traits(&context)?)),
        _ => None,
    };
    Ok(Happened { kind, things, order, market, context, traits })
}

fn kind(message: &Message<'_>) -> Result<EventKind, Fault> {
    Ok(match filled(&message.kind).ok_or_else(|| Fault::missing("type"))? {
        "identify" => EventKind::SignedIn,
        "screen" | "page" => EventKind::ScreenViewed,
        "alias" | "group" => EventKind::Other,
        "track" => match filled(&message.event).ok_or_else(|| Fault::missing("event"))? {
            "Product Viewed" | "Viewed Product" | "Product Clicked" | "Clicked Product" => EventKind::ItemViewed,
            "Product List Viewed" | "Viewed Product Category" | "Product List Filtered" => EventKind::ListViewed,
            "Products Searched" | "Searched Products" => EventKind::Searched,
            "Product Added" | "Added Product" => EventKind::CartAdded,
            "Product Removed" | "Removed Product" => EventKind::CartRemoved,
            "Cart Viewed" | "Viewed Cart" => EventKind::CartViewed,
            "Checkout Started" | "Started Checkout" => EventKind::CheckoutStarted,
            "Product Added to Wishlist" | "Wishlist Product Added to Cart" => EventKind::WishlistAdded,
            "Order Completed" | "Completed Order" => EventKind::Purchased,
            "Signed In" => EventKind::SignedIn,
            "Segment Consent Preference Updated" => EventKind::ConsentChanged,
            _ => EventKind::Other,
        },
        _ => {
            let detail = "expected track, identify, screen, page, alias or group";
            return Err(Fault::new(kenal_types::Reason::UnknownKind, "type", detail));
        }
    })
}

fn quantity(field: &'static str, value: &Option<Scalar<'_>>) -> Result<Option<i64>, Fault> {
    let Some(value) = value else { return Ok(None) };
    value.whole().map(Some).ok_or_else(|| Fault::bad(field, "expected a whole number"))
}

impl Product<'_> {
    fn thing(&self) -> Result<Thing, Fault> {
        Ok(Thing {
            item_id: self.product_id.as_ref().and_then(Scalar::id),
            sku: owned(&self.sku),
            title: owned(&self.name),
            quantity: quantity("properties.products.quantity", &self.quantity)?,
            price: self.price.as_ref().map(|p| p.money("properties.products.price")).transpose()?,
        })
    }
}

fn bought(properties: &Properties<'_>) -> Result<Bought, Fault> {
    let number =
        properties.order_id.as_ref().and_then(Scalar::id).ok_or_else(|| Fault::missing("properties.order_id"))?;
    let number = number.trim_start_matches('#').to_owned();
    let currency: Option<Currency> = match filled(&properties.currency) {
        Some(code) => Some(code.parse().map_err(|e| Fault::bad("properties.currency", e))?),
        None => None,
    };
    let total = properties.total.as_ref().map(|t| t.money("properties.total")).transpose()?;
    Ok(Bought { number, paid: currency.zip(total) })
}

/// By currency, else the locale's region, else the time zone of one of the four markets.
fn market(properties: &Properties<'_>, context: &Context<'_>) -> Option<Market> {
    let currency: Option<Currency> = filled(&properties.currency).and_then(|c| c.parse().ok());
    if let Some(currency) = currency {
        return Market::ALL.into_iter().find(|m| m.currency() == currency);
    }
    filled(&context.locale).and_then(country::by_locale).or_else(|| match filled(&context.timezone)? {
        "Asia/Singapore" => Some(Market::Singapore),
        "Asia/Kuala_Lumpur" | "Asia/Kuching" => Some(Market::Malaysia),
        "Asia/Bangkok" => Some(Market::Thailand),
        "Asia/Jakarta" | "Asia/Makassar" | "Asia/Jayapura" | "Asia/Pontianak" => Some(Market::Indonesia),
        _ => None,
    })
}

fn traits(node: TraitsNode<'_>) -> Traits {
    let text = |t: &Option<Text<'_>>| filled(t).map(Into::into);
    let (given_name, family_name): (Option<Box<str>>, Option<Box<str>>) =
        (text(&node.first_name), text(&node.last_name));
    let parts = given_name.is_some() || family_name.is_some();
    Traits {
        email: text(&node.email),
        phone: text(&node.phone),
        full_name: text(&node.name).filter(|_| !parts),
        given_name,
        family_name,
    }
}
