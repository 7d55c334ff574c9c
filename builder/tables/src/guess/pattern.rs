//! What a single value looks like.

/// `a@b.cc`, loosely: what a mail server would take is not asked here.
pub(super) fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.split_once('@') else { return false };
    let ends = |text: &str| text.starts_with('.') || text.ends_with('.');
    !local.is_empty()
        && !value.contains(char::is_whitespace)
        && !domain.contains('@')
        && domain.contains('.')
        && !ends(domain)
        && domain.len() >= 4
}

/// A number that may be a telephone's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phone {
    /// Written as one: a plus, a trunk zero, brackets, or groups of digits.
    Marked,
    /// Digits alone, as many as a phone has.
    Bare,
}

/// 7 to 15 digits (ITU-T E.164 has 15 at most) with nothing between them but what phones are written with.
pub(super) fn phone(value: &str) -> Option<Phone> {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let plain =
        value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b' ' | b'-' | b'(' | b')' | b'.' | b'/'));
    if !plain || !(7..=15).contains(&digits) || is_group_number(value) || date(value).is_some() {
        return None;
    }
    let groups = value.len() > digits && value.matches('.').count() != 1;
    let trunk = value.starts_with('0') && !value.starts_with("000") && digits >= 9;
    Some(if value.starts_with('+') || groups || trunk { Phone::Marked } else { Phone::Bare })
}

/// Numbers of persons that look like phones: US social security `123-45-6789`, Malaysian identity card `880101-14-5566`.
pub(super) fn is_group_number(value: &str) -> bool {
    let groups: Vec<usize> = value.split('-').map(str::len).collect();
    let digits = value.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    digits && matches!(groups.as_slice(), [3, 2, 4] | [6, 2, 4])
}

/// A day, and what else was written with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) year: u32,
    pub(super) with_time: bool,
}

/// A date in the forms found in tables: `1980-07-05`, `19800705`, `5/7/1980`, `7.5.80`, `5 Jul 1980`, each with or
/// without a time after it.
pub(super) fn date(value: &str) -> Option<Day> {
    if value.len() < 6 || value.len() > 35 || !value.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if value.len() == 8 && value.bytes().all(|b| b.is_ascii_digit()) {
        let n: u32 = value.parse().ok()?;
        // Most numbers of eight digits are no dates; those that begin with zeros are none at all.
        return day(n / 10_000, n / 100 % 100, n % 100, false).filter(|d| d.year >= 1000);
    }
    let (head, with_time) = match value.split_once(['T', ' ']) {
        Some((head, time)) if time.contains(':') => (head, !is_midnight(time)),
        _ => (value, false),
    };
    let mut parts = [""; 4];
    let mut count = 0;
    for part in head.split(['-', '/', '.', ' ', ',']).filter(|p| !p.is_empty()) {
        *parts.get_mut(count)? = part;
        count += 1;
    }
    let [a, b, c, _] = parts;
    if count != 3 {
        return None;
    }
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.len() <= 4);
    match (number(a), number(b), number(c)) {
        (Some(y), Some(m), Some(d)) if a.len() == 4 => day(y, m, d, with_time),
        (Some(x), Some(y), Some(z)) if c.len() == 4 || c.len() == 2 => {
            let year = if c.len() == 2 { 1900 + z } else { z };
            day(year, y, x, with_time).or_else(|| day(year, x, y, with_time))
        }
        (Some(d), None, Some(y)) if c.len() == 4 => day(y, month(b)?, d, with_time),
        (None, Some(d), Some(y)) if c.len() == 4 => day(y, month(a)?, d, with_time),
        _ => None,
    }
}

fn is_midnight(time: &str) -> bool {
    time.bytes().take(8).all(|b| matches!(b, b'0' | b':'))
}

fn day(year: u32, month: u32, day: u32, with_time: bool) -> Option<Day> {
    let fits = (1..=2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    fits.then_some(Day { year, with_time })
}

fn month(name: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let short = name.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|m| *m == short).map(|at| at as u32 + 1)
}

/// Letters and digits as in postcodes: `SW1A 1AA`, `K1A 0B6`, `1012 AB`, `12345-6789`; not digits alone, which are
/// told by how a whole column of them looks.
pub(super) fn is_lettered_postcode(value: &str) -> bool {
    let shape: String = value
        .chars()
        .map(|c| match c {
            '0'..='9' => '9',
            'a'..='z' | 'A'..='Z' => 'A',
            '-' => '-',
            ' ' => ' ',
            _ => '?',
        })
        .collect();
    let (outward, inward) = shape.split_once([' ', '-']).unwrap_or_else(|| {
        let cut = shape.len().saturating_sub(3);
        (shape.get(..cut).unwrap_or_default(), shape.get(cut..).unwrap_or_default())
    });
    match inward {
        "9AA" => matches!(outward, "A9" | "A99" | "AA9" | "AA99" | "A9A" | "AA9A"),
        "9A9" => outward == "A9A",
        "AA" => outward == "9999",
        "9999" => outward == "99999",
        _ => false,
    }
}

/// Words that stand in streets, in the languages of the region and some others.
const STREET_WORDS: [&str; 66] = [
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "av",
    "lane",
    "ln",
    "drive",
    "dr",
    "place",
    "pl",
    "court",
    "ct",
    "crescent",
    "cres",
    "close",
    "circuit",
    "cct",
    "circle",
    "way",
    "terrace",
    "tce",
    "parade",
    "highway",
    "hwy",
    "boulevard",
    "blvd",
    "square",
    "grove",
    "gardens",
    "walk",
    "jalan",
    "jln",
    "jl",
    "lorong",
    "lrg",
    "persiaran",
    "lebuh",
    "taman",
    "kampung",
    "kg",
    "gang",
    "gg",
    "blok",
    "blk",
    "block",
    "unit",
    "soi",
    "thanon",
    "moo",
    "duong",
    "pho",
    "ngo",
    "calle",
    "avenida",
    "carrera",
    "rue",
    "chemin",
    "allee",
    "strasse",
    "str",
    "weg",
    "platz",
    "via",
];

/// A number and words, or a word that streets have.
pub(super) fn is_street(value: &str) -> bool {
    let mut words = value.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    let numbered = first.starts_with(|c: char| c.is_ascii_digit()) && first.len() <= 5;
    let named = |w: &String| STREET_WORDS.contains(&w.as_str()) || w.ends_with("strasse") || w.ends_with("straße");
    !rest.is_empty()
        && (numbered && rest.iter().any(|w| w.chars().all(char::is_alphabetic))
            || named(&first)
            || rest.iter().any(named))
}

/// A number of a house: `12`, `12a`, `4/10`, `3-5`.
pub(super) fn is_house_number(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b' '));
    plain && value.starts_with(|c: char| c.is_ascii_digit()) && (1..=5).contains(&digits) && letters <= 2
}

/// A long code of a machine: a UUID, or 16 hexadecimal digits and more.
pub(super) fn is_machine_code(value: &str) -> bool {
    let hex = value.bytes().filter(u8::is_ascii_hexdigit).count();
    let letters_and_digits =
        value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().any(|b| b.is_ascii_alphabetic());
    hex >= 16 && letters_and_digits && value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// One word of letters and digits both, such as `AB1234` or `Q42-7`.
pub(super) fn is_code(value: &str) -> bool {
    let has = |f: fn(&u8) -> bool| value.bytes().any(|b| f(&b));
    has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !value.contains(char::is_whitespace)
}

/// Mostly letters, with what stands between them in names.
pub(super) fn is_words(value: &str) -> bool {
    value.chars().next().is_some_and(char::is_alphabetic)
        && value.chars().all(|c| c.is_alphabetic() || c.is_whitespace() || "-'’.,&()".contains(c) || is_mark(c))
}

/// Thai and other scripts write vowels as marks, which are no letters to Unicode.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}')
}

/// A number in degrees with decimals: latitude when small enough, longitude at least.
pub(super) fn degrees(value: &str) -> Option<f64> {
    let (_, decimals) = value.split_once('.')?;
    let x: f64 = value.parse().ok()?;
    (decimals.len() >= 3 && x.abs() <= 180.0).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every value with what it is taken for.
    fn kinds(value: &str) -> String {
        let all = [
            (is_email(value), "email"),
            (phone(value) == Some(Phone::Marked), "phone"),
            (phone(value) == Some(Phone::Bare), "digits"),
            (date(value).is_some_and(|d| !d.with_time), "date"),
            (date(value).is_some_and(|d| d.with_time), "time"),
            (is_lettered_postcode(value), "postcode"),
            (is_street(value), "street"),
            (is_machine_code(value), "machine"),
            (is_words(value), "words"),
            (degrees(value).is_some(), "degrees"),
        ];
        all.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn values() {
        for (value, expected) in [
            ("a.b@shop.example", "email"),
            ("a@b", ""),
            ("a b@c.de", ""),
            ("+60 12-345 6789", "phone"),
            ("(02) 9876 5432", "phone"),
            ("0123456789", "phone"),
            ("91234567", "digits"),
            ("5304218", "digits"),
            ("123-45-6789", ""),
            ("880101-14-5566", ""),
            ("19151111", "date"),
            ("19151311", "digits"),
            ("1630-08-01", "date"),
            ("1980-07-05T00:00:00", "date"),
            ("1980-07-05 13:01:02", "time"),
            ("13/1/1980", "date"),
            ("1/13/80", "date"),
            ("5 Jul 1980", "date street"),
            ("July 5, 1980", "date"),
            ("tq13 8df", "postcode"),
            ("SW1A1AA", "postcode"),
            ("K1A 0B6", "postcode"),
            ("12 wallaby place", "street"),
            ("Jalan Ampang", "street words"),
            ("delmar", "words"),
            ("d'arc, jeanne", "words"),
            ("สมชาย", "words"),
            ("6f1c0a52-9d1b-4a51-8f0e-2f6f0c8f2b11", "machine"),
            ("3.1390", "degrees"),
            ("", ""),
        ] {
            assert_eq!(kinds(value), expected, "{value:?}");
        }
    }

    #[test]
    fn houses() {
        for (value, expected) in
            [("12", true), ("12a", true), ("4/10", true), ("123456", false), ("", false), ("abc", false)]
        {
            assert_eq!(is_house_number(value), expected, "{value:?}");
        }
    }
}
