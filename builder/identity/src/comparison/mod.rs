//! How far two records agree, field by field, as levels and the rarity of what they agree on.
//!
//! Level 0 means that one of the two says nothing; then levels rise from "different" to "the same". What a level weighs
//! is the fitted model's business (`model`), not this module's: nothing here is learnt.
//!
//! Read [`Field`], then [`compare`]; `name`, `contact` and `place` hold the comparisons that need more than a line.

pub(crate) mod contact;
pub(crate) mod name;
pub(crate) mod place;

use serde::{Deserialize, Serialize};

use crate::normalise::date::{self, DateAgreement};
use crate::table::Table;
use crate::vocabulary::{NONE, for_each_shared};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Field {
    Name,
    BirthDate,
    Email,
    Phone,
    Street,
    Locality,
    Device,
    Purchases,
    Loyalty,
    Accounts,
}

/// Most levels of a field, with level 0.
pub(crate) const LEVELS_MAX: usize = 9;

impl Field {
    pub const ALL: [Field; 10] = [
        Field::Name,
        Field::BirthDate,
        Field::Email,
        Field::Phone,
        Field::Street,
        Field::Locality,
        Field::Device,
        Field::Purchases,
        Field::Loyalty,
        Field::Accounts,
    ];
    pub const COUNT: usize = Field::ALL.len();

    pub const fn name(self) -> &'static str {
        match self {
            Field::Name => "name",
            Field::BirthDate => "birth date",
            Field::Email => "email",
            Field::Phone => "phone",
            Field::Street => "street",
            Field::Locality => "locality",
            Field::Device => "device",
            Field::Purchases => "purchases",
            Field::Loyalty => "loyalty number",
            Field::Accounts => "accounts",
        }
    }

    /// What each level means, from level 0.
    pub const fn levels(self) -> &'static [&'static str] {
        match self {
            Field::Name => &[
                "missing",
                "different",
                "one word close",
                "the only word close",
                "one word same",
                "the only word same",
                "all words close",
                "words same or close",
                "same",
            ],
            Field::BirthDate => &["missing", "different", "two parts same", "one slip apart", "same"],
            Field::Email => &["missing", "different", "local part alike", "local part same", "one slip apart", "same"],
            Field::Phone => &["missing", "different", "one slip apart", "same last eight digits", "same"],
            Field::Street => &["missing", "different", "some words same", "most words same", "same"],
            Field::Locality => &[
                "missing",
                "different",
                "postcode or city close",
                "city same",
                "postcode same",
                "city and postcode same",
            ],
            Field::Device => &["missing", "none shared", "shared"],
            Field::Purchases => &[
                "missing",
                "none shared",
                "some items shared",
                "many items shared",
                "same basket, same day",
                "same order",
            ],
            Field::Loyalty => &["missing", "different", "one slip apart", "same"],
            Field::Accounts => &["missing", "two accounts of one system", "no conflict"],
        }
    }

    /// The level of full agreement.
    pub(crate) const fn top(self) -> u8 {
        self.levels().len() as u8 - 1
    }
}

/// Level 0 of every field.
pub(crate) const MISSING: u8 = 0;
pub(crate) const DIFFERENT: u8 = 1;
/// Below this level, two known birth dates contradict each other.
pub(crate) const BIRTH_DATE_NEAR: u8 = 3;

/// One compared pair.
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
    fn set(&mut self, field: Field, (level, rarity_bits): (u8, f32)) {
        self.levels[field as usize] = level;
        self.rarity_bits[field as usize] = rarity_bits;
    }

    pub(crate) fn level(&self, field: Field) -> u8 {
        self.levels[field as usize]
    }

    /// Levels in four bits each: equal patterns are equal numbers.
    pub(crate) fn pattern(&self) -> u64 {
        self.levels.iter().rev().fold(0, |p, &level| p << 4 | u64::from(level))
    }
}

const _: () = assert!(LEVELS_MAX <= 16 && Field::COUNT * 4 <= 64);

/// The level of `field` in a [`Comparison::pattern`].
pub(crate) fn level_in(pattern: u64, field: Field) -> usize {
    (pattern >> (4 * field as u32)) as usize & 15
}

/// Compares two records. `one_account` says, by system, whether a person normally has one account there.
pub(crate) fn compare(table: &Table, one_account: &[bool; 5], a: u32, b: u32) -> Comparison {
    let mut found = Comparison::default();
    found.set(Field::Name, name::compare(&table.names, a, b));
    found.set(Field::BirthDate, birth_dates(table, a, b));
    contact::emails(table, a, b, &mut found);
    contact::phones(table, a, b, &mut found);
    found.set(Field::Street, place::streets(&table.streets, a, b));
    found.set(Field::Locality, place::localities(table, a, b));
    contact::devices(table, a, b, &mut found);
    found.set(Field::Purchases, purchases(table, a, b));
    found.set(Field::Loyalty, loyalty(table, a, b));
    let one = table.system[a as usize] == table.system[b as usize] && one_account[table.system[a as usize] as usize];
    let conflict = one && table.standing[a as usize].active && table.standing[b as usize].active;
    found.set(Field::Accounts, (if conflict { 1 } else { 2 }, 0.0));
    found
}

pub(crate) fn birth_dates(table: &Table, a: u32, b: u32) -> (u8, f32) {
    let (Some(x), Some(y)) = (table.birth_date(a), table.birth_date(b)) else { return (MISSING, 0.0) };
    match date::agreement(x, y) {
        DateAgreement::Different => (DIFFERENT, 0.0),
        DateAgreement::Partial => (2, 0.0),
        DateAgreement::Near => (BIRTH_DATE_NEAR, 0.0),
        DateAgreement::Same => (4, rarity(table.birth_dates.frequency(table.birth_of[a as usize]))),
    }
}

fn purchases(table: &Table, a: u32, b: u32) -> (u8, f32) {
    let bought = &table.purchases;
    if bought.items.row(a).is_empty() && bought.orders.row(a).is_empty() {
        return (MISSING, 0.0);
    }
    if bought.items.row(b).is_empty() && bought.orders.row(b).is_empty() {
        return (MISSING, 0.0);
    }
    let mut same_order: Option<f32> = None;
    for_each_shared(bought.orders.row(a), bought.orders.row(b), |number| {
        let bits = rarity(bought.order_numbers.frequency(number));
        same_order = Some(same_order.map_or(bits, |best| best.max(bits)));
    });
    if let Some(bits) = same_order {
        return (5, bits);
    }
    let mut same_basket = false;
    for_each_shared(bought.baskets.row(a), bought.baskets.row(b), |_| same_basket = true);
    if same_basket {
        return (4, 0.0);
    }
    match bought.overlap(a, b) {
        (share, count) if share >= 0.5 && count >= 3 => (3, 0.0),
        (share, count) if share >= 0.2 && count >= 2 => (2, 0.0),
        _ => (DIFFERENT, 0.0),
    }
}

fn loyalty(table: &Table, a: u32, b: u32) -> (u8, f32) {
    let (x, y) = (table.loyalty[a as usize], table.loyalty[b as usize]);
    if x == NONE || y == NONE {
        return (MISSING, 0.0);
    }
    if x == y {
        return (3, rarity(table.loyalty_numbers.frequency(x)));
    }
    let one_slip = one_edit_apart(table.loyalty_numbers.get(x), table.loyalty_numbers.get(y));
    (if one_slip { 2 } else { DIFFERENT }, 0.0)
}

/// `-log2(frequency)`.
pub(crate) fn rarity(frequency: f32) -> f32 {
    -frequency.max(f32::MIN_POSITIVE).log2()
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
        for field in Field::ALL {
            assert!(field.levels().len() <= LEVELS_MAX, "{field:?}");
            let mut found = Comparison::default();
            found.set(field, (field.top(), 0.0));
            assert_eq!(level_in(found.pattern(), field), field.top() as usize);
            assert_eq!(found.pattern().count_ones(), u64::from(field.top()).count_ones());
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
