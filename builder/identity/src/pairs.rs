//! A pair of records and the rule that made it, in 64 bits.
//!
//! ```text
//! 63        36 35         8 7      0
//! | first: 28 | second: 28 | rule: 8 |     first < second
//! ```
//! Sorting pairs as numbers brings equal pairs together with their first rule in front, so removing duplicates and
//! attributing each pair to one rule are the same pass.

use crate::buckets::{BUCKET_BITS, Bucketed};

/// Most records of one resolution.
pub(crate) const RECORDS_MAX: usize = 1 << 28;
/// Most blocking rules; what is left of 8 bits is room for rules that are not blocking rules.
pub(crate) const RULES_MAX: usize = 200;

/// A packed pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub(crate) struct Pair(u64);

const _: () = assert!(size_of::<Pair>() == 8 && RULES_MAX < 256);

impl Pair {
    /// `a` and `b` differ; both are below [`RECORDS_MAX`].
    #[inline]
    pub(crate) fn new(a: u32, b: u32, rule: u8) -> Pair {
        let (first, second) = if a < b { (a, b) } else { (b, a) };
        Pair(u64::from(first) << 36 | u64::from(second) << 8 | u64::from(rule))
    }

    /// Of so many records, what to shift a pair's first record by for the number of its bucket.
    pub(crate) fn shift(records: u32) -> u32 {
        (u32::BITS - records.leading_zeros()).saturating_sub(BUCKET_BITS)
    }

    #[inline]
    pub(crate) fn first(self) -> u32 {
        (self.0 >> 36) as u32
    }

    #[inline]
    pub(crate) fn second(self) -> u32 {
        (self.0 >> 8) as u32 & (RECORDS_MAX as u32 - 1)
    }

    pub(crate) fn rule(self) -> u8 {
        self.0 as u8
    }

    /// The pair without its rule.
    #[inline]
    pub(crate) fn records(self) -> u64 {
        self.0 >> 8
    }
}

impl Bucketed for Pair {
    fn bucket(&self, shift: u32) -> usize {
        (self.first() >> shift) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_undoes_itself_at_the_limits() {
        for (a, b, rule) in [(0, 1, 0), (5, 3, 199), (RECORDS_MAX as u32 - 1, 0, 255), (7, RECORDS_MAX as u32 - 1, 1)] {
            let pair = Pair::new(a, b, rule);
            assert_eq!((pair.first(), pair.second(), pair.rule()), (a.min(b), a.max(b), rule));
            assert_eq!(pair.records(), Pair::new(b, a, 9).records());
        }
    }
}
