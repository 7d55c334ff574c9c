//! The objective L, in f64, without touching the unobserved cells: O(nnz·k + k² + n·k).

use rayon::prelude::*;

use crate::als::AlsConfig;
use crate::als::half_step::Rule;
use crate::interactions::Interactions;
use crate::linear::dot;

/// Rows per block of the sum; part of the result's last bits.
const BLOCK_ROWS: usize = 1024;

/// L(X, Y) as the module of [`crate::als`] writes it. `user_gram` = XᵀX, `item_gram` = YᵀY, since
/// `Σ_all (x_u·y_i)² = trace(XᵀX · YᵀY)`.
pub(super) fn loss(
    by_user: &Interactions,
    by_item: &Interactions,
    users: &[f32],
    user_gram: &[f32],
    items: &[f32],
    item_gram: &[f32],
    config: &AlsConfig,
) -> f64 {
    let (k, rule) = (config.factors, Rule(*config));
    let lift = f64::from(rule.lift());
    let observed = blocks(by_user.n_users(), |u| {
        let (row, weights) = by_user.row(u);
        let x = &users[u * k..][..k];
        let term = |(&i, &c): (&u32, &f32)| {
            let s = f64::from(dot(x, &items[i as usize * k..][..k]));
            // Where observed pairs do not also count as unobserved, what the sum over all pairs has of them goes.
            (f64::from(c) + lift) * (s - 1.0).powi(2) - lift * s * s
        };
        row.iter().zip(weights).map(term).sum()
    });
    let all: f64 = user_gram.iter().zip(item_gram).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    let penalty = |rows: &Interactions, factors: &[f32]| {
        blocks(rows.n_users(), |r| {
            let x = &factors[r * k..][..k];
            f64::from(rule.ridge(rows.row(r).0.len(), rows.n_items())) * f64::from(dot(x, x))
        })
    };
    observed + f64::from(config.unobserved) * all + penalty(by_user, users) + penalty(by_item, items)
}

/// Σ_row term(row), blocks in parallel, joined in order.
fn blocks(rows: usize, term: impl Fn(usize) -> f64 + Sync) -> f64 {
    let sums: Vec<f64> = (0..rows.div_ceil(BLOCK_ROWS))
        .into_par_iter()
        .map(|b| (b * BLOCK_ROWS..rows.min((b + 1) * BLOCK_ROWS)).map(&term).sum())
        .collect();
    sums.into_iter().sum()
}
