//! Interactions of anybody's customers in files, and what a recommender is worth on them: the join of `kenal-tables` and
//! `kenal-models`, which do not know each other.
//!
//! Deliberately not here: the models and metrics, and what a command line prints.
//!
//! Read [`Dataset`] (rows of a file), `protocol` (what is hidden), [`evaluate`] (tuned on a validation split of its own by
//! `tuning`), [`Report`], `ablation`, `pack`; [`evaluate_cold`] for items that nobody has bought, by what a [`Catalogue`] says of them; then [`fit`], which writes factors ([`factors`]) and keeps what it has reached (`checkpoint`).

mod ablation;
mod catalogue;
mod checkpoint;
mod cold;
mod evaluate;
pub mod factors;
mod fit;
mod pack;
mod protocol;
mod read;
mod report;
mod tuning;

pub use ablation::{Ablated, METRICS as ABLATION_METRICS, Part};
pub use catalogue::Catalogue;
pub use checkpoint::CheckpointError;
pub use cold::{ColdReport, evaluate_cold};
pub use evaluate::{Model, Options, evaluate};
pub use fit::{FitError, FitOptions, Fitted, ITEM_FACTORS, MODEL, Out, Progress, USER_FACTORS, fit};
pub use pack::PackedReport;
pub use protocol::{Confidence, Protocol};
pub use read::{Dataset, InputError, Refused};
pub use report::Report;
