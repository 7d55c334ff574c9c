//! Proof by simulation at full length: `cargo run --release -p kenal-experiment --example simulation [RUNS] [SETTING]`, with
//! a part of a setting's name for that alone.
//!
//! The tests run the same trials for seconds with bounds that their few runs allow; this one takes minutes.

#[path = "../tests/it/shop.rs"]
mod shop;
#[path = "../tests/it/trial.rs"]
mod trial;

use std::thread;

use kenal_experiment::estimate::{Metric, Precision};
use kenal_experiment::power::{Question, people};

use shop::{Dice, Effect, Shop};
use trial::{Peeking, Setting, Tally, fixed, mismatches, peeking};

fn main() {
    let runs: u64 = std::env::args().nth(1).map_or(20_000, |n| n.parse().expect("a number of runs"));
    let only = std::env::args().nth(2);
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let shop = Shop::new(200_000, 1.0, 1);
    let both = Effect { orders: 1.06, values: 1.05 };
    let settings = [
        ("A/A, even arms", Setting { people: 20_000, treated: 0.5, effect: Effect::NONE, precision: Precision::FULL }),
        ("A/A, no CUPED", Setting { people: 20_000, treated: 0.5, effect: Effect::NONE, precision: Precision::PLAIN }),
        (
            "A/A, 20 % treated",
            Setting { people: 20_000, treated: 0.2, effect: Effect::NONE, precision: Precision::FULL },
        ),
        (
            "A/A, 20 %, no CUPED",
            Setting { people: 20_000, treated: 0.2, effect: Effect::NONE, precision: Precision::PLAIN },
        ),
        ("A/B, even arms", Setting { people: 20_000, treated: 0.5, effect: both, precision: Precision::FULL }),
        ("A/B, 20 % treated", Setting { people: 20_000, treated: 0.2, effect: both, precision: Precision::FULL }),
        ("A/B, 90 % treated", Setting { people: 20_000, treated: 0.9, effect: both, precision: Precision::FULL }),
    ];
    println!(
        "{:19} {:31} {:>11} {:>9} {:>13} {:>11} {:>12}",
        "setting", "metric", "significant", "coverage", "truth below", "difference", "error said/is"
    );
    for (name, setting) in settings.into_iter().filter(|(name, _)| only.as_ref().is_none_or(|only| name.contains(only)))
    {
        let tallies =
            in_parts(runs, threads, &|from, to| fixed(&shop, &setting, from, to), [Tally::default(); 3], &|a, b| {
                std::array::from_fn(|i| joined(a[i], b[i]))
            });
        for (metric, t) in Metric::ALL.into_iter().zip(tallies) {
            let plainly = if setting.effect == Effect::NONE {
                format!("{:.2} %", 100.0 * t.share(t.covered_plainly))
            } else {
                String::new()
            };
            println!(
                "{name:19} {:31} {:9.2} % {:7.2} % {:11.2} % {plainly:>11} {:12.3}",
                metric.name(),
                100.0 * t.share(t.significant),
                100.0 * t.share(t.covered),
                100.0 * t.share(t.below),
                (t.said() / t.spread()).sqrt()
            );
        }
    }
    println!(
        "{runs} experiments each; the standard error of a share near 5 % is {:.2} %\n",
        21.8 / (runs as f64).sqrt()
    );
    if only.is_some() {
        return;
    }
    variance("who buy as seldom as above", &shop, runs / 4, threads);
    variance("who buy ten times as often", &Shop::new(200_000, 10.0, 1), runs / 4, threads);
    power(&shop, runs / 4, threads);
    let looks = (500, 100, 50_000);
    let p = in_parts(runs / 10, threads, &|from, to| peeking(&shop, looks, from, to), Peeking::default(), &|a, b| {
        Peeking { runs: a.runs + b.runs, naive: a.naive + b.naive, always_valid: a.always_valid + b.always_valid }
    });
    println!(
        "peeking at every 100th visitor from 500 to 50,000, no effect: one of 496 looks significant in {:.1} % by the \
         interval for one look, in {:.2} % by the always-valid one ({} experiments)",
        100.0 * f64::from(p.naive) / f64::from(p.runs),
        100.0 * f64::from(p.always_valid) / f64::from(p.runs),
        p.runs
    );
    for share in [0.5, 0.505] {
        let tries = runs / 10;
        let found = in_parts(tries, threads, &|from, to| mismatches(1_000_000, share, from, to), 0, &|a, b| a + b);
        println!("sample ratio at 1,000,000 people, {share} on the treatment: {found} alarms of {tries}");
    }
}

fn variance(who: &str, shop: &Shop, runs: u64, threads: u64) {
    let run = |precision| {
        let setting = Setting { people: 20_000, treated: 0.5, effect: Effect::NONE, precision };
        in_parts(runs, threads, &|from, to| fixed(shop, &setting, from, to), [Tally::default(); 3], &|a, b| {
            std::array::from_fn(|i| joined(a[i], b[i]))
        })
    };
    let plain = run(Precision::PLAIN);
    for (name, precision) in [
        ("CUPED", Precision { cuped: true, strata: false }),
        ("markets", Precision { cuped: false, strata: true }),
        ("both", Precision::FULL),
    ] {
        let cut = run(precision)
            .iter()
            .zip(&plain)
            .map(|(f, p)| format!("{:.1} %", 100.0 * (1.0 - f.spread() / p.spread())))
            .collect::<Vec<_>>();
        println!(
            "variance between experiments that {name} took away, people {who}: conversion {}, revenue {}, order \
             value {}",
            cut[0], cut[1], cut[2]
        );
    }
}

fn power(shop: &Shop, runs: u64, threads: u64) {
    let question = Question {
        relative_variance: relative_variance(shop),
        lift: 0.1,
        alpha: 0.05,
        power: 0.8,
        ratio: 1.0,
        variance_cut: 0.0,
    };
    let (control, arm) = people(&question);
    let setting = Setting {
        people: (control + arm) as usize,
        treated: 0.5,
        effect: Effect { orders: 1.1, values: 1.0 },
        precision: Precision::PLAIN,
    };
    let runs = runs / 4;
    let tallies =
        in_parts(runs, threads, &|from, to| fixed(shop, &setting, from, to), [Tally::default(); 3], &|a, b| {
            std::array::from_fn(|i| joined(a[i], b[i]))
        });
    let t = tallies[Metric::RevenuePerVisitor as usize];
    println!(
        "power: {} people for 10 % more revenue with a power of 80 %: seen in {:.1} % of {runs} experiments",
        control + arm,
        100.0 * t.share(t.significant)
    );
}

fn joined(a: Tally, b: Tally) -> Tally {
    Tally {
        runs: a.runs + b.runs,
        significant: a.significant + b.significant,
        covered: a.covered + b.covered,
        below: a.below + b.below,
        covered_plainly: a.covered_plainly + b.covered_plainly,
        sum: a.sum + b.sum,
        squares: a.squares + b.squares,
        variance: a.variance + b.variance,
    }
}

/// The population's relative variance of revenue, from people drawn apart.
fn relative_variance(shop: &Shop) -> f64 {
    let mut dice = Dice::new(99);
    let (n, mut sum, mut squares) = (4_000_000, 0.0, 0.0);
    for _ in 0..n {
        let revenue = shop.visitor(&mut dice, 0.0, Effect::NONE).values[0];
        sum += revenue;
        squares += revenue * revenue;
    }
    let mean = sum / f64::from(n);
    squares / f64::from(n) / (mean * mean) - 1.0
}

/// Runs divided among threads, in order.
fn in_parts<T: Copy + Send>(
    runs: u64,
    threads: u64,
    part: &(dyn Fn(u64, u64) -> T + Sync),
    none: T,
    join: &dyn Fn(T, T) -> T,
) -> T {
    let parts: Vec<T> = thread::scope(|scope| {
        let started: Vec<_> =
            (0..threads).map(|t| scope.spawn(move || part(runs * t / threads, runs * (t + 1) / threads))).collect();
        started.into_iter().map(|s| s.join().expect("a thread")).collect()
    });
    parts.into_iter().fold(none, join)
}
