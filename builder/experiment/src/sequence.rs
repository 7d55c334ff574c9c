//! Intervals that may be looked at every day.
//!
//! The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021), theorem 2.2: with
//! probability `1 − α` the truth is in *all* of the intervals, at whatever times they are looked at, so stopping at the
//! first that excludes zero is no cheating. They are wider than an interval for one look: at the size they are tuned for by
//! about a half.

use crate::estimate::{Ends, Estimate};

/// ρ that makes the interval narrowest at `n_star` people (equation 10 there, in its closed approximation).
fn rho_squared(alpha: f64, n_star: f64) -> f64 {
    let l = -2.0 * alpha.ln();
    (l + (l + 1.0).ln()) / n_star
}

/// Always-valid interval at `1 − alpha`, tuned for a decision at `n_star` people.
///
/// Half-width: `σ √( 2(Nρ² + 1)/(N²ρ²) · ln(√(Nρ² + 1)/α) )` with `σ = error · √N`.
pub fn interval(estimate: &Estimate, alpha: f64, n_star: f64) -> Ends {
    let nr = estimate.n * rho_squared(alpha, n_star);
    let reach = estimate.error * (2.0 * (nr + 1.0) / nr * ((nr + 1.0).sqrt() / alpha).ln()).sqrt();
    Ends { low: estimate.value - reach, high: estimate.value + reach }
}

/// Always-valid p-value: the least level at which the sequence (tuned for `alpha`) excludes zero.
pub fn p(estimate: &Estimate, alpha: f64, n_star: f64) -> f64 {
    let nr = estimate.n * rho_squared(alpha, n_star);
    let z = estimate.value / estimate.error;
    ((nr + 1.0).sqrt() * (-z * z * nr / (2.0 * (nr + 1.0))).exp()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_excludes_zero_where_p_is_below_alpha() {
        for alpha in [0.05, 0.01] {
            for n in [500.0, 5_000.0, 80_000.0] {
                for z in [0.0, 1.0, 2.0, 2.9, 3.0, 3.1, 3.5, 4.0, 5.0, 8.0] {
                    let e = Estimate { value: z * 0.3, error: 0.3, n, freedom: f64::INFINITY };
                    let ends = interval(&e, alpha, 5_000.0);
                    assert_eq!(ends.low > 0.0, p(&e, alpha, 5_000.0) < alpha, "{alpha} {n} {z}");
                }
            }
        }
    }

    /// By the formula in Python: `rho2 = (-2*ln(a) + ln(-2*ln(a)+1))/5000`, `sqrt(2*(N*rho2+1)/(N**2*rho2) *
    /// ln(sqrt(N*rho2+1)/a)) * sqrt(N)`, for an error of 1.
    #[test]
    fn the_width_is_that_of_the_formula() {
        for (n, expected) in
            [(1_000.0, 3.3638877257827806), (5_000.0, 3.0352089903762534), (100_000.0, 3.3368575337865996)]
        {
            let ends = interval(&Estimate { value: 0.0, error: 1.0, n, freedom: f64::INFINITY }, 0.05, 5_000.0);
            assert!((ends.high - expected).abs() < 1e-9, "{n}: {}", ends.high);
        }
    }
}
