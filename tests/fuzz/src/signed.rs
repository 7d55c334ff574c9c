//! What gets damage past the signature and the hashes: envelopes and manifests signed with the test key, and containers
//! whose part table fits whatever the parts have become.
//!
//! Written beside the writers of `kenal-bundle` and `kenal-core` on purpose: those refuse to write what no reader takes,
//! and here that is the point.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ed25519_dalek::{Signer as _, SigningKey};
use kenal_bundle::{Hash, KeyId, Kind, Manifest, SectionEntry};
use kenal_core::format::container::Outline;

use crate::shop;

/// The magics of what is signed.
pub const MAGICS: [&str; 4] = ["KENALMAN", "KENALREV", "KENALCAN", "KENALKEY"];

/// `payload` in an envelope that the shop's key has signed.
pub fn envelope(magic: &str, payload: &[u8]) -> Vec<u8> {
    static KEY: OnceLock<(SigningKey, KeyId)> = OnceLock::new();
    // The seed of `shop::signer`.
    let new = || (SigningKey::from_bytes(&[7; 32]), shop::signer().public().expect("a good seed").id());
    let (key, id) = KEY.get_or_init(new);
    let mut out = Vec::from(magic.as_bytes());
    out.extend_from_slice(&[1, 0, 0, 0]);
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(&id.0);
    let signature = key.sign(&out).to_bytes();
    out.extend_from_slice(&signature);
    out
}

/// The payload of an envelope, unchecked; empty when there is none.
pub fn payload(envelope: &[u8]) -> &[u8] {
    envelope.len().checked_sub(80).and_then(|end| envelope.get(16..end)).unwrap_or_default()
}

/// A signed manifest like `like`, of these sections instead.
pub fn manifest(like: &Manifest, sections: &BTreeMap<Kind, Vec<u8>>) -> Vec<u8> {
    let mut manifest = like.clone();
    let entry = |(kind, bytes): (&Kind, &Vec<u8>)| SectionEntry {
        kind: *kind,
        hash: Hash::of(bytes),
        bytes: bytes.len() as u32,
    };
    manifest.sections = sections.iter().map(entry).collect();
    envelope("KENALMAN", &rmp_serde::to_vec_named(&manifest).expect("plain values"))
}

/// A section of these parts, with the header and the table that they need.
pub fn container(kind: u16, version: u16, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut table = Vec::new();
    let mut end = 32 + 8 * parts.len();
    for part in parts {
        let start = end.next_multiple_of(16);
        table.extend_from_slice(&(start as u32).to_le_bytes());
        table.extend_from_slice(&(part.len() as u32).to_le_bytes());
        end = start + part.len();
    }
    let mut out = Vec::from(b"KENALSEC");
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&(end.next_multiple_of(16) as u32).to_le_bytes());
    out.extend_from_slice(&(parts.len() as u32).to_le_bytes());
    out.extend_from_slice(&[0; 12]);
    out.extend_from_slice(&table);
    for part in parts {
        out.resize(out.len().next_multiple_of(16), 0);
        out.extend_from_slice(part);
    }
    out.resize(end.next_multiple_of(16), 0);
    out
}

/// Kind, version and parts of a good section.
pub fn parts(section: &[u8]) -> Option<(Kind, u16, Vec<Vec<u8>>)> {
    let outline = Outline::read(section).ok()?;
    Some((outline.kind, outline.version, outline.parts().iter().map(|part| part.to_vec()).collect()))
}

/// A list of byte strings as one, for inputs that are several: each with its length, u16, before it.
pub fn joined(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        let piece = &piece[..piece.len().min(usize::from(u16::MAX))];
        out.extend_from_slice(&(piece.len() as u16).to_le_bytes());
        out.extend_from_slice(piece);
    }
    out
}

/// The byte strings in one, at most `most`; the last may be shorter than its length says.
pub fn split(mut bytes: &[u8], most: usize) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>().filter(|_| pieces.len() < most) {
        let (piece, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
        pieces.push(piece.to_vec());
        bytes = rest;
    }
    pieces
}
