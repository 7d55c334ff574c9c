//! Streets and localities.

use super::{DIFFERENT, MISSING, one_edit_apart, rarity};
use crate::table::{Phrases, Table};
use crate::vocabulary::{NONE, for_each_shared};

pub(crate) const MOST_WORDS: u8 = 3;
const SAME: u8 = 4;

/// Jaro–Winkler similarity from which two streets or cities are spellings of one.
const ALIKE_MIN: f64 = 0.93;

/// Words in common as a share of the words of the longer address.
pub(crate) fn streets(streets: &Phrases, a: u32, b: u32) -> (u8, f32) {
    let (x, y) = (streets.of[a as usize], streets.of[b as usize]);
    if x == NONE || y == NONE {
        return (MISSING, 0.0);
    }
    if x == y {
        return (SAME, rarity(streets.whole.frequency(x)));
    }
    let (words_x, words_y) = (streets.words.row(x), streets.words.row(y));
    let mut shared = 0;
    for_each_shared(words_x, words_y, |_| shared += 1);
    let longer = words_x.len().max(words_y.len());
    if shared == longer {
        return (SAME, rarity(streets.whole.frequency(x)));
    }
    // A slip of spelling in one word, or a space lost ("mainstreet"), shows in the whole.
    let slip = || {
        streets.whole.outline(x).likeness_max(streets.whole.outline(y)) >= ALIKE_MIN
            && strsim::jaro_winkler(streets.whole.get(x), streets.whole.get(y)) >= ALIKE_MIN
    };
    if shared * 3 >= longer * 2 || slip() {
        (MOST_WORDS, 0.0)
    } else if shared * 3 >= longer {
        (2, 0.0)
    } else {
        (DIFFERENT, 0.0)
    }
}

/// Postcode and city as one field, since one nearly gives the other.
pub(crate) fn localities(table: &Table, a: u32, b: u32) -> (u8, f32) {
    let postcode = (table.postcode[a as usize], table.postcode[b as usize]);
    let city = (table.city[a as usize], table.city[b as usize]);
    let postcode_known = postcode.0 != NONE && postcode.1 != NONE;
    let city_known = city.0 != NONE && city.1 != NONE;
    let postcode_bits = || rarity(table.postcodes.frequency(postcode.0));
    let city_bits = || rarity(table.cities.frequency(city.0));
    match (postcode_known && postcode.0 == postcode.1, city_known && city.0 == city.1) {
        (true, true) => (5, postcode_bits().max(city_bits())),
        (true, false) => (4, postcode_bits()),
        (false, true) => (3, city_bits()),
        (false, false) if !postcode_known && !city_known => (MISSING, 0.0),
        (false, false) => {
            let close = (postcode_known
                && one_edit_apart(table.postcodes.get(postcode.0), table.postcodes.get(postcode.1)))
                || (city_known && cities_close(table, city.0, city.1));
            (if close { 2 } else { DIFFERENT }, 0.0)
        }
    }
}

fn cities_close(table: &Table, a: u32, b: u32) -> bool {
    let (x, y) = (table.cities.outline(a), table.cities.outline(b));
    let (a, b) = (table.cities.get(a), table.cities.get(b));
    (x.may_be_one_edit_apart(y) && one_edit_apart(a, b))
        || (x.likeness_max(y) >= ALIKE_MIN && strsim::jaro_winkler(a, b) >= ALIKE_MIN)
}
