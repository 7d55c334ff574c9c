//! Blocking keys: what two records must share to be worth comparing.

use crate::ahead::read_phrases;
use crate::column::{Dates, Values, hash_date};
use crate::comparison::contact::TAIL;
use crate::config::{BlockingRule, Part};
use crate::field::Field;
use crate::normalise::date::Written;
use crate::table::{AttributeColumn, Table};
use crate::vocabulary::{NONE, Vocabulary, mix};

/// Keys of one record under one rule; a product of several values each is cut here.
const KEYS_PER_RECORD_MAX: usize = 32;

/// Appends the keys of a record: the product of the values of the rule's parts.
pub(crate) fn keys(table: &Table, rule: &BlockingRule, record: u32, keyed: &mut Vec<(u64, u32)>) {
    keys_where(table, rule, record, |_| true, keyed);
}

/// Reads what the keys of records for the parts will read, but for columns that are read from end to end.
pub(crate) fn read_ahead(table: &Table, parts: &[Part], records: &[u32]) {
    if parts.iter().any(|part| matches!(part, Part::Name | Part::NameWord | Part::NameSound)) {
        read_phrases(&table.names, records);
    }
}

/// Whether the record has a value for the part that is `wanted`.
pub(crate) fn has(table: &Table, part: Part, record: u32, wanted: impl Fn(u64) -> bool) -> bool {
    let mut any = false;
    each_value(table, part, record, |value| any |= wanted(value));
    any
}

/// As [`keys`], only of values of the first part that are `wanted`: with all records whose value there is.
pub(crate) fn keys_where(
    table: &Table,
    rule: &BlockingRule,
    record: u32,
    wanted: impl Fn(u64) -> bool,
    keyed: &mut Vec<(u64, u32)>,
) {
    let first = keyed.len();
    let Some((&part, parts)) = rule.parts.split_first() else { return };
    each_value(table, part, record, |value| {
        if wanted(value) && keyed.len() - first < KEYS_PER_RECORD_MAX {
            keyed.push((mix(value), record));
        }
    });
    for &part in parts {
        let so_far = first..keyed.len();
        if so_far.is_empty() {
            return;
        }
        for at in so_far.clone() {
            let key = keyed[at].0;
            each_value(table, part, record, |value| {
                if keyed.len() - so_far.end < KEYS_PER_RECORD_MAX {
                    keyed.push((mix(key ^ mix(value)), record));
                }
            });
        }
        keyed.drain(so_far);
    }
}

/// Appends the keys of a record within a block that is split: its key with one further part each.
pub(crate) fn split_keys(
    table: &Table,
    rule: &BlockingRule,
    split: &[Part],
    (key, record): (u64, u32),
    keyed: &mut Vec<(u64, u32)>,
) {
    for (number, &part) in split.iter().enumerate().filter(|(_, part)| !rule.parts.contains(part)) {
        let key = mix(key ^ mix(number as u64));
        each_value(table, part, record, |value| keyed.push((mix(key ^ mix(value)), record)));
    }
}

/// Calls `each` with a number for every value that the record has for the part; equal values have equal numbers, whatever
/// the order in which they came.
fn each_value(table: &Table, part: Part, record: u32, mut each: impl FnMut(u64)) {
    let at = record as usize;
    let mut single = |vocabulary: &Vocabulary, value: u32| {
        if value != NONE {
            each(vocabulary.hash(value));
        }
    };
    match part {
        Part::Email => values(&table.emails, record, each),
        Part::Phone => values(&table.phones, record, each),
        Part::Device => values(&table.devices, record, each),
        Part::EmailLocal => {
            let locals = &table.locals;
            table.emails.of.row(record).iter().for_each(|&e| single(&locals.locals, locals.local[e as usize]));
        }
        Part::PhoneTail => {
            for &phone in table.phones.of.row(record) {
                let digits = table.phone_digits[phone as usize];
                if digits >= TAIL {
                    each(digits % TAIL);
                }
            }
        }
        Part::Name if table.names.words_of(record).len() >= 2 => single(&table.names.whole, table.names.of[at]),
        Part::Name => {}
        Part::NameWord => each_word(table, record, |word| single(&table.names.word, word)),
        Part::NameSound => each_word(table, record, |word| single(&table.sounds, table.word_sounds[word as usize])),
        Part::BirthDate => each_date(&table.births, record, |d| Some(hash_date(d)), each),
        Part::BirthYear => each_date(&table.births, record, |d| (d.year != 0).then(|| u64::from(d.year)), each),
        Part::BirthDay => {
            let day = |d: Written| (d.month != 0 && d.day != 0).then(|| u64::from(d.month) << 8 | u64::from(d.day));
            each_date(&table.births, record, day, each);
        }
        Part::Street => single(&table.streets.whole, table.streets.of[at]),
        Part::Postcode => single(&table.postcodes.vocabulary, table.postcodes.of[at]),
        Part::PostcodeArea => match table.postcodes.of[at] {
            NONE => {}
            postcode => single(&table.area_names, table.areas[postcode as usize]),
        },
        Part::City => single(&table.cities.vocabulary, table.cities.of[at]),
        Part::OrderNumber => table.purchases.orders.row(record).iter().for_each(|&order| each(order)),
        Part::Basket => table.purchases.baskets.row(record).iter().for_each(|&basket| each(basket)),
        Part::Number => single(&table.numbers.vocabulary, table.numbers.of[at]),
        Part::Attribute(n) => match table.attributes.get(usize::from(n)) {
            Some(AttributeColumn::Category(c) | AttributeColumn::Number(c)) => single(&c.vocabulary, c.of[at]),
            Some(AttributeColumn::Text(c)) => single(&c.whole, c.of[at]),
            Some(AttributeColumn::Date(c)) => each_date(c, record, |d| Some(hash_date(d)), each),
            Some(AttributeColumn::Place(_)) | None => {}
        },
    }
}

#[inline]
fn each_word(table: &Table, record: u32, each: impl FnMut(u32)) {
    table.names.words_of(record).iter().copied().filter(|&w| table.word_tells[w as usize]).for_each(each);
}

#[inline]
fn each_date(column: &Dates, record: u32, part: impl Fn(Written) -> Option<u64>, each: impl FnMut(u64)) {
    column.get(record).and_then(part).into_iter().for_each(each);
}

#[inline]
fn values(values: &Values, record: u32, mut each: impl FnMut(u64)) {
    values.of.row(record).iter().for_each(|&value| each(values.vocabulary.hash(value)));
}

/// Whether two records share a key of a rule, whatever the size of the block.
pub(crate) fn share(table: &Table, rule: &BlockingRule, a: u32, b: u32, own: &mut Vec<(u64, u32)>) -> bool {
    own.clear();
    keys(table, rule, a, own);
    let first = own.len();
    keys(table, rule, b, own);
    let (a, b) = own.split_at(first);
    a.iter().any(|x| b.iter().any(|y| x.0 == y.0))
}

/// Fields whose agreement a rule brings about, directly or because they depend on what it demands: EM over the rule's
/// pairs must not learn from them.
pub(crate) fn conditioned(rule: &BlockingRule) -> [bool; Field::COUNT] {
    const HOUSEHOLD: &[Field] = &[Field::PHONE, Field::DEVICE, Field::STREET, Field::LOCALITY];
    let mut fields = [false; Field::COUNT];
    for part in &rule.parts {
        let attribute = [Field::attribute(if let Part::Attribute(n) = part { usize::from(*n) } else { 0 })];
        let bound: &[Field] = match part {
            Part::Email => &[Field::EMAIL],
            // A local part is mostly made of the name, so one tells of the other.
            Part::EmailLocal | Part::Name | Part::NameWord | Part::NameSound => &[Field::EMAIL, Field::NAME],
            Part::Phone | Part::PhoneTail | Part::Device | Part::Street => HOUSEHOLD,
            Part::Postcode | Part::PostcodeArea => HOUSEHOLD,
            Part::City => &[Field::LOCALITY],
            Part::BirthDate | Part::BirthYear | Part::BirthDay => &[Field::BIRTH_DATE],
            Part::OrderNumber | Part::Basket => &[Field::PURCHASES],
            Part::Number => &[Field::NUMBER],
            Part::Attribute(_) => &attribute,
        };
        for &field in bound {
            fields[field.at()] = true;
        }
    }
    fields
}
