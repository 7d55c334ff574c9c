//! Moments as other programs write them, to whole seconds.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// Seconds of a day.
pub const DAY_S: i64 = 86_400;

/// Seconds since 1970 of a text: ISO 8601 with or without a zone (without one: UTC), a date alone, `20240131`, or
/// seconds, milliseconds or microseconds since 1970. None of anything else; `03/04/2024` means two days.
pub fn seconds(text: &str) -> Option<i64> {
    if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        return of_digits(text);
    }
    // Only texts that begin like a year are tried, which keeps words cheap.
    if !text.as_bytes().get(..4)?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_second());
    }
    let civil = text
        .parse::<DateTime>()
        .or_else(|_| text.parse::<Date>().map(|d| d.to_datetime(jiff::civil::Time::midnight())));
    civil.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp().as_second())
}

fn of_digits(text: &str) -> Option<i64> {
    let n: i64 = text.parse().ok()?;
    match text.len() {
        8 => text.parse::<Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp().as_second()),
        9 | 10 => Some(n),
        13 => Some(n / 1000),
        16 => Some(n / 1_000_000),
        _ => None,
    }
}

/// A date for people.
pub fn date(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |t| t.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_written_in_many_ways() {
        for text in [
            "2011-12-09T12:50:00Z",
            "2011-12-09 12:50:00",
            "2011-12-09T12:50",
            "2011-12-09T20:50:00+08:00",
            "1323435000",
            "1323435000000",
        ] {
            assert_eq!(seconds(text), Some(1_323_435_000), "{text}");
        }
        assert_eq!(seconds("2011-12-09"), seconds("20111209"));
        assert_eq!(date(1_323_435_000), "2011-12-09");
        for text in ["", "yesterday", "09/12/2011", "12", "2011-13-01", "2011-12-09T25:00"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
