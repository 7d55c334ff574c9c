//! Phone numbers to E.164, with the market of the record as the default country.
//!
//! Numbers of the four markets take a short path over their published numbering plans; everything else goes through
//! the `phonenumber` crate, which is a thousand times slower and knows every country.

use kenal_types::Market;
use phonenumber::country;

/// Longest text that can be a number with separators and words around it.
const TEXT_CHARS_MAX: usize = 40;
/// E.164: at most 15 digits with the country code.
const DIGITS_MAX: usize = 15;
const DIGITS_MIN: usize = 7;

/// `+6591234567`; or `~` and the digits when the country cannot be told; `None` for a non-value.
pub fn phone(text: &str, market: Option<Market>) -> Option<String> {
    let text = super::bounded(text);
    if text.chars().count() > TEXT_CHARS_MAX {
        return None;
    }
    let main = text.split(['x', 'X', '#', ';', ',', '/']).next().unwrap_or_default();
    // "+60 (0)12-345 6789": the zero in brackets is not dialled after a country code.
    let main = main.replace("(0)", "");
    let mut digits = String::with_capacity(DIGITS_MAX + 2);
    for c in main.chars() {
        if let Some(d) = c.to_digit(10).or_else(|| wide_digit(c)) {
            digits.push(char::from(b'0' + d as u8));
        }
    }
    let plus = main.trim_start_matches(|c: char| !c.is_numeric() && c != '+' && c != '＋').starts_with(['+', '＋']);
    let (international, digits) = match digits.strip_prefix("00") {
        Some(rest) if !plus => (true, rest),
        _ => (plus, digits.as_str()),
    };
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) || is_filler(digits) {
        return None;
    }
    if international {
        return Some(of_a_known_market(digits).unwrap_or_else(|| by_the_library(digits)));
    }
    let Some(market) = market else {
        return Some(of_a_known_market(digits).unwrap_or_else(|| format!("~{digits}")));
    };
    national(digits, market).or_else(|| of_a_known_market(digits)).or_else(|| Some(format!("~{digits}")))
}

/// Full-width digits, and those of Thai and Arabic keyboards.
fn wide_digit(c: char) -> Option<u32> {
    let zero = match c {
        '０'..='９' => '０',
        '๐'..='๙' => '๐',
        '٠'..='٩' => '٠',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
}

/// A national number with or without its trunk zero.
fn national(digits: &str, market: Market) -> Option<String> {
    let subscriber = match market {
        Market::Singapore => digits,
        Market::Malaysia | Market::Thailand | Market::Indonesia => digits.strip_prefix('0').unwrap_or(digits),
    };
    is_subscriber(subscriber, market).then(|| format!("+{}{subscriber}", market.calling_code()))
}

/// Digits that begin with the calling code of one of the four markets and fit its plan.
fn of_a_known_market(digits: &str) -> Option<String> {
    Market::ALL.into_iter().find_map(|market| {
        let code = market.calling_code();
        let (head, rest) = digits.split_at_checked(2)?;
        if head
            != [char::from(b'0' + (code / 10) as u8), char::from(b'0' + (code % 10) as u8)].iter().collect::<String>()
        {
            return None;
        }
        let subscriber = if market == Market::Singapore { rest } else { rest.strip_prefix('0').unwrap_or(rest) };
        is_subscriber(subscriber, market).then(|| format!("+{code}{subscriber}"))
    })
}

/// Lengths and first digits of the national plans (ITU operational bulletins: SG 8 digits; MY 8–10; TH 8–9; ID 8–12).
fn is_subscriber(digits: &str, market: Market) -> bool {
    let first = digits.bytes().next().unwrap_or(b'0');
    match market {
        Market::Singapore => digits.len() == 8 && matches!(first, b'3' | b'6' | b'8' | b'9'),
        Market::Malaysia => match first {
            b'1' => (9..=10).contains(&digits.len()),
            b'3'..=b'9' => (8..=9).contains(&digits.len()),
            _ => false,
        },
        Market::Thailand => match first {
            b'6' | b'8' | b'9' => digits.len() == 9,
            b'2'..=b'5' | b'7' => digits.len() == 8,
            _ => false,
        },
        Market::Indonesia => match first {
            b'8' => (9..=12).contains(&digits.len()),
            b'2'..=b'7' | b'9' => (8..=11).contains(&digits.len()),
            _ => false,
        },
    }
}

/// `digits` begin with a country code that the short path does not know.
fn by_the_library(digits: &str) -> String {
    let with_plus = format!("+{digits}");
    match phonenumber::parse(None::<country::Id>, &with_plus) {
        Ok(number) => format!("+{}{}", number.code().value(), number.national()),
        // Not a number of any plan, but the same text still means the same line.
        Err(_) => with_plus,
    }
}

/// The line's digits all the same (+65 0000 0000), or the whole counting up from 1 or down to it: what people type into a
/// mandatory field. 9123 4567 and 012 345 6789 count only in part, and are real lines.
fn is_filler(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    let steps_by = |of: &[u8], by: i16| of.windows(2).all(|w| i16::from(w[1]) - i16::from(w[0]) == by);
    steps_by(&bytes[bytes.len() - DIGITS_MIN..], 0) || (bytes[0] == b'1' && steps_by(bytes, 1)) || steps_by(bytes, -1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, market: Option<Market>, expected: Option<&str>) {
        assert_eq!(phone(text, market).as_deref(), expected, "{text} {market:?}");
    }

    #[test]
    fn numbers() {
        use Market::*;
        for (text, market, expected) in [
            ("+65 9123 4567", None, "+6591234567"),
            ("9123-4567", Some(Singapore), "+6591234567"),
            ("006591234567", Some(Malaysia), "+6591234567"),
            ("6591234567", Some(Singapore), "+6591234567"),
            ("(65) 9123.4567", None, "+6591234567"),
            ("012-345 6789", Some(Malaysia), "+60123456789"),
            ("+60 (0)12-345 6789", Some(Malaysia), "+60123456789"),
            ("60123456789", Some(Malaysia), "+60123456789"),
            ("081-234-5678", Some(Thailand), "+66812345678"),
            ("๐๘๑-๒๓๔-๕๖๗๘", Some(Thailand), "+66812345678"),
            ("0812 3456 7890", Some(Indonesia), "+6281234567890"),
            ("+62 812 3456 7890 ext 3", Some(Indonesia), "+6281234567890"),
            ("+1 (513) 555-7611", Some(Singapore), "+15135557611"),
            ("+44 020 7946 0958", None, "+442079460958"),
            ("91234567", None, "~91234567"),
            ("513.555.7612", Some(Singapore), "~5135557612"),
        ] {
            check(text, market, Some(expected));
        }
    }

    #[test]
    fn non_values_never_match() {
        for text in [
            "",
            "n/a",
            "000",
            "00000000",
            "+65 0000 0000",
            "1234567",
            "12345678",
            "99999999",
            "+",
            "☎",
            &"9".repeat(10_000),
        ] {
            check(text, Some(Market::Singapore), None);
        }
    }
}
