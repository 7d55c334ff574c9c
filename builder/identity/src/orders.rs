//! Orders of several systems and their lines, as they stream by: joined by the system's own ids, none of which is kept as
//! a text.
//!
//! Each kind of rows is taken in two steps. The first hashes them and finds their records, which needs nothing of other
//! orders, so that it can be made of some rows while those before them are taken.
//!
//! The rows are what resolution reads of [`kenal_types::Order`], [`kenal_types::OrderLine`] and [`kenal_types::AppEvent`],
//! under the same names, with texts that stay where they were read. Ids are told apart by 64-bit hashes.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use kenal_types::{Date, KeyRef, System, Timestamp};
use rayon::prelude::*;
use serde::Serialize;

use crate::purchases::{PurchaseLog, number_hash};
use crate::records::{Records, hash_key};
use crate::vocabulary::{hash_text, mix, with_room};

/// The current version of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ordered<'a> {
    pub system: System,
    pub order_id: &'a str,
    pub number: &'a str,
    pub customer: Option<KeyRef<'a>>,
    pub ordered_at: Timestamp,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line<'a> {
    pub system: System,
    pub order_id: &'a str,
    pub item_id: Option<&'a str>,
    pub sku: Option<&'a str>,
}

/// An event that says what was bought, hours before the shop does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt<'a> {
    pub actor: KeyRef<'a>,
    pub happened_at: Timestamp,
    pub order_number: Option<&'a str>,
    pub item_id: Option<&'a str>,
    pub sku: Option<&'a str>,
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

/// What is kept of an order of a known record.
#[derive(Debug, Clone, Copy)]
struct Found {
    key: u64,
    record: u32,
    number: u64,
    day: Date,
}

/// Orders for [`Orders::open_all`].
#[derive(Debug)]
pub struct FoundOrders(Vec<Found>);

impl FoundOrders {
    /// Orders of records; those of guests, or of records that are not there, are nobody's and not kept.
    pub fn of<'a>(records: &Records, orders: impl IntoIterator<Item = Ordered<'a>>) -> FoundOrders {
        FoundOrders(orders.into_iter().filter_map(|order| Self::find(records, &order)).collect())
    }

    fn find(records: &Records, order: &Ordered<'_>) -> Option<Found> {
        let customer = order.customer?;
        let record = records.find(customer.system as u8, customer.id)?;
        let (key, number) = (order_key(order.system, order.order_id), number_hash(Some(order.number)));
        Some(Found { key, record, number, day: order.ordered_at.date() })
    }
}

/// Lines for [`Orders::add_all`]: the key of the order, and the item.
#[derive(Debug)]
pub struct FoundLines(Vec<(u64, u32)>);

impl FoundLines {
    pub fn of<'a>(lines: impl IntoIterator<Item = Line<'a>>) -> FoundLines {
        FoundLines(lines.into_iter().filter_map(|line| Self::find(&line)).collect())
    }

    fn find(line: &Line<'_>) -> Option<(u64, u32)> {
        Some((order_key(line.system, line.order_id), item(line.sku, line.item_id)?))
    }
}

/// Receipts for [`Orders::add_receipts`].
#[derive(Debug)]
pub struct FoundReceipts(Vec<(Found, Option<u32>)>);

impl FoundReceipts {
    /// Receipts of records; an event that names no order says nothing here.
    pub fn of<'a>(records: &Records, receipts: impl IntoIterator<Item = Receipt<'a>>) -> FoundReceipts {
        FoundReceipts(receipts.into_iter().filter_map(|receipt| Self::find(records, &receipt)).collect())
    }

    fn find(records: &Records, receipt: &Receipt<'_>) -> Option<(Found, Option<u32>)> {
        let number = receipt.order_number?;
        let record = records.find(receipt.actor.system as u8, receipt.actor.id)?;
        let key = mix(hash_text(number) ^ mix(hash_text("receipt") ^ u64::from(record)));
        let order = Found { key, record, number: number_hash(Some(number)), day: receipt.happened_at.date() };
        Some((order, item(receipt.sku, receipt.item_id)))
    }
}

impl Orders {
    /// With room for so many orders and lines, so that they are not moved as they come, and for a quarter as many from
    /// receipts. Too many do no harm: nothing is touched that is not used, and where there is no such room, it grows.
    pub fn with_room(orders: usize, lines: usize) -> Orders {
        let (more_orders, more_lines) = (orders + orders / 4, lines + lines / 4);
        let log = PurchaseLog::with_room(more_orders, more_lines);
        Orders { log, keys: with_room(more_orders), index: HashTable::new() }
    }

    /// The first of an id counts.
    pub fn open_all(&mut self, orders: &[FoundOrders]) {
        for part in orders {
            self.warm(part.0.iter());
            part.0.iter().for_each(|order| {
                self.open(order);
            });
        }
    }

    /// Lines; of orders that are not kept they are not kept either.
    pub fn add_all(&mut self, lines: &[FoundLines]) {
        let (keys, index) = (&self.keys, &self.index);
        let found = |&(key, item): &(u64, u32)| Some((*index.find(key, |&n| keys[n as usize] == key)?, item));
        let of_part = |part: &FoundLines| part.0.iter().filter_map(found).collect();
        let found: Vec<Vec<(u32, u32)>> = lines.par_iter().map(of_part).collect();
        found.into_iter().flatten().for_each(|(order, item)| self.log.add(order, item));
    }

    /// Each is one thing on a receipt, whose day is the earliest that an event gives.
    pub fn add_receipts(&mut self, receipts: &[FoundReceipts]) {
        for part in receipts {
            self.warm(part.0.iter().map(|(order, _)| order));
            for (found, item) in &part.0 {
                let order = self.open(found);
                self.log.not_after(order, found.day);
                if let Some(item) = *item {
                    self.log.add(order, item);
                }
            }
        }
    }

    /// Reads what opening these will read: no reading depends on that of another, and the processor does many at a time.
    fn warm<'a>(&self, orders: impl Iterator<Item = &'a Found>) {
        crate::ahead::read(
            orders.filter_map(|order| Some(self.keys[*self.index.find(order.key, |_| true)? as usize] as u32)),
        );
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn open(&mut self, found: &Found) -> u32 {
        let (key, keys) = (found.key, &self.keys);
        match self.index.entry(key, |&n| keys[n as usize] == key, |&n| keys[n as usize]) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let order = self.log.open(found.record, found.number, found.day);
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
    use kenal_types::{CustomerRecord, RecordKey};

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

    fn ordered<'a>(id: &'a str, customer: Option<&'a str>) -> Ordered<'a> {
        let customer = customer.map(|id| KeyRef { system: System::Shopify, id });
        Ordered { system: System::Shopify, order_id: id, number: id, customer, ordered_at: Timestamp(0) }
    }

    fn line<'a>(id: &'a str, sku: &'a str) -> Line<'a> {
        Line { system: System::Shopify, order_id: id, item_id: Some("x"), sku: Some(sku) }
    }

    #[test]
    fn lines_find_their_orders_and_those_of_nobody_are_left_out() {
        let mut records = records();
        let mut orders = Orders::default();
        let placed = [("a", Some("1")), ("b", None), ("c", Some("9")), ("d", Some("2"))];
        orders.open_all(&[FoundOrders::of(&records, placed.map(|(id, customer)| ordered(id, customer)))]);
        let lines = [("a", "p"), ("a", "q"), ("b", "p"), ("c", "p"), ("d", "q"), ("d", "p"), ("e", "p"), ("a", "q")];
        orders.add_all(&[FoundLines::of(lines.map(|(id, sku)| line(id, sku)))]);
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
        fn receipt<'a>(id: &'a str, sku: &'a str, day: i64) -> Receipt<'a> {
            let happened_at = Timestamp(day * Timestamp::US_PER_DAY);
            let actor = KeyRef { system: System::Shopify, id };
            Receipt { actor, happened_at, order_number: Some("#7"), item_id: None, sku: Some(sku) }
        }
        let things = [("1", "p", 3), ("2", "q", 3), ("2", "p", 2), ("1", "q", 2), ("9", "p", 1)];
        orders.add_receipts(&[FoundReceipts::of(&records, things.map(|(id, sku, day)| receipt(id, sku, day)))]);
        assert_eq!(orders.len(), 2);
        records.bought_all(orders).expect("known records");
        records.complete(None);
        let purchases = &records.table.purchases;
        assert_eq!(purchases.orders.row(0), purchases.orders.row(1));
        assert_eq!(purchases.baskets.row(0), purchases.baskets.row(1));
        assert_eq!(purchases.baskets.row(0).len(), 1);
    }
}
