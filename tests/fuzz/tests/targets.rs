//! A bounded number of cases of every target, from a fixed seed: what `cargo test` can afford.

use kenal_fuzz::dice::Dice;
use kenal_fuzz::{Target, target};

fn run(name: &str, cases: u64) {
    let Target { generate, mutate, check, seeds, .. } = target(name).expect("a target");
    for mut seed in seeds() {
        check(&seed);
        mutate(&mut Dice::new(20_261_126, seed.len() as u64), &mut seed);
        check(&seed);
    }
    check(&[]);
    for case in 0..cases {
        let bytes = generate(&mut Dice::new(20_261_126, case));
        // Printed only when the case fails.
        println!("{name}: seed 20261126, case {case}, {} bytes", bytes.len());
        check(&bytes);
    }
}

#[test]
fn bundle() {
    run("bundle", 1000);
}

#[test]
fn shard() {
    run("shard", 1000);
}

#[test]
fn token() {
    run("token", 2000);
}

#[test]
fn request() {
    run("request", 4000);
}

#[test]
fn page() {
    run("page", 2000);
}

#[test]
fn a_case_follows_from_its_seed() {
    for Target { generate, .. } in kenal_fuzz::TARGETS {
        let case = |seed, case| generate(&mut Dice::new(seed, case));
        assert_eq!(case(5, 9), case(5, 9));
        assert_ne!((0..8).map(|n| case(5, n)).collect::<Vec<_>>(), (0..8).map(|n| case(6, n)).collect::<Vec<_>>());
    }
}
