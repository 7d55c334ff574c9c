//! A model, tuned on a validation split of its own, measured on what it has not seen.

use kenal_models::Threads;
use kenal_models::interactions::{compact, core_filter};

use crate::ablation::ablation;
use crate::pack::pack_evaluated;
use crate::protocol::{DAY_US, Protocol, Split, given, strong, time};
use crate::read::{Dataset, InputError};
use crate::report::Report;
use crate::tuning::{Fitted, Setting, choose};

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
    /// Also what ALS loses when its factors are packed into fewer bytes.
    pub pack: bool,
}

/// Reads, splits, tunes, fits, and measures; of a blend also what is left of it without each of its parts.
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
    let validation = split.validation(options.protocol, options.seed + 1);
    let weighted = data.has_weight && split.has_weights();
    let setting = Setting { n_users: data.users.len(), has_time: data.has_time, weighted, options };
    let tuned = choose(&validation, &setting)?;
    let (split, validation) = (split.counting(tuned.confidence), validation.counting(tuned.confidence));
    let fitted = Fitted::new(&split, &tuned, &setting)?;
    let evaluation = fitted.measure(&split, options);
    let ablation = match options.model {
        Model::Blend => ablation(&fitted, &split, &validation, &evaluation, &tuned, &setting)?,
        _ => Vec::new(),
    };
    let packed = if options.pack { pack_evaluated(&fitted, &split, &evaluation, options)? } else { Vec::new() };
    let (matrix, _) = split.matrix();
    Ok(Report {
        protocol: options.protocol,
        model: options.model,
        users: matrix.n_users(),
        items: split.n_items,
        interactions: matrix.len(),
        evaluation,
        tuned: tuned.told(&setting),
        weight: weighted.then_some(tuned.confidence),
        ablation,
        packed,
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
