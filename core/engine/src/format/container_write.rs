//! Writes the container that `container.rs` reads.

use alloc::vec::Vec;

use super::Kind;
use super::container::{HEADER_BYTES, MAGIC};
use super::write::WriteError;
use crate::limits::{PART_ALIGN, PARTS_MAX, SECTION_BYTES_MAX};

/// The section with these parts, in its newest version.
pub(crate) fn container(kind: Kind, parts: &[&[u8]]) -> Result<Vec<u8>, WriteError> {
    container_of(kind, kind.version(), parts)
}

/// The same in a version that is still written.
pub(crate) fn container_of(kind: Kind, version: u16, parts: &[&[u8]]) -> Result<Vec<u8>, WriteError> {
    debug_assert!(parts.len() <= PARTS_MAX);
    let too_large = WriteError::TooLarge { section: kind };
    let table_end = HEADER_BYTES + parts.len() * 8;
    let mut table = Vec::with_capacity(parts.len() * 8);
    let mut end = table_end;
    for part in parts {
        let offset = end.next_multiple_of(PART_ALIGN);
        end = offset.checked_add(part.len()).filter(|end| *end <= SECTION_BYTES_MAX - PART_ALIGN).ok_or(too_large)?;
        // Both fit 32 bits: they are at most SECTION_BYTES_MAX.
        table.extend_from_slice(&(offset as u32).to_le_bytes());
        table.extend_from_slice(&(part.len() as u32).to_le_bytes());
    }
    let total = end.next_multiple_of(PART_ALIGN);
    let mut out = Vec::with_capacity(total);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&kind.code().to_le_bytes());
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&(total as u32).to_le_bytes());
    out.extend_from_slice(&(parts.len() as u32).to_le_bytes());
    out.resize(HEADER_BYTES, 0);
    out.extend_from_slice(&table);
    for part in parts {
        out.resize(out.len().next_multiple_of(PART_ALIGN), 0);
        out.extend_from_slice(part);
    }
    out.resize(total, 0);
    Ok(out)
}

/// The two parts of a text table.
pub(crate) fn text_table<'t>(texts: impl Iterator<Item = &'t str>) -> (Vec<u8>, Vec<u8>) {
    let mut offsets = Vec::from(0u32.to_le_bytes());
    let mut blob = Vec::new();
    for text in texts {
        blob.extend_from_slice(text.as_bytes());
        // A blob past u32 is past SECTION_BYTES_MAX as well, which `container` refuses.
        offsets.extend_from_slice(&(blob.len() as u32).to_le_bytes());
    }
    (offsets, blob)
}

/// A list of floats as a part.
pub(crate) fn float_part(floats: impl Iterator<Item = f32>) -> Vec<u8> {
    floats.flat_map(f32::to_le_bytes).collect()
}
