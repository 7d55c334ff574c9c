//! What people bought: one row a line, from all that systems and the app say of an order.

use anyhow::Result;
use kenal_consent::Snapshot;
use kenal_features::Rates;
use kenal_lake::{Columns, Fingerprint, Lake};
use kenal_types::{Item, OrderStatus, PersonId, System, Timestamp};

use super::orders::{InApp, Line, Told, Version, told};
use super::people::{Catalogue, People};
use super::{Admitted, ProfileCounts, admitted};
use crate::gold::{GoldRow as _, PurchaseRow};

/// By person and time; what follows makes the order that of every run.
const ORDER: [&str; 10] = [
    "person",
    "happened_at",
    "order_number",
    "item_id",
    "quantity",
    "price_sgd",
    "discount_sgd",
    "doubtful",
    "known_at",
    "place",
];

/// What purchases are made with.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    pub people: &'a People<'a>,
    pub catalogue: &'a Catalogue<'a>,
    pub rates: &'a Rates,
    pub snapshot: &'a Snapshot,
}

impl Making<'_> {
    /// Writes the purchases of those who permit it, one number and some thousand rows in memory.
    ///
    /// # Errors
    /// The lake cannot be read or written; a currency has no rate.
    pub fn write(self, lake: &Lake, fingerprint: &Fingerprint, counts: &mut ProfileCounts) -> Result<Admitted> {
        let mut kept = Admitted::default();
        let rows =
            told(lake)?.flat_map(|told| match told.map_err(Into::into).and_then(|told| self.rows(&told, counts)) {
                Ok(rows) => rows.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            });
        let rows = lake.sorted(&columns(), &ORDER, admitted(rows, self.snapshot, &mut kept))?;
        lake.write_gold_of(PurchaseRow::TABLE, &columns(), rows, fingerprint)?;
        Ok(kept)
    }

    /// One row per line and person whose order it is or may be.
    pub fn rows(self, told: &Told, counts: &mut ProfileCounts) -> Result<Vec<PurchaseRow>> {
        let versions = &told.versions;
        if versions.is_empty() {
            let early: Vec<PurchaseRow> = told.in_app.iter().filter_map(|event| self.early(event)).collect();
            counts.early_purchases += early.len() as u64;
            return Ok(early);
        }
        counts.orders_read += versions.len() as u64;
        counts.orders += 1;
        let owner = versions.iter().find_map(|version| self.people.of_order(version));
        counts.orders_apart += u64::from(owner.is_none());
        let others = self.people.doubtful(versions, owner);
        counts.orders_doubtful += u64::from(!others.is_empty());
        let mut rows = Vec::new();
        let Some(taken) = versions.iter().find(|version| !version.lines.is_empty()) else { return Ok(rows) };
        let order = Order::new(told, taken);
        for line in &taken.lines {
            let item = self.catalogue.item(line.item_id.as_deref(), line.sku.as_deref());
            counts.lines_without_item += u64::from(item.is_none());
            let price_sgd = self.rates.sgd(line.unit_price, taken.currency)?;
            let discount_sgd = line.discount.map(|d| self.rates.sgd(d, taken.currency)).transpose()?;
            let people = owner.map(|person| (person, false)).into_iter();
            let people = people.chain(others.iter().map(|person| (*person, true)));
            rows.extend(people.map(|whose| order.row(whose, line, item, (price_sgd, discount_sgd))));
        }
        Ok(rows)
    }

    /// A purchase that only the app knows of yet. Its price is not trusted: the client wrote it.
    fn early(self, event: &InApp) -> Option<PurchaseRow> {
        let item = self.catalogue.item(event.item_id.as_deref(), event.sku.as_deref());
        Some(PurchaseRow {
            person: self.people.of_record(&event.actor)?,
            order_number: event.order_number.as_deref().unwrap_or_default().into(),
            system: System::App,
            item_id: item.map(|i| i.item_id.as_str().into()),
            category: item.and_then(|i| i.category.as_deref()).map(Into::into),
            quantity: event.quantity.unwrap_or(1),
            price_sgd: 0.0,
            discount_sgd: None,
            place: event.platform.as_deref().map(Into::into),
            happened_at: event.happened_at,
            known_at: event.known_at,
            status: OrderStatus::Completed,
            voided_at: None,
            doubtful: false,
        })
    }
}

/// What all versions of an order say together.
struct Order<'a> {
    number: &'a str,
    taken: &'a Version,
    place: &'a str,
    known_at: Timestamp,
    last_known_at: Timestamp,
    status: OrderStatus,
}

impl<'a> Order<'a> {
    fn new(told: &'a Told, taken: &'a Version) -> Self {
        let known = || told.versions.iter().map(|v| v.known_at);
        Order {
            number: told.number.as_deref().unwrap_or_default(),
            taken,
            place: place(told),
            known_at: known().min().unwrap_or(taken.known_at),
            last_known_at: known().max().unwrap_or(taken.known_at),
            // A cancellation seen by any system is one: the good news is the slower of the two.
            status: told.versions.iter().map(|v| v.status).max().unwrap_or(taken.status),
        }
    }

    fn row(
        &self,
        (person, doubtful): (PersonId, bool),
        line: &Line,
        item: Option<&Item>,
        (price_sgd, discount_sgd): (f64, Option<f64>),
    ) -> PurchaseRow {
        PurchaseRow {
            person,
            order_number: self.number.into(),
            system: self.taken.system,
            item_id: item.map(|i| i.item_id.as_str().into()),
            category: item.and_then(|i| i.category.as_deref()).map(Into::into),
            quantity: line.quantity,
            price_sgd,
            discount_sgd,
            place: Some(self.place.into()),
            happened_at: self.taken.ordered_at,
            known_at: self.known_at,
            status: self.status,
            voided_at: (self.status != OrderStatus::Completed).then_some(self.last_known_at),
            doubtful,
        }
    }
}

/// Where an order was placed: the app says so itself, Shopify has what the page sold, the warehouse also the stores.
fn place(told: &Told) -> &str {
    let app = told.in_app.iter().rev().find_map(|event| event.platform.as_deref());
    let online = || if told.versions.iter().any(|v| v.system == System::Shopify) { "web" } else { "store" };
    app.unwrap_or_else(online)
}

fn columns() -> Columns {
    let what = Columns::new().text("person").text("order_number").text("system").text("item_id").text("category");
    let what = what.int("quantity").real("price_sgd").real("discount_sgd").text("place");
    what.time("happened_at").time("known_at").text("status").time("voided_at").flag("doubtful")
}
