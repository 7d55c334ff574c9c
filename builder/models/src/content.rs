//! Vectors for items that nobody has touched yet, from what is known of them: category, brand, price band, words.
//!
//! Ridge regression from content to the factors of the items that have some:
//!
//! ```text
//! W = argmin  Σ_i s_i ‖y_i − ȳ − Wᵀ φ_i‖²  +  λ ‖W‖²          s_i = n_i / (n_i + 10)
//! ŷ_i = ȳ + Wᵀ φ_i
//! y_i ← (n_i y_i + h ŷ_i) / (n_i + h)                           for an item with at most h interactions
//! ```
//!
//! `n_i` counts the interactions behind a factor: a factor of few says little. λ is chosen among powers of four by the
//! error on a tenth of the items. The system has as many unknowns as there are words, and is never built: conjugate
//! gradients need a pass over the words of the items for each step.

use rayon::prelude::*;

use crate::als::{AlsModel, FoldIn};
use crate::eval::{Case, Scorer};
use crate::interactions::Interactions;
use crate::threads::Threads;

/// Interactions after which a factor counts half.
const HALF_TRUSTED: f32 = 10.0;
/// Interactions up to which content has a say, and as how many it counts: h.
pub const FEW: u32 = 4;
/// Values of λ that are tried.
const RIDGES: [f32; 8] = [0.0625, 0.25, 1.0, 4.0, 16.0, 64.0, 256.0, 1024.0];
/// Of so many items one is held back to choose λ.
const HELD_BACK: usize = 10;
/// Steps of conjugate gradients at most, and the share of the residual at which they end.
const STEPS_MAX: usize = 100;
const REMAINING: f64 = 1e-10;
/// Columns that a thread solves side by side.
const COLUMNS: usize = 8;

/// From content to factors.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentModel {
    k: usize,
    mean: Vec<f32>,
    /// n_features × k.
    weights: Vec<f32>,
    ridge: f32,
}

impl ContentModel {
    /// Learns from the items that have `counts` above zero. `content` is items × features, `targets` items × k: factors,
    /// or anything else an item has. The result does not depend on `threads`. `None` when no item counts.
    ///
    /// # Panics
    /// When the shapes do not fit, or `k` is zero.
    pub fn learn(
        content: &Interactions,
        targets: &[f32],
        k: usize,
        counts: &[u32],
        threads: Threads,
    ) -> Option<ContentModel> {
        assert!(content.n_users() == counts.len() && targets.len() == counts.len() * k && k > 0, "shapes fit");
        let trust = |kept: &dyn Fn(usize) -> bool| -> Vec<f32> {
            let mut seen = 0;
            let strength = |&n: &u32| {
                seen += usize::from(n > 0);
                if n > 0 && kept(seen - 1) { n as f32 / (n as f32 + HALF_TRUSTED) } else { 0.0 }
            };
            counts.iter().map(strength).collect()
        };
        let all = trust(&|_| true);
        if all.iter().all(|s| *s == 0.0) {
            return None;
        }
        let most = trust(&|at| at % HELD_BACK != HELD_BACK - 1);
        let held: Vec<f32> = all.iter().zip(&most).map(|(a, m)| a - m).collect();
        let lesson = Lesson { content, targets, k };
        threads.run(|| {
            let mut best = (f64::INFINITY, RIDGES[RIDGES.len() / 2]);
            if held.iter().any(|s| *s > 0.0) {
                for ridge in RIDGES {
                    let error = lesson.error(&lesson.fit(&most, ridge), &held);
                    if error < best.0 {
                        best = (error, ridge);
                    }
                }
            }
            Some(lesson.fit(&all, best.1))
        })
    }

    /// What the content of an item (feature, value) makes of it.
    pub fn predict(&self, content: impl IntoIterator<Item = (u32, f32)>) -> Vec<f32> {
        let mut out = self.mean.clone();
        for (feature, value) in content {
            for (o, w) in out.iter_mut().zip(&self.weights[feature as usize * self.k..][..self.k]) {
                *o += value * w;
            }
        }
        out
    }

    /// Puts what content says into `items` (items × k): it is all there is of an item without interactions, and counts
    /// as much as [`FEW`] interactions beside those of an item that has no more; all others stay as they are. Gives how
    /// many have changed. An item without content gets the mean.
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn complete(&self, content: &Interactions, counts: &[u32], items: &mut [f32]) -> usize {
        assert!(content.n_users() == counts.len() && items.len() == counts.len() * self.k, "shapes fit");
        let mut changed = 0;
        for (item, (y, &n)) in items.chunks_exact_mut(self.k).zip(counts).enumerate().filter(|(_, (_, n))| **n <= FEW) {
            let (row, values) = content.row(item);
            let predicted = self.predict(row.iter().copied().zip(values.iter().copied()));
            let own = n as f32 / (n + FEW) as f32;
            y.iter_mut().zip(predicted).for_each(|(y, p)| *y = own * *y + (1.0 - own) * p);
            changed += 1;
        }
        changed
    }

    /// The λ that was chosen.
    pub fn ridge(&self) -> f32 {
        self.ridge
    }
}

/// ALS that folds people in by the items it was fitted to, and ranks by other factors of the same items: those that
/// content has completed. What nobody has touched says nothing of a visitor, so it has no part in the fold-in.
#[derive(Debug)]
pub struct CompletedScorer<'m> {
    fold: FoldIn<'m>,
    items: &'m [f32],
    k: usize,
}

impl<'m> CompletedScorer<'m> {
    /// # Panics
    /// When `items` are not as many numbers as the model's.
    pub fn new(model: &'m AlsModel, items: &'m [f32]) -> Self {
        assert_eq!(items.len(), model.item_factors().len(), "factors of the same items");
        CompletedScorer { fold: FoldIn::new(model), items, k: model.factors() }
    }
}

impl Scorer for CompletedScorer<'_> {
    fn score(&self, case: &Case, out: &mut [f32]) {
        let mut x = vec![0.0; self.k];
        match self.fold.user(&case.history, &mut self.fold.scratch(), &mut x) {
            Ok(_) => {
                out.iter_mut().zip(self.items.chunks_exact(self.k)).for_each(|(s, y)| *s = crate::linear::dot(&x, y));
            }
            Err(_) => out.fill(0.0),
        }
    }
}

struct Lesson<'a> {
    content: &'a Interactions,
    targets: &'a [f32],
    k: usize,
}

impl Lesson<'_> {
    fn fit(&self, strength: &[f32], ridge: f32) -> ContentModel {
        let (k, n_features) = (self.k, self.content.n_items());
        let total: f64 = strength.iter().map(|&s| f64::from(s)).sum();
        let mean: Vec<f32> = (0..k)
            .map(|c| {
                let sum: f64 = strength
                    .iter()
                    .zip(self.targets.chunks_exact(k))
                    .map(|(&s, y)| f64::from(s) * f64::from(y[c]))
                    .sum();
                if total > 0.0 { (sum / total) as f32 } else { 0.0 }
            })
            .collect();
        let blocks: Vec<Vec<[f32; COLUMNS]>> = (0..k.div_ceil(COLUMNS))
            .into_par_iter()
            .map(|block| self.columns(strength, &mean, ridge, block * COLUMNS))
            .collect();
        let mut weights = vec![0.0; n_features * k];
        for (block, solved) in blocks.iter().enumerate() {
            for (to, from) in weights.chunks_exact_mut(k).zip(solved) {
                for (t, f) in to[block * COLUMNS..].iter_mut().zip(from) {
                    *t = *f;
                }
            }
        }
        ContentModel { k, mean, weights, ridge }
    }

    /// Columns `first..first + COLUMNS` of W, by conjugate gradients from nothing.
    fn columns(&self, strength: &[f32], mean: &[f32], ridge: f32, first: usize) -> Vec<[f32; COLUMNS]> {
        let n_features = self.content.n_items();
        let zeros = || vec![[0.0f32; COLUMNS]; n_features];
        let mut r = zeros();
        self.add_rows(strength, &mut r, |item, _| {
            let y = &self.targets[item * self.k..][..self.k];
            std::array::from_fn(|c| y.get(first + c).map_or(0.0, |y| y - mean[first + c]))
        });
        let (mut w, mut p) = (zeros(), r.clone());
        let mut rest = squares(&r);
        let enough = rest.map(|s| s * REMAINING);
        for _ in 0..STEPS_MAX {
            if (0..COLUMNS).all(|c| rest[c] <= enough[c]) {
                break;
            }
            let mut ap: Vec<[f32; COLUMNS]> = p.iter().map(|p| p.map(|v| v * ridge)).collect();
            self.add_rows(strength, &mut ap, |_, features| {
                let mut sum = [0.0; COLUMNS];
                for &(f, v) in features {
                    for c in 0..COLUMNS {
                        sum[c] += v * p[f as usize][c];
                    }
                }
                sum
            });
            let length = inner(&p, &ap);
            let step: [f32; COLUMNS] =
                std::array::from_fn(|c| if rest[c] > enough[c] { (rest[c] / length[c]) as f32 } else { 0.0 });
            for f in 0..n_features {
                for c in 0..COLUMNS {
                    w[f][c] += step[c] * p[f][c];
                    r[f][c] -= step[c] * ap[f][c];
                }
            }
            let now = squares(&r);
            let beta: [f32; COLUMNS] =
                std::array::from_fn(|c| if rest[c] > enough[c] { (now[c] / rest[c]) as f32 } else { 0.0 });
            for (p, r) in p.iter_mut().zip(&r) {
                for c in 0..COLUMNS {
                    p[c] = r[c] + beta[c] * p[c];
                }
            }
            rest = now;
        }
        w
    }

    /// `out += Σ_i s_i φ_i of(i, φ_i)ᵀ`.
    fn add_rows(
        &self,
        strength: &[f32],
        out: &mut [[f32; COLUMNS]],
        of: impl Fn(usize, &[(u32, f32)]) -> [f32; COLUMNS],
    ) {
        let mut features = Vec::new();
        for (item, &s) in strength.iter().enumerate().filter(|(_, s)| **s > 0.0) {
            let (row, values) = self.content.row(item);
            features.clear();
            features.extend(row.iter().copied().zip(values.iter().copied()));
            let sum = of(item, &features);
            for &(f, v) in &features {
                for c in 0..COLUMNS {
                    out[f as usize][c] += s * v * sum[c];
                }
            }
        }
    }

    /// Σ s ‖y − prediction‖² of the items that count in `strength`.
    fn error(&self, model: &ContentModel, strength: &[f32]) -> f64 {
        let of = |(item, s): (usize, &f32)| {
            let (row, values) = self.content.row(item);
            let predicted = model.predict(row.iter().copied().zip(values.iter().copied()));
            let y = &self.targets[item * self.k..][..self.k];
            let square: f64 = predicted.iter().zip(y).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            f64::from(*s) * square
        };
        strength.iter().enumerate().filter(|(_, s)| **s > 0.0).map(of).sum()
    }
}

fn inner(a: &[[f32; COLUMNS]], b: &[[f32; COLUMNS]]) -> [f64; COLUMNS] {
    let mut sums = [0.0; COLUMNS];
    for (a, b) in a.iter().zip(b) {
        for c in 0..COLUMNS {
            sums[c] += f64::from(a[c]) * f64::from(b[c]);
        }
    }
    sums
}

fn squares(a: &[[f32; COLUMNS]]) -> [f64; COLUMNS] {
    inner(a, a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::{factor_f64, solve_f64};

    const K: usize = 11;

    /// Each item has a colour of five, a kind of seven and a word of its own; factors are sums of what each stands for.
    fn world(n: u32) -> (Interactions, Vec<f32>, Vec<u32>) {
        let content = |i: u32| [(i % 5, 1.0), (5 + i % 7, 1.0), (12 + i % 40, 0.3)];
        let triples = (0..n).flat_map(|i| content(i).map(|(f, v)| (i, f, v)));
        let matrix = Interactions::from_triples(n as usize, 52, triples).expect("valid");
        let stands = |f: u32, c: usize| ((f as usize * 31 + c * 17) % 23) as f32 / 11.0 - 1.0;
        let factor = |i: u32, c: usize| 0.3 + stands(i % 5, c) + stands(5 + i % 7, c);
        let targets = (0..n).flat_map(|i| (0..K).map(move |c| factor(i, c))).collect();
        (matrix, targets, (0..n).map(|i| 3 + i % 50).collect())
    }

    #[test]
    fn what_content_decides_is_told_for_an_item_never_seen() {
        let (content, targets, mut counts) = world(300);
        for i in (0..300).step_by(6) {
            counts[i] = 0;
        }
        let model = ContentModel::learn(&content, &targets, K, &counts, Threads::ONE).expect("items count");
        let same = ContentModel::learn(&content, &targets, K, &counts, Threads::new(3).expect("positive"));
        assert_eq!(Some(&model), same.as_ref(), "for any number of threads");
        for i in (0..300).step_by(6) {
            let (row, values) = content.row(i);
            let got = model.predict(row.iter().copied().zip(values.iter().copied()));
            for (c, (g, y)) in got.iter().zip(&targets[i * K..]).enumerate() {
                assert!((g - y).abs() < 0.1, "item {i} {c}: {g} is not {y}");
            }
        }
    }

    #[test]
    fn it_is_the_ridge_regression_solved_densely() {
        let (content, targets, counts) = world(80);
        let (n, f) = (80, 52);
        let lesson = Lesson { content: &content, targets: &targets, k: K };
        let strength: Vec<f32> = counts.iter().map(|&n| n as f32 / 60.0).collect();
        let model = lesson.fit(&strength, 0.5);
        let dense = |i: usize, j: usize| {
            let (row, values) = content.row(i);
            row.iter().position(|&x| x as usize == j).map_or(0.0, |at| f64::from(values[at]))
        };
        let mut a = vec![0.0; f * f];
        for p in 0..f {
            for q in 0..f {
                a[p * f + q] = (0..n).map(|i| f64::from(strength[i]) * dense(i, p) * dense(i, q)).sum();
            }
            a[p * f + p] += 0.5;
        }
        factor_f64(&mut a, f).expect("positive definite");
        for c in 0..K {
            let y = |i: usize| f64::from(targets[i * K + c] - model.mean[c]);
            let mut b: Vec<f64> =
                (0..f).map(|p| (0..n).map(|i| f64::from(strength[i]) * dense(i, p) * y(i)).sum()).collect();
            solve_f64(&a, f, &mut b);
            for (p, expected) in b.iter().enumerate() {
                let got = f64::from(model.weights[p * K + c]);
                assert!((got - expected).abs() < 1e-3, "feature {p} column {c}: {got} is not {expected}");
            }
        }
    }

    #[test]
    fn content_counts_the_less_the_more_is_known() {
        let (content, targets, _) = world(60);
        let counts: Vec<u32> = (0..60).map(|i| i % 7).collect();
        let model = ContentModel::learn(&content, &targets, K, &counts, Threads::ONE).expect("items count");
        let mut items = vec![10.0; 60 * K];
        assert_eq!(model.complete(&content, &counts, &mut items), counts.iter().filter(|n| **n <= FEW).count());
        for (i, y) in items.chunks_exact(K).enumerate() {
            let (row, values) = content.row(i);
            let told = model.predict(row.iter().copied().zip(values.iter().copied()));
            let own = match counts[i] {
                0 => 0.0,
                n if n <= FEW => n as f32 / (n + FEW) as f32,
                _ => 1.0,
            };
            for (y, told) in y.iter().zip(told) {
                assert!((y - (own * 10.0 + (1.0 - own) * told)).abs() < 1e-5, "item {i}");
            }
        }
    }

    #[test]
    fn nothing_to_learn_from_is_taken_as_it_is() {
        let nothing = Interactions::from_triples(4, 3, []).expect("valid");
        assert_eq!(ContentModel::learn(&nothing, &[1.0; 4], 1, &[0; 4], Threads::ONE), None);
        let bare = ContentModel::learn(&nothing, &[2.0; 4], 1, &[5; 4], Threads::ONE).expect("items count");
        assert_eq!(bare.predict([]), [2.0], "without content it is the mean");
        let (content, targets, mut counts) = world(30);
        counts[1..].fill(0);
        let one = ContentModel::learn(&content, &targets, K, &counts, Threads::ONE).expect("an item counts");
        assert!(one.predict([(3, 1.0)]).iter().all(|v| v.is_finite()));
    }
}
