//! Emails, phones and devices: the best agreement over all values of both records.

use super::{Comparison, DIFFERENT, Field, MISSING, one_edit_apart, rarity};
use crate::table::{Table, Values};
use crate::vocabulary::{NONE, for_each_shared};

pub(crate) const EMAIL_LOCAL_ALIKE: u8 = 2;
const EMAIL_LOCAL_SAME: u8 = 3;
const EMAIL_SLIP: u8 = 4;
const EMAIL_SAME: u8 = 5;
const PHONE_SLIP: u8 = 2;
const PHONE_TAIL_SAME: u8 = 3;
pub(crate) const PHONE_SAME: u8 = 4;
const DEVICE_SHARED: u8 = 2;

/// Digits at the end of a number that tell lines apart within a country.
pub(crate) const TAIL_DIGITS: usize = 8;
/// A local part below this many characters is alike too easily.
const LOCAL_CHARS_MIN: usize = 5;
/// Jaro–Winkler similarity from which two local parts are alike: `mei.tan90` and `meitan`.
const LOCAL_LIKENESS_MIN: f64 = 0.92;
/// A word of a name below this many letters is inside a local part by chance.
const NAME_WORD_CHARS_MIN: usize = 3;

/// The rarest shared value: its rarity, and how many people use it. A value of one person beats rarer ones of several.
fn shared_value(values: &Values, a: u32, b: u32) -> Option<(f32, u16)> {
    let mut best: Option<(f32, u16)> = None;
    for_each_shared(values.of.row(a), values.of.row(b), |value| {
        let bits = rarity(values.vocabulary.frequency(value));
        let people = values.people[value as usize].max(1 + u16::from(values.shared[value as usize]));
        if best.is_none_or(|(most, least)| people < least || (people == least && bits > most)) {
            best = Some((bits, people));
        }
    });
    best
}

fn set_shared(field: Field, level: u8, (bits, people): (f32, u16), found: &mut Comparison) {
    found.set(field, (level, bits));
    found.sharers[field as usize] = if people > 1 { people } else { 0 };
}

fn both_have(values: &Values, a: u32, b: u32) -> bool {
    !values.of.row(a).is_empty() && !values.of.row(b).is_empty()
}

pub(crate) fn emails(table: &Table, a: u32, b: u32, found: &mut Comparison) {
    let emails = &table.emails;
    if !both_have(emails, a, b) {
        return found.set(Field::Email, (MISSING, 0.0));
    }
    if let Some(shared) = shared_value(emails, a, b) {
        return set_shared(Field::Email, EMAIL_SAME, shared, found);
    }
    let mut best = (DIFFERENT, 0.0);
    let mut local = NONE;
    for &x in emails.of.row(a) {
        for &y in emails.of.row(b) {
            let level = email_likeness(table, x, y);
            if level > best.0 {
                local = table.email_local[x as usize];
                let same_local = level == EMAIL_LOCAL_SAME;
                best = (level, if same_local { rarity(table.locals.frequency(local)) } else { 0.0 });
            }
        }
    }
    found.set(Field::Email, best);
    found.email_made_of_name = best.0 > DIFFERENT && made_of_name(table, local, a);
}

fn email_likeness(table: &Table, x: u32, y: u32) -> u8 {
    let (local_x, local_y) = (table.email_local[x as usize], table.email_local[y as usize]);
    if local_x == local_y {
        return EMAIL_LOCAL_SAME;
    }
    let (address_x, address_y) = (table.emails.vocabulary.get(x), table.emails.vocabulary.get(y));
    let (x, y) = (table.locals.get(local_x), table.locals.get(local_y));
    if x.len().min(y.len()) < LOCAL_CHARS_MIN {
        return DIFFERENT;
    }
    if address_x[x.len()..] == address_y[y.len()..] && one_edit_apart(x, y) {
        return EMAIL_SLIP;
    }
    let outlines = (table.locals.outline(local_x), table.locals.outline(local_y));
    let alike =
        outlines.0.likeness_max(outlines.1) >= LOCAL_LIKENESS_MIN && strsim::jaro_winkler(x, y) >= LOCAL_LIKENESS_MIN;
    if alike { EMAIL_LOCAL_ALIKE } else { DIFFERENT }
}

fn made_of_name(table: &Table, local: u32, record: u32) -> bool {
    let local = table.locals.get(local);
    let words = table.names.words_of(record).iter().map(|&w| table.names.word.get(w));
    words.filter(|w| w.chars().count() >= NAME_WORD_CHARS_MIN).any(|w| local.contains(w))
}

pub(crate) fn phones(table: &Table, a: u32, b: u32, found: &mut Comparison) {
    let phones = &table.phones;
    if !both_have(phones, a, b) {
        return found.set(Field::Phone, (MISSING, 0.0));
    }
    if let Some(shared) = shared_value(phones, a, b) {
        return set_shared(Field::Phone, PHONE_SAME, shared, found);
    }
    let mut best = DIFFERENT;
    for &x in phones.of.row(a) {
        for &y in phones.of.row(b) {
            let (x, y) = (phones.vocabulary.get(x), phones.vocabulary.get(y));
            let level = if tail(x).is_some() && tail(x) == tail(y) {
                PHONE_TAIL_SAME
            } else if one_edit_apart(x, y) {
                PHONE_SLIP
            } else {
                DIFFERENT
            };
            best = best.max(level);
        }
    }
    found.set(Field::Phone, (best, 0.0));
}

/// The last digits of a normalised number.
pub(crate) fn tail(number: &str) -> Option<&str> {
    number
        .len()
        .checked_sub(TAIL_DIGITS)
        .and_then(|at| number.get(at..))
        .filter(|t| t.bytes().all(|b| b.is_ascii_digit()))
}

pub(crate) fn devices(table: &Table, a: u32, b: u32, found: &mut Comparison) {
    if !both_have(&table.devices, a, b) {
        return found.set(Field::Device, (MISSING, 0.0));
    }
    match shared_value(&table.devices, a, b) {
        Some(shared) => set_shared(Field::Device, DEVICE_SHARED, shared, found),
        None => found.set(Field::Device, (DIFFERENT, 0.0)),
    }
}
