//! Points in time and calendar days, both UTC.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub const US_PER_S: i64 = 1_000_000;
    pub const US_PER_DAY: i64 = 86_400 * Self::US_PER_S;

    /// From whole seconds since the epoch; saturates at the ends of the range.
    pub const fn from_seconds(s: i64) -> Self {
        Timestamp(s.saturating_mul(Self::US_PER_S))
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(Self::US_PER_S)
    }

    /// `self` moved by whole days; saturates.
    pub const fn plus_days(self, days: i64) -> Self {
        Timestamp(self.0.saturating_add(days.saturating_mul(Self::US_PER_DAY)))
    }

    /// Days from `earlier` to `self`, with a fraction; negative when `earlier` is later.
    pub fn days_since(self, earlier: Timestamp) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / Self::US_PER_DAY as f64
    }

    /// The UTC calendar day.
    pub const fn date(self) -> Date {
        Date(self.0.div_euclid(Self::US_PER_DAY) as i32)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    /// RFC 3339 with any offset: `2024-05-06T07:08:09.000Z`, `…+0000`, `…-07:00`. A time without an offset is refused.
    fn from_str(s: &str) -> Result<Self, TimeError> {
        let parsed: jiff::Timestamp = s.parse().map_err(|_| TimeError::NotATimestamp)?;
        Ok(Timestamp(parsed.as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// Days since 1970-01-01, as in Arrow's `Date32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Date(pub i32);

impl Date {
    /// Midnight UTC at the start of the day.
    pub const fn midnight(self) -> Timestamp {
        Timestamp(self.0 as i64 * Timestamp::US_PER_DAY)
    }
}

impl FromStr for Date {
    type Err = TimeError;

    /// `2024-05-06`.
    fn from_str(s: &str) -> Result<Self, TimeError> {
        let day: jiff::civil::Date = s.parse().map_err(|_| TimeError::NotADate)?;
        let since = day.since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1))).map_err(|_| TimeError::NotADate)?;
        Ok(Date(since.get_days()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.midnight().0) {
            Ok(t) => write!(f, "{}", t.strftime("%Y-%m-%d")),
            Err(_) => write!(f, "{}d", self.0),
        }
    }
}

/// Why a text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339 with an offset.
    #[error("not a time such as 2024-05-06T07:08:09Z")]
    NotATimestamp,
    /// Not a calendar day.
    #[error("not a day such as 2024-05-06")]
    NotADate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_five_systems_parse_to_the_same_instant() {
        for text in [
            "2024-05-06T07:08:09Z",
            "2024-05-06T07:08:09.000Z",
            "2024-05-06T07:08:09.000+0000",
            "2024-05-06T15:08:09+08:00",
        ] {
            assert_eq!(text.parse::<Timestamp>().map(Timestamp::seconds), Ok(1_714_979_289), "{text}");
        }
        assert_eq!("2024-05-06T07:08:09".parse::<Timestamp>(), Err(TimeError::NotATimestamp));
        assert_eq!("".parse::<Timestamp>(), Err(TimeError::NotATimestamp));
    }

    #[test]
    fn a_date_and_its_text_undo_each_other() {
        for text in ["1970-01-01", "1969-12-31", "2024-02-29", "1907-06-30"] {
            assert_eq!(text.parse::<Date>().expect("a day").to_string(), text);
        }
        assert_eq!("2023-02-29".parse::<Date>(), Err(TimeError::NotADate));
    }
}
