//! A text table: offsets and the UTF-8 they cut up.

use super::le::{self, Entries};
use crate::error::Fault;

/// `n` texts, read in place.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    offsets: Entries<'a, 4>,
    blob: &'a [u8],
}

impl<'a> Texts<'a> {
    /// Parts `part` and `part + 1` as `count` texts.
    pub(crate) fn read(offsets: &'a [u8], blob: &'a [u8], part: u32, count: usize) -> Result<Texts<'a>, Fault> {
        Ok(Texts { offsets: le::entries::<4>(offsets, part, count + 1)?, blob })
    }

    /// The texts of parts `part` and `part + 1` are UTF-8, of `bytes_min` to `bytes_max` bytes, and leave nothing out.
    pub(crate) fn check(&self, part: u32, (bytes_min, bytes_max): (usize, usize)) -> Result<(), Fault> {
        let blob = core::str::from_utf8(self.blob).map_err(|_| Fault::Text { part: part + 1, entry: 0 })?;
        let mut ends = self.offsets.iter().map(|b| u32::from_le_bytes(*b) as usize);
        if ends.next() != Some(0) {
            return Err(Fault::Order { part, entry: 0 });
        }
        let mut start = 0;
        for (i, end) in ends.enumerate() {
            // `get` also refuses an end before its start, past the blob, or inside a character.
            let text = blob.get(start..end).ok_or(Fault::Order { part, entry: i as u32 + 1 })?;
            if text.len() < bytes_min || text.len() > bytes_max {
                return Err(Fault::Text { part: part + 1, entry: i as u32 });
            }
            start = end;
        }
        if start != blob.len() {
            return Err(Fault::Order { part, entry: self.len() as u32 });
        }
        Ok(())
    }

    /// The text at `index`.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        let start = le::u32_at(self.offsets, index)? as usize;
        let end = le::u32_at(self.offsets, index.checked_add(1)?)? as usize;
        core::str::from_utf8(self.blob.get(start..end)?).ok()
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The texts in their order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let texts = *self;
        (0..texts.len()).filter_map(move |i| texts.get(i))
    }
}
