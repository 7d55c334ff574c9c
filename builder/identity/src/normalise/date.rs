//! Birth dates: defaults that mean "unknown", and the arithmetic of near misses.

use kenal_types::Date;

/// Days that forms and databases write when nobody knows: 1970-01-01 (zero), 1900-01-01 and 1899-12-30/31 (spreadsheets),
/// 1901-01-01, 1753-01-01 (SQL Server), 0001-01-01 (.NET), 9999-12-31, 2000-01-01 (boards without a battery), 1980-01-01 (FAT).
const DEFAULTS: [(i32, u8, u8); 10] = [
    (1970, 1, 1),
    (1900, 1, 1),
    (1899, 12, 30),
    (1899, 12, 31),
    (1901, 1, 1),
    (1753, 1, 1),
    (1, 1, 1),
    (9999, 12, 31),
    (2000, 1, 1),
    (1980, 1, 1),
];

/// A birth date, or `None` when it is one of the known defaults.
pub fn birth_date(date: Date) -> Option<Date> {
    (!DEFAULTS.contains(&civil(date))).then_some(date)
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
    /// Two of year, month and day agree.
    Partial,
    /// One digit differs, two neighbouring digits are swapped, day and month are swapped, or it is the next day.
    Near,
    Same,
}

/// Compares two birth dates.
pub fn agreement(a: Date, b: Date) -> DateAgreement {
    if a == b {
        return DateAgreement::Same;
    }
    let (x, y) = (civil(a), civil(b));
    if (x.0, x.1, x.2) == (y.0, y.2, y.1) || (a.0.abs_diff(b.0)) == 1 || one_slip(digits(x), digits(y)) {
        return DateAgreement::Near;
    }
    let parts = u8::from(x.0 == y.0) + u8::from(x.1 == y.1) + u8::from(x.2 == y.2);
    if parts >= 2 { DateAgreement::Partial } else { DateAgreement::Different }
}

fn digits((year, month, day): (i32, u8, u8)) -> [u8; 8] {
    let mut n = year.unsigned_abs() % 10_000 * 10_000 + u32::from(month) * 100 + u32::from(day);
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
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    #[test]
    fn defaults_are_missing() {
        for text in ["1970-01-01", "1900-01-01", "1899-12-30", "0001-01-01", "9999-12-31"] {
            assert_eq!(birth_date(day(text)), None, "{text}");
        }
        assert_eq!(birth_date(day("1970-01-02")), Some(day("1970-01-02")));
    }

    #[test]
    fn civil_agrees_with_the_calendar_library() {
        for text in ["0001-01-01", "1600-02-29", "1900-02-28", "1969-12-31", "1970-01-01", "2000-02-29", "2024-12-31"] {
            let (y, m, d) = civil(day(text));
            assert_eq!(format!("{y:04}-{m:02}-{d:02}"), text);
        }
    }

    #[test]
    fn agreements() {
        use DateAgreement::*;
        for (a, b, expected) in [
            ("1990-01-02", "1990-01-02", Same),
            ("1990-01-02", "1990-02-01", Near),
            ("1990-01-02", "1990-01-03", Near),
            ("1990-01-31", "1990-02-01", Near),
            ("1990-01-02", "1980-01-02", Near),
            ("1990-01-02", "1909-01-02", Near),
            ("1990-01-12", "1990-01-21", Near),
            ("1990-01-12", "1990-01-29", Partial),
            ("1990-01-12", "1954-01-12", Partial),
            ("1990-01-12", "1954-11-12", Different),
        ] {
            assert_eq!(agreement(day(a), day(b)), expected, "{a} {b}");
            assert_eq!(agreement(day(b), day(a)), expected, "{b} {a}");
        }
    }
}
