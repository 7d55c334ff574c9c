//! Sorting on disk: rows are thrown into buckets by key, and each bucket is sorted in memory when it is its turn.
//!
//! People are made in any order by any number of threads, but every export has an order of its own (by id, by time),
//! and rows of one person must not stand together in it. A bucket that is too large for memory is first thrown into
//! smaller ones, by the keys that are in it. So memory is bounded by [`OUTBOX_BYTES`] for each thread and by
//! [`BUCKET_BYTES_MAX`], however many rows there are; only rows of one and the same key must fit at once.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::error::WorldError;

/// What a thread gathers before it writes.
const OUTBOX_BYTES: usize = 8 << 20;
/// The size a bucket is meant to have.
const BUCKET_BYTES: u64 = 4 << 20;
/// Larger buckets are split before they are sorted.
const BUCKET_BYTES_MAX: u64 = 16 << 20;
/// Buckets of a stream: with more of them, what a thread appends to each would be a few bytes at a time.
const BUCKETS_MAX: u64 = 512;
/// Parts that a large bucket is split into, at most.
const SPLIT_MAX: u64 = 64;
const LOCKS: usize = 64;
/// Key and length before each row.
const FRAME_BYTES: usize = 12;

/// How keys of a stream are spread over its buckets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keys {
    /// Evenly over all of u64.
    Hash,
    /// Times in microseconds, mostly between the two; others go to the first and last bucket.
    Between(u64, u64),
}

/// One order of rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    keys: Keys,
    first: usize,
    buckets: u64,
}

impl Stream {
    fn bucket(&self, key: u64) -> usize {
        let position = match self.keys {
            Keys::Hash => key,
            Keys::Between(lo, hi) => {
                let span = u128::from(hi.saturating_sub(lo)).max(1);
                let at = (u128::from(key.saturating_sub(lo)) << 64) / span;
                u64::try_from(at).unwrap_or(u64::MAX)
            }
        };
        self.first + ((u128::from(position) * u128::from(self.buckets)) >> 64) as usize
    }
}

/// The folder of buckets. It is removed when dropped.
#[derive(Debug)]
pub(crate) struct Spool {
    dir: PathBuf,
    streams: Vec<Stream>,
    buckets: usize,
    locks: Vec<Mutex<()>>,
}

impl Spool {
    /// Streams are (name, keys, bytes expected), and are named by their position from then on.
    pub(crate) fn new(dir: PathBuf, streams: &[(&'static str, Keys, u64)]) -> Result<Spool, WorldError> {
        fs::create_dir_all(&dir).map_err(WorldError::io(&dir))?;
        let mut first = 0;
        let streams = streams
            .iter()
            .map(|(_, keys, bytes_expected)| {
                let buckets = (bytes_expected / BUCKET_BYTES).clamp(1, BUCKETS_MAX);
                let stream = Stream { keys: *keys, first, buckets };
                first += buckets as usize;
                stream
            })
            .collect();
        Ok(Spool { dir, streams, buckets: first, locks: (0..LOCKS).map(|_| Mutex::new(())).collect() })
    }

    fn path(&self, bucket: usize) -> PathBuf {
        self.dir.join(format!("{bucket:06}"))
    }

    fn append(&self, bucket: usize, bytes: &[u8]) -> Result<(), WorldError> {
        // Appends of two threads to one file must not interleave. A poisoned lock guards no data.
        let lock = &self.locks[bucket % LOCKS];
        let _held = lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let path = self.path(bucket);
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(WorldError::io(&path))?;
        file.write_all(bytes).map_err(WorldError::io(&path))
    }

    /// All rows of a stream in the order of (key, bytes), whichever thread sent them when. Each bucket is read once
    /// and removed.
    pub(crate) fn drain(
        &self,
        stream: usize,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), WorldError>,
    ) -> Result<(), WorldError> {
        let stream = &self.streams[stream];
        for bucket in stream.first..stream.first + stream.buckets as usize {
            let path = self.path(bucket);
            if path.exists() {
                drain_file(&path, BUCKET_BYTES_MAX, &mut each)?;
            }
        }
        Ok(())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // Left behind, it would only cost disk; an error here would hide the one that matters.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Gives the rows of one file in order, and removes it.
fn drain_file(
    path: &Path,
    bytes_max: u64,
    each: &mut impl FnMut(u64, &[u8]) -> Result<(), WorldError>,
) -> Result<(), WorldError> {
    let bytes = fs::metadata(path).map_err(WorldError::io(path))?.len();
    if bytes > bytes_max {
        let (mut lo, mut hi) = (u64::MAX, 0);
        frames(path, |key, _| {
            (lo, hi) = (lo.min(key), hi.max(key));
            Ok(())
        })?;
        if lo < hi {
            return drain_parts(path, (lo, hi), bytes, bytes_max, each);
        }
    }
    let content = fs::read(path).map_err(WorldError::io(path))?;
    fs::remove_file(path).map_err(WorldError::io(path))?;
    let mut rows = rows(&content);
    rows.sort_unstable();
    rows.into_iter().try_for_each(|(key, row)| each(key, row))
}

/// Throws a file's rows into smaller ones, evenly over the keys it has, and gives those in turn.
fn drain_parts(
    path: &Path,
    (lo, hi): (u64, u64),
    bytes: u64,
    bytes_max: u64,
    each: &mut impl FnMut(u64, &[u8]) -> Result<(), WorldError>,
) -> Result<(), WorldError> {
    let parts = (bytes * 4 / bytes_max).clamp(2, SPLIT_MAX);
    let name = |n: u64| path.with_file_name(format!("{}-{n:02}", path.file_name().unwrap_or_default().display()));
    let mut files = Vec::with_capacity(parts as usize);
    for n in 0..parts {
        let part = name(n);
        files.push(BufWriter::new(File::create(&part).map_err(WorldError::io(&part))?));
    }
    frames(path, |key, row| {
        // Each part has a share of the range lo..=hi, so the first and the last are not empty and every split ends.
        let n = u128::from(key - lo) * u128::from(parts) / (u128::from(hi - lo) + 1);
        let file = &mut files[n as usize];
        let write = file.write_all(&frame(key, row)).and_then(|()| file.write_all(row));
        write.map_err(WorldError::io(path))
    })?;
    for file in files {
        file.into_inner().map_err(|e| WorldError::Io { path: path.to_owned(), source: e.into_error() })?;
    }
    fs::remove_file(path).map_err(WorldError::io(path))?;
    (0..parts).try_for_each(|n| drain_file(&name(n), bytes_max, each))
}

fn frame(key: u64, row: &[u8]) -> [u8; FRAME_BYTES] {
    let mut frame = [0; FRAME_BYTES];
    let length = u32::try_from(row.len()).expect("a row below 4 GiB");
    frame[..8].copy_from_slice(&key.to_le_bytes());
    frame[8..].copy_from_slice(&length.to_le_bytes());
    frame
}

fn unframe(frame: &[u8; FRAME_BYTES]) -> (u64, usize) {
    let (key, length) = frame.split_at(8);
    let key = u64::from_le_bytes(key.try_into().expect("eight bytes"));
    (key, u32::from_le_bytes(length.try_into().expect("four bytes")) as usize)
}

/// Reads a file row by row.
fn frames(path: &Path, mut each: impl FnMut(u64, &[u8]) -> Result<(), WorldError>) -> Result<(), WorldError> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path).map_err(WorldError::io(path))?);
    let (mut head, mut row) = ([0; FRAME_BYTES], Vec::new());
    while !file.fill_buf().map_err(WorldError::io(path))?.is_empty() {
        file.read_exact(&mut head).map_err(WorldError::io(path))?;
        let (key, length) = unframe(&head);
        row.resize(length, 0);
        file.read_exact(&mut row).map_err(WorldError::io(path))?;
        each(key, &row)?;
    }
    Ok(())
}

fn rows(content: &[u8]) -> Vec<(u64, &[u8])> {
    let (mut rows, mut rest) = (Vec::new(), content);
    while let Some((frame, after)) = rest.split_first_chunk::<FRAME_BYTES>() {
        let (key, length) = unframe(frame);
        let (row, next) = after.split_at(length);
        rows.push((key, row));
        rest = next;
    }
    rows
}

/// One thread's rows on their way to the buckets.
#[derive(Debug)]
pub(crate) struct Outbox<'s> {
    spool: &'s Spool,
    pending: Vec<Vec<u8>>,
    bytes: usize,
}

impl<'s> Outbox<'s> {
    pub(crate) fn new(spool: &'s Spool) -> Outbox<'s> {
        Outbox { spool, pending: vec![Vec::new(); spool.buckets], bytes: 0 }
    }

    pub(crate) fn push(&mut self, stream: usize, key: u64, row: &[u8]) {
        let bucket = &mut self.pending[self.spool.streams[stream].bucket(key)];
        bucket.extend_from_slice(&frame(key, row));
        bucket.extend_from_slice(row);
        self.bytes += row.len() + FRAME_BYTES;
    }

    /// Writes when there is much to write.
    pub(crate) fn flush_if_full(&mut self) -> Result<(), WorldError> {
        if self.bytes >= OUTBOX_BYTES { self.flush() } else { Ok(()) }
    }

    pub(crate) fn flush(&mut self) -> Result<(), WorldError> {
        for (bucket, pending) in self.pending.iter_mut().enumerate().filter(|(_, p)| !p.is_empty()) {
            self.spool.append(bucket, pending)?;
            // Freed, not kept: thousands of kept buffers would add up to what the bound is there to prevent.
            *pending = Vec::new();
        }
        self.bytes = 0;
        Ok(())
    }
}

/// The file name of a stream's part, counted from 1.
pub(crate) fn part(dir: &Path, stem: &str, number: u64, extension: &str) -> PathBuf {
    dir.join(format!("{stem}-{number:04}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_sorted_whoever_sent_them() {
        let dir = tempfile::tempdir().expect("a folder");
        let streams = [("a", Keys::Hash, BUCKET_BYTES * 7), ("b", Keys::Between(100, 200), BUCKET_BYTES * 3)];
        let spool = Spool::new(dir.path().join("spool"), &streams).expect("a spool");
        std::thread::scope(|scope| {
            for thread in 0..2_u64 {
                let spool = &spool;
                scope.spawn(move || {
                    let mut outbox = Outbox::new(spool);
                    for i in (thread..1000).step_by(2) {
                        outbox.push(0, i.wrapping_mul(0x9e37_79b9_7f4a_7c15), &i.to_be_bytes());
                        outbox.push(1, i, &i.to_be_bytes());
                        if i % 100 < 2 {
                            outbox.flush().expect("flushed");
                        }
                    }
                    outbox.flush().expect("flushed");
                });
            }
        });
        let mut keys = Vec::new();
        spool
            .drain(0, |key, _| {
                keys.push(key);
                Ok(())
            })
            .expect("drained");
        assert!(keys.is_sorted() && keys.len() == 1000);
        let mut times = Vec::new();
        spool
            .drain(1, |key, row| {
                times.push((key, row.to_vec()));
                Ok(())
            })
            .expect("drained");
        assert_eq!(times, (0..1000_u64).map(|i| (i, i.to_be_bytes().to_vec())).collect::<Vec<_>>());
        drop(spool);
        assert!(!dir.path().join("spool").exists());
    }

    #[test]
    fn a_file_that_is_too_large_is_split_until_it_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("000001");
        let mut dice = crate::dice::Dice::new(1, crate::dice::For::Orders, 0);
        // Crowded at one end, with many rows of one key, as at a shop's nightly load.
        let mut key = |n: u64| {
            let bits = dice.below(60);
            if n.is_multiple_of(3) { 77 } else { dice.below(1 << bits) }
        };
        let mut rows: Vec<(u64, Vec<u8>)> = (0..5000_u64).map(|n| (key(n), n.to_be_bytes().to_vec())).collect();
        let content: Vec<u8> = rows.iter().flat_map(|(key, row)| [&frame(*key, row)[..], row].concat()).collect();
        fs::write(&path, content).expect("written");
        let mut found = Vec::new();
        drain_file(&path, 1000, &mut |key, row| {
            found.push((key, row.to_vec()));
            Ok(())
        })
        .expect("drained");
        rows.sort_unstable();
        assert!(found == rows);
        assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 0, "parts are left");
    }
}
