//! Which pairs are worth comparing: records that share a key of a rule, found by sorting keys.
//!
//! A block above the limit cannot explode: its records are sorted by name and birth date, and each is paired only with
//! its next few neighbours (the sorted-neighbourhood method of Hernández and Stolfo, SIGMOD 1995). Every rule reports its
//! pairs, those no earlier rule made, and what was capped.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::capture;
use crate::column::Values;
use crate::comparison::contact::TAIL;
use crate::config::{BlockingConfig, BlockingRule, Part};
use crate::field::Field;
use crate::normalise::date::Written;
use crate::pairs::Pair;
use crate::table::{AttributeColumn, Table};
use crate::vocabulary::{NONE, hash_text, mix};

/// Keys of one record under one rule; a product of several values each is cut here.
const KEYS_PER_RECORD_MAX: usize = 32;
/// One-letter words are initials, and two-letter ones (of Latin letters) half of Hanoi.
const NAME_WORD_BYTES_MIN: usize = 2;
/// Small data may have as many pairs as this many records would.
const PAIRS_PER_RECORD_RECORDS_MIN: f64 = 20_000.0;

/// What one rule did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleReport {
    pub rule: String,
    /// Blocks of two or more records.
    pub blocks: u64,
    pub largest_block_records: u64,
    pub pairs: u64,
    /// Pairs that no earlier rule had made.
    pub new_pairs: u64,
    pub capped_blocks: u64,
    pub capped_records: u64,
    /// Pairs of capped blocks that were not made.
    pub pairs_left_out: u64,
    /// The rule makes more pairs than [`BlockingConfig::pairs_per_record_max`] allows, and was left out.
    pub too_many: bool,
}

/// Candidate pairs, and the pairs of each rule by itself for fitting.
pub(crate) struct Candidates {
    /// Sorted; each pair once, under its first rule.
    pub pairs: Vec<Pair>,
    /// By pair: the kinds of rules that made it.
    pub kinds: Vec<u16>,
    /// By rule, a sample of all its pairs.
    pub samples: Vec<Vec<Pair>>,
    pub reports: Vec<RuleReport>,
}

/// `sample_max`: pairs kept per rule for fitting, chosen by hash with `seed`.
pub(crate) fn candidates(table: &Table, config: &BlockingConfig, sample_max: u64, seed: u64) -> Candidates {
    let mut found = Candidates { pairs: Vec::new(), kinds: Vec::new(), samples: Vec::new(), reports: Vec::new() };
    for (number, rule) in config.rules.iter().enumerate() {
        let mut report = RuleReport { rule: rule.name.clone(), ..RuleReport::empty() };
        let mut pairs = rule_pairs(table, config, rule, number as u8, &mut report);
        pairs.par_sort_unstable();
        pairs.dedup();
        report.pairs = pairs.len() as u64;
        found.samples.push(sample(table, &pairs, sample_max, seed));
        found.reports.push(report);
        found.pairs.append(&mut pairs);
    }
    found.pairs.par_sort_unstable();
    let kinds = capture::kinds(&config.rules);
    let mut kept = 0;
    for at in 0..found.pairs.len() {
        let pair = found.pairs[at];
        let kind = kinds[usize::from(pair.rule())];
        if kept > 0 && found.pairs[kept - 1].records() == pair.records() {
            found.kinds[kept - 1] |= kind;
            continue;
        }
        found.pairs[kept] = pair;
        found.kinds.push(kind);
        found.reports[usize::from(pair.rule())].new_pairs += 1;
        kept += 1;
    }
    found.pairs.truncate(kept);
    found
}

impl RuleReport {
    fn empty() -> RuleReport {
        RuleReport {
            rule: String::new(),
            blocks: 0,
            largest_block_records: 0,
            pairs: 0,
            new_pairs: 0,
            capped_blocks: 0,
            capped_records: 0,
            pairs_left_out: 0,
            too_many: false,
        }
    }
}

/// About `max` of the pairs, the same ones for the same records and seed.
pub(crate) fn sample(table: &Table, pairs: &[Pair], max: u64, seed: u64) -> Vec<Pair> {
    if pairs.len() as u64 <= max {
        return pairs.to_vec();
    }
    let limit = (u128::from(u64::MAX) * u128::from(max) / pairs.len() as u128) as u64;
    pairs.iter().copied().filter(|p| mix(table.pair_tie(*p) ^ mix(seed)) < limit).collect()
}

fn rule_pairs(
    table: &Table,
    config: &BlockingConfig,
    rule: &BlockingRule,
    number: u8,
    report: &mut RuleReport,
) -> Vec<Pair> {
    let mut keyed: Vec<(u64, u32)> = (0..table.len())
        .into_par_iter()
        .fold(Vec::new, |mut keyed, record| {
            keys(table, rule, record, &mut keyed);
            keyed
        })
        .reduce(Vec::new, |mut a, mut b| {
            a.append(&mut b);
            a
        });
    keyed.par_sort_unstable();
    keyed.dedup();
    let blocks = || keyed.chunk_by(|x, y| x.0 == y.0).filter(|block| block.len() > 1);
    for block in blocks() {
        let records = block.len() as u64;
        report.blocks += 1;
        report.largest_block_records = report.largest_block_records.max(records);
        report.pairs += if block.len() <= config.block_records_max {
            records * (records - 1) / 2
        } else {
            report.capped_blocks += 1;
            report.capped_records += records;
            let made = window_pairs(block.len(), config.window_records);
            report.pairs_left_out += records * (records - 1) / 2 - made;
            made
        };
    }
    let allowed = config.pairs_per_record_max * f64::from(table.len()).max(PAIRS_PER_RECORD_RECORDS_MIN);
    if report.pairs as f64 > allowed {
        report.too_many = true;
        return Vec::new();
    }
    let mut pairs = Vec::with_capacity(report.pairs as usize);
    for block in blocks() {
        if block.len() <= config.block_records_max {
            for (at, &(_, a)) in block.iter().enumerate() {
                pairs.extend(block[at + 1..].iter().map(|&(_, b)| Pair::new(a, b, number)));
            }
        } else {
            windowed(table, config.window_records, block, number, &mut pairs);
        }
    }
    pairs
}

/// Pairs of a block of which each record meets the next `window`.
fn window_pairs(records: usize, window: usize) -> u64 {
    let (records, window) = (records as u64, (window as u64).min(records as u64 - 1));
    window * records - window * (window + 1) / 2
}

/// Pairs each record of a block with its next `window` neighbours by name and birth date.
fn windowed(table: &Table, window: usize, block: &[(u64, u32)], rule: u8, pairs: &mut Vec<Pair>) {
    let name = |r: u32| match table.names.of[r as usize] {
        NONE => "",
        whole => table.names.whole.get(whole),
    };
    let mut records: Vec<u32> = block.iter().map(|&(_, record)| record).collect();
    records.sort_unstable_by(|&a, &b| {
        name(a).cmp(name(b)).then(table.birth_date(a).cmp(&table.birth_date(b))).then_with(|| table.by_tie(a, b))
    });
    for (at, &a) in records.iter().enumerate() {
        pairs.extend(records[at + 1..].iter().take(window).map(|&b| Pair::new(a, b, rule)));
    }
}

/// Appends the keys of a record: the product of the values of the rule's parts.
fn keys(table: &Table, rule: &BlockingRule, record: u32, keyed: &mut Vec<(u64, u32)>) {
    let first = keyed.len();
    keyed.push((hash_text("rule"), record));
    for &part in &rule.parts {
        let so_far = first..keyed.len();
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

/// Calls `each` with a number for every value that the record has for the part.
fn each_value(table: &Table, part: Part, record: u32, mut each: impl FnMut(u64)) {
    let at = record as usize;
    let mut single = |value: u32| {
        if value != NONE {
            each(u64::from(value));
        }
    };
    match part {
        Part::Email => values(&table.emails, record, each),
        Part::Phone => values(&table.phones, record, each),
        Part::Device => values(&table.devices, record, each),
        Part::EmailLocal => table.emails.of.row(record).iter().for_each(|&e| single(table.locals.stem[e as usize])),
        Part::PhoneTail => {
            for &phone in table.phones.of.row(record) {
                let digits = table.phone_digits[phone as usize];
                if digits >= TAIL {
                    each(digits % TAIL);
                }
            }
        }
        Part::Name if table.names.words_of(record).len() >= 2 => single(table.names.of[at]),
        Part::Name => {}
        Part::NameWord => table.names.words_of(record).iter().filter(|&&w| is_word(table, w)).for_each(|&w| single(w)),
        Part::NameSound => {
            for &word in table.names.words_of(record).iter().filter(|&&w| is_word(table, w)) {
                single(table.word_sounds[word as usize]);
            }
        }
        Part::BirthDate => single(table.births.of[at]),
        Part::BirthYear => each_date(table, record, |d| (d.year != 0).then(|| u64::from(d.year)), each),
        Part::BirthDay => {
            let day = |d: Written| (d.month != 0 && d.day != 0).then(|| u64::from(d.month) << 8 | u64::from(d.day));
            each_date(table, record, day, each);
        }
        Part::Street => single(table.streets.of[at]),
        Part::Postcode => single(table.postcodes.of[at]),
        Part::PostcodeArea => match table.postcodes.of[at] {
            NONE => {}
            postcode => single(table.areas[postcode as usize]),
        },
        Part::City => single(table.cities.of[at]),
        Part::OrderNumber => table.purchases.orders.row(record).iter().for_each(|&n| single(n)),
        Part::Basket => table.purchases.baskets.row(record).iter().for_each(|&b| single(b)),
        Part::Number => single(table.numbers.of[at]),
        Part::Attribute(n) => match table.attributes.get(usize::from(n)) {
            Some(AttributeColumn::Category(c) | AttributeColumn::Number(c)) => single(c.of[at]),
            Some(AttributeColumn::Text(c)) => single(c.of[at]),
            Some(AttributeColumn::Date(c)) => single(c.of[at]),
            Some(AttributeColumn::Place(_)) | None => {}
        },
    }
}

fn is_word(table: &Table, word: u32) -> bool {
    table.names.word.get(word).len() >= NAME_WORD_BYTES_MIN
}

fn each_date(table: &Table, record: u32, part: impl Fn(Written) -> Option<u64>, each: impl FnMut(u64)) {
    table.birth_date(record).and_then(part).into_iter().for_each(each);
}

fn values(values: &Values, record: u32, mut each: impl FnMut(u64)) {
    values.of.row(record).iter().for_each(|&value| each(u64::from(value)));
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kenal_types::{CustomerRecord, RecordKey, System};

    use super::*;
    use crate::input::Input;

    const NAMES: [&str; 6] = ["mei tan", "tan mei ling", "raju muthu", "raju", "", "ali hassan"];
    const CODES: [&str; 4] = ["10100", "10200", "", "10300"];

    fn rows(seed: u64, count: u64) -> Vec<(&'static str, &'static str)> {
        let pick = |at: u64, of: usize| (mix(seed << 32 | at) % of as u64) as usize;
        (0..count).map(|at| (NAMES[pick(at, NAMES.len())], CODES[pick(at | 1 << 31, CODES.len())])).collect()
    }

    fn table(rows: &[(&str, &str)]) -> Table {
        let records: Vec<CustomerRecord> = rows
            .iter()
            .enumerate()
            .map(|(at, (name, code))| CustomerRecord {
                full_name: Some((*name).to_owned()),
                postcode: Some((*code).to_owned()),
                ..crate::input::tests::empty(RecordKey::new(System::Warehouse, format!("{at:04}")))
            })
            .collect();
        let mut records = Input { records: &records, ..Input::default() }.take().expect("distinct keys");
        records.table.complete(&mut records.purchases);
        records.table
    }

    fn config(block_records_max: usize) -> BlockingConfig {
        let rule = |name: &str, parts: &[Part]| BlockingRule { name: name.to_owned(), parts: parts.to_vec() };
        let rules = vec![rule("word and code", &[Part::NameWord, Part::Postcode]), rule("name", &[Part::Name])];
        BlockingConfig { rules, block_records_max, window_records: 3, pairs_per_record_max: 100.0 }
    }

    /// Every pair, by the meaning of the rules.
    #[test]
    fn pairs_are_those_that_share_a_key() {
        for seed in 0..40 {
            let rows = rows(seed, 30);
            let found = candidates(&table(&rows), &config(1000), u64::MAX, 1);
            let mut expected = BTreeSet::new();
            for (a, x) in rows.iter().enumerate() {
                for (b, y) in rows.iter().enumerate().skip(a + 1) {
                    let word = x.0.split(' ').any(|w| !w.is_empty() && y.0.split(' ').any(|v| v == w));
                    let first = word && !x.1.is_empty() && x.1 == y.1;
                    if first || (x.0 == y.0 && x.0.contains(' ')) {
                        expected.insert((a as u32, b as u32, u8::from(!first)));
                    }
                }
            }
            let pairs: BTreeSet<_> = found.pairs.iter().map(|p| (p.first(), p.second(), p.rule())).collect();
            assert_eq!(pairs, expected, "seed {seed}");
            let new: u64 = found.reports.iter().map(|r| r.new_pairs).sum();
            assert_eq!(new, expected.len() as u64);
            assert!(found.reports.iter().all(|r| r.capped_blocks == 0 && r.pairs >= r.new_pairs));
        }
    }

    #[test]
    fn a_block_above_the_limit_is_windowed_and_reported() {
        let rows = vec![("mei tan", "10100"); 100];
        let found = candidates(&table(&rows), &config(50), 10, 1);
        let report = &found.reports[1];
        assert_eq!((report.capped_blocks, report.capped_records, report.largest_block_records), (1, 100, 100));
        // 97 records have three followers, then two, one and none.
        assert_eq!((report.pairs, report.pairs_left_out), (97 * 3 + 3, 4950 - (97 * 3 + 3)));
        assert!(found.samples[1].len() < 60, "about ten are kept");
    }
}
