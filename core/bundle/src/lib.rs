//! One published version of what the edge knows: the signed manifest, the hashes of its sections, and whom to trust.
//!
//! Deliberately absent: where bytes are stored and how they are fetched (the hosts), and what the sections mean
//! (`kenal-core`). There is no clock: the time is an argument. `core/FORMAT.md` specifies the bytes.
//!
//! Read in this order: [`manifest`], [`trust`] (keys and [`verify`]), [`visitor`] (from a visitor id to a key),
//! [`seal`] (rows that only their visitor can read), [`update`] (withdrawals published between bundles), [`delta`]
//! (what changed in a section), [`keys`] (who may sign), [`canary`] (who gets a bundle first), [`table`] (sections
//! inside a program), and with feature `write` [`publish`] and [`embed`](mod@embed).
//!
//! ```
//! use kenal_bundle::{BundleError, Manifest, Trust, verify};
//!
//! fn open<'a>(manifest: &[u8], trust: &Trust, items: &'a [u8]) -> Result<(Manifest, &'a [u8]), BundleError> {
//!     let manifest = verify(manifest, trust)?;
//!     let items = manifest.check(kenal_bundle::Kind::Items, items)?;
//!     Ok((manifest, items))
//! }
//! ```

#![no_std]
#![deny(missing_docs)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod canary;
pub mod delta;
#[cfg(feature = "write")]
mod delta_write;
#[cfg(feature = "write")]
pub mod embed;
mod envelope;
pub mod error;
pub mod hash;
pub mod keys;
pub mod manifest;
mod msgpack;
#[cfg(feature = "write")]
pub mod publish;
pub mod seal;
pub mod table;
#[cfg(feature = "write")]
mod table_write;
pub mod text_map;
pub mod trust;
pub mod update;
pub mod visitor;

#[cfg(feature = "write")]
pub use canary::write_canary;
pub use canary::{Canary, verify_canary};
pub use delta::{apply_delta, delta_name};
#[cfg(feature = "write")]
pub use delta_write::write_delta;
#[cfg(feature = "write")]
pub use embed::{EmbedError, embed};
pub use error::{BundleError, ManifestFault};
pub use hash::Hash;
pub use kenal_core::Kind;
pub use keys::verify_keys;
#[cfg(feature = "write")]
pub use keys::write_keys;
pub use manifest::{CardValue, Manifest, MarketEntry, SectionEntry};
#[cfg(feature = "write")]
pub use publish::{File, PublishError, Publisher, Release, Signer, reissue, shard_bits_for, write_revocation_update};
pub use seal::{RowSeal, SEAL_BYTES};
pub use table::{TABLE_SECTIONS_MAX, Table, TableSlot};
#[cfg(feature = "write")]
pub use table_write::write_table;
pub use text_map::TextMap;
pub use trust::{KEYS_MAX, KeyId, PublicKey, Trust, signer_of, verify, verify_at};
pub use update::{RevocationUpdate, verify_revocations};
pub use visitor::{VisitorKey, check_shard};

/// Name of the manifest file.
pub const MANIFEST_NAME: &str = "manifest.kenal";
/// Name of the file with the public key that the build signed with.
pub const SIGNER_NAME: &str = "signer.pub";
/// Name of the list of keys that may sign.
pub const KEYS_NAME: &str = "keys.kenal";
/// Name of the canary.
pub const CANARY_NAME: &str = "canary.kenal";
/// Name of the revocation update.
pub const REVOCATIONS_NAME: &str = "revocations.kenal";
