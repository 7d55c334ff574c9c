//! What stands for what, learnt from the data: Bill and William, Barnsbury and Islington, author and writer.
//!
//! Among pairs that are of one person whatever the field says, values that differ are counted. Two values that stand for
//! each other meet there far more often than two that are merely frequent; a slip of a pen is never made twice alike.
//! Sources write names of places and trades by their own habits, and no list has them all; what is learnt here holds for
//! the data at hand, whatever its language.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::column::Single;
use crate::comparison::Comparison;
use crate::field::{CATEGORY_CLOSE, Field};
use crate::model::Alias;
use crate::table::{AttributeColumn, Table};
use crate::vocabulary::Vocabulary;

/// Pairs of different people (by cluster of evidence, not of records) in which two values must have met.
const MEETINGS_MIN: u32 = 3;
/// How many times more often than by chance.
const LIFT_MIN: f64 = 8.0;
/// Least share of the rarer value's differences that are with the other value.
const SHARE_MIN: f64 = 0.02;

/// Pairs of value numbers, smaller first.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    pub words: FxHashSet<(u32, u32)>,
    pub cities: FxHashSet<(u32, u32)>,
    /// By attribute.
    pub categories: [FxHashSet<(u32, u32)>; Field::ATTRIBUTES_MAX],
}

/// Differences seen so far.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    words: Meetings,
    cities: Meetings,
    categories: [Meetings; Field::ATTRIBUTES_MAX],
}

/// How often two values met in pairs that differ, and how often each met any other.
#[derive(Debug, Default)]
struct Meetings {
    /// Smaller number first; with the records last seen, so that one person's many records count once.
    together: FxHashMap<(u32, u32), (u32, u32)>,
    each: FxHashMap<u32, u32>,
    all: u32,
}

impl Meetings {
    /// `group`: whose pair it is.
    fn add(&mut self, x: u32, y: u32, group: u32) {
        let (count, last) = self.together.entry((x.min(y), x.max(y))).or_insert((0, u32::MAX));
        if *last == group {
            return;
        }
        (*count, *last) = (*count + 1, group);
        *self.each.entry(x).or_default() += 1;
        *self.each.entry(y).or_default() += 1;
        self.all += 1;
    }

    fn aliases(&self) -> FxHashSet<(u32, u32)> {
        let stand = |&(&(x, y), &(count, _)): &(&(u32, u32), &(u32, u32))| {
            let (x, y) = (f64::from(self.each[&x]), f64::from(self.each[&y]));
            let by_chance = x * y / (2.0 * f64::from(self.all.max(1)));
            let count_f = f64::from(count);
            count >= MEETINGS_MIN && count_f >= LIFT_MIN * by_chance && count_f >= SHARE_MIN * x.min(y)
        };
        self.together.iter().filter(stand).map(|(&pair, _)| pair).collect()
    }
}

impl Differences {
    /// Notes what differs between two records that are of one person. `group` numbers the person; pairs of one person
    /// must follow each other.
    pub(crate) fn add(&mut self, table: &Table, pair: &Comparison, a: u32, b: u32, group: u32) {
        if let Some((x, y)) = only_difference(table.names.words_of(a), table.names.words_of(b)) {
            self.words.add(x, y, group);
        }
        add_single(&mut self.cities, &table.cities, a, b, group);
        for (n, column) in table.attributes.iter().enumerate() {
            if let AttributeColumn::Category(column) = column
                && pair.level(Field::attribute(n)) <= CATEGORY_CLOSE
            {
                add_single(&mut self.categories[n], column, a, b, group);
            }
        }
    }

    pub(crate) fn aliases(&self) -> Aliases {
        Aliases {
            words: self.words.aliases(),
            cities: self.cities.aliases(),
            categories: std::array::from_fn(|n| self.categories[n].aliases()),
        }
    }
}

fn add_single(meetings: &mut Meetings, column: &Single, a: u32, b: u32, group: u32) {
    if let Some((x, y)) = column.both(a, b)
        && x != y
    {
        meetings.add(x, y, group);
    }
}

/// The words in which two names differ, when it is one in each.
fn only_difference(x: &[u32], y: &[u32]) -> Option<(u32, u32)> {
    let one = |own: &[u32], other: &[u32]| {
        let mut left = own.iter().copied().filter(|w| !other.contains(w));
        left.next().filter(|_| left.next().is_none())
    };
    Some((one(x, y)?, one(y, x)?))
}

impl Aliases {
    pub(crate) fn stand(set: &FxHashSet<(u32, u32)>, x: u32, y: u32) -> bool {
        !set.is_empty() && set.contains(&(x.min(y), x.max(y)))
    }

    /// As texts, sorted.
    pub(crate) fn written(&self, table: &Table) -> Vec<Alias> {
        let mut written = Vec::new();
        let mut add = |field: Field, set: &FxHashSet<(u32, u32)>, vocabulary: &Vocabulary| {
            for &(x, y) in set {
                let (x, y) = (vocabulary.get(x).to_owned(), vocabulary.get(y).to_owned());
                let (a, b) = if x < y { (x, y) } else { (y, x) };
                written.push(Alias { field, a, b });
            }
        };
        add(Field::NAME, &self.words, &table.names.word);
        add(Field::LOCALITY, &self.cities, &table.cities.vocabulary);
        for (n, column) in table.attributes.iter().enumerate() {
            if let AttributeColumn::Category(column) = column {
                add(Field::attribute(n), &self.categories[n], &column.vocabulary);
            }
        }
        written.sort_unstable();
        written
    }

    /// Numbers the values of aliases, so that they stand for each other also when they come later.
    pub(crate) fn intern(table: &mut Table, written: &[Alias]) {
        for Alias { field, a, b } in written {
            let vocabulary = match (*field, field.attribute_number()) {
                (Field::NAME, _) => &mut table.names.word,
                (Field::LOCALITY, _) => &mut table.cities.vocabulary,
                (_, Some(n)) => match table.attributes.get_mut(n) {
                    Some(AttributeColumn::Category(column)) => &mut column.vocabulary,
                    _ => continue,
                },
                _ => continue,
            };
            vocabulary.intern(a);
            vocabulary.intern(b);
        }
    }

    /// What was [`Aliases::written`] for other records, as far as these have the values.
    pub(crate) fn read(table: &Table, written: &[Alias]) -> Aliases {
        let mut aliases = Aliases::default();
        for Alias { field, a, b } in written {
            let (vocabulary, set) = match (*field, field.attribute_number()) {
                (Field::NAME, _) => (&table.names.word, &mut aliases.words),
                (Field::LOCALITY, _) => (&table.cities.vocabulary, &mut aliases.cities),
                (_, Some(n)) => match table.attributes.get(n) {
                    Some(AttributeColumn::Category(column)) => (&column.vocabulary, &mut aliases.categories[n]),
                    _ => continue,
                },
                _ => continue,
            };
            if let (Some(x), Some(y)) = (vocabulary.find(a), vocabulary.find(b)) {
                set.insert((x.min(y), x.max(y)));
            }
        }
        aliases
    }

    /// Aliases in all.
    pub(crate) fn len(&self) -> usize {
        self.words.len() + self.cities.len() + self.categories.iter().map(FxHashSet::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meets_often_stands_for_the_other_and_slips_do_not() {
        let mut meetings = Meetings::default();
        for person in 0..400 {
            match person % 16 {
                0 => meetings.add(1, 2, person),
                1 => meetings.add(1, 10 + person, person),
                n if n < 8 => meetings.add(3, 1000 + person, person),
                _ => meetings.add(2000 + person, 4, person),
            }
        }
        assert_eq!(meetings.aliases().into_iter().collect::<Vec<_>>(), [(1, 2)]);
    }

    #[test]
    fn the_records_of_one_person_count_once() {
        let mut meetings = Meetings::default();
        (0..50).for_each(|_| meetings.add(1, 2, 7));
        assert!(meetings.aliases().is_empty());
    }

    #[test]
    fn one_word_differs() {
        assert_eq!(only_difference(&[1, 2, 3], &[1, 4, 3]), Some((2, 4)));
        assert_eq!(only_difference(&[1, 2], &[1, 2, 3]), None);
        assert_eq!(only_difference(&[1, 2], &[3, 4]), None);
    }
}
