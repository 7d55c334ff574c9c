//! The exports of one part of a company, through the connectors, into the rows that the lake would hold of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use anyhow::{Context as _, Result};
use kenal_sources::{Quiet, RowSink, SinkError, read_system};
use kenal_types::{
    AppEvent, CustomerRecord, Entity, EventKind, Order, OrderLine, Origin, RecordKey, Rejection, System,
};

/// Current versions, in the order of their keys.
#[derive(Debug, Default)]
pub struct Rows {
    pub customers: Vec<CustomerRecord>,
    pub orders: Vec<Order>,
    pub lines: Vec<OrderLine>,
    /// Events of purchases.
    pub receipts: Vec<AppEvent>,
}

/// Versions that count so far.
#[derive(Default)]
struct Newest {
    customers: HashMap<RecordKey, CustomerRecord>,
    orders: HashMap<String, Order>,
    /// By order and line.
    lines: HashMap<(String, String), OrderLine>,
    receipts: Vec<AppEvent>,
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
        rows.customers.extend(sorted(self.customers));
        rows.orders.extend(sorted(self.orders));
        rows.lines.extend(sorted(self.lines));
        let mut receipts = self.receipts;
        receipts.sort_unstable_by(|x, y| x.message_id.cmp(&y.message_id));
        rows.receipts.extend(receipts);
    }

    fn customer(&mut self, row: CustomerRecord) {
        newer(&mut self.customers, row.key.clone(), row, |row| row.sequence);
    }

    fn order(&mut self, row: Order) {
        newer(&mut self.orders, row.order_id.clone(), row, |row| row.sequence);
    }

    fn line(&mut self, row: OrderLine) {
        newer(&mut self.lines, (row.order_id.clone(), row.line_id.clone()), row, |row| row.sequence);
    }

    fn event(&mut self, event: AppEvent) {
        if event.kind == EventKind::Purchased {
            self.receipts.push(event);
        }
    }
}

/// The rows in the order of their keys.
fn sorted<K: Ord, V>(all: HashMap<K, V>) -> impl Iterator<Item = V> {
    let mut all: Vec<(K, V)> = all.into_iter().collect();
    all.sort_unstable_by(|x, y| x.0.cmp(&y.0));
    all.into_iter().map(|(_, row)| row)
}

fn newer<K: std::hash::Hash + Eq, V>(all: &mut HashMap<K, V>, key: K, row: V, sequence: impl Fn(&V) -> i64) {
    match all.entry(key) {
        Entry::Occupied(known) if sequence(known.get()) > sequence(&row) => {}
        Entry::Occupied(mut known) => drop(known.insert(row)),
        Entry::Vacant(free) => drop(free.insert(row)),
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
