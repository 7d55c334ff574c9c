//! The outer form that all sections share: header, part table, parts. Its sibling is `container_write.rs`.
//!
//! ```text
//! 0        8     10       12      16      20     32                 first part
//! | magic  | kind | version | length | parts | zero | (offset, length)… | zero… | part 0 | zero… | part 1 | … | zero… |
//! ```

use super::Kind;
use crate::error::{Fault, SectionError};
use crate::limits::{PART_ALIGN, PARTS_MAX, SECTION_BYTES_MAX};

pub(crate) const MAGIC: [u8; 8] = *b"KENALSEC";
pub(crate) const HEADER_BYTES: usize = 32;

/// What a section's header and part table say, for looking at a bundle.
#[derive(Debug, Clone, Copy)]
pub struct Outline<'a> {
    /// The kind of section.
    pub kind: Kind,
    /// The version of that kind.
    pub version: u16,
    parts: [&'a [u8]; PARTS_MAX],
    count: usize,
}

impl<'a> Outline<'a> {
    /// The outline of any section, checked as far as the container goes.
    ///
    /// # Errors
    /// A [`Fault`] as in [`SectionError`]; there is no expected kind to name.
    pub fn read(bytes: &'a [u8]) -> Result<Outline<'a>, Fault> {
        let header = Header::read(bytes)?;
        let kind = Kind::from_code(header.kind).ok_or(Fault::Kind { found: header.kind })?;
        let count = header.parts as usize;
        if count > PARTS_MAX {
            return Err(Fault::PartCount { found: header.parts, expected: PARTS_MAX as u32 });
        }
        let mut parts: [&[u8]; PARTS_MAX] = [&[]; PARTS_MAX];
        read_parts(bytes, parts.get_mut(..count).unwrap_or_default())?;
        Ok(Outline { kind, version: header.version, parts, count })
    }

    /// The parts.
    pub fn parts(&self) -> &[&'a [u8]] {
        self.parts.get(..self.count).unwrap_or_default()
    }
}

/// The parts of a section of kind `kind`, in its newest version, which has `N` of them.
pub(crate) fn parse<const N: usize>(bytes: &[u8], kind: Kind) -> Result<[&[u8]; N], Fault> {
    parse_since(bytes, kind, kind.version(), &|_| N).map(|(_, parts)| parts)
}

/// Version and parts of a section of kind `kind` that is not older than version `oldest`. Version v has `count(v)` parts,
/// at most `N`; the others are empty.
pub(crate) fn parse_since<'a, const N: usize>(
    bytes: &'a [u8],
    kind: Kind,
    oldest: u16,
    count: &dyn Fn(u16) -> usize,
) -> Result<(u16, [&'a [u8]; N]), Fault> {
    const { assert!(N <= PARTS_MAX) };
    let mut parts: [&[u8]; N] = [&[]; N];
    let version = read_section(bytes, kind, oldest, count, &mut parts)?;
    Ok((version, parts))
}

/// All of it but the number of parts, so that it is compiled once and not for each kind.
#[inline(never)]
fn read_section<'a>(
    bytes: &'a [u8],
    kind: Kind,
    oldest: u16,
    count: &dyn Fn(u16) -> usize,
    parts: &mut [&'a [u8]],
) -> Result<u16, Fault> {
    let Header { kind: found, version, parts: stated } = Header::read(bytes)?;
    if found != kind.code() {
        return Err(Fault::Kind { found });
    }
    if version < oldest || version > kind.version() {
        return Err(Fault::Version { found: version, known: kind.version() });
    }
    let expected = count(version);
    if stated as usize != expected {
        return Err(Fault::PartCount { found: stated, expected: expected as u32 });
    }
    read_parts(bytes, parts.get_mut(..expected).unwrap_or_default())?;
    Ok(version)
}

/// Names the section that a fault was found in.
pub(crate) fn within<T>(section: Kind, result: Result<T, Fault>) -> Result<T, SectionError> {
    result.map_err(|fault| SectionError { section, fault })
}

struct Header {
    kind: u16,
    version: u16,
    parts: u32,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Header, Fault> {
        // The magic comes first, so that a short foreign file is called foreign and not short.
        let prefix = bytes.get(..MAGIC.len().min(bytes.len())).unwrap_or_default();
        if !MAGIC.starts_with(prefix) {
            return Err(Fault::Magic);
        }
        let Some((header, _)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(Fault::TooShort { bytes: bytes.len() });
        };
        let [_, _, _, _, _, _, _, _, k0, k1, v0, v1, l0, l1, l2, l3, p0, p1, p2, p3, zero @ ..] = *header;
        let stated = u32::from_le_bytes([l0, l1, l2, l3]);
        if stated as usize != bytes.len() || bytes.len() > SECTION_BYTES_MAX {
            return Err(Fault::Length { stated, actual: bytes.len() });
        }
        if let Some(i) = zero.iter().position(|b| *b != 0) {
            return Err(Fault::NotZero { at: (HEADER_BYTES - zero.len() + i) as u32 });
        }
        Ok(Header {
            kind: u16::from_le_bytes([k0, k1]),
            version: u16::from_le_bytes([v0, v1]),
            parts: u32::from_le_bytes([p0, p1, p2, p3]),
        })
    }
}

/// Fills `parts` from the table. The lengths fix all offsets; a table that says otherwise is refused.
fn read_parts<'a>(bytes: &'a [u8], parts: &mut [&'a [u8]]) -> Result<(), Fault> {
    let table_end = HEADER_BYTES + parts.len() * 8;
    let table = bytes.get(HEADER_BYTES..table_end).ok_or(Fault::TooShort { bytes: bytes.len() })?;
    let (rows, _) = table.as_chunks::<8>();
    let mut end = table_end;
    for (i, (row, part)) in rows.iter().zip(parts.iter_mut()).enumerate() {
        let wrong = Fault::PartTable { part: i as u32 };
        let [o0, o1, o2, o3, l0, l1, l2, l3] = *row;
        let offset = u32::from_le_bytes([o0, o1, o2, o3]) as usize;
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        // `end` is at most the section's length, which is far below usize::MAX even in 32 bits.
        if offset != end.next_multiple_of(PART_ALIGN) {
            return Err(wrong);
        }
        let after = offset.checked_add(length).ok_or(wrong)?;
        *part = bytes.get(offset..after).ok_or(wrong)?;
        zero_between(bytes, end, offset)?;
        end = after;
    }
    if end.next_multiple_of(PART_ALIGN) != bytes.len() {
        return Err(Fault::PartTable { part: parts.len() as u32 });
    }
    zero_between(bytes, end, bytes.len())
}

fn zero_between(bytes: &[u8], from: usize, to: usize) -> Result<(), Fault> {
    let padding = bytes.get(from..to).unwrap_or_default();
    match padding.iter().position(|b| *b != 0) {
        Some(i) => Err(Fault::NotZero { at: (from + i) as u32 }),
        None => Ok(()),
    }
}
