//! What each record bought: order numbers, baskets by day, and items weighted by how telling they are.
//!
//! [`PurchaseLog`] takes orders in, in any order and without their texts; [`Purchases`] is what pairs are compared by.
//! Order numbers and baskets that only one record has are dropped: no pair can agree on them.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::input::Basket;
use crate::vocabulary::{Rows, for_each_shared, hash_text, mix};

/// Items kept per record, the rarest first: who bought 60 things is recognised by the 40 that few others did.
const ITEMS_MAX: usize = 40;
/// Shared orders kept per record.
const ORDERS_MAX: usize = 64;
/// A basket of fewer different items is had by too many people on one day.
const BASKET_ITEMS_MIN: usize = 2;
/// Item weights are counted in steps of a 256th of a bit, so that their sums do not depend on the order of adding.
const STEPS_PER_BIT: f32 = 256.0;

/// Orders as they are taken in.
#[derive(Debug, Default)]
pub(crate) struct PurchaseLog {
    /// Hash of the number, and the record.
    numbers: Vec<(u64, u32)>,
    /// Hash of day and items, and the record.
    baskets: Vec<(u64, u32)>,
    /// Record and item.
    items: Vec<(u32, u32)>,
    orders: usize,
}

impl PurchaseLog {
    pub(crate) fn push(&mut self, basket: &Basket) {
        self.orders += 1;
        let number = basket.order_number.as_deref().map(str::trim).filter(|n| !n.is_empty());
        self.numbers.extend(number.map(|n| (hash_text(n), basket.record)));
        self.baskets.extend(basket_hash(basket.day.0, &basket.items).map(|h| (h, basket.record)));
        self.items.extend(basket.items.iter().map(|&item| (basket.record, item)));
    }

    /// Orders so far.
    pub(crate) fn len(&self) -> usize {
        self.orders
    }
}

/// `None` for a basket too small to tell anybody by.
fn basket_hash(day: i32, items: &[u32]) -> Option<u64> {
    let mut sorted: Vec<u32> = items.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let start = mix(hash_text("basket") ^ day as u64);
    (sorted.len() >= BASKET_ITEMS_MIN).then(|| sorted.iter().fold(start, |h, &item| mix(h ^ u64::from(item))))
}

/// Purchases by record.
#[derive(Debug, Default)]
pub(crate) struct Purchases {
    /// Whether the record bought anything.
    pub any: Vec<bool>,
    /// Sorted numbers of the orders that the record shares with another.
    pub orders: Rows<u32>,
    /// By shared order: how many records have it.
    order_holders: Vec<u32>,
    order_records: u32,
    /// Sorted numbers of the baskets that the record shares with another.
    pub baskets: Rows<u32>,
    /// Sorted positions in `weight` of each record's items.
    items: Rows<u32>,
    /// log2(records with purchases / records with the item), by item, in steps.
    weight: Vec<u32>,
}

impl Purchases {
    /// `records`: how many there are. Takes the log apart as it goes, since both at once would not fit a large company.
    pub(crate) fn build(log: &mut PurchaseLog, records: u32) -> Purchases {
        let mut purchases = Purchases { any: vec![false; records as usize], ..Purchases::default() };
        let order_records = std::mem::take(&mut log.numbers);
        let mut with_orders = vec![false; records as usize];
        order_records.iter().for_each(|&(_, record)| with_orders[record as usize] = true);
        purchases.order_records = with_orders.iter().filter(|&&with| with).count() as u32;
        purchases.any.copy_from_slice(&with_orders);
        (purchases.orders, purchases.order_holders) = shared(order_records, records);
        (purchases.baskets, _) = shared(std::mem::take(&mut log.baskets), records);
        let mut bought = std::mem::take(&mut log.items);
        bought.par_sort_unstable();
        bought.dedup();
        bought.iter().for_each(|&(record, _)| purchases.any[record as usize] = true);
        purchases.weigh_items(&bought, records);
        purchases
    }

    fn weigh_items(&mut self, bought: &[(u32, u32)], records: u32) {
        let mut holders: FxHashMap<u32, u32> = FxHashMap::default();
        bought.iter().for_each(|&(_, item)| *holders.entry(item).or_default() += 1);
        let mut distinct: Vec<(u32, u32)> = holders.into_iter().collect();
        distinct.sort_unstable();
        let buyers = bought.chunk_by(|x, y| x.0 == y.0).count().max(1) as f32;
        let weight = |&(_, held): &(u32, u32)| ((buyers / held.max(1) as f32).log2() * STEPS_PER_BIT) as u32;
        self.weight = distinct.iter().map(weight).collect();
        let position: FxHashMap<u32, u32> = distinct.iter().enumerate().map(|(at, d)| (d.0, at as u32)).collect();
        let mut groups = bought.chunk_by(|x, y| x.0 == y.0).peekable();
        let mut items: Vec<u32> = Vec::new();
        for record in 0..records {
            items.clear();
            if let Some(group) = groups.next_if(|group| group[0].0 == record) {
                items.extend(group.iter().map(|(_, item)| position[item]));
            }
            if items.len() > ITEMS_MAX {
                items.sort_unstable_by_key(|&i| (std::cmp::Reverse(self.weight[i as usize]), i));
                items.truncate(ITEMS_MAX);
                items.sort_unstable();
            }
            self.items.push(&items);
        }
    }

    /// `-log2` of the share of the records with orders that have this one.
    pub(crate) fn order_rarity(&self, order: u32) -> f32 {
        (self.order_records.max(1) as f32 / self.order_holders[order as usize].max(1) as f32).log2()
    }

    /// Weight of the items that two records share, as a share of the lighter record's weight, and their count.
    pub(crate) fn overlap(&self, a: u32, b: u32) -> (f32, usize) {
        let (a, b) = (self.items.row(a), self.items.row(b));
        let weight = |items: &[u32]| items.iter().map(|&i| self.weight[i as usize]).sum::<u32>();
        let (mut shared, mut count) = (0_u32, 0);
        for_each_shared(a, b, |item| {
            shared += self.weight[item as usize];
            count += 1;
        });
        if count == 0 {
            return (0.0, 0);
        }
        let least = weight(a).min(weight(b));
        (if least > 0 { shared as f32 / least as f32 } else { 0.0 }, count)
    }
}

/// By record, sorted numbers of the values that two or more records have; and how many records have each.
fn shared(mut held: Vec<(u64, u32)>, records: u32) -> (Rows<u32>, Vec<u32>) {
    held.par_sort_unstable();
    held.dedup();
    let mut holders = Vec::new();
    let mut by_record: Vec<(u32, u32)> = Vec::new();
    for group in held.chunk_by(|x, y| x.0 == y.0).filter(|group| group.len() > 1) {
        by_record.extend(group.iter().map(|&(_, record)| (record, holders.len() as u32)));
        holders.push(group.len() as u32);
    }
    by_record.par_sort_unstable();
    let mut groups = by_record.chunk_by(|x, y| x.0 == y.0).peekable();
    let mut rows = Rows::default();
    let mut row: Vec<u32> = Vec::new();
    for record in 0..records {
        row.clear();
        if let Some(group) = groups.next_if(|group| group[0].0 == record) {
            row.extend(group.iter().take(ORDERS_MAX).map(|g| g.1));
        }
        rows.push(&row);
    }
    (rows, holders)
}

#[cfg(test)]
mod tests {
    use kenal_types::Date;

    use super::*;

    fn basket(record: u32, number: Option<&str>, day: i32, items: &[u32]) -> Basket {
        Basket { record, order_number: number.map(str::to_owned), day: Date(day), items: items.to_vec() }
    }

    fn build(baskets: &[Basket], records: u32) -> Purchases {
        let mut log = PurchaseLog::default();
        baskets.iter().for_each(|b| log.push(b));
        Purchases::build(&mut log, records)
    }

    #[test]
    fn orders_and_baskets_are_kept_where_two_have_them() {
        let found = build(
            &[
                basket(0, Some("#1"), 1, &[1, 2]),
                basket(1, Some(" #1 "), 2, &[2, 1, 1]),
                basket(2, Some("#2"), 1, &[2, 1]),
                basket(3, None, 1, &[1]),
            ],
            5,
        );
        let rows = |rows: &Rows<u32>| (0..5).map(|r| rows.row(r).len()).collect::<Vec<_>>();
        assert_eq!(rows(&found.orders), [1, 1, 0, 0, 0]);
        assert_eq!(rows(&found.baskets), [1, 0, 1, 0, 0], "the same items on the same day");
        assert_eq!(found.any, [true, true, true, true, false]);
        assert!((found.order_rarity(0) - 1.5_f32.log2()).abs() < 1e-6);
    }

    #[test]
    fn rare_items_weigh_more_and_the_order_of_pushing_does_not_matter() {
        let mut baskets: Vec<Basket> = (0..20).map(|r| basket(r, None, r as i32, &[7, 100 + r])).collect();
        baskets.push(basket(0, None, 99, &[500, 501]));
        baskets.push(basket(1, None, 98, &[500, 501]));
        let found = build(&baskets, 20);
        let (share, count) = found.overlap(0, 1);
        assert_eq!(count, 3);
        assert!(share > 0.5, "{share}");
        let (common, one) = found.overlap(2, 3);
        assert!(one == 1 && common < 0.01, "what everybody buys says nothing: {common}");
        baskets.reverse();
        assert_eq!(build(&baskets, 20).overlap(0, 1), (share, count));
    }
}
