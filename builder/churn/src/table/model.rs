//! Fitting, judging and scoring on a table.

use kenal_models::Threads;
use kenal_models::churn::{ChurnConfig, ChurnModel, DesignConfig, Part, Platt, Quality, Selected, fit_part, select};

use crate::error::ChurnFileError;
use crate::report::{About, Figures, Report, Score, model_reasons};
use crate::saved::{Input, Saved};
use crate::table::read::Table;
use crate::table::{Encoder, leak};
use crate::time::date;

/// Parts that rows are divided into for judging, without times.
const FOLDS: usize = 5;
/// Share of the rows, the latest, that judge when there are times; and that choose, of those before.
const LATER_SHARE: f64 = 0.2;
/// Rows that choose penalty and shape; more would not change the choice.
const SELECT_ROWS_MAX: usize = 100_000;
/// Knots of a bent column.
const KNOTS: usize = 4;
/// Rows and rows of each class without which nothing is learnt.
const ROWS_MIN: usize = 20;
const CLASS_ROWS_MIN: usize = 5;

/// How to fit a table.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The penalty, instead of choosing one.
    pub l2: Option<f64>,
    /// Numbers as they are: not bounded, not bent.
    pub linear: bool,
}

/// A model, what it was chosen by, and how columns become features.
struct Fitted {
    encoder: Encoder,
    model: ChurnModel,
    selected: Selected,
    rows: usize,
}

impl Settings {
    fn designs(&self) -> Vec<DesignConfig> {
        if self.linear {
            return vec![DesignConfig { bound: 0.0, knots: 0 }];
        }
        let plain = DesignConfig::default();
        vec![plain, DesignConfig { knots: KNOTS, ..plain }]
    }

    /// Chooses on `choose` what was fitted on `learn`, then fits on both.
    fn fit(&self, table: &Table, learn: &[u32], choose: &[u32], threads: Threads) -> Result<Fitted, ChurnFileError> {
        let base = ChurnConfig {
            penalties: vec![0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0],
            bent: true,
            ..ChurnConfig::default()
        };
        let mut best: Option<(Selected, DesignConfig)> = None;
        let both: Vec<u32> = {
            let mut both: Vec<u32> = learn.iter().chain(choose).copied().collect();
            both.sort_unstable();
            both
        };
        if let (Some(l2), true) = (self.l2, self.linear) {
            let selected = Selected { l2, slope: 1.0, bend: 0.0, rows: 0, loss: f64::NAN };
            best = Some((selected, self.designs()[0]));
        } else {
            let (learn, choose) = (thinned(learn), thinned(choose));
            let (encoder, features) = Encoder::learn(table, &learn);
            let part = Part::alone(features, labels(table, &learn));
            let (later, later_labels) = (encoder.apply(table, &choose), labels(table, &choose));
            for design in self.designs() {
                let penalties = self.l2.map_or_else(|| base.penalties.clone(), |l2| vec![l2]);
                let config = ChurnConfig { design, penalties, ..base.clone() };
                let found = select(&encoder.features(), &part, later.view(), &later_labels, &config, threads)?;
                if best.is_none_or(|(b, _)| found.loss < b.loss * 0.999 || b.loss.is_nan()) {
                    best = Some((found, design));
                }
            }
        }
        let (selected, design) = best
            .unwrap_or((Selected { l2: 1.0, slope: 1.0, bend: 0.0, rows: 0, loss: f64::NAN }, DesignConfig::default()));
        let (encoder, features) = Encoder::learn(table, &both);
        let config = ChurnConfig { design, penalties: vec![selected.l2], ..base };
        let part = Part::alone(features, labels(table, &both));
        let model = fit_part(&encoder.features(), &part, selected.l2, &config, threads)?;
        let scores: Vec<f64> = part.rows.rows().into_iter().map(|r| model.linear(&r.to_vec())).collect();
        let platt = Platt { a: selected.slope, bend: selected.bend, b: 0.0 }.level(&scores, &part.labels);
        Ok(Fitted { encoder, model: model.calibrated(platt), selected, rows: both.len() })
    }
}

fn labels(table: &Table, rows: &[u32]) -> Vec<bool> {
    rows.iter().map(|&r| table.labels[r as usize]).collect()
}

fn thinned(rows: &[u32]) -> Vec<u32> {
    rows.iter().step_by(rows.len().div_ceil(SELECT_ROWS_MAX).max(1)).copied().collect()
}

/// Divides rows into parts with the same share of leavers; rows that are the same in all features go together, since one
/// must not be judged by its copy. The order of the file does not matter.
fn folds(table: &Table, rows: &[u32], count: usize) -> Vec<Vec<u32>> {
    let mut order = rows.to_vec();
    let mixed = |r: u32| table.hashes[r as usize].wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(29);
    order.sort_by_key(|&r| (table.labels[r as usize], mixed(r), r));
    let mut of_hash = rustc_hash::FxHashMap::default();
    let mut parts = vec![Vec::new(); count];
    let mut next = 0;
    for r in order {
        let part = *of_hash.entry(table.hashes[r as usize]).or_insert_with(|| {
            next += 1;
            (next - 1) % count
        });
        parts[part].push(r);
    }
    parts.iter_mut().for_each(|p| p.sort_unstable());
    parts
}

/// Earlier and later rows, `share` of them later; rows of one moment stay together. None with a single moment.
fn by_time(table: &Table, rows: &[u32], share: f64) -> Option<(Vec<u32>, Vec<u32>, i64)> {
    let mut times: Vec<i64> = rows.iter().map(|&r| table.times[r as usize]).collect();
    times.sort_unstable();
    let mut cut = times[((1.0 - share) * times.len() as f64) as usize % times.len()];
    if cut == times[0] {
        cut = *times.iter().find(|t| **t > times[0])?;
    }
    let (earlier, later) = rows.iter().partition(|&&r| table.times[r as usize] < cut);
    Some((earlier, later, cut))
}

/// Rows that learn, and rows that choose.
fn choosing(table: &Table, rows: &[u32]) -> (Vec<u32>, Vec<u32>) {
    if !table.times.is_empty()
        && let Some((earlier, later, _)) = by_time(table, rows, LATER_SHARE)
        && [&earlier, &later].iter().all(|part| both_classes(table, part))
    {
        return (earlier, later);
    }
    let mut parts = folds(table, rows, FOLDS);
    let choose = parts.pop().unwrap_or_default();
    let mut learn: Vec<u32> = parts.into_iter().flatten().collect();
    learn.sort_unstable();
    (learn, choose)
}

fn both_classes(table: &Table, rows: &[u32]) -> bool {
    let left = rows.iter().filter(|&&r| table.labels[r as usize]).count();
    left > 0 && left < rows.len()
}

fn check(table: &Table) -> Result<Vec<u32>, ChurnFileError> {
    let (rows, positives) = (table.labels.len(), table.labels.iter().filter(|l| **l).count());
    let few = |what| Err(ChurnFileError::TooFew { path: table.path.clone(), rows, positives, what });
    if rows < ROWS_MIN {
        return few("at least 20 rows with a label are needed to hold some back");
    }
    if positives < CLASS_ROWS_MIN || rows - positives < CLASS_ROWS_MIN {
        return few("at least 5 rows of each label are needed to hold some back");
    }
    Ok((0..rows as u32).collect())
}

/// Judges on rows held back: the latest fifth when there are times, otherwise each fifth in turn.
///
/// # Errors
/// Too few rows of a class, or the fit fails.
pub fn evaluate(table: &Table, settings: &Settings, threads: Threads) -> Result<Report, ChurnFileError> {
    Ok(fit(table, settings, threads)?.1)
}

/// Fits on all rows, and judges the same procedure on rows held back.
///
/// # Errors
/// As [`evaluate`].
pub fn fit(table: &Table, settings: &Settings, threads: Threads) -> Result<(Saved, Report), ChurnFileError> {
    let all = check(table)?;
    let (learn, choose) = choosing(table, &all);
    let fitted = settings.fit(table, &learn, &choose, threads)?;
    let mut about = About {
        churn: format!("the label is {:?}", table.counts.positive),
        population: "rows with a label".to_owned(),
        table: Some(table.counts.clone()),
        ..About::default()
    };
    let (probabilities, truth) = match judged_by_time(table, &all) {
        Some((earlier, later, cut)) => {
            about.validation = "forward in time".to_owned();
            about.test_cut = Some(if cut.abs() > 100_000_000 { date(cut) } else { cut.to_string() });
            let (learn, choose) = choosing(table, &earlier);
            let past = settings.fit(table, &learn, &choose, threads)?;
            (past.model.probabilities(past.encoder.apply(table, &later).view()), labels(table, &later))
        }
        None => {
            about.validation = format!("{FOLDS} stratified folds");
            in_folds(table, settings, &all, threads)?
        }
    };
    let mut report = Report::new(about, &fitted.model, fitted.selected, fitted.rows);
    report.figures = Some(Figures::of(&Quality::measure(&probabilities, &truth)));
    if !table.times.is_empty() && report.about.test_cut.is_none() {
        report
            .warnings
            .push("the times divide no earlier rows of both labels from later ones: judged by folds".to_owned());
    }
    report.warnings.extend(leak::warnings(table));
    report.warnings.extend(table.warnings.iter().cloned());
    let mut hashes = table.hashes.clone();
    hashes.sort_unstable();
    let copies = hashes.windows(2).filter(|w| w[0] == w[1]).count();
    if copies > 0 {
        report.warnings.push(format!("{copies} rows repeat another in every feature; copies are held back together"));
    }
    Ok((Saved::new(Input::Table { encoder: fitted.encoder }, fitted.model), report))
}

fn judged_by_time(table: &Table, all: &[u32]) -> Option<(Vec<u32>, Vec<u32>, i64)> {
    if table.times.is_empty() {
        return None;
    }
    by_time(table, all, LATER_SHARE)
        .filter(|(earlier, later, _)| both_classes(table, earlier) && both_classes(table, later))
}

fn in_folds(
    table: &Table,
    settings: &Settings,
    all: &[u32],
    threads: Threads,
) -> Result<(Vec<f64>, Vec<bool>), ChurnFileError> {
    let parts = folds(table, all, FOLDS);
    let (mut probabilities, mut truth) = (Vec::new(), Vec::new());
    for held in &parts {
        let mut rest: Vec<u32> = parts.iter().filter(|p| !std::ptr::eq(*p, held)).flatten().copied().collect();
        rest.sort_unstable();
        let (learn, choose) = choosing(table, &rest);
        let fitted = settings.fit(table, &learn, &choose, threads)?;
        probabilities.extend(fitted.model.probabilities(fitted.encoder.apply(table, held).view()));
        truth.extend(labels(table, held));
    }
    Ok((probabilities, truth))
}

/// Every row's probability of leaving with the `reasons` largest reasons, the highest first.
///
/// # Errors
/// The model is of a log, or the table lacks a column of it.
pub fn score(saved: &Saved, table: &Table, reasons: usize) -> Result<Vec<Score>, ChurnFileError> {
    let wrong = |what: String| ChurnFileError::Model { path: table.path.clone(), what };
    let Input::Table { encoder } = &saved.input else {
        return Err(wrong("the model was fitted on a transaction log; score one with it (--transactions)".to_owned()));
    };
    let has = |name: &str| {
        table.columns.iter().any(|c| c.name == name)
            || table.counts.left_out.iter().any(|l| l.starts_with(&format!("{name}: ")))
    };
    if let Some(name) = encoder.columns().find(|name| !has(name)) {
        return Err(wrong(format!("no column `{name}`, which the model was fitted on")));
    }
    let all: Vec<u32> = (0..table.ids.len() as u32).collect();
    let features = encoder.apply(table, &all);
    let mut scores: Vec<Score> = features
        .rows()
        .into_iter()
        .zip(&table.ids)
        .map(|(row, id)| {
            let row = row.to_vec();
            Score {
                id: id.clone(),
                probability: saved.model.probability(&row),
                reasons: model_reasons(&saved.model, &row, reasons),
            }
        })
        .collect();
    scores.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    Ok(scores)
}
