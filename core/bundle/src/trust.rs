//! Whom to believe: public keys, the rules of trust, and the way from bytes to a [`Manifest`].

use core::fmt;
use core::str::FromStr;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::envelope::{self, open};
use crate::error::BundleError;
use crate::hash::{Hash, hex};
use crate::manifest::Manifest;

pub(crate) const KEY_ID_BYTES: usize = 16;

/// The first 16 bytes of the BLAKE3 hash of a public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; KEY_ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
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

/// Keys that may sign at the same time: the one in use, the next, and two for companies in parts.
pub const KEYS_MAX: usize = 4;

/// What a host accepts.
#[derive(Debug, Clone, Copy)]
pub struct Trust {
    root: PublicKey,
    /// The first `count` may sign; the others repeat the root.
    keys: [PublicKey; KEYS_MAX],
    count: usize,
    /// The least version of a list of keys: that of the newest one accepted so far, 0 at first.
    pub list_version: u64,
    /// The least bundle version: that of the newest bundle accepted so far, 0 at first.
    pub version_min: u64,
}

impl Trust {
    /// Trusts `key`, from the first version on.
    pub const fn new(key: PublicKey) -> Trust {
        Trust { root: key, keys: [key; KEYS_MAX], count: 1, list_version: 0, version_min: 0 }
    }

    /// The same, and no bundle below this version.
    #[must_use]
    pub const fn since(self, version_min: u64) -> Trust {
        Trust { version_min, ..self }
    }

    /// The key of the host's configuration: it signs bundles as long as there is no list, and lists of keys always.
    pub const fn root(&self) -> &PublicKey {
        &self.root
    }

    /// The keys that may sign.
    pub fn keys(&self) -> &[PublicKey] {
        self.keys.get(..self.count).unwrap_or_default()
    }

    /// The same with a list of keys, of which the first [`KEYS_MAX`] count.
    pub(crate) fn with_keys(&self, keys: &[PublicKey], list_version: u64) -> Trust {
        let mut trust = Trust { list_version, count: keys.len().min(KEYS_MAX), ..*self };
        for (slot, key) in trust.keys.iter_mut().zip(keys) {
            *slot = *key;
        }
        trust
    }
}

/// The manifest in `bytes`, if a trusted key signed it and it is not a rollback.
///
/// An expired bundle is *not* refused: it can still say what is trending, and the consent gate closes it for
/// everything else. Use [`verify_at`] where an expired bundle should not be used at all.
///
/// # Errors
/// Any [`BundleError`] but those of sections and of expiry. Cost: one Ed25519 verification.
pub fn verify(bytes: &[u8], trust: &Trust) -> Result<Manifest, BundleError> {
    let payload = open(bytes, envelope::MANIFEST, trust.keys())?;
    let manifest = Manifest::decode(payload).map_err(BundleError::Manifest)?;
    if manifest.version < trust.version_min {
        return Err(BundleError::Rollback { found: manifest.version, known: trust.version_min });
    }
    Ok(manifest)
}

/// Which of the trusted keys the envelope in `bytes` names; [`verify`] says whether it signed.
pub fn signer_of(bytes: &[u8], trust: &Trust) -> Option<PublicKey> {
    let (_, id) = bytes.split_at_checked(bytes.len().checked_sub(KEY_ID_BYTES + 64)?)?;
    trust.keys().iter().find(|key| id.starts_with(&key.id().0)).copied()
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
