//! The features: one entry each, one family a file. Adding one is adding an entry to a table here.
//!
//! An entry says what a value means, from what it is made, and what its absence means, beside the line that computes
//! it. Nothing else knows of single features: training sets, serving, and model cards go by this list, in its order.
//! Removing or redefining one makes older models unreadable, so a changed meaning gets a new name.

mod basket;
mod browsing;
mod habits;
mod life;
mod orders;
mod rhythm;
mod support;

use std::fmt;
use std::sync::LazyLock;

use kenal_types::Purpose;

use crate::view::{Span, View};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Sgd,
    Days,
    Hours,
    Minutes,
    /// 0 to 1.
    Share,
    /// A quotient without a unit.
    Ratio,
    /// 0 or 1.
    Flag,
    Bits,
}

impl Unit {
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Count => "count",
            Unit::Sgd => "SGD",
            Unit::Days => "days",
            Unit::Hours => "hours",
            Unit::Minutes => "minutes",
            Unit::Share => "share",
            Unit::Ratio => "ratio",
            Unit::Flag => "flag",
            Unit::Bits => "bits",
        }
    }

    /// Whether a model should take its logarithm: long-tailed amounts, not shares.
    pub const fn long_tailed(self) -> bool {
        match self {
            Unit::Count | Unit::Sgd | Unit::Days | Unit::Hours | Unit::Minutes | Unit::Ratio => true,
            Unit::Share | Unit::Flag | Unit::Bits => false,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One feature.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// Unique, lower case, with the window last.
    pub name: &'static str,
    pub unit: Unit,
    pub window: Span,
    /// Tables and columns the value rests on; its freshness is the least of theirs.
    pub sources: &'static [&'static str],
    /// What a person must have agreed to for the value to be used on their behalf; training needs `Train` besides.
    pub purpose: Purpose,
    /// What it means when there is no value.
    pub null: &'static str,
    /// The definition. `None`: no value.
    pub compute: fn(&View) -> Option<f64>,
}

const TABLES: [&[Feature]; 7] = [
    orders::FEATURES,
    rhythm::FEATURES,
    basket::FEATURES,
    browsing::FEATURES,
    habits::FEATURES,
    support::FEATURES,
    life::FEATURES,
];

static REGISTRY: LazyLock<Vec<Feature>> = LazyLock::new(|| TABLES.concat());

/// All features, in the order of a row's values.
pub fn registry() -> &'static [Feature] {
    &REGISTRY
}

/// Position of a feature in a row.
pub fn position(name: &str) -> Option<usize> {
    registry().iter().position(|f| f.name == name)
}

/// Null meaning of what is counted: nothing was seen, which is zero.
const NEVER_NULL: &str = "never null: 0 when nothing is known";

/// `part / whole`, nothing of nothing.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// A flag as a number.
fn flag(value: bool) -> Option<f64> {
    Some(if value { 1.0 } else { 0.0 })
}

/// The same definition over several windows: a name and a window each.
macro_rules! each_window {
    ($( $name:literal $span:ident ),+ ; $unit:expr, $sources:expr, $purpose:expr, $null:expr, $w:ident => $value:expr) => {
        [$( $crate::registry::Feature {
            name: $name,
            unit: $unit,
            window: $crate::view::Span::$span,
            sources: $sources,
            purpose: $purpose,
            null: $null,
            compute: |v| {
                let $w = v.window($crate::view::Span::$span);
                $value
            },
        } ),+]
    };
}
use each_window;

/// Joins arrays of features at compile time.
macro_rules! join {
    ($( $part:expr ),+ $(,)?) => {{
        const PARTS: &[&[$crate::registry::Feature]] = &[$( &$part ),+];
        const LENGTH: usize = $crate::registry::total(PARTS);
        const ALL: [$crate::registry::Feature; LENGTH] = $crate::registry::flatten(PARTS);
        &ALL
    }};
}
use join;

const fn total(parts: &[&[Feature]]) -> usize {
    let (mut n, mut i) = (0, 0);
    while i < parts.len() {
        n += parts[i].len();
        i += 1;
    }
    n
}

const fn flatten<const N: usize>(parts: &[&[Feature]]) -> [Feature; N] {
    let mut all = [parts[0][0]; N];
    let (mut at, mut i) = (0, 0);
    while i < parts.len() {
        let mut j = 0;
        while j < parts[i].len() {
            all[at] = parts[i][j];
            at += 1;
            j += 1;
        }
        i += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_complete_and_their_names_unique() {
        assert!(registry().len() >= 40, "{} features", registry().len());
        for (at, f) in registry().iter().enumerate() {
            assert_eq!(position(f.name), Some(at), "{} is there twice", f.name);
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            assert!(f.name.bytes().all(plain), "{}", f.name);
            assert!(!f.sources.is_empty() && !f.null.is_empty(), "{}", f.name);
            assert!(
                f.sources.iter().all(|s| s.starts_with("silver_") && s.contains('.')),
                "{}: {:?}",
                f.name,
                f.sources
            );
            if let Some(days) = f.window.days() {
                assert!(f.name.ends_with(&format!("_{days}d")), "{} has a window of {days} days", f.name);
            }
        }
    }
}
