//! Means and covariances of what is known of each person, in one pass: all that any estimate here needs.

#![allow(
    clippy::needless_range_loop,
    reason = "a row and a column of a matrix are counted over several arrays at once"
)]

use serde::Serialize;

/// What is counted of each person, in the order of [`Person::values`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Spent since the exposure.
    Revenue,
    /// Orders since the exposure.
    Orders,
    /// 1 with an order since the exposure.
    Converted,
    /// Spent in the days before the exposure.
    RevenueBefore,
    /// Orders in the days before.
    OrdersBefore,
    /// 1 with an order in the days before.
    ConvertedBefore,
}

/// How many they are.
pub const VALUES: usize = 6;

/// Known before the exposure, so no arm can have changed them.
pub const BEFORE: [Value; 3] = [Value::RevenueBefore, Value::OrdersBefore, Value::ConvertedBefore];

/// One randomised person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Person {
    /// Position of the arm.
    pub arm: u16,
    /// Position of the market.
    pub stratum: u16,
    pub values: [f64; VALUES],
}

/// Number, means and co-moments of people.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    n: f64,
    mean: [f64; VALUES],
    /// Σ (x − mean x)(y − mean y), the lower triangle.
    co: [[f64; VALUES]; VALUES],
    /// Σ revenueⁱ ordersʲ, i + j at most 4.
    powers: [[f64; 5]; 5],
}

impl Moments {
    /// Adds one person (Welford 1962): no large sums are subtracted, so a mean far above its spread loses nothing.
    pub fn add(&mut self, values: &[f64; VALUES]) {
        self.n += 1.0;
        let share = 1.0 / self.n;
        let mut from_old = [0.0; VALUES];
        for i in 0..VALUES {
            from_old[i] = values[i] - self.mean[i];
            self.mean[i] += from_old[i] * share;
        }
        for i in 0..VALUES {
            let from_new = values[i] - self.mean[i];
            for j in 0..=i {
                self.co[i][j] += from_new * from_old[j];
            }
        }
        let mut revenue = 1.0;
        for i in 0..5 {
            let mut both = revenue;
            for j in 0..5 - i {
                self.powers[i][j] += both;
                both *= values[Value::Orders as usize];
            }
            revenue *= values[Value::Revenue as usize];
        }
    }

    /// Two groups as one (Chan, Golub and LeVeque 1979).
    #[must_use]
    pub fn with(mut self, other: &Moments) -> Moments {
        let n = self.n + other.n;
        if n == 0.0 {
            return self;
        }
        let between = self.n * other.n / n;
        let apart: [f64; VALUES] = std::array::from_fn(|i| other.mean[i] - self.mean[i]);
        for i in 0..VALUES {
            for j in 0..=i {
                self.co[i][j] += other.co[i][j] + apart[i] * apart[j] * between;
            }
        }
        for i in 0..VALUES {
            self.mean[i] += apart[i] * other.n / n;
        }
        for i in 0..5 {
            for j in 0..5 - i {
                self.powers[i][j] += other.powers[i][j];
            }
        }
        self.n = n;
        self
    }

    /// All of them as one group.
    pub fn whole(groups: &[Moments]) -> Moments {
        groups.iter().fold(Moments::default(), Moments::with)
    }

    pub fn n(&self) -> f64 {
        self.n
    }

    pub fn mean(&self, of: Value) -> f64 {
        self.mean[of as usize]
    }

    /// Sample covariance; 0 of fewer than two people.
    pub fn covariance(&self, a: Value, b: Value) -> f64 {
        let (i, j) = (a as usize, b as usize);
        if self.n < 2.0 { 0.0 } else { self.co[i.max(j)][i.min(j)] / (self.n - 1.0) }
    }

    /// Mean of a weighted sum of the values.
    pub(crate) fn mean_of(&self, weights: &[f64; VALUES]) -> f64 {
        weights.iter().zip(&self.mean).map(|(w, m)| w * m).sum()
    }

    /// Kurtosis (3 of a normal distribution) of revenue, orders and conversion in a weighted sum, of which the first two may
    /// stand together. `None` where it does not vary.
    pub(crate) fn kurtosis_of(&self, weights: &[f64; VALUES]) -> Option<f64> {
        let [revenue, orders, converted] =
            [Value::Revenue, Value::Orders, Value::Converted].map(|v| weights[v as usize]);
        if revenue == 0.0 && orders == 0.0 {
            let variance = self.mean(Value::Converted) * (1.0 - self.mean(Value::Converted));
            return (converted != 0.0 && variance > 0.0).then(|| 1.0 / variance - 3.0);
        }
        // Means of the powers of the sum, then of its differences from the mean.
        let choose = [
            [1.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 1.0, 0.0, 0.0, 0.0],
            [1.0, 2.0, 1.0, 0.0, 0.0],
            [1.0, 3.0, 3.0, 1.0, 0.0],
            [1.0, 4.0, 6.0, 4.0, 1.0],
        ];
        let power = |k: usize| {
            let term =
                |i: usize| choose[k][i] * revenue.powi(i as i32) * orders.powi((k - i) as i32) * self.powers[i][k - i];
            (0..=k).map(term).sum::<f64>() / self.n
        };
        let powers: [f64; 5] = std::array::from_fn(power);
        let central =
            |k: usize| (0..=k).map(|i| choose[k][i] * powers[i] * (-powers[1]).powi((k - i) as i32)).sum::<f64>();
        let variance = central(2);
        (variance > 0.0).then(|| central(4) / (variance * variance))
    }

    /// Covariance of two weighted sums of the values.
    pub(crate) fn covariance_of(&self, a: &[f64; VALUES], b: &[f64; VALUES]) -> f64 {
        if self.n < 2.0 {
            return 0.0;
        }
        let mut sum = 0.0;
        for i in 0..VALUES {
            for j in 0..VALUES {
                sum += a[i] * b[j] * self.co[i.max(j)][i.min(j)];
            }
        }
        sum / (self.n - 1.0)
    }
}

/// Moments of each arm and stratum: `cells[arm][stratum]`.
pub fn cells(people: &[Person], arms: usize, strata: usize) -> Vec<Vec<Moments>> {
    let mut cells = vec![vec![Moments::default(); strata.max(1)]; arms];
    for person in people {
        cells[usize::from(person.arm)][usize::from(person.stratum)].add(&person.values);
    }
    cells
}

/// People that a stratum must have on each arm: with fewer, its own mean is not worth the weight it gets.
const STRATUM_MIN: f64 = 50.0;

/// Joins strata that are too small on some arm: with one another, and with the smallest of the others if that is not
/// enough. One stratum is left where nothing else is possible.
pub fn join_small_strata(cells: Vec<Vec<Moments>>) -> Vec<Vec<Moments>> {
    let strata = cells.first().map_or(0, Vec::len);
    let least = |columns: &[usize]| {
        let n = |arm: &Vec<Moments>| columns.iter().map(|&s| arm[s].n()).sum::<f64>();
        cells.iter().map(n).fold(f64::INFINITY, f64::min)
    };
    let (mut groups, small): (Vec<Vec<usize>>, Vec<usize>) =
        (0..strata).fold((Vec::new(), Vec::new()), |(mut groups, mut small), s| {
            if least(&[s]) >= STRATUM_MIN {
                groups.push(vec![s]);
            } else {
                small.push(s);
            }
            (groups, small)
        });
    if !small.is_empty() {
        if least(&small) < STRATUM_MIN
            && let Some(other) = groups.iter_mut().min_by(|a, b| least(a).total_cmp(&least(b)))
        {
            other.extend(small);
        } else {
            groups.push(small);
        }
    }
    let joined =
        |arm: &Vec<Moments>, group: &Vec<usize>| group.iter().fold(Moments::default(), |sum, &s| sum.with(&arm[s]));
    cells.iter().map(|arm| groups.iter().map(|group| joined(arm, group)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_is_two_passes_and_parts_are_the_whole() {
        let rows: Vec<[f64; VALUES]> =
            (0..97).map(|i| std::array::from_fn(|j| 1e9 + f64::from((i * (7 + 3 * j as i32) + i * i) % 101))).collect();
        let mut whole = Moments::default();
        rows.iter().for_each(|r| whole.add(r));
        let (mut left, mut right) = (Moments::default(), Moments::default());
        rows[..31].iter().for_each(|r| left.add(r));
        rows[31..].iter().for_each(|r| right.add(r));
        let n = rows.len() as f64;
        for (i, a) in [(0, Value::Revenue), (1, Value::Orders), (5, Value::ConvertedBefore)] {
            for (j, b) in [(1, Value::Orders), (5, Value::ConvertedBefore), (3, Value::RevenueBefore)] {
                let mean = |k: usize| rows.iter().map(|r| r[k] - 1e9).sum::<f64>() / n + 1e9;
                let expected = rows.iter().map(|r| (r[i] - mean(i)) * (r[j] - mean(j))).sum::<f64>() / (n - 1.0);
                for found in [whole, left.with(&right)] {
                    assert!((found.covariance(a, b) - expected).abs() < 1e-6 * expected.abs().max(1.0), "{i} {j}");
                    assert!((found.mean(a) - mean(i)).abs() < 1e-4);
                }
            }
        }
        assert_eq!(Moments::default().with(&Moments::default()), Moments::default());
        assert_eq!(Moments::default().covariance(Value::Revenue, Value::Orders), 0.0);
    }

    #[test]
    fn kurtosis_is_that_of_the_sum() {
        let rows: Vec<[f64; VALUES]> = (0..90_i32)
            .map(|i| {
                let orders = f64::from((i % 5 - 2).max(0));
                [orders * f64::from(i * i % 71), orders, f64::from(u8::from(orders > 0.0)), 5.0, 0.0, 1.0]
            })
            .collect();
        let (mut left, mut right) = (Moments::default(), Moments::default());
        rows[..40].iter().for_each(|r| left.add(r));
        rows[40..].iter().for_each(|r| right.add(r));
        let all = left.with(&right);
        let n = rows.len() as f64;
        for weights in [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.3, -7.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0, 0.0, 0.0]]
        {
            let score = |r: &[f64; VALUES]| r.iter().zip(&weights).map(|(v, w)| v * w).sum::<f64>();
            let mean = rows.iter().map(score).sum::<f64>() / n;
            let central = |k| rows.iter().map(|r| (score(r) - mean).powi(k)).sum::<f64>() / n;
            let expected = central(4) / central(2).powi(2);
            let found = all.kurtosis_of(&weights).expect("it varies");
            assert!((found - expected).abs() < 1e-9 * expected, "{found} is not {expected}");
        }
        assert_eq!(all.kurtosis_of(&[0.0; VALUES]), None);
    }

    #[test]
    fn small_strata_are_joined() {
        let of = |sizes: &[usize]| {
            let people = |n: usize| {
                let mut m = Moments::default();
                (0..n).for_each(|_| m.add(&[0.0; VALUES]));
                m
            };
            let arm: Vec<Moments> = sizes.iter().map(|&n| people(n)).collect();
            let joined = join_small_strata(vec![arm.clone(), arm]);
            joined[0].iter().map(|m| m.n() as usize).collect::<Vec<_>>()
        };
        assert_eq!(of(&[100, 60, 50]), [100, 60, 50]);
        assert_eq!(of(&[100, 30, 30]), [100, 60]);
        assert_eq!(of(&[100, 70, 10]), [100, 80]);
        assert_eq!(of(&[1, 2]), [3]);
        assert_eq!(of(&[0]), [0]);
    }
}
