//! What a customer's purchases before a moment say about those after it.
//!
//! Recency, frequency and money (Hughes 1994), how long against the customer's own rhythm nothing was bought, purchases
//! with weights that halve over several spans (which stand for the probability of being alive in Fader, Hardie and Lee
//! 2005, and are its sufficient statistics smoothed), and what kind of things were bought. Spans are shares of the
//! horizon, so that the same definitions serve 30 days and a year.

use kenal_models::churn::{Column, Transform};

use crate::log::items::Items;
use crate::log::read::{Line, Log, NONE};
use crate::time::DAY_S;

/// Names and transforms of the features, in the order of a row.
const ALWAYS: &[(&str, Transform)] = &[
    ("days since last purchase", Transform::Log1p),
    ("days since first purchase", Transform::Log1p),
    ("days from first to last purchase", Transform::Log1p),
    ("days with a purchase", Transform::Log1p),
    ("orders", Transform::Log1p),
    ("lines", Transform::Log1p),
    ("money", Transform::Log1p),
    ("money per day with a purchase", Transform::Log1p),
    ("money of the last order", Transform::Log1p),
    ("median money of an order", Transform::Log1p),
    ("lines per order", Transform::Log1p),
    ("purchase rate", Transform::Identity),
    ("absence against own gap", Transform::Identity),
    ("bought on one day only", Transform::Identity),
    ("days since the only purchase", Transform::Log1p),
    ("mean gap", Transform::Log1p),
    ("variation of gaps", Transform::Identity),
    ("last gap against mean", Transform::Identity),
    ("months with a purchase", Transform::Log1p),
    ("returns", Transform::Log1p),
    ("share of money returned", Transform::Identity),
    ("purchase days in a third of the horizon", Transform::Log1p),
    ("purchase days in two thirds of the horizon", Transform::Log1p),
    ("purchase days in a horizon", Transform::Log1p),
    ("purchase days in two horizons", Transform::Log1p),
    ("purchases, halving in a sixth of the horizon", Transform::Identity),
    ("purchases, halving in a third of the horizon", Transform::Identity),
    ("purchases, halving in two thirds of the horizon", Transform::Identity),
    ("purchases, halving in four thirds of the horizon", Transform::Identity),
    ("money, halving in two thirds of the horizon", Transform::Log1p),
];
const OF_QUANTITY: &[(&str, Transform)] =
    &[("median quantity of a line", Transform::Log1p), ("median price", Transform::Log1p)];
const OF_ITEMS: &[(&str, Transform)] = &[
    ("different items", Transform::Log1p),
    ("items bought again", Transform::Log1p),
    ("share of items bought again", Transform::Identity),
    ("popularity of items bought", Transform::Identity),
    ("share of items still sold", Transform::Identity),
    ("trend of items bought", Transform::Identity),
];

/// The columns that a log has features for.
pub fn columns(log: &Log) -> Vec<Column> {
    let mut all = ALWAYS.to_vec();
    if log.has_quantity {
        all.extend(OF_QUANTITY);
    }
    if log.has_items {
        all.extend(OF_ITEMS);
    }
    all.into_iter().map(|(name, transform)| Column { name: name.to_owned(), transform }).collect()
}

/// Who is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Population {
    /// Days after the cut without a purchase that count as leaving.
    pub horizon_days: u32,
    /// Only who bought within so many days before the cut; everybody who ever bought when none.
    pub active_days: Option<u32>,
}

/// Customers at one moment.
#[derive(Debug, Clone, Default)]
pub struct AtCut {
    /// Their numbers in the log, ascending.
    pub customers: Vec<u32>,
    /// Row-major, one row a customer.
    pub values: Vec<f32>,
    /// Whether nothing was bought in the horizon after; means nothing when the log ends before that.
    pub left: Vec<bool>,
}

/// Features of the population at a cut, from lines before it only.
pub fn at_cut(log: &Log, cut: i64, population: &Population) -> AtCut {
    let horizon_s = i64::from(population.horizon_days) * DAY_S;
    let items = Items::at(log, cut, (horizon_s / 3).max(DAY_S));
    let mut found = AtCut::default();
    let mut scratch = Scratch::default();
    for customer in 0..log.customers.len() {
        let all = log.of_customer(customer);
        let (before, after) = all.split_at(all.partition_point(|l| l.time < cut));
        scratch.bought.clear();
        scratch.bought.extend(before.iter().filter(|l| l.is_purchase()));
        let Some(last) = scratch.bought.last() else { continue };
        if population.active_days.is_some_and(|days| last.time < cut - i64::from(days) * DAY_S) {
            continue;
        }
        found.customers.push(customer as u32);
        found.left.push(!after.iter().any(|l| l.time < cut + horizon_s && l.is_purchase()));
        row(log, before, cut, f64::from(population.horizon_days), &items, &mut scratch, &mut found.values);
    }
    found
}

/// Memory that rows share.
#[derive(Default)]
struct Scratch {
    bought: Vec<Line>,
    /// Distinct days with a purchase, days before the cut, oldest first.
    days: Vec<f64>,
    /// Money, days before the cut, and lines of each order.
    orders: Vec<(f64, f64, f64)>,
    sorted: Vec<f64>,
    items: Vec<(u32, i64)>,
}

fn days_before(cut: i64, time: i64) -> f64 {
    (cut - time) as f64 / DAY_S as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count();
    values.sum::<f64>() / n as f64
}

fn row(log: &Log, before: &[Line], cut: i64, horizon: f64, items: &Items, s: &mut Scratch, out: &mut Vec<f32>) {
    let first_out = out.len();
    s.days.clear();
    s.days.extend(s.bought.iter().map(|l| (cut.div_euclid(DAY_S) - l.time.div_euclid(DAY_S)) as f64));
    s.days.dedup();
    s.orders.clear();
    // Lines of an invoice follow one another; without invoices an order is what has one time.
    for group in s.bought.chunk_by(|a, b| a.time == b.time && a.invoice == b.invoice) {
        let money = group.iter().map(|l| l.amount).sum::<f64>();
        s.orders.push((money, days_before(cut, group[0].time), group.len() as f64));
    }
    let (first, last) = (days_before(cut, s.bought[0].time), days_before(cut, s.bought[s.bought.len() - 1].time));
    let money: f64 = s.bought.iter().map(|l| l.amount).sum();
    let (days, orders, lines) = (s.days.len() as f64, s.orders.len() as f64, s.bought.len() as f64);
    let span = s.days[0] - s.days[s.days.len() - 1];
    // As if one gap of two thirds of the horizon had been seen besides, so that one purchase has a rhythm too.
    let gap = (span + 2.0 * horizon / 3.0) / days;
    let gaps = s.days.windows(2).map(|w| w[0] - w[1]);
    let (mean_gap, variation, last_gap) = if s.days.len() > 2 {
        let m = span / (days - 1.0);
        let sd = (gaps.clone().map(|g| (g - m).powi(2)).sum::<f64>() / (days - 2.0)).sqrt();
        (m, sd / m, gaps.clone().next_back().map_or(f64::NAN, |g| ((g + 1.0) / (m + 1.0)).ln()))
    } else {
        (gaps.clone().next_back().unwrap_or(f64::NAN), f64::NAN, f64::NAN)
    };
    let mut months: Vec<i64> = s.days.iter().map(|d| (d / 30.0) as i64).collect();
    months.dedup();
    let returned = before.iter().filter(|l| l.is_return());
    let money_returned: f64 = returned.clone().map(|l| l.amount.abs()).sum();
    s.sorted.clear();
    s.sorted.extend(s.orders.iter().map(|o| o.0));
    let within = |share: f64| s.days.iter().filter(|d| **d <= horizon * share).count() as f64;
    let halving = |share: f64| -> f64 { s.days.iter().map(|d| 0.5f64.powf(d / (horizon * share))).sum() };
    let money_halving: f64 = s.orders.iter().map(|o| o.0 * 0.5f64.powf(o.1 / (horizon * 2.0 / 3.0))).sum();
    let always = [
        last,
        first,
        first - last,
        days,
        orders,
        lines,
        money,
        money / days,
        s.orders[s.orders.len() - 1].0,
        median(&mut s.sorted),
        lines / orders,
        ((days - 0.5) / (first + horizon / 3.0)).ln(),
        ((last + 3.0) / (gap + 3.0)).ln(),
        f64::from(u8::from(s.days.len() == 1)),
        // Who came once fades otherwise than who has a rhythm.
        if s.days.len() == 1 { last } else { 0.0 },
        mean_gap,
        variation,
        last_gap,
        months.len() as f64,
        returned.count() as f64,
        money_returned / (money + money_returned),
        within(1.0 / 3.0),
        within(2.0 / 3.0),
        within(1.0),
        within(2.0),
        (halving(1.0 / 6.0) + 1e-3).ln(),
        (halving(1.0 / 3.0) + 1e-3).ln(),
        (halving(2.0 / 3.0) + 1e-3).ln(),
        (halving(4.0 / 3.0) + 1e-3).ln(),
        money_halving,
    ];
    out.extend(always.map(|v| v as f32));
    if log.has_quantity {
        s.sorted.clear();
        s.sorted.extend(s.bought.iter().map(|l| f64::from(l.quantity)));
        out.push(median(&mut s.sorted) as f32);
        s.sorted.clear();
        s.sorted.extend(s.bought.iter().map(|l| l.amount / f64::from(l.quantity)));
        out.push(median(&mut s.sorted) as f32);
    }
    if log.has_items {
        out.extend(of_items(items, s).map(|v| v as f32));
    }
    debug_assert!(out[first_out..].iter().all(|v| !v.is_infinite()), "a feature is infinite");
}

/// In the order of [`OF_ITEMS`]; NaN where no line names an item.
fn of_items(items: &Items, s: &mut Scratch) -> [f64; 6] {
    s.items.clear();
    s.items.extend(s.bought.iter().filter(|l| l.item != NONE).map(|l| (l.item, l.time.div_euclid(DAY_S))));
    s.items.sort_unstable();
    s.items.dedup();
    let known = s.items.len() as f64;
    let popularity = mean(s.items.iter().map(|&(item, _)| items.popularity(item)));
    let still = s.items.iter().filter(|&&(item, _)| items.still_sold(item)).count() as f64 / known;
    let (mut different, mut again) = (0.0, 0.0);
    for days in s.items.chunk_by(|a, b| a.0 == b.0) {
        different += 1.0;
        again += f64::from(u8::from(days.len() > 1));
    }
    s.items.dedup_by_key(|i| i.0);
    let trend = mean(s.items.iter().map(|&(item, _)| items.trend(item)));
    [different, again, again / different, popularity, still, trend]
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const LOG: &str = "customer,time,amount,invoice,item,quantity\n\
        once,2026-03-02,40,i1,mug,2\n\
        thrice,2026-01-01,10,i2,mug,1\n\
        thrice,2026-01-01,20,i2,tea,1\n\
        thrice,2026-01-21,30,i3,mug,1\n\
        thrice,2026-02-25,-10,i4,tea,-1\n\
        thrice,2026-03-02,60,i5,cup,3\n";

    /// Day 0 is 2026-04-01.
    fn rows(log: &str) -> (Log, AtCut) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.csv");
        std::fs::write(&path, log).expect("written");
        let log = Log::read(&path).expect("a log");
        let cut = crate::time::seconds("2026-04-01").expect("a day");
        let found = at_cut(&log, cut, &Population { horizon_days: 60, active_days: None });
        (log, found)
    }

    fn of(log: &Log, found: &AtCut, customer: &str) -> (HashMap<String, f32>, bool) {
        let names: Vec<String> = columns(log).into_iter().map(|column| column.name).collect();
        assert_eq!(found.values.len(), found.customers.len() * names.len(), "a value for each name");
        let at = found.customers.iter().position(|c| log.customers[*c as usize] == customer).expect("a row");
        let values = found.values[at * names.len()..][..names.len()].iter().copied();
        (names.into_iter().zip(values).collect(), found.left[at])
    }

    #[test]
    fn values_are_what_their_names_say() {
        let (log, found) = rows(&format!("{LOG}thrice,2026-05-01,5,i6,tea,1\n"));
        let (once, left) = of(&log, &found, "once");
        assert!(left, "nothing after the cut");
        for (name, value) in [
            ("days since last purchase", 30.0),
            ("days since first purchase", 30.0),
            ("bought on one day only", 1.0),
            ("days since the only purchase", 30.0),
            ("orders", 1.0),
            ("money", 40.0),
            ("median quantity of a line", 2.0),
            ("median price", 20.0),
            ("items bought again", 0.0),
        ] {
            assert!((once[name] - value).abs() < 1e-4, "{name}: {} is not {value}", once[name]);
        }
        assert!(once["mean gap"].is_nan() && once["variation of gaps"].is_nan(), "one day has no gap");
        let (thrice, left) = of(&log, &found, "thrice");
        assert!(!left, "bought in the horizon");
        for (name, value) in [
            ("days since last purchase", 30.0),
            ("days since first purchase", 90.0),
            ("days from first to last purchase", 60.0),
            ("days with a purchase", 3.0),
            ("bought on one day only", 0.0),
            ("days since the only purchase", 0.0),
            ("orders", 3.0),
            ("lines", 4.0),
            ("money", 120.0),
            ("money per day with a purchase", 40.0),
            ("money of the last order", 60.0),
            ("mean gap", 30.0),
            ("last gap against mean", (41.0f32 / 31.0).ln()),
            ("returns", 1.0),
            ("share of money returned", 10.0 / 130.0),
            ("purchase days in a horizon", 1.0),
            ("purchase days in two horizons", 3.0),
            ("different items", 3.0),
            ("items bought again", 1.0),
        ] {
            assert!((thrice[name] - value).abs() < 1e-4, "{name}: {} is not {value}", thrice[name]);
        }
    }

    #[test]
    fn what_comes_after_the_cut_changes_nothing_but_the_label() {
        let (log, before) = rows(LOG);
        let (_, after) = rows(&format!("{LOG}once,2026-04-01,90,i7,mug,1\nthrice,2026-06-01,5,i6,tea,1\n"));
        assert_eq!((before.customers.len(), columns(&log).len()), (2, before.values.len() / 2));
        let bits = |found: &AtCut| found.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&before), bits(&after));
        assert_eq!(before.left, [true, true]);
        assert_eq!(after.left.iter().filter(|left| **left).count(), 1, "61 days later is after the horizon");
    }
}
