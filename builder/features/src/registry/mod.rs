//! The features: one entry each, one family a file. Adding one is adding an entry to a table here.
//!
//! An entry says what a value means, from what it is made, and what its absence means, beside the line that computes
//! it. Nothing else knows of single features: training sets, serving, and model cards go by this list, in its order.
//! Removing or redefining one makes older models unreadable, so a changed meaning gets a new name.

mod basket;
mod browsing;
mod entry;
mod habits;
mod knowledge;
mod life;
mod orders;
mod returns;
mod rhythm;
mod support;

use std::sync::LazyLock;

pub use entry::{Family, Feature, Unit};

const TABLES: [&[Feature]; 9] = [
    orders::FEATURES,
    returns::FEATURES,
    rhythm::FEATURES,
    basket::FEATURES,
    browsing::FEATURES,
    habits::FEATURES,
    support::FEATURES,
    life::FEATURES,
    knowledge::FEATURES,
];

/// Hash of the code that defines the features: of every source file of this crate. Two programs with the same hash
/// compute the same values.
pub const CODE_HASH: &str = env!("KENAL_FEATURES_CODE");

static REGISTRY: LazyLock<Vec<Feature>> = LazyLock::new(|| TABLES.concat());

/// All features, in the order of a row's values.
pub fn registry() -> &'static [Feature] {
    &REGISTRY
}

/// `part / whole` of counts.
fn share(part: u32, whole: u32) -> Option<f64> {
    ratio(f64::from(part), f64::from(whole))
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
    ($family:expr; $( $name:literal $span:ident ),+ ; $unit:ident, $sources:expr, $null:expr, $w:ident => $value:expr) => {
        [$( $crate::registry::Feature {
            family: $family,
            name: $name,
            unit: $crate::registry::Unit::$unit,
            window: $crate::view::Span::$span,
            sources: $sources,
            null: $null,
            compute: |v| {
                let $w = v.window($crate::view::Span::$span);
                $value
            },
        } ),+]
    };
}
use each_window;

/// Single features: name, unit, window, sources, null, definition.
macro_rules! features {
    ($family:expr; $( $name:literal $unit:ident $span:ident, $sources:expr, $null:expr, $compute:expr );+ $(;)?) => {
        [$( $crate::registry::Feature {
            family: $family,
            name: $name,
            unit: $crate::registry::Unit::$unit,
            window: $crate::view::Span::$span,
            sources: $sources,
            null: $null,
            compute: $compute,
        } ),+]
    };
}
use features;

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
    use kenal_types::Timestamp;

    use super::*;

    #[test]
    fn entries_are_complete_and_their_names_unique() {
        assert!(registry().len() >= 140, "{} features", registry().len());
        for (at, f) in registry().iter().enumerate() {
            assert_eq!(position(f.name), Some(at), "{} is there twice", f.name);
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            assert!(f.name.bytes().all(plain), "{}", f.name);
            assert!(!f.sources.is_empty() && !f.null.is_empty(), "{}", f.name);
            assert!(!f.family.owner.is_empty() && !f.family.purposes.is_empty(), "{}", f.name);
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

    #[test]
    fn a_feature_is_as_fresh_as_the_least_of_its_tables() {
        let feature = &registry()[position("carts_per_order_365d").expect("there")];
        assert_eq!(feature.tables().collect::<Vec<_>>(), ["silver_events", "silver_orders"]);
        let known = |table: &str| match table {
            "silver_events" => Some(Timestamp(9)),
            "silver_orders" => Some(Timestamp(5)),
            _ => None,
        };
        assert_eq!(feature.fresh_to(known), Some(Timestamp(5)));
        assert_eq!(feature.fresh_to(|t| known(t).filter(|_| t != "silver_orders")), None, "unknown is not fresh");
    }
}
