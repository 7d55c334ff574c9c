//! models, first half: the recommender, and the proof that it beats the list everybody sees.
//!
//! The blend of `kenal-models` is learnt forward in time: fitted on what was known a month before the cut, its weights
//! chosen on what people bought in that month, and measured by cross-fitting: what half of the people bought is measured
//! with weights chosen on the other half, and the other way round, so that no weight has seen a purchase it is measured
//! on. Then all parts are fitted again on everything there is.

mod known;

use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use kenal_card::Role;
use kenal_core::limits::BOOST_MIN;
use kenal_models::als::{self, AlsConfig, AlsModel, AlsStop, Iteration};
use kenal_models::blend::{Blend, Fashion, Heat, Learnt, Parts, Rhythm, Weights, learn, learn_from};
use kenal_models::compact::bundled;
use kenal_models::confidence::Confidence;
use kenal_models::eval::{Candidates, Case, Evaluation, Metric, PublishRule, SameForAll, Scorer, Verdict};
use kenal_models::eval::{compare_to_trending, evaluate};
use kenal_models::item_item::{ItemItem, ItemItemConfig};
use kenal_models::threads::Threads;
use kenal_types::Timestamp;

use self::known::Known;
use super::card::Judgement;
use super::matter::ItemNumbers;
use super::people::People;
use crate::gold::{ItemModelRow, ModelCardRow};

/// Settings of the stage.
#[derive(Debug, Clone, Copy)]
pub struct RecommenderConfig {
    pub als: AlsConfig,
    pub item_item: ItemItemConfig,
    pub confidence: Confidence,
    /// Half-lives of the trend that are tried, in days; the trending list has the first.
    pub trend_half_lives_days: [f32; 4],
    /// How long before the cut the models of the measurement end, in days.
    pub window_days: u32,
    /// People it is measured on, and weights are learnt on, at the most.
    pub cases_max: usize,
    pub rule: PublishRule,
}

impl Default for RecommenderConfig {
    fn default() -> Self {
        RecommenderConfig {
            als: AlsConfig::default(),
            item_item: ItemItemConfig::default(),
            confidence: Confidence::default(),
            trend_half_lives_days: [7.0, 14.0, 30.0, 90.0],
            window_days: 30,
            // Recall of a tenth is known to a hundredth of itself, and to score everybody of a large shop would take longer
            // than to fit.
            cases_max: 100_000,
            rule: PublishRule::default(),
        }
    }
}

/// A fitted recommender with its figures.
pub struct Recommender {
    /// The model of each item, by number.
    pub items: Vec<ItemModelRow>,
    pub weights: Weights,
    pub trend_half_life_days: f32,
    /// Pairs of a person and an item that the last fit learnt from.
    pub interactions: usize,
    /// How its ALS ended.
    pub als_stop: AlsStop,
    pub verdict: Verdict,
    pub figures: Vec<ModelCardRow>,
    pub judgement: Judgement,
}

/// All parts of the blend, as of one moment.
struct Fitted {
    als: AlsModel,
    item_item: ItemItem,
    rhythm: Rhythm,
    known: Known,
}

impl Fitted {
    fn n_items(&self) -> usize {
        self.known.all.n_items()
    }

    fn heat(&self, half_life_days: f32) -> Heat {
        let purchases = self.known.histories.iter().flatten().map(|&(item, age)| (item, age, 1.0));
        Heat::of(self.n_items(), half_life_days, purchases)
    }

    /// As tables and bundles hold it: codes are chosen here, where the people are known whom errors of them would reach.
    fn rows(&self, chosen: &TrendAndWeights, numbers: &ItemNumbers) -> Vec<ItemModelRow> {
        let weights = &chosen.weights;
        let fashion = Fashion::new(&self.heat(chosen.half_life), weights);
        let boosts: Vec<f32> = fashion.goes.iter().map(|goes| goes.clamp(BOOST_MIN, 1.0)).collect();
        let factors = bundled(&self.als, &boosts);
        let factors = factors.chunks_exact(self.als.factors());
        let row = |(item, (id, factors)): (u32, (&String, &[f32]))| {
            let speaks_for = self.item_item.speaks_for(item);
            ItemModelRow {
                item_id: id.clone(),
                factors: factors.to_vec(),
                boost: boosts[item as usize],
                again: self.rhythm.strength(item) * fashion.again[item as usize],
                again_half_life_days: self.rhythm.half_life_days(item, weights.again_half_life_days),
                goes_with: speaks_for.iter().map(|n| numbers.ids()[n.item as usize].clone()).collect(),
                goes_with_weights: speaks_for.iter().map(|n| n.weight).collect(),
            }
        };
        (0..).zip(numbers.ids().iter().zip(factors)).map(row).collect()
    }

    /// With `again`, what was bought before is a candidate, by its rhythm.
    fn parts(&self, half_life_days: f32, again: bool) -> Parts<'_> {
        let mut parts = Parts::new(Some(&self.item_item), Some(&self.als), self.heat(half_life_days));
        parts.histories = &self.known.histories;
        parts.bought_hidden = !again;
        parts.rhythm = again.then_some(&self.rhythm);
        parts
    }
}

/// Weights as learnt, with the half-life of the trend that they were best with.
#[derive(Clone, Copy)]
struct TrendAndWeights {
    weights: Weights,
    half_life: f32,
}

impl TrendAndWeights {
    fn blend<'f>(&self, fitted: &'f Fitted, change: impl Fn(Weights) -> Weights, again: bool) -> Blend<'f> {
        Blend::new(fitted.parts(self.half_life, again), change(self.weights))
    }
}

/// No part of the blend but the trend.
const TREND_ONLY: Weights = Weights { item_item: 0.0, als: 0.0, ..alone(Weights::DEFAULT) };

/// Neither lifted by the trend nor by recency.
const fn alone(weights: Weights) -> Weights {
    Weights { trend_power: 0.0, rise_power: 0.0, recency_days: f32::INFINITY, ..weights }
}

/// Each half of the people with the weights that were learnt on the other half, so that no weight has seen a purchase it
/// is measured on, and everybody's purchases measure.
struct CrossFitted<'f>([Blend<'f>; 2]);

impl Scorer for CrossFitted<'_> {
    fn score(&self, case: &Case, out: &mut [f32]) {
        self.0[(case.user % 2) as usize].score(case, out);
    }
}

/// What is learnt from: everything that people who permit training did.
struct Lesson<'a> {
    learnt: &'a People<'a>,
    items: &'a ItemNumbers,
    config: &'a RecommenderConfig,
    threads: Threads,
}

/// Fits, measures and fits again on everything that people who permit training did; see the module. What was known at one
/// cut is in memory at a time.
///
/// # Errors
/// The tables of the profile stage cannot be read, or hold no purchase.
pub fn fit(
    learnt: &People<'_>,
    items: &ItemNumbers,
    cut: Timestamp,
    config: &RecommenderConfig,
    threads: Threads,
    progress: &(dyn Fn(&str, Iteration) + Sync),
) -> Result<Recommender> {
    let lesson = Lesson { learnt, items, config, threads };
    let measured = lesson.measure(cut, progress)?;
    let known = Known::read(learnt, items.len(), cut, cut, &config.confidence)?;
    let fitted = lesson.fitted(known, "fit", progress)?.context("fitting: nothing of it was known at the cut")?;
    Ok(Recommender {
        items: fitted.rows(&measured.learnt, items),
        weights: measured.learnt.weights,
        trend_half_life_days: measured.learnt.half_life,
        interactions: fitted.known.all.len(),
        als_stop: fitted.als.stop(),
        verdict: measured.verdict,
        figures: measured.figures,
        judgement: measured.judgement,
    })
}

struct Measured {
    learnt: TrendAndWeights,
    verdict: Verdict,
    figures: Vec<ModelCardRow>,
    judgement: Judgement,
}

impl Lesson<'_> {
    /// All parts, fitted on what was known; `None` when that is nothing.
    fn fitted(&self, known: Known, what: &str, progress: &(dyn Fn(&str, Iteration) + Sync)) -> Result<Option<Fitted>> {
        if known.all.is_empty() {
            return Ok(None);
        }
        let (pairs, days) = known.last_purchases()?;
        let item_item = ItemItem::fit(&pairs, Some(&days), &self.config.item_item, self.threads);
        drop((pairs, days));
        let als = als::fit(&known.all, &self.config.als, self.threads, &mut |i| {
            progress(what, i);
            ControlFlow::Continue(())
        })
        .with_context(|| format!("the {what}"))?;
        let rhythm = Rhythm::learn(&known.histories, self.items.len());
        Ok(Some(Fitted { als, item_item, rhythm, known }))
    }

    /// Learns the weights on each half of the people and measures on the other; those to use are learnt on all.
    fn measure(&self, cut: Timestamp, progress: &(dyn Fn(&str, Iteration) + Sync)) -> Result<Measured> {
        let before = cut.plus_days(-i64::from(self.config.window_days));
        let first_half_life = self.config.trend_half_lives_days[0];
        let known = Known::read(self.learnt, self.items.len(), before, cut, &self.config.confidence)?;
        if known.purchases == 0 {
            bail!(
                "there is no purchase of anybody who agreed to training, so there is nothing to learn from; `kenal run \
                 consent` shows how many agreed, and why the others count as a no"
            );
        }
        let Some(fitted) = self.fitted(known, "measured fit", progress)? else {
            return Ok(self.unmeasured(first_half_life));
        };
        let cases = cases(&fitted.known, self.config.cases_max);
        let learnt = self.learn(&fitted, &cases);
        // The weights for even people are learnt on odd ones.
        let halves = [1, 0].map(|half| self.learn(&fitted, &cases.half(half)));
        let of = |change: fn(Weights) -> Weights, again: bool| {
            let blends = halves.map(|learnt| learnt.blend(&fitted, change, again));
            let cases = if again { &cases.any } else { &cases.new };
            evaluate(&CrossFitted(blends), fitted.n_items(), cases, Candidates::All, self.threads)
        };
        let model = of(|weights| weights, false);
        let trending = Blend::new(fitted.parts(first_half_life, false), TREND_ONLY);
        let trending = evaluate(&trending, fitted.n_items(), &cases.new, Candidates::All, self.threads);
        let popular = SameForAll(fitted.heat(first_half_life).now);
        let popular = evaluate(&popular, fitted.n_items(), &cases.any, Candidates::All, self.threads);
        let verdict = compare_to_trending(&model, &trending, &self.config.rule);
        let parts = [
            ("als", of(|w| alone(Weights { item_item: 0.0, als: 1.0, ..w }), false)),
            ("item-item", of(|w| alone(Weights { item_item: 1.0, als: 0.0, ..w }), false)),
            ("blend without als", of(|w| Weights { als: 0.0, ..w }, false)),
            ("blend without item-item", of(|w| Weights { item_item: 0.0, als: 1.0, ..w }, false)),
            ("blend without trend", of(|w| Weights { trend_power: 0.0, rise_power: 0.0, ..w }, false)),
        ];
        let again = of(|weights| weights, true);
        let mut figures = figures(&model, &trending, &parts);
        for (who, evaluation) in [("blend", &again), ("trending", &popular)] {
            figures.push(figure(format!("recommender/again/{who}/recall@20"), evaluation.mean(Metric::Recall20)));
        }
        let mut judged = vec![("blend", Role::Model, &model), ("trending", Role::Baseline, &trending)];
        judged.extend(parts.iter().map(|(name, evaluation)| (*name, Role::Part, evaluation)));
        let judgement = Judgement::new(&cases.new, &fitted.known.people, self.items, &judged);
        Ok(Measured { learnt, verdict, figures, judgement })
    }

    /// The weights that are best on `cases`.
    fn learn(&self, fitted: &Fitted, cases: &Cases) -> TrendAndWeights {
        let half_lives = self.config.trend_half_lives_days;
        let mut best = (Weights::default(), f64::NEG_INFINITY, half_lives[0]);
        for half_life in half_lives {
            let (weights, recall) = learn(&fitted.parts(half_life, false), &cases.new, Candidates::All, self.threads);
            if recall > best.1 {
                best = (weights, recall, half_life);
            }
        }
        let (weights, _, half_life) = best;
        let again = fitted.parts(half_life, true);
        let weights = learn_from(&again, &cases.any, Candidates::All, (weights, Learnt::Again), self.threads).0;
        TrendAndWeights { weights, half_life }
    }

    /// Nothing was known a month ago: the default weights, and no proof.
    fn unmeasured(&self, half_life: f32) -> Measured {
        let cases: [Case; 0] = [];
        let nobody = evaluate(&SameForAll(Vec::new()), 0, &cases, Candidates::All, self.threads);
        let verdict = compare_to_trending(&nobody, &nobody, &self.config.rule);
        let figures = figures(&nobody, &nobody, &[]);
        let judged = [("blend", Role::Model, &nobody), ("trending", Role::Baseline, &nobody)];
        let judgement = Judgement::new(&[], &[], self.items, &judged);
        let learnt = TrendAndWeights { weights: Weights::default(), half_life };
        Measured { learnt, verdict, figures, judgement }
    }
}

/// People with a history and purchases after it; of very many some, evenly spread.
fn cases(known: &Known, cases_max: usize) -> Cases {
    let tested = known.bought_later.iter().filter(|(user, _)| !known.all.row(*user as usize).0.is_empty());
    let mut cases = Cases::default();
    for (user, bought) in spread(tested.collect(), cases_max) {
        let (items, weights) = known.all.row(*user as usize);
        let history: Vec<(u32, f32)> = items.iter().copied().zip(weights.iter().copied()).collect();
        let known = |item: &u32| known.histories[*user as usize].iter().any(|(i, _)| i == item);
        let new: Vec<u32> = bought.iter().copied().filter(|item| !known(item)).collect();
        if !new.is_empty() {
            cases.new.push(Case { user: *user, history: history.clone(), relevant: new });
        }
        cases.any.push(Case { user: *user, history, relevant: bought.clone() });
    }
    cases
}

/// About `most` of them, at equal distances; all when there are no more. Two and two, since neighbours are measured with
/// the weights of each other's half.
fn spread<T>(all: Vec<T>, most: usize) -> impl Iterator<Item = T> {
    let step = all.len().div_ceil(most.max(1)).max(1);
    all.into_iter().enumerate().filter(move |(at, _)| (at / 2).is_multiple_of(step)).map(|(_, one)| one)
}

/// What people bought in the month: only what was new to them, and anything.
#[derive(Default)]
struct Cases {
    new: Vec<Case>,
    any: Vec<Case>,
}

impl Cases {
    /// Those of the people whose number is even (0) or odd (1).
    fn half(&self, parity: u32) -> Cases {
        let of = |cases: &[Case]| cases.iter().filter(|c| c.user % 2 == parity).cloned().collect();
        Cases { new: of(&self.new), any: of(&self.any) }
    }
}

fn figure(name: String, value: f64) -> ModelCardRow {
    ModelCardRow { name, value }
}

fn figures(model: &Evaluation, trending: &Evaluation, parts: &[(&str, Evaluation)]) -> Vec<ModelCardRow> {
    let mut rows = vec![figure("recommender/cases".to_owned(), model.cases() as f64)];
    for metric in Metric::ALL {
        for (who, evaluation) in [("blend", model), ("trending", trending)] {
            rows.push(figure(format!("recommender/{who}/{}", metric.name()), evaluation.mean(metric)));
        }
        let interval = model.interval(metric, 0.95, 0);
        for (end, value) in [("low", interval.low), ("high", interval.high)] {
            rows.push(figure(format!("recommender/blend/{}/95%/{end}", metric.name()), value));
        }
    }
    for (who, evaluation) in parts {
        rows.push(figure(format!("recommender/{who}/recall@20"), evaluation.mean(Metric::Recall20)));
    }
    rows.push(figure("recommender/blend/coverage@20".to_owned(), model.coverage_20));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_cases_both_halves_are_measured_on_some() {
        let of = |people: u32, most: usize| spread((0..people).collect(), most).collect::<Vec<u32>>();
        assert_eq!(of(5, 5), [0, 1, 2, 3, 4], "all when there are no more");
        assert_eq!(of(5, 100), [0, 1, 2, 3, 4]);
        assert_eq!(of(12, 4), [0, 1, 6, 7]);
        for most in [100, 1_000, 4_999] {
            let some = of(10_000, most);
            assert!(some.len() <= most && some.len() * 2 > most, "{} of {most}", some.len());
            let odd = some.iter().filter(|user| *user % 2 == 1).count();
            assert_eq!(odd * 2, some.len(), "with every person a case, half of the sample is odd");
        }
    }
}
