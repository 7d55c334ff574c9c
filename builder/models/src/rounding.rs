//! Rounding factors to a grid where it costs least: by what the error does to scores, not by how large it is.
//!
//! An error e of an item moves the score of a user x by x·e, so what counts is eᵀCe with C the mean of x xᵀ over the users.
//! Users differ far more in some directions than in others. Rounding each number to the nearest spreads the error over all
//! directions alike; here each number is rounded knowing the errors of those before it, which the later ones make up for
//! where C lets them (the nearest plane of Babai 1986; for neural networks GPTQ, Frantar et al. 2022):
//!
//! ```text
//! C⁻¹ = UᵀU, U upper      for d: q_d = nearest(w_d / s);  w_j −= (w_d − s·q_d) · U_dj / U_dd  for j > d
//! ```
//!
//! then single codes are moved while that lowers eᵀCe. Of a few scales s, from one that cuts no code to one that cuts the
//! largest, the best is taken at which some code is the greatest: so the scale is told by the factor itself.

use crate::linear::{NotPositiveDefinite, factor_f64, solve_f64};

/// A direction in which no user differs costs this share of the mean one all the same: users to come may.
const FLOOR: f64 = 1e-3;
/// Scales tried, as shares of the one at which no code is cut.
const SCALES: [f32; 8] = [1.0, 0.98, 0.96, 0.93, 0.9, 0.86, 0.82, 0.77];
/// Passes over the codes of an item, each moved if that helps; few need more than two.
const PASSES_MAX: usize = 6;

/// What errors cost.
#[derive(Debug, Clone)]
pub(crate) struct Cost {
    k: usize,
    /// C with its floor, k × k.
    c: Vec<f32>,
    /// U_dj / U_dd, k × k, upper; 0 on the diagonal.
    feedback: Vec<f32>,
}

/// Codes of an item and what one of them is worth.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rounded {
    pub(crate) scale: f32,
    pub(crate) codes: Vec<i16>,
    pub(crate) cost: f32,
}

impl Cost {
    /// Of users with this mean of x xᵀ (k × k, symmetric).
    pub(crate) fn new(moment: &[f32], k: usize) -> Cost {
        let trace: f64 = (0..k).map(|d| f64::from(moment[d * k + d])).sum();
        let mut floor = FLOOR * trace / k as f64 + f64::from(f32::MIN_POSITIVE);
        let feedback = loop {
            let mut c: Vec<f64> = moment.iter().map(|&v| v.into()).collect();
            (0..k).for_each(|d| c[d * k + d] += floor);
            match feedback(&mut c, k) {
                Ok(feedback) => break feedback,
                Err(NotPositiveDefinite { .. }) if floor.is_finite() => floor *= 10.0,
                // No number: nothing to make up for.
                Err(NotPositiveDefinite { .. }) => break vec![0.0; k * k],
            }
        };
        let mut c = moment.to_vec();
        (0..k).for_each(|d| c[d * k + d] += floor as f32);
        Cost { k, c, feedback }
    }

    /// The codes, to `greatest`, of the item with the factor `y`, and their scale.
    pub(crate) fn round(&self, y: &[f32], greatest: f32) -> Rounded {
        let largest = y.iter().fold(0f32, |m, v| m.max(v.abs()));
        let mut best = Rounded { scale: 0.0, codes: vec![0; self.k], cost: f32::INFINITY };
        if largest <= 0.0 {
            return Rounded { cost: 0.0, ..best };
        }
        for share in SCALES {
            let rounded = self.round_by(y, largest / greatest * share, greatest);
            let is_full = rounded.codes.iter().any(|q| f32::from(q.unsigned_abs()) == greatest);
            if is_full && rounded.cost < best.cost {
                best = rounded;
            }
        }
        if best.cost.is_finite() { best } else { nearest(y, largest / greatest) }
    }

    fn round_by(&self, y: &[f32], scale: f32, greatest: f32) -> Rounded {
        let k = self.k;
        let mut w = y.to_vec();
        let mut codes = vec![0f32; k];
        for d in 0..k {
            codes[d] = (w[d] / scale).round().clamp(-greatest, greatest);
            let error = w[d] - scale * codes[d];
            let row = &self.feedback[d * k + d + 1..(d + 1) * k];
            w[d + 1..].iter_mut().zip(row).for_each(|(w, f)| *w -= error * f);
        }
        // C e, kept up to date as codes move.
        let error: Vec<f32> = y.iter().zip(&codes).map(|(y, q)| y - scale * q).collect();
        let mut pull = vec![0f32; k];
        for (row, e) in self.c.chunks_exact(k).zip(&error) {
            pull.iter_mut().zip(row).for_each(|(p, c)| *p += e * c);
        }
        for _ in 0..PASSES_MAX {
            let mut moved = false;
            for d in 0..k {
                let own = self.c[d * k + d];
                // The number of steps that makes the most of this code, all others as they are.
                let to = (codes[d] + (pull[d] / (scale * own)).round()).clamp(-greatest, greatest);
                let step = scale * (to - codes[d]);
                // eᵀCe changes by step · (step · C_dd − 2 (Ce)_d).
                if step != 0.0 && step * (step * own - 2.0 * pull[d]) < 0.0 {
                    codes[d] = to;
                    let row = &self.c[d * k..(d + 1) * k];
                    pull.iter_mut().zip(row).for_each(|(p, c)| *p -= step * c);
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        let cost = y.iter().zip(&codes).zip(&pull).map(|((y, q), p)| (y - scale * q) * p).sum();
        Rounded { scale, codes: codes.into_iter().map(|q| q as i16).collect(), cost }
    }
}

/// Each number by itself.
fn nearest(y: &[f32], scale: f32) -> Rounded {
    Rounded { scale, codes: y.iter().map(|v| (v / scale).round() as i16).collect(), cost: f32::INFINITY }
}

/// U_dj / U_dd of C⁻¹ = UᵀU, from C.
fn feedback(c: &mut [f64], k: usize) -> Result<Vec<f32>, NotPositiveDefinite> {
    factor_f64(c, k)?;
    let mut inverse = vec![0.0f64; k * k];
    for (d, row) in inverse.chunks_exact_mut(k).enumerate() {
        row[d] = 1.0;
        solve_f64(c, k, row);
    }
    factor_f64(&mut inverse, k)?;
    let mut out = vec![0.0; k * k];
    for d in 0..k {
        for j in d + 1..k {
            out[d * k + j] = (inverse[d * k + j] / inverse[d * k + d]) as f32;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const K: usize = 6;

    /// Users who differ mostly in two directions, neither of them an axis.
    fn moment() -> Vec<f32> {
        let (a, b) = ([1.0, 0.5, -0.5, 0.2, 0.1, -1.0], [0.3, -1.0, 0.4, 1.0, -0.6, 0.2]);
        let cell = |n: usize| 4.0 * a[n / K] * a[n % K] + b[n / K] * b[n % K] + if n / K == n % K { 0.05 } else { 0.0 };
        (0..K * K).map(cell).collect()
    }

    fn cost(c: &[f32], y: &[f32], rounded: &Rounded) -> f32 {
        let e: Vec<f32> = y.iter().zip(&rounded.codes).map(|(y, q)| y - rounded.scale * f32::from(*q)).collect();
        (0..K * K).map(|n| c[n] * e[n / K] * e[n % K]).sum()
    }

    #[test]
    fn errors_go_where_nobody_looks() {
        let c = moment();
        let of = Cost::new(&c, K);
        let (mut ours, mut by_nearest) = (0.0, 0.0);
        for n in 0..200 {
            let y: Vec<f32> = (0..K).map(|d| (((n * 7 + d * 13) % 41) as f32 - 20.0) / 9.0).collect();
            let rounded = of.round(&y, 7.0);
            let real = cost(&c, &y, &rounded);
            assert!((real - rounded.cost).abs() < 0.02 * real + 1e-3, "{real} is said to be {}", rounded.cost);
            let largest = y.iter().fold(0f32, |m, v| m.max(v.abs()));
            ours += real;
            by_nearest += cost(&c, &y, &nearest(&y, largest / 7.0));
            assert_eq!(rounded.codes.iter().map(|q| q.unsigned_abs()).max(), Some(7), "{y:?}");
        }
        println!("{ours} by this, {by_nearest} by the nearest codes");
        assert!(ours < 0.4 * by_nearest, "{ours} {by_nearest}");
    }

    #[test]
    fn where_all_directions_cost_the_same_it_is_the_nearest_code() {
        let c: Vec<f32> = (0..K * K).map(|n| f32::from(u8::from(n / K == n % K))).collect();
        let y = [0.3, -1.0, 0.26, 0.9, 0.0, -0.51];
        let got = Cost::new(&c, K).round_by(&y, 1.0 / 127.0, 127.0);
        assert_eq!(got.codes, nearest(&y, 1.0 / 127.0).codes);
        assert_eq!(Cost::new(&c, K).round(&[0.0; K], 127.0).codes, [0; K]);
        let nobody = Cost::new(&[0.0; K * K], K).round(&y, 127.0);
        assert!(nobody.codes.iter().any(|q| *q != 0) && nobody.scale > 0.0, "without users it rounds all the same");
    }
}
