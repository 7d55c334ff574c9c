//! Which pairs are worth comparing: records that share a key of a rule (`keys`), found by sorting keys.
//!
//! A block above the limit cannot explode: it is split by a further key, and of what is still too large no pairs are made.
//! So whether two records are paired depends on them and on the sizes of the blocks they share, and on nothing else. Every
//! rule reports its pairs, those no earlier rule made, and what was capped.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ahead::BATCH_RECORDS;
use crate::buckets::{Dealt, sorted};
use crate::capture;
use crate::config::{BlockingConfig, BlockingRule, Part};
use crate::keys::{self, keys_where, split_keys};
use crate::pairs::Pair;
use crate::table::Table;
use crate::vocabulary::mix;

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
    /// Pairs of capped blocks, of which a few were made after splitting them.
    pub pairs_left_out: u64,
    /// Why the rule was left out, when it was.
    pub left_out: Option<LeftOut>,
}

/// Why a rule was left out. Numbers are estimates from a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// It makes more pairs than [`BlockingConfig::pairs_per_record_max`] allows.
    TooMany { pairs: u64 },
    /// Of the pairs that it would add to those of the others, hardly any would be of one person.
    TooFew { pairs: u64, matches: u64 },
}

/// Candidate pairs.
pub(crate) struct Candidates {
    /// Sorted; each pair once, under its first rule.
    pub pairs: Vec<Pair>,
    /// By pair: the kinds of rules that made it.
    pub kinds: Vec<u16>,
    pub reports: Vec<RuleReport>,
}

/// Some pairs of a rule.
#[derive(Default)]
pub(crate) struct Sample {
    pub pairs: Vec<Pair>,
    /// About how many pairs the rule makes of all records.
    pub of: f64,
    pub too_many: bool,
}

/// Records whose keys a sample of pairs is taken from; of fewer records, it is all.
const SAMPLED_RECORDS: f64 = 250_000.0;

/// Pairs drawn from blocks for one that is kept: of fewer blocks the pairs would be too much alike.
const DRAWN_PER_PAIR: u64 = 8;

/// By rule, up to about `max` of its pairs, chosen by hash with `seed`: of all keys where records are few, else of a share
/// of the keys.
pub(crate) fn samples(table: &Table, config: &BlockingConfig, max: u64, seed: u64) -> Vec<Sample> {
    let share = (SAMPLED_RECORDS / f64::from(table.len().max(1))).min(1.0);
    let allowed = pairs_max(table, config);
    let wanted = |value: u64| chosen(value, seed, share);
    // Most records have no wanted value; which do is found out once for all rules that begin with the same part.
    let mut holders: Vec<(Part, Vec<u32>)> = Vec::new();
    let mut sample = |(number, rule): (usize, &BlockingRule)| {
        let Some(&part) = rule.parts.first() else { return Sample::default() };
        let known = holders.iter().position(|(known, _)| *known == part).unwrap_or_else(|| {
            let batches = (0..table.len()).into_par_iter().chunks(BATCH_RECORDS);
            let found = batches.flat_map_iter(|mut batch| {
                keys::read_ahead(table, &[part], &batch);
                batch.retain(|&record| keys::has(table, part, record, wanted));
                batch
            });
            holders.push((part, found.collect()));
            holders.len() - 1
        });
        let keyed = keyed(table, rule, holders[known].1.par_iter().copied(), wanted);
        let blocks = Blocks::of(table, config, rule, &keyed);
        let count = blocks.count();
        let of = count as f64 / share;
        if of > allowed {
            return Sample { pairs: Vec::new(), of, too_many: true };
        }
        // Of broad rules some blocks are enough.
        let of_blocks = ((DRAWN_PER_PAIR * max) as f64 / count.max(1) as f64).min(1.0);
        let mut pairs = Vec::new();
        blocks.pairs(number as u8, |key| chosen(key, seed, of_blocks), &mut pairs);
        pairs.par_sort_unstable();
        pairs.dedup();
        let of = pairs.len() as f64 / (share * of_blocks);
        Sample { of, pairs: fewer(table, &pairs, max, seed), too_many: false }
    };
    config.rules.iter().enumerate().map(&mut sample).collect()
}

/// Whether a hash is in a share of all, the same one for a seed.
fn chosen(hash: u64, seed: u64, share: f64) -> bool {
    share >= 1.0 || mix(hash ^ mix(seed)) < (share * u64::MAX as f64) as u64
}

/// The pairs of the rules in use. `used`: by rule.
pub(crate) fn candidates(table: &Table, config: &BlockingConfig, used: &[bool]) -> Candidates {
    let mut found = Candidates { pairs: Vec::new(), kinds: Vec::new(), reports: Vec::new() };
    let mut pairs = Vec::new();
    let shift = Pair::shift(table.len());
    for (number, rule) in config.rules.iter().enumerate() {
        let mut report = RuleReport { rule: rule.name.clone(), ..RuleReport::empty() };
        if used[number] {
            let keyed = keyed(table, rule, (0..table.len()).into_par_iter(), |_| true);
            let blocks = Blocks::of(table, config, rule, &keyed);
            let all_pairs = || blocks.all_pairs(number as u8, shift);
            let (mut all, ()) = rayon::join(all_pairs, || blocks.tell(&mut report));
            pairs.append(&mut all);
        }
        found.reports.push(report);
    }
    found.pairs = sorted(pairs);
    let kinds = capture::kinds(&config.rules);
    let mut kept = 0;
    for at in 0..found.pairs.len() {
        let pair = found.pairs[at];
        let kind = kinds[usize::from(pair.rule())];
        found.reports[usize::from(pair.rule())].pairs += 1;
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

fn pairs_max(table: &Table, config: &BlockingConfig) -> f64 {
    config.pairs_per_record_max * f64::from(table.len()).max(PAIRS_PER_RECORD_RECORDS_MIN)
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
            left_out: None,
        }
    }
}

/// About `max` of the pairs, the same ones for the same records and seed.
pub(crate) fn fewer(table: &Table, pairs: &[Pair], max: u64, seed: u64) -> Vec<Pair> {
    if pairs.len() as u64 <= max {
        return pairs.to_vec();
    }
    let limit = (u128::from(u64::MAX) * u128::from(max) / pairs.len() as u128) as u64;
    pairs.iter().copied().filter(|p| mix(table.pair_tie(*p) ^ mix(seed)) < limit).collect()
}

/// Keys of records under a rule, sorted, each once; of the values of its first part that are `wanted`.
fn keyed(
    table: &Table,
    rule: &BlockingRule,
    records: impl IndexedParallelIterator<Item = u32>,
    wanted: impl Fn(u64) -> bool + Sync,
) -> Vec<(u64, u32)> {
    let dealt = records.chunks(BATCH_RECORDS).fold(new_keyed, |mut keyed, batch| {
        keys::read_ahead(table, &rule.parts, &batch);
        keyed.fill(|open| batch.iter().for_each(|&record| keys_where(table, rule, record, &wanted, open)));
        keyed
    });
    sorted(dealt.collect())
}

fn new_keyed() -> Dealt<(u64, u32)> {
    Dealt::new(0)
}

/// The blocks of one rule.
struct Blocks<'a> {
    keyed: &'a [(u64, u32)],
    /// What the blocks that are too large are split into.
    split: Vec<(u64, u32)>,
    block_records_max: usize,
}

impl<'a> Blocks<'a> {
    fn of(table: &Table, config: &BlockingConfig, rule: &BlockingRule, keyed: &'a [(u64, u32)]) -> Blocks<'a> {
        let block_records_max = config.block_records_max;
        let large = keyed.par_chunk_by(same_key).filter(|block| block.len() > block_records_max);
        let large: Vec<&[(u64, u32)]> = large.collect();
        let split = large.par_iter().fold(new_keyed, |mut split, block| {
            for some in block.chunks(BATCH_RECORDS) {
                split.fill(|open| some.iter().for_each(|&entry| split_keys(table, rule, &config.split, entry, open)));
            }
            split
        });
        Blocks { keyed, split: sorted(split.collect()), block_records_max }
    }

    /// Pairs in all, those that are in several blocks more than once.
    fn count(&self) -> u64 {
        self.open().map(|block| all_pairs(block.len())).sum()
    }

    /// Blocks of two or more records, whatever their size.
    fn several(&self) -> impl Iterator<Item = &'a [(u64, u32)]> {
        self.keyed.chunk_by(same_key).filter(|block| block.len() > 1)
    }

    /// Blocks and parts of blocks of which all pairs are made.
    fn open(&self) -> impl Iterator<Item = &[(u64, u32)]> {
        let parts = self.split.chunk_by(same_key);
        self.several().chain(parts).filter(|block| (2..=self.block_records_max).contains(&block.len()))
    }

    /// The pairs of all blocks, by many threads.
    fn all_pairs(&self, rule: u8, shift: u32) -> Vec<Dealt<Pair>> {
        let max = self.block_records_max;
        let open = self.keyed.par_chunk_by(same_key).chain(self.split.par_chunk_by(same_key));
        let open = open.filter(|block| (2..=max).contains(&block.len()));
        let dealt = open.fold(
            || Dealt::new(shift),
            |mut pairs, block| {
                for (at, &(_, a)) in block.iter().enumerate() {
                    pairs.fill(|open| open.extend(block[at + 1..].iter().map(|&(_, b)| Pair::new(a, b, rule))));
                }
                pairs
            },
        );
        dealt.collect()
    }

    /// Appends the pairs of the blocks of `wanted` keys.
    fn pairs(&self, rule: u8, wanted: impl Fn(u64) -> bool, pairs: &mut Vec<Pair>) {
        for block in self.open().filter(|block| wanted(block[0].0)) {
            for (at, &(_, a)) in block.iter().enumerate() {
                pairs.extend(block[at + 1..].iter().map(|&(_, b)| Pair::new(a, b, rule)));
            }
        }
    }

    fn tell(&self, report: &mut RuleReport) {
        for block in self.several() {
            report.blocks += 1;
            report.largest_block_records = report.largest_block_records.max(block.len() as u64);
            if block.len() > self.block_records_max {
                report.capped_blocks += 1;
                report.capped_records += block.len() as u64;
                report.pairs_left_out += all_pairs(block.len());
            }
        }
    }
}

/// Pairs of so many records.
fn all_pairs(records: usize) -> u64 {
    records as u64 * (records as u64 - 1) / 2
}

fn same_key(x: &(u64, u32), y: &(u64, u32)) -> bool {
    x.0 == y.0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kenal_types::{CustomerRecord, RecordKey, System};

    use super::*;
    use crate::config::Part;
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
        records.complete(None);
        records.table
    }

    fn config(block_records_max: usize) -> BlockingConfig {
        let rule = |name: &str, parts: &[Part]| BlockingRule { name: name.to_owned(), parts: parts.to_vec() };
        let rules = vec![rule("word and code", &[Part::NameWord, Part::Postcode]), rule("name", &[Part::Name])];
        let split = vec![Part::BirthDate, Part::Postcode];
        BlockingConfig { rules, block_records_max, split, pairs_per_record_max: 100.0 }
    }

    /// Every pair, by the meaning of the rules.
    #[test]
    fn pairs_are_those_that_share_a_key() {
        for seed in 0..40 {
            let rows = rows(seed, 30);
            let found = candidates(&table(&rows), &config(1000), &[true, true]);
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
    fn a_block_above_the_limit_is_split_and_reported() {
        let rows: Vec<(&str, &str)> = (0..100).map(|n| ("mei tan", CODES[if n < 40 { n % 3 } else { 3 }])).collect();
        let table = table(&rows);
        let found = candidates(&table, &config(50), &[true, true]);
        let report = &found.reports[1];
        assert_eq!((report.capped_blocks, report.capped_records, report.largest_block_records), (1, 100, 100));
        // By postcode: 14 and 13 records, 13 without one, and 60, which are still too many.
        assert_eq!(report.pairs, 14 * 13 / 2 + 13 * 12 / 2);
        let all = samples(&table, &config(50), 40, 1);
        assert_eq!(all[1].of, report.pairs as f64);
        assert!(all[1].pairs.len() < 80, "about forty are kept");
        // Of few pairs only some blocks are looked at, and their number is an estimate.
        let few = samples(&table, &config(50), 10, 1);
        assert!(few[1].of < 4.0 * report.pairs as f64 && few[1].pairs.len() < 60);
    }
}
