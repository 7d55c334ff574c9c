//! A user row, readable by nobody but the visitor: sealed under a key that follows from the visitor's own first-party
//! token, so that whoever holds the store, the bundle and its salt, but not the token, learns nothing of the row.
//!
//! The token is what hosts call the visitor id. It MUST have at least 128 bits that cannot be guessed; with an account
//! number instead, whoever can count can open every row. When the builder forgets a token, the rows sealed under it are
//! erased, wherever copies of them lie.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) with a nonce that follows from the key and the row, as in SIV modes
//! (RFC 5297, section 1.3.1): the same row sealed again is the same bytes, so that an unchanged shard keeps its name,
//! and two different rows under one key never share a nonce.
//!
//! ```text
//! 0        24             24 + row      40 + row
//! | nonce  | row, sealed  | tag         |
//! ```

use alloc::vec::Vec;
use core::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::error::BundleError;
use crate::hash::Hash;
use crate::visitor::VisitorKey;

const NONCE_BYTES: usize = 24;
/// What sealing adds to a row: the nonce and the tag.
pub const SEAL_BYTES: usize = NONCE_BYTES + 16;

const KEY_CONTEXT: &str = "kenal 2026-11-26 user row 1: key";
#[cfg(feature = "write")]
const NONCE_CONTEXT: &str = "kenal 2026-11-26 user row 1: nonce";

/// Opens, and in the builder seals, the row of one visitor in bundles of one salt.
pub struct RowSeal {
    secret: [u8; 64],
    key: VisitorKey,
}

impl RowSeal {
    /// The seal of the visitor with this token under a manifest's salt. Cost: a few hashes.
    pub fn new(salt: &Hash, visitor: &str) -> RowSeal {
        // The salt separates companies: the same token at two of them gives two keys. The token is hashed first, so
        // that secrets have one length.
        let mut secret = [0; 64];
        let (left, right) = secret.split_at_mut(32);
        left.copy_from_slice(&salt.0);
        right.copy_from_slice(&Hash::of(visitor.as_bytes()).0);
        RowSeal { secret, key: VisitorKey::new(salt, visitor) }
    }

    /// The key under which the row lies in its shard. It is sealed with the row, so that rows cannot change places.
    pub const fn visitor_key(&self) -> &VisitorKey {
        &self.key
    }

    /// The row in `sealed`.
    ///
    /// # Errors
    /// [`BundleError::Seal`]: it was sealed for another visitor or salt, or is not what was sealed.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, BundleError> {
        let (nonce, msg) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(BundleError::Seal)?;
        let aad = self.key.as_bytes();
        self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg, aad }).map_err(|_| BundleError::Seal)
    }

    /// `row`, sealed. The same row gives the same bytes.
    ///
    /// # Errors
    /// [`BundleError::Seal`], which no row that fits a section causes.
    #[cfg(feature = "write")]
    pub fn seal(&self, row: &[u8]) -> Result<Vec<u8>, BundleError> {
        let hash = blake3::keyed_hash(&blake3::derive_key(NONCE_CONTEXT, &self.secret), row);
        let nonce: [u8; NONCE_BYTES] = *hash.as_bytes().first_chunk().ok_or(BundleError::Seal)?;
        let payload = Payload { msg: row, aad: self.key.as_bytes() };
        let mut sealed = Vec::from(nonce);
        sealed.extend(self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| BundleError::Seal)?);
        Ok(sealed)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&blake3::derive_key(KEY_CONTEXT, &self.secret).into())
    }
}

impl fmt::Debug for RowSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowSeal({:?})", self.key)
    }
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const TOKEN: &str = "v00112233445566778899aabbccddeeff";

    #[test]
    fn only_the_visitor_opens_a_row() {
        let salt = Hash::of(b"salt");
        let seal = RowSeal::new(&salt, TOKEN);
        for row in [&b""[..], b"x", &[7; 1000]] {
            let sealed = seal.seal(row).expect("sealed");
            assert_eq!(sealed.len(), row.len() + SEAL_BYTES);
            assert_eq!(seal.open(&sealed).as_deref(), Ok(row));
            assert_eq!(sealed, RowSeal::new(&salt, TOKEN).seal(row).expect("sealed"), "the same bytes twice");
            let others = [(salt, "v00112233445566778899aabbccddeefe"), (Hash::of(b"pepper"), TOKEN)];
            for (salt, token) in others {
                assert_eq!(RowSeal::new(&salt, token).open(&sealed), Err(BundleError::Seal));
            }
            for at in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert_eq!(seal.open(&changed), Err(BundleError::Seal), "byte {at}");
                assert_eq!(seal.open(&sealed[..at]), Err(BundleError::Seal), "cut to {at}");
            }
        }
    }

    #[test]
    fn different_rows_have_different_nonces() {
        let seal = RowSeal::new(&Hash::of(b"salt"), TOKEN);
        let nonce = |n: u32| seal.seal(&n.to_le_bytes()).expect("sealed")[..NONCE_BYTES].to_vec();
        assert_eq!((0..1000).map(nonce).collect::<BTreeSet<_>>().len(), 1000);
    }

    /// The construction as `FORMAT.md` words it, put together again from the libraries.
    #[test]
    fn the_seal_is_as_specified() {
        let (salt, row) = (Hash::of(b"salt"), b"a row");
        let sealed = RowSeal::new(&salt, TOKEN).seal(row).expect("sealed");
        let mut secret = Vec::from(salt.0);
        secret.extend_from_slice(blake3::hash(TOKEN.as_bytes()).as_bytes());
        let nonce_key = blake3::derive_key("kenal 2026-11-26 user row 1: nonce", &secret);
        assert_eq!(sealed[..24], blake3::keyed_hash(&nonce_key, row).as_bytes()[..24]);
        let key = blake3::derive_key("kenal 2026-11-26 user row 1: key", &secret);
        let visitor = blake3::keyed_hash(&salt.0, TOKEN.as_bytes());
        let payload = Payload { msg: &sealed[24..], aad: &visitor.as_bytes()[..16] };
        let nonce: [u8; 24] = *sealed.first_chunk().expect("a nonce");
        let opened = XChaCha20Poly1305::new(&key.into()).decrypt(&nonce.into(), payload);
        assert_eq!(opened.expect("opens"), row);
    }
}
