//! From values as the systems write them to values that can be compared: one module per kind of value.
//!
//! Every normaliser returns `None` for a value that says nothing (`n/a`, `0000000`, `test@…`, 1970-01-01), so a
//! non-value can never match another one. None of them fails, and none reads more than [`INPUT_BYTES_MAX`] bytes.
//! Deliberately not here: whether a value is *trustworthy*, which only the data as a whole can tell (`trust`).

pub mod attribute;
pub mod date;
pub mod device;
pub mod email;
pub mod name;
pub mod nickname;
pub mod phone;
pub mod place;

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Longest text looked at, in bytes: nobody's name or address is longer, and a 10 MB field must not cost 10 MB of work.
pub const INPUT_BYTES_MAX: usize = 1024;

/// Texts that stand for "nothing here", after folding.
const NON_VALUES: [&str; 22] = [
    "",
    "-",
    "--",
    ".",
    "?",
    "0",
    "x",
    "xx",
    "xxx",
    "na",
    "n/a",
    "n.a.",
    "nil",
    "nill",
    "none",
    "null",
    "nan",
    "undefined",
    "unknown",
    "not available",
    "not provided",
    "tba",
];

/// No non-value is longer.
const NON_VALUE_BYTES_MAX: usize = 13;
/// First bytes of the non-values: most texts have another.
const NON_VALUE_FIRSTS: [u8; 8] = *b"-.?0xnut";

/// `text` cut to [`INPUT_BYTES_MAX`] at a character boundary, and trimmed.
pub(crate) fn bounded(text: &str) -> &str {
    trimmed(&text[..text.floor_char_boundary(INPUT_BYTES_MAX)])
}

fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        // Most texts have nothing around them.
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Whether the text, already folded, stands for no value.
pub(crate) fn is_non_value(folded: &str) -> bool {
    let text = trimmed(folded);
    let begins_as_one = text.bytes().next().is_none_or(|first| NON_VALUE_FIRSTS.contains(&first));
    text.len() <= NON_VALUE_BYTES_MAX && begins_as_one && NON_VALUES.contains(&text)
}

/// Lower case, compatibility forms resolved (full-width letters, ligatures), Latin diacritics, Arabic harakat,
/// Hebrew points and invisible marks removed.
///
/// Marks of other scripts stay: in Thai, vowels and tones are marks, and without them different names fold together.
///
/// Folding what is folded changes nothing.
pub(crate) fn fold(text: &str, into: &mut String) {
    into.clear();
    if text.is_ascii() {
        into.push_str(text);
        into.make_ascii_lowercase();
        return;
    }
    let nfkd = DecomposingNormalizerBorrowed::new_nfkd();
    // Invisible marks go first: between two others they keep them from their canonical order.
    for c in nfkd.normalize_iter(text.chars().filter(|&c| !is_ignorable_mark(c))) {
        match c {
            c if is_ignorable_mark(c) => {}
            c if c.is_ascii() => into.push(c.to_ascii_lowercase()),
            'ß' | 'ẞ' => into.push_str("ss"),
            'æ' | 'Æ' => into.push_str("ae"),
            'œ' | 'Œ' => into.push_str("oe"),
            'þ' | 'Þ' => into.push_str("th"),
            'ø' | 'Ø' => into.push('o'),
            'đ' | 'Đ' | 'ð' | 'Ð' => into.push('d'),
            'ł' | 'Ł' => into.push('l'),
            'ı' => into.push('i'),
            'ς' => into.push('σ'),
            '’' | '‘' | 'ʼ' | '`' | 'ʻ' | '′' => into.push('\''),
            '‐' | '‑' | '‒' | '–' | '—' | '−' => into.push('-'),
            c => into.extend(c.to_lowercase().filter(|&c| !is_ignorable_mark(c))),
        }
    }
}

/// Takes characters out of a folded text, which stays folded: marks that come to stand beside each other are put in order.
pub(crate) fn remove(folded: &mut String, removed: impl Fn(char) -> bool) {
    folded.retain(|c| !removed(c));
    if !folded.is_ascii() {
        let again = std::mem::take(folded);
        fold(&again, folded);
    }
}

/// Marks that are written or left out by turns, and characters that are not seen.
fn is_ignorable_mark(c: char) -> bool {
    // Nothing below is, and most of what is looked at is below.
    c >= '\u{00AD}'
        && matches!(c,
            '\u{0300}'..='\u{036F}'      // combining diacritics
            | '\u{0591}'..='\u{05C7}'    // Hebrew points
            | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{0640}' | '\u{061C}' // Arabic harakat, tatweel, mark
            | '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{180E}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Runs of letters, marks and digits: what stands between punctuation, space and symbols.
pub(crate) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(is_between_words).filter(|w| !w.is_empty())
}

fn is_between_words(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_alphanumeric();
    }
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{00A1}'..='\u{00BF}' | '×' | '÷' | '،' | '؛' | '؟' | '๏' | '๚' | '๛' | 'ฯ'
            | '\u{2010}'..='\u{2BFF}' | '\u{3001}'..='\u{3004}' | '\u{3007}'..='\u{3020}' | '・'
            | '\u{E000}'..='\u{F8FF}' | '\u{FFFC}' | '\u{FFFD}' | '\u{1F000}'..='\u{1FAFF}')
}

/// A decimal digit of an ASCII, full-width, Thai, Arabic or Persian keyboard.
pub(crate) fn digit(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let zero = match c {
        '０'..='９' => '０',
        '๐'..='๙' => '๐',
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding() {
        let mut out = String::new();
        for (text, expected) in [
            ("MEI", "mei"),
            ("Nguyễn", "nguyen"),
            ("Đặng", "dang"),
            ("Ｔａｎ", "tan"),
            ("e\u{301}\u{301}\u{301}", "e"),
            ("\u{202E}abc", "abc"),
            ("สมชาย", "สมชาย"),
            ("มั่น", "มั่น"),
            ("O’Brien", "o'brien"),
            ("مُحَمَّد", "محمد"),
        ] {
            fold(text, &mut out);
            assert_eq!(out, expected, "{text}");
        }
    }

    #[test]
    fn non_values_are_found_by_their_first_byte_and_length() {
        for text in NON_VALUES {
            assert!(is_non_value(text) && is_non_value(&format!(" {text}\u{3000}")), "{text}");
        }
        assert!(!is_non_value("nan nan") && !is_non_value(&format!("x{}x", " ".repeat(2000))));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "é".repeat(10_000_000);
        assert!(bounded(&long).len() <= INPUT_BYTES_MAX);
        assert!(bounded(&long).chars().all(|c| c == 'é'));
    }
}
