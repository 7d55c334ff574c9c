//! Which pairs are worth comparing: records that share a key of a rule (`keys`), found by sorting keys.
//!
//! A block above the limit cannot explode: it is split by a further key, and of what is still too large no pairs are made.
//! So whether two records are paired depends on them and on the sizes of the blocks they share, and on nothing else. Every
//! rule reports its pairs, those no earlier rule made, and what was capped.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::capture;
use crate::config::{BlockingConfig, BlockingRule};
use crate::keys::{keys, split_keys};
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

/// The pairs of one rule, sorted, each once.
fn rule_pairs(
    table: &Table,
    config: &BlockingConfig,
    rule: &BlockingRule,
    number: u8,
    report: &mut RuleReport,
) -> Vec<Pair> {
    let append = |mut a: Vec<(u64, u32)>, mut b: Vec<(u64, u32)>| {
        a.append(&mut b);
        a
    };
    let keyed = (0..table.len()).into_par_iter().fold(Vec::new, |mut keyed, record| {
        keys(table, rule, record, &mut keyed);
        keyed
    });
    let keyed = sorted(keyed.reduce(Vec::new, append));
    let blocks = || keyed.chunk_by(|x, y| x.0 == y.0).filter(|block| block.len() > 1);
    let whole = |records: usize| records as u64 * (records as u64 - 1) / 2;
    let mut capped: Vec<&[(u64, u32)]> = Vec::new();
    for block in blocks() {
        report.blocks += 1;
        report.largest_block_records = report.largest_block_records.max(block.len() as u64);
        if block.len() <= config.block_records_max {
            report.pairs += whole(block.len());
        } else {
            capped.push(block);
            report.capped_blocks += 1;
            report.capped_records += block.len() as u64;
            report.pairs_left_out += whole(block.len());
        }
    }
    let split = capped.par_iter().fold(Vec::new, |mut keyed, block| {
        block.iter().for_each(|&entry| split_keys(table, rule, &config.split, entry, &mut keyed));
        keyed
    });
    let split = sorted(split.reduce(Vec::new, append));
    let parts = || split.chunk_by(|x, y| x.0 == y.0).filter(|b| (2..=config.block_records_max).contains(&b.len()));
    report.pairs += parts().map(|part| whole(part.len())).sum::<u64>();
    let allowed = config.pairs_per_record_max * f64::from(table.len()).max(PAIRS_PER_RECORD_RECORDS_MIN);
    if report.pairs as f64 > allowed {
        report.too_many = true;
        return Vec::new();
    }
    let mut pairs = Vec::with_capacity(report.pairs as usize);
    let mut pair_up = |block: &[(u64, u32)]| {
        for (at, &(_, a)) in block.iter().enumerate() {
            pairs.extend(block[at + 1..].iter().map(|&(_, b)| Pair::new(a, b, number)));
        }
    };
    parts().for_each(&mut pair_up);
    blocks().filter(|b| b.len() <= config.block_records_max).for_each(pair_up);
    pairs.par_sort_unstable();
    pairs.dedup();
    report.pairs = pairs.len() as u64;
    pairs
}

fn sorted(mut keyed: Vec<(u64, u32)>) -> Vec<(u64, u32)> {
    keyed.par_sort_unstable();
    keyed.dedup();
    keyed
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
    fn a_block_above_the_limit_is_split_and_reported() {
        let rows: Vec<(&str, &str)> = (0..100).map(|n| ("mei tan", CODES[if n < 40 { n % 3 } else { 3 }])).collect();
        let found = candidates(&table(&rows), &config(50), 10, 1);
        let report = &found.reports[1];
        assert_eq!((report.capped_blocks, report.capped_records, report.largest_block_records), (1, 100, 100));
        // By postcode: 14 and 13 records, 13 without one, and 60, which are still too many.
        assert_eq!(report.pairs, 14 * 13 / 2 + 13 * 12 / 2);
        assert!(found.samples[1].len() < 60, "about ten are kept");
    }
}
