//! The fast half-step: every row's system by a few steps of preconditioned conjugate gradients, without building it.
//!
//! ```text
//! A x = b        A = α₀ FᵀF + ridge_u I + Σ_{j in row} c_j f_j f_jᵀ
//! ```
//!
//! In the eigenvectors of FᵀF the part that all rows share is diagonal, D = α₀Λ + ridge_u I, so that a product with A is one
//! pass over the factors of the row's own history, O(n·k), and D is a preconditioner that costs nothing (Hu, Koren and
//! Volinsky 2008 has the split; Takács, Pilászy and Tikk 2011 the gradients). Because A ⪰ D, the loss that a row still has above its optimum is at
//! most rᵀD⁻¹r for the residual r: the steps end where that is a given share of what the row explains.
//!
//! Users start from nothing, so that they depend on the items alone and the items are all that a checkpoint needs; items
//! start from where they were. What the items end with also gives the loss, without a pass of its own: a row that
//! stops at x with residual r has Σ c − x·(b + r) of it.
//!
//! Factors are kept in lanes, k rounded up to a multiple of eight by zeros, which stay zeros.

use rayon::prelude::*;

use crate::als::half_step::{self, Rule};
use crate::eigen::{self, Eigen};
use crate::interactions::Interactions;
use crate::weights::Weights;
use crate::wide::{self, LANES, Lanes};

/// Rows a thread takes at a time; also the blocks in which losses are added up.
const BLOCK_ROWS: usize = 64;

/// When a row is good enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Most that may be left, as a share of what the row explains.
    pub(super) remaining: f64,
    pub(super) steps_max: usize,
}

/// A matrix of factors in lanes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Factors {
    pub(super) rows: Vec<Lanes>,
    /// Lanes a row.
    pub(super) width: usize,
}

impl Factors {
    /// Of n × k numbers.
    pub(super) fn new(rows: &[f32], k: usize) -> Factors {
        let width = k.div_ceil(LANES);
        let mut out = Factors::zeros(rows.len() / k, width);
        for (to, from) in out.rows.chunks_exact_mut(width).zip(rows.chunks_exact(k)) {
            to.as_flattened_mut()[..k].copy_from_slice(from);
        }
        out
    }

    pub(super) fn zeros(count: usize, width: usize) -> Factors {
        Factors { rows: vec![[0.0; LANES]; count * width], width }
    }

    /// k rounded up.
    fn k(&self) -> usize {
        self.width * LANES
    }

    #[inline(always)]
    fn row(&self, j: u32) -> &[Lanes] {
        &self.rows[j as usize * self.width..][..self.width]
    }

    /// n × k numbers, in the memory of this where the lanes are full.
    pub(super) fn into_rows(self, k: usize) -> Vec<f32> {
        let padded = self.k();
        let mut rows = self.rows.into_flattened();
        if padded > k {
            for n in 1..rows.len() / padded {
                rows.copy_within(n * padded..n * padded + k, n * k);
            }
            rows.truncate(rows.len() / padded * k);
            rows.shrink_to_fit();
        }
        rows
    }

    pub(super) fn gram(&self) -> Vec<f32> {
        half_step::gram(self.rows.as_flattened(), self.k())
    }

    /// Each row by its coordinates among the eigenvectors.
    fn rotate(&mut self, basis: &Basis) {
        let width = self.width;
        self.rows.par_chunks_mut(width * BLOCK_ROWS).for_each_init(
            || vec![[0.0; LANES]; width],
            |before, block| {
                wide::at_full_width(
                    #[inline(always)]
                    || {
                        for row in block.chunks_exact_mut(width) {
                            before.copy_from_slice(row);
                            row.fill([0.0; LANES]);
                            wide::add_rows(&basis.inward, before, row);
                        }
                    },
                );
            },
        );
    }
}

/// The eigenvectors of FᵀF.
#[derive(Debug)]
struct Basis {
    /// α₀ λ, of each.
    shared: Vec<Lanes>,
    /// k × k, an eigenvector a row: from coordinates to factors.
    outward: Vec<f32>,
    /// Its transpose: from factors to coordinates.
    inward: Vec<f32>,
}

impl Basis {
    fn new(gram: &[f32], k: usize, unobserved: f32) -> Basis {
        let Eigen { values, vectors } = eigen::symmetric(gram, k);
        // What rounding made negative is nothing.
        let shared: Vec<f32> = values.iter().map(|&v| unobserved * v.max(0.0) as f32).collect();
        let outward: Vec<f32> = vectors.iter().map(|&v| v as f32).collect();
        let inward = (0..k * k).map(|n| outward[n % k * k + n / k]).collect();
        Basis { shared: wide::lanes(&shared).to_vec(), outward, inward }
    }
}

/// The users' half: rotates the items into the eigenvectors of their Gram matrix, which changes no product, and solves
/// each user from nothing. Gives Σ ridge ‖x‖² of the users.
pub(super) fn users(rows: &Interactions, items: &mut Factors, rule: &Rule, effort: Effort, out: &mut Factors) -> f64 {
    let basis = Basis::new(&items.gram(), items.k(), rule.unobserved());
    items.rotate(&basis);
    let (items, width) = (&*items, items.width);
    blocks(
        out,
        #[inline(always)]
        |row, x: &mut [Lanes], work: &mut Work| {
            let (columns, weights) = rows.row(row);
            let ridge = rule.ridge(columns.len(), rows.n_items());
            x.fill([0.0; LANES]);
            work.solve(&Row { fixed: items, columns, weights, lift: rule.lift(), ridge }, &basis, false, effort, x);
            debug_assert_eq!(x.len(), width);
            f64::from(ridge) * f64::from(wide::dot(x, x))
        },
    )
}

/// The items' half, each from where it was. Gives the loss without the users' penalty.
pub(super) fn items(rows: &Interactions, users: &Factors, rule: &Rule, effort: Effort, out: &mut Factors) -> f64 {
    let basis = Basis::new(&users.gram(), users.k(), rule.unobserved());
    blocks(
        out,
        #[inline(always)]
        |row, y: &mut [Lanes], work: &mut Work| {
            let (columns, weights) = rows.row(row);
            let ridge = rule.ridge(columns.len(), rows.n_items());
            let row = Row { fixed: users, columns, weights, lift: rule.lift(), ridge };
            let explained = work.solve(&row, &basis, true, effort, y);
            rule.nothing_explained(weights) - explained
        },
    )
}

/// Solves each row of `out` and adds up what `solve` gives: blocks in parallel, joined in order.
fn blocks(out: &mut Factors, solve: impl Fn(usize, &mut [Lanes], &mut Work) -> f64 + Sync) -> f64 {
    let width = out.width;
    let sums: Vec<f64> = out
        .rows
        .par_chunks_mut(width * BLOCK_ROWS)
        .enumerate()
        .map_init(
            || Work::new(width),
            |work, (block, rows)| {
                wide::at_full_width(
                    #[inline(always)]
                    || {
                        let mut sum = 0.0;
                        for (r, x) in rows.chunks_exact_mut(width).enumerate() {
                            sum += solve(block * BLOCK_ROWS + r, x, work);
                        }
                        sum
                    },
                )
            },
        )
        .collect();
    sums.into_iter().sum()
}

/// One row's system.
struct Row<'a> {
    fixed: &'a Factors,
    columns: &'a [u32],
    weights: Weights<'a>,
    /// What the weight of an observed pair has more on the right than on the left.
    lift: f32,
    ridge: f32,
}

impl Row<'_> {
    /// `out += Σ_j coefficient(c_j, f_j·p) f_j`, and gives Σ_j (c_j + lift) (f_j·p).
    #[inline(always)]
    fn add_products(&self, p: &[Lanes], out: &mut [Lanes], coefficient: impl Fn(f32, f32) -> f32 + Copy) -> f64 {
        match self.weights {
            Weights::Same(&c, _) => self.pass(
                p,
                out,
                #[inline(always)]
                |_| c,
                coefficient,
            ),
            Weights::Each(each) => self.pass(
                p,
                out,
                #[inline(always)]
                |at| each[at],
                coefficient,
            ),
        }
    }

    #[inline(always)]
    fn pass(
        &self,
        p: &[Lanes],
        out: &mut [Lanes],
        weight: impl Fn(usize) -> f32,
        coefficient: impl Fn(f32, f32) -> f32,
    ) -> f64 {
        let mut along = 0.0;
        let (fours, rest) = self.columns.as_chunks::<4>();
        for (n, four) in fours.iter().enumerate() {
            let [f0, f1, f2, f3] = four.map(|j| self.fixed.row(j));
            // Row by row: side by side, the compiler would turn the four sums around to fill its registers.
            let sums = [wide::dot(f0, p), wide::dot(f1, p), wide::dot(f2, p), wide::dot(f3, p)];
            let mut g = [0.0; 4];
            for r in 0..4 {
                let (c, s) = (weight(4 * n + r), sums[r]);
                along += f64::from((c + self.lift) * s);
                g[r] = coefficient(c, s);
            }
            for ((((o, a), b), c), d) in out.iter_mut().zip(f0).zip(f1).zip(f2).zip(f3) {
                for l in 0..LANES {
                    o[l] += (g[0] * a[l] + g[1] * b[l]) + (g[2] * c[l] + g[3] * d[l]);
                }
            }
        }
        for (at, &j) in rest.iter().enumerate() {
            let f = self.fixed.row(j);
            let (c, s) = (weight(4 * fours.len() + at), wide::dot(f, p));
            along += f64::from((c + self.lift) * s);
            add(out, coefficient(c, s), f);
        }
        along
    }

    /// `out += Σ_j (c_j + lift) f_j`, which is b.
    #[inline(always)]
    fn add_targets(&self, out: &mut [Lanes]) {
        match self.weights {
            Weights::Same(&c, _) => {
                for &j in self.columns {
                    add(out, 1.0, self.fixed.row(j));
                }
                scale(out, c + self.lift);
            }
            Weights::Each(each) => {
                for (&j, c) in self.columns.iter().zip(each) {
                    add(out, c + self.lift, self.fixed.row(j));
                }
            }
        }
    }
}

#[inline(always)]
fn add(out: &mut [Lanes], g: f32, f: &[Lanes]) {
    for (o, v) in out.iter_mut().zip(f) {
        for l in 0..LANES {
            o[l] += g * v[l];
        }
    }
}

#[inline(always)]
fn scale(out: &mut [Lanes], g: f32) {
    out.as_flattened_mut().iter_mut().for_each(|v| *v *= g);
}

/// `out = β out + D⁻¹ r`.
#[inline(always)]
fn precondition(inverse: &[Lanes], r: &[Lanes], beta: f32, out: &mut [Lanes]) {
    for ((o, r), d) in out.iter_mut().zip(r).zip(inverse) {
        for l in 0..LANES {
            o[l] = beta * o[l] + r[l] * d[l];
        }
    }
}

/// rᵀD⁻¹r.
#[inline(always)]
fn left(inverse: &[Lanes], r: &[Lanes]) -> f32 {
    let mut sums = [0.0; LANES];
    for (r, d) in r.iter().zip(inverse) {
        for l in 0..LANES {
            sums[l] += r[l] * r[l] * d[l];
        }
    }
    wide::total(sums)
}

/// The buffers of one row's steps, each as wide as a row.
#[derive(Debug)]
struct Work {
    /// D and its inverse.
    diagonal: Vec<Lanes>,
    inverse: Vec<Lanes>,
    /// Residual, direction, A times the direction; all among the eigenvectors.
    r: Vec<Lanes>,
    p: Vec<Lanes>,
    ap: Vec<Lanes>,
    /// x among the eigenvectors; the direction and its product among the stored factors.
    x: Vec<Lanes>,
    stored: Vec<Lanes>,
    product: Vec<Lanes>,
}

impl Work {
    fn new(width: usize) -> Work {
        let zeros = || vec![[0.0; LANES]; width];
        Work {
            diagonal: zeros(),
            inverse: zeros(),
            r: zeros(),
            p: zeros(),
            ap: zeros(),
            x: zeros(),
            stored: zeros(),
            product: zeros(),
        }
    }

    /// Improves `x`, and gives what it explains: the loss of nothing less the loss of x. With `turn` the fixed factors
    /// are not among the eigenvectors, and x starts from what it is; without, they are, and x is zero.
    #[inline(always)]
    fn solve(&mut self, row: &Row<'_>, basis: &Basis, turn: bool, effort: Effort, x: &mut [Lanes]) -> f64 {
        if row.columns.is_empty() {
            x.fill([0.0; LANES]);
            return 0.0;
        }
        for ((d, inverse), shared) in self.diagonal.iter_mut().zip(&mut self.inverse).zip(&basis.shared) {
            for l in 0..LANES {
                d[l] = shared[l] + row.ridge;
                inverse[l] = 1.0 / d[l];
            }
        }
        // b·x.
        let mut told = 0.0;
        self.r.fill([0.0; LANES]);
        self.x.fill([0.0; LANES]);
        if turn {
            self.product.fill([0.0; LANES]);
            told = row.add_products(
                x,
                &mut self.product,
                #[inline(always)]
                |c, s| (c + row.lift) - c * s,
            );
            wide::add_rows(&basis.inward, &self.product, &mut self.r);
            wide::add_rows(&basis.inward, x, &mut self.x);
            for ((r, x), d) in self.r.iter_mut().zip(&self.x).zip(&self.diagonal) {
                for l in 0..LANES {
                    r[l] -= d[l] * x[l];
                }
            }
        } else {
            row.add_targets(&mut self.r);
        }
        let mut rest = left(&self.inverse, &self.r);
        let mut beta = 0.0;
        for step in 0..effort.steps_max {
            let explained = told + f64::from(wide::dot(&self.x, &self.r));
            // One step at least: an item that is nearly right for its users would never move again, though all of them
            // together may have far to go.
            if step > 0 && f64::from(rest) <= effort.remaining * explained {
                break;
            }
            precondition(&self.inverse, &self.r, beta, &mut self.p);
            let along = self.multiply(row, basis, turn);
            let length = wide::dot(&self.p, &self.ap);
            let step = rest / length;
            // Also ends on NaN, which an overflow of a weight may make.
            if !(step > 0.0 && step.is_finite()) {
                break;
            }
            told += f64::from(step) * along;
            add(&mut self.x, step, &self.p);
            add(&mut self.r, -step, &self.ap);
            let now = left(&self.inverse, &self.r);
            beta = now / rest;
            rest = now;
        }
        if turn {
            x.fill([0.0; LANES]);
            wide::add_rows(&basis.outward, &self.x, x);
        } else {
            x.copy_from_slice(&self.x);
        }
        told + f64::from(wide::dot(&self.x, &self.r))
    }

    /// `ap = A p`, and gives b·p.
    #[inline(always)]
    fn multiply(&mut self, row: &Row<'_>, basis: &Basis, turn: bool) -> f64 {
        for ((a, p), d) in self.ap.iter_mut().zip(&self.p).zip(&self.diagonal) {
            for l in 0..LANES {
                a[l] = d[l] * p[l];
            }
        }
        if !turn {
            return row.add_products(
                &self.p,
                &mut self.ap,
                #[inline(always)]
                |c, s| c * s,
            );
        }
        self.stored.fill([0.0; LANES]);
        wide::add_rows(&basis.outward, &self.p, &mut self.stored);
        self.product.fill([0.0; LANES]);
        let along = row.add_products(
            &self.stored,
            &mut self.product,
            #[inline(always)]
            |c, s| c * s,
        );
        wide::add_rows(&basis.inward, &self.product, &mut self.ap);
        along
    }
}
