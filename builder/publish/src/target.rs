//! What a store can do. Names are those of `core/FORMAT.md`, such as `sections/<64 hexadecimal digits>`.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};

/// Files sent at the same time.
const AT_ONCE: usize = 8;

/// A store of a bundle's files.
#[async_trait]
pub trait Target: Send + Sync {
    /// The file, if it is there.
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, TargetError>;

    /// Puts a file there, in place of any of that name; readers see the old one or the new one whole.
    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), TargetError>;

    /// Removes a file; that it is not there is no error.
    async fn delete(&self, name: &str) -> Result<(), TargetError>;

    /// The names that begin with `prefix`.
    async fn list(&self, prefix: &str) -> Result<BTreeSet<String>, TargetError>;

    /// Puts several files there, in any order; when this fails, some may be there.
    async fn put_all(&self, files: Vec<(String, Vec<u8>)>) -> Result<(), TargetError> {
        let puts = files.into_iter().map(|(name, bytes)| async move { self.put(&name, bytes).await });
        stream::iter(puts).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// How much of the files that [`Target::put_all`] takes should be in memory at once.
    fn batch_bytes(&self) -> usize {
        16 << 20
    }
}

/// A store that failed. Credentials are in no message.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The store cannot be reached, or broke off.
    #[error("{what}: {source}")]
    Transport {
        /// What was being done to which name.
        what: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store answered with something else than success.
    #[error("{what}: the store answered {status}{}{}", if detail.is_empty() { "" } else { ": " }, detail)]
    Status {
        /// What was being done to which name.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        detail: String,
    },
    /// An answer that is not of the store's interface.
    #[error("{what}: the store's answer cannot be read: {detail}")]
    Answer {
        /// What was being done.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A place that `--to` cannot mean, or lacks a credential.
    #[error("{0}")]
    Place(String),
}
