//! Normalised texts of many records, one after another: no text is a `String` of its own.
//!
//! Normalising makes a dozen small texts of each record, and they live only until they are numbered.

use crate::vocabulary::{Hashed, hash_text};

/// Any number of texts per row.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    all: String,
    texts: Vec<Text>,
    /// By row: texts up to its last.
    ends: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Text {
    end: usize,
    /// Hashed where the text is made, by many threads and while it is in the cache.
    hash: u64,
    shared: bool,
}

impl Texts {
    /// With room for so many rows of one short text.
    pub(crate) fn with_room(rows: usize) -> Texts {
        const TEXT_BYTES: usize = 16;
        Texts {
            all: String::with_capacity(rows * TEXT_BYTES),
            texts: Vec::with_capacity(rows),
            ends: Vec::with_capacity(rows),
        }
    }

    /// Appends a text to the row that is written. `shared`: several people use it.
    pub(crate) fn add(&mut self, text: &str, shared: bool) {
        self.all.push_str(text);
        self.texts.push(Text { end: self.all.len(), hash: hash_text(text), shared });
    }

    /// Appends a word to the text that is written, with a space before it.
    pub(crate) fn add_word(&mut self, word: &str) {
        if self.all.len() > self.written() {
            self.all.push(' ');
        }
        self.all.push_str(word);
    }

    /// The row is whole: of one text when it has words, else of none.
    pub(crate) fn end_words(&mut self) {
        let (start, end) = (self.written(), self.all.len());
        if end > start {
            self.texts.push(Text { end, hash: hash_text(&self.all[start..]), shared: false });
        }
        self.end_row();
    }

    /// Where the text that is written begins.
    fn written(&self) -> usize {
        self.texts.last().map_or(0, |text| text.end)
    }

    /// The row that is written is whole.
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.texts.len());
    }

    /// A row of at most one text.
    pub(crate) fn row_of(&mut self, text: Option<&str>) {
        text.into_iter().for_each(|text| self.add(text, false));
        self.end_row();
    }

    /// The texts of each row, and whether each is shared.
    pub(crate) fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = (Hashed<'_>, bool)>> {
        (0..self.ends.len()).map(|row| (before(&self.ends, row)..self.ends[row]).map(|at| self.text(at)))
    }

    /// The first text of each row.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = Option<Hashed<'_>>> {
        self.rows().map(|mut row| row.next().map(|(text, _)| text))
    }

    /// The texts of all rows.
    pub(crate) fn all(&self) -> impl Iterator<Item = Hashed<'_>> {
        (0..self.texts.len()).map(|at| self.text(at).0)
    }

    fn text(&self, at: usize) -> (Hashed<'_>, bool) {
        let start = at.checked_sub(1).map_or(0, |before| self.texts[before].end);
        let Text { end, hash, shared } = self.texts[at];
        (Hashed { text: &self.all[start..end], hash }, shared)
    }
}

fn before(ends: &[usize], at: usize) -> usize {
    at.checked_sub(1).map_or(0, |before| ends[before])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_none_one_and_several() {
        let mut texts = Texts::default();
        texts.row_of(None);
        texts.row_of(Some("mei"));
        texts.add("a", false);
        texts.add("bc", true);
        texts.end_row();
        texts.end_words();
        ["ling", "mei", "tan"].into_iter().for_each(|word| texts.add_word(word));
        texts.end_words();
        let rows: Vec<Vec<(&str, bool)>> =
            texts.rows().map(|row| row.map(|(text, shared)| (text.text, shared)).collect()).collect();
        let expected: [&[(&str, bool)]; 5] =
            [&[], &[("mei", false)], &[("a", false), ("bc", true)], &[], &[("ling mei tan", false)]];
        assert_eq!(rows, expected);
        let firsts: Vec<Option<&str>> = texts.firsts().map(|text| text.map(|text| text.text)).collect();
        assert!(texts.all().all(|text| text == Hashed::of(text.text)));
        assert_eq!(firsts, [None, Some("mei"), Some("a"), None, Some("ling mei tan")]);
    }
}
