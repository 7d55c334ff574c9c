//! Deltas once more: what `core/FORMAT.md` says of them, followed word by word, to compare with what applies them.

use kenal_bundle::Hash;

/// The new section, if `delta` is one for `old`.
pub fn patched(old: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let length = u32::from_le_bytes(*delta.get(12..16)?.first_chunk()?) as usize;
    if delta.get(..12)? != b"KENALDEL\x01\0\0\0" || length > 1 << 30 || delta.get(16..48)? != Hash::of(old).0 {
        return None;
    }
    let (mut at, mut from, mut out) = (48, 0i64, Vec::new());
    while out.len() < length {
        from += signed(number(delta, &mut at)?);
        let copy = number(delta, &mut at)? as usize;
        let add = signed(number(delta, &mut at)?) as u32;
        let insert = number(delta, &mut at)? as usize;
        let copied = old.get(usize::try_from(from).ok()?..)?.get(..copy)?;
        let inserted = delta.get(at..)?.get(..insert)?;
        at += insert;
        if copied.len() + inserted.len() == 0 || add != 0 && !copy.is_multiple_of(4) {
            return None;
        }
        for word in copied.chunks(4) {
            match word.first_chunk::<4>().filter(|_| add != 0) {
                Some(word) => out.extend_from_slice(&u32::from_le_bytes(*word).wrapping_add(add).to_le_bytes()),
                None => out.extend_from_slice(word),
            }
        }
        out.extend_from_slice(inserted);
        from += (copied.len() + inserted.len()) as i64;
    }
    (out.len() == length && at == delta.len()).then_some(out)
}

/// LEB128 of at most 32 bits.
fn number(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut value = 0u64;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok();
        }
    }
    None
}

/// Zigzag.
const fn signed(n: u32) -> i64 {
    if n.is_multiple_of(2) { n as i64 / 2 } else { -(n as i64 / 2) - 1 }
}
