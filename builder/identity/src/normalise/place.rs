//! Postcodes, cities and streets of the region, and of Britain and Australia.
//!
//! Deliberately not here: geography. A street is words and numbers in the order written; which of them is the building
//! and which the district is not told apart.

mod words;

use kenal_types::Market;

use super::{bounded, digit, fold, is_non_value};

/// Characters kept of a postcode or membership number.
pub const CODE_CHARS_MAX: usize = 24;
/// Longest street in words; more is a delivery note.
pub const STREET_WORDS_MAX: usize = 12;
/// Characters kept of a word of a street.
pub const STREET_WORD_CHARS_MAX: usize = 20;
/// Characters kept of a city.
pub const CITY_CHARS_MAX: usize = 64;

// What has been normalised is read whole when it is normalised again.
const _: () = assert!(STREET_WORDS_MAX * (STREET_WORD_CHARS_MAX * 4 + 1) <= super::INPUT_BYTES_MAX);
const _: () = assert!(CITY_CHARS_MAX * 4 <= super::INPUT_BYTES_MAX);

/// Codes of all markets that people type into a mandatory field.
const NON_CODES: [&str; 5] = ["12345", "123456", "1234", "54321", "654321"];

/// Letters and digits of a postcode, upper case; `None` for fillers (00000, 99999, 12345).
pub fn postcode(text: &str) -> Option<String> {
    postcode_in(text, None)
}

/// The same by the rules of a market: a zero that a spreadsheet has dropped comes back.
///
/// A code that does not fit the market stays as it is: it may be one of another country. At most [`CODE_CHARS_MAX`]
/// characters.
pub fn postcode_in(text: &str, market: Option<Market>) -> Option<String> {
    let mut code = code(text)?;
    // S(238801), Singapore 238801.
    for prefix in ["SINGAPORE", "SPORE", "SG", "S"] {
        if let Some(rest) = code.strip_prefix(prefix).filter(|rest| rest.len() == 6 && is_digits(rest)) {
            code = rest.to_owned();
            break;
        }
    }
    if NON_CODES.contains(&code.as_str()) {
        return None;
    }
    // No Thai or Indonesian code begins with 0: only Singapore and the north of Malaysia lose one.
    let length = match market {
        Some(Market::Singapore) => 6,
        Some(Market::Malaysia) => 5,
        Some(Market::Thailand | Market::Indonesia) | None => return Some(code),
    };
    if code.len() + 1 == length && is_digits(&code) {
        code.insert(0, '0');
    }
    Some(code)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Letters and digits of a number that a card, form or letter carries, upper case; `None` for fillers.
pub fn code(text: &str) -> Option<String> {
    let mut folded = String::new();
    fold(bounded(text), &mut folded);
    if is_non_value(&folded) {
        return None;
    }
    let mut code = String::with_capacity(folded.len().min(CODE_CHARS_MAX));
    if folded.is_ascii() {
        let kept = folded.bytes().filter(u8::is_ascii_alphanumeric).take(CODE_CHARS_MAX);
        code.extend(kept.map(char::from));
    } else {
        let kept = folded.chars().filter(|c| c.is_alphanumeric()).take(CODE_CHARS_MAX);
        code.extend(kept.map(|c| digit(c).and_then(|d| char::from_digit(d, 10)).unwrap_or(c)));
        super::remove(&mut code, |_| false);
    }
    let first = code.chars().next()?;
    let said = code.chars().any(|c| c != first) && !is_non_value(&code);
    code.make_ascii_uppercase();
    (code.len() >= 3 && said).then_some(code)
}

/// Words of a city, folded, with the region's abbreviations and other names written out.
///
/// At most [`CITY_CHARS_MAX`] characters. O(length); allocates the name and one copy of the text.
pub fn city(text: &str) -> Option<String> {
    let mut folded = String::new();
    fold(bounded(text), &mut folded);
    if is_non_value(&folded) {
        return None;
    }
    if folded.contains('\'') {
        super::remove(&mut folded, |c| c == '\'');
    }
    let mut name = String::with_capacity(folded.len().min(CITY_CHARS_MAX));
    let mut chars = 0;
    for word in super::words(&folded) {
        let word = words::of_city(word);
        let count = word.chars().count() + usize::from(!name.is_empty());
        if chars + count > CITY_CHARS_MAX {
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(word);
        chars += count;
    }
    if let Some(written_out) = words::city(&name) {
        return Some(written_out.to_owned());
    }
    (name.contains(char::is_alphabetic) && !is_non_value(&name)).then_some(name)
}

/// Words and numbers of a street address in the order written; abbreviations written out, a unit ("#03-12") or a range of
/// house numbers one word without zeros before it ("3-12"), RT and RW one word with their number.
///
/// `None` when nothing is left. At most [`STREET_WORDS_MAX`] words of [`STREET_WORD_CHARS_MAX`] characters. O(length).
pub fn street(text: &str) -> Option<Vec<String>> {
    let mut folded = String::new();
    fold(bounded(text), &mut folded);
    if is_non_value(&folded) {
        return None;
    }
    if folded.contains('\'') {
        super::remove(&mut folded, |c| c == '\'');
    }
    let mut found: Vec<String> = Vec::with_capacity(8);
    // RT and RW wait for their numbers: "RT 03/RW 05", "RT/RW 003/005".
    let mut waiting: [&str; 2] = [""; 2];
    for piece in Pieces(&folded) {
        if found.len() == STREET_WORDS_MAX {
            break;
        }
        match piece {
            Piece::Word(word @ ("rt" | "rw")) => {
                let free = waiting.iter().position(|w| w.is_empty() || *w == word);
                free.into_iter().for_each(|at| waiting[at] = word);
            }
            Piece::Word(word) => {
                waiting = [""; 2];
                let word = words::of_street(cut(word));
                if !matches!(word, "" | "rt" | "rw") {
                    found.push(word.to_owned());
                }
            }
            Piece::Numbers(first, second) => {
                let mut text = String::with_capacity(8);
                if !waiting[0].is_empty() {
                    text.push_str(waiting[0]);
                    waiting = [waiting[1], ""];
                }
                text.push_str(significant(first));
                if !second.is_empty() {
                    text.push('-');
                    text.push_str(significant(second));
                }
                text.truncate(STREET_WORD_CHARS_MAX);
                // A cut between the numbers of a range.
                text.truncate(text.trim_end_matches('-').len());
                found.push(text);
            }
        }
    }
    let said = match found.as_slice() {
        [] => false,
        [word] => !is_non_value(word),
        [first, second] => !is_non_value(&format!("{first} {second}")),
        _ => true,
    };
    said.then_some(found)
}

/// A word of at most [`STREET_WORD_CHARS_MAX`] characters. One that is cut does not end in digits, which read alone would
/// be a number.
fn cut(word: &str) -> &str {
    match word.char_indices().nth(STREET_WORD_CHARS_MAX) {
        Some((end, _)) => word[..end].trim_end_matches(|c: char| c.is_ascii_digit()),
        None => word,
    }
}

/// A number without the zeros before it.
fn significant(digits: &str) -> &str {
    let text = digits.trim_start_matches('0');
    if text.is_empty() { "0" } else { text }
}

/// A part of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Word(&'a str),
    /// A number, and the second of "03-12".
    Numbers(&'a str, &'a str),
}

/// The parts of a folded address.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let mut words = super::words(self.0);
        let word = words.next()?;
        let end = word.as_ptr().addr() - self.0.as_ptr().addr() + word.len();
        let rest = &self.0[end..];
        if !is_digits(word) {
            // "rt03" is RT 3.
            if let Some(("rt" | "rw", number)) = word.split_at_checked(2)
                && !number.is_empty()
                && is_digits(number)
            {
                self.0 = &self.0[end - number.len()..];
                return Some(Piece::Word(&word[..2]));
            }
            self.0 = rest;
            return Some(Piece::Word(word));
        }
        if let Some(after) = rest.strip_prefix('-') {
            let second = super::words(after).next().filter(|w| after.starts_with(w) && is_digits(w));
            if let Some(second) = second {
                self.0 = &after[second.len()..];
                return Some(Piece::Numbers(word, second));
            }
        }
        self.0 = rest;
        Some(Piece::Numbers(word, ""))
    }
}

#[cfg(test)]
mod tests;
