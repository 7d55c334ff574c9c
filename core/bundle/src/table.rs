//! Sections inside a program: a table that a tool writes behind the memory of a compiled WebAssembly module, for hosts
//! whose programs start anew with every request and should not fetch then what hardly ever changes.
//!
//! Sections are found in it by their hash, so a table of another version is a miss, never a mix. The writer, its sibling
//! `table_write.rs`, has worked the hashes out; a program believes them as it believes its own code. `core/FORMAT.md`
//! specifies the bytes.
//!
//! ```text
//! 0        8          10     12      16                                         each at a multiple of 16
//! | magic  | format=1 | zero | count | (BLAKE3 32, offset u32, length u32, zero 8)… | sections… |
//! ```

use crate::hash::Hash;

pub(crate) const MAGIC: [u8; 8] = *b"KENALTAB";
pub(crate) const FORMAT: u16 = 1;
pub(crate) const HEAD_BYTES: usize = 16;
pub(crate) const ENTRY_BYTES: usize = 48;

/// Sections in a table at most: a bundle has eight kinds.
pub const TABLE_SECTIONS_MAX: usize = 16;

/// What the tool looks for in a program's data.
pub const SLOT_MARKER: [u8; 24] = *b"kenal: table slot, 1\0\0\0\0";

/// What a slot points to in whose program nothing was embedded.
pub const SLOT_EMPTY: &[u8] = b"kenal: nothing is embedded";

/// Sections by their hash.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    bytes: &'a [u8],
    entries: &'a [[u8; ENTRY_BYTES]],
}

impl<'a> Table<'a> {
    /// Reads a table; `None` when the bytes are none, or of a format that is not known here. Cost: one look at each entry.
    pub fn parse(bytes: &'a [u8]) -> Option<Table<'a>> {
        let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
        let [_, _, _, _, _, _, _, _, f0, f1, 0, 0, count @ ..] = *head else { return None };
        let count = u32::from_le_bytes(count) as usize;
        if !head.starts_with(&MAGIC) || u16::from_le_bytes([f0, f1]) != FORMAT || count > TABLE_SECTIONS_MAX {
            return None;
        }
        let (entries, _) = rest.get(..count.checked_mul(ENTRY_BYTES)?)?.as_chunks();
        let table = Table { bytes, entries };
        entries.iter().all(|entry| table.section(entry).is_some()).then_some(table)
    }

    /// The section that is filed under a hash.
    pub fn get(&self, hash: &Hash) -> Option<&'a [u8]> {
        self.section(self.entries.iter().find(|entry| entry.starts_with(&hash.0))?)
    }

    fn section(&self, entry: &[u8; ENTRY_BYTES]) -> Option<&'a [u8]> {
        let (_, place) = entry.split_first_chunk::<32>()?;
        let (offset, rest) = place.split_first_chunk::<4>()?;
        let length = rest.first_chunk::<4>()?;
        let start = u32::from_le_bytes(*offset) as usize;
        self.bytes.get(start..start.checked_add(u32::from_le_bytes(*length) as usize)?)
    }
}

/// The place in a program that says where its table is. The tool finds it by its marker, and makes it point to the table.
#[derive(Debug)]
#[repr(C)]
pub struct TableSlot {
    marker: [u8; 24],
    table: &'static [u8],
}

impl TableSlot {
    /// A slot without a table. A program has one, in a `static`.
    pub const EMPTY: TableSlot = TableSlot { marker: SLOT_MARKER, table: SLOT_EMPTY };

    /// The table that was embedded, if one was.
    pub fn table(&'static self) -> Option<Table<'static>> {
        // The compiler must not know better than the module's bytes what is in them.
        Table::parse(core::hint::black_box(self).table)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::table_write::ALIGN;
    use crate::write_table;

    #[test]
    fn sections_are_found_by_their_hash_and_nothing_else_is() {
        let sections: Vec<&[u8]> = std::vec![b"items", b"", b"a catalogue of seventeen"];
        let table = write_table(&sections).expect("a table");
        let read = Table::parse(&table).expect("it reads");
        for section in &sections {
            let found = read.get(&Hash::of(section)).expect("it is there");
            assert_eq!(found, *section);
            assert_eq!((found.as_ptr() as usize - table.as_ptr() as usize) % ALIGN, 0);
        }
        assert_eq!(read.get(&Hash::of(b"another")), None);
        assert!(TableSlot::EMPTY.table.len() == SLOT_EMPTY.len() && Table::parse(SLOT_EMPTY).is_none());
        assert!(write_table(&[&b"x"[..]; TABLE_SECTIONS_MAX + 1]).is_none());
    }

    #[test]
    fn any_bytes_are_a_table_or_none() {
        let table = write_table(&[b"items", b"trending"]).expect("a table");
        for end in 0..HEAD_BYTES + 2 * ENTRY_BYTES {
            assert!(Table::parse(&table[..end]).is_none(), "{end}");
        }
        for at in 0..table.len() {
            for bit in 0..8 {
                let mut changed = table.clone();
                changed[at] ^= 1 << bit;
                let read = Table::parse(&changed);
                assert!(at >= HEAD_BYTES || at == 12 || read.is_none(), "{at} {bit}");
                if let Some(read) = read {
                    let found = read.get(&Hash::of(b"items"));
                    assert!(found.is_none_or(|found| found.len() <= changed.len()));
                }
            }
        }
    }
}
