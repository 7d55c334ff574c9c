//! What each record bought: order numbers, baskets by day, and items weighted by how telling they are.
//!
//! [`PurchaseLog`] takes orders in, in any order and without their texts; [`Purchases`] is what pairs are compared by.
//! Orders are told apart by 64-bit hashes of their numbers, baskets by hashes of day and items.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::ahead::read_rows;
use crate::input::Basket;
use crate::vocabulary::{Rows, for_each_shared, hash_text, mix};

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
    /// Hash of the number, and the record.
    numbers: Vec<(u64, u32)>,
    /// Hash of day and items, and the record.
    baskets: Vec<(u64, u32)>,
    /// Record and item.
    items: Vec<(u32, u32)>,
}

impl PurchaseLog {
    pub(crate) fn push(&mut self, record: u32, basket: &Basket) {
        self.numbers.extend(number_hash(basket).map(|hash| (hash, record)));
        self.baskets.extend(basket_hash(basket).map(|hash| (hash, record)));
        self.items.extend(basket.items.iter().map(|&item| (record, item)));
    }
}

fn number_hash(basket: &Basket) -> Option<u64> {
    basket.order_number.as_deref().map(str::trim).filter(|n| !n.is_empty()).map(hash_text)
}

/// `None` for a basket too small to tell anybody by.
fn basket_hash(basket: &Basket) -> Option<u64> {
    let mut sorted: Vec<u32> = basket.items.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let start = mix(hash_text("basket") ^ basket.day.0 as u64);
    (sorted.len() >= BASKET_ITEMS_MIN).then(|| sorted.iter().fold(start, |h, &item| mix(h ^ u64::from(item))))
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
#[derive(Debug, Clone, Default)]
pub(crate) struct Weights {
    /// By item: log2(records with purchases / records with the item), in steps.
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
    pub(crate) fn build(log: &mut PurchaseLog, records: u32, keep: Keep, weights: Option<&Weights>) -> Purchases {
        let mut purchases = Purchases { any: vec![false; records as usize], ..Purchases::default() };
        let numbers = std::mem::take(&mut log.numbers);
        numbers.iter().for_each(|&(_, record)| purchases.any[record as usize] = true);
        let order_records = purchases.any.iter().filter(|&&with| with).count() as u32;
        (purchases.orders, purchases.holders) = by_record(numbers, records, keep);
        (purchases.baskets, _) = by_record(std::mem::take(&mut log.baskets), records, keep);
        let mut bought = std::mem::take(&mut log.items);
        bought.par_sort_unstable();
        bought.dedup();
        bought.iter().for_each(|&(record, _)| purchases.any[record as usize] = true);
        purchases.weights = weights.cloned().unwrap_or_else(|| Weights::count(&bought, order_records));
        let mut groups = bought.chunk_by(|x, y| x.0 == y.0).peekable();
        for record in 0..records {
            let group = groups.next_if(|group| group[0].0 == record).unwrap_or_default();
            purchases.push_items(group.iter().map(|g| g.1).collect());
        }
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
        let orders: Vec<u64> = baskets.iter().filter_map(number_hash).collect();
        let mut items: Vec<u32> = baskets.iter().flat_map(|b| b.items.iter().copied()).collect();
        items.sort_unstable();
        items.dedup();
        self.any.push(!orders.is_empty() || !items.is_empty());
        self.orders.push(&row(orders));
        self.baskets.push(&row(baskets.iter().filter_map(basket_hash).collect()));
        self.push_items(items);
    }

    /// `items`: sorted.
    fn push_items(&mut self, mut items: Vec<u32>) {
        if items.len() > ITEMS_MAX {
            items.sort_unstable_by_key(|&i| (std::cmp::Reverse(self.weights.of(i)), i));
            items.truncate(ITEMS_MAX);
            items.sort_unstable();
        }
        self.items.push(&items);
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
    /// `bought`: record and item, each once, sorted.
    fn count(bought: &[(u32, u32)], order_records: u32) -> Weights {
        let mut holders: FxHashMap<u32, u32> = FxHashMap::default();
        bought.iter().for_each(|&(_, item)| *holders.entry(item).or_default() += 1);
        let buyers = bought.chunk_by(|x, y| x.0 == y.0).count().max(1) as f32;
        let weight = |held: u32| ((buyers / held.max(1) as f32).log2() * STEPS_PER_BIT) as u32;
        let items = holders.into_iter().map(|(item, held)| (item, weight(held))).collect();
        Weights { items, new_item: weight(1), order_records }
    }

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
    let mut by_record: Vec<(u32, u64)> = Vec::new();
    for group in held.chunk_by(|x, y| x.0 == y.0) {
        if group.len() > 1 {
            holders.insert(group[0].0, group.len() as u32);
        }
        if group.len() > 1 || keep == Keep::All {
            by_record.extend(group.iter().map(|&(hash, record)| (record, hash)));
        }
    }
    drop(held);
    by_record.par_sort_unstable();
    let mut groups = by_record.chunk_by(|x, y| x.0 == y.0).peekable();
    let mut rows = Rows::default();
    let mut row: Vec<u64> = Vec::new();
    for record in 0..records {
        row.clear();
        if let Some(group) = groups.next_if(|group| group[0].0 == record) {
            row.extend(group.iter().map(|g| g.1));
        }
        rows.push(&row);
    }
    (rows, holders)
}

#[cfg(test)]
mod tests {
    use kenal_types::Date;

    use super::*;

    fn basket(record: u32, number: Option<&str>, day: i32, items: &[u32]) -> (u32, Basket) {
        (record, Basket { order_number: number.map(str::to_owned), day: Date(day), items: items.to_vec() })
    }

    fn build(baskets: &[(u32, Basket)], records: u32) -> Purchases {
        let mut log = PurchaseLog::default();
        baskets.iter().for_each(|(record, basket)| log.push(*record, basket));
        Purchases::build(&mut log, records, Keep::Shared, None)
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
        let whole = |log: &mut PurchaseLog, records| Purchases::build(log, records, Keep::All, None);
        let mut log = PurchaseLog::default();
        baskets.iter().for_each(|(record, basket)| log.push(*record, basket));
        let at_once = whole(&mut log, 3);
        let mut later = PurchaseLog::default();
        baskets.iter().filter(|b| b.0 < 2).for_each(|(record, basket)| later.push(*record, basket));
        let mut later = Purchases::build(&mut later, 2, Keep::All, Some(&at_once.weights));
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
