//! Emails, phones and devices: the best agreement over all values of both records.

use super::{Comparison, one_edit_apart};
use crate::column::Values;
use crate::field::*;
use crate::table::Table;
use crate::vocabulary::for_each_shared;

/// The last eight digits of a number tell lines apart within a country.
pub(crate) const TAIL: u64 = 100_000_000;
/// A local part below this many characters is alike too easily.
const LOCAL_CHARS_MIN: u32 = 5;
/// Jaro–Winkler similarity from which two local parts are alike: `mei.tan90` and `meitan`.
const LOCAL_LIKENESS_MIN: f64 = 0.92;
/// A word of a name below this many letters is inside a local part by chance.
const NAME_WORD_CHARS_MIN: usize = 3;

/// The rarest shared value: its rarity, and how many people use it. A value of one person beats rarer ones of several.
fn shared_value(values: &Values, a: u32, b: u32) -> Option<(f32, u16)> {
    let mut best: Option<(f32, u16)> = None;
    for_each_shared(values.of.row(a), values.of.row(b), |value| {
        let bits = values.vocabulary.rarity(value);
        let people = values.people[value as usize].max(1 + u16::from(values.shared[value as usize]));
        if best.is_none_or(|(most, least)| people < least || (people == least && bits > most)) {
            best = Some((bits, people));
        }
    });
    best
}

fn set_shared(field: Field, level: u8, (bits, people): (f32, u16), found: &mut Comparison) {
    found.set(field, (level, bits));
    found.sharers[field.at()] = if people > 1 { people } else { 0 };
}

fn both_have(values: &Values, a: u32, b: u32) -> bool {
    !values.of.row(a).is_empty() && !values.of.row(b).is_empty()
}

pub(crate) fn emails(table: &Table, a: u32, b: u32, found: &mut Comparison) {
    let emails = &table.emails;
    found.email_made_of_name = false;
    if !both_have(emails, a, b) {
        return found.set(Field::EMAIL, (MISSING, 0.0));
    }
    if let Some(shared) = shared_value(emails, a, b) {
        return set_shared(Field::EMAIL, EMAIL_SAME, shared, found);
    }
    let mut best = (DIFFERENT, 0.0, None);
    for &x in emails.of.row(a) {
        for &y in emails.of.row(b) {
            let level = email_likeness(table, x, y);
            if level < best.0 || level == DIFFERENT {
                continue;
            }
            // The local parts are one or alike; the one that reads first stands for both, whichever record has it.
            let text = |email: u32| table.locals.locals.get(table.locals.local[email as usize]);
            let local = text(x).min(text(y));
            let same_local = level == EMAIL_LOCAL_SAME;
            let bits = if same_local { table.locals.locals.rarity(table.locals.local[x as usize]) } else { 0.0 };
            let better = (level, bits) > (best.0, best.1)
                || ((level, bits) == (best.0, best.1) && best.2.is_none_or(|known| local < known));
            if better {
                best = (level, bits, Some(local));
            }
        }
    }
    found.set(Field::EMAIL, (best.0, best.1));
    found.email_made_of_name =
        best.2.is_some_and(|local| made_of_name(table, local, a) || made_of_name(table, local, b));
}

fn email_likeness(table: &Table, x: u32, y: u32) -> u8 {
    let (local_x, local_y) = (table.locals.local[x as usize], table.locals.local[y as usize]);
    if local_x == local_y {
        return EMAIL_LOCAL_SAME;
    }
    let locals = &table.locals.locals;
    let (outline_x, outline_y) = (locals.outline(local_x), locals.outline(local_y));
    let may_slip = outline_x.may_be_one_edit_apart(outline_y);
    let may_be_alike = outline_x.likeness_max(outline_y) >= LOCAL_LIKENESS_MIN;
    if !(may_slip || may_be_alike) || outline_x.chars().min(outline_y.chars()) < LOCAL_CHARS_MIN {
        return DIFFERENT;
    }
    let (address_x, address_y) = (table.emails.vocabulary.get(x), table.emails.vocabulary.get(y));
    let (x, y) = (locals.get(local_x), locals.get(local_y));
    if may_slip && address_x[x.len()..] == address_y[y.len()..] && one_edit_apart(x, y) {
        return EMAIL_SLIP;
    }
    if may_be_alike && strsim::jaro_winkler(x, y) >= LOCAL_LIKENESS_MIN { EMAIL_LOCAL_ALIKE } else { DIFFERENT }
}

fn made_of_name(table: &Table, local: &str, record: u32) -> bool {
    let words = table.names.words_of(record).iter().map(|&w| table.names.word.get(w));
    words.filter(|w| w.chars().count() >= NAME_WORD_CHARS_MIN).any(|w| local.contains(w))
}

pub(crate) fn phones(table: &Table, a: u32, b: u32, found: &mut Comparison) {
    let phones = &table.phones;
    if !both_have(phones, a, b) {
        return found.set(Field::PHONE, (MISSING, 0.0));
    }
    if let Some(shared) = shared_value(phones, a, b) {
        return set_shared(Field::PHONE, PHONE_SAME, shared, found);
    }
    let mut best = DIFFERENT;
    for &x in phones.of.row(a) {
        for &y in phones.of.row(b) {
            let (m, n) = (table.phone_digits[x as usize], table.phone_digits[y as usize]);
            let level = if m.min(n) >= TAIL && m % TAIL == n % TAIL {
                PHONE_TAIL_SAME
            } else if may_be_one_slip(m, n) && one_edit_apart(phones.vocabulary.get(x), phones.vocabulary.get(y)) {
                PHONE_SLIP
            } else {
                DIFFERENT
            };
            best = best.max(level);
        }
    }
    found.set(Field::PHONE, (best, 0.0));
}

/// Whether two numbers can be one slip of a finger apart. Of numbers of equal length, a digit replaced changes the value by
/// 1 to 9 times a power of ten, and two neighbours swapped by 9 times that.
fn may_be_one_slip(m: u64, n: u64) -> bool {
    let (long, short) = (m.max(n), m.min(n));
    if long.checked_ilog10() != short.checked_ilog10() {
        return long / 1000 <= short;
    }
    let mut apart = long - short;
    while apart >= 10 && apart % 10 == 0 {
        apart /= 10;
    }
    apart < 10 || (apart <= 81 && apart % 9 == 0)
}

/// The digits of a normalised number as a number; 0 when there are too many.
pub(crate) fn digits(number: &str) -> u64 {
    let digits = number.bytes().filter(u8::is_ascii_digit);
    digits.take(19).try_fold(0_u64, |n, d| n.checked_mul(10)?.checked_add(u64::from(d - b'0'))).unwrap_or(0)
}

pub(crate) fn devices(table: &Table, a: u32, b: u32, found: &mut Comparison) {
    if !both_have(&table.devices, a, b) {
        return found.set(Field::DEVICE, (MISSING, 0.0));
    }
    match shared_value(&table.devices, a, b) {
        Some(shared) => set_shared(Field::DEVICE, DEVICE_SHARED, shared, found),
        None => found.set(Field::DEVICE, (DIFFERENT, 0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_slip_is_ruled_out() {
        let number = "6591234567";
        assert_eq!(digits("+6591234567"), 6_591_234_567);
        for at in 0..number.len() {
            let mut swapped: Vec<u8> = number.bytes().collect();
            if at > 0 {
                swapped.swap(at - 1, at);
            }
            let mut dropped: Vec<u8> = number.bytes().collect();
            dropped.remove(at);
            let mut slips = vec![swapped, dropped];
            for digit in b'0'..=b'9' {
                let mut replaced: Vec<u8> = number.bytes().collect();
                replaced[at] = digit;
                let mut added: Vec<u8> = number.bytes().collect();
                added.insert(at, digit);
                slips.extend([replaced, added]);
            }
            for slip in slips.iter().filter(|s| s[0] != b'0') {
                let slip = std::str::from_utf8(slip).expect("digits");
                assert!(one_edit_apart(number, slip) && may_be_one_slip(digits(number), digits(slip)), "{slip}");
            }
        }
        assert!(!may_be_one_slip(6_591_234_567, 6_581_234_667));
    }
}
