//! Why a request is refused, and the stable codes hosts report.

use crate::limits::{ID_BYTES_MAX, K_MAX};

/// A request that cannot be answered: the caller's mistake, never a person's absence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not JSON, or not of the contract's shape. Only the position and the parser's words are kept, not the text.
    #[error("the request is not valid at line {line}, column {column}: {what}")]
    Json { line: usize, column: usize, what: String },
    /// `k` is outside its range.
    #[error("k is {given}; ask for 1 to {K_MAX} items")]
    K { given: u32 },
    /// The bundle has no such market.
    #[error("unknown market {given:?}; this bundle has {}", known.join(", "))]
    Market { given: String, known: Vec<String> },
    /// A list is longer than a request may carry.
    #[error("{field} has {given} entries; at most {max} are read")]
    TooMany { field: &'static str, given: usize, max: usize },
    /// A text is empty where leaving the field out was meant.
    #[error("{field} is empty; leave it out instead")]
    Empty { field: &'static str },
    /// A text is longer than any id of ours.
    #[error("{field} has {given} bytes; at most {ID_BYTES_MAX} are read")]
    TooLong { field: &'static str, given: usize },
}

impl RequestError {
    pub(crate) fn json(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        // serde_json ends its message with the position that we report apart.
        let what = text.split(" at line ").next().unwrap_or(&text).to_owned();
        RequestError::Json { line, column, what }
    }
}
