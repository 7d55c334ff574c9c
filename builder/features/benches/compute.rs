//! All features of a person: how long one read takes, how many people a second, and what it costs to give every
//! feature its own pass over the person, as the baseline in the same run.
//!
//! `cargo bench -p kenal-features -- [PEOPLE]`; 4.1 million by default, made in batches so that memory stays bounded.
//! Making people is not counted. A wrong answer cannot win: the baseline must give the same bits.

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/features/people.rs"]
mod people;

use std::time::{Duration, Instant};

use kenal_features::{Extractor, Timeline, registry};
use people::{bits, day, person};

/// What is asked: 4.1 million people in 5 minutes on two cores; a read in half a millisecond.
const PEOPLE: u64 = 4_100_000;
const BATCH: u64 = 5_000;
const READS: usize = 200_000;
const MOST_ORDERS: u64 = 30;

fn main() {
    let asked = std::env::args().filter_map(|a| a.parse().ok()).next();
    reads();
    baseline();
    throughput(asked.unwrap_or(PEOPLE));
}

fn batch(from: u64, count: u64) -> Vec<Timeline> {
    (from..from + count).map(|seed| person(seed, MOST_ORDERS).timeline()).collect()
}

/// Time of each of many reads, of people in an order that caches do not foresee.
fn reads() {
    let all = batch(0, BATCH);
    let mut extractor = Extractor::new();
    let mut row = vec![0.0; registry().len()];
    let mut took: Vec<Duration> = Vec::with_capacity(READS);
    let mut sum = 0.0;
    for read in 0..READS {
        let who = &all[(read * 7_919) % all.len()];
        let started = Instant::now();
        extractor.compute(who, day(450), &mut row);
        took.push(started.elapsed());
        sum += f64::from(row[0]);
    }
    assert!(sum >= 0.0);
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!(
        "read of {} features: p50 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs (asked: p99 ≤ 500 µs)",
        registry().len(),
        at(0.5),
        at(0.99),
        at(0.999)
    );
}

/// One pass a feature instead of one a person.
fn baseline() {
    let all = batch(0, 500);
    let mut extractor = Extractor::new();
    let mut row = vec![0.0; registry().len()];
    let mut ours = Vec::new();
    let started = Instant::now();
    for who in &all {
        extractor.compute(who, day(450), &mut row);
        ours.extend(bits(&row));
    }
    let once = started.elapsed();
    let mut theirs = Vec::new();
    let started = Instant::now();
    for who in &all {
        for feature in registry() {
            let value = (feature.compute)(extractor.view(who, day(450))).map_or(f32::NAN, |v| v as f32);
            theirs.push(value.to_bits());
        }
    }
    let each = started.elapsed();
    assert_eq!(ours, theirs, "both ways give the same bits");
    println!(
        "a pass for each feature instead of one for all: {:.0} times as long",
        each.as_secs_f64() / once.as_secs_f64()
    );
}

/// Two threads, each batch made and then computed.
fn throughput(people: u64) {
    let work = |thread: u64| {
        let mut extractor = Extractor::new();
        let mut row = vec![0.0; registry().len()];
        let (mut took, mut done, mut elements) = (Duration::ZERO, 0, 0);
        let mut from = thread * BATCH;
        while from < people {
            let all = batch(from, BATCH.min(people - from));
            elements +=
                all.iter().map(|t| t.purchases().len() + t.activities().len() + t.tickets().len()).sum::<usize>();
            let started = Instant::now();
            for who in &all {
                extractor.compute(who, day(450), &mut row);
            }
            took += started.elapsed();
            done += all.len();
            from += 2 * BATCH;
        }
        (took, done, elements)
    };
    let threads: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..2).map(|thread| scope.spawn(move || work(thread))).collect();
        started.into_iter().map(|t| t.join().expect("a thread")).collect()
    });
    let longest = threads.iter().map(|t| t.0).max().unwrap_or_default();
    let (done, elements) = threads.iter().fold((0, 0), |(n, e), t| (n + t.1, e + t.2));
    println!(
        "{done} people of {:.0} elements each at one cut, two threads: {:.1} s, {:.0} people/s (asked: 4.1 million in 300 s)",
        elements as f64 / done.max(1) as f64,
        longest.as_secs_f64(),
        done as f64 / longest.as_secs_f64()
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("peak memory {}", status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("not known").trim());
}
