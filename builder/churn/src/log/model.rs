//! Fitting, judging and scoring on a log.

use std::path::Path;

use kenal_models::Threads;
use kenal_models::churn::{ChurnConfig, Column, ForwardSplit, Quality, Samples, TrainCuts, fit_cuts, fit_forward};
use ndarray::{Array2, ArrayView2};

use crate::error::ChurnFileError;
use crate::log::features::{AtCut, Population, at_cut, columns};
use crate::log::{Log, cuts};
use crate::report::{About, Figures, Report, Score, model_reasons};
use crate::saved::{Input, Saved};
use crate::time::{DAY_S, date};

/// Rows of several cuts.
struct Rows {
    values: Array2<f32>,
    labels: Vec<bool>,
    cuts: Vec<i64>,
    people: Vec<u32>,
}

impl Rows {
    fn at(log: &Log, columns: &[Column], moments: &[i64], population: &Population) -> Rows {
        let (mut values, mut labels, mut cuts, mut people) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for &cut in moments {
            let mut found: AtCut = at_cut(log, cut, population);
            values.append(&mut found.values);
            cuts.extend(found.left.iter().map(|_| cut));
            labels.append(&mut found.left);
            people.append(&mut found.customers);
        }
        let values = Array2::from_shape_vec((labels.len(), columns.len()), values)
            .unwrap_or_else(|_| unreachable!("every row has one value a column"));
        Rows { values, labels, cuts, people }
    }

    fn samples(&self) -> Samples<'_> {
        Samples { rows: self.values.view(), labels: &self.labels, cuts: &self.cuts, people: &self.people }
    }
}

/// What is scored here needs no section of a bundle.
fn bent(config: &ChurnConfig) -> ChurnConfig {
    ChurnConfig { bent: true, ..config.clone() }
}

fn span(log: &Log, path: &Path, population: &Population) -> Result<(i64, i64), ChurnFileError> {
    if population.horizon_days == 0 || population.horizon_days > 3650 {
        let what = format!("{} days; a horizon is from 1 to 3650 days", population.horizon_days);
        return Err(ChurnFileError::Setting { name: "horizon", what });
    }
    if population.active_days == Some(0) {
        let what = "0 days before the cut is nobody; at least 1".to_owned();
        return Err(ChurnFileError::Setting { name: "active-days", what });
    }
    log.span().ok_or_else(|| ChurnFileError::NoPurchases { path: path.to_owned() })
}

fn about(log: &Log, population: &Population, train: &TrainCuts, test: Option<i64>) -> About {
    let who = match population.active_days {
        None => "customers with a purchase before the cut".to_owned(),
        Some(days) => format!("customers with a purchase in the {days} days before the cut"),
    };
    About {
        churn: format!("no purchase in the {} days from the cut", population.horizon_days),
        population: who,
        horizon_days: Some(population.horizon_days),
        train_cuts: train.train().iter().rev().map(|&c| date(c)).collect(),
        test_cut: test.map(date),
        validation: "forward in time".to_owned(),
        log: Some(log.counts.clone()),
        ..About::default()
    }
}

/// Fits on the past of the last horizon of the log, and measures on that horizon, which nothing of the fit sees.
///
/// # Errors
/// The log is too short or has no purchases, or everybody (nobody) left.
pub fn evaluate(
    log: &Log,
    path: &Path,
    population: &Population,
    config: &ChurnConfig,
    threads: Threads,
) -> Result<Report, ChurnFileError> {
    let (first, end) = span(log, path, population)?;
    let test = end - i64::from(population.horizon_days) * DAY_S;
    let train = cuts::train(first, test, population)?;
    let columns = columns(log);
    let mut moments = train.all();
    moments.push(test);
    let rows = Rows::at(log, &columns, &moments, population);
    let about = about(log, population, &train, Some(test));
    let split = ForwardSplit::new(train, test)?;
    let fit = fit_forward(&columns, rows.samples(), &split, &bent(config), threads)?;
    let mut report = Report::new(about, &fit.model, fit.selected, fit.train_rows);
    report.figures = Some(Figures::of(&fit.test));
    Ok(report)
}

/// Fits on everything whose outcome is known, and judges the same procedure one horizon earlier when the log is long
/// enough.
///
/// # Errors
/// As [`evaluate`].
pub fn fit(
    log: &Log,
    path: &Path,
    population: &Population,
    config: &ChurnConfig,
    threads: Threads,
) -> Result<(Saved, Report), ChurnFileError> {
    let (first, end) = span(log, path, population)?;
    let train = cuts::train(first, end, population)?;
    let columns = columns(log);
    let rows = Rows::at(log, &columns, &train.all(), population);
    let fitted = fit_cuts(&columns, rows.samples(), &train, &bent(config), threads)?;
    let mut report =
        Report::new(about(log, population, &train, None), &fitted.model, fitted.selected, fitted.train_rows);
    match evaluate(log, path, population, config, threads) {
        Ok(judged) => {
            report.figures = judged.figures;
            report.about.test_cut = judged.about.test_cut;
        }
        Err(error) => report.warnings.push(format!("not judged: {error}")),
    }
    let saved = Saved::new(Input::Transactions { population: *population }, fitted.model);
    Ok((saved, report))
}

/// Everybody's probability of leaving in the horizon after `at`, or after the end of the log, with the `reasons` largest
/// reasons; by customer's name.
///
/// # Errors
/// The model is not of a log with these columns, or the log has no purchases.
pub fn score(
    saved: &Saved,
    log: &Log,
    path: &Path,
    at: Option<i64>,
    reasons: usize,
) -> Result<Vec<Score>, ChurnFileError> {
    let Input::Transactions { population } = &saved.input else {
        let what = "the model was fitted on a table; score a table with it (--table)".to_owned();
        return Err(ChurnFileError::Model { path: path.to_owned(), what });
    };
    let columns = columns(log);
    if columns != saved.model.design().columns() {
        let theirs: Vec<&str> = saved.model.design().columns().iter().map(|c| c.name.as_str()).collect();
        let missing = theirs.iter().find(|n| columns.iter().all(|c| c.name != **n));
        let what = format!(
            "the model needs other columns of the log than these{}",
            missing.map_or(String::new(), |m| format!(": nothing here gives {m:?}"))
        );
        return Err(ChurnFileError::Model { path: path.to_owned(), what });
    }
    let (_, end) = span(log, path, population)?;
    let found = at_cut(log, at.unwrap_or(end), population);
    let rows = ArrayView2::from_shape((found.customers.len(), columns.len()), &found.values)
        .unwrap_or_else(|_| unreachable!("every row has one value a column"));
    let mut scores: Vec<Score> = rows
        .rows()
        .into_iter()
        .zip(&found.customers)
        .map(|(row, &customer)| {
            let row = row.to_vec();
            Score {
                id: log.customers[customer as usize].clone(),
                probability: saved.model.probability(&row),
                reasons: model_reasons(&saved.model, &row, reasons),
            }
        })
        .collect();
    scores.sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.id.cmp(&b.id)));
    Ok(scores)
}

/// Quality of given probabilities, for reports.
impl Figures {
    pub(crate) fn of(q: &Quality) -> Figures {
        Figures {
            rows: q.rows,
            base_rate: q.base_rate,
            auc: q.auc,
            brier: q.brier,
            log_loss: q.log_loss,
            ece: q.ece,
            recall_10: q.top.recall,
            precision_10: q.top.precision,
            threshold_10: q.top.threshold,
            predicted: q.bins.iter().map(|b| b.predicted).collect(),
            observed: q.bins.iter().map(|b| b.observed).collect(),
        }
    }
}
