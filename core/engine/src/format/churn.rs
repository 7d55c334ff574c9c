//! The churn section: a calibrated logistic model. Its sibling is `churn_write.rs`.

use super::Kind;
use super::container::{parse, within};
use super::le::{self, Entries, Fields};
use super::texts::Texts;
use crate::error::{Fault, SectionError};
use crate::limits::FEATURES_MAX;

/// The churn model.
#[derive(Debug, Clone, Copy)]
pub struct Churn<'a> {
    intercept: f32,
    a: f32,
    b: f32,
    coefficients: Entries<'a, 4>,
    means: Entries<'a, 4>,
    scales: Entries<'a, 4>,
    names: Texts<'a>,
}

impl<'a> Churn<'a> {
    /// Reads a churn section.
    ///
    /// # Errors
    /// When the bytes are not exactly as `FORMAT.md` says.
    pub fn parse(bytes: &'a [u8]) -> Result<Churn<'a>, SectionError> {
        Churn::reopen(bytes)?.checked()
    }

    /// This section, when every entry of it is as `FORMAT.md` says.
    pub(crate) fn checked(self) -> Result<Churn<'a>, SectionError> {
        within(Kind::Churn, self.check())?;
        Ok(self)
    }

    /// The same of bytes that [`Churn::parse`] has accepted before: no entry is looked at.
    ///
    /// # Errors
    /// When they are no section of this kind, or a part has another length than its head says.
    pub fn reopen(bytes: &'a [u8]) -> Result<Churn<'a>, SectionError> {
        within(Kind::Churn, Churn::read(bytes))
    }

    fn read(bytes: &'a [u8]) -> Result<Churn<'a>, Fault> {
        let [head, coefficients, means, scales, ends, names] = parse::<6>(bytes, Kind::Churn)?;
        let mut f = Fields::new(head, 16)?;
        let n = f.u32(|n| n as usize <= FEATURES_MAX) as usize;
        let intercept = f.f32(|_| true);
        let a = f.f32(|_| true);
        let b = f.f32(|_| true);
        f.end()?;
        Ok(Churn {
            intercept,
            a,
            b,
            coefficients: le::entries(coefficients, 1, n)?,
            means: le::entries(means, 2, n)?,
            scales: le::entries(scales, 3, n)?,
            names: Texts::read(ends, names, 4, n)?,
        })
    }

    fn check(&self) -> Result<(), Fault> {
        le::check_floats(self.coefficients, 1, le::FINITE)?;
        le::check_floats(self.means, 2, le::FINITE)?;
        le::check_floats(self.scales, 3, le::POSITIVE)?;
        self.names.check(4, (1, usize::MAX))
    }

    /// The names of the features, in the order [`Churn::probability`] takes them.
    pub const fn names(&self) -> &Texts<'a> {
        &self.names
    }

    /// The coefficient of each feature, after scaling.
    pub fn coefficients(&self) -> impl Iterator<Item = f32> + use<'a> {
        self.coefficients.iter().map(|c| f32::from_le_bytes(*c))
    }

    /// The probability that somebody with these features leaves: between 0 and 1, the same bits on every host.
    ///
    /// `None` when there are not as many features as the model has, or the result is not a number.
    pub fn probability(&self, features: &[f32]) -> Option<f32> {
        if features.len() != self.coefficients.len() {
            return None;
        }
        let terms = features.iter().zip(self.coefficients).zip(self.means).zip(self.scales);
        let z = terms.fold(self.intercept, |z, (((x, c), mean), scale)| {
            z + f32::from_le_bytes(*c) * ((x - f32::from_le_bytes(*mean)) / f32::from_le_bytes(*scale))
        });
        let p = 1.0 / (1.0 + libm::expf(-(self.a * z + self.b)));
        if p.is_nan() { None } else { Some(p) }
    }
}
