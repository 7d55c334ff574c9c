//! The best k so far, in memory that the caller owns.

use core::fmt;

use crate::index::ItemIdx;
use crate::limits::K_MAX;
use crate::score::{Score, Scored};

/// At most [`K_MAX`] items in descending order.
///
/// A sorted array and not a heap: items come in descending order of norm, so after the first few groups hardly any
/// item enters, and the array needs no sorting at the end.
pub struct TopK {
    list: [Scored; K_MAX],
    len: usize,
    k: usize,
    scanned: usize,
}

impl fmt::Debug for TopK {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopK").field("len", &self.len).field("k", &self.k).finish_non_exhaustive()
    }
}

impl Default for TopK {
    fn default() -> Self {
        TopK::new()
    }
}

impl TopK {
    /// An empty list.
    pub const fn new() -> TopK {
        TopK { list: [Scored { item: ItemIdx::FIRST, score: Score::ZERO }; K_MAX], len: 0, k: 0, scanned: 0 }
    }

    /// Empties the list, for `k` items.
    pub(crate) fn start(&mut self, k: usize) {
        (self.len, self.k, self.scanned) = (0, k.min(K_MAX), 0);
    }

    /// Whether there are k.
    pub(crate) const fn is_full(&self) -> bool {
        self.len == self.k
    }

    /// The last of a full list; `None` while an item may enter with any score.
    pub(crate) fn least(&self) -> Option<f32> {
        if !self.is_full() {
            return None;
        }
        self.list().last().map(|s| s.score.get())
    }

    /// Puts `scored` in its place; what then is beyond k falls off.
    pub(crate) fn insert(&mut self, scored: Scored) {
        if self.k == 0 {
            return;
        }
        if self.is_full() {
            if self.list().last().is_some_and(|last| *last >= scored) {
                return;
            }
        } else {
            self.len += 1;
        }
        let at = self.list().split_last().map_or(0, |(_, kept)| kept.partition_point(|s| *s > scored));
        if let Some(from) = self.list.get_mut(at..self.len) {
            from.rotate_right(1);
            if let Some(slot) = from.first_mut() {
                *slot = scored;
            }
        }
    }

    /// Puts `scored` last, unless the list is full or has the item.
    pub(crate) fn append(&mut self, scored: Scored) {
        if self.is_full() || self.list().iter().any(|s| s.item == scored.item) {
            return;
        }
        if let Some(slot) = self.list.get_mut(self.len) {
            *slot = scored;
            self.len += 1;
        }
    }

    /// The items, to be put into another order.
    pub(crate) fn list_mut(&mut self) -> &mut [Scored] {
        self.list.get_mut(..self.len).unwrap_or_default()
    }

    /// Drops what is beyond the first `k`.
    pub(crate) fn truncate(&mut self, k: usize) {
        self.len = self.len.min(k);
    }

    pub(crate) fn set_scanned(&mut self, scanned: usize) {
        self.scanned = scanned;
    }

    /// The items, best first.
    pub fn list(&self) -> &[Scored] {
        self.list.get(..self.len).unwrap_or_default()
    }

    /// How many items the last ranking looked at before its bound proved the rest useless.
    pub const fn scanned(&self) -> usize {
        self.scanned
    }
}
