//! Which blocking rules are worth their pairs, judged on samples under a first model.
//!
//! Rules overlap: most pairs of one person share an email, a phone and a birth date at once. A rule that adds many pairs to
//! what others make, and hardly any of one person, costs time and brings nothing. Rules are taken greedily, as in weighted
//! set cover: always the one whose further pairs are of one person most often, until none is worth its pairs.

use rayon::prelude::*;

use crate::blocking::{LeftOut, Sample};
use crate::comparison::compare;
use crate::config::BlockingRule;
use crate::keys::share;
use crate::model::Scorer;
use crate::pairs::Pair;
use crate::table::Table;

/// Pairs of each rule that are looked at.
const PAIRS_PER_RULE: usize = 4_000;
/// Records times pairs that a further match is worth: the more records, the dearer is a pair of each.
const RECORDS_TIMES_PAIRS: f64 = 2e8;
/// Pairs that a further match is worth, at least and at most.
const PAIRS_PER_MATCH: [f64; 2] = [200.0, 10_000.0];
/// So few pairs take no time.
const PAIRS_FREE: f64 = 20_000.0;
/// The least share of the matches found so far that a rule must add.
const MATCHES_SHARE_MIN: f64 = 1e-4;

/// What a rule was found to be worth.
struct Worth {
    /// Pairs that one pair of the sample stands for.
    weight: f64,
    /// Of the pairs of the sample: the rules that make them too, and whether they are likely of one person.
    pairs: Vec<(u64, bool)>,
}

/// By rule, why it is to be left out; `None` where it is used.
pub(crate) fn choose(
    table: &Table,
    scorer: &Scorer,
    rules: &[BlockingRule],
    samples: &[Sample],
) -> Vec<Option<LeftOut>> {
    let too_many = |s: &Sample| s.too_many.then_some(LeftOut::TooMany { pairs: s.of as u64 });
    let mut left_out: Vec<Option<LeftOut>> = samples.iter().map(too_many).collect();
    if rules.len() > 64 {
        // A mask has 64 bits. Who writes so many rules wants them used.
        return left_out;
    }
    let worth: Vec<Worth> = samples.par_iter().map(|sample| worth(table, scorer, rules, sample)).collect();
    let pairs_per_match =
        (RECORDS_TIMES_PAIRS / f64::from(table.len().max(1))).clamp(PAIRS_PER_MATCH[0], PAIRS_PER_MATCH[1]);
    let (mut taken, mut matches_so_far) = (0_u64, 0.0);
    let mut open: Vec<usize> = (0..rules.len()).filter(|&n| left_out[n].is_none()).collect();
    while !open.is_empty() {
        let further = |n: usize| worth[n].further(taken);
        let rank = |n: &usize| {
            let (pairs, matches) = further(*n);
            (matches + 1e-3) / (pairs + 1.0)
        };
        // Of equal rules, the first.
        let best = open.iter().copied().max_by(|a, b| rank(a).total_cmp(&rank(b)).then(b.cmp(a))).unwrap_or(0);
        let (pairs, matches) = further(best);
        open.retain(|&n| n != best);
        let worth_it = matches * pairs_per_match >= pairs && matches >= MATCHES_SHARE_MIN * matches_so_far;
        // A rule that costs nothing does no harm, and other records may need it.
        let free = pairs < PAIRS_FREE.max(f64::from(table.len()) / 1e3);
        if worth_it || free {
            taken |= 1 << best;
            matches_so_far += matches;
        } else {
            left_out[best] = Some(LeftOut::TooFew { pairs: pairs as u64, matches: matches as u64 });
        }
    }
    left_out
}

impl Worth {
    /// Pairs, and likely matches among them, that rules in `taken` do not make.
    fn further(&self, taken: u64) -> (f64, f64) {
        let open = self.pairs.iter().filter(|pair| pair.0 & taken == 0);
        let (pairs, matches) = open.fold((0, 0), |(pairs, matches), pair| (pairs + 1, matches + u32::from(pair.1)));
        (f64::from(pairs) * self.weight, f64::from(matches) * self.weight)
    }
}

fn worth(table: &Table, scorer: &Scorer, rules: &[BlockingRule], sample: &Sample) -> Worth {
    let step = sample.pairs.len().div_ceil(PAIRS_PER_RULE).max(1);
    // Pairs are sorted by record; a random order of them would be the same for any order of the records.
    let mut chosen: Vec<Pair> = sample.pairs.clone();
    chosen.sort_unstable_by_key(|&pair| table.pair_tie(pair));
    let likely = (f64::from(table.len().max(2)).log2() * 100.0) as i32;
    let mut own = Vec::new();
    let mut look = |pair: &Pair| {
        let (a, b) = (pair.first(), pair.second());
        let mask = rules.iter().enumerate().filter(|(_, rule)| share(table, rule, a, b, &mut own));
        let mask = mask.fold(0_u64, |mask, (n, _)| mask | 1 << n);
        (mask, scorer.weigh(&compare(table, a, b)).total() >= likely)
    };
    let pairs: Vec<(u64, bool)> = chosen.iter().step_by(step).map(&mut look).collect();
    Worth { weight: sample.of / pairs.len().max(1) as f64, pairs }
}
