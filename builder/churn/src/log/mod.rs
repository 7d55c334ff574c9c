//! A bare transaction log: read, features at a moment, the cuts to learn from, and a model of it.
//!
//! Read [`Log::read`], then [`features`], [`cuts`], [`evaluate`], [`fit`] and [`score`].

pub mod cuts;
pub mod features;
mod items;
mod model;
mod read;

pub use features::Population;
pub use model::{evaluate, fit, score};
pub use read::{Counts, Line, Log};
