//! What the values of a column look like, counted.

use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;

use super::pattern::{self, Phone};
use super::words::Words;

/// Digits that are told apart by their number; more are counted as this many.
const DIGITS_MAX: usize = 16;

/// Counts over the sampled values of one column. All but `rows` are of values that are not empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    pub(super) rows: usize,
    pub(super) filled: usize,
    pub(super) distinct: usize,
    pub(super) email: usize,
    pub(super) phone_marked: usize,
    pub(super) phone_bare: usize,
    pub(super) date: usize,
    pub(super) with_time: usize,
    pub(super) lettered_postcode: usize,
    pub(super) street: usize,
    pub(super) house_number: usize,
    pub(super) machine_code: usize,
    pub(super) code: usize,
    pub(super) group_number: usize,
    pub(super) with_digit: usize,
    /// Letters, and what stands between them in names.
    pub(super) words: usize,
    /// Two words and more.
    pub(super) multiword: usize,
    /// The first word is a frequent given name.
    pub(super) given: usize,
    /// The last word is a frequent family name.
    pub(super) family: usize,
    pub(super) country: usize,
    pub(super) gender: usize,
    pub(super) integer: usize,
    /// A number with decimals.
    pub(super) decimal: usize,
    pub(super) latitude: usize,
    pub(super) longitude: usize,
    /// Whole numbers after another that are not less, and those that are one more.
    pub(super) rising: usize,
    pub(super) stepping: usize,
    /// Whole numbers that come after another.
    pub(super) followed: usize,
    pub(super) chars: usize,
    /// Whole numbers by how many digits they have.
    digits: [usize; DIGITS_MAX + 1],
    /// Least and greatest year of a date.
    pub(super) years: Option<(u32, u32)>,
}

impl Profile {
    pub(super) fn of<'a>(values: impl Iterator<Item = Option<&'a str>>, words: &Words) -> Self {
        let mut profile = Profile::default();
        // Hashes for values: two that collide among 20,000 would only lower a count by one.
        let mut seen: FxHashMap<u64, ()> = FxHashMap::default();
        let mut before: Option<i128> = None;
        for value in values {
            profile.rows += 1;
            let Some(value) = value else { continue };
            profile.filled += 1;
            seen.insert(FxBuildHasher.hash_one(value), ());
            profile.add_number(value, &mut before);
            profile.add_pattern(value);
            profile.add_words(value, words);
        }
        profile.distinct = seen.len();
        profile
    }

    fn add_number(&mut self, value: &str, before: &mut Option<i128>) {
        if value.bytes().all(|b| b.is_ascii_digit())
            && let Ok(n) = value.parse::<i128>()
        {
            self.integer += 1;
            if let Some(count) = self.digits.get_mut(value.len().min(DIGITS_MAX)) {
                *count += 1;
            }
            if let Some(last) = before.replace(n) {
                self.followed += 1;
                self.rising += usize::from(n >= last);
                self.stepping += usize::from(n == last + 1);
            }
        } else if value.parse::<f64>().is_ok_and(f64::is_finite) {
            self.decimal += 1;
        }
        if let Some(x) = pattern::degrees(value) {
            self.latitude += usize::from(x.abs() <= 90.0);
            self.longitude += 1;
        }
    }

    fn add_pattern(&mut self, value: &str) {
        self.email += usize::from(pattern::is_email(value));
        self.lettered_postcode += usize::from(pattern::is_lettered_postcode(value));
        self.street += usize::from(pattern::is_street(value));
        self.house_number += usize::from(pattern::is_house_number(value));
        self.machine_code += usize::from(pattern::is_machine_code(value));
        self.code += usize::from(pattern::is_code(value));
        self.group_number += usize::from(pattern::is_group_number(value));
        self.with_digit += usize::from(value.bytes().any(|b| b.is_ascii_digit()));
        self.chars += value.chars().count();
        match pattern::phone(value) {
            Some(Phone::Marked) => self.phone_marked += 1,
            Some(Phone::Bare) => self.phone_bare += 1,
            None => {}
        }
        if let Some(day) = pattern::date(value) {
            self.date += 1;
            self.with_time += usize::from(day.with_time);
            let (least, most) = self.years.unwrap_or((day.year, day.year));
            self.years = Some((least.min(day.year), most.max(day.year)));
        }
    }

    fn add_words(&mut self, value: &str, words: &Words) {
        let lower = value.to_lowercase();
        self.words += usize::from(pattern::is_words(&lower));
        self.country += usize::from(words.is_country(&lower));
        self.gender += usize::from(words.is_gender(&lower));
        let mut parts = lower.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty());
        let first = parts.next().unwrap_or_default();
        let last = parts.next_back();
        self.multiword += usize::from(last.is_some());
        self.given += usize::from(words.is_given(first));
        self.family += usize::from(words.is_family(last.unwrap_or(first)));
    }

    /// A count as a share of the values, 0 when there are none.
    pub(super) fn share(&self, count: usize) -> f64 {
        if self.filled == 0 { 0.0 } else { count as f64 / self.filled as f64 }
    }

    /// Characters of a value, on average.
    pub(super) fn mean_chars(&self) -> f64 {
        self.share(self.chars)
    }

    /// Every row has a value of its own.
    pub(super) fn is_unique(&self) -> bool {
        self.rows > 0 && self.filled == self.rows && self.distinct == self.rows
    }

    /// Share of the values that are whole numbers of this many digits.
    pub(super) fn digits_share(&self, lengths: std::ops::RangeInclusive<usize>) -> f64 {
        let counts = self.digits.iter().enumerate().filter(|(length, _)| lengths.contains(length));
        self.share(counts.map(|(_, count)| count).sum())
    }

    /// The number of digits that most whole numbers have.
    pub(super) fn common_digits(&self) -> usize {
        let best = self.digits.iter().enumerate().max_by_key(|(length, count)| (**count, std::cmp::Reverse(*length)));
        best.map(|(length, _)| length).unwrap_or_default()
    }

    /// Whole numbers that never fall: a row's number, or that of a group of rows.
    pub(super) fn is_rising(&self) -> bool {
        self.followed >= 10 && self.rising == self.followed && self.share(self.integer) > 0.99 && self.distinct > 2
    }
}
