//! Verified user shards, kept in memory up to a bound.

use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of shards kept: some hundred shards of a few hundred kilobytes.
pub const SHARD_BYTES_MAX: usize = 64 << 20;

/// A cache by content hash; what is in it was verified before it was put in.
#[derive(Debug, Default)]
pub struct ShardCache {
    shards: HashMap<[u8; 32], Kept>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Kept {
    used: u64,
    bytes: Arc<Vec<u8>>,
}

impl ShardCache {
    /// The shard of this hash, if it is here.
    pub fn get(&mut self, hash: &[u8; 32]) -> Option<Arc<Vec<u8>>> {
        self.clock += 1;
        let kept = self.shards.get_mut(hash)?;
        kept.used = self.clock;
        Some(Arc::clone(&kept.bytes))
    }

    /// Keeps a shard and lets those go that were not used for longest. A shard above the bound is not kept at all.
    pub fn put(&mut self, hash: [u8; 32], bytes: Arc<Vec<u8>>) {
        if bytes.len() > SHARD_BYTES_MAX || self.shards.contains_key(&hash) {
            return;
        }
        self.clock += 1;
        self.bytes += bytes.len();
        self.shards.insert(hash, Kept { used: self.clock, bytes });
        while self.bytes > SHARD_BYTES_MAX {
            // A scan: there are hundreds of shards, and this happens after a read from disk.
            let Some(oldest) = self.shards.iter().min_by_key(|(_, kept)| kept.used).map(|(hash, _)| *hash) else {
                return;
            };
            self.bytes -= self.shards.remove(&oldest).map_or(0, |kept| kept.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_holds_and_the_least_used_shard_goes() {
        let mut cache = ShardCache::default();
        let third = Arc::new(vec![0; SHARD_BYTES_MAX / 3]);
        for n in 1..=3 {
            cache.put([n; 32], Arc::clone(&third));
        }
        assert!(cache.get(&[1; 32]).is_some());
        cache.put([4; 32], Arc::clone(&third));
        assert!(cache.get(&[2; 32]).is_none(), "the least recently used one went");
        for n in [1, 3, 4] {
            assert!(cache.get(&[n; 32]).is_some(), "{n}");
        }
        cache.put([4; 32], third);
        assert_eq!(cache.bytes, SHARD_BYTES_MAX / 3 * 3, "a shard counts once");
        cache.put([5; 32], Arc::new(vec![0; SHARD_BYTES_MAX + 1]));
        assert!(cache.get(&[5; 32]).is_none());
    }
}
