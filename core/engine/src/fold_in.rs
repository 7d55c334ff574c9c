//! Folding a visitor in: the exact half-step of implicit ALS for one user, and what each observation did to a score.
//!
//! Rendle et al., "Revisiting the performance of iALS on item recommendation benchmarks" (2021), equation 7, with
//! frequency-scaled regularisation (equation 10, ν = 1) and with confidences c_uj as in Hu, Koren and Volinsky (2008).
//!
//! To that taste over years we add the interest of the moment, which a least-squares fit to a hundred purchases hides:
//! an observation with a pull p_j adds p_j to its own score, and to others in the measure of their likeness
//! s_ij = y_iᵀ·A⁻¹·y_j (Hu et al., section 5), so that the last click counts whatever came before it.

use core::fmt;

use crate::cholesky::{dot, factorise, solve, triangle};
use crate::consent::FallbackReason;
use crate::format::items::Items;
use crate::index::ItemIdx;
use crate::limits::{
    BLOCKS_MAX, DIMS_MAX, LANES, OBSERVATIONS_MAX, SCALE_MAX, SCALE_MIN, TRIANGLE_MAX, VISITOR_CODE_MAX,
};
use crate::simd::Query;
use crate::visit::{Observation, Relation, Visit};

/// The greatest weight, in purchases, by which a pull of 1 counts. An item that hardly anybody bought is hardly like
/// itself (s_jj near 0), and would otherwise drown the rest in what is only noise.
const LIFT_MAX: f32 = 10.0;

/// The longest vector of codes: √[`DIMS_MAX`] times the greatest, and room for a rounding.
const NORM_MAX: f32 = 16.0 * (VISITOR_CODE_MAX as f32 + 1.0);

/// A visitor's taste, quantised: x ≈ scale · q.
#[derive(Clone)]
pub struct UserVector {
    q: [[i16; LANES]; BLOCKS_MAX],
    pub(crate) scale: f32,
    /// At least ‖q‖ · scale · (1 − 2^-22).
    pub(crate) norm: f32,
    /// What codes of items that are half a step off change of a dot product, at most: ½ Σ|q|, rounded up.
    pub(crate) reach: i32,
}

impl fmt::Debug for UserVector {
    /// A taste is personal, so it is not printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserVector").finish_non_exhaustive()
    }
}

impl UserVector {
    /// Nearest whole numbers to `x`, with scale max|x| / [`VISITOR_CODE_MAX`].
    ///
    /// `None` when `x` is longer than [`DIMS_MAX`], zero, not finite, or beyond the range of scales.
    pub fn quantise(x: &[f32]) -> Option<UserVector> {
        let largest = x.iter().fold(0f32, |m, x| m.max(x.abs()));
        let scale = largest / f32::from(VISITOR_CODE_MAX);
        if x.len() > DIMS_MAX || x.iter().any(|x| !x.is_finite()) || !(SCALE_MIN..=SCALE_MAX).contains(&scale) {
            return None;
        }
        let mut q = [[0; LANES]; BLOCKS_MAX];
        let (mut squares, mut sizes) = (0i64, 0);
        for (q, x) in q.as_flattened_mut().iter_mut().zip(x) {
            // |x / scale| is at most the greatest code and a rounding, so the cast does not clip.
            *q = libm::roundf(x / scale) as i16;
            squares += i64::from(*q) * i64::from(*q);
            sizes += i32::from(*q).abs();
        }
        Some(UserVector { q, scale, norm: libm::sqrtf(squares as f32) * scale, reach: (sizes + 1) / 2 })
    }

    /// The same taste, counting `weight`; `None` when it then counts nothing that a score could show.
    pub(crate) fn weighted(&self, weight: f32) -> Option<UserVector> {
        let (scale, norm) = (self.scale * weight, self.norm * weight);
        (scale >= SCALE_MIN && norm <= SCALE_MAX * NORM_MAX).then(|| UserVector { scale, norm, ..self.clone() })
    }

    /// The first `blocks` vectors.
    pub(crate) fn query(&self, blocks: usize) -> Query<'_> {
        self.q.get(..blocks).unwrap_or_default()
    }
}

/// Memory for folding in, reused from request to request: 133 KiB, so keep it in a static or in a box.
pub struct FoldIn {
    /// The lower triangle of A, then of its Cholesky factor L.
    a: [f32; TRIANGLE_MAX],
    x: [f32; DIMS_MAX],
    y: [f32; DIMS_MAX],
    w: [f32; DIMS_MAX],
    /// What the pull of each observation weighs, in its order: p_j / s_jj.
    lift: [f32; OBSERVATIONS_MAX],
    /// Dimensions of the last solution; 0 when there is none.
    dims: usize,
}

impl fmt::Debug for FoldIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoldIn").field("dims", &self.dims).finish_non_exhaustive()
    }
}

impl Default for FoldIn {
    fn default() -> Self {
        FoldIn::new()
    }
}

/// What spoke most for a recommended item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Because {
    /// The item the visitor knows.
    pub item: ItemIdx,
    /// How.
    pub relation: Relation,
    /// Its part of the (unquantised) score, above 0.
    pub contribution: f32,
}

impl FoldIn {
    /// Memory in which nothing is solved.
    pub const fn new() -> FoldIn {
        FoldIn {
            a: [0.0; TRIANGLE_MAX],
            x: [0.0; DIMS_MAX],
            y: [0.0; DIMS_MAX],
            w: [0.0; DIMS_MAX],
            lift: [0.0; OBSERVATIONS_MAX],
            dims: 0,
        }
    }

    /// Solves for the taste of the visitor.
    ///
    /// With c_j the confidences and n_u the number of the observations:
    /// `A · x = Σ (c_j + p_j/s_jj)·y_j` with `A = α₀·YᵀY + Σ c_j·y_j·y_jᵀ + reg·(n_u + α₀·n)·I`, the pulls p_j, and
    /// `s_jj = y_jᵀ·A⁻¹·y_j` but at least a tenth.
    /// The same bits on every host. Cost: O(n_u·dims² + dims³/6), no allocation.
    ///
    /// # Errors
    /// [`FallbackReason::NoHistory`] when nothing was observed or all observed factors are zero;
    /// [`FallbackReason::Unsolvable`] when the solution is not finite.
    pub fn solve(&mut self, items: &Items<'_>, visit: &Visit) -> Result<UserVector, FallbackReason> {
        self.dims = 0;
        let dims = items.dims();
        if visit.observations().is_empty() {
            return Err(FallbackReason::NoHistory);
        }
        self.equations(items, visit).ok_or(FallbackReason::Unsolvable)?;
        let x = self.x.get_mut(..dims).ok_or(FallbackReason::Unsolvable)?;
        if x.iter().all(|b| *b == 0.0) {
            return Err(FallbackReason::NoHistory);
        }
        factorise(&mut self.a, dims).ok_or(FallbackReason::Unsolvable)?;
        solve(&self.a, x).ok_or(FallbackReason::Unsolvable)?;
        self.pull(items, visit).ok_or(FallbackReason::Unsolvable)?;
        let x = self.x.get(..dims).ok_or(FallbackReason::Unsolvable)?;
        let user = UserVector::quantise(x).ok_or(FallbackReason::Unsolvable)?;
        self.dims = dims;
        Ok(user)
    }

    /// Adds `A⁻¹ · Σ p_j/s_jj · y_j` to the solution in `x`, with A factorised.
    fn pull(&mut self, items: &Items<'_>, visit: &Visit) -> Option<()> {
        let dims = items.dims();
        let x = self.x.get_mut(..dims)?;
        let y = self.y.get_mut(..dims)?;
        let w = self.w.get_mut(..dims)?;
        for (observation, lift) in visit.observations().iter().zip(&mut self.lift) {
            *lift = 0.0;
            if observation.pull <= 0.0 || !items.dequantise(observation.item, y) {
                continue;
            }
            w.copy_from_slice(y);
            solve(&self.a, w)?;
            let likeness = dot(w, y);
            *lift = observation.pull / likeness.max(1.0 / LIFT_MAX);
            for (x, w) in x.iter_mut().zip(&*w) {
                *x += *lift * w;
            }
        }
        Some(())
    }

    /// Sets up A in `a` and the right side in `x`.
    fn equations(&mut self, items: &Items<'_>, visit: &Visit) -> Option<()> {
        let dims = items.dims();
        let model = items.model();
        let a = self.a.get_mut(..triangle(dims))?;
        let x = self.x.get_mut(..dims)?;
        let y = self.y.get_mut(..dims)?;
        for (a, gram) in a.iter_mut().zip(items.gram) {
            *a = f32::from_le_bytes(*gram);
        }
        let n_u = visit.observations().len() as f32;
        let ridge = model.reg * (n_u + model.alpha0 * items.len() as f32);
        for i in 0..dims {
            *a.get_mut(triangle(i) + i)? += ridge;
        }
        x.fill(0.0);
        for observation in visit.observations() {
            if !items.dequantise(observation.item, y) {
                continue;
            }
            let mut rows: &mut [f32] = a;
            for (i, (x, y_i)) in x.iter_mut().zip(&*y).enumerate() {
                let c_y_i = observation.confidence * y_i;
                *x += c_y_i;
                let (row, rest) = rows.split_at_mut_checked(i + 1)?;
                for (a, y_j) in row.iter_mut().zip(&*y) {
                    *a += c_y_i * y_j;
                }
                rows = rest;
            }
        }
        Some(())
    }

    /// √(mean over all items of the squared score) of the last solution: √(xᵀ·YᵀY·x / n), from the gram. 0 without a
    /// solution, or when α₀ is 0 and the gram therefore empty.
    pub(crate) fn rms(&self, items: &Items<'_>) -> f32 {
        let x = self.taste();
        let mut rows = items.gram;
        let mut square = 0f32;
        for (r, x_r) in x.iter().enumerate() {
            let Some((row, rest)) = rows.split_at_checked(r + 1) else { return 0.0 };
            let mut sum = 0f32;
            for (g, x_c) in row.iter().zip(x) {
                sum += f32::from_le_bytes(*g) * x_c;
            }
            // The triangle below the diagonal stands for the one above it as well.
            let diagonal = row.last().map_or(0.0, |g| f32::from_le_bytes(*g)) * x_r;
            square += (sum + (sum - diagonal)) * x_r;
            rows = rest;
        }
        let mean = square / (items.model().alpha0 * items.len() as f32);
        if mean.is_finite() && mean > 0.0 { libm::sqrtf(mean) } else { 0.0 }
    }

    /// The last solution before quantisation; empty when there is none.
    pub fn taste(&self) -> &[f32] {
        self.x.get(..self.dims).unwrap_or_default()
    }

    /// Which observation spoke most for `item`: the j with the greatest `y_itemᵀ · A⁻¹ · (c_j + p_j/s_jj)·y_j`, the
    /// lower index at a tie. These parts add up to the score.
    ///
    /// `None` when nothing spoke for it, or when the last [`FoldIn::solve`] was of another visit and failed.
    /// Cost: O(dims² + n_u·dims).
    pub fn because(&mut self, items: &Items<'_>, visit: &Visit, item: ItemIdx) -> Option<Because> {
        self.because_with(items, visit, item, 1.0, |_, _| 0.0)
    }

    /// The same for a score in which these parts count `weight`, and the observation at a position `beside` them.
    pub(crate) fn because_with(
        &mut self,
        items: &Items<'_>,
        visit: &Visit,
        item: ItemIdx,
        weight: f32,
        beside: impl Fn(usize, &Observation) -> f32,
    ) -> Option<Because> {
        let dims = if self.dims == items.dims() { self.dims } else { return None };
        let w = self.w.get_mut(..dims)?;
        let y = self.y.get_mut(..dims)?;
        if !items.dequantise(item, w) {
            return None;
        }
        // w = A⁻¹·y_item, so each part is one dot product.
        solve(&self.a, w)?;
        let mut best: Option<Because> = None;
        for (at, (observation, lift)) in visit.observations().iter().zip(&self.lift).enumerate() {
            if !items.dequantise(observation.item, y) {
                continue;
            }
            let contribution = (observation.confidence + lift) * dot(w, y) * weight + beside(at, observation);
            if contribution > best.map_or(0.0, |b| b.contribution) {
                best = Some(Because { item: observation.item, relation: observation.relation, contribution });
            }
        }
        best
    }

    /// Forgets the last visitor.
    pub fn clear(&mut self) {
        *self = FoldIn::new();
    }
}
