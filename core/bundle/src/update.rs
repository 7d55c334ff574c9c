//! Withdrawals published between bundles: a signed revocations section that counts beside the bundle's own.

use alloc::vec::Vec;
use core::fmt;

use kenal_core::Revocations;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::envelope::{self, open};
use crate::error::{BundleError, ManifestFault};
use crate::hash::Hash;
use crate::manifest::Manifest;
use crate::trust::Trust;

/// Who has withdrawn since the build, as of a moment after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RevocationUpdate {
    /// When it was issued, seconds since 1970; the newest counts.
    pub issued_at: u64,
    /// The salt that its keys were made with.
    pub salt: Hash,
    /// A revocations section.
    #[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")]
    pub section: Vec<u8>,
}

impl RevocationUpdate {
    /// The filter.
    ///
    /// # Errors
    /// [`BundleError::Section`]; not after [`verify_revocations`], which has read it once.
    pub fn revocations(&self) -> Result<Revocations<'_>, BundleError> {
        Ok(Revocations::parse(&self.section)?)
    }

    #[cfg(feature = "write")]
    pub(crate) fn encode(&self) -> Result<Vec<u8>, ManifestFault> {
        encode(self)
    }
}

fn encode(update: &RevocationUpdate) -> Result<Vec<u8>, ManifestFault> {
    rmp_serde::to_vec_named(update).map_err(|_| ManifestFault::Payload)
}

/// The revocation update in `bytes`, if the trusted key signed it and it belongs to the bundle of `manifest`.
///
/// # Errors
/// As for a manifest, and [`BundleError::ForeignRevocations`], [`BundleError::StaleRevocations`] or
/// [`BundleError::Section`].
pub fn verify_revocations(bytes: &[u8], trust: &Trust, manifest: &Manifest) -> Result<RevocationUpdate, BundleError> {
    let payload = open(bytes, envelope::REVOCATIONS, trust.keys())?;
    let malformed = BundleError::Manifest;
    let update: RevocationUpdate = rmp_serde::from_slice(payload).map_err(|_| malformed(ManifestFault::Payload))?;
    if encode(&update).map_err(malformed)? != payload {
        return Err(malformed(ManifestFault::NotCanonical));
    }
    if update.salt != manifest.salt {
        return Err(BundleError::ForeignRevocations);
    }
    if update.issued_at < manifest.created_at {
        return Err(BundleError::StaleRevocations);
    }
    update.revocations()?;
    Ok(update)
}

pub(crate) fn write_bytes<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
    s.serialize_bytes(bytes)
}

pub(crate) fn read_bytes<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
    struct Bytes;
    impl de::Visitor<'_> for Bytes {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }
        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(Vec::from(bytes))
        }
    }
    d.deserialize_bytes(Bytes)
}
