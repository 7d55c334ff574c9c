//! One score out of four: what goes with the history (item–item, ALS), what is in fashion, and what is bought again.
//!
//! ```text
//! goes(u, i)  = a · item_item(u, i) / rms_u  +  b · als(u, i) / rms_u          both scaled by their size for u; an item
//!                                                  of the history counts 2^(−days since / recency) in item_item
//! trend(i)    = (heat_i + ½) / (max heat + ½)                                  heat_i = Σ_e 2^(−age_e / half-life)
//! rise(i)     = ρ_i / max ρ,  ρ_i = (heat_i + ½) / (ever_i + ½)                ever_i = Σ_e 1
//! again(u, i) = √(rate_i / mean rate) · Σ_{e of u with i} 2^(−age_e / h_i)     h_i = H · √(gap_i / mean gap)
//! score(u, i) = (max(0, goes) · trend^p  +  c · again · trend^q) · rise^r  +  10⁻⁶ · trend
//! ```
//!
//! The core ranks by the same formula (its module `blend`), with trend^p · rise^r compiled into the items as their boost and
//! trend^q · rise^r into what they are worth again; the last term stands for its way to fill a list with what is trending.
//!
//! `rise` tells what is bought more than it used to be from what always is: history already says much of the latter.
//!
//! `rate_i` is how often a purchase of i is followed by another by the same person, `gap_i` the days between the two: each
//! product's own rhythm, two numbers an item, both drawn towards the mean of all items where there is little to see.
//! The weights (a, b, p, r, c, q) are learnt by [`learn()`] on validation cases: coordinate ascent over a grid, since the
//! metric has no gradient.

mod learn;

pub use learn::{Learnt, learn, learn_from};

use crate::als::AlsModel;
use crate::eval::{AlsScorer, Case, Scorer};
use crate::item_item::ItemItem;

/// Purchases of one person: (item, days between the purchase and the cut, never negative).
pub type History = Vec<(u32, f32)>;

/// Purchases that an item's own rate and gap are mixed with the mean of all items.
const PRIOR_PURCHASES: f64 = 10.0;

/// What is bought again, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Rhythm {
    /// √(rate_i / mean rate).
    strength: Vec<f32>,
    /// h_i / H.
    slowness: Vec<f32>,
}

impl Rhythm {
    /// From everybody's purchases. Purchases of one item by one person on one day count once.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn learn(histories: &[History], n_items: usize) -> Rhythm {
        let (mut bought, mut again) = (vec![0.0f64; n_items], vec![0.0f64; n_items]);
        let mut days = vec![0.0f64; n_items];
        for history in histories {
            let mut events = history.clone();
            events.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
            for (at, &(item, age)) in events.iter().enumerate() {
                let before = at.checked_sub(1).map(|b| events[b]).filter(|b| b.0 == item);
                match before {
                    Some((_, earlier)) if earlier - age < 1.0 => continue,
                    Some((_, earlier)) => {
                        again[item as usize] += 1.0;
                        days[item as usize] += f64::from(earlier - age);
                    }
                    None => {}
                }
                bought[item as usize] += 1.0;
            }
        }
        let sum = |v: &[f64]| v.iter().sum::<f64>();
        let mean_rate = (sum(&again) / sum(&bought).max(1.0)).max(1e-6);
        let mean_gap = if sum(&again) > 0.0 { sum(&days) / sum(&again) } else { 1.0 };
        let rate = |i: usize| (again[i] + PRIOR_PURCHASES * mean_rate) / (bought[i] + PRIOR_PURCHASES);
        let gap = |i: usize| (days[i] + PRIOR_PURCHASES * mean_gap) / (again[i] + PRIOR_PURCHASES);
        Rhythm {
            strength: (0..n_items).map(|i| (rate(i) / mean_rate).sqrt() as f32).collect(),
            slowness: (0..n_items).map(|i| (gap(i) / mean_gap).sqrt() as f32).collect(),
        }
    }

    /// √(rate_i / mean rate).
    pub fn strength(&self, item: u32) -> f32 {
        self.strength[item as usize]
    }

    /// h_i for a half-life of H days.
    pub fn half_life_days(&self, item: u32, half_life_days: f32) -> f32 {
        half_life_days * self.slowness[item as usize]
    }

    /// again(u, i) for each item of a history, ascending.
    pub fn again(&self, history: &History, half_life_days: f32) -> Vec<(u32, f32)> {
        let of = |&(item, age): &(u32, f32)| {
            (item, self.strength(item) * (-age / self.half_life_days(item, half_life_days)).exp2())
        };
        let mut each: Vec<(u32, f32)> = history.iter().map(of).collect();
        // Events of one item stay in their order, in which they are added up.
        each.sort_by_key(|e| e.0);
        each.chunk_by(|a, b| a.0 == b.0).map(|same| (same[0].0, same.iter().map(|e| e.1).sum())).collect()
    }
}

/// How much each item is bought, by item.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// heat_i: lately.
    pub now: Vec<f32>,
    /// ever_i.
    pub ever: Vec<f32>,
}

impl Heat {
    /// Of purchases (item, age in days, weight), summed in f64 in the order in which they come.
    pub fn of(n_items: usize, half_life_days: f32, purchases: impl Iterator<Item = (u32, f32, f64)>) -> Heat {
        let (mut now, mut ever) = (vec![0f64; n_items], vec![0f64; n_items]);
        for (item, age, weight) in purchases {
            now[item as usize] += weight * (-f64::from(age) / f64::from(half_life_days)).exp2();
            ever[item as usize] += weight;
        }
        let narrow = |heat: Vec<f64>| heat.into_iter().map(|h| h as f32).collect();
        Heat { now: narrow(now), ever: narrow(ever) }
    }

    /// Of items of which nothing is known.
    pub fn none(n_items: usize) -> Heat {
        Heat { now: vec![0.0; n_items], ever: vec![0.0; n_items] }
    }
}

/// What the blend is made of; a part that is absent counts nothing.
#[derive(Debug)]
pub struct Parts<'m> {
    pub item_item: Option<&'m ItemItem>,
    pub als: Option<AlsScorer<'m>>,
    pub heat: Heat,
    pub rhythm: Option<&'m Rhythm>,
    /// Purchases of each user, by [`Case::user`].
    pub histories: &'m [History],
    /// Whether what a user has bought is left out of their list; what they only looked at is not.
    pub bought_hidden: bool,
}

impl<'m> Parts<'m> {
    pub fn new(item_item: Option<&'m ItemItem>, als: Option<&'m AlsModel>, heat: Heat) -> Self {
        Parts { item_item, als: als.map(AlsScorer::new), heat, rhythm: None, histories: &[], bought_hidden: false }
    }
}

/// How much each part counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    pub item_item: f32,
    pub als: f32,
    pub trend_power: f32,
    pub rise_power: f32,
    /// Half-life of the history's items in the item–item part, in days; infinite when all count the same.
    pub recency_days: f32,
    pub again: f32,
    pub again_trend_power: f32,
    pub again_half_life_days: f32,
}

impl Weights {
    /// Where learning starts, and what is used when there is nothing to learn from.
    pub const DEFAULT: Weights = Weights {
        item_item: 1.0,
        als: 0.2,
        trend_power: 0.0,
        rise_power: 0.0,
        recency_days: f32::INFINITY,
        again: 16.0,
        again_trend_power: 0.0,
        again_half_life_days: 60.0,
    };
}

impl Default for Weights {
    fn default() -> Self {
        Weights::DEFAULT
    }
}

/// A blend that ranks.
#[derive(Debug)]
pub struct Blend<'m> {
    parts: Parts<'m>,
    weights: Weights,
    fashion: Fashion,
}

impl<'m> Blend<'m> {
    pub fn new(parts: Parts<'m>, weights: Weights) -> Self {
        Blend { fashion: Fashion::new(&parts.heat, &weights), parts, weights }
    }
}

/// The parts' scores of one case, before weights.
struct Scores {
    /// Of which items, ascending; `None` for all.
    items: Option<Vec<u32>>,
    /// One for each recency that was asked for.
    item_item: Vec<Vec<f32>>,
    als: Vec<f32>,
}

impl Scores {
    fn of(parts: &Parts<'_>, case: &Case, n: usize, recencies: &[f32]) -> Scores {
        let together = |&recency: &f32| {
            let mut scores = vec![0.0; n];
            if let Some(model) = parts.item_item {
                let strength = strengths(parts, case, recency);
                model.add_scores(case.history.iter().map(|&(i, _)| i).zip(strength), &mut scores);
            }
            scaled(scores)
        };
        let item_item = recencies.iter().map(together).collect();
        let mut als = vec![0.0; n];
        if let Some(model) = &parts.als {
            model.score(case, &mut als);
        }
        Scores { items: None, item_item, als: scaled(als) }
    }

    /// The item whose scores are at a place.
    fn item(&self, place: u32) -> u32 {
        self.items.as_ref().map_or(place, |items| items[place as usize])
    }

    /// Where an item's scores are.
    fn place(&self, item: u32) -> Option<usize> {
        match &self.items {
            None => Some(item as usize),
            Some(items) => items.binary_search(&item).ok(),
        }
    }
}

/// What an item counts for what goes with it: by its last purchase.
pub fn strength(age_days: f32, recency_days: f32) -> f32 {
    // Never quite nothing, so that a customer of long ago is still known by what they bought.
    if recency_days.is_finite() { 0.02 + 0.98 * (-age_days / recency_days).exp2() } else { 1.0 }
}

/// What each item of a case's history counts; as much as its weight, at most 1, where no purchase is known.
fn strengths(parts: &Parts<'_>, case: &Case, recency_days: f32) -> Vec<f32> {
    let mut strengths: Vec<f32> = case.history.iter().map(|(_, weight)| weight.min(1.0)).collect();
    let events = parts.histories.get(case.user as usize).filter(|_| recency_days.is_finite());
    let mut ages = vec![f32::INFINITY; case.history.len()];
    for &(item, age) in events.into_iter().flatten() {
        if let Ok(at) = case.history.binary_search_by_key(&item, |h| h.0) {
            ages[at] = ages[at].min(age);
        }
    }
    for (s, age) in strengths.iter_mut().zip(ages).filter(|(_, age)| age.is_finite()) {
        *s = strength(age, recency_days);
    }
    strengths
}

/// Divided by their root mean square.
fn scaled(mut scores: Vec<f32>) -> Vec<f32> {
    let square: f64 = scores.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    let inverse = if square > 0.0 { (scores.len() as f64 / square).sqrt() as f32 } else { 0.0 };
    scores.iter_mut().for_each(|s| *s *= inverse);
    scores
}

/// trend(i) of each item, above 0 and at most 1.
fn trends(heat: &[f32]) -> Vec<f32> {
    let hottest = heat.iter().fold(0.0f32, |a, &b| a.max(b)) + 0.5;
    heat.iter().map(|heat| (heat + 0.5) / hottest).collect()
}

/// What weights make of how much items are bought: the same for everybody.
#[derive(Debug)]
pub struct Fashion {
    trends: Vec<f32>,
    /// trend^p · rise^r.
    pub goes: Vec<f32>,
    /// trend^q · rise^r.
    pub again: Vec<f32>,
}

impl Fashion {
    pub fn new(heat: &Heat, weights: &Weights) -> Fashion {
        let trends = trends(&heat.now);
        let rises: Vec<f32> = heat.now.iter().zip(&heat.ever).map(|(now, ever)| (now + 0.5) / (ever + 0.5)).collect();
        let steepest = rises.iter().fold(f32::MIN_POSITIVE, |a, &b| a.max(b));
        let rises: Vec<f32> = rises.iter().map(|rise| (rise / steepest).powf(weights.rise_power)).collect();
        let to_the = |power: f32| trends.iter().zip(&rises).map(|(trend, rise)| trend.powf(power) * rise).collect();
        Fashion { goes: to_the(weights.trend_power), again: to_the(weights.again_trend_power), trends }
    }
}

/// The scores of a blend, as many and in the order of `scores`, whose item–item part is that of the recency numbered `at`.
fn combine(
    parts: &Parts<'_>,
    weights: &Weights,
    fashion: &Fashion,
    (scores, at): (&Scores, usize),
    case: &Case,
    out: &mut [f32],
) {
    for ((o, ii), als) in out.iter_mut().zip(&scores.item_item[at]).zip(&scores.als) {
        *o = (weights.item_item * ii + weights.als * als).max(0.0);
    }
    match &scores.items {
        None => lift(out, fashion.trends.iter().zip(&fashion.goes)),
        Some(items) => {
            lift(out, items.iter().map(|&i| (&fashion.trends[i as usize], &fashion.goes[i as usize])));
        }
    }
    let history = parts.histories.get(case.user as usize);
    if let (Some(rhythm), Some(history)) = (parts.rhythm, history) {
        for (item, again) in rhythm.again(history, weights.again_half_life_days) {
            if let Some(place) = scores.place(item).filter(|_| again > 0.0) {
                out[place] += weights.again * again * fashion.again[item as usize];
            }
        }
    }
    if parts.bought_hidden {
        for place in history.into_iter().flatten().filter_map(|&(item, _)| scores.place(item)) {
            out[place] = f32::NEG_INFINITY;
        }
    }
}

fn lift<'f>(out: &mut [f32], fashion: impl Iterator<Item = (&'f f32, &'f f32)>) {
    for (o, (trend, power)) in out.iter_mut().zip(fashion) {
        *o = *o * power + 1e-6 * trend;
    }
}

impl Scorer for Blend<'_> {
    fn score(&self, case: &Case, out: &mut [f32]) {
        let scores = Scores::of(&self.parts, case, out.len(), &[self.weights.recency_days]);
        combine(&self.parts, &self.weights, &self.fashion, (&scores, 0), case, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bought_again_soon_fades_soon() {
        // Item 0 every 5 days, item 1 every 50, item 2 once.
        let person: History = (0..20).map(|n| (0, n as f32 * 5.0)).chain([(1, 0.0), (1, 50.0), (2, 10.0)]).collect();
        let rhythm = Rhythm::learn(&vec![person; 40], 3);
        assert!(rhythm.slowness[0] < rhythm.slowness[1] && rhythm.strength[0] > rhythm.strength[2]);
        let scores = rhythm.again(&vec![(1, 60.0), (0, 60.0)], 30.0);
        assert!(scores.len() == 2 && scores[0].0 == 0 && scores[1].1 > scores[0].1, "{scores:?}");
        let twice = rhythm.again(&vec![(1, 60.0), (0, 60.0), (1, 60.0)], 30.0);
        assert_eq!(twice, [scores[0], (1, 2.0 * scores[1].1)]);
        let nobody = Rhythm::learn(&[], 2);
        assert!(nobody.strength.iter().chain(&nobody.slowness).all(|v| v.is_finite() && *v > 0.0), "{nobody:?}");
    }

    #[test]
    fn of_two_items_that_are_as_hot_the_newer_one_rises() {
        let heat = Heat { now: vec![8.0, 8.0, 1.0], ever: vec![800.0, 8.0, 400.0] };
        let weights = Weights { trend_power: 0.5, rise_power: 0.5, again_trend_power: 0.25, ..Weights::default() };
        let fashion = Fashion::new(&heat, &weights);
        assert_eq!(fashion.goes[1], 1.0, "the hottest, and all of it lately");
        assert!(fashion.goes[0] < 0.11 && fashion.goes[2] < fashion.goes[0], "{:?}", fashion.goes);
        assert!(fashion.again.iter().all(|&again| again > 0.0 && again <= 1.0), "{:?}", fashion.again);
        let plain = Fashion::new(&heat, &Weights { rise_power: 0.0, ..weights });
        assert_eq!(plain.goes[0], plain.goes[1]);
        let nothing = Fashion::new(&Heat::none(2), &weights);
        assert_eq!(nothing.goes, [1.0, 1.0]);
    }
}
