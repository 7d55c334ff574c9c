//! A score, and an item with its score, in the one order that every host ranks by.

use core::cmp::Ordering;

use crate::index::ItemIdx;

/// A finite f32 with a total order. Minus zero is stored as zero, so equal scores have equal bits.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(transparent)]
pub struct Score(f32);

impl Score {
    /// Zero: what an item gets that nothing speaks for or against.
    pub const ZERO: Score = Score(0.0);

    /// The score `value`, or `None` for an infinity or a NaN.
    pub const fn new(value: f32) -> Option<Score> {
        // Adding zero turns -0 into +0 and changes nothing else.
        if value.is_finite() { Some(Score(value + 0.0)) } else { None }
    }

    /// The number.
    pub const fn get(self) -> f32 {
        self.0
    }

    /// The bits, for comparing hosts.
    pub const fn to_bits(self) -> u32 {
        self.0.to_bits()
    }
}

impl Eq for Score {}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An item and its score. The greater one is recommended first: higher score, then lower index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scored {
    /// The item.
    pub item: ItemIdx,
    /// Its score.
    pub score: Score,
}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.cmp(&other.score).then(other.item.cmp(&self.item))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_total_and_ties_go_to_the_lower_index() {
        let scored = |score: f32, item: usize| Scored {
            item: ItemIdx::new(item).expect("small"),
            score: Score::new(score).expect("finite"),
        };
        let mut list = [scored(0.0, 3), scored(-0.0, 2), scored(1.0, 9), scored(-1.0, 0)];
        list.sort_by(|a, b| b.cmp(a));
        assert_eq!(list.map(|s| s.item.get()), [9, 2, 3, 0]);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(Score::new(bad), None);
        }
    }
}
