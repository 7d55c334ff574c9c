//! How many people a second, printed.

use std::time::Instant;

use crate::people::{day, person};
use kenal_features::{Extractor, Timeline, registry};

#[test]
fn people_per_second() {
    let people: Vec<Timeline> = (0..2_000).map(|seed| person(seed, 30).timeline()).collect();
    let elements: usize = people.iter().map(|t| t.purchases().len() + t.activities().len() + t.tickets().len()).sum();
    let mut extractor = Extractor::new();
    let mut out = vec![0.0; registry().len()];
    let mut sum = 0.0;
    let started = Instant::now();
    for timeline in &people {
        extractor.compute(timeline, day(450), &mut out);
        sum += f64::from(out[0]);
    }
    let rate = people.len() as f64 / started.elapsed().as_secs_f64();
    println!(
        "{} features, {:.0} elements a person, one thread: {rate:.0} people/s",
        registry().len(),
        elements as f64 / people.len() as f64
    );
    assert!(sum >= 0.0);
    // 4.1 million people in 5 minutes on 2 cores are 6,800 a second a core; this is an unoptimised build.
    assert!(rate > 1_000.0, "{rate:.0} people/s");
}
