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
    let missing = || EdgeError::Missing { name: MANIFEST_NAME.to_owned() };
    let keys = store.get(KEYS_NAME)?;
    let manifest = store.get(MANIFEST_NAME)?.ok_or_else(missing)?;
    let edge = open_sections(store, Edge::open_listed(&manifest, keys.as_deref(), trust_key, now)?)?;
    if let Some(update) = store.get(REVOCATIONS_NAME)? {
        add_newer_revocations(&edge, &update)?;
    }
    Ok(edge)
}

/// Takes in every section that `edge`, an open manifest, still needs.
///
/// # Errors
/// [`EdgeError`]: the first section that is missing or does not verify.
pub fn open_sections(store: &impl Store, mut edge: Edge) -> Result<Edge, EdgeError> {
    for need in edge.needs() {
        let name = need.hash.section_name();
        edge.add_section_of(need.kind, store.get(&name)?.ok_or(EdgeError::Missing { name })?)?;
    }
    Ok(edge)
}

/// Takes in a revocation update, passing over one that was issued before the bundle was built: the bundle's own section
/// says more.
///
/// # Errors
/// [`EdgeError::Revocations`].
pub fn add_newer_revocations(edge: &Edge, update: &[u8]) -> Result<(), EdgeError> {
    match edge.add_revocations(update) {
        Err(EdgeError::Revocations(BundleError::StaleRevocations)) => Ok(()),
        result => result,
    }
}
