//! What a command says: one JSON object, or the same in words.

use std::fmt;

use kenal_models::churn::{ChurnModel, ChurnStop, Selected};
use serde::Serialize;

use crate::log::Counts;

/// What was asked, of whom, and on what.
#[derive(Debug, Clone, Default, Serialize)]
pub struct About {
    /// What counts as leaving.
    pub churn: String,
    pub population: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizon_days: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub train_cuts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_cut: Option<String>,
    /// How the figures were got.
    pub validation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<crate::table::Counts>,
}

/// Figures on rows that the fit has not seen. Those that do not exist (AUC of one class) are null.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    #[serde(rename = "test_rows")]
    pub rows: usize,
    pub base_rate: f64,
    pub auc: f64,
    pub brier: f64,
    pub log_loss: f64,
    /// Over ten quantile bins.
    pub ece: f64,
    #[serde(rename = "recall@10%")]
    pub recall_10: f64,
    #[serde(rename = "precision@10%")]
    pub precision_10: f64,
    #[serde(rename = "threshold@10%")]
    pub threshold_10: f64,
    /// Mean probability of each bin.
    pub predicted: Vec<f64>,
    /// Share that left in each bin.
    pub observed: Vec<f64>,
}

/// A term's weight.
#[derive(Debug, Clone, Serialize)]
pub struct Weight {
    pub term: String,
    /// For the scaled term.
    pub weight: f64,
}

/// Everything a fit or an evaluation has to say.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub about: About,
    pub train_rows: usize,
    pub terms: usize,
    pub l2: f64,
    /// Slope of the calibration, and rows that it was learnt from.
    pub slope: f64,
    /// What is added to the slope for those more likely to leave than the average.
    pub bend: f64,
    pub calibration_rows: usize,
    /// The penalised objective at the optimum, over scaled terms.
    pub objective: f64,
    pub stop: ChurnStop,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// The largest.
    pub weights: Vec<Weight>,
    pub warnings: Vec<String>,
}

/// Weights that a report lists.
const WEIGHTS: usize = 12;

impl Report {
    pub(crate) fn new(about: About, model: &ChurnModel, selected: Selected, train_rows: usize) -> Report {
        let mut weights: Vec<Weight> = model
            .design()
            .term_names()
            .zip(model.weights())
            .map(|(term, &weight)| Weight { term: term.to_owned(), weight })
            .collect();
        weights.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        weights.truncate(WEIGHTS);
        let mut warnings = Vec::new();
        if selected.rows == 0 {
            warnings.push(
                "there is no later data to choose the penalty and to calibrate with: the strongest penalty was taken"
                    .to_owned(),
            );
        }
        if let ChurnStop::IterationCap { iterations, .. } = model.stop() {
            warnings.push(format!("the fit stopped at its cap of {iterations} steps, short of the optimum"));
        }
        Report {
            about,
            train_rows,
            terms: model.design().terms(),
            l2: selected.l2,
            slope: selected.slope,
            bend: selected.bend,
            calibration_rows: selected.rows,
            objective: model.objective(),
            stop: model.stop(),
            figures: None,
            weights,
            warnings,
        }
    }
}

/// Somebody's probability of leaving, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Score {
    pub id: String,
    pub probability: f64,
    pub reasons: Vec<String>,
}

/// The largest contributions to a score, in words: `days since last purchase 210 (+1.31)`, log odds.
pub(crate) fn model_reasons(model: &ChurnModel, row: &[f32], count: usize) -> Vec<String> {
    let word = |r: kenal_models::churn::Reason<'_>| {
        let value = if r.value.is_nan() { "missing".to_owned() } else { three_digits(f64::from(r.value)) };
        format!("{} {value} ({:+.2})", r.feature, r.contribution)
    };
    model.reasons(row, count).into_iter().map(word).collect()
}

fn three_digits(value: f64) -> String {
    let size = value.abs().max(1e-9).log10().floor() as i32;
    let digits = (2 - size).clamp(0, 3) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let a = &self.about;
        writeln!(f, "churn       {}", a.churn)?;
        writeln!(f, "population  {}", a.population)?;
        if let Some(log) = &a.log {
            write!(f, "log         {} rows: {} kept", log.rows, log.kept)?;
            for (n, what) in [(log.without_customer, "without a customer"), (log.unreadable, "unreadable")] {
                if n > 0 {
                    write!(f, ", {n} {what}")?;
                }
            }
            write!(f, "; of the kept {} returns", log.returns)?;
            for (n, what) in [
                (log.worth_nothing, "worth nothing"),
                (log.repeated, "repeated (counted)"),
                (log.backwards, "earlier than the row before (sorted)"),
            ] {
                if n > 0 {
                    write!(f, ", {n} {what}")?;
                }
            }
            writeln!(f)?;
            for example in &log.examples {
                writeln!(f, "            {example}")?;
            }
        }
        if let Some(table) = &a.table {
            writeln!(f, "{table}")?;
        }
        if !a.train_cuts.is_empty() {
            writeln!(f, "cuts        trained at {}", a.train_cuts.join(", "))?;
        }
        writeln!(
            f,
            "fit         {} rows, {} terms, penalty {}, slope {:.3} and {:.3} learnt from {} later rows; {}",
            self.train_rows,
            self.terms,
            self.l2,
            self.slope,
            self.slope + self.bend,
            self.calibration_rows,
            match self.stop {
                ChurnStop::Converged { iterations } => format!("converged in {iterations} steps"),
                ChurnStop::IterationCap { iterations, last_decrement } =>
                    format!("stopped after {iterations} steps, the last promising {last_decrement:.1e}"),
            }
        )?;
        let weights: Vec<String> =
            self.weights.iter().take(6).map(|w| format!("{} {:+.2}", w.term, w.weight)).collect();
        writeln!(f, "weights     {}", weights.join(", "))?;
        if let Some(q) = &self.figures {
            let at = a.test_cut.as_ref().map_or(String::new(), |cut| format!(" at {cut}"));
            writeln!(f, "judged      {}{at}: {} rows, {:.1} % left", a.validation, q.rows, 100.0 * q.base_rate)?;
            writeln!(
                f,
                "            AUC {:.4}  Brier {:.4}  ECE {:.4}  log loss {:.4}  recall@10% {:.3}  precision@10% {:.3}",
                q.auc, q.brier, q.ece, q.log_loss, q.recall_10, q.precision_10
            )?;
            let line = |v: &[f64]| v.iter().map(|x| format!("{x:.2}")).collect::<Vec<_>>().join(" ");
            writeln!(f, "            predicted {}", line(&q.predicted))?;
            writeln!(f, "            observed  {}", line(&q.observed))?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning     {warning}")?;
        }
        Ok(())
    }
}
