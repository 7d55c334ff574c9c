//! Reading MessagePack in its one shortest form: what `core/FORMAT.md` allows of it, and no more.
//!
//! Maps have their fields in a fixed order under their names, and lengths and numbers take as few bytes as they can, so
//! that whatever is read here has one encoding. Nothing recurses, and nothing is reserved for a length that is only
//! claimed. (MessagePack specification, 2013 edition, "Formats".)

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::ManifestFault;
use crate::hash::Hash;
use crate::text_map::TextMap;

/// What is left of a payload.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// Reads a whole payload with `read`.
pub(crate) fn whole<'a, T>(
    payload: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
) -> Result<T, ManifestFault> {
    let mut reader = Reader { rest: payload };
    read(&mut reader).filter(|_| reader.rest.is_empty()).ok_or(ManifestFault::Payload)
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A big-endian number of so many bytes.
    fn big_endian(&mut self, bytes: usize) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The same, which must not have fitted into `below`.
    fn at_least(&mut self, bytes: usize, below: u64) -> Option<u64> {
        self.big_endian(bytes).filter(|number| *number >= below)
    }

    /// Fields of a map.
    fn map(&mut self) -> Option<u64> {
        match self.byte()? {
            marker @ 0x80..=0x8f => Some(u64::from(marker & 0x0f)),
            0xde => self.at_least(2, 1 << 4),
            0xdf => self.at_least(4, 1 << 16),
            _ => None,
        }
    }

    /// The map of a struct with so many fields.
    pub(crate) fn fields(&mut self, fields: u64) -> Option<()> {
        (self.map()? == fields).then_some(())
    }

    /// The name of the next field.
    pub(crate) fn name(&mut self, name: &str) -> Option<&mut Self> {
        (self.text()? == name).then_some(self)
    }

    /// A list.
    pub(crate) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = match self.byte()? {
            marker @ 0x90..=0x9f => u64::from(marker & 0x0f),
            0xdc => self.at_least(2, 1 << 4)?,
            0xdd => self.at_least(4, 1 << 16)?,
            _ => return None,
        };
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(item(self)?);
        }
        Some(list)
    }

    /// A map from texts, which ascend.
    pub(crate) fn texts_to<T>(&mut self, mut value: impl FnMut(&mut Self) -> Option<T>) -> Option<TextMap<T>> {
        let mut map = TextMap::new();
        for _ in 0..self.map()? {
            let key = String::from(self.text()?);
            map.push(key, value(self)?)?;
        }
        Some(map)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        match self.byte()? {
            number @ 0..=0x7f => Some(u64::from(number)),
            0xcc => self.at_least(1, 1 << 7),
            0xcd => self.at_least(2, 1 << 8),
            0xce => self.at_least(4, 1 << 16),
            0xcf => self.at_least(8, 1 << 32),
            _ => None,
        }
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let bytes = match self.byte()? {
            marker @ 0xa0..=0xbf => u64::from(marker & 0x1f),
            0xd9 => self.at_least(1, 1 << 5)?,
            0xda => self.at_least(2, 1 << 8)?,
            0xdb => self.at_least(4, 1 << 16)?,
            _ => return None,
        };
        core::str::from_utf8(self.take(usize::try_from(bytes).ok()?)?).ok()
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let bytes = match self.byte()? {
            0xc4 => self.big_endian(1)?,
            0xc5 => self.at_least(2, 1 << 8)?,
            0xc6 => self.at_least(4, 1 << 16)?,
            _ => return None,
        };
        self.take(usize::try_from(bytes).ok()?)
    }

    pub(crate) fn hash(&mut self) -> Option<Hash> {
        self.bytes()?.try_into().ok().map(Hash)
    }

    /// What `read` reads, or nil.
    pub(crate) fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.rest.first()? {
            0xc0 => self.byte().map(|_| None),
            _ => read(self).map(Some),
        }
    }

    /// A float of 64 bits; `None` without reading when the next is none.
    pub(crate) fn float(&mut self) -> Option<f64> {
        if self.rest.first() != Some(&0xcb) {
            return None;
        }
        self.byte()?;
        self.big_endian(8).map(f64::from_bits)
    }
}
