//! Withdrawals published between bundles: a signed revocations section that counts beside the bundle's own.

use alloc::vec::Vec;

use kenal_core::Revocations;

use crate::envelope::{self, open};
use crate::error::BundleError;
use crate::hash::Hash;
use crate::manifest::Manifest;
use crate::msgpack::{Reader, whole};
use crate::trust::Trust;

/// Who has withdrawn since the build, as of a moment after it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RevocationUpdate {
    /// When it was issued, seconds since 1970; the newest counts.
    pub issued_at: u64,
    /// The salt that its keys were made with.
    pub salt: Hash,
    /// A revocations section.
    #[cfg_attr(feature = "write", serde(serialize_with = "write_bytes"))]
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
    pub(crate) fn encode(&self) -> Result<Vec<u8>, crate::error::ManifestFault> {
        rmp_serde::to_vec_named(self).map_err(|_| crate::error::ManifestFault::Payload)
    }
}

fn read(r: &mut Reader<'_>) -> Option<RevocationUpdate> {
    r.fields(3)?;
    Some(RevocationUpdate {
        issued_at: r.name("issued_at")?.number()?,
        salt: r.name("salt")?.hash()?,
        section: Vec::from(r.name("section")?.bytes()?),
    })
}

/// The revocation update in `bytes`, if the trusted key signed it and it belongs to the bundle of `manifest`.
///
/// # Errors
/// As for a manifest, and [`BundleError::ForeignRevocations`], [`BundleError::StaleRevocations`] or
/// [`BundleError::Section`].
pub fn verify_revocations(bytes: &[u8], trust: &Trust, manifest: &Manifest) -> Result<RevocationUpdate, BundleError> {
    let payload = open(bytes, envelope::REVOCATIONS, trust.keys())?;
    let update = whole(payload, read).map_err(BundleError::Manifest)?;
    if update.salt != manifest.salt {
        return Err(BundleError::ForeignRevocations);
    }
    if update.issued_at < manifest.created_at {
        return Err(BundleError::StaleRevocations);
    }
    update.revocations()?;
    Ok(update)
}

#[cfg(feature = "write")]
pub(crate) fn write_bytes<S: serde::Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
    s.serialize_bytes(bytes)
}
