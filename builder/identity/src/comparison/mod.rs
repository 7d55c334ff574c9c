//! How far two records agree, field by field, as levels and the rarity of what they agree on.
//!
//! Level 0 means that one of the two says nothing; then levels rise from "different" to "the same". What a level weighs
//! is the fitted model's business (`model`), not this module's: nothing here is learnt.
//!
//! Read [`compare`]; `name`, `contact`, `place` and `attribute` hold the comparisons that need more than a line.

mod attribute;
pub(crate) mod contact;
pub(crate) mod name;
mod place;

use crate::column::{Dates, Single};
use crate::field::*;
use crate::normalise::date::{self, DateAgreement};
use crate::table::Table;
use crate::vocabulary::{NONE, for_each_shared};

/// One compared pair. It is the same for (a, b) and (b, a).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Comparison {
    pub levels: [u8; Field::COUNT],
    /// `-log2` of the frequency of what is agreed on; 0 where a level has no value of its own.
    pub rarity_bits: [f32; Field::COUNT],
    /// People seen under the agreed email, phone or device, when more than one.
    pub sharers: [u16; Field::COUNT],
    /// The agreeing part of the email is made of the name.
    pub email_made_of_name: bool,
}

impl Comparison {
    #[inline]
    fn set(&mut self, field: Field, (level, rarity_bits): (u8, f32)) {
        self.levels[field.at()] = level;
        self.rarity_bits[field.at()] = rarity_bits;
        self.sharers[field.at()] = 0;
    }

    /// Takes one field over from another comparison.
    pub(crate) fn take(&mut self, field: Field, from: &Comparison) {
        let at = field.at();
        self.levels[at] = from.levels[at];
        self.rarity_bits[at] = from.rarity_bits[at];
        self.sharers[at] = from.sharers[at];
        if field == Field::EMAIL {
            self.email_made_of_name = from.email_made_of_name;
        }
    }

    #[inline]
    pub(crate) fn level(&self, field: Field) -> u8 {
        self.levels[field.at()]
    }

    /// Levels in four bits each: equal patterns are equal numbers.
    pub(crate) fn pattern(&self) -> u64 {
        self.levels.iter().rev().fold(0, |p, &level| p << 4 | u64::from(level))
    }
}

/// The level of `field` in a [`Comparison::pattern`].
pub(crate) fn level_in(pattern: u64, field: Field) -> usize {
    (pattern >> (4 * field.at())) as usize & 15
}

/// Compares two records.
pub(crate) fn compare(table: &Table, a: u32, b: u32) -> Comparison {
    let mut found = Comparison::default();
    table.active.iter().for_each(|&field| compare_in(table, field, a, b, &mut found));
    found
}

/// Compares two records in one field, in place of what was found of it before.
#[inline]
pub(crate) fn compare_in(table: &Table, field: Field, a: u32, b: u32, found: &mut Comparison) {
    let agreement = match field {
        Field::NAME => name::compare(table, a, b),
        Field::BIRTH_DATE => dates(&table.births, a, b),
        Field::EMAIL => return contact::emails(table, a, b, found),
        Field::PHONE => return contact::phones(table, a, b, found),
        Field::STREET => place::texts(&table.streets, a, b),
        Field::LOCALITY => place::localities(table, a, b),
        Field::DEVICE => return contact::devices(table, a, b, found),
        Field::PURCHASES => purchases(table, a, b),
        Field::NUMBER => numbers(&table.numbers, a, b),
        Field::ACCOUNTS => accounts(table, a, b),
        other => match other.attribute_number() {
            Some(n) => attribute::compare(table, n, a, b),
            None => return,
        },
    };
    found.set(field, agreement);
}

fn accounts(table: &Table, a: u32, b: u32) -> (u8, f32) {
    let source = table.source[a as usize];
    let one = source == table.source[b as usize] && table.one_record[usize::from(source)];
    let conflict = one && table.standing[a as usize].active && table.standing[b as usize].active;
    (if conflict { ACCOUNTS_CONFLICT } else { ACCOUNTS_NO_CONFLICT }, 0.0)
}

#[inline]
pub(crate) fn dates(column: &Dates, a: u32, b: u32) -> (u8, f32) {
    let (x, y) = (column.of[a as usize], column.of[b as usize]);
    if x == NONE || y == NONE {
        return (MISSING, 0.0);
    }
    if x == y {
        return (DATE_SAME, column.rarity(x));
    }
    match date::agreement(column.values[x as usize], column.values[y as usize]) {
        DateAgreement::Different => (DIFFERENT, 0.0),
        DateAgreement::Partial => (DATE_PARTIAL, 0.0),
        DateAgreement::Near => (DATE_NEAR, 0.0),
        DateAgreement::Same => (DATE_SAME, column.rarity(x).min(column.rarity(y))),
    }
}

/// Whether two birth dates are known and contradict each other.
pub(crate) fn births_conflict(table: &Table, a: u32, b: u32) -> bool {
    (DIFFERENT..DATE_NEAR).contains(&dates(&table.births, a, b).0)
}

fn purchases(table: &Table, a: u32, b: u32) -> (u8, f32) {
    let bought = &table.purchases;
    if !bought.any[a as usize] || !bought.any[b as usize] {
        return (MISSING, 0.0);
    }
    let mut same_order: Option<f32> = None;
    for_each_shared(bought.orders.row(a), bought.orders.row(b), |number| {
        let bits = bought.order_rarity(number);
        same_order = Some(same_order.map_or(bits, |best| best.max(bits)));
    });
    if let Some(bits) = same_order {
        return (ORDER_SAME, bits);
    }
    let mut same_basket = false;
    for_each_shared(bought.baskets.row(a), bought.baskets.row(b), |_| same_basket = true);
    if same_basket {
        return (BASKET_SAME, 0.0);
    }
    match bought.overlap(a, b) {
        (share, count) if share >= 0.5 && count >= 3 => (ITEMS_MANY, 0.0),
        (share, count) if share >= 0.2 && count >= 2 => (ITEMS_SOME, 0.0),
        _ => (DIFFERENT, 0.0),
    }
}

fn numbers(column: &Single, a: u32, b: u32) -> (u8, f32) {
    let Some((x, y)) = column.both(a, b) else { return (MISSING, 0.0) };
    if x == y {
        return (NUMBER_SAME, column.vocabulary.rarity(x));
    }
    let one_slip = one_edit_apart(column.vocabulary.get(x), column.vocabulary.get(y));
    (if one_slip { NUMBER_SLIP } else { DIFFERENT }, 0.0)
}

/// At most one character inserted, dropped or replaced, or two neighbours swapped: restricted Damerau–Levenshtein
/// distance of at most 1, in one pass and without a table.
pub(crate) fn one_edit_apart(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    // A character takes up to four bytes, so a difference of more than that is more than one character.
    if long.len() - short.len() > 4 {
        return false;
    }
    let same = short.chars().zip(long.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum::<usize>();
    let (x, y) = (&short[same..], &long[same..]);
    let (mut xs, mut ys) = (x.chars(), y.chars());
    let (x0, y0) = (xs.next(), ys.next());
    let (after_x, after_y) = (xs.as_str(), ys.as_str());
    let (Some(x0), Some(y0)) = (x0, y0) else {
        // One is a prefix of the other.
        return after_x.is_empty() && after_y.is_empty();
    };
    let swapped = || xs.clone().next() == Some(y0) && ys.clone().next() == Some(x0) && after(after_x) == after(after_y);
    after_x == after_y || x == after_y || after_x == y || swapped()
}

/// The text without its first character.
fn after(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_fit_their_patterns() {
        for field in Field::all() {
            for level in [1, LEVELS_MAX as u8 - 1, 15] {
                let mut found = Comparison::default();
                found.set(field, (level, 0.0));
                assert_eq!(level_in(found.pattern(), field), usize::from(level));
                assert_eq!(found.pattern().count_ones(), u32::from(level).count_ones());
            }
        }
    }

    #[test]
    fn one_edit_agrees_with_the_table_of_distances() {
        let words = [
            "", "a", "ab", "ba", "abc", "acb", "abcd", "bacd", "abdc", "aébc", "éabc", "xyz", "abcde", "aa", "tan",
            "tann",
        ];
        for a in words {
            for b in words {
                assert_eq!(one_edit_apart(a, b), strsim::osa_distance(a, b) <= 1, "{a:?} {b:?}");
            }
        }
    }
}
