//! What an entry of the registry says.

use std::fmt;

use kenal_types::{Purpose, Timestamp};

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

/// What the features of one file have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    pub name: &'static str,
    /// The team that answers for what its features mean.
    pub owner: &'static str,
    /// What the values may be used for. Whoever reads for another purpose gets none, whatever the person agreed to.
    pub purposes: &'static [Purpose],
}

/// What somebody bought, looked at and when: for anything they agree to.
pub(super) const SHOPPING: &[Purpose] = &[Purpose::Personalise, Purpose::Market, Purpose::Train, Purpose::Measure];
/// What somebody told support, and how many records there are of them: no ground for sending advertising.
pub(super) const SERVICE: &[Purpose] = &[Purpose::Personalise, Purpose::Train, Purpose::Measure];

/// One feature.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    pub family: Family,
    /// Unique, lower case, with the window last.
    pub name: &'static str,
    pub unit: Unit,
    pub window: Span,
    /// Tables and columns the value rests on, written `table.column`.
    pub sources: &'static [&'static str],
    /// What it means when there is no value.
    pub null: &'static str,
    /// The definition. `None`: no value.
    pub compute: fn(&View) -> Option<f64>,
}

impl Feature {
    /// May be read for this purpose.
    pub fn serves(&self, purpose: Purpose) -> bool {
        self.family.purposes.contains(&purpose)
    }

    /// The tables it rests on, each once, in the order in which its sources name them.
    pub fn tables(&self) -> impl Iterator<Item = &'static str> {
        let table = |source: &'static str| source.split_once('.').map_or(source, |(table, _)| table);
        let sources = self.sources;
        sources.iter().enumerate().filter_map(move |(at, source)| {
            let seen = sources[..at].iter().any(|before| table(before) == table(source));
            (!seen).then(|| table(source))
        })
    }

    /// How far the feature is known complete: the least of its tables'; `None` when that of one is not known.
    pub fn fresh_to(&self, table: impl Fn(&str) -> Option<Timestamp>) -> Option<Timestamp> {
        self.tables().map(table).try_fold(Timestamp(i64::MAX), |least, t| Some(least.min(t?)))
    }
}
