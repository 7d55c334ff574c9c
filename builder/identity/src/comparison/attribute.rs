//! Attributes of the data's own.

use super::{dates, numbers, one_edit_apart, place};
use crate::aliases::Aliases;
use crate::column::Single;
use crate::field::*;
use crate::normalise::attribute::kilometres;
use crate::table::{AttributeColumn, Table};

/// Jaro–Winkler similarity from which two values of a list are spellings of one.
const ALIKE_MIN: f64 = 0.9;
/// Shorter values are codes, in which a letter makes all the difference: NSW and NT, M and F.
const ALIKE_CHARS_MIN: u32 = 5;

pub(super) fn compare(table: &Table, n: usize, a: u32, b: u32) -> (u8, f32) {
    match &table.attributes[n] {
        AttributeColumn::Category(column) => category(table, n, column, a, b),
        AttributeColumn::Text(column) => place::texts(column, a, b),
        AttributeColumn::Number(column) => numbers(column, a, b),
        AttributeColumn::Date(column) => dates(column, a, b),
        AttributeColumn::Place(column) => match (column[a as usize], column[b as usize]) {
            (Some(x), Some(y)) => (distance(kilometres(x, y)), 0.0),
            _ => (MISSING, 0.0),
        },
    }
}

fn category(table: &Table, n: usize, column: &Single, a: u32, b: u32) -> (u8, f32) {
    let Some((x, y)) = column.both(a, b) else { return (MISSING, 0.0) };
    if x == y {
        return (CATEGORY_SAME, column.vocabulary.rarity(x));
    }
    if Aliases::stand(&table.aliases.categories[n], x, y) {
        return (CATEGORY_ALIAS, 0.0);
    }
    (if alike(column, x, y) { CATEGORY_CLOSE } else { DIFFERENT }, 0.0)
}

/// Whether two values of a list are spellings of one.
pub(super) fn alike(column: &Single, x: u32, y: u32) -> bool {
    let (own, other) = (column.vocabulary.outline(x), column.vocabulary.outline(y));
    if own.chars().min(other.chars()) < ALIKE_CHARS_MIN {
        return false;
    }
    let (a, b) = (column.vocabulary.get(x), column.vocabulary.get(y));
    (own.may_be_one_edit_apart(other) && one_edit_apart(a, b))
        || (own.likeness_max(other) >= ALIKE_MIN && strsim::jaro_winkler(a, b) >= ALIKE_MIN)
}

fn distance(kilometres: f32) -> u8 {
    match kilometres {
        k if k <= 1.0 => 4,
        k if k <= 10.0 => 3,
        k if k <= 100.0 => 2,
        _ => DIFFERENT,
    }
}
