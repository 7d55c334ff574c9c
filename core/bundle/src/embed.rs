//! Sections put into a compiled WebAssembly program, so that one that starts anew with every request has them in its
//! memory from the first instruction on and reads them from no store.
//!
//! The program has a slot ([`crate::TableSlot`]); the table goes into a data segment behind the memory that it began
//! with, and the slot is made to point there. Everything else of the module stays as it is, byte by byte.
//! The layout is that of the WebAssembly core specification, section 5.5, "Modules".

use alloc::vec;
use alloc::vec::Vec;

use crate::table::{SLOT_EMPTY, SLOT_MARKER};
use crate::table_write::write_table;

/// Bytes that may be embedded: half of the memory that a program has at the CDN.
pub const EMBEDDED_BYTES_MAX: usize = 64 << 20;

const PAGE_BYTES: u32 = 65_536;
const MEMORY: u8 = 5;
const DATA: u8 = 11;
const DATA_COUNT: u8 = 12;
/// Bytes of the slot behind its marker: address and length.
const PLACE_BYTES: usize = 8;

/// Why nothing was embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// The file is no WebAssembly module, or is cut off.
    #[error("the program is no WebAssembly module, or is damaged at byte {at}")]
    Module {
        /// Where it stops to make sense.
        at: usize,
    },
    /// Its memory is not one that is its own and counts in 32 bits, or its data is placed by something else than constants.
    #[error("the program's memory or data is laid out in a way that nothing can be put behind")]
    Layout,
    /// There is no slot, or there are several.
    #[error("the program has {found} slots for a table of sections where one is expected; is it kenal-fastly?")]
    Slot {
        /// How many there are.
        found: usize,
    },
    /// The slot points to a table already, or its address is none.
    #[error("the program has a table already; embed into the one that was built")]
    Taken,
    /// More than fits beside everything else.
    #[error("the sections have {bytes} bytes; at most {EMBEDDED_BYTES_MAX} are embedded")]
    TooLarge {
        /// Of the table.
        bytes: usize,
    },
}

/// `program` with a table of these sections of a bundle, which must have been verified and parsed: the program will believe
/// them. A user shard must not be among them.
///
/// # Errors
/// [`EmbedError`].
pub fn embed(program: &[u8], sections_of_bundle: &[&[u8]]) -> Result<Vec<u8>, EmbedError> {
    let bytes = sections_of_bundle.iter().map(|section| section.len()).sum();
    let table = Some(bytes).filter(|bytes| *bytes <= EMBEDDED_BYTES_MAX).and_then(|_| write_table(sections_of_bundle));
    let table = &*table.ok_or(EmbedError::TooLarge { bytes })?;
    let sections = sections(program)?;
    let pages = u32::try_from(table.len().div_ceil(PAGE_BYTES as usize)).unwrap_or(u32::MAX);
    let memory = sections.iter().find(|section| section.id == MEMORY).ok_or(EmbedError::Layout)?;
    let data = sections.iter().find(|section| section.id == DATA).ok_or(EmbedError::Slot { found: 0 })?;
    let (before, memory) = grown(memory, pages)?;
    let address = before.checked_mul(PAGE_BYTES).ok_or(EmbedError::Layout)?;
    let segments = segments(data)?;
    let place = slot(&segments)?;
    let mut out = program.get(..8).unwrap_or_default().to_vec();
    for section in &sections {
        match section.id {
            MEMORY => write(&mut out, MEMORY, &memory),
            DATA_COUNT => {
                let mut count = Vec::new();
                leb(&mut count, u32::try_from(segments.len() + 1).map_err(|_| EmbedError::Layout)?);
                write(&mut out, DATA_COUNT, &count);
            }
            DATA => write(&mut out, DATA, &with_table(section, &segments, place, address, table)?),
            id => write(&mut out, id, section.body),
        }
    }
    Ok(out)
}

/// A section of a module.
struct Section<'a> {
    id: u8,
    body: &'a [u8],
    /// Where the body is in the file.
    at: usize,
}

fn sections(program: &[u8]) -> Result<Vec<Section<'_>>, EmbedError> {
    if !program.starts_with(b"\0asm\x01\0\0\0") {
        return Err(EmbedError::Module { at: 0 });
    }
    let mut reader = Reader { bytes: program, at: 8, base: 0 };
    let mut sections = Vec::new();
    while reader.at < program.len() {
        let id = reader.byte()?;
        let length = reader.u32()? as usize;
        let at = reader.at;
        sections.push(Section { id, body: reader.take(length)?, at });
    }
    Ok(sections)
}

/// Pages of the memory, and its section with `more` of them.
fn grown(section: &Section<'_>, more: u32) -> Result<(u32, Vec<u8>), EmbedError> {
    let mut reader = Reader { bytes: section.body, at: 0, base: section.at };
    let (count, flags, least) = (reader.u32()?, reader.byte()?, reader.u32()?);
    // Not shared, and 32 bits of address.
    if count != 1 || flags > 1 {
        return Err(EmbedError::Layout);
    }
    let grown = least.checked_add(more).filter(|pages| *pages <= PAGE_BYTES).ok_or(EmbedError::Layout)?;
    let mut body = vec![1, flags];
    leb(&mut body, grown);
    if flags == 1 {
        leb(&mut body, reader.u32()?.max(grown));
    }
    Ok((least, body))
}

/// A data segment at an address.
struct Segment<'a> {
    address: u32,
    bytes: &'a [u8],
    /// Where its bytes are in the body of the section.
    at: usize,
}

fn segments<'a>(section: &Section<'a>) -> Result<Vec<Segment<'a>>, EmbedError> {
    let mut reader = Reader { bytes: section.body, at: 0, base: section.at };
    let mut segments = Vec::new();
    for _ in 0..reader.u32()? {
        // In the one memory, at `i32.const n end`.
        if reader.byte()? != 0 || reader.byte()? != 0x41 {
            return Err(EmbedError::Layout);
        }
        let address = reader.i32()?.cast_unsigned();
        if reader.byte()? != 0x0b {
            return Err(EmbedError::Layout);
        }
        let length = reader.u32()? as usize;
        let at = reader.at;
        segments.push(Segment { address, bytes: reader.take(length)?, at });
    }
    if reader.at == section.body.len() { Ok(segments) } else { Err(reader.damaged()) }
}

/// Where in the data section's body the slot's address is, the only one and pointing to nothing.
fn slot(segments: &[Segment<'_>]) -> Result<usize, EmbedError> {
    let ends = segments.iter().flat_map(|segment| {
        let found = segment.bytes.windows(SLOT_MARKER.len()).enumerate().filter(|(_, bytes)| *bytes == SLOT_MARKER);
        found.map(move |(at, _)| (segment, at + SLOT_MARKER.len()))
    });
    let ends: Vec<(&Segment<'_>, usize)> = ends.collect();
    let [(segment, end)] = ends[..] else { return Err(EmbedError::Slot { found: ends.len() }) };
    let place = segment.bytes.get(end..end + PLACE_BYTES).ok_or(EmbedError::Layout)?;
    let Some([a, b, c, d, l, m, n, o]) = place.first_chunk().copied() else { return Err(EmbedError::Layout) };
    let (address, length) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([l, m, n, o]));
    let pointed = segments.iter().find_map(|segment| {
        let from = address.checked_sub(segment.address)? as usize;
        segment.bytes.get(from..from.checked_add(length as usize)?)
    });
    if pointed == Some(SLOT_EMPTY) { Ok(segment.at + end) } else { Err(EmbedError::Taken) }
}

/// The data section with the slot pointing to one more segment.
fn with_table(
    section: &Section<'_>,
    segments: &[Segment<'_>],
    place: usize,
    address: u32,
    table: &[u8],
) -> Result<Vec<u8>, EmbedError> {
    let length = u32::try_from(table.len()).map_err(|_| EmbedError::Layout)?;
    let mut old = Reader { bytes: section.body, at: 0, base: section.at };
    old.u32()?;
    let (count, mut rest) = (old.at, section.body.get(old.at..).unwrap_or_default().to_vec());
    let place = place.checked_sub(count).and_then(|from| rest.get_mut(from..)).ok_or(EmbedError::Layout)?;
    let placed: Vec<u8> = address.to_le_bytes().into_iter().chain(length.to_le_bytes()).collect();
    place.get_mut(..PLACE_BYTES).ok_or(EmbedError::Layout)?.copy_from_slice(&placed);
    let mut body = Vec::with_capacity(rest.len() + table.len() + 32);
    leb(&mut body, u32::try_from(segments.len() + 1).map_err(|_| EmbedError::Layout)?);
    body.append(&mut rest);
    body.extend([0, 0x41]);
    signed_leb(&mut body, address.cast_signed());
    body.push(0x0b);
    leb(&mut body, length);
    body.extend(table);
    Ok(body)
}

fn write(out: &mut Vec<u8>, id: u8, body: &[u8]) {
    out.push(id);
    leb(out, u32::try_from(body.len()).unwrap_or(u32::MAX));
    out.extend(body);
}

fn leb(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn signed_leb(out: &mut Vec<u8>, mut value: i32) {
    while !(-0x40..0x40).contains(&value) {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where `bytes` begin in the file.
    base: usize,
}

impl<'a> Reader<'a> {
    const fn damaged(&self) -> EmbedError {
        EmbedError::Module { at: self.base + self.at }
    }

    fn byte(&mut self) -> Result<u8, EmbedError> {
        let byte = *self.bytes.get(self.at).ok_or(self.damaged())?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], EmbedError> {
        let end = self.at.checked_add(length).ok_or(self.damaged())?;
        let taken = self.bytes.get(self.at..end).ok_or(self.damaged())?;
        self.at = end;
        Ok(taken)
    }

    /// Up to five groups of seven bits, and how many bits they are.
    fn groups(&mut self) -> Result<(u64, u32, u8), EmbedError> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value, shift + 7, byte));
            }
        }
        Err(self.damaged())
    }

    fn u32(&mut self) -> Result<u32, EmbedError> {
        let (value, ..) = self.groups()?;
        u32::try_from(value).map_err(|_| self.damaged())
    }

    fn i32(&mut self) -> Result<i32, EmbedError> {
        let (value, bits, last) = self.groups()?;
        let extended = if last & 0x40 == 0 { value.cast_signed() } else { value.cast_signed() - (1 << bits) };
        i32::try_from(extended).map_err(|_| self.damaged())
    }
}
