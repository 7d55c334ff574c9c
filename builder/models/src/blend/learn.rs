//! The weights of a blend, learnt on validation cases by coordinate ascent.
//!
//! A case keeps its parts' scores, so that a set of weights costs one pass over them. Of a large catalogue it keeps those of
//! the items that one part alone would put first, since more than a few cases with all items would not fit in memory: an item
//! that no part speaks for is hardly ever among the first twenty. Measuring, elsewhere, ranks everything.

use rayon::prelude::*;

use super::{Fashion, Parts, Scores, Weights, combine};
use crate::eval::{Candidates, Case, rank, recall_at};
use crate::threads::Threads;

/// Values tried for each weight.
const GRID_ALS: [f32; 6] = [0.0, 0.1, 0.2, 0.4, 0.8, 1.6];
const GRID_TREND: [f32; 8] = [0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5];
const GRID_RISE: [f32; 5] = [0.0, 0.2, 0.35, 0.5, 0.7];
const GRID_RECENCY: [f32; 4] = [f32::INFINITY, 180.0, 60.0, 30.0];
const GRID_AGAIN_TREND: [f32; 5] = [0.0, 0.1, 0.2, 0.35, 0.5];
const GRID_AGAIN: [f32; 8] = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 128.0];
const GRID_HALF_LIFE: [f32; 6] = [15.0, 30.0, 60.0, 120.0, 240.0, 480.0];
/// Passes over the weights; the second changes little, a third nothing that was seen.
const PASSES: usize = 2;
/// Scores kept at once: (recencies + 1) × cases × items, in f32.
const SCORES_MAX: usize = 50_000_000;
/// Items up to which a case keeps all, and otherwise about as many as it keeps at the most.
const ITEMS_MAX: usize = 4_096;

/// Which weights are learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learnt {
    /// All that the parts have use for; what is bought again only where known items are candidates.
    All,
    /// Only those of what is bought again.
    Again,
}

/// The weights with the best mean Recall@20 on `cases`, and that recall; of the cases as many are used as fit in memory,
/// at equal distances. Only weights of parts that are there are tried. The result does not depend on `threads`.
pub fn learn(parts: &Parts<'_>, cases: &[Case], candidates: Candidates, threads: Threads) -> (Weights, f64) {
    let mut start = Weights::default();
    if parts.item_item.is_none() {
        (start.item_item, start.als) = (0.0, 1.0);
    }
    learn_from(parts, cases, candidates, (start, Learnt::All), threads)
}

/// The same from given weights, of which only some are learnt.
pub fn learn_from(
    parts: &Parts<'_>,
    cases: &[Case],
    candidates: Candidates,
    (start, learnt): (Weights, Learnt),
    threads: Threads,
) -> (Weights, f64) {
    let n = parts.heat.now.len();
    threads.run(|| {
        let lessons = Lessons::new(parts, cases, candidates, n, ITEMS_MAX);
        let mut best = start;
        let mut reached = lessons.recall(&best);
        let mut try_all = |best: &mut Weights, grid: &[f32], set: fn(&mut Weights, f32)| {
            for &value in grid {
                let mut other = *best;
                set(&mut other, value);
                let got = lessons.recall(&other);
                if got > reached {
                    (reached, *best) = (got, other);
                }
            }
        };
        for _ in 0..PASSES {
            if learnt == Learnt::All {
                try_all(&mut best, &GRID_TREND, |w, v| w.trend_power = v);
            }
            if learnt == Learnt::All && !parts.histories.is_empty() {
                try_all(&mut best, &GRID_RISE, |w, v| w.rise_power = v);
            }
            if learnt == Learnt::All && parts.item_item.is_some() && parts.als.is_some() {
                try_all(&mut best, &GRID_ALS, |w, v| w.als = v);
            }
            if learnt == Learnt::All && parts.item_item.is_some() && !parts.histories.is_empty() {
                try_all(&mut best, &GRID_RECENCY, |w, v| w.recency_days = v);
            }
            if parts.rhythm.is_some() && candidates == Candidates::All {
                try_all(&mut best, &GRID_AGAIN, |w, v| w.again = v);
                try_all(&mut best, &GRID_AGAIN_TREND, |w, v| w.again_trend_power = v);
                try_all(&mut best, &GRID_HALF_LIFE, |w, v| w.again_half_life_days = v);
            }
        }
        (best, reached)
    })
}

/// The cases that are learnt from.
struct Lessons<'a> {
    parts: &'a Parts<'a>,
    candidates: Candidates,
    kept: Vec<(&'a Case, Scores)>,
}

impl<'a> Lessons<'a> {
    /// Keeps about `items_max` items a case.
    fn new(parts: &'a Parts<'a>, cases: &'a [Case], candidates: Candidates, n: usize, items_max: usize) -> Self {
        let columns = GRID_RECENCY.len() + 1;
        let most = (SCORES_MAX / (columns * n.clamp(1, items_max))).clamp(1, cases.len().max(1));
        let chosen: Vec<&Case> = (0..most.min(cases.len())).map(|at| &cases[at * cases.len() / most]).collect();
        let fashionable = Fashionable::new(parts, items_max);
        let scores = |case: &&'a Case| {
            let scores = Scores::of(parts, case, n, &GRID_RECENCY);
            (*case, if n <= items_max { scores } else { fashionable.foremost(scores, parts, case) })
        };
        Lessons { parts, candidates, kept: chosen.par_iter().map(scores).collect() }
    }

    /// Mean Recall@20 with these weights.
    fn recall(&self, weights: &Weights) -> f64 {
        let fashion = Fashion::new(&self.parts.heat, weights);
        let at = GRID_RECENCY.iter().position(|&r| r == weights.recency_days).unwrap_or(0);
        let of = |out: &mut Vec<f32>, (case, scores): &(&Case, Scores)| {
            out.resize(scores.als.len(), 0.0);
            combine(self.parts, weights, &fashion, (scores, at), case, out);
            let known = |item: u32| case.history.binary_search_by_key(&item, |h| h.0).is_ok();
            let ranked = rank(out, 20, |place| self.candidates == Candidates::All || !known(scores.item(place)));
            let ranked: Vec<u32> = ranked.into_iter().map(|place| scores.item(place)).collect();
            recall_at(&ranked, &case.relevant, 20).unwrap_or(0.0)
        };
        let each: Vec<f64> = self.kept.par_iter().map_init(Vec::new, of).collect();
        each.iter().sum::<f64>() / each.len().max(1) as f64
    }
}

/// Items that what is in fashion puts first, for everybody.
struct Fashionable {
    items: Vec<u32>,
    /// Of each list that is taken together.
    share: usize,
}

impl Fashionable {
    fn new(parts: &Parts<'_>, items_max: usize) -> Fashionable {
        // The trend, the trend that rises most; ALS; and item–item at each recency, which mostly name the same.
        let share = items_max / 4;
        let steepest = Weights { trend_power: 1.0, rise_power: 0.5, ..Weights::DEFAULT };
        let lists =
            [rank(&parts.heat.now, share, |_| true), rank(&Fashion::new(&parts.heat, &steepest).goes, share, |_| true)];
        Fashionable { items: lists.concat(), share }
    }

    /// The scores of the items that one part of them or fashion puts first, and of what the person has.
    fn foremost(&self, scores: Scores, parts: &Parts<'_>, case: &Case) -> Scores {
        let mut items = self.items.clone();
        for list in scores.item_item.iter().chain([&scores.als]) {
            items.extend(rank(list, self.share, |item| list[item as usize] > 0.0));
        }
        let bought = parts.histories.get(case.user as usize).into_iter().flatten().map(|e| e.0);
        items.extend(case.history.iter().map(|h| h.0).chain(bought));
        items.sort_unstable();
        items.dedup();
        let of = |list: Vec<f32>| items.iter().map(|&item| list[item as usize]).collect();
        let item_item = scores.item_item.into_iter().map(of).collect();
        Scores { item_item, als: of(scores.als), items: Some(items) }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    use super::*;
    use crate::als::{self, AlsConfig};
    use crate::blend::{Heat, History};
    use crate::interactions::{ByUser, Interactions};
    use crate::item_item::{ItemItem, ItemItemConfig};

    #[test]
    fn learning_finds_the_part_that_knows() {
        // What is hidden is what is hot, and nothing else says anything.
        let mut heat = Heat::none(60);
        heat.now[40] = 9.0;
        let cases: Vec<Case> =
            (0..10).map(|user| Case { user, history: vec![(user, 1.0)], relevant: vec![40] }).collect();
        let (weights, recall) = learn(&Parts::new(None, None, heat.clone()), &cases, Candidates::New, Threads::ONE);
        assert_eq!(recall, 1.0);
        let again = learn(&Parts::new(None, None, heat), &cases, Candidates::New, Threads::new(3).expect("positive"));
        assert_eq!(again, (weights, recall));
    }

    /// Purchases of 600 people among 3,000 items: each has a taste, a tenth of the items, and what is in fashion.
    fn shop() -> (Interactions, Vec<History>, Vec<Case>) {
        let mut random = Pcg64Mcg::seed_from_u64(11);
        let (mut rows, mut histories, mut cases) = (ByUser::new(3_000), Vec::new(), Vec::new());
        for user in 0..600 {
            let mut bought: Vec<(u32, f32)> = (0..30)
                .map(|_| {
                    let near = random.random::<f64>().powi(3);
                    let item = if random.random::<f64>() < 0.3 {
                        2_999.0 * near
                    } else {
                        10.0 * (290.0 * near).floor() + f64::from(user % 10)
                    };
                    (item as u32, random.random_range(0.0..300.0))
                })
                .collect();
            bought.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            bought.dedup_by_key(|b| b.0);
            let (relevant, history): (Vec<_>, Vec<_>) = bought.into_iter().partition(|b| b.1 < 40.0);
            let row: Vec<(u32, f32)> = history.iter().map(|&(item, _)| (item, 1.0)).collect();
            rows.push(row.clone()).expect("valid");
            cases.push(Case { user, history: row, relevant: relevant.into_iter().map(|r| r.0).collect() });
            histories.push(history);
        }
        (rows.finish(), histories, cases)
    }

    #[test]
    fn the_foremost_items_say_of_weights_what_all_items_say() {
        let (all, histories, cases) = shop();
        let als = als::fit(&all, &AlsConfig { factors: 16, ..AlsConfig::default() }, Threads::ONE, &mut |_| {
            ControlFlow::Continue(())
        });
        let als = als.expect("fits");
        let item_item = ItemItem::fit(&all, None, &ItemItemConfig::default(), Threads::ONE);
        let heat = Heat::of(3_000, 30.0, histories.iter().flatten().map(|&(item, age)| (item, age, 1.0)));
        let mut parts = Parts::new(Some(&item_item), Some(&als), heat);
        parts.histories = &histories;
        parts.bought_hidden = true;
        let (whole, some) = (
            Lessons::new(&parts, &cases, Candidates::All, 3_000, 3_000),
            Lessons::new(&parts, &cases, Candidates::All, 3_000, 600),
        );
        let kept: usize = some.kept.iter().map(|(_, scores)| scores.als.len()).sum();
        assert!(kept < 600 * 800, "{kept} of 1,800,000");
        for weights in [
            Weights::default(),
            Weights { trend_power: 1.5, rise_power: 0.7, ..Weights::default() },
            Weights { trend_power: 0.35, als: 1.6, recency_days: 30.0, ..Weights::default() },
            Weights { item_item: 0.0, als: 1.0, rise_power: 0.2, ..Weights::default() },
        ] {
            let (expected, got) = (whole.recall(&weights), some.recall(&weights));
            assert!(expected > 0.05 && (expected - got).abs() < 0.002, "{weights:?}: {expected} {got}");
        }
    }
}
