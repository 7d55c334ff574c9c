//! From a visitor id to the key under which the bundle knows the visitor, and to the shard it may be in.

use core::fmt;

use kenal_core::format::users::shard_of;
use kenal_core::{Kind, UserShard, Users};

use crate::error::BundleError;
use crate::hash::Hash;
use crate::manifest::check_hash;

/// Keyed BLAKE3 of a visitor id, cut to 16 bytes. Without the salt it says nothing about the id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct VisitorKey([u8; 16]);

impl VisitorKey {
    /// The key of a visitor id under a manifest's salt.
    pub fn new(salt: &Hash, visitor: &str) -> VisitorKey {
        let hash = blake3::keyed_hash(&salt.0, visitor.as_bytes());
        VisitorKey(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// The key with these bytes, as a shard lists it.
    pub const fn from_bytes(bytes: [u8; 16]) -> VisitorKey {
        VisitorKey(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The shard among 2^`bits`.
    pub const fn shard(&self, bits: u32) -> u32 {
        shard_of(&self.0, bits)
    }

    /// The key to look up in the revocations.
    pub const fn revocation_key(&self) -> u64 {
        // The other half than the one that chooses the shard, so that a shard's keys spread over the filter.
        let [_, _, _, _, _, _, _, _, a, b, c, d, e, f, g, h] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Debug for VisitorKey {
    /// Only the start: a whole key in a log would follow a visitor around.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, ..] = self.0;
        write!(f, "VisitorKey({a:02x}{b:02x}…)")
    }
}

/// The shard in `bytes`, once it is certain that it is shard number `shard` of `users`.
///
/// # Errors
/// [`BundleError::Hash`], [`BundleError::NoSection`] when there is no such shard, or [`BundleError::Section`].
pub fn check_shard<'a>(users: &Users<'_>, shard: u32, bytes: &'a [u8]) -> Result<UserShard<'a>, BundleError> {
    let expected = users.hashes().get(shard as usize).ok_or(BundleError::NoSection(Kind::UserShard))?;
    let bytes = check_hash(Kind::UserShard, Hash(*expected), bytes)?;
    Ok(UserShard::parse(bytes)?)
}
