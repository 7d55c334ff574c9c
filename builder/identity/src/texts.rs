//! Normalised texts of many records, one after another: no text is a `String` of its own.
//!
//! Normalising makes a dozen small texts of each record, and they live only until they are numbered.

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
        self.texts.push(Text { end: self.all.len(), shared });
    }

    /// Appends words as one text, with a space between two; none when there are none.
    pub(crate) fn add_words<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        let start = self.all.len();
        for word in words {
            if self.all.len() > start {
                self.all.push(' ');
            }
            self.all.push_str(word);
        }
        if self.all.len() > start {
            self.texts.push(Text { end: self.all.len(), shared: false });
        }
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
    pub(crate) fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = (&str, bool)>> {
        (0..self.ends.len()).map(|row| (before(&self.ends, row)..self.ends[row]).map(|at| self.text(at)))
    }

    /// The first text of each row.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = Option<&str>> {
        self.rows().map(|mut row| row.next().map(|(text, _)| text))
    }

    fn text(&self, at: usize) -> (&str, bool) {
        let start = at.checked_sub(1).map_or(0, |before| self.texts[before].end);
        let Text { end, shared } = self.texts[at];
        (&self.all[start..end], shared)
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
        texts.add_words([]);
        texts.end_row();
        texts.add_words(["ling", "mei", "tan"]);
        texts.end_row();
        let rows: Vec<Vec<(&str, bool)>> = texts.rows().map(Iterator::collect).collect();
        let expected: [&[(&str, bool)]; 5] =
            [&[], &[("mei", false)], &[("a", false), ("bc", true)], &[], &[("ling mei tan", false)]];
        assert_eq!(rows, expected);
        let firsts: Vec<Option<&str>> = texts.firsts().collect();
        assert_eq!(firsts, [None, Some("mei"), Some("a"), None, Some("ling mei tan")]);
    }
}
