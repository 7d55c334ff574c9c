//! The users section (the hashes of the shards) and one shard of users. Their sibling is `users_write.rs`.
//!
//! A shard does not look into its rows: each is sealed on its own, and opened where hashes are (`kenal-bundle`). What was
//! opened parses with [`super::row::UserRow::parse`].

use super::Kind;
use super::container::{parse, parse_since, within};
use super::le::{self, Entries, Fields};
use crate::error::{Fault, SectionError};
use crate::limits::{ITEMS_MAX, SHARD_BITS_MAX};

/// The shard of a visitor key: its first `bits` bits, read as a big-endian number.
pub const fn shard_of(key: &[u8; 16], bits: u32) -> u32 {
    let [a, b, c, d, ..] = *key;
    match u32::from_be_bytes([a, b, c, d]).checked_shr(32 - bits) {
        Some(shard) => shard,
        None => 0,
    }
}

/// The index of the users: how many shards there are, and what each must hash to.
#[derive(Debug, Clone, Copy)]
pub struct Users<'a> {
    items: u32,
    users: u32,
    shard_bits: u32,
    hashes: Entries<'a, 32>,
}

impl<'a> Users<'a> {
    /// Reads a users section.
    ///
    /// # Errors
    /// When the bytes are not exactly as `FORMAT.md` says.
    pub fn parse(bytes: &'a [u8]) -> Result<Users<'a>, SectionError> {
        within(Kind::Users, Users::read(bytes))
    }

    fn read(bytes: &'a [u8]) -> Result<Users<'a>, Fault> {
        let [head, hashes] = parse::<2>(bytes, Kind::Users)?;
        let mut f = Fields::new(head, 16)?;
        let items = f.u32(|n| n as usize <= ITEMS_MAX);
        let users = f.u32(|_| true);
        let shard_bits = f.u32(|b| b <= SHARD_BITS_MAX);
        f.zeros();
        f.end()?;
        Ok(Users { items, users, shard_bits, hashes: le::entries(hashes, 1, 1 << shard_bits)? })
    }

    /// How many items the bundle has.
    pub const fn items(&self) -> u32 {
        self.items
    }

    /// How many users there are in all shards.
    pub const fn users(&self) -> u32 {
        self.users
    }

    /// Bits of a visitor key that choose its shard.
    pub const fn shard_bits(&self) -> u32 {
        self.shard_bits
    }

    /// How many shards there are.
    pub const fn shards(&self) -> u32 {
        1 << self.shard_bits
    }

    /// The shard in which `key` is, if it is anywhere, and the BLAKE3 hash of that shard: its name in the store.
    pub fn shard(&self, key: &[u8; 16]) -> (u32, &'a [u8; 32]) {
        let shard = shard_of(key, self.shard_bits);
        // `parse` has shown that there is a hash for every value of `shard_bits` bits.
        (shard, self.hashes.get(shard as usize).unwrap_or(&[0; 32]))
    }

    /// The hashes of all shards, in order.
    pub const fn hashes(&self) -> &'a [[u8; 32]] {
        self.hashes
    }
}

/// The version whose rows lie in the clear.
const VERSION_CLEAR: u16 = 1;

/// One shard of the users.
#[derive(Debug, Clone, Copy)]
pub struct UserShard<'a> {
    shard: u32,
    shard_bits: u32,
    keys: Entries<'a, 16>,
    ends: Entries<'a, 4>,
    rows: &'a [u8],
    sealed: bool,
}

impl<'a> UserShard<'a> {
    /// Reads a shard.
    ///
    /// # Errors
    /// When the bytes are not exactly as `FORMAT.md` says.
    pub fn parse(bytes: &'a [u8]) -> Result<UserShard<'a>, SectionError> {
        within(Kind::UserShard, UserShard::read(bytes))
    }

    fn read(bytes: &'a [u8]) -> Result<UserShard<'a>, Fault> {
        let (version, [head, keys, ends, rows]) = parse_since(bytes, Kind::UserShard, VERSION_CLEAR, &|_| 4)?;
        let sealed = version != VERSION_CLEAR;
        let mut f = Fields::new(head, 16)?;
        // A key takes 16 bytes, so more rows than these cannot be in a section.
        let n = f.u32(|n| n as usize <= crate::limits::SECTION_BYTES_MAX / 16) as usize;
        let shard = f.u32(|_| true);
        let shard_bits = f.u32(|b| b <= SHARD_BITS_MAX);
        f.zeros();
        f.end()?;
        let keys = le::entries::<16>(keys, 1, n)?;
        let ends = le::entries::<4>(ends, 2, n + 1)?;
        let mut last: Option<&[u8; 16]> = None;
        for (i, key) in keys.iter().enumerate() {
            if shard_of(key, shard_bits) != shard {
                return Err(Fault::Value { part: 1, entry: i as u32 });
            }
            if last.is_some_and(|last| last >= key) {
                return Err(Fault::Order { part: 1, entry: i as u32 });
            }
            last = Some(key);
        }
        if shard >> shard_bits != 0 {
            return Err(Fault::Limit { at: 4 });
        }
        let mut offsets = ends.iter().map(|b| u32::from_le_bytes(*b) as usize);
        if offsets.next() != Some(0) {
            return Err(Fault::Order { part: 2, entry: 0 });
        }
        let mut start = 0;
        for (i, end) in offsets.enumerate() {
            if end < start || end > rows.len() {
                return Err(Fault::Order { part: 2, entry: i as u32 + 1 });
            }
            start = end;
        }
        if start != rows.len() {
            return Err(Fault::Order { part: 2, entry: n as u32 });
        }
        Ok(UserShard { shard, shard_bits, keys, ends, rows, sealed })
    }

    /// Which shard this is.
    pub const fn number(&self) -> u32 {
        self.shard
    }

    /// How many bits of a key choose a shard.
    pub const fn shard_bits(&self) -> u32 {
        self.shard_bits
    }

    /// Whether its rows are sealed. Those of the first version are not.
    pub const fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The row of `key`, sealed if the shard is. Cost: a binary search.
    pub fn row(&self, key: &[u8; 16]) -> Option<&'a [u8]> {
        self.row_at(self.keys.binary_search(key).ok()?)
    }

    /// All keys and rows, in ascending order of key.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8; 16], &'a [u8])> + use<'a> {
        let shard = *self;
        shard.keys.iter().enumerate().filter_map(move |(i, key)| Some((key, shard.row_at(i)?)))
    }

    fn row_at(&self, at: usize) -> Option<&'a [u8]> {
        let start = le::u32_at(self.ends, at)? as usize;
        let end = le::u32_at(self.ends, at.checked_add(1)?)? as usize;
        self.rows.get(start..end)
    }
}
