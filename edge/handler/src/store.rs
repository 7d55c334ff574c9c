//! Where a host keeps a bundle's files: a folder, a key-value store, a cache of the browser.
//!
//! Names are those of `core/FORMAT.md`: `manifest.kenal`, `revocations.kenal`, `sections/<64 hexadecimal digits>`.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use kenal_bundle::{BundleError, KEYS_NAME, MANIFEST_NAME, REVOCATIONS_NAME};

use crate::edge::Edge;
use crate::error::EdgeError;

/// A place that bytes come from. What it returns is not trusted: [`Edge`] checks every byte.
pub trait Store {
    /// The bytes under `name`; `None` when there are none.
    ///
    /// # Errors
    /// When the store itself fails; a host words it.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// A store that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {name}: {source}")]
pub struct StoreError {
    name: String,
    source: Box<dyn core::error::Error + Send + Sync>,
}

impl StoreError {
    /// `source` happened when `name` was read.
    pub fn new(name: &str, source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        StoreError { name: name.to_owned(), source: source.into() }
    }
}

/// Opens the bundle in `store` with everything that requests need, and the newest revocations if there are any apart.
///
/// # Errors
/// [`EdgeError`]: the first thing that is missing or does not verify.
pub fn open(store: &impl Store, trust_key: &[u8; 32], now: i64) -> Result<Edge, EdgeError> {
    let fetch = |name: &str| store.get(name)?.ok_or_else(|| EdgeError::Missing { name: name.to_owned() });
    let keys = store.get(KEYS_NAME)?;
    let mut edge = Edge::open_listed(&fetch(MANIFEST_NAME)?, keys.as_deref(), trust_key, now)?;
    for need in edge.needs() {
        edge.add_section_of(need.kind, fetch(&need.hash.section_name())?)?;
    }
    if let Some(update) = store.get(REVOCATIONS_NAME)? {
        match edge.add_revocations(&update) {
            // It was issued before this bundle was built, whose own section says more.
            Err(EdgeError::Revocations(BundleError::StaleRevocations)) => {}
            result => result?,
        }
    }
    Ok(edge)
}
