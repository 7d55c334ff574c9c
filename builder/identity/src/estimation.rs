//! Fitting `m` by expectation–maximisation on the pairs of each blocking rule. No truth is used.
//!
//! EM runs once per rule over the fields that the rule leaves free (Splink's scheme: a rule that demands the same name
//! learns nothing about names), on counts of distinct patterns of levels, so that its cost does not grow with the pairs
//! and its sums do not depend on threads. Sessions are averaged by the number of confident matches behind each field.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::ahead;
use crate::comparison::{compare, level_in};
use crate::config::FitConfig;
use crate::field::{Field, Kind, LEVELS_MAX};
use crate::model::{HOUSEHOLD_NAME_U, Levels, default_m};
use crate::pairs::Pair;
use crate::schema::Schema;
use crate::table::Table;

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
/// Patterns of levels with their counts, sorted.
pub(crate) type Patterns = Vec<(u64, u64)>;

pub(crate) fn patterns(table: &Table, pairs: &[Pair]) -> Patterns {
    let counts = pairs
        .par_chunks(1 << 13)
        .map(|chunk| {
            let mut counts: FxHashMap<u64, u64> = FxHashMap::default();
            ahead::for_each_pair(table, chunk, |pair| {
                *counts.entry(compare(table, pair.first(), pair.second()).pattern()).or_default() += 1;
            });
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
    /// Fields that are learnt about, and do not say which pairs are of one person.
    silent: [bool; Field::COUNT],
}

/// EM over the patterns of one rule.
///
/// `u` stays as counted, except for the name where the rule brings households together: there, different people share a
/// family name far more often than at random, and with the random `u` EM would take families for people.
///
/// `dependent`: groups of fields of which one follows from another.
pub(crate) fn learn(
    schema: &Schema,
    rule: &str,
    patterns: &Patterns,
    conditioned: &[bool; Field::COUNT],
    dependent: &[Vec<Field>],
    u: &Levels<f64>,
    config: &FitConfig,
) -> Learnt {
    let name = Field::NAME.at();
    let household = conditioned[Field::STREET.at()] && !conditioned[name];
    // What follows from a field that the rule demands, the rule demands too.
    let demanded = |f: Field| conditioned[f.at()];
    let bound = |f: Field| demanded(f) || dependent.iter().any(|g| g.contains(&f) && g.iter().any(|&g| demanded(g)));
    let free: Vec<(Field, Kind)> = schema.fields().filter(|&(f, _)| !bound(f)).collect();
    let mut state = State { m: default_m(schema), u: *u, share: START_SHARE, silent: [false; Field::COUNT] };
    // Of fields that follow from one another, one speaks for all.
    dependent.iter().flat_map(|group| &group[1..]).for_each(|f| state.silent[f.at()] = true);
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
        for &(field, _) in &free {
            support[field.at()] = confident[field.at()][1..].iter().sum();
        }
    }
    let household = household.then_some((state.u[name], (1.0 - state.share) * pairs as f64));
    let (rule, match_share) = (rule.to_owned(), state.share);
    let session = Session { rule, patterns: patterns.len() as u64, pairs, match_share, confident: matches, stop };
    Learnt { m: state.m, support, household, session }
}

impl State {
    /// One round; returns the largest movement of a probability.
    fn round(
        &mut self,
        patterns: &Patterns,
        pairs: f64,
        free: &[(Field, Kind)],
        household: bool,
        config: &FitConfig,
    ) -> f64 {
        let (expected, matches) = self.expectation(patterns, free, 0.0);
        let mut delta = (matches / pairs - self.share).abs();
        if household {
            delta = delta.max(self.household_round(patterns, &expected[Field::NAME.at()], config));
        }
        self.share = (matches / pairs).clamp(1e-9, 1.0 - 1e-9);
        for &(field, kind) in free {
            let (f, top) = (field.at(), kind.top());
            let known: f64 = expected[f][1..=top].iter().sum();
            for (l, default) in (1..).zip(kind.default_m()) {
                let next = (expected[f][l] + config.prior_pairs * default) / (known + config.prior_pairs);
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
            counts[level_in(pattern, Field::NAME)] += count as f64;
        }
        let different = |l: usize| (counts[l] - matched[l]).max(0.0);
        let known: f64 = (1..LEVELS_MAX).map(different).sum();
        let mut delta = 0.0_f64;
        for (l, own) in self.u[Field::NAME.at()].iter_mut().enumerate().skip(1) {
            let next = (different(l) + config.prior_pairs * HOUSEHOLD_NAME_U[l]) / (known + config.prior_pairs);
            delta = delta.max((next - *own).abs());
            *own = next;
        }
        delta
    }

    /// Expected matches by field and level, and in all, counting only pairs with a probability of at least `least`.
    fn expectation(&self, patterns: &Patterns, free: &[(Field, Kind)], least: f64) -> (Levels<f64>, f64) {
        let mut expected = [[0.0; LEVELS_MAX]; Field::COUNT];
        let mut matches = 0.0;
        for &(pattern, count) in patterns {
            let mut odds = self.share / (1.0 - self.share);
            for &(field, _) in free {
                let level = level_in(pattern, field);
                if level > 0 && !self.silent[field.at()] {
                    odds *= self.m[field.at()][level] / self.u[field.at()][level];
                }
            }
            let probability = if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 };
            if probability < least {
                continue;
            }
            let weight = probability * count as f64;
            matches += weight;
            for &(field, _) in free {
                expected[field.at()][level_in(pattern, field)] += weight;
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
pub(crate) fn average(schema: &Schema, learnt: &[Learnt], config: &FitConfig) -> (Levels<f64>, [f64; Field::COUNT]) {
    let mut m = default_m(schema);
    let mut fitted_on = [0.0; Field::COUNT];
    for (field, kind) in schema.fields() {
        let f = field.at();
        fitted_on[f] = learnt.iter().map(|l| l.support[f]).sum();
        for (l, default) in (1..).zip(kind.default_m()) {
            let sum: f64 = learnt.iter().map(|s| s.support[f] * s.m[f][l]).sum();
            m[f][l] = (sum + config.prior_pairs * default) / (fitted_on[f] + config.prior_pairs);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns drawn from known `m`, `u` and share give them back.
    #[test]
    fn em_recovers_what_the_data_were_drawn_from() {
        let schema = Schema::company();
        let mut u = default_m(&schema);
        let mut true_m = default_m(&schema);
        for (field, m, q) in [
            (Field::BIRTH_DATE, [0.05, 0.05, 0.1, 0.8], [0.9, 0.06, 0.03, 0.01]),
            (Field::PHONE, [0.3, 0.1, 0.1, 0.5], [0.97, 0.015, 0.01, 0.005]),
            (Field::STREET, [0.25, 0.1, 0.15, 0.5], [0.9, 0.07, 0.02, 0.01]),
        ] {
            true_m[field.at()][1..5].copy_from_slice(&m);
            u[field.at()][1..5].copy_from_slice(&q);
        }
        let free = [Field::BIRTH_DATE, Field::PHONE, Field::STREET];
        let mut conditioned = [true; Field::COUNT];
        free.iter().for_each(|&f| conditioned[f.at()] = false);
        let mut exact = Patterns::new();
        let (share, total) = (0.3, 1e7);
        for code in 0..64_u64 {
            let levels = [code & 3, code >> 2 & 3, code >> 4 & 3].map(|l| l as usize + 1);
            let product = |p: &Levels<f64>| free.iter().zip(levels).map(|(&f, l)| p[f.at()][l]).product::<f64>();
            let count = total * (share * product(&true_m) + (1.0 - share) * product(&u));
            let pattern = free.iter().zip(levels).map(|(&f, l)| (l as u64) << (4 * f.at() as u64)).sum();
            exact.push((pattern, count.round() as u64));
        }
        exact.sort_unstable();
        let config = FitConfig { delta_max: 1e-9, iterations_max: 5000, ..FitConfig::default() };
        let learnt = learn(&schema, "known", &exact, &conditioned, &[], &u, &config);
        assert!(matches!(learnt.session.stop, Stop::Converged { .. }), "{:?}", learnt.session.stop);
        assert!((learnt.session.match_share - share).abs() < 1e-3, "{}", learnt.session.match_share);
        for field in free {
            let (found, truth) = (&learnt.m[field.at()][1..5], &true_m[field.at()][1..5]);
            let furthest = found.iter().zip(truth).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
            assert!(furthest < 2e-3, "{field:?}: {found:?} {truth:?}");
        }
        let hurried =
            learn(&schema, "known", &exact, &conditioned, &[], &u, &FitConfig { iterations_max: 1, ..config });
        assert!(matches!(hurried.session.stop, Stop::IterationCap { last_delta } if last_delta > 1e-9));
    }
}
