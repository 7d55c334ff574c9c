//! Fits on moments of the past, judged at a later one.
//!
//! Four things are learnt, each from rows that can know it:
//!
//! - the *penalty* by cross-validation over time: it predicts the newest training cuts from those before, each person
//!   from a fit without them;
//! - the *weights* from all training cuts, each cut with a level of its own, so that
//!   what a season does to everybody is not taken for an effect of the features;
//! - the *slope* (how much of a score's strength carries over a horizon) at the newest training cuts, each from weights
//!   fitted on cuts at least a horizon older: just as far as the model will have to carry;
//! - the *level* as the mean of the training cuts' levels. Which season comes next cannot be read from less than a year,
//!   and the newest level alone says less than their mean: on Online Retail it is a summer, and overstates the autumn by
//!   10 points.

use ndarray::{ArrayView2, Axis};

use crate::churn::logistic::{self, LogisticConfig, Rows, Solution};
use crate::churn::split::{ORIGINS, Places, TrainCuts};
use crate::churn::{ChurnConfig, ChurnError, ChurnModel, Column, Design, ForwardSplit, Platt, Quality};
use crate::threads::Threads;

/// Feature rows of several cuts.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    /// Columns in the order of the features, one row a (person, cut); NaN where missing.
    pub rows: ArrayView2<'a, f32>,
    /// Whether the person left within the horizon from the cut.
    pub labels: &'a [bool],
    /// The cut of each row, in any unit that [`ForwardSplit`] shares.
    pub cuts: &'a [i64],
    /// Who each row is about; empty when every row is about somebody else.
    pub people: &'a [u32],
}

/// How much of a model's strength carries forward, and what penalty serves that best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selected {
    pub l2: f64,
    /// Slope and bend of the calibration; 1 and 0 when none could be learnt.
    pub slope: f64,
    pub bend: f64,
    /// Rows that chose, none when there were none to choose with.
    pub rows: usize,
    /// Their mean log loss with this penalty and slope; NaN without rows.
    pub loss: f64,
}

/// A model fitted on cuts.
#[derive(Debug, Clone, PartialEq)]
pub struct CutsFit {
    pub model: ChurnModel,
    pub selected: Selected,
    pub train_rows: usize,
}

/// What a forward fit gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ForwardFit {
    pub model: ChurnModel,
    /// On the test cut.
    pub test: Quality,
    pub train_rows: usize,
    /// Rows that chose penalty and slope.
    pub calibration_rows: usize,
    pub selected: Selected,
}

/// Fits on the training cuts of `split` and measures on its test cut, which nothing of the fit sees.
///
/// # Errors
/// See [`ChurnError`].
pub fn fit_forward(
    columns: &[Column],
    samples: Samples<'_>,
    split: &ForwardSplit,
    config: &ChurnConfig,
    threads: Threads,
) -> Result<ForwardFit, ChurnError> {
    let fitted = fit_cuts(columns, samples, split.train(), config, threads)?;
    let test = split.test_rows(samples.cuts)?;
    let (rows, labels) = take(samples.rows, samples.labels, &test);
    let test = Quality::measure(&fitted.model.probabilities(rows.view()), &labels);
    Ok(ForwardFit {
        model: fitted.model,
        test,
        train_rows: fitted.train_rows,
        calibration_rows: fitted.selected.rows,
        selected: fitted.selected,
    })
}

/// Fits on all training cuts.
///
/// # Errors
/// See [`ChurnError`].
///
/// # Cost
/// One fit for each penalty, origin and fold of people, one for each origin, and one on all.
pub fn fit_cuts(
    columns: &[Column],
    samples: Samples<'_>,
    cuts: &TrainCuts,
    config: &ChurnConfig,
    threads: Threads,
) -> Result<CutsFit, ChurnError> {
    check_shape(columns, samples.rows, samples.labels)?;
    let places: Places = cuts.assign(samples.cuts)?;
    let all = Part::of(samples, &places.train);
    let l2 = strength(columns, samples, &places, config, threads)?;
    let selected = carried(columns, samples, &places, l2, config, threads)?;
    let mut model = fit_part(columns, &all, selected.l2, config, threads)?;
    let scores: Vec<f64> = all.rows.rows().into_iter().map(|r| model.linear(&r.to_vec())).collect();
    let slope = Platt { a: selected.slope, bend: selected.bend, b: 0.0 };
    let of = |group: u16| {
        let mine = || (0..scores.len()).filter(|&r| all.groups[r] == group);
        let (z, y): (Vec<f64>, Vec<bool>) = mine().map(|r| (scores[r], all.labels[r])).unzip();
        slope.level(&z, &y).b
    };
    let groups = all.groups_count as u16;
    let level = (0..groups).map(of).sum::<f64>() / f64::from(groups.max(1));
    model.platt = Platt { b: level, ..slope };
    Ok(CutsFit { model, selected, train_rows: all.labels.len() })
}

/// How much of the strength carries over a horizon: the mean of what the newest training cuts show, each predicted from
/// cuts at least a horizon older.
fn carried(
    columns: &[Column],
    samples: Samples<'_>,
    places: &Places,
    l2: f64,
    config: &ChurnConfig,
    threads: Threads,
) -> Result<Selected, ChurnError> {
    let mut mean = Selected { l2, slope: 0.0, bend: 0.0, rows: 0, loss: 0.0 };
    for origin in &places.origins {
        let (older, later) = (Part::of(samples, &origin.older), Part::of(samples, &origin.rows));
        if !(older.two_classes() && later.two_classes()) {
            continue;
        }
        // The same people at more cuts are not more people, so the penalty grows with the rows: weights of few old cuts
        // are then shrunk as much as the final ones, and the slope they need is the slope of those.
        let share = older.labels.len() as f64 / places.train.len() as f64;
        let config = ChurnConfig { penalties: vec![l2 * share], ..config.clone() };
        let one = select(columns, &older, later.rows.view(), &later.labels, &config, threads)?;
        if one.rows == 0 {
            continue;
        }
        // The mean so far moves towards this one by its share of the rows.
        mean.rows += one.rows;
        let share = one.rows as f64 / mean.rows as f64;
        mean.slope += share * (one.slope - mean.slope);
        mean.bend += share * (one.bend - mean.bend);
        mean.loss += share * (one.loss - mean.loss);
    }
    Ok(if mean.rows > 0 { mean } else { Selected { slope: 1.0, loss: f64::NAN, ..mean } })
}

/// Penalty that predicts the newest training cuts best, each from the cuts before it (or from itself, when it is the only
/// one) and each person by a fit without them: labels of cuts closer than a horizon overlap, and a person's own
/// would be told.
fn strength(
    columns: &[Column],
    samples: Samples<'_>,
    places: &Places,
    config: &ChurnConfig,
    threads: Threads,
) -> Result<f64, ChurnError> {
    let [only] = config.penalties[..] else {
        let mut cuts: Vec<i64> = places.train.iter().map(|&r| samples.cuts[r]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let oldest = cuts.len().saturating_sub(ORIGINS).max(1).min(cuts.len() - 1);
        let fold = |r: usize| {
            samples.people.get(r).map_or(r as u64, |&p| u64::from(p)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
        };
        let mut losses: Vec<(f64, f64, f64)> = Vec::new();
        for (&cut, held) in cuts[oldest..].iter().flat_map(|cut| (0..FOLDS).map(move |held| (cut, held))) {
            let pick = |wanted: &dyn Fn(i64) -> bool, own: bool| -> Vec<usize> {
                let rows = places.train.iter().copied().filter(|&r| wanted(samples.cuts[r]));
                rows.filter(|&r| (fold(r) % FOLDS == held) == own).collect()
            };
            let alone = cuts.len() == 1;
            let part = Part::of(samples, &pick(&|c| c < cut || alone, false));
            let later = Part::of(samples, &pick(&|c| c == cut, true));
            if part.two_classes() && later.two_classes() {
                // As much shrinkage as in the fit of all rows, which the penalty is wanted for.
                let share = part.labels.len() as f64 / places.train.len() as f64;
                let tried = try_all(columns, &part, later.rows.view(), &later.labels, share, config, threads)?;
                losses.extend(tried.into_iter().map(|t| (t.l2 / share, t.loss * t.rows as f64, t.rows as f64)));
            }
        }
        let mut best: Option<(f64, f64)> = None;
        let mut grid = config.penalties.clone();
        grid.sort_by(|a, b| b.total_cmp(a));
        for l2 in grid {
            let mine = losses.iter().filter(|l| (l.0 / l2 - 1.0).abs() < 1e-6);
            let (loss, rows) = mine.fold((0.0, 0.0), |sum, l| (sum.0 + l.1, sum.1 + l.2));
            if rows > 0.0 && best.is_none_or(|(_, least)| loss / rows < least * (1.0 - WORTH_MIN)) {
                best = Some((l2, loss / rows));
            }
        }
        return Ok(best.map_or(config.fallback_l2(), |(l2, _)| l2));
    };
    Ok(only)
}

/// Parts that people are divided into when the penalty is chosen.
const FOLDS: u64 = 4;

/// Chooses the penalty that predicts `later` best when fitted on `rows`, and the slope it needs there.
///
/// Without a penalty whose scores rise with leaving there, the strongest is taken, with slope 1.
///
/// # Errors
/// See [`ChurnError`].
pub fn select(
    columns: &[Column],
    earlier: &Part,
    later: ArrayView2<'_, f32>,
    later_labels: &[bool],
    config: &ChurnConfig,
    threads: Threads,
) -> Result<Selected, ChurnError> {
    let mut best: Option<Selected> = None;
    for tried in try_all(columns, earlier, later, later_labels, 1.0, config, threads)? {
        // A weaker penalty must earn it: what it gains below this is chance.
        if best.is_none_or(|b| tried.loss < b.loss * (1.0 - WORTH_MIN)) {
            best = Some(tried);
        }
    }
    Ok(best.unwrap_or(Selected { l2: config.fallback_l2(), slope: 1.0, bend: 0.0, rows: 0, loss: f64::NAN }))
}

/// Every penalty of the configuration times `share`, the strongest first, with the slope that it needs at `later` and
/// the log loss it then has there. Those whose scores do not rise with leaving are left out.
fn try_all(
    columns: &[Column],
    earlier: &Part,
    later: ArrayView2<'_, f32>,
    later_labels: &[bool],
    share: f64,
    config: &ChurnConfig,
    threads: Threads,
) -> Result<Vec<Selected>, ChurnError> {
    let design = Design::learn(columns, earlier.rows.view(), &config.design)?;
    let (terms, later_terms) = threads.run(|| (design.matrix(earlier.rows.view()), design.matrix(later)));
    let rows = Rows {
        terms: &terms,
        width: design.terms(),
        labels: &earlier.labels,
        groups: earlier.groups_if_several(),
        groups_count: earlier.groups_count,
    };
    let mut grid = config.penalties.clone();
    grid.sort_by(|a, b| b.total_cmp(a));
    let mut before: Option<Solution> = None;
    let mut all = Vec::new();
    for l2 in grid.into_iter().map(|l2| l2 * share) {
        let solution = threads.run(|| logistic::fit(rows, &config.logistic(l2), before.as_ref()))?;
        let z: Vec<f64> = later_terms
            .chunks_exact(design.terms().max(1))
            .map(|t| solution.intercept + t.iter().zip(&solution.weights).map(|(x, w)| f64::from(*x) * w).sum::<f64>())
            .collect();
        if let Ok(platt) = Platt::fit(&z, later_labels, config.bent) {
            let slope = platt.a.clamp(SLOPE_MIN, SLOPE_MAX);
            let bend = (platt.a + platt.bend).clamp(SLOPE_MIN, SLOPE_MAX) - slope;
            let platt = Platt { a: slope, bend: if config.bent { bend } else { 0.0 }, b: 0.0 }.level(&z, later_labels);
            let probabilities: Vec<f64> = z.iter().map(|&z| platt.probability(z)).collect();
            let loss = crate::churn::metrics::log_loss(&probabilities, later_labels);
            all.push(Selected { l2, slope, bend: platt.bend, rows: z.len(), loss });
        }
        before = Some(solution);
    }
    Ok(all)
}

/// Share of the log loss that a weaker penalty must gain.
const WORTH_MIN: f64 = 1e-4;
/// Slopes beyond these are not believed of one cut. A slope well above 1 only undoes a penalty too strong for so few rows.
const SLOPE_MIN: f64 = 0.5;
const SLOPE_MAX: f64 = 1.05;

/// Rows of some cuts, copied together.
#[derive(Debug, Clone)]
pub struct Part {
    pub rows: ndarray::Array2<f32>,
    pub labels: Vec<bool>,
    /// Number of each row's cut, by the cuts' order in time.
    pub groups: Vec<u16>,
    pub groups_count: usize,
}

impl Part {
    fn of(samples: Samples<'_>, places: &[usize]) -> Part {
        let (rows, labels) = take(samples.rows, samples.labels, places);
        let mut cuts: Vec<i64> = places.iter().map(|&p| samples.cuts[p]).collect();
        let of_row = cuts.clone();
        cuts.sort_unstable();
        cuts.dedup();
        let groups = of_row.iter().map(|cut| cuts.partition_point(|c| c < cut) as u16).collect();
        Part { rows, labels, groups, groups_count: cuts.len() }
    }

    /// Rows of one moment.
    pub fn alone(rows: ndarray::Array2<f32>, labels: Vec<bool>) -> Part {
        Part { groups: vec![0; labels.len()], rows, labels, groups_count: 1 }
    }

    fn two_classes(&self) -> bool {
        self.labels.contains(&true) && self.labels.contains(&false)
    }

    fn groups_if_several(&self) -> &[u16] {
        if self.groups_count > 1 { &self.groups } else { &[] }
    }
}

fn take(rows: ArrayView2<'_, f32>, labels: &[bool], places: &[usize]) -> (ndarray::Array2<f32>, Vec<bool>) {
    (rows.select(Axis(0), places), places.iter().map(|&r| labels[r]).collect())
}

/// Fits `part` with one penalty, uncalibrated. The result does not depend on `threads`.
///
/// # Errors
/// See [`ChurnError`].
pub fn fit_part(
    columns: &[Column],
    part: &Part,
    l2: f64,
    config: &ChurnConfig,
    threads: Threads,
) -> Result<ChurnModel, ChurnError> {
    check_shape(columns, part.rows.view(), &part.labels)?;
    let (design, solution) = threads.run(|| -> Result<(Design, Solution), ChurnError> {
        let design = Design::learn(columns, part.rows.view(), &config.design)?;
        let terms = design.matrix(part.rows.view());
        let rows = Rows {
            terms: &terms,
            width: design.terms(),
            labels: &part.labels,
            groups: part.groups_if_several(),
            groups_count: part.groups_count,
        };
        let solution = logistic::fit(rows, &config.logistic(l2), None)?;
        Ok((design, solution))
    })?;
    Ok(ChurnModel {
        design,
        weights: solution.weights,
        intercept: solution.intercept,
        platt: Platt::IDENTITY,
        stop: solution.stop,
        objective: solution.objective,
    })
}

impl ChurnConfig {
    fn logistic(&self, l2: f64) -> LogisticConfig {
        LogisticConfig { l2, iterations_max: self.iterations_max, tolerance: self.tolerance }
    }

    /// The strongest penalty: what is taken when nothing can choose.
    fn fallback_l2(&self) -> f64 {
        self.penalties.iter().copied().fold(f64::MIN, f64::max)
    }
}

fn check_shape(columns: &[Column], rows: ArrayView2<'_, f32>, labels: &[bool]) -> Result<(), ChurnError> {
    if rows.nrows() != labels.len() || rows.ncols() != columns.len() {
        return Err(ChurnError::Shape {
            rows: rows.nrows(),
            columns: rows.ncols(),
            labels: labels.len(),
            names: columns.len(),
        });
    }
    Ok(())
}
