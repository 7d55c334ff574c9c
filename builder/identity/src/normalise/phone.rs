//! Phone numbers to E.164, with the market of the record as the default country.
//!
//! Numbers of the four markets, and international numbers of the countries that their customers have, take a short path
//! over the published numbering plans; everything else goes through the `phonenumber` crate, which is hundreds of times
//! slower and knows every country. Numbers that are nobody's own (emergency, toll-free, premium) are no value.

mod plan;

use kenal_types::Market;
use phonenumber::country;

use super::digit;

/// Longest text that can be a number with separators and words around it.
const TEXT_CHARS_MAX: usize = 40;
/// E.164: at most 15 digits with the country code.
const DIGITS_MAX: usize = 15;
/// Shorter numbers are emergency and service numbers of every country.
const DIGITS_MIN: usize = 7;
/// Longest result: the sign and the digits.
pub const PHONE_BYTES_MAX: usize = DIGITS_MAX + 1;

/// `+6591234567`; or `~` and the digits when the country cannot be told; `None` for a non-value.
///
/// At most [`PHONE_BYTES_MAX`] bytes. O(length); allocates the result.
pub fn phone(text: &str, market: Option<Market>) -> Option<String> {
    let text = super::bounded(text);
    // A character takes up to four bytes.
    if text.len() > TEXT_CHARS_MAX && text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return None;
    }
    let mut buffer = [0; DIGITS_MAX + 2];
    let (plus, count) = read(text, &mut buffer)?;
    let all = buffer.get(..count)?;
    let (international, digits) = match all {
        [b'0', b'0', rest @ ..] if !plus => (true, rest),
        _ => (plus, all),
    };
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) || is_filler(digits) {
        return None;
    }
    if !international && let Some(market) = market {
        let own = plan::of_a_market(digits).filter(|(of, _)| *of == market);
        if plan::is_service(digits, market) || own.is_some_and(|(_, rest)| plan::is_service(rest, market)) {
            return None;
        }
        if let Some(subscriber) = plan::national(digits, market) {
            return Some(in_market(market, subscriber));
        }
    }
    if let Some((market, rest)) = plan::of_a_market(digits) {
        if plan::is_service(rest, market) {
            return None;
        }
        if let Some(subscriber) = plan::after_code(rest, market) {
            return Some(in_market(market, subscriber));
        }
        if international && is_filler(rest) {
            return None;
        }
        // A slip of a finger. A trunk prefix, and the services that begin so, are the library's business.
        if international && !matches!(rest, [b'0' | b'1', ..] | [b'8', b'0', b'0', ..]) {
            return Some(signed('+', digits));
        }
    }
    match international {
        true if plan::is_mobile_of_a_neighbour(digits) || plan::is_line_of_a_neighbour(digits) => {
            Some(signed('+', digits))
        }
        true => by_the_library(digits),
        false => Some(signed('~', digits)),
    }
}

/// Digits of `text` up to an extension, and whether a plus stands before them. `None` when there are too many.
fn read(text: &str, digits: &mut [u8; DIGITS_MAX + 2]) -> Option<(bool, usize)> {
    let mut count = 0;
    let mut plus = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            // Extensions: "x12", "ext. 12", "#12", "samb. 12", "ต่อ 12"; or a second number.
            'x' | 'X' | '#' | ';' | ',' | '/' if count > 0 => break,
            'e' | 'E' | 's' | 'S' | 'ต' if count >= DIGITS_MIN => break,
            '+' | '＋' if count == 0 => plus = true,
            // "+60 (0)12-345 6789": the zero in brackets is not dialled after a country code.
            '(' if count > 0 && rest.starts_with("0)") => rest = &rest[2..],
            _ => {
                if let Some(d) = digit(c) {
                    *digits.get_mut(count)? = b'0' + d as u8;
                    count += 1;
                }
            }
        }
    }
    Some((plus, count))
}

fn signed(sign: char, digits: &[u8]) -> String {
    let mut text = String::with_capacity(digits.len() + 1);
    text.push(sign);
    text.extend(digits.iter().map(|&b| char::from(b)));
    text
}

/// A subscriber number of a market in E.164.
fn in_market(market: Market, subscriber: &[u8]) -> String {
    let code = market.calling_code();
    let mut text = String::with_capacity(PHONE_BYTES_MAX);
    text.push('+');
    // All four have calling codes of two digits.
    text.extend([code / 10, code % 10].map(|d| char::from(b'0' + d as u8)));
    text.extend(subscriber.iter().map(|&b| char::from(b)));
    text
}

/// `digits` begin with a country code that the short paths do not know, or do not fit its plan.
fn by_the_library(digits: &[u8]) -> Option<String> {
    let written = signed('+', digits);
    let read = |text: &str| {
        let number = phonenumber::parse(None::<country::Id>, text).ok()?;
        let kind = number.number_type(&phonenumber::metadata::DATABASE);
        Some((kind, format!("+{}{}", number.code().value(), number.national())))
    };
    match read(&written) {
        Some((kind, found)) if found == written => (!is_nobodys(kind)).then_some(written),
        // A trunk prefix is gone; what is left may be a number of a market. A second reading takes nothing more away, or
        // it was not one.
        Some((_, found)) if read(&found).is_some_and(|(_, again)| again == found) => phone(&found, None),
        // Not a number of any plan, but the same text still means the same line.
        _ => Some(written),
    }
}

fn is_nobodys(kind: phonenumber::Type) -> bool {
    use phonenumber::Type::*;
    matches!(kind, TollFree | PremiumRate | SharedCost | Emergency | ShortCode)
}

/// The line's digits all the same (+65 0000 0000), or the whole counting up from 0 or 1 or down: what people type into a
/// mandatory field. 9123 4567 and 012 345 6789 count only in part, and are real lines.
fn is_filler(digits: &[u8]) -> bool {
    let steps_by = |of: &[u8], by: i16| of.windows(2).all(|w| i16::from(w[1]) - i16::from(w[0]) == by);
    let Some(tail) = digits.len().checked_sub(DIGITS_MIN).map(|at| &digits[at..]) else { return false };
    steps_by(tail, 0) || (digits[0] == b'1' && counts_up(digits)) || steps_by(digits, -1)
}

/// 12345678, 1234567890.
fn counts_up(digits: &[u8]) -> bool {
    digits.windows(2).all(|w| w[1] == w[0] + 1 || (w[0] == b'9' && w[1] == b'0'))
}

#[cfg(test)]
mod tests;
