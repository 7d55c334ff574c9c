//! A shop whose truth is known: people who differ in how often and how much they buy, drawn anew for each experiment.
//!
//! Order values are log-normal with a spread of about one (the largest of a thousand is some twenty times the mean), people
//! who buy often did so before, and markets differ. The truth is summed over the whole population, and nothing of the code
//! under test is used for it.

use kenal_experiment::moments::{Person, VALUES};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Spread of one person's order values, as the deviation of their logarithm.
const WITHIN: f64 = 0.9;
/// Spread of what people are used to spend.
const BETWEEN: f64 = 0.5;
/// Days before the exposure, as a multiple of those after it.
const BEFORE: f64 = 1.5;
/// Share, orders in the window, and usual order value of each market.
const MARKETS: [(f64, f64, f64); 4] = [(0.4, 0.18, 60.0), (0.3, 0.10, 35.0), (0.2, 0.08, 30.0), (0.1, 0.05, 80.0)];

/// Somebody of the population.
#[derive(Debug, Clone, Copy)]
struct Soul {
    /// Orders expected in the window.
    rate: f64,
    /// Logarithm of their usual order value.
    value: f64,
    market: u16,
}

/// What treatment does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Orders times so much.
    pub orders: f64,
    /// Order values times so much.
    pub values: f64,
}

impl Effect {
    pub const NONE: Effect = Effect { orders: 1.0, values: 1.0 };
}

/// The population.
#[derive(Debug)]
pub struct Shop(Vec<Soul>);

/// Random numbers, with the second normal deviate of each pair kept.
#[derive(Debug)]
pub struct Dice {
    random: Pcg64Mcg,
    spare: Option<f64>,
}

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice { random: Pcg64Mcg::seed_from_u64(seed), spare: None }
    }

    pub fn share(&mut self) -> f64 {
        self.random.random()
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.random.random_range(0..n)
    }

    /// Marsaglia's polar method.
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.share() - 1.0, 2.0 * self.share() - 1.0);
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                let factor = (-2.0 * s.ln() / s).sqrt();
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }

    /// Knuth's product, for small means.
    fn poisson(&mut self, mean: f64) -> u32 {
        let (limit, mut product, mut k) = ((-mean).exp(), self.share(), 0);
        while product > limit {
            product *= self.share();
            k += 1;
        }
        k
    }
}

impl Shop {
    /// `often` times as many orders as the table of markets has.
    pub fn new(people: usize, often: f64, seed: u64) -> Shop {
        let mut dice = Dice::new(seed);
        let soul = |_| {
            let (mut at, mut market) = (dice.share(), 0);
            while market + 1 < MARKETS.len() && at >= MARKETS[market].0 {
                at -= MARKETS[market].0;
                market += 1;
            }
            let (_, rate, value) = MARKETS[market];
            // Means of 1: exp(N(−σ²/2, σ)).
            let eager = (dice.normal() * 0.8 - 0.32).exp();
            Soul { rate: rate * eager * often, value: value.ln() + BETWEEN * dice.normal(), market: market as u16 }
        };
        Shop((0..people).map(soul).collect())
    }

    pub fn markets() -> usize {
        MARKETS.len()
    }

    /// One randomised person: arm 0 is the control.
    pub fn visitor(&self, dice: &mut Dice, treated: f64, effect: Effect) -> Person {
        let soul = self.0[dice.below(self.0.len() as u64) as usize];
        let arm = u16::from(dice.share() < treated);
        let (more, dearer) = if arm == 1 { (effect.orders, effect.values) } else { (1.0, 1.0) };
        let mut values = [0.0; VALUES];
        for (side, rate, factor) in [(0, soul.rate * more, dearer), (3, soul.rate * BEFORE, 1.0)] {
            let orders = dice.poisson(rate);
            for _ in 0..orders {
                values[side] += factor * (soul.value + WITHIN * dice.normal()).exp();
            }
            values[side + 1] = f64::from(orders);
            values[side + 2] = f64::from(u8::from(orders > 0));
        }
        Person { arm, stratum: soul.market, values }
    }

    pub fn visitors(&self, dice: &mut Dice, people: usize, treated: f64, effect: Effect) -> Vec<Person> {
        (0..people).map(|_| self.visitor(dice, treated, effect)).collect()
    }

    /// The true lifts of conversion, revenue per visitor and average order value, over the population.
    pub fn truth(&self, effect: Effect) -> [f64; 3] {
        let mut sums = [0.0; 2];
        for soul in &self.0 {
            for (sum, more) in sums.iter_mut().zip([1.0, effect.orders]) {
                *sum += -(-soul.rate * more).exp_m1();
            }
        }
        [sums[1] / sums[0] - 1.0, effect.orders * effect.values - 1.0, effect.values - 1.0]
    }
}
