//! What a field's values are, what makes one invalid, and how one may be shown. Rules are SQL conditions in the dialect
//! that DataFusion, Spark and Sail share, so that they run where the rows are.

use kenal_types::{Market, Timestamp};

use crate::mask::{Mask, PLACEHOLDER_DAYS};

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An identifier of a system, or a code such as a SKU.
    Id,
    /// Words that name no person: a title, a category, a status.
    Words,
    PersonName,
    Address,
    City,
    Postcode,
    Country,
    Language,
    Email,
    Phone,
    Birthday,
    /// A day that is not a birthday.
    Day,
    Time,
    /// In hundredths; at least 0.
    Amount,
    /// Any whole number.
    Number,
    Flag,
}

/// What of a field's values the report shows as a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Least and greatest value.
    Values,
    /// Least and greatest number of characters: values themselves would be someone's.
    Lengths,
    None,
}

/// Countries by the names that SEA systems write, besides the four markets; two-letter codes are recognised by form.
const COUNTRY_NAMES: [&str; 14] = [
    "brunei",
    "cambodia",
    "china",
    "hong kong",
    "india",
    "japan",
    "laos",
    "myanmar",
    "philippines",
    "south korea",
    "taiwan",
    "timor-leste",
    "vietnam",
    "united kingdom",
];

impl Kind {
    pub(crate) fn range(self) -> Range {
        match self {
            Kind::Day | Kind::Time | Kind::Amount | Kind::Number => Range::Values,
            // The range of birthdays names no one and shows the placeholders at once.
            Kind::Birthday => Range::Values,
            Kind::Flag | Kind::Country | Kind::Language => Range::None,
            _ => Range::Lengths,
        }
    }

    pub(crate) fn mask(self) -> Mask {
        match self {
            Kind::Email => Mask::Email,
            Kind::Phone => Mask::Phone,
            Kind::PersonName | Kind::Address | Kind::Postcode => Mask::Text,
            Kind::Birthday => Mask::Birthday,
            _ => Mask::Open,
        }
    }

    /// The value as SQL: empty and blank texts are no values.
    pub(crate) fn value(self, column: &str) -> String {
        match self {
            Kind::Birthday | Kind::Day | Kind::Time | Kind::Amount | Kind::Number | Kind::Flag => column.to_owned(),
            _ => format!("NULLIF(TRIM({column}), '')"),
        }
    }

    /// When a value `v` is invalid, as SQL, and the same in words. `None`: any value will do.
    pub(crate) fn invalid(self, v: &str, now: Timestamp) -> Option<(String, &'static str)> {
        let rule = match self {
            Kind::Email => {
                (format!("NOT regexp_like({v}, '^[^@ ]+@[^@ ]+[.][^@ .]+$')"), "not of the form name@domain")
            }
            Kind::Phone => (
                format!("NOT regexp_like(TRANSLATE({v}, ' ()+./-', ''), '^[0-9]{{7,15}}$')"),
                "not 7 to 15 digits, spaces and signs aside",
            ),
            Kind::Birthday => {
                let placeholders = PLACEHOLDER_DAYS.map(|d| format!("'{d}'")).join(", ");
                let today = now.date();
                (
                    format!(
                        "({v} > DATE '{today}' OR {v} < DATE '1900-01-01' OR CAST({v} AS VARCHAR) IN ({placeholders}))"
                    ),
                    "in the future, before 1900, or a placeholder such as 1970-01-01",
                )
            }
            Kind::Time => (
                format!("({v} > CAST('{now}' AS TIMESTAMP) OR {v} < CAST('2000-01-01T00:00:00Z' AS TIMESTAMP))"),
                "in the future, or before 2000",
            ),
            Kind::Day => (format!("{v} < DATE '1990-01-01'"), "before 1990"),
            Kind::Country => {
                let known = Market::ALL.iter().map(|m| m.name().to_lowercase());
                let known = known.chain(COUNTRY_NAMES.map(str::to_owned)).map(|n| format!("'{n}'"));
                let known = known.collect::<Vec<_>>().join(", ");
                (
                    format!("NOT (regexp_like({v}, '^[A-Za-z]{{2}}$') OR LOWER({v}) IN ({known}))"),
                    "neither a two-letter code nor a known name",
                )
            }
            Kind::Language => (
                format!("NOT regexp_like({v}, '^[A-Za-z]{{2,3}}([-_][A-Za-z0-9]{{2,8}})*$')"),
                "not a language tag such as en-SG",
            ),
            Kind::Postcode => (format!("NOT regexp_like({v}, '^[A-Za-z0-9 -]{{3,10}}$')"), "not a postcode"),
            Kind::PersonName => (
                format!(
                    "(regexp_like({v}, '[0-9@]{{3,}}') OR LOWER({v}) IN \
                     ('test', 'unknown', 'n/a', 'na', 'none', 'null', '-', '.', 'customer', 'guest'))"
                ),
                "a placeholder, or holds a number or an address",
            ),
            Kind::Address | Kind::City => {
                (format!("LOWER({v}) IN ('test', 'unknown', 'n/a', 'na', 'none', 'null', '-', '.')"), "a placeholder")
            }
            Kind::Amount => (format!("{v} < 0"), "less than nothing"),
            Kind::Id => (format!("LOWER({v}) IN ('null', 'none', 'undefined', 'nan', '0', '-')"), "a placeholder"),
            Kind::Words | Kind::Number | Kind::Flag => return None,
        };
        Some(rule)
    }
}
