//! A bundle for some visitors first: the canary. Its manifest travels in a signed envelope with the share of visitors who
//! get it; all others stay with `manifest.kenal`.
//!
//! Who is among them follows from a hash of the visitor key and the version, so it is the same on every host and for every
//! request, and the next canary tries other visitors first. Nobody in particular is never among them.

use alloc::vec::Vec;

use crate::envelope::{self, open};
use crate::error::{BundleError, ManifestFault};
use crate::msgpack::{Reader, whole};
use crate::trust::{Trust, verify};
use crate::visitor::VisitorKey;

/// Parts of a hundredth of a percent that make everybody.
const EVERYBODY: u16 = 10_000;

/// A manifest, and who gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Canary {
    /// The version of the manifest.
    pub version: u64,
    /// Share of visitors in hundredths of a percent, 0 to 10,000.
    pub share: u16,
    /// The manifest file.
    #[cfg_attr(feature = "write", serde(serialize_with = "crate::update::write_bytes"))]
    pub manifest: Vec<u8>,
}

impl Canary {
    /// Whether the visitor is among those who get it.
    pub fn includes(&self, visitor: &VisitorKey) -> bool {
        let mut hasher = blake3::Hasher::new_derive_key("kenal 2026-11-26 canary 1");
        hasher.update(&self.version.to_le_bytes());
        hasher.update(visitor.as_bytes());
        let first = hasher.finalize().as_bytes().first_chunk::<4>().copied().unwrap_or([u8::MAX; 4]);
        // The high half of a product maps 32 bits evenly on 10,000 parts.
        (u64::from(u32::from_le_bytes(first)) * u64::from(EVERYBODY)) >> 32 < u64::from(self.share)
    }
}

/// The canary in `bytes`, if a trusted key signed it and its manifest.
///
/// # Errors
/// As for a manifest.
pub fn verify_canary(bytes: &[u8], trust: &Trust) -> Result<Canary, BundleError> {
    let payload = open(bytes, envelope::CANARY, trust.keys())?;
    let malformed = BundleError::Manifest;
    let canary = whole(payload, read).map_err(malformed)?;
    let manifest = verify(&canary.manifest, trust)?;
    if canary.share > EVERYBODY || canary.version != manifest.version {
        return Err(malformed(ManifestFault::Canary));
    }
    Ok(canary)
}

fn read(r: &mut Reader<'_>) -> Option<Canary> {
    r.fields(3)?;
    Some(Canary {
        version: r.name("version")?.number()?,
        share: r.name("share")?.number()?.try_into().ok()?,
        manifest: Vec::from(r.name("manifest")?.bytes()?),
    })
}

#[cfg(feature = "write")]
fn encode(canary: &Canary) -> Result<Vec<u8>, BundleError> {
    rmp_serde::to_vec_named(canary).map_err(|_| BundleError::Manifest(ManifestFault::Payload))
}

/// Signs the manifest file `manifest` as a canary for `share` hundredths of a percent.
///
/// # Errors
/// What [`verify_canary`] would say to it.
#[cfg(feature = "write")]
pub fn write_canary(signer: &crate::publish::Signer, share: u16, manifest: &[u8]) -> Result<Vec<u8>, BundleError> {
    let trust = Trust::new(signer.public()?);
    let version = verify(manifest, &trust)?.version;
    let canary = Canary { version, share, manifest: manifest.to_vec() };
    let bytes = signer.sign(&encode(&canary)?, envelope::CANARY)?;
    verify_canary(&bytes, &trust)?;
    Ok(bytes)
}
