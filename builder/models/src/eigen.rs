//! Eigenvectors of a symmetric matrix, by Jacobi's rotations in f64 (Golub and Van Loan, Matrix Computations, §8.5).
//!
//! Written here because a library's matrix products differ by processor, and a model must not: k is small (a model's
//! factors), the rotations take milliseconds beside a half-step's seconds.

/// Sweeps over all pairs; seven are enough for any matrix of a few hundred rows, the cap is for NaN.
const SWEEPS_MAX: usize = 30;

/// Σ_i λ_i q_i q_iᵀ = A.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Eigen {
    /// In the order of the rotations, not sorted.
    pub(crate) values: Vec<f64>,
    /// k × k; q_i is *row* i.
    pub(crate) vectors: Vec<f64>,
}

/// Of a symmetric `a` (k × k, row-major). O(k³) a sweep.
pub(crate) fn symmetric(a: &[f32], k: usize) -> Eigen {
    let mut a: Vec<f64> = a.iter().map(|&v| v.into()).collect();
    let mut q = vec![0.0; k * k];
    for i in 0..k {
        q[i * k + i] = 1.0;
    }
    let size: f64 = a.iter().map(|v| v * v).sum();
    for _ in 0..SWEEPS_MAX {
        let beside: f64 = (0..k).map(|i| a[i * k + i + 1..(i + 1) * k].iter().map(|v| v * v).sum::<f64>()).sum();
        if beside <= 1e-22 * size || !beside.is_finite() {
            break;
        }
        for p in 0..k {
            for r in p + 1..k {
                rotate(&mut a, &mut q, k, p, r);
            }
        }
    }
    Eigen { values: (0..k).map(|i| a[i * k + i]).collect(), vectors: q }
}

/// Makes a_pr zero.
fn rotate(a: &mut [f64], q: &mut [f64], k: usize, p: usize, r: usize) {
    let off = a[p * k + r];
    if off == 0.0 {
        return;
    }
    let theta = (a[r * k + r] - a[p * k + p]) / (2.0 * off);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    let both = |m: &mut [f64]| {
        let (head, tail) = m.split_at_mut(r * k);
        for (x, y) in head[p * k..][..k].iter_mut().zip(&mut tail[..k]) {
            (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
        }
    };
    both(a);
    both(q);
    for row in a.chunks_exact_mut(k) {
        (row[p], row[r]) = (c * row[p] - s * row[r], s * row[p] + c * row[r]);
    }
    // Rounding leaves a trace here that would otherwise come back in every sweep.
    (a[p * k + r], a[r * k + p]) = (0.0, 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_the_sum_of_its_parts() {
        for k in [1, 2, 5, 16, 40] {
            let at = |i: usize, j: usize| ((i.min(j) * 7 + i.max(j) * 13) % 11) as f32 - 4.0;
            let a: Vec<f32> = (0..k * k).map(|n| at(n / k, n % k)).collect();
            let Eigen { values, vectors } = symmetric(&a, k);
            for i in 0..k {
                for j in 0..k {
                    let sum: f64 = (0..k).map(|e| values[e] * vectors[e * k + i] * vectors[e * k + j]).sum();
                    assert!((sum - f64::from(a[i * k + j])).abs() < 1e-8, "k {k} ({i}, {j}): {sum}");
                    let product: f64 = (0..k).map(|e| vectors[i * k + e] * vectors[j * k + e]).sum();
                    assert!((product - f64::from(u8::from(i == j))).abs() < 1e-10, "k {k}: not orthonormal");
                }
            }
        }
        let broken = symmetric(&[f32::NAN, 1.0, 1.0, 1.0], 2);
        assert_eq!(broken.values.len(), 2, "ends");
    }
}
