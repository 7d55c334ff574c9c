//! Postcodes, cities and streets.

use super::{bounded, fold, is_non_value};

/// Words of an address written in several ways, and what they become; an empty text drops the word.
const STREET_WORDS: [(&str, &str); 36] = [
    ("st", "street"),
    ("str", "street"),
    ("rd", "road"),
    ("ave", "avenue"),
    ("av", "avenue"),
    ("dr", "drive"),
    ("drv", "drive"),
    ("cr", "crescent"),
    ("cres", "crescent"),
    ("crst", "crescent"),
    ("pl", "place"),
    ("cl", "close"),
    ("ct", "court"),
    ("ln", "lane"),
    ("tce", "terrace"),
    ("blvd", "boulevard"),
    ("hwy", "highway"),
    ("jl", "jalan"),
    ("jln", "jalan"),
    ("lor", "lorong"),
    ("lrg", "lorong"),
    ("tmn", "taman"),
    ("kg", "kampung"),
    ("kampong", "kampung"),
    ("gg", "gang"),
    ("blk", "block"),
    ("apt", "apartment"),
    ("bldg", "building"),
    ("lvl", "level"),
    ("flr", "floor"),
    ("fl", "floor"),
    ("ถ", "ถนน"),
    ("no", ""),
    ("nomor", ""),
    ("unit", ""),
    ("the", ""),
];

const CITY_NAMES: [(&str, &str); 10] = [
    ("kl", "kuala lumpur"),
    ("k lumpur", "kuala lumpur"),
    ("jb", "johor bahru"),
    ("johor baru", "johor bahru"),
    ("pj", "petaling jaya"),
    ("bkk", "bangkok"),
    ("krung thep", "bangkok"),
    ("กรุงเทพมหานคร", "bangkok"),
    ("jkt", "jakarta"),
    ("spore", "singapore"),
];

/// Characters kept of a postcode or membership number.
const CODE_CHARS_MAX: usize = 24;
/// Longest street in words; more is a delivery note.
const STREET_WORDS_MAX: usize = 12;

/// Letters and digits of a postcode, upper case; `None` when it is all one digit (00000, 99999).
pub fn postcode(text: &str) -> Option<String> {
    code(text)
}

/// Letters and digits of a number that a card, form or letter carries, upper case; `None` for fillers.
pub fn code(text: &str) -> Option<String> {
    let mut folded = String::new();
    fold(bounded(text), &mut folded);
    if is_non_value(&folded) {
        return None;
    }
    let code: String =
        folded.chars().filter(|c| c.is_alphanumeric()).take(CODE_CHARS_MAX).collect::<String>().to_uppercase();
    let first = code.chars().next()?;
    (code.len() >= 3 && !code.chars().all(|c| c == first)).then_some(code)
}

/// Words of a city, folded, with the region's abbreviations written out.
pub fn city(text: &str) -> Option<String> {
    let mut folded = String::new();
    fold(bounded(text), &mut folded);
    if is_non_value(&folded) {
        return None;
    }
    let name = words(&folded).collect::<Vec<_>>().join(" ");
    let name = CITY_NAMES.iter().find(|(from, _)| *from == name).map_or(name, |&(_, to)| to.to_owned());
    name.chars().any(char::is_alphabetic).then_some(name)
}

/// Words and numbers of a street address in the order written; abbreviations written out.
///
/// `None` when nothing is left.
pub fn street(text: &str) -> Option<Vec<String>> {
    let mut folded = String::new();
    fold(bounded(text), &mut folded);
    if is_non_value(&folded) {
        return None;
    }
    let found: Vec<String> = words(&folded)
        .map(|w| STREET_WORDS.iter().find(|(from, _)| *from == w).map_or(w, |&(_, to)| to))
        .filter(|w| !w.is_empty())
        .take(STREET_WORDS_MAX)
        .map(str::to_owned)
        .collect();
    (!found.is_empty()).then_some(found)
}

/// Runs of letters, marks and digits. A character of no script's alphabet, apart from combining marks, ends a word.
pub(crate) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| c.is_ascii_punctuation() || c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postcodes() {
        for (text, expected) in [
            (" 238 801 ", Some("238801")),
            ("S(238801)", Some("S238801")),
            ("sw1a-1aa", Some("SW1A1AA")),
            ("00000", None),
            ("999999", None),
            ("n/a", None),
            ("", None),
            ("10", None),
        ] {
            assert_eq!(postcode(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn cities() {
        for (text, expected) in [
            ("KL", Some("kuala lumpur")),
            ("Kuala-Lumpur ", Some("kuala lumpur")),
            ("S'pore", Some("s pore")),
            ("กรุงเทพมหานคร", Some("bangkok")),
            ("unknown", None),
            ("123", None),
        ] {
            assert_eq!(city(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn streets() {
        for (text, expected) in [
            ("No. 12, Jln Ampang", Some("12 jalan ampang")),
            ("Blk 5 #03-12 Orchard Rd", Some("block 5 03 12 orchard road")),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(street(text).map(|w| w.join(" ")).as_deref(), expected, "{text}");
        }
        assert_eq!(street(&"a ".repeat(5000)).map(|w| w.len()), Some(STREET_WORDS_MAX));
    }
}
