//! The blend section: what goes with what, and how the parts of a score are weighed. Its sibling is `blend_write.rs`.
//!
//! For each item j the items i it speaks for, with the weights w_ji of a sparse item–item model: a history's items are
//! looked up, and only what they speak for is touched.

use super::Kind;
use super::container::{parse, within};
use super::le::{self, Entries, Fields};
use crate::error::{Fault, SectionError};
use crate::index::ItemIdx;
use crate::limits::{GOES_WITH_MAX, ITEMS_MAX, SCALE_MAX, SCALE_MIN, WEIGHT_MAX};

/// What goes with what.
#[derive(Debug, Clone, Copy)]
pub struct Blend<'a> {
    n: usize,
    weights: Weights,
    ends: Entries<'a, 4>,
    targets: Targets<'a>,
    bytes: &'a [u8],
    scales: Entries<'a, 4>,
}

/// How much each part of a score counts; each at least 0, at most `WEIGHT_MAX`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// What goes with the history, per root mean square over all items.
    pub item_item: f32,
    /// The factors' part, per root mean square over all items.
    pub als: f32,
    /// What is due to be bought again.
    pub again: f32,
}

/// Item numbers take two bytes where they all fit.
#[derive(Debug, Clone, Copy)]
enum Targets<'a> {
    Short(Entries<'a, 2>),
    Long(Entries<'a, 4>),
}

/// Items below which a number takes two bytes.
pub(crate) const SHORT_MAX: usize = 1 << 16;

impl<'a> Blend<'a> {
    /// Reads a blend section.
    ///
    /// # Errors
    /// When the bytes are not exactly as `FORMAT.md` says. Cost: one pass over the bytes, no allocation.
    pub fn parse(bytes: &'a [u8]) -> Result<Blend<'a>, SectionError> {
        Blend::reopen(bytes)?.checked()
    }

    /// This section, when every entry of it is as `FORMAT.md` says.
    pub(crate) fn checked(self) -> Result<Blend<'a>, SectionError> {
        within(Kind::Blend, self.check())?;
        Ok(self)
    }

    /// The same of bytes that [`Blend::parse`] has accepted before: no entry is looked at.
    ///
    /// # Errors
    /// When they are no section of this kind, or a part has another length than its head says.
    pub fn reopen(bytes: &'a [u8]) -> Result<Blend<'a>, SectionError> {
        within(Kind::Blend, Blend::read(bytes))
    }

    fn read(bytes: &'a [u8]) -> Result<Blend<'a>, Fault> {
        let [head, ends, targets, weights, scales] = parse::<5>(bytes, Kind::Blend)?;
        let mut f = Fields::new(head, 32)?;
        let n = f.u32(|n| n as usize <= ITEMS_MAX) as usize;
        let weight = |w: f32| (0.0..=WEIGHT_MAX).contains(&w);
        let (item_item, als, again) = (f.f32(weight), f.f32(weight), f.f32(weight));
        f.zeros();
        f.end()?;
        let ends = le::entries(ends, 1, n)?;
        let count = le::u32_at(ends, n.wrapping_sub(1)).unwrap_or(0) as usize;
        let targets = if n <= SHORT_MAX {
            Targets::Short(le::entries(targets, 2, count)?)
        } else {
            Targets::Long(le::entries(targets, 2, count)?)
        };
        let bytes = le::entries::<1>(weights, 3, count)?.as_flattened();
        let scales = le::entries(scales, 4, n)?;
        Ok(Blend { n, weights: Weights { item_item, als, again }, ends, targets, bytes, scales })
    }

    fn check(&self) -> Result<(), Fault> {
        le::check_floats(self.scales, 4, SCALE_MIN..=SCALE_MAX)?;
        let mut start = 0;
        for (i, end) in self.ends.iter().enumerate() {
            let (entry, end) = (i as u32, u32::from_le_bytes(*end) as usize);
            if end < start || end - start > GOES_WITH_MAX || end > self.bytes.len() {
                return Err(Fault::Order { part: 1, entry });
            }
            let mut last = None;
            for at in start..end {
                let target = self.targets.get(at).unwrap_or(u32::MAX);
                if target as usize >= self.n {
                    return Err(Fault::Value { part: 2, entry: at as u32 });
                }
                if last.is_some_and(|last| last >= target) {
                    return Err(Fault::Order { part: 2, entry: at as u32 });
                }
                last = Some(target);
            }
            start = end;
        }
        Ok(())
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        self.n
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// How much each part counts.
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }

    /// What `item` speaks for, ascending, with the weight of each; empty for an item of another bundle.
    pub fn goes_with(&self, item: ItemIdx) -> impl Iterator<Item = (u32, f32)> + use<'a> {
        let (span, scale) = self.list(item);
        let (targets, bytes) = (self.targets, self.bytes);
        span.filter_map(move |at| Some((targets.get(at)?, f32::from(*bytes.get(at)? as i8) * scale)))
    }

    /// How much `item` speaks for `other`; 0 when it does not. Cost: a binary search.
    pub fn weight(&self, item: ItemIdx, other: ItemIdx) -> f32 {
        let (span, scale) = self.list(item);
        let (mut low, mut high) = (span.start, span.end);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.targets.get(middle) {
                Some(target) if target < other.get() => low = middle + 1,
                Some(target) if target == other.get() => {
                    return self.bytes.get(middle).map_or(0.0, |w| f32::from(*w as i8) * scale);
                }
                _ => high = middle,
            }
        }
        0.0
    }

    fn list(&self, item: ItemIdx) -> (core::ops::Range<usize>, f32) {
        let at = item.at();
        let end = le::u32_at(self.ends, at).unwrap_or(0) as usize;
        let start = at.checked_sub(1).and_then(|before| le::u32_at(self.ends, before)).unwrap_or(0) as usize;
        // No longer than any list, whatever the bytes.
        let end = end.min(self.bytes.len()).min(start.saturating_add(GOES_WITH_MAX));
        (start.min(end)..end, le::f32_at(self.scales, at).unwrap_or(0.0))
    }
}

impl Targets<'_> {
    fn get(&self, at: usize) -> Option<u32> {
        match self {
            Targets::Short(entries) => entries.get(at).map(|b| u32::from(u16::from_le_bytes(*b))),
            Targets::Long(entries) => le::u32_at(entries, at),
        }
    }
}
