//! Person names of the region as sets of words: order, titles and words of descent (`bin`, `a/l`) do not count.
//!
//! Deliberately not here: which word is the family name. "Tan Mei Ling", "Mei Ling Tan" and "Tan, Mei Ling" are written
//! by the same people, and many have no family name at all; comparison pairs the words by likeness instead.

use super::place::words;
use super::{bounded, fold, is_non_value};

/// Words kept of one name; the longest names of the region have six.
pub const NAME_WORDS_MAX: usize = 6;
/// Characters kept of one word.
pub const WORD_CHARS_MAX: usize = 32;

/// Titles, dropped where a name begins as long as another word remains. `sri` follows `tan` or `dato` in a title only.
const TITLES: [&str; 45] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mdm",
    "madam",
    "dr",
    "prof",
    "professor",
    "sir",
    "rev",
    "datuk",
    "dato",
    "datin",
    "tun",
    "toh",
    "puan",
    "encik",
    "en",
    "cik",
    "tuan",
    "haji",
    "hajah",
    "hajjah",
    "hj",
    "hjh",
    "ustaz",
    "khun",
    "khunying",
    "nai",
    "nang",
    "bapak",
    "pak",
    "ibu",
    "bu",
    "sdr",
    "sdri",
    "ir",
    "drs",
    "dra",
    "นาย",
    "นาง",
    "นางสาว",
    "คุณ",
    "ดร",
];
/// Words of descent, dropped anywhere but at the beginning.
const DESCENT: [&str; 16] = [
    "bin",
    "binti",
    "binte",
    "bte",
    "bt",
    "b",
    "ibn",
    "al",
    "ap",
    "anak",
    "lelaki",
    "perempuan",
    "so",
    "do",
    "van",
    "de",
];
/// Spellings and abbreviations of the region's most written words, which likeness of letters does not bring together.
const SPELLINGS: [(&str, &str); 14] = [
    ("mohd", "muhammad"),
    ("muhd", "muhammad"),
    ("mhd", "muhammad"),
    ("mohammed", "muhammad"),
    ("mohamed", "muhammad"),
    ("mohamad", "muhammad"),
    ("mohammad", "muhammad"),
    ("muhamad", "muhammad"),
    ("muhammed", "muhammad"),
    ("muhamed", "muhammad"),
    ("abd", "abdul"),
    ("abdull", "abdul"),
    ("noor", "nur"),
    ("nor", "nur"),
];
/// Words that no person is called.
const NON_NAMES: [&str; 18] = [
    "test",
    "tester",
    "guest",
    "customer",
    "caller",
    "anonymous",
    "unknown",
    "user",
    "admin",
    "noname",
    "none",
    "null",
    "na",
    "nil",
    "account",
    "visitor",
    "pelanggan",
    "tamu",
];

/// The words of a name, folded and sorted; empty when it names nobody.
///
/// `given` and `family` are used when both are there, else `full`, else what there is.
pub fn name_words(given: Option<&str>, family: Option<&str>, full: Option<&str>) -> Vec<String> {
    let filled = |text: Option<&'_ str>| text.is_some_and(|t| !t.trim().is_empty());
    let mut found = Vec::with_capacity(4);
    if (filled(given) && filled(family)) || !filled(full) {
        for part in [given, family].into_iter().flatten() {
            push_words(part, &mut found);
        }
    } else if let Some(full) = full {
        push_words(full, &mut found);
    }
    found.truncate(NAME_WORDS_MAX);
    found.sort_unstable();
    found
}

fn push_words(text: &str, found: &mut Vec<String>) {
    let mut folded = String::new();
    fold(bounded(text), &mut folded);
    if is_non_value(&folded) {
        return;
    }
    // "a/l", "s/o": descent written with a slash, which would otherwise fall apart into initials. An apostrophe or a
    // hyphen inside a name joins: O'Brien, Al-Amin; "Abdul-Rahman" and "Abdul Rahman" meet in comparison.
    let joined = folded.replace(['\'', '.'], "").replace("a/l", " al ").replace("a/p", " ap ").replace("s/o", " so ");
    let joined = joined.replace("d/o", " do ");
    let mut all: Vec<&str> = words(&joined).filter(|w| !w.chars().any(char::is_numeric)).collect();
    while all.len() > 1 && (TITLES.contains(&all[0]) || (all.len() > 2 && is_double_title(all[0], all[1]))) {
        all.remove(0);
    }
    for (at, word) in all.into_iter().enumerate() {
        let descent = (at > 0 || !found.is_empty()) && DESCENT.contains(&word);
        if !descent && !NON_NAMES.contains(&word) && word.chars().any(char::is_alphabetic) {
            let word = SPELLINGS.iter().find(|(from, _)| *from == word).map_or(word, |&(_, to)| to);
            found.push(word.chars().take(WORD_CHARS_MAX).collect());
        }
    }
}

/// "Tan Sri", "Dato Seri": a title though "Tan" alone is a family name.
fn is_double_title(first: &str, second: &str) -> bool {
    matches!((first, second), ("tan" | "toh" | "puan", "sri") | ("sri" | "seri", _))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (full, expected) in [
            ("Tan Mei Ling", "ling mei tan"),
            ("MEI LING, Tan", "ling mei tan"),
            ("Mdm. Tan Mei Ling", "ling mei tan"),
            ("Ahmad bin Abdullah", "abdullah ahmad"),
            ("Siti binti Abu Bakar", "abu bakar siti"),
            ("Raju a/l Muthu", "muthu raju"),
            ("Mohd. Razak", "muhammad razak"),
            ("Priya D/O Raman", "priya raman"),
            ("Tan Sri Ahmad Rahman", "ahmad rahman"),
            ("Dato' Seri Ahmad Rahman", "ahmad rahman"),
            ("Tan Sri", "sri tan"),
            ("นางสาว สมหญิง ใจดี", "สมหญิง ใจดี"),
            ("Nguyễn Thị Hoa", "hoa nguyen thi"),
            ("O'Brien", "obrien"),
            ("Suharto", "suharto"),
            ("Caller: +65 9123 4567", ""),
            ("Dr", "dr"),
            ("n/a", ""),
            ("test test", ""),
            ("😀", ""),
            ("J. Tan", "j tan"),
        ] {
            assert_eq!(name_words(None, None, Some(full)).join(" "), expected, "{full}");
        }
    }

    #[test]
    fn parts_win_over_the_whole_only_when_both_are_there() {
        assert_eq!(name_words(Some("Mei"), Some("Tan"), Some("x")).join(" "), "mei tan");
        assert_eq!(name_words(Some("Mei"), None, Some("Mei Tan")).join(" "), "mei tan");
        assert_eq!(name_words(Some("Mei"), None, None).join(" "), "mei");
        assert_eq!(name_words(Some(" "), Some("Tan"), None).join(" "), "tan");
    }

    #[test]
    fn a_very_long_name_is_bounded() {
        let words = name_words(None, None, Some(&"x".repeat(10_000_000)));
        assert!(words.iter().all(|w| w.chars().count() <= WORD_CHARS_MAX));
        assert!(name_words(None, None, Some(&"ab ".repeat(1_000_000))).len() <= NAME_WORDS_MAX);
    }
}
