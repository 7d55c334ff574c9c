//! What is known of each item at a cut: how many bought it, and whether it is still sold.

use crate::log::read::{Log, NONE};

/// Of every item, from purchases before a cut.
pub(crate) struct Items {
    /// Customers who bought it.
    buyers: Vec<u32>,
    /// Of these, in the recent part.
    recent: Vec<u32>,
    /// ln of the mean number of buyers of an item, and of the share of all buyers that is recent: both move as the log
    /// grows, and items are compared with them so that cuts can be compared with one another.
    typical: f64,
    typical_share: f64,
}

impl Items {
    pub(crate) fn at(log: &Log, cut: i64, recent_s: i64) -> Items {
        let count = log.items_count;
        let mut items = Items { buyers: vec![0; count], recent: vec![0; count], typical: 0.0, typical_share: 0.0 };
        let (mut seen, mut seen_recent) = (vec![NONE; count], vec![NONE; count]);
        for customer in 0..log.customers.len() {
            let mine = customer as u32;
            for line in log.of_customer(customer).iter().take_while(|l| l.time < cut) {
                if line.item == NONE || !line.is_purchase() {
                    continue;
                }
                let item = line.item as usize;
                if seen[item] != mine {
                    seen[item] = mine;
                    items.buyers[item] += 1;
                }
                if line.time >= cut - recent_s && seen_recent[item] != mine {
                    seen_recent[item] = mine;
                    items.recent[item] += 1;
                }
            }
        }
        let sum = |of: &[u32]| of.iter().map(|&n| f64::from(n)).sum::<f64>();
        let (buyers, recent) = (sum(&items.buyers), sum(&items.recent));
        let sold = items.buyers.iter().filter(|n| **n > 0).count() as f64;
        items.typical = (buyers.max(1.0) / sold.max(1.0)).ln();
        items.typical_share = ((recent + 1.0) / (buyers + 3.0)).ln();
        items
    }

    /// ln of the number of buyers against that of the typical item.
    pub(crate) fn popularity(&self, item: u32) -> f64 {
        f64::from(self.buyers[item as usize].max(1)).ln() - self.typical
    }

    pub(crate) fn still_sold(&self, item: u32) -> bool {
        self.recent[item as usize] > 0
    }

    /// ln of the smoothed share of its buyers who bought it lately, against that of all items.
    pub(crate) fn trend(&self, item: u32) -> f64 {
        let (buyers, recent) = (self.buyers[item as usize], self.recent[item as usize]);
        ((f64::from(recent) + 1.0) / (f64::from(buyers) + 3.0)).ln() - self.typical_share
    }
}
