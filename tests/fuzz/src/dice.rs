//! Chance, and damage: generators draw from [`Dice`], and everything that a target reads is damaged by
//! [`Dice::damage`] in the ways that readers fail at: lengths, offsets, numbers at the borders of their types, what is
//! cut off, doubled or taken from elsewhere.
//!
//! A case follows from the seed and its number alone, so any case can be made again without those before it.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Numbers at which sums overflow and comparisons turn.
const WORDS: [u32; 20] = [
    0,
    1,
    2,
    7,
    15,
    16,
    64,
    255,
    256,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    u32::MAX - 1,
    u32::MAX,
    1 << 22,
    1 << 30,
];

/// Floats at the borders of what sections allow, and beyond them.
const FLOATS: [f32; 20] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1000.0,
    1001.0,
    f32::MIN_POSITIVE,
    1e-45,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    1_099_511_627_776.0,
    9.094_947e-13,
    1e6,
    1e-20,
    1e20,
    1e-30,
];

/// What a damaged input may grow to.
pub const BYTES_MAX: usize = 1 << 16;

/// A generator of chance.
#[derive(Debug, Clone)]
pub struct Dice(Pcg64Mcg);

impl Dice {
    /// The generator of one case.
    pub fn new(seed: u64, case: u64) -> Dice {
        // The increment of SplitMix64 keeps neighbouring cases apart before the generator mixes them.
        Dice(Pcg64Mcg::seed_from_u64(seed.rotate_left(32) ^ case.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `n`; 0 when there is none.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.0.next_u64() % n as u64) as usize }
    }

    /// Whether one of `n` came up.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Random bytes, at most `most`.
    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.0.next_u64() as u8).collect()
    }

    /// A float worth trying.
    pub fn float(&mut self) -> f32 {
        match self.below(3) {
            0 => self.pick(&FLOATS),
            1 => f32::from_bits(self.bits() as u32),
            _ => (self.below(2001) as f32 - 1000.0) / 100.0,
        }
    }

    /// A word worth trying: a border, a float, a neighbour of `old`, or anything.
    fn word(&mut self, old: u32) -> u32 {
        match self.below(6) {
            0 => self.pick(&WORDS),
            1 => self.float().to_bits(),
            2 => old.wrapping_add(self.pick(&[1, 2, 4, 8, 16])),
            3 => old.wrapping_sub(self.pick(&[1, 2, 4, 8, 16])),
            4 => old ^ (1 << self.below(32)),
            _ => self.bits() as u32 >> self.below(32),
        }
    }

    /// Damages `bytes` once to six times; `others` are what pieces are taken from.
    pub fn damage(&mut self, bytes: &mut Vec<u8>, others: &[&[u8]]) {
        for _ in 0..=self.below(2) * self.below(6) {
            self.damage_once(bytes, others);
        }
        bytes.truncate(BYTES_MAX);
    }

    /// The same behind the first byte, which says what an input is, and now and then that byte too.
    pub fn damage_behind(&mut self, bytes: &mut Vec<u8>, others: &[&[u8]]) {
        let mut rest = bytes.split_off(bytes.len().min(1));
        self.damage(&mut rest, others);
        if self.one_in(16) {
            *bytes = vec![self.bits() as u8];
        }
        bytes.append(&mut rest);
    }

    fn damage_once(&mut self, bytes: &mut Vec<u8>, others: &[&[u8]]) {
        match self.below(14) {
            0..=2 => self.patch::<4>(bytes),
            3 => self.patch::<2>(bytes),
            4 => self.patch::<8>(bytes),
            5 | 6 => {
                let at = self.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = if self.one_in(2) { *byte ^ (1 << self.below(8)) } else { self.bits() as u8 };
                }
            }
            7 => bytes.truncate(self.below(bytes.len() + 1)),
            8 => {
                let more = self.bytes(64);
                bytes.extend_from_slice(&more);
            }
            9 => {
                let (from, to) = self.span(bytes.len());
                bytes.drain(from..to);
            }
            10 => {
                let (from, to) = self.span(bytes.len());
                let piece = bytes[from..to].to_vec();
                self.insert(bytes, &piece);
            }
            11 => self.fill(bytes),
            12 => self.swap(bytes),
            _ => {
                let other: &[u8] = if others.is_empty() { &[] } else { self.pick(others) };
                let (from, to) = self.span(other.len());
                let piece = other[from..to].to_vec();
                if self.one_in(2) {
                    self.insert(bytes, &piece);
                } else {
                    let at = self.below(bytes.len());
                    let end = bytes.len().min(at + piece.len());
                    bytes[at..end].copy_from_slice(&piece[..end - at]);
                }
            }
        }
    }

    /// One number of `N` bytes becomes another, mostly at an address where numbers are.
    fn patch<const N: usize>(&mut self, bytes: &mut [u8]) {
        let slots = (bytes.len() / N).max(1);
        let at = if self.one_in(4) { self.below(bytes.len()) } else { self.below(slots) * N };
        let Some(number) = bytes.get_mut(at..at + N) else { return };
        let mut old = [0; 8];
        old[..N].copy_from_slice(number);
        let [a, b, c, d, ..] = old;
        let low = self.word(u32::from_le_bytes([a, b, c, d]));
        let high = if N == 8 { self.word(0) } else { 0 };
        let new = (u64::from(high) << 32 | u64::from(low)).to_le_bytes();
        number.copy_from_slice(&new[..N]);
    }

    /// All words of a piece become the same: what only shows when every item is extreme.
    fn fill(&mut self, bytes: &mut [u8]) {
        let word = self.word(0).to_le_bytes();
        let (from, to) = if self.one_in(2) { (0, bytes.len()) } else { self.span(bytes.len()) };
        for chunk in bytes[from / 4 * 4..to].chunks_exact_mut(4) {
            chunk.copy_from_slice(&word);
        }
    }

    /// Two entries of one size change places, or the one is there twice. Ids of the shop have ten bytes.
    fn swap(&mut self, bytes: &mut [u8]) {
        let size = self.pick(&[1, 2, 4, 8, 10, 16, 32]);
        let entries = bytes.len() / size;
        let (a, b) = (self.below(entries), self.below(entries));
        if entries > 0 && a != b {
            let (low, high) = (a.min(b) * size, a.max(b) * size);
            let (left, right) = bytes.split_at_mut(high);
            let (left, right) = (&mut left[low..low + size], &mut right[..size]);
            if self.one_in(3) { right.copy_from_slice(left) } else { left.swap_with_slice(right) }
        }
    }

    /// Puts a piece somewhere into `bytes`.
    pub fn insert(&mut self, bytes: &mut Vec<u8>, piece: &[u8]) {
        let at = self.below(bytes.len() + 1);
        bytes.splice(at..at, piece.iter().copied());
    }

    /// A piece of `length` bytes, mostly short.
    fn span(&mut self, length: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        let most = if self.one_in(3) { length - from } else { (length - from).min(32) };
        (from, from + self.below(most + 1))
    }
}
