//! Writes the churn section that `churn.rs` reads.

use alloc::string::String;
use alloc::vec::Vec;

use super::Kind;
use super::churn::Churn;
use super::container_write::{container, float_part, text_table};
use super::write::{WriteError, check};
use crate::limits::FEATURES_MAX;

/// What a churn section is made of.
#[derive(Debug, Clone, Copy)]
pub struct ChurnInput<'a> {
    /// Intercept of the logistic regression.
    pub intercept: f32,
    /// Platt calibration: probability = σ(a·z + b); 1 and 0 when the model is not calibrated.
    pub calibration: (f32, f32),
    /// The features, in the model's order.
    pub features: &'a [ChurnFeature],
}

/// One feature of the churn model.
#[derive(Debug, Clone, PartialEq)]
pub struct ChurnFeature {
    /// Its name in the registry.
    pub name: String,
    /// Coefficient of the scaled value.
    pub coefficient: f32,
    /// Subtracted before scaling.
    pub mean: f32,
    /// Divided by; above 0.
    pub scale: f32,
}

/// Writes a churn section.
///
/// # Errors
/// When a number is not finite, a scale is not above 0, or there are too many features.
pub fn write_churn(input: &ChurnInput<'_>) -> Result<Vec<u8>, WriteError> {
    let section = Kind::Churn;
    if input.features.len() > FEATURES_MAX {
        return Err(WriteError::Limit { section, what: "features", found: input.features.len(), max: FEATURES_MAX });
    }
    for (entry, f) in input.features.iter().enumerate() {
        let finite = f.coefficient.is_finite() && f.mean.is_finite() && f.scale.is_finite();
        if !finite || f.scale <= 0.0 || f.name.is_empty() {
            return Err(WriteError::Value { section, entry });
        }
    }
    let (a, b) = input.calibration;
    let mut head = Vec::from((input.features.len() as u32).to_le_bytes());
    head.extend(float_part([input.intercept, a, b].into_iter()));
    let part = |of: fn(&ChurnFeature) -> f32| float_part(input.features.iter().map(of));
    let (ends, names) = text_table(input.features.iter().map(|f| f.name.as_str()));
    let bytes =
        container(section, &[&head, &part(|f| f.coefficient), &part(|f| f.mean), &part(|f| f.scale), &ends, &names])?;
    check(Churn::parse(&bytes))?;
    Ok(bytes)
}
