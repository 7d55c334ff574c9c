//! What a file is by its name and first bytes, and its bytes unpacked.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::error::ReadError;
use crate::limits::BUFFER_BYTES;

/// What reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Parquet,
}

/// Tells a file's kind by its name; content that is Parquet, whatever the name, is read as such.
pub(super) fn kind(path: &Path) -> Result<Kind, ReadError> {
    let name = super::error::name(path).to_ascii_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let by_name = match plain.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv" | "tsv" | "tab" | "psv" | "txt") => Kind::Text,
        Some("parquet" | "pq") if plain.len() == name.len() => Kind::Parquet,
        _ => return Err(ReadError::Extension { path: path.to_owned() }),
    };
    if path.is_dir() {
        return Err(ReadError::Folder { path: path.to_owned() });
    }
    let (_, head) = open(path)?;
    Ok(if head == *b"PAR1" { Kind::Parquet } else { by_name })
}

/// Opens a file and looks at its first four bytes.
fn open(path: &Path) -> Result<(File, [u8; 4]), ReadError> {
    let error = |source| ReadError::io(path, source);
    let mut file = File::open(path).map_err(error)?;
    let mut head = Vec::with_capacity(4);
    (&mut file).take(4).read_to_end(&mut head).map_err(error)?;
    let mut four = [0; 4];
    four.iter_mut().zip(&head).for_each(|(to, from)| *to = *from);
    file.rewind().map_err(error)?;
    Ok((file, four))
}

/// A file's text, unpacked when its first bytes are gzip's, whatever its name.
pub(super) struct Text {
    source: Box<dyn Read + Send>,
    pub(super) packed: bool,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("packed", &self.packed).finish_non_exhaustive()
    }
}

impl Text {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let (source, head) = open(path)?;
        let packed = head.starts_with(&[0x1f, 0x8b]);
        let source: Box<dyn Read + Send> = if packed {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, source)))
        } else {
            Box::new(source)
        };
        Ok(Text { source, packed })
    }

    /// Reads into `buffer`; 0 at the end. `line` is the last whole line before, for messages.
    pub(super) fn read(&mut self, buffer: &mut [u8], path: &Path, line: u64) -> Result<usize, ReadError> {
        loop {
            return match self.source.read(buffer) {
                Ok(length) => Ok(length),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) if self.packed && e.kind() == io::ErrorKind::UnexpectedEof => {
                    Err(ReadError::GzipTruncated { path: path.to_owned(), line })
                }
                Err(e)
                    if self.packed && matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) =>
                {
                    Err(ReadError::GzipDamaged { path: path.to_owned(), line })
                }
                Err(e) => Err(ReadError::io(path, e)),
            };
        }
    }
}
