//! Fold-in: the vector of somebody who was not trained, or has clicked since. The edge repeats exactly this.
//!
//! For a history of `n_u` distinct items with confidence `c_ui`, given the items' factors Y (f32):
//!
//! ```text
//! A   = α₀ YᵀY  +  Σ_{i in history} c_ui y_i y_iᵀ  +  ridge_u I          ridge_u = reg · (n_u + α₀ · n_items)
//! b   = Σ_{i in history} c_ui y_i
//! x_u = A⁻¹ b                                                            score(i) = x_u · y_i
//! ```
//!
//! `n_u` counts distinct items, whatever their weight. The target of every observed pair is 1 and c_ui multiplies both
//! sides. A history is strictly ascending by item, so that one history has one order of additions and one result; for
//! the same reason the sums run in the order that [`FoldIn::user`] documents. This is the half-step of the training, so
//! a training user's stored vector equals the fold-in of its row to the bit.

use crate::als::half_step::{Equation, Rule, System};
use crate::als::{AlsConfig, AlsModel};

/// Why a history cannot be folded in.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum FoldError {
    /// An item is named twice, or the order is not ascending: add up the weights of an item and sort first.
    #[error("history entry {position}: items must be strictly ascending")]
    NotAscending { position: usize },
    /// The item is not one of the model's.
    #[error("history entry {position}: item {item} is not below the number of items, {n_items}")]
    ItemOutOfRange { position: usize, item: u32, n_items: usize },
    /// Zero, negative, infinite or not a number.
    #[error("history entry {position}: weight {weight} is not a finite number above 0")]
    BadWeight { position: usize, weight: f32 },
    /// The system is singular in single precision: a weight is out of proportion.
    #[error("the system of this history is not positive definite in single precision")]
    NotPositiveDefinite,
}

/// Everything that fold-ins against one model share.
#[derive(Debug)]
pub struct FoldIn<'m> {
    config: AlsConfig,
    n_items: usize,
    items: &'m [f32],
    /// α₀ YᵀY.
    base: Vec<f32>,
}

/// The buffers of one fold-in; reused from call to call.
#[derive(Debug, Clone)]
pub struct FoldScratch(System);

impl<'m> FoldIn<'m> {
    pub fn new(model: &'m AlsModel) -> Self {
        FoldIn {
            config: *model.config(),
            n_items: model.n_items(),
            items: model.item_factors(),
            base: model.item_gram().iter().map(|g| model.config().unobserved * g).collect(),
        }
    }

    pub fn scratch(&self) -> FoldScratch {
        FoldScratch(System::new(self.config.factors))
    }

    /// Writes x_u to `out` (`factors` long). `Ok(false)`, and zeros, when the history is empty: there is nothing to
    /// personalise with. Order of sums: `b` entry by entry; `A` from α₀YᵀY, four entries a pass as
    /// `(e0 + e1) + (e2 + e3)`, the last one to three singly, the ridge last. O(n·k² + k³), no allocation.
    ///
    /// # Errors
    /// See [`FoldError`].
    ///
    /// # Panics
    /// When `out` is not `factors` long.
    pub fn user(&self, history: &[(u32, f32)], scratch: &mut FoldScratch, out: &mut [f32]) -> Result<bool, FoldError> {
        assert_eq!(out.len(), self.config.factors, "a vector has as many numbers as the model has factors");
        for (position, &(item, weight)) in history.iter().enumerate() {
            if position > 0 && history[position - 1].0 >= item {
                return Err(FoldError::NotAscending { position });
            }
            if item as usize >= self.n_items {
                return Err(FoldError::ItemOutOfRange { position, item, n_items: self.n_items });
            }
            if !(weight.is_finite() && weight > 0.0) {
                return Err(FoldError::BadWeight { position, weight });
            }
        }
        let equation =
            Equation { fixed: self.items, base: &self.base, rule: Rule(self.config), possible: self.n_items };
        scratch.0.solve(&equation, history.iter().copied(), out).map_err(|_| FoldError::NotPositiveDefinite)?;
        Ok(!history.is_empty())
    }

    /// `x · y_i` for every item, into `out` (`n_items` long). O(n_items·k).
    pub fn scores(&self, x: &[f32], out: &mut [f32]) {
        for (s, y) in out.iter_mut().zip(self.items.chunks_exact(self.config.factors)) {
            *s = crate::linear::dot(x, y);
        }
    }
}
