//! models, first half: the recommender, and the proof that it beats the list everybody sees.
//!
//! The blend of `kenal-models` is learnt forward in time: fitted on what was known a month before the cut, its weights
//! chosen on what people bought in that month, and measured by cross-fitting: what half of the people bought is measured
//! with weights chosen on the other half, and the other way round, so that no weight has seen a purchase it is measured
//! on. Then all parts are fitted again on everything there is.

use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use kenal_card::Role;
use kenal_consent::Consented;
use kenal_models::als::{self, AlsConfig, AlsModel, Iteration};
use kenal_models::blend::{Blend, Fashion, Heat, History, Learnt, Parts, Rhythm, Weights, learn, learn_from};
use kenal_models::confidence::{Confidence, Event, Kind};
use kenal_models::eval::{Candidates, Case, Evaluation, Metric, PublishRule, SameForAll, Scorer, Verdict};
use kenal_models::eval::{compare_to_trending, evaluate};
use kenal_models::interactions::Interactions;
use kenal_models::item_item::{ItemItem, ItemItemConfig};
use kenal_models::threads::Threads;
use kenal_types::{PersonId, Timestamp};

use super::card::Judgement;
use super::matter::{ItemNumbers, Shopper, browse_events, purchase_events};
use crate::gold::ModelCardRow;

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
    pub fitted: Fitted,
    pub weights: Weights,
    pub trend_half_life_days: f32,
    pub verdict: Verdict,
    pub figures: Vec<ModelCardRow>,
    pub judgement: Judgement,
}

/// All parts of the blend, as of one moment.
pub struct Fitted {
    pub als: AlsModel,
    pub item_item: ItemItem,
    pub rhythm: Rhythm,
    /// Purchases of each person, with the days since.
    histories: Vec<History>,
    /// c_ui, with browsing.
    all: Interactions,
    n_items: usize,
}

impl Fitted {
    pub fn trained_on(&self) -> usize {
        self.all.len()
    }

    fn heat(&self, half_life_days: f32) -> Heat {
        let purchases = self.histories.iter().flatten().map(|&(item, age)| (item, age, 1.0));
        Heat::of(self.n_items, half_life_days, purchases)
    }

    /// What weights make of how much items are bought.
    pub fn fashion(&self, half_life_days: f32, weights: &Weights) -> Fashion {
        Fashion::new(&self.heat(half_life_days), weights)
    }

    /// With `again`, what was bought before is a candidate, by its rhythm.
    fn parts(&self, half_life_days: f32, again: bool) -> Parts<'_> {
        let mut parts = Parts::new(Some(&self.item_item), Some(&self.als), self.heat(half_life_days));
        parts.histories = &self.histories;
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
        Blend { parts: fitted.parts(self.half_life, again), weights: change(self.weights) }
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

/// What is learnt from.
struct Lesson<'a> {
    /// Numbered as they come.
    shoppers: &'a [Shopper],
    people: Vec<PersonId>,
    items: &'a ItemNumbers,
    config: &'a RecommenderConfig,
    threads: Threads,
}

/// Fits, measures and fits again on everything that people who permit training did; see the module.
pub fn fit(
    lessons: &Consented<Vec<Shopper>>,
    items: &ItemNumbers,
    cut: Timestamp,
    config: &RecommenderConfig,
    threads: Threads,
    progress: &(dyn Fn(&str, Iteration) + Sync),
) -> Result<Recommender> {
    let shoppers = lessons.get();
    if shoppers.iter().all(|shopper| shopper.bought.is_empty()) {
        bail!(
            "there is no purchase of anybody who agreed to training, so there is nothing to learn from; `kenal run \
             consent` shows how many agreed, and why the others count as a no"
        );
    }
    let people = shoppers.iter().map(|shopper| shopper.person).collect();
    let lesson = Lesson { shoppers, people, items, config, threads };
    let measured = lesson.measure(cut, progress)?;
    let fitted = lesson.fitted(cut, "fit", progress)?.context("fitting: nothing of it was known at the cut")?;
    Ok(Recommender {
        fitted,
        weights: measured.weights,
        trend_half_life_days: measured.trend_half_life_days,
        verdict: measured.verdict,
        figures: measured.figures,
        judgement: measured.judgement,
    })
}

struct Measured {
    weights: Weights,
    trend_half_life_days: f32,
    verdict: Verdict,
    figures: Vec<ModelCardRow>,
    judgement: Judgement,
}

impl Lesson<'_> {
    /// All parts as they would have been fitted at `cut`; `None` when there was nothing to fit on.
    fn fitted(
        &self,
        cut: Timestamp,
        what: &str,
        progress: &(dyn Fn(&str, Iteration) + Sync),
    ) -> Result<Option<Fitted>> {
        let (n_people, n_items) = (self.people.len(), self.items.len());
        let mut histories = vec![History::new(); n_people];
        for event in purchase_events(self.shoppers, cut).filter(|e| e.kind == Kind::Purchase) {
            histories[event.user as usize].push((event.item, event.age_days));
        }
        let last = last_purchases(&histories);
        let events: Vec<Event> = purchase_events(self.shoppers, cut).chain(browse_events(self.shoppers, cut)).collect();
        let all = self.config.confidence.interactions(n_people, n_items, events).context("counting interactions")?;
        if all.is_empty() {
            return Ok(None);
        }
        let pairs = last.iter().map(|&(user, item, _)| (user, item, 1.0));
        let pairs = Interactions::from_triples(n_people, n_items, pairs).context("counting purchases")?;
        let days: Vec<f32> = last.iter().map(|&(.., age)| -age).collect();
        let item_item = ItemItem::fit(&pairs, Some(&days), &self.config.item_item, self.threads);
        let als = als::fit(&all, &self.config.als, self.threads, &mut |i| {
            progress(what, i);
            ControlFlow::Continue(())
        })
        .with_context(|| format!("the {what}"))?;
        let rhythm = Rhythm::learn(&histories, n_items);
        Ok(Some(Fitted { als, item_item, rhythm, histories, all, n_items }))
    }

    /// Learns the weights on each half of the people and measures on the other; those to use are learnt on all.
    fn measure(&self, cut: Timestamp, progress: &(dyn Fn(&str, Iteration) + Sync)) -> Result<Measured> {
        let before = cut.plus_days(-i64::from(self.config.window_days));
        let first_half_life = self.config.trend_half_lives_days[0];
        let Some(fitted) = self.fitted(before, "measured fit", progress)? else {
            return Ok(self.unmeasured(first_half_life));
        };
        let cases = self.cases(&fitted, cut);
        let learnt = self.learn(&fitted, &cases);
        // The weights for even people are learnt on odd ones.
        let halves = [1, 0].map(|half| self.learn(&fitted, &cases.half(half)));
        let of = |change: fn(Weights) -> Weights, again: bool| {
            let blends = halves.map(|learnt| learnt.blend(&fitted, change, again));
            let cases = if again { &cases.any } else { &cases.new };
            evaluate(&CrossFitted(blends), fitted.n_items, cases, Candidates::All, self.threads)
        };
        let model = of(|weights| weights, false);
        let trending = Blend { parts: fitted.parts(first_half_life, false), weights: TREND_ONLY };
        let trending = evaluate(&trending, fitted.n_items, &cases.new, Candidates::All, self.threads);
        let popular = SameForAll(fitted.heat(first_half_life).now);
        let popular = evaluate(&popular, fitted.n_items, &cases.any, Candidates::All, self.threads);
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
        let judgement = Judgement::new(&cases.new, &self.people, self.items, &judged);
        let TrendAndWeights { weights, half_life } = learnt;
        Ok(Measured { weights, trend_half_life_days: half_life, verdict, figures, judgement })
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
        let judgement = Judgement::new(&[], &self.people, self.items, &judged);
        Measured { weights: Weights::default(), trend_half_life_days: half_life, verdict, figures, judgement }
    }

    /// People with a history before and purchases in the month before `cut`; of very many some, evenly spread.
    fn cases(&self, fitted: &Fitted, cut: Timestamp) -> Cases {
        let window = self.config.window_days as f32;
        let mut relevant = vec![Vec::new(); self.people.len()];
        for event in purchase_events(self.shoppers, cut) {
            if event.kind == Kind::Purchase && event.age_days < window {
                relevant[event.user as usize].push(event.item);
            }
        }
        let tested = |(user, bought): &(usize, Vec<u32>)| !bought.is_empty() && !fitted.all.row(*user).0.is_empty();
        let tested: Vec<(usize, Vec<u32>)> = relevant.into_iter().enumerate().filter(tested).collect();
        let mut cases = Cases::default();
        for (user, mut bought) in spread(tested, self.config.cases_max) {
            let (items, weights) = fitted.all.row(user);
            bought.sort_unstable();
            bought.dedup();
            let history: Vec<(u32, f32)> = items.iter().copied().zip(weights.iter().copied()).collect();
            let known = |item: &u32| fitted.histories[user].iter().any(|(i, _)| i == item);
            let new: Vec<u32> = bought.iter().copied().filter(|item| !known(item)).collect();
            let user = user as u32;
            if !new.is_empty() {
                cases.new.push(Case { user, history: history.clone(), relevant: new });
            }
            cases.any.push(Case { user, history, relevant: bought });
        }
        cases
    }
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

/// (person, item, days since the last purchase of it), ascending.
fn last_purchases(histories: &[History]) -> Vec<(u32, u32, f32)> {
    let mut last = Vec::new();
    for (user, history) in histories.iter().enumerate() {
        let mut events = history.clone();
        events.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        events.dedup_by_key(|e| e.0);
        last.extend(events.into_iter().map(|(item, age)| (user as u32, item, age)));
    }
    last
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
