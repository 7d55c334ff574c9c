//! Numbering plans of the markets and of countries near them, as far as length and first digits.

use kenal_types::Market;

/// Digits of a number as written within `market`, with or without its trunk zero: the subscriber number of its plan.
///
/// Digits that begin with the calling code are read as such first: 62 812 3456 789 also fits the plan of Indonesia with
/// an area code of 062, which is written with its zero.
pub(super) fn national(digits: &[u8], market: Market) -> Option<&[u8]> {
    let own = of_a_market(digits).filter(|(of, _)| *of == market);
    own.and_then(|(_, rest)| after_code(rest, market)).or_else(|| after_code(digits, market))
}

/// Digits after a calling code, with or without a trunk zero that should not be there: the subscriber number.
pub(super) fn after_code(digits: &[u8], market: Market) -> Option<&[u8]> {
    let subscriber = match (market, digits) {
        (Market::Malaysia | Market::Thailand | Market::Indonesia, [b'0', rest @ ..]) => rest,
        _ => digits,
    };
    is_subscriber(subscriber, market).then_some(subscriber)
}

/// The market whose calling code the digits begin with, and the rest.
pub(super) fn of_a_market(digits: &[u8]) -> Option<(Market, &[u8])> {
    let (code, rest) = digits.split_first_chunk::<2>()?;
    let market = match code {
        b"65" => Market::Singapore,
        b"60" => Market::Malaysia,
        b"66" => Market::Thailand,
        b"62" => Market::Indonesia,
        _ => return None,
    };
    Some((market, rest))
}

/// Lengths and first digits of the national plans (ITU operational bulletins: SG 8 digits; MY 8–10; TH 8–9; ID 8–12).
fn is_subscriber(digits: &[u8], market: Market) -> bool {
    let count = digits.len();
    match (market, digits) {
        (Market::Singapore, [b'3' | b'6' | b'8' | b'9', ..]) => count == 8,
        // 1300 and 1800 are no mobiles, but `is_service` is asked before.
        (Market::Malaysia, [b'1', ..]) => (9..=10).contains(&count),
        (Market::Malaysia, [b'3'..=b'9', ..]) => (8..=9).contains(&count),
        (Market::Thailand, [b'6' | b'8' | b'9', ..] | [b'1', b'4', ..]) => count == 9,
        (Market::Thailand, [b'2'..=b'5' | b'7', ..] | [b'1', b'0' | b'6' | b'8' | b'9', ..]) => count == 8,
        (Market::Indonesia, [b'8', b'0', ..]) => false,
        (Market::Indonesia, [b'8', ..]) => (9..=12).contains(&count),
        (Market::Indonesia, [b'2'..=b'7' | b'9', ..]) => (8..=11).contains(&count),
        _ => false,
    }
}

/// Toll-free, shared-cost and premium numbers, with or without a trunk zero: a company's, never a customer's.
pub(super) fn is_service(digits: &[u8], market: Market) -> bool {
    let count = digits.len();
    match market {
        Market::Singapore => {
            (count == 11 && (digits.starts_with(b"1800") || digits.starts_with(b"1900")))
                || (count == 10 && (digits.starts_with(b"800") || digits.starts_with(b"7000")))
        }
        Market::Malaysia => {
            let digits = digits.strip_prefix(b"0").unwrap_or(digits);
            let starts = |start: &[u8]| digits.starts_with(start);
            digits.len() == 10
                && (starts(b"1300") || starts(b"1700") || starts(b"1800") || starts(b"1900") || starts(b"600"))
        }
        Market::Thailand => count == 10 && (digits.starts_with(b"1800") || digits.starts_with(b"1900")),
        Market::Indonesia => {
            let digits = digits.strip_prefix(b"0").unwrap_or(digits);
            (digits.starts_with(b"80") && digits.len() >= 7) || (count == 7 && digits.starts_with(b"1500"))
        }
    }
}

/// Calling code, first digits of a mobile number (in North America: of any), and its digits after the code.
const NEIGHBOURS: [(&[u8], &[u8], usize); 18] = [
    (b"84", b"35789", 9),
    (b"63", b"9", 10),
    (b"61", b"4", 9),
    (b"1", b"234567", 10),
    (b"44", b"7", 10),
    (b"86", b"1", 11),
    (b"852", b"569", 8),
    (b"853", b"6", 8),
    (b"886", b"9", 9),
    (b"91", b"6789", 10),
    (b"81", b"789", 10),
    (b"82", b"1", 10),
    (b"673", b"78", 7),
    (b"33", b"67", 9),
    (b"31", b"6", 9),
    (b"971", b"5", 9),
    (b"92", b"3", 10),
    (b"880", b"1", 10),
];

/// Whether the digits are a whole mobile number, as it is dialled from abroad, of a country whose people the markets have
/// as customers. Land lines, trunk prefixes and service numbers are left to the library.
pub(super) fn is_mobile_of_a_neighbour(digits: &[u8]) -> bool {
    NEIGHBOURS.iter().any(|&(code, first, count)| {
        digits.strip_prefix(code).is_some_and(|rest| rest.len() == count && first.contains(&rest[0]))
    })
}

/// Calling codes whose services and trunk prefixes begin with other digits than these. Most are not of neighbours, but what
/// a slip of a finger makes of 44.
const LINES: [(&[u8], &[u8]); 11] = [
    (b"44", b"12467"),
    (b"61", b"2347"),
    (b"33", b"1234567"),
    (b"34", b"1234567"),
    (b"41", b"1234567"),
    (b"43", b"1234567"),
    (b"45", b"234567"),
    (b"46", b"13458"),
    (b"47", b"2345679"),
    (b"48", b"123456"),
    (b"49", b"234567"),
];

/// Whether the digits are of a line that somebody has, or would be but for a slip: no service number, and without a trunk
/// prefix.
pub(super) fn is_line_of_a_neighbour(digits: &[u8]) -> bool {
    LINES.iter().any(|&(code, first)| {
        digits.strip_prefix(code).is_some_and(|rest| rest.first().is_some_and(|d| first.contains(d)))
    })
}
