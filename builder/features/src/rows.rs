//! Rows for many people: labelled ones to train from, plain ones to serve.
//!
//! Both come from consented timelines and from the same [`Extractor`].

use kenal_consent::{Cell, CellSet, Consented, Subject};
use kenal_types::{PersonId, Purpose, Timestamp};

use crate::extract::{Extractor, withhold};
use crate::registry::registry;
use crate::timeline::Timeline;

/// Labelled rows of one or more cuts, cut by cut, people in the order given.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingRows {
    /// Row-major, `labels.len() × width`; NaN where there is no value.
    pub values: Vec<f32>,
    /// Features a row.
    pub width: usize,
    /// Left: bought nothing in the horizon from the cut.
    pub labels: Vec<bool>,
    pub people: Vec<PersonId>,
    pub cuts: Vec<Timestamp>,
    /// Root of the consent snapshot that admitted the people.
    pub consent_root: [u8; 32],
}

/// Rows of one cut, people in the order given.
#[derive(Debug, Clone, PartialEq)]
pub struct ServingRows {
    /// Row-major, `people.len() × width`; NaN where there is no value.
    pub values: Vec<f32>,
    /// Features a row.
    pub width: usize,
    pub people: Vec<PersonId>,
}

/// Why there are no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowsError {
    /// The timelines were admitted for something else than training; admit them under [`Cell::TRAIN`].
    #[error("these people were not admitted for training; admit them under the purpose \"train\" first")]
    NotForTraining,
    /// The label of this cut is not known yet: move the cut back or shorten the horizon.
    #[error("labels of the cut {cut} need purchases until {until}, but they are complete only until {complete_until}")]
    LabelNotKnown { cut: Timestamp, until: Timestamp, complete_until: Timestamp },
    /// A horizon of no days.
    #[error("the horizon must be at least 1 day")]
    NoHorizon,
}

/// What churn means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChurnLabel {
    /// Days without a purchase that count as leaving.
    pub horizon_days: u16,
    /// How far purchases are completely known: the least watermark of the sources with orders.
    pub complete_until: Timestamp,
}

/// One row a (person, cut) of the people with a visible purchase before the cut. A label needs only when a purchase
/// happened, not when it became known: it is about the truth, which features must not be.
///
/// # Errors
/// See [`RowsError`].
pub fn training_rows(
    timelines: &Consented<Vec<Timeline>>,
    cuts: &[Timestamp],
    label: ChurnLabel,
) -> Result<TrainingRows, RowsError> {
    if purposes(timelines.cells()).ne([Purpose::Train]) {
        return Err(RowsError::NotForTraining);
    }
    if label.horizon_days == 0 {
        return Err(RowsError::NoHorizon);
    }
    let width = registry().len();
    let mut rows = TrainingRows {
        values: Vec::new(),
        width,
        labels: Vec::new(),
        people: Vec::new(),
        cuts: Vec::new(),
        consent_root: timelines.root(),
    };
    let mut extractor = Extractor::new();
    for &cut in cuts {
        let until = cut.plus_days(label.horizon_days.into());
        if until > label.complete_until {
            return Err(RowsError::LabelNotKnown { cut, until, complete_until: label.complete_until });
        }
        for timeline in timelines.get() {
            if !extractor.view(timeline, cut).orders().is_empty() {
                let start = rows.values.len();
                rows.values.resize(start + width, f32::NAN);
                extractor.write(&mut rows.values[start..]);
                withhold(&[Purpose::Train], &mut rows.values[start..]);
                rows.labels.push(!bought_between(timeline, cut, until));
                rows.people.push(timeline.person());
                rows.cuts.push(cut);
            }
        }
    }
    Ok(rows)
}

/// The purposes of the cells, each once.
fn purposes(cells: CellSet) -> impl Iterator<Item = Purpose> {
    let any = move |p: &Purpose| Cell::all().any(|c| c.purpose == *p && cells.contains(c));
    Purpose::ALL.into_iter().filter(any)
}

/// Whether anything was bought, and not cancelled since, from `from` until before `until`.
fn bought_between(timeline: &Timeline, from: Timestamp, until: Timestamp) -> bool {
    let purchases = timeline.purchases();
    let first = purchases.partition_point(|p| p.when.happened_at < from);
    let within = purchases[first..].iter().take_while(|p| p.when.happened_at < until);
    within.into_iter().any(|p| p.quantity > 0 && p.voided.is_none())
}

/// One row a person, at `cut`: what is served, and what is scored. A feature that does not serve every purpose the
/// people were admitted under has no value.
pub fn serving_rows(timelines: &Consented<Vec<Timeline>>, cut: Timestamp) -> ServingRows {
    let width = registry().len();
    let purposes: Vec<Purpose> = purposes(timelines.cells()).collect();
    let mut extractor = Extractor::new();
    let mut values = vec![f32::NAN; timelines.get().len() * width];
    for (timeline, row) in timelines.get().iter().zip(values.chunks_exact_mut(width)) {
        extractor.compute(timeline, cut, row);
        withhold(&purposes, row);
    }
    ServingRows { values, width, people: timelines.get().iter().map(Subject::person).collect() }
}

/// The row of one person, by position, as [`serving_rows`] has it.
///
/// # Panics
/// When there is nobody at `at`.
pub fn serving_row(timelines: &Consented<Vec<Timeline>>, at: usize, cut: Timestamp) -> Vec<f32> {
    let purposes: Vec<Purpose> = purposes(timelines.cells()).collect();
    let mut row = vec![f32::NAN; registry().len()];
    Extractor::new().compute(&timelines.get()[at], cut, &mut row);
    withhold(&purposes, &mut row);
    row
}
