//! Several questions asked of one experiment: p-values that account for it.

use serde::{Deserialize, Serialize};

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Correction {
    /// Of what is called an effect, at most α is none, on average (Benjamini and Hochberg 1995).
    #[default]
    BenjaminiHochberg,
    /// With probability 1 − α nothing is called an effect that is none (Holm 1979): never worse than Bonferroni.
    Holm,
    None,
}

/// Adjusted p-values, in the order of `p`: call an effect what is below α.
pub fn adjusted(p: &[f64], correction: Correction) -> Vec<f64> {
    let m = p.len();
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
    let mut out = p.to_vec();
    match correction {
        Correction::None => {}
        Correction::BenjaminiHochberg => {
            let mut least = 1.0_f64;
            for (rank, &i) in order.iter().enumerate().rev() {
                least = least.min(p[i] * m as f64 / (rank + 1) as f64);
                out[i] = least;
            }
        }
        Correction::Holm => {
            let mut most = 0.0_f64;
            for (rank, &i) in order.iter().enumerate() {
                most = most.max((p[i] * (m - rank) as f64).min(1.0));
                out[i] = most;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `statsmodels.stats.multitest.multipletests([.01, .04, .03, .005, .5], method="fdr_bh" | "holm")`.
    #[test]
    fn as_another_program_adjusts() {
        let p = [0.01, 0.04, 0.03, 0.005, 0.5];
        for (correction, expected) in [
            (Correction::BenjaminiHochberg, [0.025, 0.05, 0.05, 0.025, 0.5]),
            (Correction::Holm, [0.04, 0.09, 0.09, 0.025, 0.5]),
            (Correction::None, p),
        ] {
            for (found, expected) in adjusted(&p, correction).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{correction:?}: {found} is not {expected}");
            }
        }
        assert_eq!(adjusted(&[], Correction::Holm), [0.0; 0]);
    }
}
