//! Birth dates as they stand: defaults that mean "unknown", the ways people write a day, and near misses.
//!
//! A [`Written`] date need not exist. "1958-05-77" is a slip in one digit, and its seven other digits still say whose it
//! is; a calendar type would have refused it. Deliberately not here: two-digit years, which are a guess at the century.
//! Read [`Written`], [`written`], then [`agreement`].

use std::fmt;

use kenal_types::Date;

use super::digit;

mod words;

/// A day as written: 0 is an unknown part, and month 17 is a slip that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Written {
    pub year: u16,
    pub month: u8,
    pub day: u8,
}

const _: () = assert!(size_of::<Written>() == 4);

impl fmt::Display for Written {
    /// `1980-06-05`, `1980-06` or `1980`: what [`written`] reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.month, self.day) {
            (0, 0) => write!(f, "{:04}", self.year),
            (month, 0) => write!(f, "{:04}-{month:02}", self.year),
            (month, day) => write!(f, "{:04}-{month:02}-{day:02}", self.year),
        }
    }
}

/// Days that forms and databases write when nobody knows: 1970-01-01 (zero), 1900-01-01, 1899-12-30/31 and 1904-01-01
/// (spreadsheets), 1901-01-01, 1753-01-01 (SQL Server), 1601-01-01 (Windows), 0001-01-01 (.NET), 9999-12-31, 2000-01-01
/// (boards without a battery), 1980-01-01 (FAT), 1111-11-11 (a held key).
const DEFAULTS: [(u16, u8, u8); 13] = [
    (1970, 1, 1),
    (1900, 1, 1),
    (1899, 12, 30),
    (1899, 12, 31),
    (1904, 1, 1),
    (1901, 1, 1),
    (1753, 1, 1),
    (1601, 1, 1),
    (1, 1, 1),
    (9999, 12, 31),
    (2000, 1, 1),
    (1980, 1, 1),
    (1111, 11, 11),
];
/// Years of a held key, whatever the day.
const NON_YEARS: [u16; 3] = [0, 1111, 9999];

/// Years of the Buddhist era: 2400 is 1857, 2600 is 2057. No Gregorian birth year is among them.
const BUDDHIST_YEARS: std::ops::RangeInclusive<u16> = 2400..=2600;
const BUDDHIST_OFFSET: u16 = 543;
/// Years in which eight digits without separators can begin or end.
const PLAUSIBLE_YEARS: std::ops::RangeInclusive<u16> = 1000..=2600;
/// Longest date with words and a time: nothing longer is read.
const TEXT_BYTES_MAX: usize = 96;

/// The day of a calendar date; `None` for the known defaults and years that do not have four digits.
pub fn from_day(date: Date) -> Option<Written> {
    let (year, month, day) = civil(date);
    if !(1..=9999).contains(&year) {
        return None;
    }
    known(Written { year: year as u16, month, day })
}

/// The date in a text as systems and people of the region write it; `None` for a default or a text that is not a date.
///
/// `1980-06-05`, `19800605`, `5/6/1980` (day first, unless only the other way is a date), `6/25/1980`, `05-Jun-1980`,
/// `5 Mei 1980`, `5 มิถุนายน 2523`, `1980`, `1980-06`. A time after the date is cut. O(1), no allocation.
pub fn written(text: &str) -> Option<Written> {
    let text = text[..text.floor_char_boundary(TEXT_BYTES_MAX)].trim();
    if let Some(date) = iso(text.as_bytes()) {
        return known(date);
    }
    let mut parts = Parts::default();
    if let Some(month) = words::thai_month(text) {
        parts.month = month;
    }
    parts.read(text)?;
    known(parts.date()?)
}

/// `None` for a default; years of the Buddhist era as Gregorian ones.
fn known(date: Written) -> Option<Written> {
    let year = if BUDDHIST_YEARS.contains(&date.year) { date.year - BUDDHIST_OFFSET } else { date.year };
    let default = DEFAULTS.contains(&(year, date.month, date.day)) || NON_YEARS.contains(&year);
    (!default).then_some(Written { year, ..date })
}

/// `yyyy-mm-dd`, alone or before a time: what nearly every system writes.
fn iso(text: &[u8]) -> Option<Written> {
    let (head, rest) = text.split_first_chunk::<10>()?;
    if head[4] != b'-' || head[7] != b'-' || rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let digit = |at: usize| head[at].is_ascii_digit().then(|| u16::from(head[at] - b'0'));
    let two = |at: usize| Some((digit(at)? * 10 + digit(at + 1)?) as u8);
    Some(Written { year: u16::from(two(0)?) * 100 + u16::from(two(2)?), month: two(5)?, day: two(8)? })
}

/// Numbers of a date in the order written, and the month when it is a word.
#[derive(Debug, Default)]
struct Parts {
    /// Value and count of digits.
    numbers: [(u32, usize); 3],
    count: usize,
    month: u8,
    /// Numbers before the word of the month.
    before_month: usize,
}

impl Parts {
    /// Reads until the date is whole; what follows must be a time. `None` for a word that no date has.
    fn read(&mut self, text: &str) -> Option<()> {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let after_date = self.count == 3 || (self.count == 2 && self.month != 0);
            if digit(c).is_some() {
                if after_date {
                    return Some(());
                }
                let (mut value, mut digits) = (0_u32, 0);
                for d in rest.chars().map_while(digit) {
                    value = value.saturating_mul(10).saturating_add(d);
                    digits += 1;
                }
                if digits > 8 {
                    return None;
                }
                self.numbers[self.count] = (value, digits);
                self.count += 1;
                rest = rest.trim_start_matches(|c| digit(c).is_some());
                if digits > 4 {
                    // Eight digits are the whole date.
                    return Some(());
                }
                // "1980 10:30" and the like: a time is not a month.
                if self.count > 1 && rest.starts_with(':') {
                    self.count -= 1;
                    return Some(());
                }
            } else if c.is_alphabetic() {
                let end = rest.find(|c: char| !words::is_letter(c)).unwrap_or(rest.len());
                let word = &rest[..end];
                rest = &rest[end..];
                if after_date {
                    return Some(());
                }
                match words::month(word) {
                    Some(month) if self.month == 0 => {
                        self.month = month;
                        self.before_month = self.count;
                    }
                    _ if words::is_of_a_date(word) => {}
                    _ => return None,
                }
            } else {
                rest = &rest[c.len_utf8()..];
            }
        }
        Some(())
    }

    fn date(&self) -> Option<Written> {
        let [(a, a_digits), (b, b_digits), (c, c_digits)] = self.numbers;
        let date = |year: u32, month: u32, day: u32| {
            Some(Written {
                year: u16::try_from(year).ok()?,
                month: u8::try_from(month).ok()?,
                day: u8::try_from(day).ok()?,
            })
        };
        if self.month != 0 {
            let month = u32::from(self.month);
            return match (self.count, a_digits, b_digits) {
                (1, 4, _) => date(a, month, 0),
                (2, 4, 1..=2) => date(a, month, b),
                (2, 1..=2, 4) => date(b, month, a),
                _ => None,
            };
        }
        match (self.count, a_digits, b_digits, c_digits) {
            (1, 8, ..) => eight(a),
            (1, 6, ..) if PLAUSIBLE_YEARS.contains(&((a / 100) as u16)) && (1..=12).contains(&(a % 100)) => {
                date(a / 100, a % 100, 0)
            }
            (1, 4, ..) => date(a, 0, 0),
            (2, 4, 1..=2, _) => date(a, b, 0),
            (2, 1..=2, 4, _) => date(b, a, 0),
            (3, 4, 1..=2, 1..=2) => date(a, b, c),
            (3, 1..=2, 1..=2, 4) if a <= 12 && b > 12 => date(c, a, b),
            (3, 1..=2, 1..=2, 4) => date(c, b, a),
            _ => None,
        }
    }
}

/// Eight digits: the year first unless only the other order is a date.
fn eight(n: u32) -> Option<Written> {
    let is_date = |y: u32, m: u32, d: u32| {
        PLAUSIBLE_YEARS.contains(&(y as u16)) && (1..=12).contains(&m) && (1..=31).contains(&d)
    };
    let (a, b, year) = (n / 1_000_000, n / 10_000 % 100, n % 10_000);
    let date = |y: u32, m: u32, d: u32| Some(Written { year: y as u16, month: m as u8, day: d as u8 });
    let as_written = (n / 10_000, n / 100 % 100, n % 100);
    if is_date(as_written.0, as_written.1, as_written.2) {
        date(as_written.0, as_written.1, as_written.2)
    } else if is_date(year, b, a) {
        date(year, b, a)
    } else if is_date(year, a, b) {
        date(year, a, b)
    } else {
        date(as_written.0, as_written.1, as_written.2)
    }
}

/// Year, month and day of the proleptic Gregorian calendar.
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
pub fn civil(date: Date) -> (i32, u8, u8) {
    let z = i64::from(date.0) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year as i32, month as u8, day as u8)
}

/// How two birth dates differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateAgreement {
    Different,
    /// Two of year, month and day agree; or all parts that both know, the year among them.
    Partial,
    /// One digit differs, two neighbouring digits are swapped, day and month are swapped, or it is the next day.
    Near,
    Same,
}

/// Compares two birth dates. Symmetric.
///
/// A date of which a part is unknown is never more than [`DateAgreement::Partial`], not even with itself: that two
/// people were born in 1980 says less than that they were born on one day.
pub fn agreement(a: Written, b: Written) -> DateAgreement {
    let parts = [(a.year, b.year), (a.month.into(), b.month.into()), (a.day.into(), b.day.into())];
    let agree = parts.iter().filter(|(x, y)| x == y && *x != 0).count();
    if parts.iter().any(|&(x, y)| x == 0 || y == 0) {
        let contradict = parts.iter().any(|&(x, y)| x != y && x != 0 && y != 0);
        let enough = agree >= 2 || (agree == 1 && a.year == b.year && a.year != 0);
        return if enough && !contradict { DateAgreement::Partial } else { DateAgreement::Different };
    }
    if agree == 3 {
        return DateAgreement::Same;
    }
    let swapped = a.year == b.year && (a.month, a.day) == (b.day, b.month);
    if swapped || is_next(a, b) || is_next(b, a) || one_slip(digits(a), digits(b)) {
        return DateAgreement::Near;
    }
    if agree == 2 { DateAgreement::Partial } else { DateAgreement::Different }
}

/// `b` is the day after `a`.
fn is_next(a: Written, b: Written) -> bool {
    let leap = a.year.is_multiple_of(4) && (!a.year.is_multiple_of(100) || a.year.is_multiple_of(400));
    let last = match a.month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let next = if a.day < last {
        (a.year, a.month, a.day + 1)
    } else if a.day > last || a.month > 12 {
        return false;
    } else if a.month < 12 {
        (a.year, a.month + 1, 1)
    } else {
        (a.year + 1, 1, 1)
    };
    next == (b.year, b.month, b.day)
}

fn digits(date: Written) -> [u8; 8] {
    let mut n = u32::from(date.year % 10_000) * 10_000 + u32::from(date.month % 100) * 100 + u32::from(date.day % 100);
    let mut out = [0; 8];
    for digit in out.iter_mut().rev() {
        *digit = (n % 10) as u8;
        n /= 10;
    }
    out
}

/// One digit replaced, or two neighbouring ones swapped.
fn one_slip(x: [u8; 8], y: [u8; 8]) -> bool {
    let mut differing = (0..8).filter(|&i| x[i] != y[i]);
    match (differing.next(), differing.next(), differing.next()) {
        (Some(_), None, None) => true,
        (Some(i), Some(j), None) => j == i + 1 && x[i] == y[j] && x[j] == y[i],
        _ => false,
    }
}

#[cfg(test)]
mod tests;
