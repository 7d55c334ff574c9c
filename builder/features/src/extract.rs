//! One person at one cut: the only function that computes features, in training and in serving.

use kenal_types::{Purpose, Timestamp};

use crate::registry::registry;
use crate::timeline::Timeline;
use crate::view::View;

/// Computes rows for person after person without allocating once its buffers have grown.
#[derive(Debug, Clone)]
pub struct Extractor(View);

impl Default for Extractor {
    fn default() -> Self {
        Extractor::new()
    }
}

impl Extractor {
    pub fn new() -> Self {
        Extractor(View::empty())
    }

    /// Writes one value a feature, in the order of [`registry`]; NaN where there is none. Uses only elements that
    /// happened before `cut` and were known at it. Every value written is finite or NaN.
    ///
    /// # Panics
    /// When `out` is not as long as the registry.
    pub fn compute(&mut self, timeline: &Timeline, cut: Timestamp, out: &mut [f32]) {
        self.0.fill(timeline, cut);
        self.write(out);
    }

    /// As [`Extractor::compute`], for one purpose: features that do not serve it have no value.
    ///
    /// # Panics
    /// When `out` is not as long as the registry.
    pub fn compute_for(&mut self, timeline: &Timeline, cut: Timestamp, purpose: Purpose, out: &mut [f32]) {
        self.compute(timeline, cut, out);
        withhold(&[purpose], out);
    }

    /// The row of the person and cut last seen.
    pub(crate) fn write(&self, out: &mut [f32]) {
        let features = registry();
        assert_eq!(out.len(), features.len(), "a row has one value per feature");
        for (value, feature) in out.iter_mut().zip(features) {
            let v = (feature.compute)(&self.0).map_or(f32::NAN, |v| v as f32);
            // A sum beyond f32 is no knowledge either.
            *value = if v.is_finite() { v } else { f32::NAN };
        }
    }

    /// Everything visible at the cut, for showing where a value comes from.
    pub fn view(&mut self, timeline: &Timeline, cut: Timestamp) -> &View {
        self.0.fill(timeline, cut);
        &self.0
    }
}

/// [`Extractor::compute`] for one person; allocates.
///
/// # Panics
/// When `out` is not as long as the registry.
pub fn compute(timeline: &Timeline, cut: Timestamp, out: &mut [f32]) {
    Extractor::new().compute(timeline, cut, out);
}

/// Takes out the values of features that do not serve every one of the purposes.
pub(crate) fn withhold(purposes: &[Purpose], row: &mut [f32]) {
    for (value, feature) in row.iter_mut().zip(registry()) {
        if !purposes.iter().all(|&p| feature.serves(p)) {
            *value = f32::NAN;
        }
    }
}
