//! The exports of one part of a company, through the connectors, into the rows that the lake would hold of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use anyhow::{Context as _, Result};
use kenal_identity::{Line, Ordered, Receipt};
use kenal_sources::{Quiet, RowSink, SinkError, read_system};
use kenal_types::{
    AppEvent, CustomerRecord, Entity, EventKind, Order, OrderLine, Origin, RecordKey, Rejection, System,
};

/// Current versions, in the order of their keys.
#[derive(Debug, Default)]
pub struct Rows {
    pub customers: Vec<CustomerRecord>,
    pub orders: Vec<Ordered>,
    pub lines: Vec<Line>,
    pub receipts: Vec<Receipt>,
}

/// Versions that count so far, with their sequence.
#[derive(Default)]
struct Newest {
    customers: HashMap<RecordKey, CustomerRecord>,
    orders: HashMap<String, (i64, Ordered)>,
    /// By order and line.
    lines: HashMap<(String, String), (i64, Line)>,
    receipts: Vec<(String, Receipt)>,
}

impl Rows {
    /// Reads the exports of five systems.
    pub fn read(world: &Path) -> Result<Rows> {
        let mut rows = Rows::default();
        for system in System::ALL {
            let mut newest = Newest::default();
            read_system(system, &world.join(system.name()), &mut newest, &Quiet)
                .with_context(|| format!("reading {system}"))?;
            newest.append_to(&mut rows);
        }
        Ok(rows)
    }
}

impl Newest {
    fn append_to(self, rows: &mut Rows) {
        let first = rows.customers.len();
        rows.customers.extend(self.customers.into_values());
        rows.customers[first..].sort_unstable_by(|x, y| x.key.cmp(&y.key));
        let mut orders: Vec<Ordered> = self.orders.into_values().map(|o| o.1).collect();
        orders.sort_unstable_by(|x, y| x.order_id.cmp(&y.order_id));
        rows.orders.extend(orders);
        let mut lines: Vec<_> = self.lines.into_iter().collect();
        lines.sort_unstable_by(|x, y| x.0.cmp(&y.0));
        rows.lines.extend(lines.into_iter().map(|l| l.1.1));
        let mut receipts = self.receipts;
        receipts.sort_unstable_by(|x, y| x.0.cmp(&y.0));
        rows.receipts.extend(receipts.into_iter().map(|r| r.1));
    }

    fn customer(&mut self, record: CustomerRecord) {
        match self.customers.entry(record.key.clone()) {
            Entry::Occupied(known) if known.get().sequence > record.sequence => {}
            Entry::Occupied(mut known) => drop(known.insert(record)),
            Entry::Vacant(free) => drop(free.insert(record)),
        }
    }

    fn order(&mut self, order: Order) {
        let Order { system, order_id, number, customer, ordered_at, sequence, .. } = order;
        let id = order_id.clone();
        newer(&mut self.orders, id, sequence, Ordered { system, order_id, number, customer, ordered_at });
    }

    fn line(&mut self, line: OrderLine) {
        let OrderLine { system, order_id, line_id, item_id, sku, sequence, .. } = line;
        newer(&mut self.lines, (order_id.clone(), line_id), sequence, Line { system, order_id, item_id, sku });
    }

    fn event(&mut self, event: AppEvent) {
        if event.kind == EventKind::Purchased {
            let AppEvent { message_id, actor, happened_at, order_number, item_id, sku, .. } = event;
            self.receipts.push((message_id, Receipt { actor, happened_at, order_number, item_id, sku }));
        }
    }
}

fn newer<K: std::hash::Hash + Eq, V>(all: &mut HashMap<K, (i64, V)>, key: K, sequence: i64, row: V) {
    match all.entry(key) {
        Entry::Occupied(known) if known.get().0 > sequence => {}
        Entry::Occupied(mut known) => drop(known.insert((sequence, row))),
        Entry::Vacant(free) => drop(free.insert((sequence, row))),
    }
}

impl RowSink for Newest {
    fn accepted(&mut self, _: &Origin, _: &[u8], entities: Vec<Entity>) -> Result<(), SinkError> {
        for entity in entities {
            match entity {
                Entity::Customer(record) => self.customer(*record),
                Entity::Order(order) => self.order(*order),
                Entity::OrderLine(line) => self.line(*line),
                Entity::Event(event) => self.event(*event),
                _ => {}
            }
        }
        Ok(())
    }

    fn rejected(&mut self, _: Rejection) -> Result<(), SinkError> {
        Ok(())
    }
}
