//! Order lines, and the orders they make up.
//!
//! The warehouse has no table of orders, so adjacent lines of one number are one version of an order, which follows
//! its last line. Lines of the same number that stand apart (loaded on another night) make another version, whose
//! total covers its own lines; exact sums are made from lines. One row is held back, so memory does not depend on how
//! many lines an order has.
//!
//! A return is written in one of two ways. Either a line of its own with a negative quantity, loaded when the goods
//! came back: it says nothing new about the order, so lines of this kind alone make no version of it. Or the line that
//! was sold changes its status: then it becomes two lines, what was sold and what came back, so that sums of lines
//! mean the same in both.

use kenal_types::{Currency, Entity, Market, Money, MoneyError, Order, OrderLine, OrderStatus, RecordKey, System};

use crate::country;
use crate::error::SourceError;
use crate::json::Fault;
use crate::rows::FileRows;

use super::columns::Batch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineStatus {
    Completed,
    Cancelled,
    /// The line that was sold says that it came back.
    Returned,
    /// A line of its own says what came back.
    Return,
}

/// The order that the lines since its first one make up, and the last of them, held back.
struct Run {
    order: Order,
    completed: u64,
    returned: u64,
    /// All lines but returns.
    sold: u64,
    held: Held,
}

struct Held {
    number: u64,
    raw: Vec<u8>,
    line: OrderLine,
    status: LineStatus,
}

impl Held {
    /// The line, and what came back of it.
    fn entities(self) -> Vec<Entity> {
        let back = (self.status == LineStatus::Returned).then(|| OrderLine {
            line_id: format!("{}-returned", self.line.line_id),
            quantity: -self.line.quantity,
            ..self.line.clone()
        });
        [Some(self.line), back].into_iter().flatten().map(|line| Entity::OrderLine(Box::new(line))).collect()
    }
}

/// The lines of one file.
#[derive(Default)]
pub(super) struct Lines {
    run: Option<Run>,
}

impl Lines {
    /// One row, counted from 1.
    pub(super) fn row(
        &mut self,
        batch: &Batch,
        row: usize,
        number: u64,
        rows: &mut FileRows<'_>,
    ) -> Result<(), SourceError> {
        let raw = batch.json(row);
        let (order, line, status) = match parse(batch, row) {
            Ok(parsed) => parsed,
            Err(fault) => return rows.row(number, &raw, Err(fault)),
        };
        rows.saw(Some(order.known_at));
        let held = Held { number, raw, line, status };
        match &mut self.run {
            Some(run) if run.order.number == order.number => {
                let mut before = std::mem::replace(&mut run.held, held);
                run.add(order, status);
                let (number, raw) = (before.number, std::mem::take(&mut before.raw));
                rows.row(number, &raw, Ok(before.entities()))
            }
            _ => {
                self.finish(rows)?;
                let mut run = Run { order, completed: 0, returned: 0, sold: 0, held };
                run.count(status);
                self.run = Some(run);
                Ok(())
            }
        }
    }

    /// The run is over: its last line goes, and its order with it.
    pub(super) fn finish(&mut self, rows: &mut FileRows<'_>) -> Result<(), SourceError> {
        let Some(Run { mut order, completed, returned, sold, mut held }) = self.run.take() else { return Ok(()) };
        order.status = match (completed, returned) {
            (0, 0) => OrderStatus::Cancelled,
            (0, _) => OrderStatus::Refunded,
            _ => OrderStatus::Completed,
        };
        let (number, raw) = (held.number, std::mem::take(&mut held.raw));
        let mut entities = held.entities();
        if sold > 0 {
            entities.push(Entity::Order(Box::new(order)));
        }
        rows.row(number, &raw, Ok(entities))
    }
}

impl Run {
    fn count(&mut self, status: LineStatus) {
        self.completed += u64::from(status == LineStatus::Completed);
        self.returned += u64::from(status == LineStatus::Returned);
        self.sold += u64::from(status != LineStatus::Return);
    }

    /// Another line of the same order.
    fn add(&mut self, line: Order, status: LineStatus) {
        self.count(status);
        let order = &mut self.order;
        order.total = Money(order.total.0.saturating_add(line.total.0));
        order.customer = order.customer.take().or(line.customer);
        order.market = order.market.or(line.market);
        order.ordered_at = order.ordered_at.min(line.ordered_at);
        order.known_at = order.known_at.min(line.known_at);
        order.sequence = order.sequence.max(line.sequence);
    }
}

/// One line, and the order as if it had only this line.
fn parse(batch: &Batch, row: usize) -> Result<(Order, OrderLine, LineStatus), Fault> {
    let number = batch.text_required("order_no", row)?.trim_start_matches('#').to_owned();
    let line_no = batch.whole("line_no", row)?;
    let ordered_at = batch.time_required("ordered_at", row)?;
    let loaded_at = batch.time_required("loaded_at", row)?;
    let currency = batch.text_required("currency", row)?;
    let currency: Currency = currency.parse().map_err(|e| Fault::bad("currency", e))?;
    let ordered = batch.whole("quantity", row)?;
    let status = match batch.text_required("status", row)? {
        "completed" => LineStatus::Completed,
        "cancelled" => LineStatus::Cancelled,
        "returned" if ordered < 0 => LineStatus::Return,
        "returned" => LineStatus::Returned,
        _ => return Err(Fault::bad("status", "expected completed, cancelled or returned")),
    };
    // Nothing of a cancelled line was bought, also when the rest of its order was.
    let quantity = if status == LineStatus::Cancelled { 0 } else { ordered };
    let unit_price = batch.money("unit_price", row)?;
    let kept = if status == LineStatus::Returned { 0 } else { quantity };
    let amount = unit_price.0.checked_mul(kept).ok_or_else(|| too_much("unit_price"))?;
    let line = OrderLine {
        system: System::Warehouse,
        order_id: number.clone(),
        line_id: line_no.to_string(),
        item_id: None,
        sku: batch.owned("sku", row),
        title: batch.owned("description", row),
        quantity,
        unit_price,
        discount: batch.money_if_any("discount", row)?,
        sequence: loaded_at.0,
    };
    let country = batch.text("country", row);
    let by_currency = Market::ALL.into_iter().find(|m| m.currency() == currency);
    let order = Order {
        system: System::Warehouse,
        order_id: number.clone(),
        number,
        customer: batch.text("customer_id", row).map(|id| RecordKey::new(System::Warehouse, id)),
        email: None,
        phone: None,
        ordered_at,
        known_at: loaded_at,
        market: if country.is_some() { country::market(country, []) } else { by_currency },
        currency,
        total: Money(amount),
        status: OrderStatus::Completed,
        device: None,
        sequence: loaded_at.0,
    };
    Ok((order, line, status))
}

fn too_much(field: &'static str) -> Fault {
    Fault::bad(field, MoneyError::TooLarge)
}
