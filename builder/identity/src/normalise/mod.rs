//! From values as the systems write them to values that can be compared: one module per kind of value.
//!
//! Every normaliser returns `None` for a value that says nothing (`n/a`, `0000000`, `test@…`, 1970-01-01), so a
//! non-value can never match another one. None of them fails, and none reads more than [`INPUT_BYTES_MAX`] bytes.
//! Deliberately not here: whether a value is *trustworthy*, which only the data as a whole can tell (`trust`).

pub mod date;
pub mod device;
pub mod email;
pub mod name;
pub mod phone;
pub mod place;

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Longest text looked at, in bytes: nobody's name or address is longer, and a 10 MB field must not cost 10 MB of work.
pub const INPUT_BYTES_MAX: usize = 512;

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

/// `text` cut to [`INPUT_BYTES_MAX`] at a character boundary, and trimmed.
pub(crate) fn bounded(text: &str) -> &str {
    text[..text.floor_char_boundary(INPUT_BYTES_MAX)].trim()
}

/// Whether the text, already folded, stands for no value.
pub(crate) fn is_non_value(folded: &str) -> bool {
    NON_VALUES.contains(&folded.trim())
}

/// Lower case, compatibility forms resolved (full-width letters, ligatures), Latin diacritics, Arabic harakat,
/// Hebrew points and invisible marks removed.
///
/// Marks of other scripts stay: in Thai, vowels and tones are marks, and without them different names fold together.
pub(crate) fn fold(text: &str, into: &mut String) {
    into.clear();
    if text.is_ascii() {
        into.extend(text.chars().map(|c| c.to_ascii_lowercase()));
        return;
    }
    let nfkd = DecomposingNormalizerBorrowed::new_nfkd();
    for c in nfkd.normalize_iter(text.chars()) {
        if is_ignorable_mark(c) {
            continue;
        }
        match c {
            'ß' => into.push_str("ss"),
            'æ' | 'Æ' => into.push_str("ae"),
            'ø' | 'Ø' => into.push('o'),
            'đ' | 'Đ' | 'ð' | 'Ð' => into.push('d'),
            'ł' | 'Ł' => into.push('l'),
            'ı' => into.push('i'),
            '’' | '‘' | 'ʼ' | '`' => into.push('\''),
            '‐' | '‑' | '–' | '—' => into.push('-'),
            c => into.extend(c.to_lowercase().filter(|&c| !is_ignorable_mark(c))),
        }
    }
}

fn is_ignorable_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}'      // combining diacritics
        | '\u{0591}'..='\u{05C7}'    // Hebrew points
        | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{0640}' // Arabic harakat, tatweel
        | '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}')
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
    fn a_long_text_is_cut_between_characters() {
        let long = "é".repeat(10_000_000);
        assert!(bounded(&long).len() <= INPUT_BYTES_MAX);
        assert!(bounded(&long).chars().all(|c| c == 'é'));
    }
}
