//! Many experiments on a shop whose truth is known, and how often the analysis is right.

use kenal_experiment::checks::sample_ratio;
use kenal_experiment::estimate::{Estimate, Metric, Precision, Scale, compare};
use kenal_experiment::moments::{Moments, cells};
use kenal_experiment::sequence;

use crate::shop::{Dice, Effect, Shop};

pub const ALPHA: f64 = 0.05;

/// Of many experiments.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub runs: u32,
    /// Called an effect at α.
    pub significant: u32,
    /// The truth was in the interval of the lift.
    pub covered: u32,
    /// It was below the interval: half of the misses should be.
    pub below: u32,
    /// The truth was in the interval of the plain difference; counted only where there is no effect.
    pub covered_plainly: u32,
    pub sum: f64,
    pub squares: f64,
    pub variance: f64,
}

impl Tally {
    fn add(&mut self, e: &Estimate, plain: &Estimate, truth: f64) {
        let ends = e.interval(ALPHA);
        let truth = truth.ln_1p();
        self.runs += 1;
        self.significant += u32::from(e.p() < ALPHA);
        self.covered += u32::from(ends.low <= truth && truth <= ends.high);
        self.below += u32::from(truth < ends.low);
        let plain = plain.interval(ALPHA);
        self.covered_plainly += u32::from(plain.low <= 0.0 && 0.0 <= plain.high);
        self.sum += e.value - truth;
        self.squares += (e.value - truth).powi(2);
        self.variance += e.error * e.error;
    }

    pub fn share(&self, of: u32) -> f64 {
        f64::from(of) / f64::from(self.runs)
    }

    /// Mean of estimate − truth, logarithms.
    pub fn bias(&self) -> f64 {
        self.sum / f64::from(self.runs)
    }

    /// Variance of the estimates between experiments.
    pub fn spread(&self) -> f64 {
        self.squares / f64::from(self.runs) - self.bias().powi(2)
    }

    /// What the estimates said of their variance, on average.
    pub fn said(&self) -> f64 {
        self.variance / f64::from(self.runs)
    }
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub people: usize,
    /// Share of people on the treatment.
    pub treated: f64,
    pub effect: Effect,
    pub precision: Precision,
}

/// Runs `from..to`, each with random numbers of its own; a tally for each metric.
pub fn fixed(shop: &Shop, setting: &Setting, from: u64, to: u64) -> [Tally; 3] {
    let truth = shop.truth(setting.effect);
    let mut tallies = [Tally::default(); 3];
    for run in from..to {
        let mut dice = Dice::new(run.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ setting.people as u64);
        let people = shop.visitors(&mut dice, setting.people, setting.treated, setting.effect);
        let cells = cells(&people, 2, Shop::markets());
        for (metric, tally) in Metric::ALL.into_iter().zip(&mut tallies) {
            let of = |scale, precision| compare(&cells[1], &cells[0], metric, scale, precision).expect("orders");
            let plain = of(Scale::Absolute, setting.precision);
            tally.add(&of(Scale::Relative, setting.precision), &plain, truth[metric as usize]);
        }
    }
    tallies
}

/// How often looking at each hundredth visitor ends in an effect where there is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Peeking {
    pub runs: u32,
    /// Ever significant by the interval for one look.
    pub naive: u32,
    /// Ever by the always-valid interval.
    pub always_valid: u32,
}

/// Looks at revenue per visitor after `first` people and every `step` from then on, until `last`.
pub fn peeking(shop: &Shop, (first, step, last): (usize, usize, usize), from: u64, to: u64) -> Peeking {
    let mut out = Peeking::default();
    for run in from..to {
        let mut dice = Dice::new(!run.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut arms = [Moments::default(); 2];
        let (mut naive, mut always) = (false, false);
        for n in 1..=last {
            let visitor = shop.visitor(&mut dice, 0.5, Effect::NONE);
            arms[usize::from(visitor.arm)].add(&visitor.values);
            if n < first || (n - first) % step != 0 || always {
                continue;
            }
            let (t, c) = ([arms[1]], [arms[0]]);
            let precision = Precision { cuped: true, strata: false };
            if let Some(e) = compare(&t, &c, Metric::RevenuePerVisitor, Scale::Relative, precision) {
                naive |= e.p() < ALPHA;
                always |= sequence::p(&e, ALPHA, 5_000.0) < ALPHA;
            }
        }
        out.runs += 1;
        out.naive += u32::from(naive);
        out.always_valid += u32::from(always);
    }
    out
}

/// How often the sample ratio alarms, when a share `treated` of `people` is on the treatment and a half was meant.
pub fn mismatches(people: u64, treated: f64, from: u64, to: u64) -> u32 {
    let mut alarms = 0;
    for run in from..to {
        let mut dice = Dice::new(run ^ 0x5EED_0000_0000);
        let on = (0..people).filter(|_| dice.share() < treated).count() as u64;
        alarms += u32::from(sample_ratio(&[people - on, on], &[0.5, 0.5]).alarm);
    }
    alarms
}
