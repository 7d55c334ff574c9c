//! Fitting the model: `u` counted on random pairs, `m` by expectation–maximisation on the pairs of each blocking rule,
//! the prior on all candidates. No truth is used.
//!
//! EM runs once per rule over the fields that the rule leaves free (Splink's scheme: a rule that demands the same name
//! learns nothing about names), on counts of distinct patterns of levels, so that its cost does not grow with the pairs
//! and its sums do not depend on threads. Sessions are averaged by the number of confident matches behind each field.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::comparison::{Comparison, Field, LEVELS_MAX, compare, level_in};
use crate::config::FitConfig;
use crate::model::{HOUSEHOLD_NAME_U, Levels, default_m};
use crate::pairs::Pair;
use crate::table::Table;
use crate::vocabulary::mix;

/// How a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// No probability moved by more than the limit in the last round of any session.
    Converged { iterations: u32 },
    /// At least one session ended because its rounds were used up; `last_delta` is the largest movement left.
    IterationCap { last_delta: f64 },
}

/// Session of one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub rule: String,
    /// Distinct patterns of levels, and pairs behind them.
    pub patterns: u64,
    pub pairs: u64,
    /// Share of the pairs that are of one person, by the fit.
    pub match_share: f64,
    /// Pairs of one person with a probability above [`CONFIDENT`].
    pub confident: f64,
    pub stop: Stop,
}

/// Posterior above which a pair counts as a confident match, when sessions are averaged.
pub const CONFIDENT: f64 = 0.9;
/// A session in which fewer of the matches are confident has found something else than people, such as neighbourhoods.
const CONFIDENT_SHARE_MIN: f64 = 0.5;
/// Share of matches that a session starts from.
const START_SHARE: f64 = 0.2;
/// Chunk of random pairs, by number.
const RANDOM_CHUNK: u64 = 1 << 14;

/// Levels of random pairs.
#[derive(Debug, Clone)]
pub(crate) struct RandomPairs {
    pub counts: Levels<u64>,
    /// Sum of the frequencies of what is agreed on, in units of 2^-40.
    frequency: Levels<u64>,
}

impl Default for RandomPairs {
    fn default() -> Self {
        RandomPairs { counts: [[0; LEVELS_MAX]; Field::COUNT], frequency: [[0; LEVELS_MAX]; Field::COUNT] }
    }
}

impl RandomPairs {
    /// Compares `count` random pairs, or all pairs when there are fewer.
    pub(crate) fn draw(table: &Table, one_account: &[bool; 5], count: u64, seed: u64) -> RandomPairs {
        let n = u64::from(table.len());
        let all = n * n.saturating_sub(1) / 2;
        let exhaustive = all <= count;
        let count = count.min(all);
        (0..count.div_ceil(RANDOM_CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let mut drawn = RandomPairs::default();
                for number in chunk * RANDOM_CHUNK..((chunk + 1) * RANDOM_CHUNK).min(count) {
                    let (a, b) = if exhaustive { nth_pair(number) } else { random_pair(number, seed, n) };
                    drawn.add(&compare(table, one_account, a, b));
                }
                drawn
            })
            .reduce(RandomPairs::default, RandomPairs::plus)
    }

    fn add(&mut self, pair: &Comparison) {
        for (f, &level) in pair.levels.iter().enumerate() {
            self.counts[f][level as usize] += 1;
            self.frequency[f][level as usize] += ((-pair.rarity_bits[f]).exp2() * (1_u64 << 40) as f32) as u64;
        }
    }

    fn plus(mut self, other: RandomPairs) -> RandomPairs {
        for f in 0..Field::COUNT {
            for l in 0..LEVELS_MAX {
                self.counts[f][l] += other.counts[f][l];
                self.frequency[f][l] += other.frequency[f][l];
            }
        }
        self
    }

    /// `u`, with half a pair added to each level, and the share that true matches among the random pairs have taken off:
    /// with `p` the share of random pairs, `p = λm + (1-λ)u`. In small inputs with many duplicates that share is most of
    /// what random pairs agree on.
    pub(crate) fn u(&self, m: &Levels<f64>, match_probability: f64) -> Levels<f64> {
        let mut u = [[0.0; LEVELS_MAX]; Field::COUNT];
        for field in Field::ALL {
            let (f, top) = (field as usize, field.top() as usize);
            let known: u64 = self.counts[f][1..=top].iter().sum();
            let mut total = 0.0;
            for l in 1..=top {
                let p = (self.counts[f][l] as f64 + 0.5) / (known as f64 + 0.5 * top as f64);
                let least = p.min(0.5 / (known as f64 + 1.0));
                u[f][l] = (p - match_probability * m[f][l]).max(least);
                total += u[f][l];
            }
            u[f][1..=top].iter_mut().for_each(|p| *p /= total);
        }
        u
    }

    /// `-log2` of the mean frequency of what random pairs on each level agree on.
    pub(crate) fn base_rarity(&self) -> Levels<f32> {
        let mut base = [[0.0; LEVELS_MAX]; Field::COUNT];
        for f in 0..Field::COUNT {
            for l in 1..LEVELS_MAX {
                if self.counts[f][l] > 0 {
                    let mean = self.frequency[f][l] as f64 / self.counts[f][l] as f64 / (1_u64 << 40) as f64;
                    base[f][l] = -mean.max(1e-12).log2() as f32;
                }
            }
        }
        base
    }
}

/// The `number`-th pair `(a, b)` with `b < a` in the order (1,0), (2,0), (2,1), (3,0)…
fn nth_pair(number: u64) -> (u32, u32) {
    // The largest a with a(a-1)/2 <= number; the square root is exact enough to be off by one at most.
    let mut a = ((1.0 + (1.0 + 8.0 * number as f64).sqrt()) / 2.0) as u64;
    while a * (a - 1) / 2 > number {
        a -= 1;
    }
    while (a + 1) * a / 2 <= number {
        a += 1;
    }
    (a as u32, (number - a * (a - 1) / 2) as u32)
}

/// Two different records, by hash.
fn random_pair(number: u64, seed: u64, n: u64) -> (u32, u32) {
    let bits = mix(mix(seed) ^ number);
    let a = (u128::from(bits) * u128::from(n) >> 64) as u64;
    let b = (u128::from(mix(bits)) * u128::from(n - 1) >> 64) as u64;
    (a as u32, if b >= a { b + 1 } else { b } as u32)
}

/// Patterns of levels with their counts, sorted.
pub(crate) type Patterns = Vec<(u64, u64)>;

pub(crate) fn patterns(table: &Table, one_account: &[bool; 5], pairs: &[Pair]) -> Patterns {
    let counts = pairs
        .par_chunks(1 << 13)
        .map(|chunk| {
            let mut counts: FxHashMap<u64, u64> = FxHashMap::default();
            for pair in chunk {
                *counts.entry(compare(table, one_account, pair.first(), pair.second()).pattern()).or_default() += 1;
            }
            counts
        })
        .reduce(FxHashMap::default, |a, b| {
            let (mut most, least) = if a.len() >= b.len() { (a, b) } else { (b, a) };
            for (pattern, count) in least {
                *most.entry(pattern).or_default() += count;
            }
            most
        });
    let mut sorted: Patterns = counts.into_iter().collect();
    sorted.sort_unstable();
    sorted
}

/// What one session learnt.
pub(crate) struct Learnt {
    m: Levels<f64>,
    /// Confident matches in which both records have the field; 0 for fields that the rule conditions.
    support: [f64; Field::COUNT],
    /// `u` of the name within a household, and the pairs of two people behind it; when the rule finds households.
    household: Option<([f64; LEVELS_MAX], f64)>,
    pub session: Session,
}

/// The current estimates of one session.
struct State {
    m: Levels<f64>,
    u: Levels<f64>,
    share: f64,
}

/// EM over the patterns of one rule.
///
/// `u` stays as counted, except for the name where the rule brings households together: there, different people share a
/// family name far more often than at random, and with the random `u` EM would take families for people.
pub(crate) fn learn(
    rule: &str,
    patterns: &Patterns,
    conditioned: &[bool; Field::COUNT],
    u: &Levels<f64>,
    config: &FitConfig,
) -> Learnt {
    let name = Field::Name as usize;
    let household = conditioned[Field::Street as usize] && !conditioned[name];
    let free: Vec<Field> = Field::ALL.into_iter().filter(|&f| !conditioned[f as usize]).collect();
    let mut state = State { m: default_m(), u: *u, share: START_SHARE };
    if household {
        state.u[name] = HOUSEHOLD_NAME_U;
    }
    let pairs: u64 = patterns.iter().map(|p| p.1).sum();
    let mut stop = Stop::Converged { iterations: 0 };
    for iteration in 1..=config.iterations_max {
        if pairs == 0 {
            break;
        }
        let delta = state.round(patterns, pairs as f64, &free, household, config);
        if delta <= config.delta_max {
            stop = Stop::Converged { iterations: iteration };
            break;
        }
        stop = Stop::IterationCap { last_delta: delta };
    }
    let (confident, matches) = state.expectation(patterns, &free, CONFIDENT);
    let trusted = matches >= CONFIDENT_SHARE_MIN * state.share * pairs as f64;
    let mut support = [0.0; Field::COUNT];
    if trusted {
        for &field in &free {
            support[field as usize] = confident[field as usize][1..].iter().sum();
        }
    }
    let household = household.then_some((state.u[name], (1.0 - state.share) * pairs as f64));
    let (rule, match_share) = (rule.to_owned(), state.share);
    let session = Session { rule, patterns: patterns.len() as u64, pairs, match_share, confident: matches, stop };
    Learnt { m: state.m, support, household, session }
}

impl State {
    /// One round; returns the largest movement of a probability.
    fn round(&mut self, patterns: &Patterns, pairs: f64, free: &[Field], household: bool, config: &FitConfig) -> f64 {
        let defaults = default_m();
        let (expected, matches) = self.expectation(patterns, free, 0.0);
        let mut delta = (matches / pairs - self.share).abs();
        if household {
            delta = delta.max(self.household_round(patterns, &expected[Field::Name as usize], config));
        }
        self.share = (matches / pairs).clamp(1e-9, 1.0 - 1e-9);
        for &field in free {
            let (f, top) = (field as usize, field.top() as usize);
            let known: f64 = expected[f][1..=top].iter().sum();
            for l in 1..=top {
                let next = (expected[f][l] + config.prior_pairs * defaults[f][l]) / (known + config.prior_pairs);
                delta = delta.max((next - self.m[f][l]).abs());
                self.m[f][l] = next;
            }
        }
        delta
    }

    /// `u` of the name from the pairs that are expected to be of two people.
    fn household_round(&mut self, patterns: &Patterns, matched: &[f64; LEVELS_MAX], config: &FitConfig) -> f64 {
        let mut counts = [0.0; LEVELS_MAX];
        for &(pattern, count) in patterns {
            counts[level_in(pattern, Field::Name)] += count as f64;
        }
        let different = |l: usize| (counts[l] - matched[l]).max(0.0);
        let known: f64 = (1..LEVELS_MAX).map(different).sum();
        let mut delta = 0.0_f64;
        for (l, own) in self.u[Field::Name as usize].iter_mut().enumerate().skip(1) {
            let next = (different(l) + config.prior_pairs * HOUSEHOLD_NAME_U[l]) / (known + config.prior_pairs);
            delta = delta.max((next - *own).abs());
            *own = next;
        }
        delta
    }

    /// Expected matches by field and level, and in all, counting only pairs with a probability of at least `least`.
    fn expectation(&self, patterns: &Patterns, free: &[Field], least: f64) -> (Levels<f64>, f64) {
        let mut expected = [[0.0; LEVELS_MAX]; Field::COUNT];
        let mut matches = 0.0;
        for &(pattern, count) in patterns {
            let mut odds = self.share / (1.0 - self.share);
            for &field in free {
                let level = level_in(pattern, field);
                if level > 0 {
                    odds *= self.m[field as usize][level] / self.u[field as usize][level];
                }
            }
            let probability = if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 };
            if probability < least {
                continue;
            }
            let weight = probability * count as f64;
            matches += weight;
            for &field in free {
                expected[field as usize][level_in(pattern, field)] += weight;
            }
        }
        for row in &mut expected {
            row[0] = 0.0;
        }
        (expected, matches)
    }
}

/// `u` of the name within a household, over the sessions that found households.
pub(crate) fn household_name_u(learnt: &[Learnt], config: &FitConfig) -> [f64; LEVELS_MAX] {
    let found = || learnt.iter().filter_map(|l| l.household);
    let pairs: f64 = found().map(|h| h.1).sum();
    let mut u = HOUSEHOLD_NAME_U;
    for (l, own) in u.iter_mut().enumerate().skip(1) {
        let sum: f64 = found().map(|h| h.1 * h.0[l]).sum();
        *own = (sum + config.prior_pairs * HOUSEHOLD_NAME_U[l]) / (pairs + config.prior_pairs);
    }
    u
}

/// Averages the sessions by field, over the default `m`; returns `m` and the matches behind each field.
pub(crate) fn average(learnt: &[Learnt], config: &FitConfig) -> (Levels<f64>, [f64; Field::COUNT]) {
    let defaults = default_m();
    let mut m = defaults;
    let mut fitted_on = [0.0; Field::COUNT];
    for field in Field::ALL {
        let f = field as usize;
        fitted_on[f] = learnt.iter().map(|l| l.support[f]).sum();
        for l in 1..=field.top() as usize {
            let sum: f64 = learnt.iter().map(|s| s.support[f] * s.m[f][l]).sum();
            m[f][l] = (sum + config.prior_pairs * defaults[f][l]) / (fitted_on[f] + config.prior_pairs);
        }
    }
    (m, fitted_on)
}

/// The worst end of any session that had pairs.
pub(crate) fn stop(learnt: &[Learnt]) -> Stop {
    let mut worst = Stop::Converged { iterations: 0 };
    for next in learnt.iter().map(|l| l.session.stop) {
        worst = match (worst, next) {
            (Stop::Converged { iterations: a }, Stop::Converged { iterations: b }) => {
                Stop::Converged { iterations: a.max(b) }
            }
            (Stop::IterationCap { last_delta: a }, Stop::IterationCap { last_delta: b }) => {
                Stop::IterationCap { last_delta: a.max(b) }
            }
            (cap @ Stop::IterationCap { .. }, _) | (_, cap @ Stop::IterationCap { .. }) => cap,
        };
    }
    worst
}

/// Counts of candidate weights in steps of a sixteenth of a bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Histogram(Vec<u64>);

impl Histogram {
    const BITS: i32 = 128;
    const STEPS: i32 = 16;

    pub(crate) fn new() -> Histogram {
        Histogram(vec![0; (2 * Self::BITS * Self::STEPS) as usize])
    }

    pub(crate) fn add(&mut self, centibits: i32) {
        let at = (centibits * Self::STEPS).div_euclid(100) + Self::BITS * Self::STEPS;
        self.0[at.clamp(0, 2 * Self::BITS * Self::STEPS - 1) as usize] += 1;
    }

    pub(crate) fn plus(mut self, other: &Histogram) -> Histogram {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += b);
        self
    }

    /// Weight in the middle of each step, and its count.
    fn steps(&self) -> impl Iterator<Item = (f64, u64)> {
        let middle = |at: usize| (at as f64 + 0.5) / f64::from(Self::STEPS) - f64::from(Self::BITS);
        self.0.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(at, &count)| (middle(at), count))
    }

    /// The prior that reproduces itself: `λ = Σ P(match | weight, λ) / pairs`, which is EM for `λ` over all pairs when
    /// those outside the candidates contribute nothing.
    pub(crate) fn match_probability(&self, records: u32) -> f64 {
        let pairs = (f64::from(records) * (f64::from(records) - 1.0) / 2.0).max(1.0);
        let mut lambda = (1.0 / f64::from(records.max(2))).min(0.5);
        for _ in 0..200 {
            let odds = lambda / (1.0 - lambda);
            let matches: f64 =
                self.steps().map(|(bits, count)| count as f64 / (1.0 + 1.0 / (odds * bits.exp2()))).sum();
            // At least half a match: a prior of zero would forbid every link for ever.
            let next = (matches.max(0.5) / pairs).clamp(1e-15, 0.5);
            let moved = (next / lambda).log2().abs();
            lambda = next;
            if moved < 1e-6 {
                break;
            }
        }
        lambda
    }

    /// Expected share of right pairs among those of at least `bits`, and their number.
    pub(crate) fn precision_above(&self, bits: f64, lambda: f64) -> (f64, u64) {
        let odds = lambda / (1.0 - lambda);
        let above = || self.steps().filter(|(at, _)| *at >= bits);
        let pairs: u64 = above().map(|(_, count)| count).sum();
        let right: f64 = above().map(|(at, count)| count as f64 / (1.0 + 1.0 / (odds * at.exp2()))).sum();
        (if pairs == 0 { 1.0 } else { right / pairs as f64 }, pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_numbered_without_gaps() {
        let mut seen = Vec::new();
        for number in 0..45 {
            let (a, b) = nth_pair(number);
            assert!(b < a && a < 10, "{number}: {a} {b}");
            seen.push((a, b));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 45);
        for number in 0..1000 {
            let (a, b) = random_pair(number, 7, 2);
            assert_eq!(a + b, 1);
        }
    }

    /// Patterns drawn from known `m`, `u` and share give them back.
    #[test]
    fn em_recovers_what_the_data_were_drawn_from() {
        let mut u = default_m();
        let mut true_m = default_m();
        for (field, m, q) in [
            (Field::BirthDate, [0.05, 0.05, 0.1, 0.8], [0.9, 0.06, 0.03, 0.01]),
            (Field::Phone, [0.3, 0.1, 0.1, 0.5], [0.97, 0.015, 0.01, 0.005]),
            (Field::Street, [0.25, 0.1, 0.15, 0.5], [0.9, 0.07, 0.02, 0.01]),
        ] {
            true_m[field as usize][1..5].copy_from_slice(&m);
            u[field as usize][1..5].copy_from_slice(&q);
        }
        let free = [Field::BirthDate, Field::Phone, Field::Street];
        let mut conditioned = [true; Field::COUNT];
        free.iter().for_each(|&f| conditioned[f as usize] = false);
        let mut exact = Patterns::new();
        let (share, total) = (0.3, 1e7);
        for code in 0..64_u64 {
            let levels = [code & 3, code >> 2 & 3, code >> 4 & 3].map(|l| l as usize + 1);
            let product = |p: &Levels<f64>| free.iter().zip(levels).map(|(&f, l)| p[f as usize][l]).product::<f64>();
            let count = total * (share * product(&true_m) + (1.0 - share) * product(&u));
            let pattern = free.iter().zip(levels).map(|(&f, l)| (l as u64) << (4 * f as u64)).sum();
            exact.push((pattern, count.round() as u64));
        }
        exact.sort_unstable();
        let config = FitConfig { delta_max: 1e-9, iterations_max: 5000, ..FitConfig::default() };
        let learnt = learn("known", &exact, &conditioned, &u, &config);
        assert!(matches!(learnt.session.stop, Stop::Converged { .. }), "{:?}", learnt.session.stop);
        assert!((learnt.session.match_share - share).abs() < 1e-3, "{}", learnt.session.match_share);
        for field in free {
            for l in 1..5 {
                let (found, truth) = (learnt.m[field as usize][l], true_m[field as usize][l]);
                assert!((found - truth).abs() < 2e-3, "{field:?} {l}: {found} {truth}");
            }
        }
        let hurried = learn("known", &exact, &conditioned, &u, &FitConfig { iterations_max: 1, ..config });
        assert!(matches!(hurried.session.stop, Stop::IterationCap { last_delta } if last_delta > 1e-9));
    }

    #[test]
    fn the_prior_reproduces_itself() {
        let mut weights = Histogram::new();
        for _ in 0..1000 {
            weights.add(4000);
        }
        for _ in 0..100_000 {
            weights.add(-1000);
        }
        let lambda = weights.match_probability(1000);
        assert!((lambda * 499_500.0 - 1000.0).abs() < 1.0, "{lambda}");
        assert!(Histogram::new().match_probability(1000) > 0.0);
        assert!(Histogram::new().match_probability(0) > 0.0);
        assert_eq!(weights.precision_above(10.0, lambda).1, 1000);
    }
}
