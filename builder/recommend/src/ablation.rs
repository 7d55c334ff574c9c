//! What each part of a blend brings: the blend without it, its weights learnt anew on the validation split.
//!
//! The others then do their best without the part, so that the difference is what is lost with it, and not what a balance
//! struck for all of them loses by standing on fewer legs.

use kenal_models::TrainError;
use kenal_models::blend::{Blend, Heat, Parts, Weights, learn};
use kenal_models::eval::{Evaluation, Interval, Metric, paired_interval};
use serde_json::{Map, Value, json};

use crate::protocol::Split;
use crate::tuning::{Fitted, Setting, Tuned, measure};

/// Metrics of the table.
pub const METRICS: [Metric; 2] = [Metric::Recall20, Metric::Ndcg20];
/// Level of the intervals, and the seed of their bootstrap.
const LEVEL: f64 = 0.95;
const SEED: u64 = 42;

/// A part of a blend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Als,
    ItemItem,
    Repeats,
    Trend,
}

impl Part {
    const ALL: [Part; 4] = [Part::Als, Part::ItemItem, Part::Repeats, Part::Trend];

    pub const fn name(self) -> &'static str {
        match self {
            Part::Als => "als",
            Part::ItemItem => "item-item",
            Part::Repeats => "repeats",
            Part::Trend => "trend",
        }
    }

    /// Takes itself out of a blend; says whether it was there.
    fn leave(self, parts: &mut Parts<'_>) -> bool {
        match self {
            Part::Als => parts.als.take().is_some(),
            Part::ItemItem => parts.item_item.take().is_some(),
            Part::Repeats => parts.rhythm.take().is_some(),
            // All equally hot: no power of it tells items apart.
            Part::Trend => {
                parts.heat = Heat::none(parts.heat.now.len());
                true
            }
        }
    }
}

/// A blend without one of its parts.
#[derive(Debug)]
pub struct Ablated {
    pub without: Part,
    pub evaluation: Evaluation,
    /// Without the part minus the whole, case by case, for each of [`METRICS`].
    pub differences: [Interval; 2],
}

/// The blend without each part that it has. Where there is nothing to learn weights from, the others keep theirs.
///
/// # Errors
/// [`TrainError`] of ALS on the validation split.
pub fn ablation(
    fitted: &Fitted,
    split: &Split,
    validation: &Split,
    whole: &Evaluation,
    tuned: &Tuned,
    setting: &Setting<'_>,
) -> Result<Vec<Ablated>, TrainError> {
    let options = setting.options;
    let can_learn = !validation.train.is_empty() && !validation.cases.is_empty();
    let trial = if can_learn { Some(Fitted::new(validation, tuned, setting)?) } else { None };
    let mut out = Vec::new();
    for without in Part::ALL {
        let mut parts = fitted.parts();
        if !without.leave(&mut parts) {
            continue;
        }
        let weights = match &trial {
            Some(trial) => {
                let mut parts = trial.parts();
                without.leave(&mut parts);
                learn(&parts, &validation.cases, options.protocol.candidates(), options.threads).0
            }
            None if without == Part::ItemItem => Weights { item_item: 0.0, als: 1.0, ..tuned.weights },
            None => tuned.weights,
        };
        let evaluation = measure(&Blend::new(parts, weights), split, options);
        let difference = |metric| paired_interval(evaluation.values(metric), whole.values(metric), LEVEL, SEED);
        let differences = METRICS.map(difference);
        out.push(Ablated { without, evaluation, differences });
    }
    Ok(out)
}

impl Ablated {
    /// `{"without": "als", "recall@20": …, "recall@20_difference": …, "recall@20_difference_ci": […], "ndcg@20": …}`.
    pub fn json(&self) -> Value {
        let mut out = Map::new();
        out.insert("without".to_owned(), json!(self.without.name()));
        for (metric, d) in METRICS.iter().zip(&self.differences) {
            let name = metric.name();
            out.insert(name.to_owned(), json!(self.evaluation.mean(*metric)));
            out.insert(format!("{name}_difference"), json!(d.mean));
            out.insert(format!("{name}_difference_ci"), json!([d.low, d.high]));
        }
        Value::Object(out)
    }
}
