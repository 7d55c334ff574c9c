//! Solving symmetric positive definite equations in f32, with the same bits on every host.
//!
//! A matrix is its lower triangle, row by row: row i has i + 1 numbers. The order of every sum is written down (eight
//! running sums, then a fixed tree), so a compiler may use vectors but not change a bit; Rust never fuses a
//! multiplication with an addition by itself. Golub and Van Loan, "Matrix Computations", algorithm 4.2.1, by rows.

/// Number of entries in the first `i` rows.
pub(crate) const fn triangle(i: usize) -> usize {
    i * (i + 1) / 2
}

/// The dot product of two equally long slices: lane j sums the elements 8m + j in order, then the lanes are added as
/// ((0+4)+(2+6)) + ((1+5)+(3+7)), then the rest in order.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0f32; 8];
    for (x, y) in a8.iter().zip(b8) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * y;
        }
    }
    let [s0, s1, s2, s3, s4, s5, s6, s7] = lanes;
    let sum = ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
    a_rest.iter().zip(b_rest).fold(sum, |sum, (x, y)| sum + x * y)
}

/// Replaces the `n`-row matrix A by L with A = L·Lᵀ. `None` when A is not positive definite, and A is then spoilt.
///
/// Cost: n³/6 multiplications.
pub(crate) fn factorise(a: &mut [f32], n: usize) -> Option<()> {
    for i in 0..n {
        let (above, rest) = a.split_at_mut_checked(triangle(i))?;
        let row = rest.get_mut(..=i)?;
        let mut above: &[f32] = above;
        for j in 0..i {
            // l_ij = (a_ij − Σ_k<j l_ik·l_jk) / l_jj
            let (row_j, below) = above.split_at_checked(j + 1)?;
            let (pivot, row_j) = row_j.split_last()?;
            let (known, open) = row.split_at_mut_checked(j)?;
            let entry = open.first_mut()?;
            *entry = (*entry - dot(known, row_j)) / pivot;
            above = below;
        }
        // l_ii = √(a_ii − Σ_k<i l_ik²)
        let (diagonal, known) = row.split_last_mut()?;
        let square = *diagonal - dot(known, known);
        // A NaN fails this comparison too.
        if !(square > 0.0 && square.is_finite()) {
            return None;
        }
        *diagonal = libm::sqrtf(square);
    }
    Some(())
}

/// Replaces b by the x of L·Lᵀ·x = b.
pub(crate) fn solve(l: &[f32], b: &mut [f32]) -> Option<()> {
    let n = b.len();
    let mut rows = l;
    for i in 0..n {
        let (row, rest) = rows.split_at_checked(i + 1)?;
        let (pivot, row) = row.split_last()?;
        let (known, open) = b.split_at_mut_checked(i)?;
        let entry = open.first_mut()?;
        *entry = (*entry - dot(row, known)) / pivot;
        rows = rest;
    }
    for i in (0..n).rev() {
        let row = l.get(triangle(i)..triangle(i + 1))?;
        let (pivot, row) = row.split_last()?;
        let (open, known) = b.split_at_mut_checked(i)?;
        let entry = known.first_mut()?;
        *entry /= pivot;
        for (b, l) in open.iter_mut().zip(row) {
            *b -= *entry * l;
        }
    }
    Some(())
}
