//! Any table with a label: columns become features, and the model is judged by folds or forward in time.
//!
//! Read [`Table::read`], then [`Encoder`] (how a column becomes numbers), [`evaluate`], [`fit`] and [`score`].

mod encode;
mod label;
mod leak;
mod model;
mod read;

use std::fmt;

pub use encode::Encoder;
pub use model::{Settings, evaluate, fit, score};
pub use read::{Roles, Table};

/// What became of the rows (`rows` = `kept` + `without_label` + `unreadable`) and of the columns.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Counts {
    pub rows: u64,
    pub kept: u64,
    pub without_label: u64,
    /// Rows that are none, and rows without a readable time.
    pub unreadable: u64,
    pub positive: String,
    pub numbers: usize,
    pub categories: usize,
    pub times: usize,
    /// Columns that are left out, with the reason.
    pub left_out: Vec<String>,
    pub examples: Vec<String>,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table       {} rows: {} kept", self.rows, self.kept)?;
        for (n, what) in [(self.without_label, "without a label"), (self.unreadable, "unreadable")] {
            if n > 0 {
                write!(f, ", {n} {what}")?;
            }
        }
        write!(
            f,
            "\ncolumns     {} of numbers, {} of categories, {} of times",
            self.numbers, self.categories, self.times
        )?;
        for left in &self.left_out {
            write!(f, "\n            left out: {left}")?;
        }
        for example in &self.examples {
            write!(f, "\n            {example}")?;
        }
        Ok(())
    }
}
