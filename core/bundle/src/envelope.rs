//! The signed envelope of everything that is signed: manifest, revocation update, canary, and list of keys.
//!
//! ```text
//! 0        8          10     12         16        16+n     32+n        96+n
//! | magic  | format=1 | zero | length n | payload | key id | signature |
//! ```

use kenal_core::limits::MANIFEST_BYTES_MAX;

use crate::error::BundleError;
use crate::trust::{KEY_ID_BYTES, KeyId, PublicKey};

pub(crate) const FORMAT: u16 = 1;
const PRELUDE_BYTES: usize = 16;
const SIGNATURE_BYTES: usize = 64;

/// What is in an envelope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content {
    pub(crate) name: &'static str,
    pub(crate) magic: &'static str,
}

pub(crate) const MANIFEST: Content = Content { name: "manifest", magic: "KENALMAN" };
pub(crate) const REVOCATIONS: Content = Content { name: "revocation update", magic: "KENALREV" };

pub(crate) const CANARY: Content = Content { name: "canary", magic: "KENALCAN" };
pub(crate) const KEYS: Content = Content { name: "list of keys", magic: "KENALKEY" };

/// The payload of an envelope that one of `keys` signed.
pub(crate) fn open<'a>(bytes: &'a [u8], content: Content, keys: &[PublicKey]) -> Result<&'a [u8], BundleError> {
    let length = payload_length(bytes, content)?;
    let signed_bytes = PRELUDE_BYTES + length + KEY_ID_BYTES;
    let expected = signed_bytes + SIGNATURE_BYTES;
    let cut = BundleError::Length { found: bytes.len(), expected };
    let (signed, signature) = bytes.split_at_checked(signed_bytes).ok_or(cut)?;
    let signature: [u8; SIGNATURE_BYTES] = signature.try_into().map_err(|_| cut)?;
    let (head, id) = signed.split_last_chunk::<KEY_ID_BYTES>().ok_or(cut)?;
    let Some(key) = keys.iter().find(|key| key.id() == KeyId(*id)) else {
        let trusted = keys.first().map_or(KeyId([0; KEY_ID_BYTES]), PublicKey::id);
        return Err(BundleError::UnknownKey { found: KeyId(*id), trusted });
    };
    key.verify(signed, &signature)?;
    head.get(PRELUDE_BYTES..).ok_or(cut)
}

/// Reads the prelude; the magic before everything else, so that a foreign file is called foreign.
fn payload_length(bytes: &[u8], content: Content) -> Result<usize, BundleError> {
    let magic = content.magic.as_bytes();
    let prefix = bytes.get(..magic.len().min(bytes.len())).unwrap_or_default();
    if prefix.is_empty() || !magic.starts_with(prefix) {
        return Err(BundleError::Magic { expected: content.name, magic: content.magic });
    }
    let Some(prelude) = bytes.first_chunk::<PRELUDE_BYTES>() else {
        return Err(BundleError::Length { found: bytes.len(), expected: PRELUDE_BYTES });
    };
    let [_, _, _, _, _, _, _, _, f0, f1, z0, z1, l0, l1, l2, l3] = *prelude;
    let format = u16::from_le_bytes([f0, f1]);
    if format > FORMAT {
        return Err(BundleError::NewerFormat { found: format, known: FORMAT });
    }
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if format != FORMAT || z0 != 0 || z1 != 0 || length > MANIFEST_BYTES_MAX {
        return Err(BundleError::Prelude);
    }
    Ok(length)
}

/// Everything of an envelope but the signature.
#[cfg(feature = "write")]
pub(crate) fn unsigned(payload: &[u8], content: Content, id: KeyId) -> alloc::vec::Vec<u8> {
    let mut out = alloc::vec::Vec::from(content.magic.as_bytes());
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    // A payload past the limit, let alone past u32, is refused when the envelope is read back.
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(&id.0);
    out
}
