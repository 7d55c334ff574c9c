//! Writes the delta that `delta.rs` applies.
//!
//! Matching is greedy: go on copying where the last copy, and what was replaced behind it, ended; otherwise look for the
//! next bytes anywhere in the old section by blocks of [`BLOCK`] bytes, and take what is nearest. A section whose entries
//! changed in place, moved or were joined by others costs little more than those entries.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::delta::{FORMAT, HEAD_BYTES, MAGIC};
use crate::hash::Hash;

/// Old bytes are found again by blocks of this length, at multiples of [`STEP`].
const BLOCK: usize = 16;
const STEP: usize = 4;
/// Shorter runs are not worth an operation.
const RUN_MIN: usize = 6;
/// Places remembered of equal blocks, so that long runs of zeros do not cost the square of their length.
const PLACES_MAX: usize = 8;

/// The delta from `old` to `new`. Deterministic. Cost: O(n log n) for sections of n bytes, and memory for about n / 4
/// blocks of the old section.
pub fn write_delta(old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    // A section is at most SECTION_BYTES_MAX.
    out.extend_from_slice(&(new.len() as u32).to_le_bytes());
    out.extend_from_slice(&Hash::of(old).0);
    let blocks = Blocks::new(old);
    let mut op = Op::default();
    let (mut at, mut expected) = (0usize, 0usize);
    while at < new.len() {
        let rest = new.get(at..).unwrap_or_default();
        let place = op.from + op.copied + op.inserted;
        let Some((start, add, length)) = best(&blocks, old, rest, place) else {
            op.inserted += 1;
            at += 1;
            continue;
        };
        if op.inserted == 0 && start == place && add == op.add {
            op.copied += length;
        } else {
            op.push(&mut out, &mut expected, new.get(at - op.inserted..at).unwrap_or_default());
            op = Op { from: start, copied: length, add, inserted: 0 };
        }
        at += length;
    }
    op.push(&mut out, &mut expected, new.get(at - op.inserted..).unwrap_or_default());
    out
}

/// What can be copied to the beginning of `new`: from where, what is added to each word, and how many bytes.
fn best(blocks: &Blocks, old: &[u8], new: &[u8], place: usize) -> Option<(usize, i32, usize)> {
    let here = run(old, place, new);
    if here >= RUN_MIN || (here == new.len() && here > 0) {
        return Some((place, 0, here));
    }
    let (start, found) = blocks.find(old, new, place);
    let (add, words) = shifted(old.get(place..).unwrap_or_default(), new);
    if words * 4 > found.max(BLOCK) {
        return Some((place, add, words * 4));
    }
    (found >= BLOCK).then_some((start, 0, found))
}

/// How many words of `new` are those of `old` with one number added, and the number.
fn shifted(old: &[u8], new: &[u8]) -> (i32, usize) {
    let words = |bytes| <[u8]>::as_chunks::<4>(bytes).0.iter().map(|word| u32::from_le_bytes(*word));
    let mut adds = words(new).zip(words(old)).map(|(new, old)| new.wrapping_sub(old) as i32);
    let Some(add) = adds.next() else { return (0, 0) };
    // Numbers that do not fit a short operation are chance.
    if add == 0 || add.unsigned_abs() > 1 << 27 {
        return (0, 0);
    }
    (add, 1 + adds.take_while(|other| *other == add).count())
}

/// The operation being made: what it copies, and how many bytes are inserted behind.
#[derive(Default)]
struct Op {
    from: usize,
    copied: usize,
    add: i32,
    inserted: usize,
}

impl Op {
    /// Appends it, unless it does nothing. `expected` is where a reader stands in the old bytes.
    fn push(&self, out: &mut Vec<u8>, expected: &mut usize, inserted: &[u8]) {
        if self.copied == 0 && inserted.is_empty() {
            return;
        }
        // Both are below SECTION_BYTES_MAX, half of what an i32 holds. An operation without a copy need not move.
        let start = if self.copied == 0 { *expected } else { self.from };
        varint(out, zigzag(start as i32 - *expected as i32));
        varint(out, self.copied as u32);
        varint(out, zigzag(self.add));
        varint(out, inserted.len() as u32);
        out.extend_from_slice(inserted);
        *expected = start + self.copied + inserted.len();
    }
}

const fn zigzag(n: i32) -> u32 {
    ((n << 1) ^ (n >> 31)) as u32
}

fn varint(out: &mut Vec<u8>, mut n: u32) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// How many bytes of `new` are those of `old` from `place` on.
fn run(old: &[u8], place: usize, new: &[u8]) -> usize {
    let old = old.get(place..).unwrap_or_default();
    old.iter().zip(new).take_while(|(a, b)| a == b).count()
}

/// Where each block of the old section is.
struct Blocks(BTreeMap<[u8; BLOCK], Vec<u32>>);

impl Blocks {
    fn new(old: &[u8]) -> Blocks {
        let mut places: BTreeMap<[u8; BLOCK], Vec<u32>> = BTreeMap::new();
        for at in (0..old.len()).step_by(STEP) {
            let Some(block) = old.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) else { break };
            let places = places.entry(*block).or_default();
            if places.len() < PLACES_MAX {
                places.push(at as u32);
            }
        }
        Blocks(places)
    }

    /// The longest run of `new` among the places that begin as it does; of equals the nearest to `near`.
    fn find(&self, old: &[u8], new: &[u8], near: usize) -> (usize, usize) {
        let Some(places) = new.first_chunk::<BLOCK>().and_then(|block| self.0.get(block)) else { return (0, 0) };
        let candidate = |at: &u32| (*at as usize, run(old, *at as usize, new));
        let better = |(at, length): &(usize, usize)| (*length, core::cmp::Reverse(at.abs_diff(near)));
        places.iter().map(candidate).max_by_key(better).unwrap_or((0, 0))
    }
}
