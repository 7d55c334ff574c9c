//! Little-endian numbers at any address, read in place: arrays of them, and the fields of a parameter part.

use core::ops::RangeInclusive;

use crate::error::Fault;

/// Every finite number.
pub(crate) const FINITE: RangeInclusive<f32> = f32::MIN..=f32::MAX;
/// Every finite number from 0 on.
pub(crate) const NOT_NEGATIVE: RangeInclusive<f32> = 0.0..=f32::MAX;
/// Every finite number above 0.
pub(crate) const POSITIVE: RangeInclusive<f32> = f32::from_bits(1)..=f32::MAX;

/// A part read as an array of `N`-byte entries.
pub(crate) type Entries<'a, const N: usize> = &'a [[u8; N]];

/// Part number `part` as `count` entries of `N` bytes.
pub(crate) fn entries<const N: usize>(bytes: &[u8], part: u32, count: usize) -> Result<Entries<'_, N>, Fault> {
    let (entries, rest) = bytes.as_chunks::<N>();
    if entries.len() != count || !rest.is_empty() {
        // Sections are limited to SECTION_BYTES_MAX, so a part's length fits 32 bits.
        return Err(Fault::PartLength { part, found: bytes.len() as u32, expected: count as u64 * N as u64 });
    }
    Ok(entries)
}

/// Entry `at` as a u32.
pub(crate) fn u32_at(entries: Entries<'_, 4>, at: usize) -> Option<u32> {
    entries.get(at).map(|b| u32::from_le_bytes(*b))
}

/// Entry `at` as an f32.
pub(crate) fn f32_at(entries: Entries<'_, 4>, at: usize) -> Option<f32> {
    entries.get(at).map(|b| f32::from_le_bytes(*b))
}

/// The entries of part number `part` are f32 that are all finite and within `range`.
#[inline(never)]
pub(crate) fn check_floats(floats: Entries<'_, 4>, part: u32, range: RangeInclusive<f32>) -> Result<(), Fault> {
    for (i, b) in floats.iter().enumerate() {
        let x = f32::from_le_bytes(*b);
        if !x.is_finite() || !range.contains(&x) {
            return Err(Fault::Value { part, entry: i as u32 });
        }
    }
    Ok(())
}

/// Reads the fields of a parameter part (always part 0) one after the other.
///
/// A field outside its range is remembered, not returned: the caller reads all fields and then asks [`Fields::end`].
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: u32,
    bad: Option<u32>,
}

impl<'a> Fields<'a> {
    /// A part of exactly `size` bytes.
    pub(crate) fn new(bytes: &'a [u8], size: usize) -> Result<Self, Fault> {
        if bytes.len() != size {
            return Err(Fault::PartLength { part: 0, found: bytes.len() as u32, expected: size as u64 });
        }
        Ok(Fields { bytes, at: 0, bad: None })
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.bytes.split_first_chunk::<N>() {
            Some((field, rest)) => {
                self.bytes = rest;
                self.at += N as u32;
                *field
            }
            // Not reached while the fields read add up to the size given to `new`; `end` reports it all the same.
            None => {
                self.refuse(self.at);
                [0; N]
            }
        }
    }

    fn refuse(&mut self, at: u32) {
        if self.bad.is_none() {
            self.bad = Some(at);
        }
    }

    pub(crate) fn u16(&mut self, holds: impl Fn(u16) -> bool) -> u16 {
        let at = self.at;
        let x = u16::from_le_bytes(self.take());
        if !holds(x) {
            self.refuse(at);
        }
        x
    }

    pub(crate) fn u32(&mut self, holds: impl Fn(u32) -> bool) -> u32 {
        let at = self.at;
        let x = u32::from_le_bytes(self.take());
        if !holds(x) {
            self.refuse(at);
        }
        x
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub(crate) fn f32(&mut self, holds: impl Fn(f32) -> bool) -> f32 {
        let at = self.at;
        let x = f32::from_le_bytes(self.take());
        if !x.is_finite() || !holds(x) {
            self.refuse(at);
        }
        x
    }

    /// The rest of the part must be zero.
    pub(crate) fn zeros(&mut self) {
        for (i, b) in (self.at..).zip(self.bytes) {
            if *b != 0 {
                self.refuse(i);
            }
        }
        self.bytes = &[];
    }

    /// Every field was in range and the whole part was read.
    pub(crate) fn end(self) -> Result<(), Fault> {
        match self.bad {
            Some(at) => Err(Fault::Limit { at }),
            None if self.bytes.is_empty() => Ok(()),
            None => Err(Fault::Limit { at: self.at }),
        }
    }
}
