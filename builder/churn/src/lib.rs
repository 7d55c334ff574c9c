//! Churn on files from outside: any table with a label, or a bare transaction log.
//!
//! The join of `kenal-tables` and `kenal-models`, which do not know each other. `kenal churn` on the command line, its
//! tests and the benchmarks do the same work with it.
//!
//! Deliberately not here: the fit itself (`kenal_models::churn`), and what a command line parses.
//!
//! [`campaign`] turns scores into a list for the CRM.
//! Read [`log`] (a log becomes features at cuts), [`table`] (columns become features), [`Report`] and [`Saved`].

pub mod campaign;
mod error;
pub mod log;
mod report;
mod saved;
pub mod table;
pub mod time;

pub use error::ChurnFileError;
pub use report::{About, Figures, Report, Score, Weight};
pub use saved::{Input, Saved};
