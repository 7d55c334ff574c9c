//! Orders of people who permit measuring: what an experiment may count.

use std::collections::BTreeMap;

use anyhow::Result;
use kenal_consent::{Cell, Snapshot};
use kenal_lake::Lake;
use kenal_types::{Channel, OrderStatus, PersonId, Purpose, Timestamp};

use super::consent::snapshot_of;
use crate::gold::{GoldRow, PurchaseRow};

/// Counting has no channel; its signals cover all, so any would do.
pub const MEASURE: Cell = Cell { purpose: Purpose::Measure, channel: Channel::Onsite };

/// One order.
pub struct MeasuredOrder {
    pub person: String,
    pub time: Timestamp,
    /// Singapore dollars, after discounts.
    pub amount: f64,
}

/// What a lake lets be counted.
pub struct Measured {
    pub orders: Vec<MeasuredOrder>,
    snapshot: Snapshot,
}

impl Measured {
    pub fn read(lake: &Lake) -> Result<Measured> {
        let snapshot = snapshot_of(lake)?;
        let (rows, _) = snapshot.admit(MEASURE, lake.read_gold::<PurchaseRow>(PurchaseRow::TABLE)?);
        let mut orders: BTreeMap<(PersonId, &str), (Timestamp, f64)> = BTreeMap::new();
        // An order that was given back is none, and one that may be somebody else's is nobody's.
        for row in rows.get().iter().filter(|r| !r.doubtful && r.status == OrderStatus::Completed) {
            let order = orders.entry((row.person, &row.order_number)).or_insert((row.happened_at, 0.0));
            order.0 = order.0.min(row.happened_at);
            order.1 += row.quantity as f64 * row.price_sgd - row.discount_sgd.unwrap_or(0.0);
        }
        let order = |((person, _), (time, amount)): ((PersonId, &str), _)| MeasuredOrder {
            person: person.to_string(),
            time,
            amount,
        };
        Ok(Measured { orders: orders.into_iter().map(order).collect(), snapshot })
    }

    /// Whether somebody permits measuring; who is not known does not.
    pub fn permits(&self, person: &str) -> bool {
        person.parse::<PersonId>().is_ok_and(|p| self.snapshot.permits(p, MEASURE))
    }
}
