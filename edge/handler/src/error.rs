//! Why a bundle or a request is refused. A person who cannot be personalised is neither: that is an answer.

use kenal_bundle::{BundleError, Hash};

use crate::limits::{ID_BYTES_MAX, K_MAX};

/// A request that cannot be answered: the caller's mistake, never a person's absence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
    /// The bundle has no such category.
    #[error("unknown category {given:?}; this bundle has {}", known.join(", "))]
    Category { given: String, known: Vec<String> },
    /// A list is longer than a request may carry.
    #[error("{field} has {given} entries; at most {max} are read")]
    TooMany { field: &'static str, given: usize, max: usize },
    /// `diversity` is outside its range, or no number.
    #[error("diversity is {given}; it is from 0 to 1")]
    Diversity { given: f32 },
    /// A text is empty where leaving the field out was meant.
    #[error("{field} is empty; leave it out instead")]
    Empty { field: &'static str },
    /// A text is longer than any id of ours.
    #[error("{field} has {given} bytes; at most {ID_BYTES_MAX} are read")]
    TooLong { field: &'static str, given: usize },
}

/// Bytes that were fetched for a bundle and cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// The trusted key is none, or the manifest is damaged, foreign or not signed with it.
    #[error("the manifest: {0}")]
    Manifest(BundleError),
    /// The list of keys that may sign is damaged, foreign, older than one accepted before, or has expired.
    #[error("the list of keys: {0}")]
    Keys(BundleError),
    /// A section is not the one that the manifest lists, or does not parse.
    #[error(transparent)]
    Section(BundleError),
    /// No section of this bundle has these bytes: another bundle's, or damaged on the way.
    #[error("the manifest lists no section with the hash {hash}; was a byte changed, or is it another bundle's?")]
    NotListed { hash: Hash },
    /// A revocation update cannot be used; whoever it names may still be personalised, so fetch it again.
    #[error("the revocation update: {0}")]
    Revocations(BundleError),
    /// A user shard is not the visitor's, or does not parse.
    #[error("the user shard: {0}")]
    Shard(BundleError),
    /// A file is not where it should be.
    #[error("the bundle lacks {name}")]
    Missing { name: String },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
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
