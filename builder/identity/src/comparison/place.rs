//! Streets and other texts of words; localities.

use super::{attribute, one_edit_apart};
use crate::aliases::Aliases;
use crate::column::Phrases;
use crate::field::*;
use crate::table::Table;
use crate::vocabulary::NONE;

/// Jaro–Winkler similarity from which two texts are spellings of one.
const ALIKE_MIN: f64 = 0.93;

/// Words in common as a share of the words of the longer text.
pub(super) fn texts(texts: &Phrases, a: u32, b: u32) -> (u8, f32) {
    let (x, y) = (texts.of[a as usize], texts.of[b as usize]);
    if x == NONE || y == NONE {
        return (MISSING, 0.0);
    }
    if x == y {
        return (TEXT_SAME, texts.whole.rarity(x));
    }
    let (words_x, words_y) = (texts.words.row(x), texts.words.row(y));
    let in_other = |own: &[u32], other: &[u32]| own.iter().filter(|w| other.contains(w)).count();
    let shared = in_other(words_x, words_y).min(in_other(words_y, words_x));
    let longer = words_x.len().max(words_y.len());
    if shared == longer {
        return (TEXT_SAME, texts.whole.rarity(x).min(texts.whole.rarity(y)));
    }
    // A slip of spelling in one word, or a space lost ("mainstreet"), shows in the whole.
    let slip = || {
        texts.whole.outline(x).likeness_max(texts.whole.outline(y)) >= ALIKE_MIN
            && strsim::jaro_winkler(texts.whole.get(x), texts.whole.get(y)) >= ALIKE_MIN
    };
    if shared * 3 >= longer * 2 || slip() {
        (TEXT_MOST, 0.0)
    } else if shared * 3 >= longer {
        (TEXT_SOME, 0.0)
    } else {
        (DIFFERENT, 0.0)
    }
}

/// Postcode and city as one field, since one nearly gives the other.
pub(super) fn localities(table: &Table, a: u32, b: u32) -> (u8, f32) {
    let (postcodes, cities) = (table.postcodes.both(a, b), table.cities.both(a, b));
    let postcode_bits = |postcode| table.postcodes.vocabulary.rarity(postcode);
    let city_bits = |city| table.cities.vocabulary.rarity(city);
    let same = |pair: Option<(u32, u32)>| pair.filter(|(x, y)| x == y).map(|(x, _)| x);
    match (same(postcodes), same(cities)) {
        (Some(postcode), Some(city)) => return (LOCALITY_BOTH, postcode_bits(postcode).max(city_bits(city))),
        (Some(postcode), None) => return (LOCALITY_POSTCODE, postcode_bits(postcode)),
        (None, Some(city)) => return (LOCALITY_CITY, city_bits(city)),
        (None, None) if postcodes.is_none() && cities.is_none() => return (MISSING, 0.0),
        (None, None) => {}
    }
    if let Some((x, y)) = postcodes {
        let (x, y) = (table.areas[x as usize], table.areas[y as usize]);
        if x == y && x != NONE {
            return (LOCALITY_AREA, table.area_names.rarity(x));
        }
    }
    let text = |postcode| table.postcodes.vocabulary.get(postcode);
    let close = postcodes.is_some_and(|(x, y)| one_edit_apart(text(x), text(y)))
        || cities
            .is_some_and(|(x, y)| Aliases::stand(&table.aliases.cities, x, y) || attribute::alike(&table.cities, x, y));
    (if close { LOCALITY_CLOSE } else { DIFFERENT }, 0.0)
}
