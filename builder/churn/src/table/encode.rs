//! From columns of a table to features: numbers as they are, categories as indicators or as what their levels mean.
//!
//! A category of few levels becomes one 0/1 feature for each level that is frequent enough; rare levels, and levels that
//! were never seen, have none, which pools them. A category of many levels becomes the log odds of leaving among the
//! training rows of its level, pulled to the overall odds as by 20 rows (Micci-Barreca 2001), and the level's frequency.
//! A training row's own label never enters its own value: levels are counted on the other folds.

use kenal_models::churn::{Column, Transform};
use ndarray::Array2;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::table::read::{Data, NONE, Table};

/// Levels that become indicators at most.
const INDICATORS_MAX: usize = 50;
/// Rows that a level needs for an indicator, and their share.
const INDICATOR_ROWS_MIN: u64 = 10;
const INDICATOR_SHARE_MIN: f64 = 0.002;
/// Rows of the overall odds that each level is mixed with.
const PRIOR_ROWS: f64 = 20.0;
/// Folds of a level's own odds.
const FOLDS: u64 = 5;
/// Skewness above which a number without negative values is logged.
const SKEW_MIN: f64 = 2.0;

/// How one column becomes features.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Code {
    Number {
        logged: bool,
    },
    /// One feature a level; missing is a level, "".
    Indicators {
        levels: Vec<String>,
    },
    /// Log odds and ln(1 + rows) of each level; of unknown levels the first is `prior`.
    Odds {
        levels: FxHashMap<String, (f32, f32)>,
        prior: f32,
    },
}

/// How a table's columns become features.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Encoder {
    columns: Vec<(String, Code)>,
}

/// The text that stands for no text.
const MISSING: &str = "";

fn text(code: u32, texts: &[String]) -> &str {
    if code == NONE { MISSING } else { &texts[code as usize] }
}

impl Encoder {
    /// Learns from some rows of a table with labels, and gives their features.
    pub(crate) fn learn(table: &Table, rows: &[u32]) -> (Encoder, Array2<f32>) {
        let left = rows.iter().filter(|&&r| table.labels[r as usize]).count() as f64;
        let prior = ((left + 0.5) / (rows.len() as f64 - left + 0.5)).ln();
        let code = |data: &Data| match data {
            Data::Numbers(values) => Code::Number { logged: is_skewed(rows.iter().map(|&r| values[r as usize])) },
            Data::Texts(codes, texts) => of_texts(table, rows, codes, texts, prior),
        };
        let encoder = Encoder { columns: table.columns.iter().map(|c| (c.name.clone(), code(&c.data))).collect() };
        let mut features = encoder.apply(table, rows);
        encoder.leave_own_labels_out(table, rows, prior, &mut features);
        (encoder, features)
    }

    /// The features as the model takes them.
    pub(crate) fn features(&self) -> Vec<Column> {
        let column = |name: String, transform| Column { name, transform };
        self.columns
            .iter()
            .flat_map(|(name, code)| match code {
                Code::Number { logged } => {
                    vec![column(name.clone(), if *logged { Transform::Log1p } else { Transform::Identity })]
                }
                Code::Indicators { levels } => levels
                    .iter()
                    .map(|l| if l.is_empty() { format!("{name} is missing") } else { format!("{name} = {l}") })
                    .map(|n| column(n, Transform::Identity))
                    .collect(),
                Code::Odds { .. } => vec![
                    column(format!("odds of {name}"), Transform::Identity),
                    column(format!("frequency of {name}"), Transform::Identity),
                ],
            })
            .collect()
    }

    /// Names of the columns that a table must have.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Features of some rows of a table that has at least the encoder's columns, matched by name. A column of texts where
    /// numbers were, or the other way round, counts as missing.
    pub(crate) fn apply(&self, table: &Table, rows: &[u32]) -> Array2<f32> {
        let width = self.features().len();
        // Column by column: a table may have many more rows than fit a cache.
        let mut features = Array2::<f32>::zeros((rows.len(), width));
        let mut at = 0;
        for (name, code) in &self.columns {
            let data = table.columns.iter().find(|c| &c.name == name).map(|c| &c.data);
            match (code, data) {
                (Code::Number { .. }, Some(Data::Numbers(values))) => {
                    rows.iter().enumerate().for_each(|(n, &r)| features[[n, at]] = values[r as usize]);
                    at += 1;
                }
                (Code::Number { .. }, _) => {
                    features.column_mut(at).fill(f32::NAN);
                    at += 1;
                }
                (Code::Indicators { levels }, data) => {
                    let of: FxHashMap<&str, usize> = levels.iter().enumerate().map(|(n, l)| (l.as_str(), n)).collect();
                    each_text(data, rows, |n, text| {
                        if let Some(level) = of.get(text) {
                            features[[n, at + level]] = 1.0;
                        }
                    });
                    at += levels.len();
                }
                (Code::Odds { levels, prior }, data) => {
                    each_text(data, rows, |n, text| {
                        let (odds, frequency) = levels.get(text).copied().unwrap_or((*prior, 0.0));
                        features[[n, at]] = odds;
                        features[[n, at + 1]] = frequency;
                    });
                    at += 2;
                }
            }
        }
        features
    }

    fn leave_own_labels_out(&self, table: &Table, rows: &[u32], prior: f64, features: &mut Array2<f32>) {
        let fold = |r: u32| table.hashes[r as usize].wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let mut at = 0;
        for ((_, code), column) in self.columns.iter().zip(&table.columns) {
            match (code, &column.data) {
                (Code::Odds { .. }, Data::Texts(codes, texts)) => {
                    let place = |c: u32| if c == NONE { texts.len() } else { c as usize };
                    let mut all = vec![(0.0f64, 0.0f64); texts.len() + 1];
                    let mut own = vec![[(0.0f64, 0.0f64); FOLDS as usize]; texts.len() + 1];
                    for &r in rows {
                        let (p, left) = (place(codes[r as usize]), f64::from(u8::from(table.labels[r as usize])));
                        let mine = &mut own[p][(fold(r) % FOLDS) as usize];
                        (all[p].0, all[p].1) = (all[p].0 + 1.0, all[p].1 + left);
                        (mine.0, mine.1) = (mine.0 + 1.0, mine.1 + left);
                    }
                    for (n, &r) in rows.iter().enumerate() {
                        let p = place(codes[r as usize]);
                        let mine = own[p][(fold(r) % FOLDS) as usize];
                        features[[n, at]] = log_odds(all[p].0 - mine.0, all[p].1 - mine.1, prior);
                    }
                    at += 2;
                }
                (Code::Odds { .. }, _) => at += 2,
                (Code::Indicators { levels }, _) => at += levels.len(),
                (Code::Number { .. }, _) => at += 1,
            }
        }
    }
}

fn each_text(data: Option<&Data>, rows: &[u32], mut take: impl FnMut(usize, &str)) {
    let mut written = String::new();
    for (n, &r) in rows.iter().enumerate() {
        match data {
            Some(Data::Texts(codes, texts)) => take(n, text(codes[r as usize], texts)),
            // Numbers where the training had texts: as they are written.
            Some(Data::Numbers(values)) if !values[r as usize].is_nan() => {
                written.clear();
                written.push_str(&values[r as usize].to_string());
                take(n, &written);
            }
            _ => take(n, MISSING),
        }
    }
}

fn log_odds(rows: f64, left: f64, prior: f64) -> f32 {
    let p = 1.0 / (1.0 + (-prior).exp());
    ((left + PRIOR_ROWS * p) / (rows - left + PRIOR_ROWS * (1.0 - p))).ln() as f32
}

fn of_texts(table: &Table, rows: &[u32], codes: &[u32], texts: &[String], prior: f64) -> Code {
    let mut seen = vec![(0u64, 0u64); texts.len() + 1];
    for &r in rows {
        let place = if codes[r as usize] == NONE { texts.len() } else { codes[r as usize] as usize };
        seen[place].0 += 1;
        seen[place].1 += u64::from(table.labels[r as usize]);
    }
    let name = |place: usize| texts.get(place).map_or(MISSING, String::as_str).to_owned();
    if seen.iter().filter(|s| s.0 > 0).count() <= INDICATORS_MAX {
        let least = INDICATOR_ROWS_MIN.max((INDICATOR_SHARE_MIN * rows.len() as f64) as u64).min(rows.len() as u64 / 4);
        let frequent = (0..seen.len()).filter(|&p| seen[p].0 >= least.max(1));
        return Code::Indicators { levels: frequent.map(name).collect() };
    }
    let levels = (0..seen.len())
        .filter(|&p| seen[p].0 > 0)
        .map(|p| (name(p), (log_odds(seen[p].0 as f64, seen[p].1 as f64, prior), (seen[p].0 as f32).ln_1p())))
        .collect();
    Code::Odds { levels, prior: prior as f32 }
}

fn is_skewed(values: impl Iterator<Item = f32>) -> bool {
    let known: Vec<f64> = values.filter(|v| !v.is_nan()).map(f64::from).collect();
    let n = known.len() as f64;
    let mean = known.iter().sum::<f64>() / n;
    let (mut m2, mut m3, mut least) = (0.0, 0.0, f64::INFINITY);
    for v in &known {
        let d = v - mean;
        m2 += d * d;
        m3 += d * d * d;
        least = least.min(*v);
    }
    least >= 0.0 && m2 > 0.0 && (m3 / n) / (m2 / n).powf(1.5) > SKEW_MIN
}
