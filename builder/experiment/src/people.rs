//! Exposures and orders joined: what each randomised person did before and after.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::moments::{Person, VALUES};
use crate::plan::{Plan, Twice};
use crate::read::{DAY_US, Exposures, Orders};

/// Order values that were cut.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cap {
    pub percentile: f64,
    /// What a larger order counts as.
    pub amount: f64,
    pub orders: u64,
    /// Share of the revenue that is not counted for it.
    pub share_of_revenue: f64,
}

/// Randomised people, and those who are not among them.
#[derive(Debug, Clone)]
pub struct Joined {
    pub people: Vec<Person>,
    /// People without consent: on no arm, and nothing of theirs was looked at.
    pub no_consent: u64,
    /// People who were shown two arms.
    pub twice: u64,
    /// People whose window does not end before the data does.
    pub unripe: u64,
    pub cap: Option<Cap>,
    /// The first exposure.
    pub begin: i64,
    /// The last moment of the data.
    pub end: i64,
}

/// What exposures say of one person.
#[derive(Clone, Copy)]
struct First {
    time: i64,
    arm: u32,
    market: u32,
    twice: bool,
    refused: bool,
}

/// The first exposure of each person; whoever is excluded once is excluded, since a withdrawal covers the whole.
fn firsts(exposures: &Exposures) -> Vec<First> {
    let none = First { time: i64::MAX, arm: u32::MAX, market: u32::MAX, twice: false, refused: false };
    let mut firsts = vec![none; exposures.people.all().len()];
    for row in &exposures.rows {
        let first = &mut firsts[row.person as usize];
        let Some(arm) = row.arm else {
            first.refused = true;
            continue;
        };
        first.twice |= first.arm != u32::MAX && first.arm != arm;
        if row.time < first.time {
            *first = First { time: row.time, arm, market: row.market.unwrap_or(u32::MAX), ..*first };
        }
    }
    firsts
}

/// Puts orders beside exposures: `[exposure, exposure + window)` counts, `[exposure − lookback, exposure)` foretells.
/// Markets are numbered from 0, with one more for people without any. O(exposures + orders).
pub fn join(exposures: &Exposures, orders: &Orders, plan: &Plan, twice: Twice, end: Option<i64>) -> Joined {
    let firsts = firsts(exposures);
    let begin = firsts.iter().filter(|f| f.arm != u32::MAX).map(|f| f.time).min().unwrap_or(0);
    let last_exposure = firsts.iter().filter(|f| f.arm != u32::MAX).map(|f| f.time).max().unwrap_or(0);
    let end = end.unwrap_or(last_exposure.max(orders.last));
    let (window, lookback) = (plan.window_days.map(|d| (d * DAY_US) as i64), (plan.lookback_days * DAY_US) as i64);
    let (mut no_consent, mut twice_count, mut unripe) = (0, 0, 0);
    let mut taken: FxHashMap<u32, usize> = FxHashMap::default();
    let mut people = Vec::with_capacity(firsts.len());
    for (person, first) in firsts.iter().enumerate() {
        if first.refused {
            no_consent += 1;
            continue;
        }
        twice_count += u64::from(first.twice);
        if first.twice && twice == Twice::Exclude {
            continue;
        }
        if first.time > end || window.is_some_and(|w| first.time.saturating_add(w) > end) {
            unripe += 1;
            continue;
        }
        taken.insert(person as u32, people.len());
        let stratum = if first.market == u32::MAX { exposures.markets.all().len() as u32 } else { first.market };
        people.push(Person { arm: first.arm as u16, stratum: stratum as u16, values: [0.0; VALUES] });
    }
    let after = |exposed: i64, time: i64| time >= exposed && time <= end && window.is_none_or(|w| time < exposed + w);
    let exposed = |person: u32| firsts[person as usize].time;
    let counted = |o: &&crate::read::Order| taken.contains_key(&o.person) && after(exposed(o.person), o.time);
    let cap = plan
        .cap_percentile
        .and_then(|percentile| cap_of(orders.rows.iter().filter(counted).map(|o| o.amount).collect(), percentile));
    for order in &orders.rows {
        let Some(&at) = taken.get(&order.person) else { continue };
        let exposed = exposed(order.person);
        let side = match order.time {
            t if after(exposed, t) => 0,
            t if t < exposed && t >= exposed - lookback => 3,
            _ => continue,
        };
        let values = &mut people[at].values;
        values[side] += cap.map_or(order.amount, |c| order.amount.min(c.amount));
        if order.amount > 0.0 {
            values[side + 1] += 1.0;
            values[side + 2] = 1.0;
        }
    }
    Joined { people, no_consent, twice: twice_count, unripe, cap, begin, end }
}

/// The least order value that `percentile` of a hundred orders do not exceed.
fn cap_of(mut amounts: Vec<f64>, percentile: f64) -> Option<Cap> {
    amounts.retain(|a| *a > 0.0);
    amounts.sort_unstable_by(f64::total_cmp);
    let rank = (amounts.len() as f64 * percentile / 100.0).ceil().max(1.0) as usize;
    let amount = *amounts.get(rank - 1)?;
    let above = &amounts[rank..];
    let cut: f64 = above.iter().map(|a| a - amount).sum();
    let total: f64 = amounts.iter().sum();
    let orders = above.iter().filter(|a| **a > amount).count() as u64;
    Some(Cap { percentile, amount, orders, share_of_revenue: cut / total })
}
