//! Columns: one number per record for each distinct value, with how many records have it.

use rustc_hash::FxHashMap;

use crate::normalise::date::Written;
use crate::vocabulary::{Frequencies, Hashed, NONE, Rows, Vocabulary, mix};

/// At most one text per record.
#[derive(Debug, Default)]
pub(crate) struct Single {
    pub vocabulary: Vocabulary,
    /// The text of each record, or [`NONE`].
    pub of: Vec<u32>,
}

/// At most one date per record.
#[derive(Debug, Default)]
pub(crate) struct Dates {
    /// The date of each record, or [`NONE`].
    pub of: Vec<u32>,
    pub values: Vec<Written>,
    counts: Vec<u32>,
    records: u32,
    /// By value: how rare it is, in bits.
    rarities: Vec<f32>,
    ids: FxHashMap<Written, u32>,
}

/// Emails, phones or devices: several per record.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub vocabulary: Vocabulary,
    /// Sorted value numbers of each record.
    pub of: Rows<u32>,
    /// By value: the system says that several people use it, or it is an office's.
    pub shared: Vec<bool>,
    /// Values and the records that say so of them.
    pub flags: Vec<(u32, u32)>,
    /// By value: groups of records under it that cannot be one person. Filled in by `trust`.
    pub people: Vec<u16>,
}

/// A text of words: the whole, and its words.
#[derive(Debug, Default)]
pub(crate) struct Phrases {
    /// Distinct wholes.
    pub whole: Vocabulary,
    /// The whole of each record, or [`NONE`].
    pub of: Vec<u32>,
    pub word: Vocabulary,
    /// Word numbers of each *whole*, in the order in which the words were pushed.
    pub words: Rows<u32>,
    /// Words of the text that is pushed.
    ids: Vec<u32>,
}

impl Single {
    /// A column whose texts will be compared by likeness.
    pub(crate) fn outlined() -> Single {
        Single { vocabulary: Vocabulary::outlined(), of: Vec::new() }
    }

    pub(crate) fn push(&mut self, text: Option<Hashed<'_>>) {
        let id = text.map(|text| self.vocabulary.intern_hashed(text));
        self.vocabulary.count(id);
        self.of.push(id.unwrap_or(NONE));
    }

    /// The texts of two records, when both have one.
    #[inline]
    pub(crate) fn both(&self, a: u32, b: u32) -> Option<(u32, u32)> {
        let (x, y) = (self.of[a as usize], self.of[b as usize]);
        (x != NONE && y != NONE).then_some((x, y))
    }
}

impl Dates {
    pub(crate) fn push(&mut self, date: Option<Written>) {
        let Some(date) = date else {
            self.of.push(NONE);
            return;
        };
        let next = self.values.len() as u32;
        let id = *self.ids.entry(date).or_insert(next);
        if id == next {
            self.values.push(date);
            self.counts.push(0);
        }
        self.counts[id as usize] += 1;
        self.records += 1;
        self.of.push(id);
    }

    pub(crate) fn get(&self, record: u32) -> Option<Written> {
        match self.of[record as usize] {
            NONE => None,
            id => Some(self.values[id as usize]),
        }
    }

    pub(crate) fn records(&self) -> u32 {
        self.records
    }

    /// As [`Vocabulary::complete`].
    pub(crate) fn complete(&mut self, frequencies: Option<&Frequencies>) {
        match frequencies {
            None => {
                let records = self.records.max(1) as f32;
                self.rarities = self.counts.iter().map(|&count| (records / count.max(1) as f32).log2()).collect();
            }
            Some(known) => {
                let new = self.values[self.rarities.len()..].iter().map(|date| known.rarity(hash_date(*date)));
                self.rarities.extend(new);
            }
        }
    }

    /// How often each date occurs.
    pub(crate) fn frequencies(&self) -> Frequencies {
        let several = self.values.iter().zip(&self.counts).filter(|(_, count)| **count > 1);
        let counts = several.map(|(date, &count)| (hash_date(*date), count)).collect();
        Frequencies { records: self.records, counts }
    }

    /// `-log2` of the share of the records with a date that have this one.
    pub(crate) fn rarity(&self, id: u32) -> f32 {
        self.rarities[id as usize]
    }
}

pub(crate) fn hash_date(date: Written) -> u64 {
    mix(u64::from(date.year) << 16 | u64::from(date.month) << 8 | u64::from(date.day))
}

impl Values {
    pub(crate) fn push<'a>(&mut self, values: impl Iterator<Item = (Hashed<'a>, bool)>) {
        let record = self.of.len() as u32;
        let mut ids = [NONE; 16];
        let mut len = 0;
        for (text, shared) in values.take(ids.len()) {
            let id = self.vocabulary.intern_hashed(text);
            if self.shared.len() <= id as usize {
                self.shared.push(false);
                self.people.push(0);
            }
            self.shared[id as usize] |= shared;
            if shared {
                self.flags.push((id, record));
            }
            if !ids[..len].contains(&id) {
                ids[len] = id;
                len += 1;
            }
        }
        let ids = &mut ids[..len];
        ids.sort_unstable();
        self.vocabulary.count(ids.iter().copied());
        self.of.push(ids);
    }
}

impl Phrases {
    /// A column whose words will be compared by likeness.
    pub(crate) fn of_names() -> Phrases {
        Phrases { word: Vocabulary::outlined(), ..Phrases::default() }
    }

    /// A column whose wholes will be compared by likeness.
    pub(crate) fn outlined() -> Phrases {
        Phrases { whole: Vocabulary::outlined(), ..Phrases::default() }
    }

    /// Words one by one, as tests write them.
    #[cfg(test)]
    pub(crate) fn push(&mut self, words: &[String]) {
        self.push_text((!words.is_empty()).then_some(Hashed::of(&words.join(" "))));
    }

    /// `text`: words with a space between two.
    pub(crate) fn push_text(&mut self, text: Option<Hashed<'_>>) {
        let Some(text) = text else {
            self.of.push(NONE);
            return;
        };
        let whole = self.whole.intern_hashed(text);
        self.whole.count(Some(whole));
        self.ids.clear();
        if whole as usize == self.words.len() {
            self.ids.extend(text.text.split(' ').map(|word| self.word.intern(word)));
            self.words.push(&self.ids);
        } else {
            self.ids.extend_from_slice(self.words.row(whole));
        }
        self.ids.sort_unstable();
        self.ids.dedup();
        self.word.count(self.ids.iter().copied());
        self.of.push(whole);
    }

    /// Word numbers of a record.
    #[inline]
    pub(crate) fn words_of(&self, record: u32) -> &[u32] {
        match self.of[record as usize] {
            NONE => &[],
            whole => self.words.row(whole),
        }
    }
}
