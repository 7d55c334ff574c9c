//! models, second half: who is about to leave.
//!
//! Left means: no purchase in the thirty days after a cut, among those who had bought before it. Features come from
//! before the cut, the model is fitted on earlier cuts, its penalty and slope chosen over time among them, and judged on
//! the latest whose outcome is known.

use std::collections::HashMap;
use std::fmt;

use anyhow::{Context as _, Result};
use kenal_bundle::Hash;
use kenal_card::Churn;
use kenal_features::rows::{ChurnLabel, TrainingRows};
use kenal_features::{registry, serving_rows, training_rows};
use kenal_models::churn::{
    ChurnConfig, ChurnStop, Column, DesignConfig, ForwardFit, ForwardSplit, Reach, Reason, Samples, TrainCuts,
    Transform, fit_forward, reach,
};
use kenal_models::threads::Threads;
use kenal_types::{PersonId, Timestamp};
use ndarray::ArrayView2;

use super::people::People;
use crate::gold::{ChurnScoreRow, ChurnTermRow, ModelCardRow};

/// Days without a purchase that count as leaving.
const HORIZON_DAYS: u16 = 30;
/// Horizons before the test cut at which the model is fitted.
const TRAIN_BACK: [i64; 5] = [1, 2, 3, 4, 5];
/// People it is fitted and judged on, at the most: the terms are some hundreds, and everybody's rows at six cuts would not fit
/// in memory.
const PEOPLE_MAX: usize = 250_000;
/// The row of the model's table that holds intercept and calibration.
pub const INTERCEPT: &str = "(intercept)";

const NOT_ENOUGH: &str = "fitting the churn model; it needs purchases over at least half a year";

/// Contact budgets that are looked at. By lot, the fourth finds the 34 % of those who leave that the shop found before.
const BUDGETS: [f64; 5] = [0.05, 0.1, 0.2, 0.34, 0.5];

/// A fitted churn model with its figures and everybody's score.
pub struct Leaving {
    fit: ForwardFit,
    pub terms: Vec<ChurnTermRow>,
    pub scores: Vec<ChurnScoreRow>,
    pub figures: Vec<ModelCardRow>,
    /// On the test cut, for the model card.
    pub judged: Churn,
}

/// Fits on people who permit learning, scores those who permit personalisation.
///
/// # Errors
/// The tables of the profile stage cannot be read; what they hold is not enough to learn from.
pub fn fit(learnt: &People<'_>, served: &People<'_>, cut: Timestamp, threads: Threads) -> Result<Leaving> {
    let horizon = i64::from(HORIZON_DAYS);
    let test = cut.plus_days(-horizon);
    let train: Vec<Timestamp> = TRAIN_BACK.iter().map(|back| test.plus_days(-back * horizon)).collect();
    let cuts: Vec<Timestamp> = train.iter().copied().chain([test]).collect();
    let label = ChurnLabel { horizon_days: HORIZON_DAYS, complete_until: cut };
    let sample = learnt.sample(PEOPLE_MAX);
    let rows = learnt.in_parts(
        &sample,
        |part| Ok(training_rows(&learnt.timelines(part)?, &cuts, label)?),
        |parts| Ok(together(&parts.collect::<Result<Vec<_>>>()?, &cuts)),
    );
    let rows = rows.context("making the training rows of the churn model")?.context(NOT_ENOUGH)?;
    let columns: Vec<Column> = registry()
        .iter()
        .map(|f| Column {
            name: f.name.to_owned(),
            transform: if f.unit.long_tailed() { Transform::Log1p } else { Transform::Identity },
        })
        .collect();
    let values = ArrayView2::from_shape((rows.labels.len(), rows.width), &rows.values).context("shaping the rows")?;
    let at: Vec<i64> = rows.cuts.iter().map(|c| c.0).collect();
    let people = numbered(&rows.people);
    let samples = Samples { rows: values, labels: &rows.labels, cuts: &at, people: &people };
    let train = train.iter().map(|t| t.0).collect();
    let train = TrainCuts::new(train, Vec::new(), horizon * Timestamp::US_PER_DAY)?;
    let split = ForwardSplit::new(train, test.0)?;
    // The edge's churn section holds neither bounds nor knots.
    let config = ChurnConfig { design: DesignConfig { bound: 0.0, knots: 0 }, bent: false, ..ChurnConfig::default() };
    let fit = fit_forward(&columns, samples, &split, &config, threads).context(NOT_ENOUGH)?;
    let all = sample.len() == learnt.parts().len();
    let population = if all { "customers" } else { "a sample of the customers" };
    let judged = judged(&fit, &rows, test, population)?;
    drop(rows);
    let (terms, scores, figures) = (terms(&fit), scores(&fit, served, cut)?, figures(&fit, &judged.reach));
    Ok(Leaving { fit, terms, scores, figures, judged })
}

/// The rows of all parts, cut by cut; `None` when there is no part.
fn together(parts: &[TrainingRows], cuts: &[Timestamp]) -> Option<TrainingRows> {
    let first = parts.first()?;
    let of_all = |n: fn(&TrainingRows) -> usize| parts.iter().map(n).sum();
    let mut all = TrainingRows {
        values: Vec::with_capacity(of_all(|part| part.values.len())),
        width: first.width,
        labels: Vec::with_capacity(of_all(|part| part.labels.len())),
        people: Vec::with_capacity(of_all(|part| part.labels.len())),
        cuts: Vec::with_capacity(of_all(|part| part.labels.len())),
        consent_root: first.consent_root,
    };
    for cut in cuts {
        for part in parts {
            // A part has them cut by cut too.
            let begin = part.cuts.iter().position(|at| at == cut).unwrap_or(part.cuts.len());
            let end = begin + part.cuts[begin..].iter().take_while(|at| *at == cut).count();
            all.values.extend_from_slice(&part.values[begin * part.width..end * part.width]);
            all.labels.extend_from_slice(&part.labels[begin..end]);
            all.people.extend_from_slice(&part.people[begin..end]);
            all.cuts.extend_from_slice(&part.cuts[begin..end]);
        }
    }
    Some(all)
}

/// What was said of each test row and what came true.
fn judged(fit: &ForwardFit, rows: &TrainingRows, test: Timestamp, population: &str) -> Result<Churn> {
    let tested: Vec<usize> = (0..rows.labels.len()).filter(|&n| rows.cuts[n] == test).collect();
    let row = |n: usize| &rows.values[n * rows.width..(n + 1) * rows.width];
    let probabilities: Vec<f64> = tested.iter().map(|&n| fit.model.probability(row(n))).collect();
    let left: Vec<bool> = tested.iter().map(|&n| rows.labels[n]).collect();
    let people: Vec<u8> = tested.iter().flat_map(|&n| rows.people[n].0.to_le_bytes()).collect();
    let definition = format!(
        "Leaving is no purchase in {HORIZON_DAYS} days, among {population} who had bought before and permit learning"
    );
    let recency = kenal_features::position("recency_days").context("finding recency_days among the features")?;
    // Who never bought has left already.
    let silent: Vec<f64> = tested
        .iter()
        .map(|&n| f64::from(row(n)[recency]))
        .map(|days| if days.is_nan() { f64::INFINITY } else { days })
        .collect();
    let reach = reach(&probabilities, &silent, &left, &BUDGETS);
    Ok(Churn::new(format!("{test} {}", Hash::of(&people)), definition, &probabilities, &left).reaching(&reach))
}

/// A number for each person, by first appearance.
fn numbered(people: &[PersonId]) -> Vec<u32> {
    let mut numbers: HashMap<PersonId, u32> = HashMap::new();
    let number = |person: &PersonId| {
        let next = numbers.len() as u32;
        *numbers.entry(*person).or_insert(next)
    };
    people.iter().map(number).collect()
}

fn terms(fit: &ForwardFit) -> Vec<ChurnTermRow> {
    let (model, design, platt) = (&fit.model, fit.model.design(), fit.model.platt());
    let head =
        ChurnTermRow { term: INTERCEPT.to_owned(), mean: platt.a, scale: platt.b, coefficient: model.intercept() };
    let numbers = design.means().iter().zip(design.scales()).zip(model.weights());
    let term = |(name, ((&mean, &scale), &coefficient)): (&str, ((&f64, &f64), &f64))| ChurnTermRow {
        term: name.to_owned(),
        mean,
        scale,
        coefficient,
    };
    std::iter::once(head).chain(design.term_names().zip(numbers).map(term)).collect()
}

/// Somebody's probability, and what speaks most for leaving.
struct Said<'m> {
    person: PersonId,
    probability: f64,
    reasons: Vec<Reason<'m>>,
}

/// Probability and decile of everybody; deciles are by rank, ties by person.
fn scores(fit: &ForwardFit, served: &People<'_>, cut: Timestamp) -> Result<Vec<ChurnScoreRow>> {
    let said = |part| {
        let rows = serving_rows(&served.timelines(part)?, cut);
        let each = rows.people.iter().zip(rows.values.chunks_exact(rows.width.max(1)));
        let said = each.map(|(&person, row)| {
            let probability = fit.model.probability(row);
            Said { person, probability, reasons: reasons(fit, row) }
        });
        Ok(said.collect::<Vec<_>>())
    };
    let said = served.in_parts(&served.parts(), said, |parts| parts.collect::<Result<Vec<_>>>())?;
    let said: Vec<Said<'_>> = said.into_iter().flatten().collect();
    let mut ranked: Vec<usize> = (0..said.len()).collect();
    ranked.sort_by(|&a, &b| said[a].probability.total_cmp(&said[b].probability).then(a.cmp(&b)));
    let mut decile = vec![0; said.len()];
    for (rank, n) in ranked.into_iter().enumerate() {
        decile[n] = (rank * 10 / said.len() + 1) as u8;
    }
    let row = |(said, decile): (Said<'_>, u8)| {
        let reasons = if decile > 5 { said.reasons.iter().map(word).collect() } else { Vec::new() };
        ChurnScoreRow { person: said.person, probability: said.probability, decile, reasons }
    };
    Ok(said.into_iter().zip(decile).map(row).collect())
}

/// The three features that speak most for leaving; what speaks against it is no reason to contact anybody.
fn reasons<'m>(fit: &'m ForwardFit, row: &[f32]) -> Vec<Reason<'m>> {
    fit.model.reasons(row, row.len()).into_iter().filter(|r| r.contribution > 0.0).take(3).collect()
}

fn word(reason: &Reason<'_>) -> String {
    let value = if reason.value.is_nan() { "missing".to_owned() } else { format!("{:.1}", reason.value) };
    format!("{} {value} ({:+.2})", reason.feature, reason.contribution)
}

fn figures(fit: &ForwardFit, reach: &[Reach]) -> Vec<ModelCardRow> {
    let test = &fit.test;
    [
        ("churn/horizon_days", f64::from(HORIZON_DAYS)),
        ("churn/train_rows", fit.train_rows as f64),
        ("churn/test_rows", test.rows as f64),
        ("churn/base_rate", test.base_rate),
        ("churn/auc", test.auc),
        ("churn/recall@top_decile", test.top.recall),
        ("churn/precision@top_decile", test.top.precision),
        ("churn/ece", test.ece),
        ("churn/brier", test.brier),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .chain(reach.iter().map(|r| (format!("churn/recall@{:.0}%", 100.0 * r.budget), r.recall)))
    // A figure that does not exist (the AUC of one class) is left out rather than written as something else.
    .filter(|(_, value)| value.is_finite())
    .map(|(name, value)| ModelCardRow { name, value })
    .collect()
}

impl fmt::Display for Leaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let test = &self.fit.test;
        writeln!(
            f,
            "churn: no purchase in {HORIZON_DAYS} days; fitted on {} rows, penalty and slope chosen on {} of them, judged on {} of a later cut ({:.1} % left)",
            self.fit.train_rows,
            self.fit.calibration_rows,
            test.rows,
            100.0 * test.base_rate
        )?;
        writeln!(
            f,
            "       AUC {:.3}; top decile: recall {:.3}, precision {:.3}; calibration error {:.3}, Brier {:.3}",
            test.auc, test.top.recall, test.top.precision, test.ece, test.brier
        )?;
        let predicted: Vec<String> = test.bins.iter().map(|b| format!("{:.2}", b.predicted)).collect();
        let observed: Vec<String> = test.bins.iter().map(|b| format!("{:.2}", b.observed)).collect();
        writeln!(f, "       predicted by decile {}", predicted.join(" "))?;
        writeln!(f, "       observed            {}", observed.join(" "))?;
        for Reach { budget, recall, other, most } in &self.judged.reach {
            let [budget, recall, other, most] = [budget, recall, other, most].map(|x| 100.0 * x);
            writeln!(
                f,
                "       contacting {budget:2.0} % of them finds {recall:4.1} % of those who left (those silent for longest \
                 {other:.1} %, no list more than {most:.1} %)"
            )?;
        }
        match self.fit.model.stop() {
            ChurnStop::Converged { iterations } => write!(f, "       converged after {iterations} Newton steps"),
            ChurnStop::IterationCap { iterations, last_decrement } => {
                write!(
                    f,
                    "       stopped at the cap of {iterations} Newton steps, the last promising {last_decrement:.1e}"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(people: &[u64], cuts: &[i64]) -> TrainingRows {
        let each = || cuts.iter().flat_map(|&cut| people.iter().map(move |&person| (person, cut)));
        TrainingRows {
            values: each().flat_map(|(person, cut)| [person as f32, cut as f32]).collect(),
            width: 2,
            labels: each().map(|(person, cut)| (person as i64 + cut) % 2 == 0).collect(),
            people: each().map(|(person, _)| PersonId(person)).collect(),
            cuts: each().map(|(_, cut)| Timestamp(cut)).collect(),
            consent_root: [7; 32],
        }
    }

    #[test]
    fn rows_of_parts_are_those_of_all_at_once() {
        let cuts = [1, 2, 5].map(Timestamp);
        // Of the second part nobody had bought before the first cut, of the third nobody at all.
        let parts = [rows(&[1, 2], &[1, 2, 5]), rows(&[3], &[2, 5]), rows(&[], &[]), rows(&[4, 6], &[1, 2, 5])];
        let all = together(&parts, &cuts).expect("parts");
        let mut expected = rows(&[1, 2, 4, 6], &[1]);
        let later = rows(&[1, 2, 3, 4, 6], &[2, 5]);
        expected.values.extend(later.values);
        expected.labels.extend(later.labels);
        expected.people.extend(later.people);
        expected.cuts.extend(later.cuts);
        assert_eq!(all, expected);
        assert_eq!(together(&[], &cuts), None);
    }
}
