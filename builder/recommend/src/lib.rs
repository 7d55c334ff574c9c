//! Interactions of anybody's customers in files, and what a recommender is worth on them: the join of `kenal-tables` and
//! `kenal-models`, which do not know each other.
//!
//! Deliberately not here: the models and metrics, and what a command line prints.
//!
//! Read [`Dataset`] (rows of a file), `protocol` (what is hidden), [`evaluate`] (tuned on a validation split of its own),
//! [`Report`]; then [`fit`], which writes factors ([`factors`]) and keeps what it has reached (`checkpoint`);
//! and [`evaluate_cold`], for items that nobody has bought, by what a [`Catalogue`] says of them.

mod catalogue;
mod checkpoint;
mod cold;
mod evaluate;
pub mod factors;
mod fit;
mod protocol;
mod read;

pub use catalogue::Catalogue;
pub use checkpoint::CheckpointError;
pub use cold::{ColdReport, evaluate_cold};
pub use evaluate::{Ablated, Model, Options, Report, evaluate};
pub use fit::{FitError, FitOptions, Fitted, ITEM_FACTORS, MODEL, Progress, USER_FACTORS, fit};
pub use protocol::Protocol;
pub use read::{Dataset, InputError, Refused};
