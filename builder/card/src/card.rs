//! The card itself, and its JSON.

use std::collections::BTreeMap;

use kenal_models::churn::{Quality, Reach};
use kenal_models::eval::{Evaluation, Interval, Metric, mean_interval};
use serde::{Deserialize, Serialize};

/// The only format so far; another number is refused.
const FORMAT: u32 = 1;

/// What a model is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    format: u32,
    /// What the card is of.
    pub title: String,
    /// May it be published, and why or why not.
    pub verdict: String,
    pub published: bool,
    /// What it rests on: moments, code, consent snapshot, settings.
    pub about: BTreeMap<String, String>,
    pub recommender: Option<Ranking>,
    pub churn: Option<Churn>,
}

/// Why bytes are no card.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// Not JSON, or not with the fields of a card.
    #[error("this is no model card: {0}")]
    Json(#[from] serde_json::Error),
    /// A card of another version of this program.
    #[error("the card is of format {0}, and this program reads format {FORMAT}; train again")]
    Format(u32),
    /// Parts of the card that belong together differ in length.
    #[error("the card has been changed: {0}")]
    Lengths(String),
}

/// Recommenders on the same test cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// What names the test cases: equal exactly if people and what was hidden of each are.
    pub test: String,
    pub cases: usize,
    pub markets: Vec<String>,
    /// Market of each case, by position.
    pub market_of: Vec<u8>,
    /// The model first, then its parts, then the baseline.
    pub models: Vec<Judged>,
}

/// What a recommender is in a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What is to be published.
    Model,
    /// What the model is without some of it, or one of its parts alone.
    Part,
    /// What everybody sees anyway.
    Baseline,
}

/// One recommender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    pub name: String,
    pub role: Role,
    /// Share of all items in somebody's first 20.
    pub coverage_20: f64,
    pub figures: BTreeMap<String, Figure>,
    /// One value a case, in the order of the cases.
    pub values: BTreeMap<String, Vec<f32>>,
}

/// A mean with its 95 % bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

impl From<Interval> for Figure {
    fn from(i: Interval) -> Figure {
        Figure { mean: rounded(i.mean), low: rounded(i.low), high: rounded(i.high) }
    }
}

/// A churn model on its test rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Churn {
    pub test: String,
    /// What counts as leaving, and among whom.
    pub definition: String,
    pub rows: usize,
    pub base_rate: f64,
    pub auc: Option<f64>,
    pub brier: f64,
    pub ece: f64,
    pub recall_10: f64,
    pub precision_10: f64,
    /// Rows, mean probability and share that left, of ten bins.
    pub bins: Vec<(usize, f64, f64)>,
    pub probabilities: Vec<f32>,
    pub left: Vec<bool>,
    /// What campaigns of several sizes find, beside those silent for longest.
    #[serde(default)]
    pub reach: Vec<Reach>,
}

/// Values of a case are kept to five digits: the sixth says nothing, and the card is half as large. (Adding zero makes −0,
/// the sum of nothing, 0.)
fn short(value: f64) -> f32 {
    ((value * 1e5).round() / 1e5 + 0.0) as f32
}

/// Figures are kept to seven digits, which JSON gives back as they were.
fn rounded(value: f64) -> f64 {
    (value * 1e7).round() / 1e7 + 0.0
}

impl Judged {
    pub fn new(name: &str, role: Role, evaluation: &Evaluation) -> Judged {
        let key = |m: Metric| m.name().to_owned();
        let values = |m: Metric| evaluation.values(m).iter().map(|v| short(*v)).collect();
        Judged {
            name: name.to_owned(),
            role,
            coverage_20: rounded(evaluation.coverage_20),
            figures: Metric::ALL.map(|m| (key(m), evaluation.interval(m, 0.95, 42).into())).into(),
            values: Metric::ALL.map(|m| (key(m), values(m))).into(),
        }
    }

    pub(crate) fn mean(&self, metric: &str) -> Option<Figure> {
        self.figures.get(metric).copied()
    }

    /// Values of the cases for which `wanted` holds, and their mean with its interval.
    pub(crate) fn part(&self, metric: &str, wanted: &dyn Fn(usize) -> bool) -> (Vec<f64>, Figure) {
        let all = self.values.get(metric).map(Vec::as_slice).unwrap_or_default();
        let part: Vec<f64> = all.iter().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, v)| f64::from(*v)).collect();
        let figure = mean_interval(&part, 0.95, 42).into();
        (part, figure)
    }
}

impl Ranking {
    pub(crate) fn model(&self) -> Option<&Judged> {
        self.models.iter().find(|m| m.role == Role::Model)
    }

    pub(crate) fn baseline(&self) -> Option<&Judged> {
        self.models.iter().find(|m| m.role == Role::Baseline)
    }

    /// Markets with their numbers of cases, largest first.
    pub(crate) fn segments(&self) -> Vec<(u8, &str, usize)> {
        let count = |m: usize| self.market_of.iter().filter(|of| usize::from(**of) == m).count();
        let mut segments: Vec<_> =
            self.markets.iter().enumerate().map(|(m, name)| (m as u8, name.as_str(), count(m))).collect();
        segments.retain(|(_, _, n)| *n > 0);
        segments.sort_by(|a, b| b.2.cmp(&a.2).then(a.1.cmp(b.1)));
        segments
    }
}

impl Churn {
    pub fn new(test: String, definition: String, probabilities: &[f64], left: &[bool]) -> Churn {
        let q = Quality::measure(probabilities, left);
        Churn {
            test,
            definition,
            rows: q.rows,
            base_rate: rounded(q.base_rate),
            auc: q.auc.is_finite().then_some(rounded(q.auc)),
            brier: rounded(q.brier),
            ece: rounded(q.ece),
            recall_10: rounded(q.top.recall),
            precision_10: rounded(q.top.precision),
            bins: q.bins.iter().map(|b| (b.rows, rounded(b.predicted), rounded(b.observed))).collect(),
            probabilities: probabilities.iter().map(|p| short(*p)).collect(),
            left: left.to_vec(),
            reach: Vec::new(),
        }
    }

    /// With what campaigns find.
    #[must_use]
    pub fn reaching(mut self, reach: &[Reach]) -> Churn {
        let rounded = |r: &Reach| Reach {
            budget: r.budget,
            recall: rounded(r.recall),
            other: rounded(r.other),
            most: rounded(r.most),
        };
        self.reach = reach.iter().map(rounded).collect();
        self
    }
}

impl Card {
    pub fn new(title: &str, verdict: &str, published: bool) -> Card {
        Card {
            format: FORMAT,
            title: title.to_owned(),
            verdict: verdict.to_owned(),
            published,
            about: BTreeMap::new(),
            recommender: None,
            churn: None,
        }
    }

    /// The bytes that a hash is of. The same card gives the same bytes.
    ///
    /// # Errors
    /// None that a card made by this crate can cause.
    pub fn to_json(&self) -> Result<Vec<u8>, CardError> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// # Errors
    /// See [`CardError`].
    pub fn from_json(bytes: &[u8]) -> Result<Card, CardError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let head: Head = serde_json::from_slice(bytes)?;
        if head.format != FORMAT {
            return Err(CardError::Format(head.format));
        }
        let card: Card = serde_json::from_slice(bytes)?;
        card.check()?;
        Ok(card)
    }

    fn check(&self) -> Result<(), CardError> {
        let wrong = |what: String| Err(CardError::Lengths(what));
        if let Some(r) = &self.recommender {
            if r.market_of.len() != r.cases || r.market_of.iter().any(|m| usize::from(*m) >= r.markets.len()) {
                return wrong("markets of cases".to_owned());
            }
            for model in &r.models {
                if let Some((metric, _)) = model.values.iter().find(|(_, v)| v.len() != r.cases) {
                    return wrong(format!("{metric} of {}", model.name));
                }
            }
        }
        match &self.churn {
            Some(c) if c.left.len() != c.rows || c.probabilities.len() != c.rows => wrong("churn".to_owned()),
            _ => Ok(()),
        }
    }
}
