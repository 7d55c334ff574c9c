//! What changed in a section since an older version of it, for readers that still hold the older one.
//!
//! A delta copies from the old bytes and brings the new ones. It is not signed: whoever applies it checks the hash of the
//! result, as of a section fetched whole, so a wrong delta costs a download and nothing else. Its sibling is
//! `delta_write.rs`; `core/FORMAT.md` specifies the bytes.
//!
//! ```text
//! 0        8          10     12           16               48
//! | magic  | format=1 | zero | new length | BLAKE3 of old  | (skip, copy, add, insert, inserted bytes)… |
//! ```
//!
//! The idea of copying, inserting, and of moving in the old bytes by as much as was inserted (so that what is replaced in
//! place costs no address) is that of bsdiff (Percival 2003) and VCDIFF (RFC 3284), without their compression, which a
//! transport adds. What is copied may have a number added to each of its 32-bit words: a table of offsets behind a text
//! that grew, or of indices behind an item that is new, is then one operation as well.

use alloc::string::String;
use alloc::vec::Vec;

use kenal_core::limits::SECTION_BYTES_MAX;

use crate::error::BundleError;
use crate::hash::Hash;

pub(crate) const MAGIC: [u8; 8] = *b"KENALDEL";
pub(crate) const FORMAT: u16 = 1;
pub(crate) const HEAD_BYTES: usize = 48;

/// The name of the delta between two sections, below the bundle's folder.
pub fn delta_name(old: &Hash, new: &Hash) -> String {
    alloc::format!("deltas/{new}/{old}")
}

/// The section with hash `new`, made of the old section and a delta.
///
/// # Errors
/// [`BundleError::Delta`] when the delta is none or for other bytes, or does not give `new`: then fetch the section.
/// Cost: O(length of the result), two BLAKE3 hashes.
pub fn apply_delta(old: &[u8], delta: &[u8], new: &Hash) -> Result<Vec<u8>, BundleError> {
    let out = patch(old, delta).ok_or(BundleError::Delta)?;
    if Hash::of(&out) == *new { Ok(out) } else { Err(BundleError::Delta) }
}

fn patch(old: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let (head, mut ops) = delta.split_first_chunk::<HEAD_BYTES>()?;
    let [_, _, _, _, _, _, _, _, f0, f1, 0, 0, l0, l1, l2, l3, hash @ ..] = *head else { return None };
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let ours = head.starts_with(&MAGIC) && u16::from_le_bytes([f0, f1]) == FORMAT && length <= SECTION_BYTES_MAX;
    if !ours || Hash::of(old).0 != hash {
        return None;
    }
    // What is claimed is not reserved: a short delta that claims a gigabyte must not take one.
    let mut out = Vec::with_capacity(length.min(old.len().saturating_add(delta.len())));
    let mut at = 0usize;
    while out.len() < length {
        let before = ops.len();
        at = at.checked_add_signed(unzigzag(varint(&mut ops)?) as isize)?;
        let copied = old.get(at..at.checked_add(varint(&mut ops)? as usize)?)?;
        let add = unzigzag(varint(&mut ops)?);
        let count = varint(&mut ops)? as usize;
        let inserted = ops.split_off(..count)?;
        // An operation that brings nothing would be read for ever by whoever writes many of them.
        if copied.is_empty() && inserted.is_empty() || out.len() + copied.len() + inserted.len() > length {
            return None;
        }
        debug_assert!(ops.len() < before, "each operation takes at least four bytes");
        match add {
            0 => out.extend_from_slice(copied),
            add => out.extend(added(copied, add)?),
        }
        out.extend_from_slice(inserted);
        at = at.checked_add(copied.len())?.checked_add(inserted.len())?;
    }
    ops.is_empty().then_some(out)
}

/// The words with `add` added to each; `None` when they are not whole words.
fn added(words: &[u8], add: i32) -> Option<impl Iterator<Item = u8>> {
    let (words, rest) = words.as_chunks::<4>();
    let word = move |word: &[u8; 4]| u32::from_le_bytes(*word).wrapping_add_signed(add).to_le_bytes();
    rest.is_empty().then(|| words.iter().flat_map(word))
}

/// LEB128, at most 32 bits.
fn varint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0u64;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return u32::try_from(value).ok();
        }
    }
    None
}

const fn unzigzag(n: u32) -> i32 {
    (n >> 1) as i32 ^ -((n & 1) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(old: &[u8], length: u32, ops: &[u8]) -> Vec<u8> {
        let mut out = Vec::from(MAGIC);
        out.extend_from_slice(&[1, 0, 0, 0]);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&Hash::of(old).0);
        out.extend_from_slice(ops);
        out
    }

    fn check(length: u32, ops: &[u8], expected: Option<&[u8]>) {
        let old = b"0123456789";
        let delta = delta(old, length, ops);
        assert_eq!(patch(old, &delta).as_deref(), expected, "{length} {ops:?}");
        let result = apply_delta(old, &delta, &Hash::of(expected.unwrap_or_default()));
        assert_eq!(result.ok().as_deref(), expected);
    }

    #[test]
    fn operations_copy_and_insert() {
        check(0, &[], Some(b""));
        check(10, &[0, 10, 0, 0], Some(b"0123456789"));
        check(3, &[0, 0, 0, 3, b'a', b'b', b'c'], Some(b"abc"));
        // Two bytes replaced in place: the copy after them begins two further on.
        check(10, &[0, 3, 0, 2, b'x', b'y', 0, 5, 0, 0], Some(b"012xy56789"));
        // Forward by four, then back by eight (zigzag 15).
        check(4, &[8, 2, 0, 0, 11, 2, 0, 0], Some(b"4501"));
        // A word and one more; a carry goes into the next byte.
        check(4, &[0, 4, 2, 0], Some(b"1123"));
        check(4, &[0, 4, 0x81, 0x04, 0], Some(&[0x2f, 0x30, 0x32, 0x33]));
    }

    #[test]
    fn what_no_writer_writes_is_refused() {
        let refused: [(u32, &[u8]); 11] = [
            (1, &[]),
            (10, &[0, 11, 0, 0]),
            (10, &[1, 1, 0, 0]),
            (9, &[0, 10, 0, 0]),
            (10, &[0, 10, 0, 0, 0]),
            (10, &[0, 10, 2, 0]),
            (5, &[0, 0, 0, 0, 0, 5, 0, 0]),
            (3, &[0, 0, 0, 3, b'a']),
            (3, &[0x80, 0x80, 0x80, 0x80, 0x80, 0, 3, 0, 0]),
            (3, &[0xff, 0xff, 0xff, 0xff, 0x7f, 3, 0, 0]),
            (u32::MAX, &[0, 10, 0, 0]),
        ];
        for (length, ops) in refused {
            check(length, ops, None);
        }
        let good = delta(b"0123456789", 10, &[0, 10, 0, 0]);
        assert!(patch(b"012345678?", &good).is_none(), "for other bytes");
        for at in 0..12 {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(patch(b"0123456789", &bad).is_none(), "byte {at}");
        }
        assert_eq!(apply_delta(b"0123456789", &good, &Hash::of(b"another")), Err(BundleError::Delta));
    }
}
