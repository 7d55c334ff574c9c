//! Indices into a bundle: each table is addressed by its own type.

use core::fmt;
use core::num::NonZeroU32;

use crate::limits::{CATEGORIES_MAX, ITEMS_MAX, MARKETS_MAX};

/// Position of an item in its bundle's items section. Means nothing in another bundle.
///
/// Stored as index + 1, so `Option<ItemIdx>` takes four bytes as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct ItemIdx(NonZeroU32);

/// Position of a category name in the items section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct CategoryIdx(u16);

/// Position of a market in the manifest's list, and its bit in a market mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct MarketIdx(u8);

const _: () = assert!(size_of::<Option<ItemIdx>>() == 4);

/// A number too large to be an index of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexError {
    /// The number.
    pub index: u64,
    /// The first number that is too large.
    pub limit: u64,
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "index {} is not below {}", self.index, self.limit)
    }
}

impl core::error::Error for IndexError {}

impl ItemIdx {
    /// Fills arrays whose length is kept apart.
    pub(crate) const FIRST: ItemIdx = ItemIdx(NonZeroU32::MIN);

    /// The item at `index`.
    ///
    /// # Errors
    /// When `index` is not below [`ITEMS_MAX`].
    pub const fn new(index: usize) -> Result<ItemIdx, IndexError> {
        if index >= ITEMS_MAX {
            return Err(IndexError { index: index as u64, limit: ITEMS_MAX as u64 });
        }
        // The cast keeps the value: ITEMS_MAX is far below u32::MAX.
        match NonZeroU32::new(index as u32 + 1) {
            Some(stored) => Ok(ItemIdx(stored)),
            None => Err(IndexError { index: index as u64, limit: ITEMS_MAX as u64 }),
        }
    }

    /// The position, from 0.
    pub const fn get(self) -> u32 {
        self.0.get() - 1
    }

    /// The position, for addressing a slice.
    pub(crate) const fn at(self) -> usize {
        self.get() as usize
    }
}

impl fmt::Debug for ItemIdx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemIdx({})", self.get())
    }
}

impl CategoryIdx {
    /// The category at `index`.
    ///
    /// # Errors
    /// When `index` is not below [`CATEGORIES_MAX`].
    pub const fn new(index: usize) -> Result<CategoryIdx, IndexError> {
        if index >= CATEGORIES_MAX {
            return Err(IndexError { index: index as u64, limit: CATEGORIES_MAX as u64 });
        }
        Ok(CategoryIdx(index as u16))
    }

    /// The position, from 0.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl MarketIdx {
    /// The market at `index`.
    ///
    /// # Errors
    /// When `index` is not below [`MARKETS_MAX`].
    pub const fn new(index: usize) -> Result<MarketIdx, IndexError> {
        if index >= MARKETS_MAX {
            return Err(IndexError { index: index as u64, limit: MARKETS_MAX as u64 });
        }
        Ok(MarketIdx(index as u8))
    }

    /// The position, from 0.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Its bit in a market mask.
    pub const fn mask(self) -> u16 {
        1 << self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_keep_their_value_up_to_the_limit() {
        for i in [0, 1, ITEMS_MAX - 1] {
            assert_eq!(ItemIdx::new(i).map(|x| x.get() as usize), Ok(i));
        }
        assert_eq!(ItemIdx::new(ITEMS_MAX), Err(IndexError { index: 1 << 22, limit: 1 << 22 }));
        assert!(CategoryIdx::new(CATEGORIES_MAX - 1).is_ok());
        assert!(CategoryIdx::new(CATEGORIES_MAX).is_err());
        assert_eq!(MarketIdx::new(15).map(MarketIdx::mask), Ok(0x8000));
        assert!(MarketIdx::new(MARKETS_MAX).is_err());
    }
}
