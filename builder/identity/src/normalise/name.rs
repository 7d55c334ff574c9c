//! Person names of the region and of Europe as sets of words: order, titles and words of descent (`bin`, `a/l`) do not
//! count.
//!
//! Deliberately not here: which word is the family name. "Tan Mei Ling", "Mei Ling Tan" and "Tan, Mei Ling" are written
//! by the same people, and many have no family name at all; comparison pairs the words by likeness instead. Nor which
//! words are forms of one name, which is `nickname`.
//!
//! Whether a word is a title depends on what stands beside it ("Bu Siti", "Tan Bu Kok"), so the words of the result are
//! put in an order in which reading them again changes nothing: see [`Name::ordered`].

mod words;

use words::{Kind, known, without_thai_title};

use super::{bounded, fold, is_non_value, nickname};

/// Words kept of one name; the longest names of the region have six.
pub const NAME_WORDS_MAX: usize = 6;
/// Characters kept of one word.
pub const WORD_CHARS_MAX: usize = 32;
/// Words looked at, with titles.
const TOKENS_MAX: usize = 16;

// A name that has been normalised is read whole when it is normalised again.
const _: () = assert!(NAME_WORDS_MAX * (WORD_CHARS_MAX * 4 + 1) <= super::INPUT_BYTES_MAX);

/// The words of a name, folded and in a fixed order; empty when it names nobody.
///
/// `given` and `family` are used when both are there, else `full`, else what there is. At most [`NAME_WORDS_MAX`] words
/// of [`WORD_CHARS_MAX`] characters. O(length); allocates the words and one copy of the text.
pub fn name_words(given: Option<&str>, family: Option<&str>, full: Option<&str>) -> Vec<String> {
    let mut words = Vec::with_capacity(NAME_WORDS_MAX);
    for_each_word(given, family, full, |word| words.push(word.to_owned()));
    words
}

/// Calls `each` for the words of [`name_words`] in their order.
pub(crate) fn for_each_word(given: Option<&str>, family: Option<&str>, full: Option<&str>, each: impl FnMut(&str)) {
    let filled = |text: Option<&'_ str>| text.is_some_and(|t| !bounded(t).is_empty());
    let parts = if (filled(given) && filled(family)) || !filled(full) { [given, family] } else { [full, None] };
    let [first, second] = parts.map(|part| part.map_or_else(String::new, prepared));
    let mut name = Name::default();
    name.read(&first);
    // People with one name write it twice where a form wants two.
    if first != second {
        name.read(&second);
    }
    name.settle();
    name.ordered().iter().map(|token| token.word).for_each(each);
}

/// The folded text without apostrophes and words of descent that have a slash; empty for no value.
fn prepared(text: &str) -> String {
    let mut folded = String::new();
    fold(bounded(text), &mut folded);
    if is_non_value(&folded) || is_address(&folded) {
        folded.clear();
    }
    if has_apostrophe_or_slash(folded.as_bytes()) {
        // O'Brien is Obrien. "a/l", "s/o" would otherwise fall apart into initials.
        super::remove(&mut folded, |c| c == '\'');
        if folded.contains('/') {
            folded = without_slashed_descent(&folded);
        }
    }
    folded
}

fn has_apostrophe_or_slash(text: &[u8]) -> bool {
    text.iter().any(|b| matches!(b, b'\'' | b'/'))
}

/// An email address in the field of the name. "Lim Ah Kow @ Lim Kow" is an alias as identity cards write it.
fn is_address(folded: &str) -> bool {
    folded.split_once('@').is_some_and(|(_, after)| {
        let domain = after.split(char::is_whitespace).next().unwrap_or_default();
        domain.contains('.') && !domain.ends_with('.')
    })
}

/// Son, daughter, wife of.
const SLASHED: [&str; 6] = ["a/l", "a/p", "s/o", "d/o", "w/o", "c/o"];

fn without_slashed_descent(folded: &str) -> String {
    let mut kept = String::with_capacity(folded.len());
    for (at, word) in folded.split(char::is_whitespace).filter(|w| !SLASHED.contains(w)).enumerate() {
        if at > 0 {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    kept
}

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    word: &'a str,
    kind: Kind,
    of_muslims: bool,
    after_comma: bool,
}

/// The words of a name while titles are told from names.
#[derive(Debug)]
struct Name<'a> {
    tokens: [Token<'a>; TOKENS_MAX],
    count: usize,
    /// A title, "of" or an ordinal was there, so that a rank is a rank.
    ranked: bool,
}

impl Default for Name<'_> {
    fn default() -> Self {
        let none = Token { word: "", kind: Kind::Name, of_muslims: false, after_comma: false };
        Name { tokens: [none; TOKENS_MAX], count: 0, ranked: false }
    }
}

impl<'a> Name<'a> {
    fn read(&mut self, text: &'a str) {
        let mut end = 0;
        for raw in super::words(text) {
            let start = raw.as_ptr().addr() - text.as_ptr().addr();
            let after_comma = text[end..start].contains(',');
            end = start + raw.len();
            self.push(raw, after_comma);
        }
    }

    fn push(&mut self, raw: &'a str, after_comma: bool) {
        let mut word = raw;
        if has_number(word) {
            word = word.trim_end_matches(char::is_numeric);
            if has_number(word) {
                self.ranked |= word.ends_with(|c: char| c.is_ascii_alphabetic());
                return;
            }
        }
        word = without_thai_title(word);
        if word.len() > WORD_CHARS_MAX {
            word = word.char_indices().nth(WORD_CHARS_MAX).map_or(word, |(at, _)| &word[..at]);
        }
        let found = known(word);
        let word = found.spelling.unwrap_or(word);
        let kind = match found.kind {
            Kind::Name if !word.contains(char::is_alphabetic) => return,
            Kind::Name if is_held_key(word) => Kind::Placeholder,
            // A Thai title that is abbreviated by letters with points: น.ส., ม.ร.ว.
            Kind::Name if word.len() == 3 && ('ก'..='ฮ').contains(&word.chars().next().unwrap_or(' ')) => {
                Kind::Title
            }
            kind => kind,
        };
        if kind != Kind::Never && self.count < TOKENS_MAX {
            self.tokens[self.count] = Token { word, kind, of_muslims: found.of_muslims, after_comma };
            self.count += 1;
        }
    }

    fn all(&self) -> &[Token<'a>] {
        &self.tokens[..self.count]
    }

    fn has(&self, test: impl Fn(&Token) -> bool) -> bool {
        self.all().iter().any(test)
    }

    fn retain(&mut self, test: impl Fn(usize, &Token) -> bool) {
        let mut kept = 0;
        for at in 0..self.count {
            if test(at, &self.tokens[at]) {
                self.tokens[kept] = self.tokens[at];
                kept += 1;
            }
        }
        self.count = kept;
    }

    /// Drops what is no name.
    fn settle(&mut self) {
        self.mark_double_titles();
        if self.has(|t| t.kind != Kind::Title) {
            self.ranked |= self.has(|t| t.kind == Kind::Title);
            self.retain(|_, t| t.kind != Kind::Title);
        }
        let ranked = self.ranked || self.has(|t| t.kind == Kind::Rank && t.after_comma);
        if ranked && self.has(|t| t.kind != Kind::Rank) {
            self.retain(|_, t| t.kind != Kind::Rank);
        }
        let leading = self.all().iter().take_while(|t| t.kind == Kind::Leading).count();
        let dropped = leading.min(self.count.saturating_sub(1));
        self.retain(|at, _| at >= dropped);
        self.count = self.count.min(NAME_WORDS_MAX);
        // "Ahmad b. Abdullah" is a son of Abdullah, and "George B. Shaw" has an initial.
        if !self.has(|t| t.of_muslims) {
            self.tokens[..self.count].iter_mut().filter(|t| t.word == "b").for_each(|t| t.kind = Kind::Name);
        }
        let last = self.count.saturating_sub(1);
        self.retain(|at, t| t.kind != Kind::Inner || at == 0 || at == last);
        if !self.has(|t| t.kind != Kind::Placeholder) {
            self.count = 0;
        }
        self.split_han();
    }

    /// "Tan Sri", "Toh Puan", "Dato Seri": titles though Tan and Sri alone are names.
    fn mark_double_titles(&mut self) {
        for at in 1..self.count {
            let both = matches!(
                (self.tokens[at - 1].word, self.tokens[at].word),
                ("dato" | "datuk" | "datin" | "puan", "sri" | "seri" | "paduka")
                    | ("tan", "sri" | "seri")
                    | ("toh", "puan")
            );
            let others = || self.all().iter().enumerate().filter(|(i, _)| *i != at && *i != at - 1);
            if both && others().any(|(_, t)| t.kind != Kind::Title) {
                self.tokens[at - 1].kind = Kind::Title;
                self.tokens[at].kind = Kind::Title;
            }
        }
    }

    /// 陈美玲 is written without a space: the surname becomes a word, which `nickname` knows as Tan and Chen.
    fn split_han(&mut self) {
        let mut of_han = self.all().iter().enumerate().filter(|(_, t)| t.word.chars().next().is_some_and(is_han));
        let (Some((at, token)), None) = (of_han.next(), of_han.next()) else { return };
        let word = token.word;
        if !(2..=4).contains(&word.chars().count()) || !word.chars().all(is_han) || self.count == NAME_WORDS_MAX {
            return;
        }
        let Some(surname) = nickname::chinese_surname(word).filter(|&bytes| bytes < word.len()) else { return };
        // 陈先生 is Mr Chen.
        if known(&word[surname..]).kind == Kind::Title {
            self.tokens[at].word = &word[..surname];
            return;
        }
        self.tokens[at..=self.count].rotate_right(1);
        self.tokens[at] = Token { word: &word[..surname], ..self.tokens[at + 1] };
        self.tokens[at + 1].word = &word[surname..];
        self.count += 1;
    }

    /// The words: sorted, but a word of descent that was kept at an end stays at an end, and a word that would be a title
    /// at the beginning stays behind the others.
    fn ordered(&mut self) -> &[Token<'a>] {
        let place = |t: &Token| match t.kind {
            Kind::Inner => 0,
            Kind::Leading => 2,
            _ => 1,
        };
        let tokens = &mut self.tokens[..self.count];
        tokens.sort_unstable_by(|x, y| (place(x), x.word).cmp(&(place(y), y.word)));
        if let [_, second, ..] = tokens
            && second.kind == Kind::Inner
        {
            tokens[1..].rotate_left(1);
        }
        tokens
    }
}

fn has_number(word: &str) -> bool {
    if word.is_ascii() { word.bytes().any(|b| b.is_ascii_digit()) } else { word.contains(char::is_numeric) }
}

/// "aaa", "xxxxx".
fn is_held_key(word: &str) -> bool {
    let mut chars = word.chars();
    let first = chars.next();
    word.len() >= 3 && word.is_ascii() && chars.all(|c| Some(c) == first)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

#[cfg(test)]
mod tests;
