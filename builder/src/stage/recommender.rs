//! models, first half: the recommender, and the proof that it beats the list everybody sees.

use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use kenal_card::Role;
use kenal_consent::Consented;
use kenal_models::als::{self, AlsConfig, AlsModel, Iteration};
use kenal_models::confidence::{Confidence, Event, Kind};
use kenal_models::eval::{AlsScorer, Candidates, Case, Evaluation, Metric, PublishRule, SameForAll, Verdict};
use kenal_models::eval::{compare_to_trending, evaluate, strong_split};
use kenal_models::interactions::Interactions;
use kenal_models::threads::Threads;
use kenal_types::Timestamp;

use super::card::Judgement;
use super::matter::{ItemNumbers, PersonNumbers, browse_events, purchase_events};
use crate::gold::{EventRow, ModelCardRow, PurchaseRow};

/// Rows of people who permit training.
pub struct Lessons {
    pub purchases: Consented<Vec<PurchaseRow>>,
    pub events: Consented<Vec<EventRow>>,
}

/// Settings of the stage.
#[derive(Debug, Clone, Copy)]
pub struct RecommenderConfig {
    pub als: AlsConfig,
    pub confidence: Confidence,
    /// Half-life of the trending list the model is compared with, in days.
    pub trend_half_life_days: f64,
    /// Share of people held out, and share of their purchases hidden.
    pub held_share: f64,
    pub hidden_share: f64,
    pub rule: PublishRule,
    pub seed: u64,
}

impl Default for RecommenderConfig {
    fn default() -> Self {
        RecommenderConfig {
            als: AlsConfig::default(),
            confidence: Confidence::default(),
            trend_half_life_days: 7.0,
            held_share: 0.2,
            hidden_share: 0.2,
            rule: PublishRule::default(),
            seed: 42,
        }
    }
}

/// A fitted recommender with its figures.
pub struct Recommender {
    pub model: AlsModel,
    pub verdict: Verdict,
    pub figures: Vec<ModelCardRow>,
    pub judgement: Judgement,
    pub trained_on: usize,
}

/// Fits on everybody, after fitting without a fifth of the people to see what the model is worth on strangers, which
/// is what every visitor is to an edge that folds in.
pub fn fit(
    lessons: &Lessons,
    items: &ItemNumbers,
    cut: Timestamp,
    config: &RecommenderConfig,
    threads: Threads,
    progress: &(dyn Fn(&str, Iteration) + Sync),
) -> Result<Recommender> {
    let (purchases, browsed) = (lessons.purchases.get(), lessons.events.get());
    if purchases.is_empty() {
        bail!(
            "there is no purchase of anybody who agreed to training, so there is nothing to learn from; `kenal run \
             consent` shows how many agreed, and why the others count as a no"
        );
    }
    let people = PersonNumbers::new(purchases.iter().map(|p| p.person).chain(browsed.iter().map(|e| e.person)));
    let bought = purchase_events(purchases, &people, items, cut);
    let browsed = browse_events(browsed, &people, items, cut);
    let matrix = |events: Vec<Event>| {
        config.confidence.interactions(people.len(), items.len(), events).context("counting interactions")
    };
    let purchases = matrix(bought.clone())?;
    let all = matrix(bought.iter().chain(&browsed).copied().collect())?;

    let split = strong_split(&purchases, config.held_share, config.hidden_share, config.seed);
    let cases = with_browsing(split.cases, &all);
    let train = all.select(&split.train_users);
    let trained = als::fit(&train, &config.als, threads, &mut |i| told(progress, "held-out fit", i))
        .context("fitting without the held-out people")?;
    let model = evaluate(&AlsScorer::new(&trained), items.len(), &cases, Candidates::New, threads);
    let held: Vec<bool> = held_out(people.len(), &split.train_users);
    let trend = SameForAll(heat(&bought, &held, items.len(), config.trend_half_life_days));
    let trending = evaluate(&trend, items.len(), &cases, Candidates::New, threads);
    let verdict = compare_to_trending(&model, &trending, &config.rule);

    let fitted = als::fit(&all, &config.als, threads, &mut |i| told(progress, "fit", i)).context("fitting")?;
    let figures = figures(&model, &trending);
    let models = [("ALS", Role::Model, &model), ("trending", Role::Baseline, &trending)];
    let judgement = Judgement::new(&cases, &people, items, &models);
    Ok(Recommender { model: fitted, verdict, figures, judgement, trained_on: all.len() })
}

fn told(progress: &(dyn Fn(&str, Iteration) + Sync), what: &str, iteration: Iteration) -> ControlFlow<()> {
    progress(what, iteration);
    ControlFlow::Continue(())
}

/// A held-out person is known by all they did but for the hidden purchases.
fn with_browsing(cases: Vec<Case>, all: &Interactions) -> Vec<Case> {
    let known = |case: Case| {
        let (items, weights) = all.row(case.user as usize);
        let hidden = |i: &u32| case.relevant.binary_search(i).is_ok();
        let history = items.iter().zip(weights).filter(|(i, _)| !hidden(i)).map(|(&i, &c)| (i, c)).collect();
        Case { history, ..case }
    };
    cases.into_iter().map(known).collect()
}

fn held_out(people: usize, train_users: &[u32]) -> Vec<bool> {
    let mut held = vec![true; people];
    for &user in train_users {
        held[user as usize] = false;
    }
    held
}

/// Decayed purchases of the people who are not held out.
fn heat(bought: &[Event], held: &[bool], n_items: usize, half_life_days: f64) -> Vec<f32> {
    let mut heat = vec![0_f64; n_items];
    for event in bought.iter().filter(|e| e.kind == Kind::Purchase && !held[e.user as usize]) {
        heat[event.item as usize] += (-f64::from(event.age_days) / half_life_days).exp2();
    }
    heat.into_iter().map(|h| h as f32).collect()
}

fn figures(model: &Evaluation, trending: &Evaluation) -> Vec<ModelCardRow> {
    let mut rows = vec![ModelCardRow { name: "recommender/cases".to_owned(), value: model.cases() as f64 }];
    for metric in Metric::ALL {
        for (who, evaluation) in [("als", model), ("trending", trending)] {
            let name = format!("recommender/{who}/{}", metric.name());
            rows.push(ModelCardRow { name, value: evaluation.mean(metric) });
        }
        let interval = model.interval(metric, 0.95, 0);
        for (end, value) in [("low", interval.low), ("high", interval.high)] {
            rows.push(ModelCardRow { name: format!("recommender/als/{}/95%/{end}", metric.name()), value });
        }
    }
    rows.push(ModelCardRow { name: "recommender/als/coverage@20".to_owned(), value: model.coverage_20 });
    rows
}
