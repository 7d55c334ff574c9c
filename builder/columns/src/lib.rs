//! Rows of Arrow batches for stages that know no Arrow: columns are found by name once a batch, and texts stay where they
//! are.
//!
//! Serde finds every field of every row by its name and checks every text once more, which is most of the work where there
//! are tens of millions of short rows: of orders and their lines. Everything else is read with serde (`kenal-lake`).

mod column;
mod rows;

pub use column::BatchError;
pub use rows::{BatchRow, read};
