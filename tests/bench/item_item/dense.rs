//! The closed form as it is written: P = (G + λI)⁻¹ over all items at once.

use kenal_models::Interactions;

const RIDGE: f64 = 100.0;

/// Inverts G + λI, and gives the largest entry of the inverse, so that none of it can be left out.
pub fn invert(by_user: &Interactions) -> f64 {
    let n = by_user.n_items();
    let mut a = vec![0.0f64; n * n];
    for user in 0..by_user.n_users() {
        let items = by_user.row(user).0;
        for &i in items {
            items.iter().for_each(|&j| a[i as usize * n + j as usize] += 1.0);
        }
    }
    for i in 0..n {
        a[i * n + i] += RIDGE;
    }
    // In place by Gauss and Jordan, a pivot at a time; G + λI needs no other order.
    let mut pivot_row = vec![0.0f64; n];
    for p in 0..n {
        let inverse = 1.0 / a[p * n + p];
        a[p * n + p] = 1.0;
        for (v, x) in pivot_row.iter_mut().zip(&mut a[p * n..(p + 1) * n]) {
            *x *= inverse;
            *v = *x;
        }
        for (_, row) in a.chunks_exact_mut(n).enumerate().filter(|(q, _)| *q != p) {
            let f = std::mem::take(&mut row[p]);
            row.iter_mut().zip(&pivot_row).for_each(|(x, v)| *x -= f * v);
        }
    }
    a.iter().fold(0.0, |m, v| v.abs().max(m))
}
