//! Figures of one evaluation.

use kenal_models::eval::{Evaluation, Metric};
use serde_json::{Map, Value, json};

use crate::ablation::Ablated;
use crate::evaluate::Model;
use crate::pack::PackedReport;
use crate::protocol::{Confidence, Protocol};

/// What a model reached.
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
    /// What the column `weight` counts; `None` when there is none, or its values are all the same.
    pub weight: Option<Confidence>,
    /// What is left of a blend without each of its parts.
    pub ablation: Vec<Ablated>,
    /// What packing costs, where it was asked for.
    pub packed: Vec<PackedReport>,
}

/// Each figure of an evaluation and its 95 % interval as `…_ci`.
pub fn figures(evaluation: &Evaluation, out: &mut Map<String, Value>) {
    for metric in Metric::ALL {
        let i = evaluation.interval(metric, 0.95, 42);
        out.insert(metric.name().to_owned(), json!(i.mean));
        out.insert(format!("{}_ci", metric.name()), json!([i.low, i.high]));
    }
}

impl Report {
    /// One JSON object: figures with their intervals, what was measured, and what each part of a blend brings.
    pub fn json(&self) -> Value {
        let mut out = Map::new();
        figures(&self.evaluation, &mut out);
        out.insert("coverage@20".to_owned(), json!(self.evaluation.coverage_20));
        out.insert("protocol".to_owned(), json!(self.protocol.name()));
        out.insert("model".to_owned(), json!(self.model.name()));
        out.insert("cases".to_owned(), json!(self.evaluation.cases()));
        out.insert("users".to_owned(), json!(self.users));
        out.insert("items".to_owned(), json!(self.items));
        out.insert("interactions".to_owned(), json!(self.interactions));
        out.insert("tuned".to_owned(), json!(self.tuned));
        if let Some(weight) = self.weight {
            out.insert("weight".to_owned(), json!(weight.name()));
        }
        if !self.ablation.is_empty() {
            out.insert("ablation".to_owned(), self.ablation.iter().map(Ablated::json).collect());
        }
        if !self.packed.is_empty() {
            out.insert("packed".to_owned(), self.packed.iter().map(PackedReport::json).collect());
        }
        Value::Object(out)
    }
}
