//! Whom to believe: public keys, the rules of trust, and the way from bytes to a [`Manifest`].

use core::fmt;
use core::str::FromStr;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::envelope::{self, open};
use crate::error::BundleError;
use crate::hash::Hash;
use crate::manifest::Manifest;

pub(crate) const KEY_ID_BYTES: usize = 16;

/// The first 16 bytes of the BLAKE3 hash of a public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; KEY_ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An Ed25519 public key, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key with these bytes.
    ///
    /// # Errors
    /// [`BundleError::Key`] when they are not a point of the curve, or one that would accept forgeries.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<PublicKey, BundleError> {
        match VerifyingKey::from_bytes(bytes) {
            Ok(key) if !key.is_weak() => Ok(PublicKey(key)),
            _ => Err(BundleError::Key),
        }
    }

    /// The bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The id that a signature names it by.
    pub fn id(&self) -> KeyId {
        let hash = Hash::of(self.0.as_bytes());
        KeyId(hash.0.first_chunk().copied().unwrap_or_default())
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), BundleError> {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| BundleError::Signature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hash(self.to_bytes()), f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = BundleError;

    /// The content of a `signer.pub`; white space around the digits does not matter.
    fn from_str(s: &str) -> Result<PublicKey, BundleError> {
        let bytes: Hash = s.trim().parse().map_err(|_| BundleError::Key)?;
        PublicKey::from_bytes(&bytes.0)
    }
}

/// What a host accepts.
#[derive(Debug, Clone, Copy)]
pub struct Trust {
    /// Who must have signed.
    pub key: PublicKey,
    /// The least bundle version: that of the newest bundle accepted so far, 0 at first.
    pub version_min: u64,
}

impl Trust {
    /// Trusts `key`, from the first version on.
    pub const fn new(key: PublicKey) -> Trust {
        Trust { key, version_min: 0 }
    }
}

/// The manifest in `bytes`, if the trusted key signed it and it is not a rollback.
///
/// An expired bundle is *not* refused: it can still say what is trending, and the consent gate closes it for
/// everything else. Use [`verify_at`] where an expired bundle should not be used at all.
///
/// # Errors
/// Any [`BundleError`] but those of sections and of expiry. Cost: one Ed25519 verification.
pub fn verify(bytes: &[u8], trust: &Trust) -> Result<Manifest, BundleError> {
    let payload = open(bytes, envelope::MANIFEST, &trust.key)?;
    let manifest = Manifest::decode(payload).map_err(BundleError::Manifest)?;
    if manifest.version < trust.version_min {
        return Err(BundleError::Rollback { found: manifest.version, known: trust.version_min });
    }
    Ok(manifest)
}

/// As [`verify`], and the bundle must not have expired at `now`, in seconds since 1970.
///
/// # Errors
/// As [`verify`], and [`BundleError::Expired`].
pub fn verify_at(bytes: &[u8], trust: &Trust, now: u64) -> Result<Manifest, BundleError> {
    let manifest = verify(bytes, trust)?;
    if now >= manifest.expires_at {
        return Err(BundleError::Expired { expires_at: manifest.expires_at, now });
    }
    Ok(manifest)
}
