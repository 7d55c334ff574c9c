//! Orders of several systems and their lines, as they stream by: joined by the system's own ids, none of which is kept as
//! a text.
//!
//! The rows are what resolution reads of [`kenal_types::Order`], [`kenal_types::OrderLine`] and [`kenal_types::AppEvent`],
//! under the same names. Ids are told apart by 64-bit hashes.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use kenal_types::{Date, RecordKey, System, Timestamp};
use serde::{Deserialize, Serialize};

use crate::purchases::PurchaseLog;
use crate::records::{Records, hash_key};
use crate::vocabulary::{hash_text, mix};

/// The current version of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    pub system: System,
    pub order_id: String,
    pub number: String,
    pub customer: Option<RecordKey>,
    pub ordered_at: Timestamp,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub system: System,
    pub order_id: String,
    pub item_id: Option<String>,
    pub sku: Option<String>,
}

/// An event that says what was bought, hours before the shop does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub actor: RecordKey,
    pub happened_at: Timestamp,
    pub order_number: Option<String>,
    pub item_id: Option<String>,
    pub sku: Option<String>,
}

/// What the records bought, for [`Records::bought_all`]. Orders must come before their lines, and after their customers.
///
/// Memory: 33 bytes an order of a known record and 8 a line.
#[derive(Debug, Default)]
pub struct Orders {
    pub(crate) log: PurchaseLog,
    /// By order: a hash of system and id, or of record and number.
    keys: Vec<u64>,
    index: HashTable<u32>,
}

impl Orders {
    /// An order; that of a guest, or of a record that is not there, is nobody's and not kept. The first of an id counts.
    pub fn order(&mut self, records: &Records, order: &Ordered) {
        let customer = order.customer.as_ref().and_then(|key| records.find(key.system as u8, &key.id));
        if let Some(record) = customer {
            self.open(order_key(order.system, &order.order_id), record, &order.number, order.ordered_at.date());
        }
    }

    /// A line; of an order that is not kept it is not kept either.
    pub fn line(&mut self, line: &Line) {
        let key = order_key(line.system, &line.order_id);
        let keys = &self.keys;
        let order = self.index.find(key, |&n| keys[n as usize] == key).copied();
        if let (Some(order), Some(item)) = (order, item(line.sku.as_deref(), line.item_id.as_deref())) {
            self.log.add(order, item);
        }
    }

    /// One thing on a receipt. Its day is the earliest that an event gives.
    pub fn receipt(&mut self, records: &Records, receipt: &Receipt) {
        let Some(number) = receipt.order_number.as_deref() else { return };
        let Some(record) = records.find(receipt.actor.system as u8, &receipt.actor.id) else { return };
        let key = mix(hash_text(number) ^ mix(hash_text("receipt") ^ u64::from(record)));
        let day = receipt.happened_at.date();
        let order = self.open(key, record, number, day);
        self.log.not_after(order, day);
        if let Some(item) = item(receipt.sku.as_deref(), receipt.item_id.as_deref()) {
            self.log.add(order, item);
        }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn open(&mut self, key: u64, record: u32, number: &str, day: Date) -> u32 {
        let keys = &self.keys;
        match self.index.entry(key, |&n| keys[n as usize] == key, |&n| keys[n as usize]) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let order = self.log.open(record, Some(number), day);
                free.insert(order);
                self.keys.push(key);
                order
            }
        }
    }
}

fn order_key(system: System, id: &str) -> u64 {
    hash_key(system as u8, id)
}

/// Systems name a product by SKU or by product id; the SKU is what all of them have. A hash of it, so that a model that was
/// kept knows the items of later runs: of 200,000 items some five pairs share a number, and are one item here.
fn item(sku: Option<&str>, item_id: Option<&str>) -> Option<u32> {
    sku.or(item_id).map(|item| hash_text(item) as u32)
}

#[cfg(test)]
mod tests {
    use kenal_types::CustomerRecord;

    use super::*;
    use crate::input::tests::empty;
    use crate::schema::Schema;

    fn records() -> Records {
        let customers: Vec<CustomerRecord> =
            ["1", "2"].map(|id| empty(RecordKey::new(System::Shopify, id))).into_iter().collect();
        let mut records = Records::new(Schema::company()).expect("a schema");
        records.push_customers(&customers).expect("two records");
        records
    }

    fn ordered(id: &str, customer: Option<&str>) -> Ordered {
        Ordered {
            system: System::Shopify,
            order_id: id.to_owned(),
            number: format!("#{id}"),
            customer: customer.map(|id| RecordKey::new(System::Shopify, id)),
            ordered_at: Timestamp(0),
        }
    }

    fn line(id: &str, sku: &str) -> Line {
        let sku = Some(sku.to_owned());
        Line { system: System::Shopify, order_id: id.to_owned(), item_id: Some("x".to_owned()), sku }
    }

    #[test]
    fn lines_find_their_orders_and_those_of_nobody_are_left_out() {
        let mut records = records();
        let mut orders = Orders::default();
        for (id, customer) in [("a", Some("1")), ("b", None), ("c", Some("9")), ("d", Some("2"))] {
            orders.order(&records, &ordered(id, customer));
        }
        let lines = [("a", "p"), ("a", "q"), ("b", "p"), ("c", "p"), ("d", "q"), ("d", "p"), ("e", "p"), ("a", "q")];
        lines.iter().for_each(|(id, sku)| orders.line(&line(id, sku)));
        assert_eq!(orders.len(), 2);
        records.bought_all(orders).expect("known records");
        records.complete(None);
        let purchases = &records.table.purchases;
        assert_eq!(purchases.any, [true, true]);
        assert_eq!(purchases.baskets.row(0), purchases.baskets.row(1), "the same two things on one day");
        assert_eq!(purchases.baskets.row(0).len(), 1);
        assert_eq!(purchases.overlap(0, 1).1, 2);
    }

    #[test]
    fn things_on_a_receipt_are_one_basket_on_its_first_day() {
        let mut records = records();
        let mut orders = Orders::default();
        let receipt = |id: &str, sku: &str, day: i64| Receipt {
            actor: RecordKey::new(System::Shopify, id),
            happened_at: Timestamp(day * Timestamp::US_PER_DAY),
            order_number: Some("#7".to_owned()),
            item_id: None,
            sku: Some(sku.to_owned()),
        };
        for (id, sku, day) in [("1", "p", 3), ("2", "q", 3), ("2", "p", 2), ("1", "q", 2), ("9", "p", 1)] {
            orders.receipt(&records, &receipt(id, sku, day));
        }
        assert_eq!(orders.len(), 2);
        records.bought_all(orders).expect("known records");
        records.complete(None);
        let purchases = &records.table.purchases;
        assert_eq!(purchases.orders.row(0), purchases.orders.row(1));
        assert_eq!(purchases.baskets.row(0), purchases.baskets.row(1));
        assert_eq!(purchases.baskets.row(0).len(), 1);
    }
}
