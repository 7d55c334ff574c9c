//! Which keys may sign bundles: a list that the root key signs, so that signing keys can be exchanged with an overlap and
//! a compromised one can be revoked without touching any host.
//!
//! A host is configured with one key, the root. Without a list the root signs bundles itself, which is enough for a
//! start. With a list only the listed keys do; the root then stays offline. As in The Update Framework (specification
//! 1.0, section 5.3), a list has a version that never goes back and a time at which it ends: whoever replays an old list
//! to bring a revoked key back is refused by its version, or, where a host remembers nothing, by its end.

use alloc::vec::Vec;

use crate::envelope::{self, open};
use crate::error::BundleError;
use crate::hash::Hash;
use crate::msgpack::{Reader, whole};
use crate::trust::{KEYS_MAX, PublicKey, Trust};

/// The list as signed. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "write", derive(serde::Serialize))]
struct KeyList {
    /// Grows with every list.
    version: u64,
    /// From when on it says nothing.
    expires_at: u64,
    /// Public keys that may sign, 1 to [`KEYS_MAX`].
    keys: Vec<Hash>,
}

/// The trust that a key list in `bytes` gives, at `now`: its keys instead of those of `trust`.
///
/// # Errors
/// As for a manifest; [`BundleError::Rollback`] when its version is below one accepted before, [`BundleError::Expired`],
/// or [`BundleError::Key`] when a key is none. Then `trust` is all there is.
pub fn verify_keys(bytes: &[u8], trust: &Trust, now: u64) -> Result<Trust, BundleError> {
    let payload = open(bytes, envelope::KEYS, core::slice::from_ref(trust.root()))?;
    let list = whole(payload, read).map_err(BundleError::Manifest)?;
    if list.version < trust.list_version {
        return Err(BundleError::Rollback { found: list.version, known: trust.list_version });
    }
    if now >= list.expires_at {
        return Err(BundleError::Expired { expires_at: list.expires_at, now });
    }
    if list.keys.is_empty() || list.keys.len() > KEYS_MAX {
        return Err(BundleError::Key);
    }
    let keys: Vec<PublicKey> = list.keys.iter().map(|key| PublicKey::from_bytes(&key.0)).collect::<Result<_, _>>()?;
    Ok(trust.with_keys(&keys, list.version))
}

fn read(r: &mut Reader<'_>) -> Option<KeyList> {
    r.fields(3)?;
    Some(KeyList {
        version: r.name("version")?.number()?,
        expires_at: r.name("expires_at")?.number()?,
        keys: r.name("keys")?.list(Reader::hash)?,
    })
}

#[cfg(feature = "write")]
fn encode(list: &KeyList) -> Result<Vec<u8>, BundleError> {
    use crate::error::ManifestFault;

    rmp_serde::to_vec_named(list).map_err(|_| BundleError::Manifest(ManifestFault::Payload))
}

/// Signs a list of `keys` with the root key.
///
/// # Errors
/// What [`verify_keys`] would say to it.
#[cfg(feature = "write")]
pub fn write_keys(
    root: &crate::publish::Signer,
    version: u64,
    expires_at: u64,
    keys: &[PublicKey],
) -> Result<Vec<u8>, BundleError> {
    let list = KeyList { version, expires_at, keys: keys.iter().map(|key| Hash(key.to_bytes())).collect() };
    let bytes = root.sign(&encode(&list)?, envelope::KEYS)?;
    verify_keys(&bytes, &Trust::new(root.public()?), 0)?;
    Ok(bytes)
}
