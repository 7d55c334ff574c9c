//! What each record bought: order numbers, baskets by day, and items weighted by how telling they are.
//!
//! [`PurchaseLog`] takes orders in, in any order and without their texts; [`Purchases`] is what pairs are compared by.
//! Orders are told apart by 64-bit hashes of their numbers, baskets by hashes of day and items.

use kenal_types::Date;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::ahead::read_rows;
use crate::input::Basket;
use crate::vocabulary::{Rows, for_each_shared, hash_text, in_order, mix, with_room};

/// Items kept per record, the rarest first: who bought 60 things is recognised by the 40 that few others did.
const ITEMS_MAX: usize = 40;
/// Orders and baskets kept per record: those of the smallest hashes, so that two records with many keep the same ones.
const ORDERS_MAX: usize = 64;
/// A basket of fewer different items is had by too many people on one day.
const BASKET_ITEMS_MIN: usize = 2;
/// Item weights are counted in steps of a 256th of a bit, so that their sums do not depend on the order of adding.
const STEPS_PER_BIT: f32 = 256.0;

/// Orders as they are taken in.
#[derive(Debug, Default)]
pub(crate) struct PurchaseLog {
    orders: Vec<Logged>,
    /// Order and item, see [`line`].
    lines: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Logged {
    /// Hash of the number; 0 for none.
    number: u64,
    record: u32,
    day: Date,
}

/// The number of an order, or of a record, before that of an item: one word that sorts as both do.
fn line(of: u32, item: u32) -> u64 {
    u64::from(of) << 32 | u64::from(item)
}

fn parts(line: u64) -> (u32, u32) {
    ((line >> 32) as u32, line as u32)
}

impl PurchaseLog {
    pub(crate) fn with_room(orders: usize, lines: usize) -> PurchaseLog {
        PurchaseLog { orders: with_room(orders), lines: with_room(lines) }
    }

    pub(crate) fn push(&mut self, record: u32, basket: &Basket) {
        let order = self.open(record, number_hash(basket.order_number.as_deref()), basket.day);
        basket.items.iter().for_each(|&item| self.add(order, item));
    }

    /// The number of a new order, without items. `number`: its [`number_hash`].
    pub(crate) fn open(&mut self, record: u32, number: u64, day: Date) -> u32 {
        let order = self.orders.len() as u32;
        self.orders.push(Logged { number, record, day });
        order
    }

    pub(crate) fn add(&mut self, order: u32, item: u32) {
        self.lines.push(line(order, item));
    }

    /// The order was made on this day or before.
    pub(crate) fn not_after(&mut self, order: u32, day: Date) {
        let own = &mut self.orders[order as usize].day;
        *own = day.min(*own);
    }

    /// A record that is `records` or above, if there is one.
    pub(crate) fn record_above(&self, records: usize) -> Option<u32> {
        self.orders.iter().map(|o| o.record).find(|&record| record as usize >= records)
    }

    pub(crate) fn append(&mut self, other: PurchaseLog) {
        let first = self.orders.len() as u32;
        if first == 0 {
            *self = other;
            return;
        }
        self.orders.extend(other.orders);
        self.lines.extend(other.lines.into_iter().map(parts).map(|(order, item)| line(first + order, item)));
    }
}

/// What tells the number of an order from others; 0 for none.
pub(crate) fn number_hash(number: Option<&str>) -> u64 {
    number.map(str::trim).filter(|n| !n.is_empty()).map_or(0, hash_text)
}

/// Of sorted items, each once; `None` for a basket too small to tell anybody by.
fn basket_hash(day: Date, items: impl ExactSizeIterator<Item = u32>) -> Option<u64> {
    let start = mix(hash_text("basket") ^ day.0 as u64);
    (items.len() >= BASKET_ITEMS_MIN).then(|| items.fold(start, |h, item| mix(h ^ u64::from(item))))
}

/// Which orders are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Those that two or more of the records have: no pair can agree on the others.
    Shared,
    /// All, since records that come later may have them too.
    All,
}

/// How telling items and orders are, as counted when a model was fitted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Weights {
    /// By item: log2(records with purchases / records with the item), in steps.
    #[serde(serialize_with = "in_order")]
    items: FxHashMap<u32, u32>,
    /// Of an item that nobody had bought.
    new_item: u32,
    /// Records with orders.
    order_records: u32,
}

/// Purchases by record.
#[derive(Debug, Default)]
pub(crate) struct Purchases {
    /// Whether the record bought anything.
    pub any: Vec<bool>,
    /// Sorted hashes of order numbers.
    pub orders: Rows<u64>,
    /// By order of two or more records: how many have it.
    holders: FxHashMap<u64, u32>,
    /// Sorted hashes of day and items.
    pub baskets: Rows<u64>,
    /// Sorted items.
    items: Rows<u32>,
    pub weights: Weights,
}

impl Purchases {
    /// `records`: how many there are. Takes the log apart as it goes, since both at once would not fit a large company.
    /// `weights`: those of a model; else they are counted.
    pub(crate) fn build(log: PurchaseLog, records: u32, keep: Keep, weights: Option<&Weights>) -> Purchases {
        let PurchaseLog { orders, mut lines } = log;
        let mut purchases = Purchases { any: vec![false; records as usize], ..Purchases::default() };
        let numbered = orders.iter().filter(|order| order.number != 0);
        numbered.clone().for_each(|order| purchases.any[order.record as usize] = true);
        let order_records = purchases.any.iter().filter(|&&with| with).count() as u32;
        let numbers = || numbered.map(|order| (order.number, order.record)).collect();
        let sort = || lines.par_sort_unstable();
        ((purchases.orders, purchases.holders), ()) = rayon::join(|| by_record(numbers(), records, keep), sort);
        lines.dedup();
        let of_order = |x: &u64, y: &u64| x >> 32 == y >> 32;
        let basket = |lines: &[u64]| {
            let order = orders[parts(lines[0]).0 as usize];
            Some((basket_hash(order.day, lines.iter().map(|&l| parts(l).1))?, order.record))
        };
        let baskets = || by_record(lines.chunk_by(of_order).filter_map(basket).collect(), records, keep).0;
        let bought = lines.iter().map(|&l| parts(l)).map(|(order, item)| (orders[order as usize].record, item));
        let mut items;
        (purchases.baskets, items) = rayon::join(baskets, || Rows::grouped(records, bought));
        drop((lines, orders));
        items.compact(|_, items| {
            items.sort_unstable();
            distinct(items)
        });
        (0..records).for_each(|record| purchases.any[record as usize] |= !items.row(record).is_empty());
        let weights = weights.cloned().unwrap_or_else(|| Weights::count(&items, order_records));
        items.compact(|_, items| weights.most_telling(items));
        (purchases.items, purchases.weights) = (items, weights);
        purchases
    }

    /// Appends what one more record bought.
    pub(crate) fn push(&mut self, baskets: &[Basket]) {
        let row = |hashes: Vec<u64>| {
            let mut row = hashes;
            row.sort_unstable();
            row.dedup();
            row.truncate(ORDERS_MAX);
            row
        };
        let sorted = |mut items: Vec<u32>| {
            items.sort_unstable();
            items.dedup();
            items
        };
        let basket = |b: &Basket| basket_hash(b.day, sorted(b.items.clone()).into_iter());
        let numbers = baskets.iter().map(|b| number_hash(b.order_number.as_deref()));
        let orders: Vec<u64> = numbers.filter(|&number| number != 0).collect();
        let mut items = sorted(baskets.iter().flat_map(|b| b.items.iter().copied()).collect());
        self.any.push(!orders.is_empty() || !items.is_empty());
        self.orders.push(&row(orders));
        self.baskets.push(&row(baskets.iter().filter_map(basket).collect()));
        let kept = self.weights.most_telling(&mut items);
        self.items.push(&items[..kept]);
    }

    /// Reads what comparing these records will read.
    pub(crate) fn read_ahead(&self, records: &[u32]) {
        read_rows(&self.orders, records);
        read_rows(&self.baskets, records);
        read_rows(&self.items, records);
    }

    /// How many records have an order, now.
    pub(crate) fn set_holders(&mut self, order: u64, records: u32) {
        match records {
            0 | 1 => drop(self.holders.remove(&order)),
            _ => drop(self.holders.insert(order, records)),
        }
    }

    /// Records that have an order, up to the next power of two: so it hardly ever changes when another record has it too.
    pub(crate) fn holders(&self, order: u64) -> u32 {
        self.holders.get(&order).copied().unwrap_or(1).next_power_of_two()
    }

    /// `-log2` of the share of the records with orders that have this one.
    pub(crate) fn order_rarity(&self, order: u64) -> f32 {
        (self.weights.order_records.max(1) as f32 / self.holders(order) as f32).log2().max(0.0)
    }

    /// Weight of the items that two records share, as a share of the lighter record's weight, and their count.
    pub(crate) fn overlap(&self, a: u32, b: u32) -> (f32, usize) {
        let (a, b) = (self.items.row(a), self.items.row(b));
        let weight = |items: &[u32]| items.iter().map(|&i| self.weights.of(i)).sum::<u32>();
        let (mut shared, mut count) = (0_u32, 0);
        for_each_shared(a, b, |item| {
            shared += self.weights.of(item);
            count += 1;
        });
        if count == 0 {
            return (0.0, 0);
        }
        let least = weight(a).min(weight(b));
        (if least > 0 { shared as f32 / least as f32 } else { 0.0 }, count)
    }
}

impl Weights {
    /// `bought`: by record, items, each once.
    fn count(bought: &Rows<u32>, order_records: u32) -> Weights {
        let mut holders: FxHashMap<u32, u32> = FxHashMap::default();
        bought.values().iter().for_each(|&item| *holders.entry(item).or_default() += 1);
        let rows = 0..bought.len() as u32;
        let buyers = rows.filter(|&record| !bought.row(record).is_empty()).count().max(1) as f32;
        let weight = |held: u32| ((buyers / held.max(1) as f32).log2() * STEPS_PER_BIT) as u32;
        let items = holders.into_iter().map(|(item, held)| (item, weight(held))).collect();
        Weights { items, new_item: weight(1), order_records }
    }

    /// Puts the rarest of sorted items first, at most [`ITEMS_MAX`] and sorted again, and gives their count.
    fn most_telling(&self, items: &mut [u32]) -> usize {
        if items.len() > ITEMS_MAX {
            items.sort_unstable_by_key(|&i| (std::cmp::Reverse(self.of(i)), i));
            items[..ITEMS_MAX].sort_unstable();
        }
        items.len().min(ITEMS_MAX)
    }

    #[inline]
    fn of(&self, item: u32) -> u32 {
        self.items.get(&item).copied().unwrap_or(self.new_item)
    }
}

/// By record, sorted hashes of what it has, the smallest [`ORDERS_MAX`]; and how many records have each of those that two
/// or more have.
fn by_record(mut held: Vec<(u64, u32)>, records: u32, keep: Keep) -> (Rows<u64>, FxHashMap<u64, u32>) {
    held.par_sort_unstable();
    held.dedup();
    let mut kept = vec![0_u32; records as usize];
    held.retain(|&(_, record)| {
        let own = &mut kept[record as usize];
        *own += 1;
        *own as usize <= ORDERS_MAX
    });
    let mut holders = FxHashMap::default();
    let of_hash = |x: &(u64, u32), y: &(u64, u32)| x.0 == y.0;
    for group in held.chunk_by(of_hash).filter(|group| group.len() > 1) {
        holders.insert(group[0].0, group.len() as u32);
    }
    let of_use = held.chunk_by(of_hash).filter(|group| group.len() > 1 || keep == Keep::All).flatten();
    // In the order of hashes, so each row is sorted.
    (Rows::grouped(records, of_use.map(|&(hash, record)| (record, hash))), holders)
}

/// Puts the distinct ones of sorted values first, and gives their count.
fn distinct(sorted: &mut [u32]) -> usize {
    let mut kept = 0;
    for at in 0..sorted.len() {
        if kept == 0 || sorted[kept - 1] != sorted[at] {
            sorted[kept] = sorted[at];
            kept += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basket(record: u32, number: Option<&str>, day: i32, items: &[u32]) -> (u32, Basket) {
        (record, Basket { order_number: number.map(str::to_owned), day: Date(day), items: items.to_vec() })
    }

    fn build(baskets: &[(u32, Basket)], records: u32) -> Purchases {
        let mut log = PurchaseLog::default();
        baskets.iter().for_each(|(record, basket)| log.push(*record, basket));
        Purchases::build(log, records, Keep::Shared, None)
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
        let rows = |rows: &Rows<u64>| (0..5).map(|r| rows.row(r).len()).collect::<Vec<_>>();
        assert_eq!(rows(&found.orders), [1, 1, 0, 0, 0]);
        assert_eq!(rows(&found.baskets), [1, 0, 1, 0, 0], "the same items on the same day");
        assert_eq!(found.any, [true, true, true, true, false]);
        assert!((found.order_rarity(hash_text("#1")) - 1.5_f32.log2()).abs() < 1e-6);
    }

    #[test]
    fn rare_items_weigh_more_and_the_order_of_pushing_does_not_matter() {
        let mut baskets: Vec<(u32, Basket)> = (0..20).map(|r| basket(r, None, r as i32, &[7, 100 + r])).collect();
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

    #[test]
    fn a_record_that_comes_later_is_as_one_that_came_at_once() {
        let baskets: Vec<(u32, Basket)> = (0..300)
            .map(|n| basket(n % 3, Some(&format!("#{}", n % 200)), n as i32 % 90, &[n % 70, 80 + n % 11]))
            .collect();
        let whole = |log: PurchaseLog, records| Purchases::build(log, records, Keep::All, None);
        let mut log = PurchaseLog::default();
        baskets.iter().for_each(|(record, basket)| log.push(*record, basket));
        let at_once = whole(log, 3);
        let mut later = PurchaseLog::default();
        baskets.iter().filter(|b| b.0 < 2).for_each(|(record, basket)| later.push(*record, basket));
        let mut later = Purchases::build(later, 2, Keep::All, Some(&at_once.weights));
        let last: Vec<Basket> = baskets.iter().filter(|b| b.0 == 2).map(|b| b.1.clone()).collect();
        later.push(&last);
        for record in 0..3 {
            assert_eq!(later.orders.row(record), at_once.orders.row(record));
            assert_eq!(later.baskets.row(record), at_once.baskets.row(record));
            assert_eq!(later.items.row(record), at_once.items.row(record));
        }
        assert_eq!(later.orders.row(0).len(), ORDERS_MAX.min(100));
    }
}
