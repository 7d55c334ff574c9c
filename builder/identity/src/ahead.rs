//! Reading ahead: what a comparison of records will read is brought into the cache a batch at a time.
//!
//! A comparison follows numbers from column to column (record, name, words, outlines), and of millions of records none of
//! it is in the cache, so that the processor waits at every step. Here each step is taken for a whole batch of records
//! before the next: no reading depends on that of another record, and the processor does many at a time.

use std::hint::black_box;

use crate::column::{Phrases, Values};
use crate::field::Field;
use crate::pairs::Pair;
use crate::table::{AttributeColumn, Table};
use crate::vocabulary::{NONE, Rows};

/// Records of a batch: of more, what was read first would have left the cache again.
pub(crate) const BATCH_RECORDS: usize = 96;

/// Calls `each` for every pair, in order, with what comparing it reads in the cache.
pub(crate) fn for_each_pair(table: &Table, pairs: &[Pair], mut each: impl FnMut(Pair)) {
    let mut records = Vec::with_capacity(BATCH_RECORDS);
    for batch in pairs.chunks(BATCH_RECORDS / 2) {
        records.clear();
        // Sorted pairs have their first record in common with the one before them, more often than not.
        batch.iter().for_each(|pair| {
            if records.last() != Some(&pair.first()) {
                records.push(pair.first());
            }
        });
        records.extend(batch.iter().map(|pair| pair.second()));
        table.read_ahead(&records);
        batch.iter().for_each(|&pair| each(pair));
    }
}

impl Table {
    /// Reads what telling people apart by name and birth date will read.
    pub(crate) fn read_people_ahead(&self, records: &[u32]) {
        read(records.iter().map(|&record| self.tie[record as usize] as u32));
        read_column(&self.births.of, records);
        read_phrases(&self.names, records);
    }

    /// Reads what comparing any two of the records will read.
    pub(crate) fn read_ahead(&self, records: &[u32]) {
        read(records.iter().map(|&record| self.tie[record as usize] as u32));
        read(records.iter().map(|&record| u32::from(self.source[record as usize])));
        read(records.iter().map(|&record| u32::from(self.standing[record as usize].active)));
        for &field in &self.active {
            match field {
                Field::NAME => read_phrases(&self.names, records),
                Field::BIRTH_DATE => read_column(&self.births.of, records),
                Field::EMAIL => {
                    let emails = read_values(&self.emails, records);
                    let locals: Vec<u32> = emails.iter().map(|&email| self.locals.local[email as usize]).collect();
                    read(locals.iter().map(|&local| self.locals.locals.outline(local).chars()));
                }
                Field::PHONE => {
                    let phones = read_values(&self.phones, records);
                    read(phones.iter().map(|&phone| self.phone_digits[phone as usize] as u32));
                }
                Field::STREET => read_phrases(&self.streets, records),
                Field::LOCALITY => {
                    read_column(&self.postcodes.of, records);
                    read_column(&self.cities.of, records);
                }
                Field::DEVICE => drop(read_values(&self.devices, records)),
                Field::NUMBER => read_column(&self.numbers.of, records),
                Field::PURCHASES => self.purchases.read_ahead(records),
                Field::ACCOUNTS => {}
                other => match other.attribute_number().and_then(|n| self.attributes.get(n)) {
                    Some(AttributeColumn::Category(c) | AttributeColumn::Number(c)) => read_column(&c.of, records),
                    Some(AttributeColumn::Text(c)) => read_phrases(c, records),
                    Some(AttributeColumn::Date(c)) => read_column(&c.of, records),
                    Some(AttributeColumn::Place(_)) | None => {}
                },
            }
        }
    }
}

/// Reads all of these; the compiler must not find out that nobody looks at them.
pub(crate) fn read(values: impl Iterator<Item = u32>) {
    black_box(values.fold(0, |all, value| all ^ value));
}

#[inline]
fn read_column(of: &[u32], records: &[u32]) {
    read(records.iter().map(|&record| of[record as usize]));
}

#[inline]
pub(crate) fn read_phrases(phrases: &Phrases, records: &[u32]) {
    let wholes = records.iter().map(|&record| phrases.of[record as usize]).filter(|&whole| whole != NONE);
    let wholes: Vec<u32> = wholes.collect();
    read_rows(&phrases.words, &wholes);
}

#[inline]
fn read_values(values: &Values, records: &[u32]) -> Vec<u32> {
    read_rows(&values.of, records);
    records.iter().flat_map(|&record| values.of.row(record)).copied().collect()
}

/// Reads where each row begins, and then its first value.
pub(crate) fn read_rows<T: Copy>(rows: &Rows<T>, at: &[u32]) {
    read(at.iter().map(|&row| rows.start(row)));
    at.iter().for_each(|&row| {
        black_box(rows.row(row).first().copied());
    });
}
