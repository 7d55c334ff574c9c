//! Writes the users section and the shards that `users.rs` reads.

use alloc::vec::Vec;

use super::Kind;
use super::container_write::container;
use super::users::{UserShard, Users, shard_of};
use super::write::{WriteError, check};
use crate::limits::SHARD_BITS_MAX;

/// What a shard is made of.
#[derive(Debug, Clone, Copy)]
pub struct ShardInput<'a> {
    /// Which shard it is.
    pub shard: u32,
    /// Bits of a key that choose the shard.
    pub shard_bits: u32,
    /// Keys and rows, in any order.
    pub rows: &'a [([u8; 16], Vec<u8>)],
}

/// Writes one shard; rows are put in order of their keys.
///
/// # Errors
/// When a key is there twice or belongs to another shard.
pub fn write_shard(input: &ShardInput<'_>) -> Result<Vec<u8>, WriteError> {
    let section = Kind::UserShard;
    if input.shard_bits > SHARD_BITS_MAX {
        return Err(bits(section, input.shard_bits));
    }
    let mut rows: Vec<_> = input.rows.iter().enumerate().collect();
    rows.sort_by_key(|(_, (key, _))| *key);
    let mut keys = Vec::with_capacity(rows.len() * 16);
    let mut ends = Vec::from(0u32.to_le_bytes());
    let mut blob = Vec::new();
    let mut last = None;
    for (entry, (key, row)) in rows {
        if shard_of(key, input.shard_bits) != input.shard {
            return Err(WriteError::Value { section, entry });
        }
        if last == Some(key) {
            return Err(WriteError::Duplicate { section, entry });
        }
        last = Some(key);
        keys.extend_from_slice(key);
        blob.extend_from_slice(row);
        // Past u32 is past SECTION_BYTES_MAX as well, which `container` refuses.
        ends.extend_from_slice(&(blob.len() as u32).to_le_bytes());
    }
    let head = head([input.rows.len() as u32, input.shard, input.shard_bits]);
    let bytes = container(section, &[&head, &keys, &ends, &blob])?;
    check(UserShard::parse(&bytes))?;
    Ok(bytes)
}

/// Writes the users section over the hashes of all 2^`shard_bits` shards, in their order.
///
/// # Errors
/// When there are too many bits, or not one hash per shard.
pub fn write_users(items: usize, users: u32, shard_bits: u32, hashes: &[[u8; 32]]) -> Result<Vec<u8>, WriteError> {
    let section = Kind::Users;
    if shard_bits > SHARD_BITS_MAX {
        return Err(bits(section, shard_bits));
    }
    if hashes.len() != 1 << shard_bits {
        return Err(WriteError::Value { section, entry: hashes.len() });
    }
    let bytes = container(section, &[&head([items as u32, users, shard_bits]), hashes.as_flattened()])?;
    check(Users::parse(&bytes))?;
    Ok(bytes)
}

fn bits(section: Kind, found: u32) -> WriteError {
    WriteError::Limit { section, what: "shard bits", found: found as usize, max: SHARD_BITS_MAX as usize }
}

fn head(fields: [u32; 3]) -> Vec<u8> {
    let mut head: Vec<u8> = fields.into_iter().flat_map(u32::to_le_bytes).collect();
    head.resize(16, 0);
    head
}
