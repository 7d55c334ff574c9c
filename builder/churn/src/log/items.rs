//! What is known of each item at a cut: how many bought it, and whether it is still sold.

use crate::log::read::{Log, NONE};

/// Of every item, from purchases before a cut.
pub(crate) struct Items {
    /// Customers who bought it.
    buyers: Vec<u32>,
    /// Of these, in the recent part.
    recent: Vec<u32>,
}

impl Items {
    pub(crate) fn at(log: &Log, cut: i64, recent_s: i64) -> Items {
        let count = log.items_count;
        let mut items = Items { buyers: vec![0; count], recent: vec![0; count] };
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
        items
    }

    /// ln of the number of buyers.
    pub(crate) fn popularity(&self, item: u32) -> f64 {
        f64::from(self.buyers[item as usize].max(1)).ln()
    }

    pub(crate) fn still_sold(&self, item: u32) -> bool {
        self.recent[item as usize] > 0
    }

    /// ln of the smoothed share of its buyers who bought it lately.
    pub(crate) fn trend(&self, item: u32) -> f64 {
        let (buyers, recent) = (self.buyers[item as usize], self.recent[item as usize]);
        ((f64::from(recent) + 1.0) / (f64::from(buyers) + 3.0)).ln()
    }
}
