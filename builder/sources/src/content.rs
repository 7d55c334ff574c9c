//! A file's content, compressed or not, hashed as stored while it is read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::limits::BUFFER_BYTES;
use crate::progress::Progress;

/// First two bytes of every gzip member (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes as stored: counted, hashed if wanted, and told apart from what a decoder thinks of them.
pub(crate) struct Stored<'a> {
    file: File,
    bytes: u64,
    hasher: Option<blake3::Hasher>,
    /// The disk failed: an error of ours, not a damaged file.
    failed: bool,
    progress: &'a dyn Progress,
}

impl Read for Stored<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer).inspect_err(|e| self.failed = e.kind() != io::ErrorKind::Interrupted)?;
        if let (Some(hasher), Some(read)) = (&mut self.hasher, buffer.get(..count)) {
            hasher.update(read);
        }
        self.bytes += count as u64;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// An open file, read from its beginning.
pub(crate) enum Content<'a> {
    Plain(Box<BufReader<Stored<'a>>>),
    Gzip(Box<BufReader<MultiGzDecoder<BufReader<Stored<'a>>>>>),
}

/// Why a read failed.
#[derive(Debug)]
pub(crate) enum ReadFailure {
    /// The compressed stream ends before its end.
    Truncated,
    /// The compressed stream is not one.
    Corrupt,
    /// The disk.
    Io(io::Error),
}

impl<'a> Content<'a> {
    /// Opens a file; gzip is told by its first bytes, not by its name.
    pub(crate) fn open(path: &Path, hashed: bool, progress: &'a dyn Progress) -> io::Result<Content<'a>> {
        let hasher = hashed.then(blake3::Hasher::new);
        let stored = Stored { file: File::open(path)?, bytes: 0, hasher, failed: false, progress };
        let mut plain = BufReader::with_capacity(BUFFER_BYTES, stored);
        if plain.fill_buf()?.starts_with(&GZIP_MAGIC) {
            Ok(Content::Gzip(Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(plain)))))
        } else {
            Ok(Content::Plain(Box::new(plain)))
        }
    }

    pub(crate) fn is_gzip(&self) -> bool {
        matches!(self, Content::Gzip(_))
    }

    fn stored(&mut self) -> &mut BufReader<Stored<'a>> {
        match self {
            Content::Plain(plain) => plain,
            Content::Gzip(gzip) => gzip.get_mut().get_mut(),
        }
    }

    /// Sorts a read error into what the file is to blame for and what the disk is.
    pub(crate) fn blame(&mut self, error: io::Error) -> ReadFailure {
        if !self.is_gzip() || self.stored().get_ref().failed {
            ReadFailure::Io(error)
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            ReadFailure::Truncated
        } else {
            ReadFailure::Corrupt
        }
    }

    /// Reads the stored bytes to their end, whatever the decoder made of them, and gives their count and hash.
    pub(crate) fn finish(mut self) -> io::Result<(u64, [u8; 32])> {
        let stored = self.stored();
        loop {
            let count = stored.fill_buf()?.len();
            if count == 0 {
                break;
            }
            stored.consume(count);
        }
        let stored = stored.get_ref();
        Ok((stored.bytes, stored.hasher.as_ref().map_or([0; 32], |h| *h.finalize().as_bytes())))
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Content::Plain(plain) => plain.read(buffer),
            Content::Gzip(gzip) => gzip.read(buffer),
        }
    }
}

impl BufRead for Content<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Content::Plain(plain) => plain.fill_buf(),
            Content::Gzip(gzip) => gzip.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match self {
            Content::Plain(plain) => plain.consume(amount),
            Content::Gzip(gzip) => gzip.consume(amount),
        }
    }
}
