//! How a CSV is written, by its first line: delimiter and names.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::error::ReadError;
use crate::limits::COLUMNS_MAX;

/// Delimiters, the likelier first: it wins where a header has as many of another.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The delimiter that the header line has most of outside quotes; a comma when there is one column.
pub(super) fn delimiter(line: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in line {
        quoted ^= *byte == b'"';
        if !quoted && let Some(at) = DELIMITERS.iter().position(|d| d == byte) {
            counts[at] += 1;
        }
    }
    let mut best = 0;
    for at in 1..DELIMITERS.len() {
        if counts[at] > counts[best] {
            best = at;
        }
    }
    DELIMITERS[best]
}

/// The delimiter that spreadsheets write above the header, as `sep=;`.
pub(super) fn announced(line: &[u8]) -> Option<u8> {
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if DELIMITERS.contains(delimiter) => Some(*delimiter),
        _ => None,
    }
}

/// Names of the columns from the fields of the header; those without one are named by position, from 1.
pub(super) fn names<'a>(path: &Path, fields: impl Iterator<Item = &'a str>) -> Result<Vec<String>, ReadError> {
    let refuse = |what| ReadError::Header { path: path.to_owned(), what };
    let fields: Vec<&str> = fields.map(str::trim).collect();
    if fields.iter().all(|name| name.is_empty()) {
        return Err(refuse("it names no column"));
    }
    if fields.len() > COLUMNS_MAX {
        return Err(refuse("it has more than 16,384 fields"));
    }
    if fields.iter().any(|name| name.contains('\0')) {
        return Err(refuse("it holds zero bytes; save the file as UTF-8 text"));
    }
    if fields.iter().any(|name| name.contains('\r')) {
        return Err(refuse("lines end in CR alone; save the file with LF or CRLF"));
    }
    let name =
        |(at, name): (usize, &&str)| if name.is_empty() { format!("column_{}", at + 1) } else { (*name).to_owned() };
    Ok(fields.iter().enumerate().map(name).collect())
}

/// Refuses two columns of one name.
pub(super) fn check_names(path: &Path, columns: &[String]) -> Result<(), ReadError> {
    let mut seen = FxHashMap::default();
    for (at, column) in columns.iter().enumerate() {
        if let Some(first) = seen.insert(column, at + 1) {
            let (path, column) = (path.to_owned(), column.clone());
            return Err(ReadError::DuplicateColumn { path, column, first, second: at + 1 });
        }
    }
    Ok(())
}
