//! The models of Kenal, as pure numbers: what to recommend, what is trending, who is about to leave, and whether any
//! of it is good enough to publish.
//!
//! Deliberately not here: files, tables, people, consent, clocks. Rows arrive as indices, weights, ages and labels;
//! the caller keeps the names. Every function is deterministic: the same input, configuration and seed give the same
//! bits for any thread count, because work is cut into blocks of fixed size and joined in block order.
//!
//! Read in this order: [`confidence`] (events to weights), [`interactions`] (the matrix), [`als`] (the recommender and
//! the exact fold-in the edge repeats), [`item_item`], [`trending`],
//! [`blend`] (all of them in one score), [`content`] (vectors for what nobody has touched), [`compact`] (fewer bytes),
//! [`eval`] (splits, Recall, NDCG, intervals, and [`eval::publish`],
//! the decision to publish), then [`churn`].

pub mod als;
pub mod blend;
pub mod churn;
pub mod compact;
pub mod confidence;
pub mod content;
mod eigen;
pub mod eval;
pub mod interactions;
pub mod item_item;
mod linear;
mod rounding;
pub mod threads;
pub mod trending;
mod weights;
mod wide;

pub use als::{AlsConfig, AlsModel, AlsStop, TrainError};
pub use interactions::{InteractionError, Interactions, Row};
pub use threads::Threads;
pub use weights::Weights;
