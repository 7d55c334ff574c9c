//! As `examples/simulation.rs`, in seconds: bounds are those of a binomial share at so many runs.

use kenal_experiment::estimate::{Metric, Precision};

use crate::shop::{Effect, Shop};
use crate::trial::{Setting, Tally, fixed, mismatches, peeking};

/// Standard errors that a share may be off.
const ERRORS: f64 = 4.0;

#[track_caller]
fn near(found: f64, expected: f64, runs: u32, what: &str) {
    let error = (expected * (1.0 - expected) / f64::from(runs)).sqrt();
    assert!((found - expected).abs() < ERRORS * error, "{what}: {found} is not {expected} ± {ERRORS} × {error}");
}

fn check(setting: Setting, runs: u64) -> [Tally; 3] {
    let shop = Shop::new(100_000, 1.0, 7);
    let tallies = fixed(&shop, &setting, 0, runs);
    for (metric, t) in Metric::ALL.into_iter().zip(&tallies) {
        let what = format!("{}, {setting:?}", metric.name());
        near(t.share(t.covered), 0.95, t.runs, &what);
        if setting.effect == Effect::NONE {
            near(t.share(t.significant), 0.05, t.runs, &what);
        }
        assert!((t.said() / t.spread() - 1.0).abs() < 0.25, "{what}: said {}, is {}", t.said(), t.spread());
    }
    tallies
}

#[test]
fn no_effect_is_found_where_there_is_none() {
    let setting = Setting { people: 6_000, treated: 0.5, effect: Effect::NONE, precision: Precision::FULL };
    check(setting, 600);
    check(Setting { precision: Precision::PLAIN, ..setting }, 600);
}

/// Where people buy several times, what they did before says much, and the estimates are as much closer as they say.
#[test]
fn what_was_known_before_takes_variance_away() {
    let shop = Shop::new(100_000, 10.0, 7);
    let of = |precision| {
        let setting = Setting { people: 3_000, treated: 0.5, effect: Effect::NONE, precision };
        fixed(&shop, &setting, 0, 400)[Metric::RevenuePerVisitor as usize]
    };
    let (full, plain) = (of(Precision::FULL), of(Precision::PLAIN));
    let (said, found) = (1.0 - full.said() / plain.said(), 1.0 - full.spread() / plain.spread());
    assert!(said > 0.25 && (said - found).abs() < 0.12, "said {said}, found {found}");
}

#[test]
fn an_effect_is_covered_with_unequal_arms() {
    let effect = Effect { orders: 1.2, values: 1.1 };
    let tallies = check(Setting { people: 12_000, treated: 0.25, effect, precision: Precision::FULL }, 300);
    let conversion = &tallies[Metric::Conversion as usize];
    assert!(conversion.share(conversion.significant) > 0.5, "{conversion:?}");
}

#[test]
fn looking_every_day_finds_what_is_not_there_but_not_in_the_sequence() {
    let p = peeking(&Shop::new(100_000, 1.0, 7), (500, 100, 8_000), 0, 150);
    assert!(p.naive > 3 * p.runs / 20, "a naive peek is wrong far more often than 5 %: {p:?}");
    assert!(p.always_valid <= p.runs / 20 + 9, "{p:?}");
}

#[test]
fn a_half_per_cent_too_many_is_seen_among_a_million() {
    assert_eq!(mismatches(1_000_000, 0.505, 0, 8), 8);
    assert_eq!(mismatches(1_000_000, 0.5, 0, 8), 0);
}
