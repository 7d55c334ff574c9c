//! What fewer bytes an item cost: lists that differ, and hidden purchases that are no longer found.

use kenal_models::compact::{Packed, Packing};
use kenal_models::eval::{Evaluation, Interval, Metric, paired_interval};
use kenal_models::{AlsModel, Threads, TrainError};
use serde_json::{Map, Value, json};

use crate::evaluate::Options;
use crate::protocol::Split;
use crate::tuning::Fitted;

/// Level of the intervals, and the seed of their bootstrap.
const LEVEL: f64 = 0.95;
const SEED: u64 = 42;

/// A packing of the item factors of ALS.
#[derive(Debug)]
pub struct PackedReport {
    pub packing: Packing,
    /// Of an item, and of all items with what they share.
    pub item_bytes: usize,
    pub bytes: usize,
    /// Share of the first 20 items of training users that f32 has among its first 20 too.
    pub overlap_20: f64,
    /// Recall@20 by the packed factors, and what it has more than by f32; `None` where nothing is hidden.
    pub recall_20: Option<(f64, Interval)>,
}

/// Packings that are compared: a byte a number, what bundles have, half a byte.
const PACKINGS: [Packing; 3] = [Packing::Int8, Packing::Tiers, Packing::Int4];

/// Of a model alone.
pub fn pack(model: &AlsModel, threads: Threads) -> Vec<PackedReport> {
    let of = |packing: Packing| report(model, &Packed::new(model, packing), threads);
    PACKINGS.into_iter().map(of).collect()
}

/// Of what is evaluated, with the loss of recall; nothing without ALS in it.
///
/// # Errors
/// [`TrainError`] when packed factors are no numbers.
pub fn pack_evaluated(
    fitted: &Fitted,
    split: &Split,
    whole: &Evaluation,
    options: &Options,
) -> Result<Vec<PackedReport>, TrainError> {
    let Some(model) = fitted.als() else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for packing in PACKINGS {
        let packed = Packed::new(model, packing);
        let evaluation = fitted.measure_by(&model.with_items(packed.factors())?, split, options);
        let values = |e: &Evaluation| e.values(Metric::Recall20).to_vec();
        let difference = paired_interval(&values(&evaluation), &values(whole), LEVEL, SEED);
        let recall_20 = Some((evaluation.mean(Metric::Recall20), difference));
        out.push(PackedReport { recall_20, ..report(model, &packed, options.threads) });
    }
    Ok(out)
}

fn report(model: &AlsModel, packed: &Packed, threads: Threads) -> PackedReport {
    PackedReport {
        packing: packed.packing(),
        item_bytes: packed.packing().item_bytes(model.factors()),
        bytes: packed.bytes(),
        overlap_20: packed.overlap(model, threads),
        recall_20: None,
    }
}

impl PackedReport {
    /// `{"packing": "int8", "item_bytes": …, "bytes": …, "overlap@20": …, "recall@20": …, "recall@20_difference": …}`.
    pub fn json(&self) -> Value {
        let mut out = Map::new();
        out.insert("packing".to_owned(), json!(self.packing.name()));
        out.insert("item_bytes".to_owned(), json!(self.item_bytes));
        out.insert("bytes".to_owned(), json!(self.bytes));
        out.insert("overlap@20".to_owned(), json!(self.overlap_20));
        if let Some((recall, d)) = self.recall_20 {
            out.insert("recall@20".to_owned(), json!(recall));
            out.insert("recall@20_difference".to_owned(), json!(d.mean));
            out.insert("recall@20_difference_ci".to_owned(), json!([d.low, d.high]));
        }
        Value::Object(out)
    }
}
