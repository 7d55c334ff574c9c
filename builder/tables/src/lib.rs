//! Tables of people from outside, for `kenal identity resolve` and `kenal identity score`.
//!
//! [`read`] opens CSV and Parquet files; [`mapping`] says which column means what, and [`guess`] proposes a mapping from
//! names and values; [`mod@write`] puts clusters and links into files; [`score`] compares clusters with a truth.
//!
//! Deliberately not here: deciding who is the same person (`kenal-identity`), and parsing dates, phones and addresses
//! for good: what [`guess`] recognises decides a column's meaning, never a value.
//!
//! Messages, reasons and reports name files, columns and counts, and no value of a person; only [`read::Rejected`]
//! holds bytes of a row, for whoever keeps them.

pub mod guess;
mod limits;
pub mod mapping;
mod names;
pub mod read;
pub mod score;
pub mod write;

pub use limits::{ATTRIBUTES_MAX, SAMPLE_ROWS};
