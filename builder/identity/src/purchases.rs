//! What each record bought: order numbers, baskets by day, and items weighted by how telling they are.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::input::Input;
use crate::vocabulary::{Rows, Vocabulary, hash_text, mix};

/// Items kept per record, the rarest first: who bought 60 things is recognised by the 40 that few others did.
const ITEMS_MAX: usize = 40;
/// Orders kept per record, by number.
const ORDERS_MAX: usize = 64;
/// A basket of fewer different items is had by too many people on one day.
pub(crate) const BASKET_ITEMS_MIN: usize = 2;

/// Purchases by record, in canonical order.
#[derive(Debug, Default)]
pub(crate) struct Purchases {
    pub order_numbers: Vocabulary,
    /// Sorted order numbers of each record.
    pub orders: Rows<u32>,
    /// Sorted hashes of (day, items) of each record.
    pub baskets: Rows<u64>,
    /// Sorted positions in `idf` of each record's items.
    pub items: Rows<u32>,
    /// log2(records with purchases / records with the item), by item.
    pub idf: Vec<f32>,
}

impl Purchases {
    pub(crate) fn build(input: &Input, order: &[u32]) -> Purchases {
        let mut place = vec![0_u32; order.len()];
        for (at, &original) in order.iter().enumerate() {
            place[original as usize] = at as u32;
        }
        let mut by_record: Vec<(u32, u32)> =
            input.baskets.par_iter().enumerate().map(|(at, b)| (place[b.record as usize], at as u32)).collect();
        // Within a record, the order of baskets is the caller's; every list below is sorted, so it does not show.
        by_record.par_sort_unstable();
        let mut purchases = Purchases::default();
        let idf = ItemWeights::count(input, &by_record);
        let mut next = 0;
        let (mut numbers, mut baskets, mut items) = (Vec::new(), Vec::new(), Vec::new());
        for record in 0..order.len() as u32 {
            let from = next;
            while next < by_record.len() && by_record[next].0 == record {
                next += 1;
            }
            numbers.clear();
            baskets.clear();
            items.clear();
            for &(_, at) in &by_record[from..next] {
                let basket = &input.baskets[at as usize];
                numbers.extend(basket.order_number.as_deref().map(str::trim).filter(|n| !n.is_empty()));
                baskets.extend(basket_hash(basket.day.0, &basket.items));
                items.extend(basket.items.iter().map(|item| idf.position[item]));
            }
            purchases.push(&mut numbers, &mut baskets, &mut items, &idf.weight);
        }
        purchases.idf = idf.weight;
        purchases.order_numbers.freeze();
        purchases
    }

    fn push(&mut self, numbers: &mut Vec<&str>, baskets: &mut Vec<u64>, items: &mut Vec<u32>, idf: &[f32]) {
        numbers.sort_unstable();
        numbers.dedup();
        numbers.truncate(ORDERS_MAX);
        let mut ids: Vec<u32> = numbers.iter().map(|n| self.order_numbers.intern(n)).collect();
        ids.sort_unstable();
        self.order_numbers.count(&ids);
        self.orders.push(&ids);
        baskets.sort_unstable();
        baskets.dedup();
        baskets.truncate(ORDERS_MAX);
        self.baskets.push(baskets);
        items.sort_unstable();
        items.dedup();
        if items.len() > ITEMS_MAX {
            items.sort_unstable_by(|&a, &b| idf[b as usize].total_cmp(&idf[a as usize]).then(a.cmp(&b)));
            items.truncate(ITEMS_MAX);
            items.sort_unstable();
        }
        self.items.push(items);
    }

    /// Weight of the items that two sorted lists share, as a share of the smaller list's weight, and their count.
    pub(crate) fn overlap(&self, a: u32, b: u32) -> (f32, usize) {
        let (a, b) = (self.items.row(a), self.items.row(b));
        let weight = |items: &[u32]| items.iter().map(|&i| self.idf[i as usize]).sum::<f32>();
        let (mut shared, mut count) = (0.0, 0);
        crate::vocabulary::for_each_shared(a, b, |item| {
            shared += self.idf[item as usize];
            count += 1;
        });
        let least = weight(a).min(weight(b));
        (if least > 0.0 { shared / least } else { 0.0 }, count)
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

struct ItemWeights {
    /// From the caller's number to the position in `weight`.
    position: FxHashMap<u32, u32>,
    weight: Vec<f32>,
}

impl ItemWeights {
    fn count(input: &Input, by_record: &[(u32, u32)]) -> ItemWeights {
        let mut distinct: Vec<u32> = input.baskets.iter().flat_map(|b| b.items.iter().copied()).collect();
        distinct.par_sort_unstable();
        distinct.dedup();
        let position: FxHashMap<u32, u32> = distinct.iter().enumerate().map(|(at, &item)| (item, at as u32)).collect();
        let mut holders = vec![0_u32; distinct.len()];
        let mut last = vec![u32::MAX; distinct.len()];
        let mut buyers = 0_u32;
        let mut previous = u32::MAX;
        for &(record, at) in by_record {
            buyers += u32::from(record != previous);
            previous = record;
            for item in &input.baskets[at as usize].items {
                let item = position[item] as usize;
                if last[item] != record {
                    last[item] = record;
                    holders[item] += 1;
                }
            }
        }
        let weight = holders.iter().map(|&h| (buyers.max(1) as f32 / h.max(1) as f32).log2()).collect();
        ItemWeights { position, weight }
    }
}
