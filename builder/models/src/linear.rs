//! The little dense algebra the fits share: symmetric positive-definite systems by Cholesky, in f32 for ALS and f64 for
//! logistic regression.
//!
//! Matrices are row-major, upper triangle used, `A = UᵀU`. The factorisation is right-looking, so that every inner loop
//! is `row += scalar * row` over contiguous memory, which the compiler turns into SIMD without reordering a sum: that
//! keeps the result the same on every host.

/// The pivot that was not positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotPositiveDefinite {
    pub(crate) pivot: usize,
}

macro_rules! factor {
    ($factor:ident, $t:ty) => {
        /// Overwrites the upper triangle of `a` (k × k) by U with UᵀU = A. k³/6 multiply-adds.
        pub(crate) fn $factor(a: &mut [$t], k: usize) -> Result<(), NotPositiveDefinite> {
            for p in 0..k {
                let (above, below) = a.split_at_mut((p + 1) * k);
                let pivot_row = &mut above[p * k + p..];
                let pivot = pivot_row[0];
                // Also refuses NaN, which compares as nothing.
                if !(pivot > 0.0 && pivot.is_finite()) {
                    return Err(NotPositiveDefinite { pivot: p });
                }
                let root = pivot.sqrt();
                let inverse = 1.0 / root;
                pivot_row[0] = root;
                for v in &mut pivot_row[1..] {
                    *v *= inverse;
                }
                for (j, row) in below.chunks_exact_mut(k).enumerate() {
                    let tail = &pivot_row[j + 1..];
                    let f = tail[0];
                    for (x, &u) in row[p + 1 + j..].iter_mut().zip(tail) {
                        *x -= f * u;
                    }
                }
            }
            Ok(())
        }
    };
}

macro_rules! solve {
    ($solve:ident, $t:ty) => {
        /// Solves UᵀU x = b in place, U from the factorisation above. k² multiply-adds.
        #[inline]
        pub(crate) fn $solve(u: &[$t], k: usize, b: &mut [$t]) {
            for i in 0..k {
                let row = &u[i * k + i..(i + 1) * k];
                let (head, tail) = b[i..].split_at_mut(1);
                head[0] /= row[0];
                let z = head[0];
                for (x, &f) in tail.iter_mut().zip(&row[1..]) {
                    *x -= f * z;
                }
            }
            for i in (0..k).rev() {
                let row = &u[i * k + i..(i + 1) * k];
                let (head, tail) = b[i..].split_at_mut(1);
                let mut s = head[0];
                for (&x, &f) in tail.iter().zip(&row[1..]) {
                    s -= f * x;
                }
                head[0] = s / row[0];
            }
        }
    };
}

// The readable twin of `wide::factor`, which gives the same bits.
#[cfg(test)]
factor!(factor_f32, f32);
factor!(factor_f64, f64);
solve!(solve_f32, f32);
solve!(solve_f64, f64);

/// Dot product in eight running sums: one fixed order of additions, wide enough for SIMD.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0f32; 8];
    for (x, y) in a8.iter().zip(b8) {
        for l in 0..8 {
            sums[l] += x[l] * y[l];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    let [s0, s1, s2, s3, s4, s5, s6, s7] = sums;
    ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A = LLᵀ + I for a fixed pseudo-random L, so that it is well conditioned.
    fn sample(k: usize) -> Vec<f64> {
        let l: Vec<f64> = (0..k * k).map(|n| ((n * 2_654_435_761) % 1_000) as f64 / 500.0 - 1.0).collect();
        let mut a = vec![0.0; k * k];
        for i in 0..k {
            for j in 0..k {
                let s: f64 = (0..k).map(|p| l[i * k + p] * l[j * k + p]).sum();
                a[i * k + j] = s + if i == j { 1.0 } else { 0.0 };
            }
        }
        a
    }

    #[test]
    fn solves_what_it_factored() {
        for k in [1, 2, 3, 7, 8, 33, 64] {
            let a = sample(k);
            let x: Vec<f64> = (0..k).map(|i| i as f64 / 3.0 - 1.0).collect();
            let b: Vec<f64> = (0..k).map(|i| (0..k).map(|j| a[i * k + j] * x[j]).sum()).collect();
            let (mut u, mut got) = (a.clone(), b.clone());
            factor_f64(&mut u, k).expect("positive definite");
            solve_f64(&u, k, &mut got);
            for (g, w) in got.iter().zip(&x) {
                assert!((g - w).abs() < 1e-9, "k {k}: {g} is not {w}");
            }
            let mut u: Vec<f32> = a.iter().map(|&v| v as f32).collect();
            let mut got: Vec<f32> = b.iter().map(|&v| v as f32).collect();
            factor_f32(&mut u, k).expect("positive definite");
            solve_f32(&u, k, &mut got);
            for (g, w) in got.iter().zip(&x) {
                assert!((f64::from(*g) - w).abs() < 1e-2, "k {k}: {g} is not {w}");
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_refused_at_its_pivot() {
        for (a, pivot) in [([0.0, 0.0, 0.0, 1.0], 0), ([1.0, 2.0, 2.0, 1.0], 1), ([f64::NAN, 0.0, 0.0, 1.0], 0)] {
            assert_eq!(factor_f64(&mut a.clone(), 2), Err(NotPositiveDefinite { pivot }));
        }
    }

    #[test]
    fn dot_covers_the_rest() {
        for n in 0..20 {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let expected: f32 = a.iter().map(|v| v * v).sum();
            assert_eq!(dot(&a, &a), expected);
        }
    }
}
