//! Orders, number by number: all versions of one number with their lines, and what the app said of it.
//!
//! Lines are joined to their orders and all of it sorted by number in the lake, on disk, so that one number is in memory at a
//! time.

use std::iter::Peekable;

use kenal_lake::{Lake, LakeError};
use kenal_types::{Currency, Money, OrderStatus, RecordKey, System, Timestamp};
use serde::Deserialize;

/// Every order with each of its lines, by number; an order without lines once.
const ORDERS: &str = "SELECT o.number, o.system, o.order_id, o.customer, o.email, o.ordered_at, o.known_at, o.currency, \
     o.status, l.line_id, l.item_id, l.sku, l.quantity, l.unit_price, l.discount \
     FROM current_orders o LEFT JOIN current_order_lines l ON o.system = l.system AND o.order_id = l.order_id \
     ORDER BY o.number, o.system, o.order_id, l.line_id";
/// The app's word of what was bought, which is there before any order syncs.
const BOUGHT_IN_APP: &str = "SELECT order_number, actor, item_id, sku, platform, quantity, happened_at, known_at \
     FROM current_events WHERE kind = 'purchased' ORDER BY order_number NULLS FIRST, message_id, part, known_at";

/// Everything said of one order number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// `None` for an event that names none; each of these is alone.
    pub number: Option<String>,
    /// Shopify names catalogue items, the warehouse only SKUs, so the order of `System` is the order of preference.
    pub versions: Vec<Version>,
    pub in_app: Vec<InApp>,
}

/// One system's version of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub system: System,
    pub order_id: String,
    pub customer: Option<RecordKey>,
    pub email: Option<String>,
    pub ordered_at: Timestamp,
    pub known_at: Timestamp,
    pub currency: Currency,
    pub status: OrderStatus,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub item_id: Option<String>,
    pub sku: Option<String>,
    pub quantity: i64,
    pub unit_price: Money,
    pub discount: Option<Money>,
}

/// A purchase as the app tells it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct InApp {
    pub order_number: Option<String>,
    pub actor: RecordKey,
    pub item_id: Option<String>,
    pub sku: Option<String>,
    pub platform: Option<String>,
    pub quantity: Option<i64>,
    pub happened_at: Timestamp,
    pub known_at: Timestamp,
}

/// An order with one of its lines, if it has any.
#[derive(Debug, Deserialize)]
struct Row {
    number: String,
    system: System,
    order_id: String,
    customer: Option<RecordKey>,
    email: Option<String>,
    ordered_at: Timestamp,
    known_at: Timestamp,
    currency: Currency,
    status: OrderStatus,
    line_id: Option<String>,
    item_id: Option<String>,
    sku: Option<String>,
    quantity: Option<i64>,
    unit_price: Option<Money>,
    discount: Option<Money>,
}

/// Begins with the first number of the lake.
///
/// # Errors
/// The tables cannot be read, here or in the place of a number.
pub fn told(lake: &Lake) -> Result<impl Iterator<Item = Result<Told, LakeError>> + '_, LakeError> {
    let orders = lake.sql_rows_merged::<Row>(ORDERS)?.peekable();
    let in_app = lake.sql_rows::<InApp>(BOUGHT_IN_APP)?.peekable();
    Ok(Numbers { orders, in_app })
}

/// Two sorted streams, merged by number.
struct Numbers<O: Iterator, A: Iterator> {
    orders: Peekable<O>,
    in_app: Peekable<A>,
}

impl<O, A> Iterator for Numbers<O, A>
where
    O: Iterator<Item = Result<Row, LakeError>>,
    A: Iterator<Item = Result<InApp, LakeError>>,
{
    type Item = Result<Told, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = match (self.orders.peek(), self.in_app.peek()) {
            (Some(Err(_)), _) => return self.orders.next()?.err().map(Err),
            (_, Some(Err(_))) => return self.in_app.next()?.err().map(Err),
            (None, None) => return None,
            (Some(Ok(order)), None) => Some(order.number.clone()),
            (None, Some(Ok(event))) => event.order_number.clone(),
            (Some(Ok(order)), Some(Ok(event))) => event.order_number.clone().min(Some(order.number.clone())),
        };
        let mut told = Told { number, ..Told::default() };
        while let Some(Ok(row)) = self.orders.next_if(|row| row.as_ref().is_ok_and(|row| told.number_is(&row.number))) {
            told.add(row);
        }
        let same = |told: &Told, event: &InApp| match &event.order_number {
            Some(number) => told.number_is(number),
            None => told.number.is_none() && told.in_app.is_empty(),
        };
        while let Some(Ok(event)) = self.in_app.next_if(|event| event.as_ref().is_ok_and(|event| same(&told, event))) {
            told.in_app.push(event);
        }
        told.versions.sort_by(|a, b| (a.system, &a.order_id).cmp(&(b.system, &b.order_id)));
        Some(Ok(told))
    }
}

impl Told {
    fn number_is(&self, number: &str) -> bool {
        self.number.as_deref() == Some(number)
    }

    /// Takes in a row of the number, the rows of one version one after the other.
    fn add(&mut self, row: Row) {
        let line = row.line_id.and(row.quantity.zip(row.unit_price)).map(|(quantity, unit_price)| Line {
            item_id: row.item_id,
            sku: row.sku,
            quantity,
            unit_price,
            discount: row.discount,
        });
        match self.versions.last_mut().filter(|v| v.system == row.system && v.order_id == row.order_id) {
            Some(version) => version.lines.extend(line),
            None => self.versions.push(Version {
                system: row.system,
                order_id: row.order_id,
                customer: row.customer,
                email: row.email,
                ordered_at: row.ordered_at,
                known_at: row.known_at,
                currency: row.currency,
                status: row.status,
                lines: line.into_iter().collect(),
            }),
        }
    }
}
