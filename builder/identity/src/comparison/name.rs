//! Names: words paired by likeness, whatever their order.

use super::one_edit_apart;
use crate::aliases::Aliases;
use crate::column::Phrases;
use crate::field::{DIFFERENT, MISSING};
use crate::normalise::name::NAME_WORDS_MAX;
use crate::normalise::nickname;
use crate::table::Table;
use crate::vocabulary::NONE;

pub(crate) const ONE_CLOSE: u8 = 2;
pub(crate) const ONLY_CLOSE: u8 = 3;
pub(crate) const ONE_SAME: u8 = 4;
pub(crate) const ONLY_SAME: u8 = 5;
pub(crate) const ALL_CLOSE: u8 = 6;
pub(crate) const SAME_OR_CLOSE: u8 = 7;
pub(crate) const SAME: u8 = 8;

/// Jaro–Winkler similarity from which two words are spellings of one.
const CLOSE_MIN: f64 = 0.88;
/// Words of fewer letters are close only when one is the other's initial.
const CLOSE_CHARS_MIN: u32 = 3;
/// Likeness of a word and its initial, in thousandths: any spelling of the whole word is better.
const INITIAL_LIKENESS: u32 = 500;
/// Likeness of two words that stand for each other: a spelling that differs in one letter is better.
const ALIAS_LIKENESS: u32 = 850;

/// The level of agreement, and how rare the agreeing words are.
///
/// The shorter name's words are each paired with the most alike free word of the longer: `Tan Mei Ling` agrees with
/// `Mei Ling`, `Mei Lng Tan` and `Tan Meiling`.
pub(crate) fn compare(table: &Table, a: u32, b: u32) -> (u8, f32) {
    let names = &table.names;
    let (x, y) = (names.of[a as usize], names.of[b as usize]);
    if x == NONE || y == NONE {
        return (MISSING, 0.0);
    }
    let (mut short, mut long) = (names.words.row(x), names.words.row(y));
    if short.len() > long.len() {
        std::mem::swap(&mut short, &mut long);
    }
    if x == y {
        // Words of one name are not independent (Muhammad Ali, Tan Mei Ling): the name is no rarer than it occurs.
        let whole = names.whole.rarity(x);
        let bits = short.iter().map(|&w| names.word.rarity(w)).sum::<f32>().min(whole);
        return (if short.len() == 1 { ONLY_SAME } else { SAME }, bits);
    }
    let paired = pair_words(table, short, long);
    let words = short.len();
    let level = match (words, paired.same, paired.close) {
        (1, 1, _) => ONLY_SAME,
        (1, _, 1) => ONLY_CLOSE,
        (_, s, _) if s == words => SAME,
        (_, s, c) if s + c == words && s > 0 => SAME_OR_CLOSE,
        (_, 0, c) if c == words && words > 1 => ALL_CLOSE,
        (_, s, _) if s > 0 => ONE_SAME,
        (_, _, c) if c > 0 && words > 1 => ONE_CLOSE,
        _ => DIFFERENT,
    };
    (level, paired.rarity_bits)
}

struct Paired {
    same: usize,
    close: usize,
    rarity_bits: f32,
}

/// Pairs the words of the two names; with names of equal length it is the same whichever is called the shorter.
fn pair_words(table: &Table, short: &[u32], long: &[u32]) -> Paired {
    let names = &table.names;
    let mut paired = Paired { same: 0, close: 0, rarity_bits: 0.0 };
    let (mut short_used, mut long_used) = ([false; NAME_WORDS_MAX], [false; NAME_WORDS_MAX]);
    for (i, &w) in short.iter().enumerate() {
        if let Some(j) = (0..long.len()).find(|&j| !long_used[j] && long[j] == w) {
            (short_used[i], long_used[j]) = (true, true);
            paired.same += 1;
            paired.rarity_bits += names.word.rarity(w);
        }
    }
    if long.len() > short.len() {
        for (i, &w) in short.iter().enumerate() {
            if short_used[i] {
                continue;
            }
            if let Some((j, k)) = glued(names, w, long, &long_used) {
                (short_used[i], long_used[j], long_used[k]) = (true, true, true);
                paired.same += 1;
                paired.rarity_bits += names.word.rarity(w);
            }
        }
    }
    // The most alike words first, then the most alike of those that are left.
    while let Some((i, j)) = most_alike(table, (short, &short_used), (long, &long_used)) {
        (short_used[i], long_used[j]) = (true, true);
        paired.close += 1;
    }
    paired
}

/// Positions of the two free words that are most alike; of equals, those that read first.
fn most_alike(table: &Table, (short, short_used): Words<'_>, (long, long_used): Words<'_>) -> Option<(usize, usize)> {
    let word = |w: u32| table.names.word.get(w);
    let mut best: Option<(u32, usize, usize)> = None;
    for i in (0..short.len()).filter(|&i| !short_used[i]) {
        for j in (0..long.len()).filter(|&j| !long_used[j]) {
            let Some(alike) = likeness(table, short[i], long[j]) else { continue };
            let better = best.is_none_or(|(most, k, l)| {
                let ordered = |x: u32, y: u32| if word(x) <= word(y) { (word(x), word(y)) } else { (word(y), word(x)) };
                alike > most || (alike == most && ordered(short[i], long[j]) < ordered(short[k], long[l]))
            });
            if better {
                best = Some((alike, i, j));
            }
        }
    }
    best.map(|(_, i, j)| (i, j))
}

/// Words of a name, and which of them have found their counterpart.
type Words<'a> = (&'a [u32], &'a [bool; NAME_WORDS_MAX]);

/// Two free words that, written together, are `word`: Mei Ling and Meiling.
fn glued(names: &Phrases, word: u32, long: &[u32], used: &[bool]) -> Option<(usize, usize)> {
    let outline = names.word.outline(word);
    let may_begin = |&j: &usize| !used[j] && names.word.outline(long[j]).may_be_within(outline);
    let word = names.word.get(word);
    for j in (0..long.len()).filter(may_begin) {
        let head = names.word.get(long[j]);
        let Some(rest) = word.strip_prefix(head).filter(|rest| !used[j] && !rest.is_empty()) else { continue };
        if let Some(k) = (0..long.len()).find(|&k| k != j && !used[k] && names.word.get(long[k]) == rest) {
            return Some((j, k));
        }
    }
    None
}

/// Likeness in thousandths of two different words that may be one; `None` when they are not.
fn likeness(table: &Table, a: u32, b: u32) -> Option<u32> {
    let names = &table.names;
    let (own, other) = (table.word_groups[a as usize], table.word_groups[b as usize]);
    let listed = !own.is_empty()
        && !other.is_empty()
        && nickname::stand_for_one((names.word.get(a), own), (names.word.get(b), other));
    let alias = listed || Aliases::stand(&table.aliases.words, a, b);
    let alias = alias.then_some(ALIAS_LIKENESS);
    let (x, y) = (names.word.outline(a), names.word.outline(b));
    let shorter = x.chars().min(y.chars());
    let initial = shorter == 1;
    let may_be_one_edit = shorter > CLOSE_CHARS_MIN && x.may_be_one_edit_apart(y);
    let may_be_alike = shorter >= CLOSE_CHARS_MIN && x.likeness_max(y) >= CLOSE_MIN;
    if !(initial || may_be_one_edit || may_be_alike) {
        return alias;
    }
    let (a, b) = (names.word.get(a), names.word.get(b));
    if initial {
        return (a.chars().next() == b.chars().next()).then_some(INITIAL_LIKENESS).max(alias);
    }
    let one_edit = may_be_one_edit && one_edit_apart(a, b);
    let alike = strsim::jaro_winkler(a, b);
    (one_edit || alike >= CLOSE_MIN).then_some((alike * 1000.0) as u32).max(alias)
}

/// Whether two records can be of one person as far as their names say: one is silent, or every word of the shorter
/// name has its counterpart.
pub(crate) fn compatible(table: &Table, a: u32, b: u32) -> bool {
    is_compatible(compare(table, a, b).0)
}

pub(crate) fn is_compatible(level: u8) -> bool {
    matches!(level, MISSING | ONLY_CLOSE | ONLY_SAME | ALL_CLOSE | SAME_OR_CLOSE | SAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::name::name_words;

    #[test]
    fn levels() {
        for (a, b, expected) in [
            ("Tan Mei Ling", "Mei Ling Tan", SAME),
            ("Tan Mei Ling", "Mei Ling", SAME),
            ("Tan Mei Ling", "Tan Meiling", SAME),
            ("Tan Mei Ling", "Mei Lng Tan", SAME_OR_CLOSE),
            ("Tan Mei Ling", "M Tan", SAME_OR_CLOSE),
            ("Yusof Razak", "Yusuf Razaq", ALL_CLOSE),
            ("Mohd Razak", "Muhammad Razaq", SAME_OR_CLOSE),
            ("Tan Mei Ling", "Tan Ah Kow", ONE_SAME),
            ("Tan", "Tan Ah Kow", ONLY_SAME),
            ("Suharto", "Soeharto", ONLY_CLOSE),
            ("Suharto", "Suharto", ONLY_SAME),
            ("Tan Mei Ling", "Chen Mei Ling", ONE_SAME),
            ("陈 Mei Ling", "Tan Mei Ling", SAME_OR_CLOSE),
            ("William Searle", "Bill Searle", SAME_OR_CLOSE),
            ("Wei Tan", "John Smith", DIFFERENT),
            ("Priscilla Lim", "Prescilla Wong", ONE_CLOSE),
            ("Mei", "John", DIFFERENT),
            ("", "John", MISSING),
        ] {
            let mut table = Table::default();
            for text in [a, b] {
                table.names.push(&name_words(None, None, Some(text)));
            }
            table.complete_columns(None);
            table.choose_active(None);
            assert_eq!(compare(&table, 0, 1).0, expected, "{a} / {b}");
            assert_eq!(compare(&table, 1, 0), compare(&table, 0, 1), "{b} / {a}");
        }
    }
}
