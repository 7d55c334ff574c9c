//! A model, tuned on a validation split of its own, measured on what it has not seen.

use std::ops::ControlFlow;

use kenal_models::blend::{Blend, Parts, Rhythm, Weights, learn};
use kenal_models::eval::{Evaluation, Metric, SameForAll, Scorer};
use kenal_models::interactions::{compact, core_filter};
use kenal_models::item_item::{ItemItem, ItemItemConfig};
use kenal_models::{AlsConfig, AlsModel, Threads, TrainError, als};
use serde_json::{Map, Value, json};

use crate::protocol::{DAY_US, Protocol, Split, given, strong, time};
use crate::read::{Dataset, InputError};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    Trending,
    Als,
    ItemItem,
    Blend,
}

impl Model {
    pub const fn name(self) -> &'static str {
        match self {
            Model::Trending => "trending",
            Model::Als => "als",
            Model::ItemItem => "item-item",
            Model::Blend => "blend",
        }
    }
}

/// What to evaluate and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The rows are split already, by their column `part`.
    pub is_split: bool,
    pub protocol: Protocol,
    pub model: Model,
    pub factors: usize,
    /// Items with fewer customers and customers with fewer items are left out; 1 keeps all.
    pub min_count: usize,
    pub threads: Threads,
    pub seed: u64,
}

/// Figures of one evaluation.
#[derive(Debug)]
pub struct Report {
    pub protocol: Protocol,
    pub model: Model,
    pub users: usize,
    pub items: usize,
    pub interactions: usize,
    pub evaluation: Evaluation,
    /// What was chosen on the validation split.
    pub tuned: String,
    /// What is left of a blend without each of its parts, and each part alone.
    pub ablation: Vec<Ablated>,
}

/// A blend with some of its parts only.
#[derive(Debug)]
pub struct Ablated {
    pub name: &'static str,
    pub evaluation: Evaluation,
}

/// Half-lives of the trend that are tried, in days.
const HALF_LIVES: [f32; 4] = [7.0, 14.0, 30.0, 90.0];
/// α₀ and reg that are tried for ALS.
const ALS_GRID: [(f32, f32); 4] = [(0.1, 0.003), (0.1, 0.006), (0.3, 0.003), (0.3, 0.01)];

/// Reads, splits, tunes, fits, and measures.
///
/// # Errors
/// See [`InputError`].
pub fn evaluate(data: &Dataset, options: &Options) -> Result<Report, InputError> {
    let refuse = |text: String| Err(InputError::Protocol(text));
    if options.protocol != Protocol::Strong && !data.has_time {
        return refuse("--protocol time needs a column `time`, which the file does not have".to_owned());
    }
    let split = if options.is_split { given_split(data, options)? } else { own_split(data, options) };
    if split.train.is_empty() || split.cases.is_empty() {
        return refuse(format!(
            "nobody is left to test on: {} rows to learn from, {} people with something hidden; fewer may be filtered \
             out with --min-count 1",
            split.train.len(),
            split.cases.len()
        ));
    }
    let n_users = data.users.len();
    let validation = split.validation(options.protocol, options.seed + 1);
    let tuned = choose(&validation, n_users, data.has_time, options)?;
    let fitted = Fitted::new(&split, n_users, &tuned, data.has_time, options)?;
    let evaluation = fitted.measure(&split, options);
    let ablation = if options.model == Model::Blend { fitted.ablation(&split, options) } else { Vec::new() };
    let (matrix, _) = split.matrix();
    Ok(Report {
        protocol: options.protocol,
        model: options.model,
        users: matrix.n_users(),
        items: split.n_items,
        interactions: matrix.len(),
        evaluation,
        tuned: tuned.told(options.model, data.has_time, options.protocol == Protocol::TimeRepeats),
        ablation,
    })
}

fn own_split(data: &Dataset, options: &Options) -> Split {
    // What is left out keeps its number but takes no part: items without a row must not be recommended or counted.
    let kept = compact(core_filter(data.rows.clone(), options.min_count));
    let n_items = kept.items.len();
    let rows: Vec<_> = kept
        .rows
        .into_iter()
        .map(|mut r| {
            r.user = kept.users[r.user as usize];
            r
        })
        .collect();
    match options.protocol {
        Protocol::Strong => strong(&rows, n_items, options.seed),
        Protocol::TimeNew | Protocol::TimeRepeats => {
            let last = rows.iter().map(|r| r.time).max().unwrap_or(0);
            time(&rows, n_items, last - 30 * DAY_US, options.protocol)
        }
    }
}

fn given_split(data: &Dataset, options: &Options) -> Result<Split, InputError> {
    let n_items = data.items.len();
    let part = |name: &str| {
        data.part(name)
            .ok_or_else(|| InputError::Protocol(format!("the split has no part `{name}` in its column `part`")))
    };
    Ok(match options.protocol {
        Protocol::Strong => {
            given(part("strong_train")?, &part("strong_fold")?, &part("strong_test")?, n_items, Protocol::Strong)
        }
        protocol => {
            let train = part("time_train")?;
            given(train.clone(), &train, &part("time_test")?, n_items, protocol)
        }
    })
}

/// What the validation split decided.
#[derive(Debug, Clone, Copy)]
struct Tuned {
    half_life_days: f32,
    als: (f32, f32),
    weights: Weights,
}

impl Tuned {
    /// What was chosen of that which a model uses.
    fn told(&self, model: Model, has_time: bool, repeats: bool) -> String {
        let Tuned { half_life_days, als: (unobserved, reg), weights: w } = self;
        let trend = format!("trend half-life {half_life_days} days");
        let als = format!("ALS α₀ {unobserved}, reg {reg}");
        match model {
            Model::Trending if has_time => trend,
            Model::Trending | Model::ItemItem => "nothing to tune".to_owned(),
            Model::Als => als,
            Model::Blend => {
                let mut parts = vec![als, format!("weights: item-item {}, ALS {}", w.item_item, w.als)];
                if has_time {
                    parts.insert(0, trend);
                    parts.push(format!("trend^{}", w.trend_power));
                }
                if w.recency_days.is_finite() {
                    parts.push(format!("history half-life {} days", w.recency_days));
                }
                if repeats {
                    let (again, days, power) = (w.again, w.again_half_life_days, w.again_trend_power);
                    parts.push(format!("again {again} with half-life {days} days and trend^{power}"));
                }
                parts.join(", ")
            }
        }
    }
}

/// # Errors
/// [`TrainError`] of a fit.
fn choose(validation: &Split, n_users: usize, has_time: bool, options: &Options) -> Result<Tuned, TrainError> {
    let mut best = Tuned { half_life_days: 14.0, als: ALS_GRID[0], weights: Weights::default() };
    if validation.train.is_empty() || validation.cases.is_empty() {
        return Ok(best);
    }
    let recall = |tuned: &Tuned, model: Model| {
        let options = Options { model, ..options.clone() };
        let fitted = Fitted::new(validation, n_users, tuned, has_time, &options)?;
        Ok::<f64, TrainError>(fitted.measure(validation, &options).mean(Metric::Recall20))
    };
    let pick = |best: &mut Tuned, model: Model, others: &[Tuned]| {
        let mut reached = f64::NEG_INFINITY;
        for other in others {
            let got = recall(other, model)?;
            if got > reached {
                (reached, *best) = (got, *other);
            }
        }
        Ok::<(), TrainError>(())
    };
    if has_time && options.model == Model::Trending {
        let others = HALF_LIVES.map(|half_life_days| Tuned { half_life_days, ..best });
        pick(&mut best, Model::Trending, &others)?;
    }
    if matches!(options.model, Model::Als | Model::Blend) {
        let others = ALS_GRID.map(|als| Tuned { als, ..best });
        pick(&mut best, Model::Als, &others)?;
    }
    if options.model == Model::Blend {
        let mut fitted = Fitted::new(validation, n_users, &best, has_time, options)?;
        let mut reached = f64::NEG_INFINITY;
        for half_life_days in if has_time { &HALF_LIVES[..] } else { &HALF_LIVES[..1] } {
            fitted.heat = validation.heat(*half_life_days);
            let candidates = options.protocol.candidates();
            let (weights, recall) = learn(&fitted.parts(), &validation.cases, candidates, options.threads);
            if recall > reached {
                (reached, best.weights, best.half_life_days) = (recall, weights, *half_life_days);
            }
        }
    }
    Ok(best)
}

/// Models of one split.
struct Fitted {
    item_item: Option<ItemItem>,
    als: Option<AlsModel>,
    heat: Vec<f32>,
    rhythm: Option<Rhythm>,
    histories: Vec<kenal_models::blend::History>,
    weights: Weights,
    model: Model,
    /// Whether the file knows when: the strong protocol hides people, not times, so it goes without recency.
    dated: bool,
}

impl Fitted {
    /// # Errors
    /// [`TrainError`] of ALS.
    fn new(
        split: &Split,
        n_users: usize,
        tuned: &Tuned,
        has_time: bool,
        options: &Options,
    ) -> Result<Fitted, TrainError> {
        let model = options.model;
        let (matrix, days) = split.matrix();
        let days = has_time.then_some(&days[..]);
        let item_item = matches!(model, Model::ItemItem | Model::Blend)
            .then(|| ItemItem::fit(&matrix, days, &ItemItemConfig::default(), options.threads));
        let (unobserved, reg) = tuned.als;
        let config = AlsConfig { factors: options.factors, unobserved, reg, tolerance: 0.0, ..AlsConfig::default() };
        let als = matches!(model, Model::Als | Model::Blend)
            .then(|| als::fit(&matrix, &config, options.threads, &mut |_| ControlFlow::Continue(())))
            .transpose()?;
        let histories = split.histories(n_users);
        let again = model == Model::Blend && has_time && options.protocol == Protocol::TimeRepeats;
        let rhythm = again.then(|| Rhythm::learn(&histories, split.n_items));
        Ok(Fitted {
            item_item,
            als,
            heat: split.heat(tuned.half_life_days),
            rhythm,
            histories,
            weights: tuned.weights,
            model,
            dated: has_time && options.protocol != Protocol::Strong,
        })
    }

    fn parts(&self) -> Parts<'_> {
        let mut parts = Parts::new(self.item_item.as_ref(), self.als.as_ref(), self.heat.clone());
        parts.rhythm = self.rhythm.as_ref();
        if self.dated {
            parts.histories = &self.histories;
        }
        parts
    }

    fn measure(&self, split: &Split, options: &Options) -> Evaluation {
        match self.model {
            Model::Trending => self.scored(&SameForAll(self.heat.clone()), split, options),
            Model::Als => self.blended(self.alone(0.0, 1.0), split, options),
            Model::ItemItem => self.blended(self.alone(1.0, 0.0), split, options),
            Model::Blend => self.blended(self.weights, split, options),
        }
    }

    fn scored(&self, scorer: &dyn Scorer, split: &Split, options: &Options) -> Evaluation {
        let candidates = options.protocol.candidates();
        kenal_models::eval::evaluate(scorer, split.n_items, &split.cases, candidates, options.threads)
    }

    fn blended(&self, weights: Weights, split: &Split, options: &Options) -> Evaluation {
        self.scored(&Blend { parts: self.parts(), weights }, split, options)
    }

    /// Weights of one part without all others.
    fn alone(&self, item_item: f32, als: f32) -> Weights {
        Weights { item_item, als, trend_power: 0.0, recency_days: f32::INFINITY, again: 0.0, ..self.weights }
    }

    /// The blend without each part it uses, and each part alone. Weights stay those learnt with all parts there.
    fn ablation(&self, split: &Split, options: &Options) -> Vec<Ablated> {
        let w = self.weights;
        let mut rows = vec![
            ("blend without als", Weights { als: 0.0, ..w }),
            // Without what it stood beside, ALS has whatever weight is not nothing.
            ("blend without item-item", Weights { item_item: 0.0, als: 1.0, ..w }),
            ("blend without trend", Weights { trend_power: 0.0, again_trend_power: 0.0, ..w }),
        ];
        if self.dated {
            rows.push(("blend without recency", Weights { recency_days: f32::INFINITY, ..w }));
        }
        if self.rhythm.is_some() {
            rows.push(("blend without repeats", Weights { again: 0.0, ..w }));
            rows.push(("repeats alone", Weights { again: w.again.max(1.0), ..self.alone(0.0, 0.0) }));
        }
        rows.extend([("als alone", self.alone(0.0, 1.0)), ("item-item alone", self.alone(1.0, 0.0))]);
        let blends = rows.into_iter();
        let mut out: Vec<Ablated> =
            blends.map(|(name, weights)| Ablated { name, evaluation: self.blended(weights, split, options) }).collect();
        let trending = self.scored(&SameForAll(self.heat.clone()), split, options);
        out.push(Ablated { name: "trending alone", evaluation: trending });
        out
    }
}

impl Report {
    /// One JSON object: each figure, its 95 % interval as `…_ci`, and what was measured.
    pub fn json(&self) -> Value {
        let mut out = Map::new();
        for metric in Metric::ALL {
            let i = self.evaluation.interval(metric, 0.95, 42);
            out.insert(metric.name().to_owned(), json!(i.mean));
            out.insert(format!("{}_ci", metric.name()), json!([i.low, i.high]));
        }
        out.insert("coverage@20".to_owned(), json!(self.evaluation.coverage_20));
        out.insert("protocol".to_owned(), json!(self.protocol.name()));
        out.insert("model".to_owned(), json!(self.model.name()));
        out.insert("cases".to_owned(), json!(self.evaluation.cases()));
        out.insert("users".to_owned(), json!(self.users));
        out.insert("items".to_owned(), json!(self.items));
        out.insert("interactions".to_owned(), json!(self.interactions));
        out.insert("tuned".to_owned(), json!(self.tuned));
        if !self.ablation.is_empty() {
            let row = |a: &Ablated| {
                let mean = |metric| a.evaluation.mean(metric);
                json!({"name": a.name, "recall@20": mean(Metric::Recall20), "ndcg@20": mean(Metric::Ndcg20)})
            };
            out.insert("ablation".to_owned(), self.ablation.iter().map(row).collect());
        }
        Value::Object(out)
    }
}
