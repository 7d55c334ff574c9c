//! Writing a table of sections; `table.rs` reads it and says what it is for.

use alloc::vec::Vec;

use crate::hash::Hash;
use crate::table::{ENTRY_BYTES, FORMAT, HEAD_BYTES, MAGIC, TABLE_SECTIONS_MAX, Table};

/// Sections begin where vectors may be read from.
pub(crate) const ALIGN: usize = 16;

/// The table of these sections; `None` when there are more than [`TABLE_SECTIONS_MAX`], or more bytes than 32 bits count.
pub fn write_table(sections: &[&[u8]]) -> Option<Vec<u8>> {
    if sections.len() > TABLE_SECTIONS_MAX {
        return None;
    }
    let mut table = Vec::from(MAGIC);
    table.extend(FORMAT.to_le_bytes());
    table.extend([0; 2]);
    table.extend(u32::try_from(sections.len()).ok()?.to_le_bytes());
    let mut at = HEAD_BYTES + sections.len() * ENTRY_BYTES;
    for section in sections {
        table.extend(Hash::of(section).0);
        table.extend(u32::try_from(at).ok()?.to_le_bytes());
        table.extend(u32::try_from(section.len()).ok()?.to_le_bytes());
        table.extend([0; 8]);
        at = at.checked_add(section.len())?.checked_next_multiple_of(ALIGN)?;
    }
    for section in sections {
        table.extend(*section);
        table.resize(table.len().next_multiple_of(ALIGN), 0);
    }
    Table::parse(&table)?;
    Some(table)
}
