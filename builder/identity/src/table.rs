//! The records as columns of numbers, in the order in which they were pushed: what blocking, comparison and clustering
//! read.
//!
//! Values are normalised in parallel a chunk at a time, then each column is numbered in record order, so that at no time
//! more than a chunk of normalised texts exists beside the columns. Numbers of values depend on the order of the records
//! and so decide nothing but equality.

use serde::{Deserialize, Serialize};

use crate::aliases::Aliases;
use crate::column::{Dates, Phrases, Single, Values};
use crate::comparison::contact::digits;
use crate::field::Field;
use crate::normalise::nickname;
use crate::pairs::Pair;
use crate::purchases::{Purchases, Weights};
use crate::row::{Cells, Normalised, Standing};
use crate::schema::{AttributeKind, Schema};
use crate::texts::Texts;
use crate::vocabulary::{Frequencies, NONE, Vocabulary, mix};

/// One-letter words are initials, and two-letter ones (of Latin letters) half of Hanoi.
const NAME_WORD_BYTES_MIN: usize = 2;
/// Fewer records are numbered by one thread: to wake another takes longer.
const SHARED_RECORDS_MIN: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Table {
    pub names: Phrases,
    pub births: Dates,
    pub emails: Values,
    pub locals: Locals,
    pub phones: Values,
    /// By phone: its digits as a number.
    pub phone_digits: Vec<u64>,
    pub streets: Phrases,
    pub postcodes: Single,
    /// By postcode: its first half, an area of many.
    pub areas: Vec<u32>,
    pub area_names: Vocabulary,
    pub cities: Single,
    pub devices: Values,
    pub numbers: Single,
    pub attributes: Vec<AttributeColumn>,
    pub source: Vec<u8>,
    /// By source: a person normally has one record there.
    pub one_record: Vec<bool>,
    pub standing: Vec<Standing>,
    /// By record, a hash of its key: tells records apart without regard to the order in which they came.
    pub tie: Vec<u64>,
    /// Filled in when all records are there.
    pub purchases: Purchases,
    /// By word of a name: the groups of nicknames and spellings it belongs to.
    pub word_groups: Vec<&'static [u16]>,
    /// By word of a name: what of it survives a slip, numbered.
    pub word_sounds: Vec<u32>,
    pub sounds: Vocabulary,
    /// By word of a name: it is more than an initial, or a syllable.
    pub word_tells: Vec<bool>,
    /// What stands for what, learnt from confident pairs.
    pub aliases: Aliases,
    /// Fields that at least two records have.
    pub active: Vec<Field>,
}

/// Local parts of the email addresses.
#[derive(Debug, Default)]
pub(crate) struct Locals {
    /// By email: its local part.
    pub local: Vec<u32>,
    pub locals: Vocabulary,
}

/// What is measured on the records that a model is fitted to, and holds for those that come later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measures {
    /// In the order of [`Table::counted`].
    counted: Vec<Frequencies>,
    active: Vec<Field>,
    pub purchases: Weights,
}

/// A column whose values have frequencies.
enum Counted<'a> {
    Texts(&'a mut Vocabulary),
    Dates(&'a mut Dates),
}

impl Counted<'_> {
    fn complete(self, frequencies: Option<&Frequencies>) {
        match self {
            Counted::Texts(texts) => texts.complete(frequencies),
            Counted::Dates(dates) => dates.complete(frequencies),
        }
    }

    fn frequencies(self) -> Frequencies {
        match self {
            Counted::Texts(texts) => texts.frequencies(),
            Counted::Dates(dates) => dates.frequencies(),
        }
    }
}

#[derive(Debug)]
pub(crate) enum AttributeColumn {
    Category(Single),
    Text(Box<Phrases>),
    Number(Single),
    Date(Dates),
    Place(Vec<Option<[f32; 2]>>),
}

impl Table {
    pub(crate) fn new(schema: &Schema) -> Table {
        let column = |kind| match kind {
            AttributeKind::Category => AttributeColumn::Category(Single::outlined()),
            AttributeKind::Text => AttributeColumn::Text(Box::new(Phrases::outlined())),
            AttributeKind::Number => AttributeColumn::Number(Single::default()),
            AttributeKind::Date => AttributeColumn::Date(Dates::default()),
            AttributeKind::Place => AttributeColumn::Place(Vec::new()),
        };
        Table {
            names: Phrases::of_names(),
            streets: Phrases::outlined(),
            locals: Locals { locals: Vocabulary::outlined(), ..Locals::default() },
            cities: Single::outlined(),
            attributes: schema.attributes.iter().map(|a| column(a.kind)).collect(),
            one_record: schema.sources.iter().map(|s| s.one_record).collect(),
            ..Table::default()
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.source.len() as u32
    }

    /// To be called when all records are there, and before anything is read; once more when records were appended.
    /// `measures`: those of a model; else they are counted.
    pub(crate) fn complete_columns(&mut self, measures: Option<&Measures>) {
        let Table { names, phones, phone_digits, word_groups, word_sounds, word_tells, sounds, .. } = self;
        let words = word_groups.len() as u32..names.word.len() as u32;
        let tell_words = || {
            for word in words {
                let text = names.word.get(word);
                word_groups.push(nickname::groups(text));
                word_sounds.push(sounds.intern(&sound(text)));
                word_tells.push(text.len() >= NAME_WORD_BYTES_MIN);
            }
        };
        let new = phone_digits.len() as u32..phones.vocabulary.len() as u32;
        rayon::join(tell_words, || phone_digits.extend(new.map(|p| digits(phones.vocabulary.get(p)))));
        let counted = measures.map(|m| m.counted.as_slice()).unwrap_or_default();
        rayon::scope(|scope| {
            for (n, column) in self.counted().enumerate() {
                scope.spawn(move |_| column.complete(counted.get(n)));
            }
        });
    }

    /// Chooses the fields that are compared, when columns and purchases are complete.
    pub(crate) fn choose_active(&mut self, measures: Option<&Measures>) {
        self.active = measures.map_or_else(|| self.fields_with_values(), |m| m.active.clone());
    }

    /// What [`Table::complete_columns`] measured, for other records.
    pub(crate) fn measures(&mut self) -> Measures {
        let counted = self.counted().map(Counted::frequencies).collect();
        Measures { counted, active: self.active.clone(), purchases: self.purchases.weights.clone() }
    }

    /// Everything whose values have frequencies, in fixed order.
    fn counted(&mut self) -> impl Iterator<Item = Counted<'_>> {
        let attributes = self.attributes.iter_mut().filter_map(|column| match column {
            AttributeColumn::Category(c) | AttributeColumn::Number(c) => Some(Counted::Texts(&mut c.vocabulary)),
            AttributeColumn::Text(c) => Some(Counted::Texts(&mut c.whole)),
            AttributeColumn::Date(c) => Some(Counted::Dates(c)),
            AttributeColumn::Place(_) => None,
        });
        let texts = [
            &mut self.names.whole,
            &mut self.names.word,
            &mut self.emails.vocabulary,
            &mut self.locals.locals,
            &mut self.phones.vocabulary,
            &mut self.streets.whole,
            &mut self.postcodes.vocabulary,
            &mut self.area_names,
            &mut self.cities.vocabulary,
            &mut self.devices.vocabulary,
            &mut self.numbers.vocabulary,
        ];
        let roles = texts.into_iter().map(Counted::Texts).chain([Counted::Dates(&mut self.births)]);
        roles.chain(attributes)
    }

    /// The order of two records that no arrival changes. Ties of hashes are as good as impossible, and then the order of
    /// arrival does.
    #[inline]
    pub(crate) fn by_tie(&self, a: u32, b: u32) -> std::cmp::Ordering {
        self.tie[a as usize].cmp(&self.tie[b as usize])
    }

    /// The same for pairs: a number that no arrival changes.
    pub(crate) fn pair_tie(&self, pair: Pair) -> u64 {
        let (x, y) = (self.tie[pair.first() as usize], self.tie[pair.second() as usize]);
        mix(x.min(y)) ^ x.max(y)
    }

    fn fields_with_values(&self) -> Vec<Field> {
        let attribute = |n: usize| match &self.attributes[n] {
            AttributeColumn::Category(c) | AttributeColumn::Number(c) => c.vocabulary.records(),
            AttributeColumn::Text(c) => c.whole.records(),
            AttributeColumn::Date(c) => c.records(),
            AttributeColumn::Place(c) => c.iter().flatten().count() as u32,
        };
        let records = |field: Field| match field {
            Field::NAME => self.names.whole.records(),
            Field::BIRTH_DATE => self.births.records(),
            Field::EMAIL => self.emails.vocabulary.records(),
            Field::PHONE => self.phones.vocabulary.records(),
            Field::STREET => self.streets.whole.records(),
            Field::LOCALITY => self.postcodes.vocabulary.records() + self.cities.vocabulary.records(),
            Field::DEVICE => self.devices.vocabulary.records(),
            Field::PURCHASES => self.purchases.any.iter().filter(|&&any| any).count() as u32,
            Field::NUMBER => self.numbers.vocabulary.records(),
            Field::ACCOUNTS => 2 * u32::from(self.one_record.iter().any(|&one| one)),
            other => other.attribute_number().filter(|&n| n < self.attributes.len()).map_or(0, attribute),
        };
        Field::all().filter(|&field| records(field) >= 2).collect()
    }

    /// Numbers the values of records, a column at a time: while a column is read, its vocabulary stays in the cache.
    pub(crate) fn push(&mut self, parts: &[&Normalised]) {
        let Table { names, births, emails, locals, phones, streets, postcodes, cities, devices, numbers, .. } = self;
        let (areas, area_names, attributes) = (&mut self.areas, &mut self.area_names, &mut self.attributes);
        // The costliest first, so that threads end together.
        let mut columns: Vec<Task<'_>> = vec![
            Box::new(|| {
                each(parts, |part| push_values(emails, &part.emails));
                locals.push(emails);
            }),
            Box::new(|| each(parts, |part| push_values(phones, &part.phones))),
            Box::new(|| each(parts, |part| push_phrases(names, &part.name))),
            Box::new(|| each(parts, |part| push_phrases(streets, &part.street))),
            Box::new(|| each(parts, |part| push_values(devices, &part.devices))),
            Box::new(|| {
                let from = postcodes.of.len();
                each(parts, |part| push_single(postcodes, &part.postcode));
                push_areas(postcodes, areas, area_names, from);
            }),
            Box::new(|| each(parts, |part| part.birth.iter().for_each(|&birth| births.push(birth)))),
            Box::new(|| each(parts, |part| push_single(cities, &part.city))),
            Box::new(|| each(parts, |part| push_single(numbers, &part.number))),
        ];
        for (n, column) in attributes.iter_mut().enumerate() {
            columns.push(Box::new(move || each(parts, |part| column.push(&part.attributes[n]))));
        }
        if parts.iter().map(|part| part.source.len()).sum::<usize>() < SHARED_RECORDS_MIN {
            columns.into_iter().for_each(|push| push());
        } else {
            rayon::scope(|scope| columns.into_iter().for_each(|push| scope.spawn(|_| push())));
        }
        for part in parts {
            self.source.extend_from_slice(&part.source);
            self.standing.extend_from_slice(&part.standing);
        }
    }
}

/// The numbering of one column.
type Task<'a> = Box<dyn FnOnce() + Send + 'a>;

fn push_values(values: &mut Values, texts: &Texts) {
    values.vocabulary.warm(texts.all());
    texts.rows().for_each(|row| values.push(row));
}

fn push_phrases(phrases: &mut Phrases, texts: &Texts) {
    phrases.whole.warm(texts.all());
    texts.firsts().for_each(|text| phrases.push_text(text));
}

fn push_single(single: &mut Single, texts: &Texts) {
    single.vocabulary.warm(texts.all());
    texts.firsts().for_each(|text| single.push(text));
}

fn each(parts: &[&Normalised], push: impl FnMut(&Normalised)) {
    parts.iter().copied().for_each(push);
}

/// Numbers the areas of postcodes that are new, and counts the records in each.
fn push_areas(postcodes: &Single, areas: &mut Vec<u32>, area_names: &mut Vocabulary, from: usize) {
    while areas.len() < postcodes.vocabulary.len() {
        let area = area(postcodes.vocabulary.get(areas.len() as u32));
        areas.push(area.map_or(NONE, |area| area_names.intern(area)));
    }
    for &postcode in &postcodes.of[from..] {
        area_names.count((postcode != NONE).then(|| areas[postcode as usize]));
    }
}

/// The part of a postcode that an area shares: what stands before the last three characters, two at least.
///
/// `SW1A 1AA` is in SW1A, 238801 in 238, 10110 in 10.
fn area(postcode: &str) -> Option<&str> {
    let (end, _) = postcode.char_indices().rev().nth(2)?;
    (end >= 2).then(|| &postcode[..end])
}

/// The first letter and the consonants after it, each once in a row, with letters that sound alike made one; for words of
/// other scripts the word itself.
fn sound(word: &str) -> String {
    if !word.is_ascii() {
        return word.to_owned();
    }
    let mut sound = String::with_capacity(word.len());
    for (at, c) in word.chars().enumerate() {
        let c = match c {
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h' | 'w' if at > 0 => continue,
            'c' | 'q' | 'k' => 'k',
            'z' | 's' => 's',
            'v' | 'f' => 'f',
            'd' | 't' => 't',
            'b' | 'p' => 'p',
            'g' | 'j' => 'j',
            'm' | 'n' => 'n',
            other => other,
        };
        if !sound.ends_with(c) {
            sound.push(c);
        }
    }
    sound
}

impl Locals {
    /// Appends the local parts of the addresses that are new, in the order of their numbers.
    fn push(&mut self, emails: &Values) {
        while self.local.len() < emails.vocabulary.len() {
            let address = emails.vocabulary.get(self.local.len() as u32);
            let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
            let id = self.locals.intern(local);
            self.locals.count(Some(id));
            self.local.push(id);
        }
    }
}

impl AttributeColumn {
    /// A column and its cells are of one schema, and so of one kind.
    fn push(&mut self, cells: &Cells) {
        match (self, cells) {
            (AttributeColumn::Category(c) | AttributeColumn::Number(c), Cells::Texts(texts)) => push_single(c, texts),
            (AttributeColumn::Text(c), Cells::Texts(texts)) => push_phrases(c, texts),
            (AttributeColumn::Date(c), Cells::Dates(dates)) => dates.iter().for_each(|&date| c.push(date)),
            (AttributeColumn::Place(c), Cells::Places(places)) => c.extend_from_slice(places),
            _ => unreachable!("cells of another kind than their column"),
        }
    }
}
