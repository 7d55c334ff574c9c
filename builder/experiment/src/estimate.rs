//! What one arm brings over another, with its error.
//!
//! A metric is a ratio of two per-person values, randomised by person: orders differ in number between people, so the
//! average order value is Σ revenue / Σ orders, and its error comes from the delta method (Deng, Knoblich and Lu 2018),
//! never from orders taken as independent. Per-visitor metrics are the same with 1 below the line.
//!
//! Lifts are estimated as differences of logarithms. Order values have heavy tails: the mean of a small arm is skewed, and
//! more so than that of a large one, so an interval of the plain difference misses on one side; the logarithm takes most
//! of that away, and no interval reaches below −100 %. What is left of it is that the error itself is uncertain: its
//! degrees of freedom come from the kurtosis of what people spend.
//!
//! *CUPED* (Deng, Xu, Kohavi and Walker 2013) takes out what the days before the exposure foretold. For a ratio, the
//! metric is linearised first (each person's influence on it) and regressed on revenue, orders and conversion before the
//! exposure together, which holds the usual ratio form (Y, N, X, M) as a special case.
//! *Post-stratification* weighs each market alike on both arms. Both at once are one least-squares step, below.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::moments::{BEFORE, Moments, VALUES, Value};

/// With more degrees of freedom Student's distribution is the normal one, to the fourth digit.
const FREEDOM_MAX: f64 = 1e5;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Share of randomised visitors with an order.
    Conversion,
    RevenuePerVisitor,
    /// Revenue / orders: it can rise because fewer small orders are made, so never read it without the other two.
    AverageOrderValue,
}

impl Metric {
    pub const ALL: [Metric; 3] = [Metric::Conversion, Metric::RevenuePerVisitor, Metric::AverageOrderValue];

    pub const fn name(self) -> &'static str {
        match self {
            Metric::Conversion => "conversion",
            Metric::RevenuePerVisitor => "revenue per randomised visitor",
            Metric::AverageOrderValue => "average order value",
        }
    }

    /// Above and below the line; nothing below is 1.
    const fn parts(self) -> (Value, Option<Value>) {
        match self {
            Metric::Conversion => (Value::Converted, None),
            Metric::RevenuePerVisitor => (Value::Revenue, None),
            Metric::AverageOrderValue => (Value::Revenue, Some(Value::Orders)),
        }
    }
}

/// What is estimated: T/C − 1 through its logarithm, or T − C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Relative,
    Absolute,
}

/// What makes an estimate more precise without changing what it estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precision {
    /// Use the days before the exposure.
    pub cuped: bool,
    /// Weigh strata alike on both arms.
    pub strata: bool,
}

impl Precision {
    pub const PLAIN: Precision = Precision { cuped: false, strata: false };
    pub const FULL: Precision = Precision { cuped: true, strata: true };
}

/// A value with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// On the relative scale the logarithm of T/C.
    pub value: f64,
    pub error: f64,
    /// People it rests on.
    pub n: f64,
    /// Degrees of freedom of the error; infinite where it is as good as known.
    pub freedom: f64,
}

/// Ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ends {
    pub low: f64,
    pub high: f64,
}

/// The standard normal quantile of `p`, between 0 and 1.
pub fn quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

impl Estimate {
    /// Interval at `1 − alpha`, for one look at a size decided beforehand.
    pub fn interval(&self, alpha: f64) -> Ends {
        let z = 1.0 - alpha / 2.0;
        let reach = self.error * self.student().map_or_else(|| quantile(z), |t| t.inverse_cdf(z));
        Ends { low: self.value - reach, high: self.value + reach }
    }

    /// Two-sided p-value of no effect, for one look.
    pub fn p(&self) -> f64 {
        let z = (self.value / self.error).abs();
        2.0 * self.student().map_or_else(|| Normal::standard().sf(z), |t| t.sf(z))
    }

    /// Student's distribution, where it differs from the normal one.
    fn student(&self) -> Option<StudentsT> {
        if self.freedom < FREEDOM_MAX { StudentsT::new(0.0, 1.0, self.freedom.max(1.0)).ok() } else { None }
    }
}

/// A metric of one arm, as it is. `None` when nothing is below the line, or of fewer than two people.
pub fn of_arm(cells: &[Moments], metric: Metric) -> Option<Estimate> {
    let arm = Moments::whole(cells);
    if arm.n() < 2.0 {
        return None;
    }
    let (value, gradient) = linear(metric, &|v| arm.mean(v), Scale::Absolute)?;
    let variance = arm.covariance_of(&gradient, &gradient) / arm.n();
    let freedom = freedom(variance, [(&arm, &gradient, variance)].into_iter());
    Some(Estimate { value, error: variance.sqrt(), n: arm.n(), freedom })
}

/// Degrees of freedom of a variance that is a sum of those of cells: for each the cell, the gradient of its people's
/// influence and its part (Satterthwaite 1946). A sample variance s² of n values with the kurtosis κ varies by
/// (κ − (n − 3)/(n − 1)) σ⁴/n (Cramér 1946, 27.4), so that heavy tails leave few: with them an error is learnt from the few
/// people in the tail.
fn freedom<'a>(variance: f64, parts: impl Iterator<Item = (&'a Moments, &'a [f64; VALUES], f64)>) -> f64 {
    let varies = |(cell, gradient, part): (&Moments, &[f64; VALUES], f64)| {
        let n = cell.n();
        let kurtosis = cell.kurtosis_of(gradient).unwrap_or(3.0);
        part * part * (kurtosis - (n - 3.0) / (n - 1.0)).max(0.0) / n
    };
    2.0 * variance * variance / parts.map(varies).sum::<f64>()
}

/// The metric's value and, for each person's values, the weights that make their influence on it. `None` when a part that
/// must be positive is not.
fn linear(metric: Metric, mean: &dyn Fn(Value) -> f64, scale: Scale) -> Option<(f64, [f64; VALUES])> {
    let (above, below) = metric.parts();
    let (num, den) = (mean(above), below.map_or(1.0, mean));
    if den <= 0.0 || (scale == Scale::Relative && num <= 0.0) {
        return None;
    }
    let ratio = num / den;
    let mut gradient = [0.0; VALUES];
    let (up, down) = match scale {
        Scale::Relative => (1.0 / num, 1.0 / den),
        Scale::Absolute => (1.0 / den, ratio / den),
    };
    gradient[above as usize] = up;
    if let Some(below) = below {
        gradient[below as usize] = -down;
    }
    Some((if scale == Scale::Relative { ratio.ln() } else { ratio }, gradient))
}

/// `treatment` minus `control`, whose cells are in the same order of strata.
///
/// `None` when the metric does not exist on an arm (no orders), or an arm has fewer than two people. O(strata), whatever
/// the number of people.
pub fn compare(
    treatment: &[Moments],
    control: &[Moments],
    metric: Metric,
    scale: Scale,
    precision: Precision,
) -> Option<Estimate> {
    let (joined_t, joined_c) = ([Moments::whole(treatment)], [Moments::whole(control)]);
    let arms = if precision.strata { [treatment, control] } else { [&joined_t[..], &joined_c[..]] };
    if arms.iter().any(|cells| cells.iter().any(|c| c.n() < 2.0)) {
        return None;
    }
    let strata = arms[0].len();
    let n: f64 = arms.iter().flat_map(|cells| cells.iter().map(Moments::n)).sum();
    let weights: Vec<f64> = (0..strata).map(|s| (arms[0][s].n() + arms[1][s].n()) / n).collect();
    let mean = |arm: usize, v: Value| (0..strata).map(|s| weights[s] * arms[arm][s].mean(v)).sum::<f64>();

    let (value_t, gradient_t) = linear(metric, &|v| mean(0, v), scale)?;
    let (value_c, gradient_c) = linear(metric, &|v| mean(1, v), scale)?;
    let mut gradients = [gradient_t, gradient_c];
    let mut value = value_t - value_c;
    // How much a cell's variance weighs in that of the estimate.
    let of_cell = |arm: usize, s: usize| weights[s] * weights[s] / arms[arm][s].n();
    if precision.cuped {
        let theta = least_squares(&arms, &gradients, &of_cell);
        for (v, theta) in BEFORE.into_iter().zip(theta) {
            value -= theta * (mean(0, v) - mean(1, v));
            gradients.iter_mut().for_each(|g| g[v as usize] -= theta);
        }
    }
    let of_arm = |arm: usize| {
        let gradient = &gradients[arm];
        let part = move |(s, cell): (usize, &Moments)| of_cell(arm, s) * cell.covariance_of(gradient, gradient);
        arms[arm].iter().enumerate().map(move |(s, cell)| (cell, gradient, part((s, cell))))
    };
    let parts: Vec<(&Moments, &[f64; VALUES], f64)> = (0..2).flat_map(of_arm).collect();
    let mut variance: f64 = parts.iter().map(|part| part.2).sum();
    // The strata's shares are a sample as well: where the effect differs between them, that adds to the error.
    let effects: Vec<f64> =
        (0..strata).map(|s| arms[0][s].mean_of(&gradients[0]) - arms[1][s].mean_of(&gradients[1])).collect();
    let average: f64 = effects.iter().zip(&weights).map(|(e, w)| e * w).sum();
    variance += effects.iter().zip(&weights).map(|(e, w)| w * (e - average).powi(2)).sum::<f64>() / n;
    let (error, freedom) = (variance.sqrt(), freedom(variance, parts.into_iter()));
    (error > 0.0 && value.is_finite()).then_some(Estimate { value, error, n, freedom })
}

/// θ that makes the variance of the estimate least: the influences of both arms regressed on the values before the
/// exposure, each cell with its weight. A value that never varies, or only as others do, gets 0.
fn least_squares(
    arms: &[&[Moments]; 2],
    gradients: &[[f64; VALUES]; 2],
    of_cell: &dyn Fn(usize, usize) -> f64,
) -> [f64; 3] {
    let unit = |v: Value| std::array::from_fn::<f64, VALUES, _>(|i| f64::from(u8::from(i == v as usize)));
    let (mut a, mut b) = ([[0.0; 3]; 3], [0.0; 3]);
    for (arm, cells) in arms.iter().enumerate() {
        for (s, cell) in cells.iter().enumerate() {
            let weight = of_cell(arm, s);
            for (i, x) in BEFORE.into_iter().enumerate() {
                b[i] += weight * cell.covariance_of(&unit(x), &gradients[arm]);
                for (j, y) in BEFORE.into_iter().enumerate() {
                    a[i][j] += weight * cell.covariance(x, y);
                }
            }
        }
    }
    solve(a, b)
}

/// Gaussian elimination on the largest remaining diagonal; a direction that holds less than 1e-9 of its variance is left
/// out, since two of the values can be the same.
fn solve(mut a: [[f64; 3]; 3], mut b: [f64; 3]) -> [f64; 3] {
    let scale: [f64; 3] = std::array::from_fn(|i| a[i][i]);
    let mut order = Vec::new();
    for _ in 0..3 {
        let left = |i: &usize| !order.contains(i) && a[*i][*i] > 1e-9 * scale[*i] && a[*i][*i] > 0.0;
        let relative = |i: &usize| a[*i][*i] / scale[*i];
        let Some(pivot) = (0..3).filter(left).max_by(|i, j| relative(i).total_cmp(&relative(j))) else { break };
        order.push(pivot);
        for row in (0..3).filter(|r| !order.contains(r)).collect::<Vec<_>>() {
            let factor = a[row][pivot] / a[pivot][pivot];
            let taken = a[pivot];
            a[row].iter_mut().zip(taken).for_each(|(x, p)| *x -= factor * p);
            b[row] -= factor * b[pivot];
        }
    }
    let mut x = [0.0; 3];
    for &pivot in order.iter().rev() {
        let known: f64 = (0..3).filter(|&j| j != pivot).map(|j| a[pivot][j] * x[j]).sum();
        x[pivot] = (b[pivot] - known) / a[pivot][pivot];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.t.ppf(0.975, 10)` is 2.2281388519649385.
    #[test]
    fn an_uncertain_error_has_students_interval() {
        let of = |freedom| Estimate { value: 1.0, error: 2.0, n: 100.0, freedom };
        let ends = of(10.0).interval(0.05);
        assert!((ends.high - 1.0 - 2.0 * 2.2281388519649385).abs() < 1e-6, "{ends:?}");
        let at_the_end = Estimate { value: 2.0 * 2.2281388519649385, ..of(10.0) };
        assert!((at_the_end.p() - 0.05).abs() < 1e-6);
        let normal = of(f64::INFINITY).interval(0.05).high;
        assert!((of(0.99 * FREEDOM_MAX).interval(0.05).high - normal).abs() < 1e-4, "no step at the bound");
    }

    #[test]
    fn heavy_tails_leave_few_degrees_of_freedom() {
        let arm = |revenue: &dyn Fn(u32) -> f64| {
            let mut moments = Moments::default();
            (0..1_000).for_each(|i| moments.add(&[revenue(i), 1.0, 1.0, 0.0, 0.0, 0.0]));
            [moments]
        };
        let freedom = |revenue: &dyn Fn(u32) -> f64| {
            let (t, c) = (arm(revenue), arm(revenue));
            let metric = Metric::RevenuePerVisitor;
            compare(&t, &c, metric, Scale::Absolute, Precision::PLAIN).expect("revenue").freedom
        };
        // Two values alike often: κ = 1, and Var s² all but 0; a few large orders: κ of some hundreds.
        let (even, tail) = (freedom(&|i| f64::from(i % 2)), freedom(&|i| if i % 250 == 0 { 500.0 } else { 1.0 }));
        assert!(even > FREEDOM_MAX, "{even}");
        let kurtosis = 1.0 / (0.004 * 0.996) - 3.0;
        let expected = 2.0 * 2.0 * 1_000.0 / (kurtosis - 997.0 / 999.0);
        assert!((tail - expected).abs() < 1e-6 * expected, "{tail} is not {expected}");
    }
}
