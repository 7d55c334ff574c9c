//! Writes the revocations section that `revocations.rs` reads.

use alloc::vec::Vec;

use super::Kind;
use super::container_write::container;
use super::revocations::Revocations;
use super::write::{WriteError, check};

/// Writes the filter of `keys`; order and repetition do not matter.
///
/// # Errors
/// [`WriteError::Filter`] when no seed gives a filter. Cost: O(n log n), about 30 bytes of memory per key.
pub fn write_revocations(keys: &[u64]) -> Result<Vec<u8>, WriteError> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let mut head = Vec::from((keys.len() as u32).to_le_bytes());
    let fingerprints = if keys.is_empty() {
        head.resize(32, 0);
        Vec::new()
    } else {
        let filter = xorf::BinaryFuse8::try_from(keys.as_slice()).map_err(|_| WriteError::Filter)?;
        head.extend_from_slice(&filter.descriptor.segment_length.to_le_bytes());
        head.extend_from_slice(&filter.descriptor.segment_count_length.to_le_bytes());
        head.extend_from_slice(&[0; 4]);
        head.extend_from_slice(&filter.descriptor.seed.to_le_bytes());
        head.resize(32, 0);
        filter.fingerprints.into_vec()
    };
    let bytes = container(Kind::Revocations, &[&head, &fingerprints])?;
    let read = check(Revocations::parse(&bytes))?;
    // A key that is not found would be a withdrawal ignored; xorf and our reader must agree on every one.
    if keys.iter().any(|key| !read.contains(*key)) {
        return Err(WriteError::Filter);
    }
    Ok(bytes)
}
