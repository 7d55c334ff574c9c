//! Is a recommender any good? Splits, metrics, intervals, and the decision to publish.
//!
//! The protocol is that of the reference on Online Retail: a [`Case`] is somebody with a known history and hidden
//! relevant items; a [`Scorer`] ranks every item; known items are left out where the protocol says so;
//! [`metrics::recall_at`] divides by min(k, relevant). Ties rank the lower item first, so that a ranking depends on
//! nothing but its scores.
//!
//! Read in this order: [`split`] (strong generalisation and forward in time), [`metrics`], [`evaluate`],
//! [`interval`], [`publish`].

pub mod interval;
pub mod metrics;
pub mod publish;
pub mod split;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use interval::{Interval, mean_interval, paired_interval};
pub use metrics::{ndcg_at, rank, recall_at};
pub use publish::{Evidence, PublishRule, Refusal, Verdict, compare_to_trending};
pub use split::{Case, StrongSplit, TimeSplit, strong_split, time_split, withhold};

use crate::als::{AlsModel, FoldIn};
use crate::interactions::Interactions;
use crate::threads::Threads;
use crate::trending::Hot;

/// Depth of the rankings that are kept: the largest k of a metric here.
const DEPTH: usize = 100;

/// Something that gives every item a score for somebody.
pub trait Scorer: Sync {
    /// Writes the score of each item to `out`, `n_items` long; higher is better, NaN ranks last.
    fn score(&self, case: &Case, out: &mut [f32]);
}

/// ALS by fold-in: the history is all that is known about the person, as at the edge.
#[derive(Debug)]
pub struct AlsScorer<'m> {
    fold: FoldIn<'m>,
    factors: usize,
}

impl<'m> AlsScorer<'m> {
    pub fn new(model: &'m AlsModel) -> Self {
        AlsScorer { fold: FoldIn::new(model), factors: model.factors() }
    }
}

impl Scorer for AlsScorer<'_> {
    fn score(&self, case: &Case, out: &mut [f32]) {
        let mut x = vec![0.0; self.factors];
        // A history that cannot be folded in scores nothing: the metric then shows it.
        match self.fold.user(&case.history, &mut self.fold.scratch(), &mut x) {
            Ok(_) => self.fold.scores(&x, out),
            Err(_) => out.fill(0.0),
        }
    }
}

/// The same list for everybody: popularity, or a decayed trend.
#[derive(Debug, Clone, PartialEq)]
pub struct SameForAll(pub Vec<f32>);

impl SameForAll {
    /// Number of users of each item.
    pub fn popularity(train: &Interactions) -> Self {
        SameForAll(train.item_counts().into_iter().map(|n| n as f32).collect())
    }

    /// As a die falls.
    pub fn chance(n_items: usize, seed: u64) -> Self {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        SameForAll((0..n_items).map(|_| random.random::<f32>()).collect())
    }

    /// The heat of a trending list; items that are not in it are cold. Items beyond `n_items` are left out.
    pub fn trending(list: &[Hot], n_items: usize) -> Self {
        let mut heat = vec![0.0; n_items];
        for hot in list {
            if let Some(h) = heat.get_mut(hot.item as usize) {
                *h = hot.heat;
            }
        }
        SameForAll(heat)
    }
}

impl Scorer for SameForAll {
    fn score(&self, _: &Case, out: &mut [f32]) {
        out.copy_from_slice(&self.0);
    }
}

/// Which items may be recommended to somebody in an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Candidates {
    /// Only what the person does not have yet.
    New,
    /// Also what is in the history.
    All,
}

/// The figures reported of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Metric {
    #[serde(rename = "recall@20")]
    Recall20,
    #[serde(rename = "recall@50")]
    Recall50,
    #[serde(rename = "ndcg@20")]
    Ndcg20,
    #[serde(rename = "ndcg@100")]
    Ndcg100,
}

impl Metric {
    pub const ALL: [Metric; 4] = [Metric::Recall20, Metric::Recall50, Metric::Ndcg20, Metric::Ndcg100];

    pub const fn name(self) -> &'static str {
        match self {
            Metric::Recall20 => "recall@20",
            Metric::Recall50 => "recall@50",
            Metric::Ndcg20 => "ndcg@20",
            Metric::Ndcg100 => "ndcg@100",
        }
    }

    /// Of one ranking, best first, against its relevant items, ascending; `None` when nothing is relevant.
    pub fn of(self, ranked: &[u32], relevant: &[u32]) -> Option<f64> {
        match self {
            Metric::Recall20 => recall_at(ranked, relevant, 20),
            Metric::Recall50 => recall_at(ranked, relevant, 50),
            Metric::Ndcg20 => ndcg_at(ranked, relevant, 20),
            Metric::Ndcg100 => ndcg_at(ranked, relevant, 100),
        }
    }
}

/// What a model reached on each case; aligned, so that two models on the same cases compare pairwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// One row a metric of [`Metric::ALL`], one value a case with something relevant, in the order of the cases.
    values: [Vec<f64>; 4],
    /// Share of all items that are in somebody's first 20.
    pub coverage_20: f64,
}

impl Evaluation {
    /// One value a case.
    pub fn values(&self, metric: Metric) -> &[f64] {
        &self.values[metric as usize]
    }

    /// Cases that count.
    pub fn cases(&self) -> usize {
        self.values[0].len()
    }

    /// Mean over the cases; NaN without cases.
    pub fn mean(&self, metric: Metric) -> f64 {
        interval::mean(self.values(metric))
    }

    /// Mean with a bootstrap interval over the cases.
    pub fn interval(&self, metric: Metric, level: f64, seed: u64) -> Interval {
        mean_interval(self.values(metric), level, seed)
    }
}

/// Ranks all `n_items` items for each case and measures. Cases without a relevant item are left out.
/// O(cases · (score + n_items)); the result does not depend on `threads`.
pub fn evaluate(
    scorer: &dyn Scorer,
    n_items: usize,
    cases: &[Case],
    candidates: Candidates,
    threads: Threads,
) -> Evaluation {
    let rankings: Vec<(Vec<u32>, &Case)> = threads.run(|| {
        cases
            .par_iter()
            .filter(|c| !c.relevant.is_empty())
            .map_init(
                || vec![0.0; n_items],
                |scores, case| {
                    scorer.score(case, scores);
                    let known = |i: u32| case.history.binary_search_by_key(&i, |h| h.0).is_ok();
                    let ranked = match candidates {
                        Candidates::New => rank(scores, DEPTH, |i| !known(i)),
                        Candidates::All => rank(scores, DEPTH, |_| true),
                    };
                    (ranked, case)
                },
            )
            .collect()
    });
    let mut shown = vec![false; n_items];
    for (ranked, _) in &rankings {
        for &i in ranked.iter().take(20) {
            shown[i as usize] = true;
        }
    }
    let coverage_20 = shown.iter().filter(|s| **s).count() as f64 / n_items.max(1) as f64;
    let values = Metric::ALL
        .map(|metric| rankings.iter().filter_map(|(ranked, case)| metric.of(ranked, &case.relevant)).collect());
    Evaluation { values, coverage_20 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_hides_what_is_known_and_counts_what_is_shown() {
        let list = [Hot { item: 2, heat: 3.0 }, Hot { item: 0, heat: 2.0 }, Hot { item: 99, heat: 1.0 }];
        let scorer = SameForAll::trending(&list, 40);
        let case = |user, history: &[u32], relevant: &[u32]| Case {
            user,
            history: history.iter().map(|&i| (i, 1.0)).collect(),
            relevant: relevant.to_vec(),
        };
        let cases = [case(0, &[2], &[0]), case(1, &[], &[]), case(2, &[], &[2, 39])];
        let new = evaluate(&scorer, 40, &cases, Candidates::New, Threads::ONE);
        assert_eq!(new.cases(), 2, "a case without anything relevant does not count");
        assert_eq!(new.values(Metric::Recall20), [1.0, 0.5]);
        assert_eq!(new.values(Metric::Ndcg20)[0], 1.0, "item 2 is known, so item 0 is first");
        assert_eq!(new.values(Metric::Recall50), [1.0, 1.0]);
        // Items 0 to 20 are in somebody's first 20: the known item 2 makes room for item 20.
        assert_eq!(new.coverage_20, 21.0 / 40.0);
        let all = evaluate(&scorer, 40, &cases, Candidates::All, Threads::new(3).expect("positive"));
        assert_eq!(all.values(Metric::Ndcg20)[0], 1.0 / 3f64.log2(), "item 0 is second");
    }
}
