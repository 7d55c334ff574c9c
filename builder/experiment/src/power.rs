//! How many people an experiment needs.

use crate::estimate::quantile;

/// What is known before, and what is to be seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// Variance of a person's metric over its mean squared; of a conversion `p` it is (1 − p)/p.
    pub relative_variance: f64,
    /// The least lift worth knowing of: 0.05 for 5 %.
    pub lift: f64,
    pub alpha: f64,
    /// Probability of seeing it if it is there.
    pub power: f64,
    /// People on the arm for each person on the control.
    pub ratio: f64,
    /// Share of the variance that CUPED and strata take away.
    pub variance_cut: f64,
}

/// People on the control and on the arm: `(z₁₋α⸝₂ + z_power)² · cv² · (1 + 1/ratio) / ln(1 + lift)²`, and `ratio` times
/// that.
pub fn people(q: &Question) -> (f64, f64) {
    let z = quantile(1.0 - q.alpha / 2.0) + quantile(q.power);
    let variance = q.relative_variance * (1.0 - q.variance_cut) * (1.0 + 1.0 / q.ratio);
    let control = z * z * variance / q.lift.ln_1p().powi(2);
    (control.ceil(), (control * q.ratio).ceil())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `statsmodels.stats.power.NormalIndPower().solve_power(effect, alpha=.05, power=.8, ratio=r)` with
    /// `effect = ln(1.1)/sqrt(cv2)`.
    #[test]
    fn as_another_program_counts() {
        for (relative_variance, ratio, expected) in
            [(19.0, 1.0, 32_833.080_4), (19.0, 4.0, 20_520.675_2), (150.0, 1.0, 259_208.529_2)]
        {
            let q = Question { relative_variance, lift: 0.1, alpha: 0.05, power: 0.8, ratio, variance_cut: 0.0 };
            let (control, arm) = people(&q);
            assert!((control - expected).abs() <= 2.0, "{control} is not {expected}");
            assert!((arm - ratio * expected).abs() <= 2.0 * ratio);
            let (less, _) = people(&Question { variance_cut: 0.4, ..q });
            assert!((less / control - 0.6).abs() < 1e-3);
        }
    }
}
