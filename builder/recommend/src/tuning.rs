//! What a validation split decides, and the models that are fitted by it.

use std::ops::ControlFlow;

use kenal_models::blend::{Blend, Heat, History, Parts, Rhythm, Weights, learn};
use kenal_models::eval::{Evaluation, Metric, SameForAll, Scorer};
use kenal_models::item_item::{ItemItem, ItemItemConfig};
use kenal_models::{AlsConfig, AlsModel, TrainError, als};

use crate::evaluate::{Model, Options};
use crate::protocol::{Confidence, Protocol, Split};

/// Half-lives of the trend that are tried, in days.
const HALF_LIVES: [f32; 4] = [7.0, 14.0, 30.0, 90.0];
/// α₀ and reg that are tried for ALS.
const ALS_GRID: [(f32, f32); 4] = [(0.1, 0.003), (0.1, 0.006), (0.3, 0.003), (0.3, 0.01)];

/// The file, and what is asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Users of the file.
    pub n_users: usize,
    pub has_time: bool,
    /// There is a column `weight`, and its values differ.
    pub weighted: bool,
    pub options: &'a Options,
}

/// What the validation split decided.
#[derive(Debug, Clone, Copy)]
pub struct Tuned {
    half_life_days: f32,
    als: (f32, f32),
    pub weights: Weights,
    /// What weights count.
    pub confidence: Confidence,
}

impl Tuned {
    /// What was chosen of that which a model uses.
    pub fn told(&self, setting: &Setting<'_>) -> String {
        let Setting { has_time, weighted, options, .. } = *setting;
        let Tuned { half_life_days, als: (unobserved, reg), weights: w, confidence } = self;
        let trend = format!("trend half-life {half_life_days} days");
        let als = format!("ALS α₀ {unobserved}, reg {reg}");
        let mut parts = match options.model {
            Model::Trending if has_time => vec![trend],
            Model::Trending | Model::ItemItem => Vec::new(),
            Model::Als => vec![als],
            Model::Blend => {
                let mut parts = vec![als, format!("weights: item-item {}, ALS {}", w.item_item, w.als)];
                if has_time {
                    parts.insert(0, trend);
                    parts.push(format!("trend^{}, rise^{}", w.trend_power, w.rise_power));
                }
                if w.recency_days.is_finite() {
                    parts.push(format!("history half-life {} days", w.recency_days));
                }
                if options.protocol == Protocol::TimeRepeats {
                    let (again, days, power) = (w.again, w.again_half_life_days, w.again_trend_power);
                    parts.push(format!("again {again} with half-life {days} days and trend^{power}"));
                }
                parts
            }
        };
        if weighted {
            parts.push(match confidence {
                Confidence::Same => "column `weight` brings nothing: each pair counts the same".to_owned(),
                Confidence::Root => "pairs count by the root of their `weight`".to_owned(),
                Confidence::Given => "pairs count by their `weight`".to_owned(),
            });
        }
        if parts.is_empty() { "nothing to tune".to_owned() } else { parts.join(", ") }
    }
}

/// Tries what may be tried on a validation split; what weights count is tried around all else.
///
/// # Errors
/// [`TrainError`] of a fit.
pub fn choose(validation: &Split, setting: &Setting<'_>) -> Result<Tuned, TrainError> {
    let start = Tuned {
        half_life_days: 14.0,
        als: ALS_GRID[0],
        weights: Weights::default(),
        confidence: if setting.weighted { Confidence::Given } else { Confidence::Same },
    };
    if validation.train.is_empty() || validation.cases.is_empty() {
        return Ok(start);
    }
    let tried = if setting.weighted { &Confidence::ALL[..] } else { &[Confidence::Same] };
    let mut best = (f64::NEG_INFINITY, start);
    for &confidence in tried {
        let (reached, tuned) = choose_by(&validation.counting(confidence), Tuned { confidence, ..start }, setting)?;
        if reached > best.0 {
            best = (reached, tuned);
        }
    }
    Ok(best.1)
}

/// The best of what a model has to choose, and the Recall@20 it reaches.
fn choose_by(validation: &Split, start: Tuned, setting: &Setting<'_>) -> Result<(f64, Tuned), TrainError> {
    let Setting { has_time, options, .. } = *setting;
    let recall = |tuned: &Tuned, model: Model| {
        let options = Options { model, ..options.clone() };
        let fitted = Fitted::new(validation, tuned, &Setting { options: &options, ..*setting })?;
        Ok::<f64, TrainError>(fitted.measure(validation, &options).mean(Metric::Recall20))
    };
    let pick = |model: Model, others: &[Tuned]| {
        let mut best = (f64::NEG_INFINITY, start);
        for other in others {
            let got = recall(other, model)?;
            if got > best.0 {
                best = (got, *other);
            }
        }
        Ok::<_, TrainError>(best)
    };
    match options.model {
        Model::Trending if has_time => {
            pick(Model::Trending, &HALF_LIVES.map(|half_life_days| Tuned { half_life_days, ..start }))
        }
        Model::Trending | Model::ItemItem => pick(options.model, &[start]),
        Model::Als => pick(Model::Als, &ALS_GRID.map(|als| Tuned { als, ..start })),
        Model::Blend => {
            let (_, with_als) = pick(Model::Als, &ALS_GRID.map(|als| Tuned { als, ..start }))?;
            let mut fitted = Fitted::new(validation, &with_als, setting)?;
            let mut best = (f64::NEG_INFINITY, with_als);
            for half_life_days in if has_time { &HALF_LIVES[..] } else { &HALF_LIVES[..1] } {
                fitted.heat = validation.heat(*half_life_days);
                let candidates = options.protocol.candidates();
                let (weights, recall) = learn(&fitted.parts(), &validation.cases, candidates, options.threads);
                if recall > best.0 {
                    best = (recall, Tuned { weights, half_life_days: *half_life_days, ..with_als });
                }
            }
            Ok(best)
        }
    }
}

/// Models of one split.
pub struct Fitted {
    item_item: Option<ItemItem>,
    als: Option<AlsModel>,
    heat: Heat,
    rhythm: Option<Rhythm>,
    histories: Vec<History>,
    weights: Weights,
    model: Model,
    /// Whether the file knows when: the strong protocol hides people, not times, so it goes without recency.
    dated: bool,
}

impl Fitted {
    /// # Errors
    /// [`TrainError`] of ALS.
    pub fn new(split: &Split, tuned: &Tuned, setting: &Setting<'_>) -> Result<Fitted, TrainError> {
        let Setting { has_time, options, .. } = *setting;
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
        let histories = split.histories(setting.n_users);
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

    pub fn als(&self) -> Option<&AlsModel> {
        self.als.as_ref()
    }

    pub fn parts(&self) -> Parts<'_> {
        self.parts_by(self.als.as_ref())
    }

    /// With another ALS than its own.
    fn parts_by<'m>(&'m self, als: Option<&'m AlsModel>) -> Parts<'m> {
        let mut parts = Parts::new(self.item_item.as_ref(), als, self.heat.clone());
        parts.rhythm = self.rhythm.as_ref();
        if self.dated {
            parts.histories = &self.histories;
        }
        parts
    }

    pub fn measure(&self, split: &Split, options: &Options) -> Evaluation {
        self.measure_with(self.als.as_ref(), split, options)
    }

    /// What it finds with another ALS than its own.
    pub fn measure_by(&self, als: &AlsModel, split: &Split, options: &Options) -> Evaluation {
        self.measure_with(Some(als), split, options)
    }

    fn measure_with(&self, als: Option<&AlsModel>, split: &Split, options: &Options) -> Evaluation {
        let alone = |item_item, als| Weights { item_item, als, trend_power: 0.0, rise_power: 0.0, ..self.weights };
        let blend = |weights| measure(&Blend::new(self.parts_by(als), weights), split, options);
        match self.model {
            Model::Trending => measure(&SameForAll(self.heat.now.clone()), split, options),
            Model::Als => blend(alone(0.0, 1.0)),
            Model::ItemItem => blend(Weights { recency_days: f32::INFINITY, ..alone(1.0, 0.0) }),
            Model::Blend => blend(self.weights),
        }
    }
}

/// What a scorer finds of what a split hides.
pub fn measure(scorer: &dyn Scorer, split: &Split, options: &Options) -> Evaluation {
    let candidates = options.protocol.candidates();
    kenal_models::eval::evaluate(scorer, split.n_items, &split.cases, candidates, options.threads)
}
