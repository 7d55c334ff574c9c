//! The revocations section: who has withdrawn since the build. Its sibling is `revocations_write.rs`.

use super::Kind;
use super::container::{parse, within};
use super::le::Fields;
use crate::error::{Fault, SectionError};

pub(crate) const SEGMENT_LENGTH_MAX: u32 = 1 << 18;

/// A binary fuse filter over 64-bit keys (Graf and Lemire, "Binary Fuse Filters", 2022), read in place.
///
/// It has no false negatives. About one key in 256 that is not in the set is found all the same, which costs that
/// visitor personalisation until the next build, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Revocations<'a> {
    keys: u32,
    seed: u64,
    segment_length: u32,
    segment_count_length: u32,
    fingerprints: &'a [u8],
}

impl<'a> Revocations<'a> {
    /// Reads a revocations section.
    ///
    /// # Errors
    /// When the bytes are not exactly as `FORMAT.md` says.
    pub fn parse(bytes: &'a [u8]) -> Result<Revocations<'a>, SectionError> {
        within(Kind::Revocations, Revocations::read(bytes))
    }

    fn read(bytes: &'a [u8]) -> Result<Revocations<'a>, Fault> {
        let [head, fingerprints] = parse::<2>(bytes, Kind::Revocations)?;
        let mut f = Fields::new(head, 32)?;
        let keys = f.u32(|_| true);
        let empty = keys == 0;
        let segment_length = f.u32(|l| if empty { l == 0 } else { l.is_power_of_two() && l <= SEGMENT_LENGTH_MAX });
        // `max(1)`: the field above may have been refused as 0 already.
        let divides = |l: u32| l > 0 && l.is_multiple_of(segment_length.max(1));
        let segment_count_length = f.u32(|l| if empty { l == 0 } else { divides(l) });
        let _ = f.u32(|zero| zero == 0);
        let seed = f.u64();
        f.zeros();
        f.end()?;
        if empty && seed != 0 {
            return Err(Fault::Limit { at: 16 });
        }
        let expected = u64::from(segment_count_length) + 2 * u64::from(segment_length);
        if fingerprints.len() as u64 != expected {
            return Err(Fault::PartLength { part: 1, found: fingerprints.len() as u32, expected });
        }
        Ok(Revocations { keys, seed, segment_length, segment_count_length, fingerprints })
    }

    /// How many keys the filter was built from.
    pub const fn len(&self) -> u32 {
        self.keys
    }

    /// Whether nobody has withdrawn.
    pub const fn is_empty(&self) -> bool {
        self.keys == 0
    }

    /// Whether `key` may have withdrawn: `true` for every key of the set, and for about 0.4 % of all others.
    pub fn contains(&self, key: u64) -> bool {
        if self.keys == 0 {
            return false;
        }
        let hash = mix(key.wrapping_add(self.seed));
        let mask = self.segment_length.wrapping_sub(1);
        // Lemire's multiplication maps the hash to [0, segment count length); the other two lie one and two segments on.
        let h0 = ((u128::from(hash) * u128::from(self.segment_count_length)) >> 64) as u32;
        let h1 = h0.wrapping_add(self.segment_length) ^ ((hash >> 18) as u32 & mask);
        let h2 = h0.wrapping_add(self.segment_length.wrapping_mul(2)) ^ (hash as u32 & mask);
        let at = |h: u32| self.fingerprints.get(h as usize);
        match (at(h0), at(h1), at(h2)) {
            (Some(a), Some(b), Some(c)) => (hash ^ (hash >> 32)) as u8 ^ a ^ b ^ c == 0,
            // `read` has shown that this cannot be; refusing is the safe side.
            _ => true,
        }
    }
}

/// The finaliser of MurmurHash3.
const fn mix(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^= h >> 33;
    h = h.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}
