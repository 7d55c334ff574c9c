//! Texts as numbers, and compressed rows of numbers.
//!
//! A [`Vocabulary`] numbers distinct texts in order of first appearance and counts the records that have each, which is
//! what term-frequency adjustment needs.

use std::hash::Hasher;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::{FxHashMap, FxHasher};
use serde::{Deserialize, Serialize, Serializer};

/// No value.
pub(crate) const NONE: u32 = u32::MAX;

/// A well mixed 64-bit hash, the same on every run.
pub(crate) fn hash_text(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    mix(hasher.finish())
}

/// A text and its [`hash_text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hashed<'a> {
    pub text: &'a str,
    pub hash: u64,
}

impl<'a> Hashed<'a> {
    pub(crate) fn of(text: &'a str) -> Hashed<'a> {
        Hashed { text, hash: hash_text(text) }
    }
}

/// SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014).
#[inline]
pub(crate) fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// How often values occurred in the records that a model was fitted to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Frequencies {
    /// Records with any value.
    pub records: u32,
    /// By hash of the value, where more than one record had it.
    #[serde(serialize_with = "in_order")]
    pub counts: FxHashMap<u64, u32>,
}

impl Frequencies {
    /// `-log2` of the share of the records with any value that have this one; of a value that none had, as if one had.
    #[inline]
    pub(crate) fn rarity(&self, hash: u64) -> f32 {
        let count = self.counts.get(&hash).copied().unwrap_or(1);
        (self.records.max(1) as f32 / count as f32).log2()
    }
}

/// Writes a map in the order of its keys: the same map is the same bytes.
pub(crate) fn in_order<K: Copy + Ord + Serialize, V: Copy + Serialize, S: Serializer>(
    map: &FxHashMap<K, V>,
    to: S,
) -> Result<S::Ok, S::Error> {
    let mut sorted: Vec<(K, V)> = map.iter().map(|(&key, &value)| (key, value)).collect();
    sorted.sort_unstable_by_key(|entry| entry.0);
    to.collect_map(sorted)
}

/// Room for about so many values, if there is as much.
pub(crate) fn with_room<T>(values: usize) -> Vec<T> {
    let mut room = Vec::new();
    // It grows as others do where this fails.
    drop(room.try_reserve_exact(values));
    room
}

/// Distinct texts, numbered.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    text: String,
    ends: Vec<u64>,
    counts: Vec<u32>,
    ids: HashTable<u32>,
    /// By text: its hash, which does not depend on the order in which texts came.
    hashes: Vec<u64>,
    /// Records that have any value.
    records: u32,
    /// By text: how rare it is, in bits; empty until all are counted.
    rarities: Vec<f32>,
    /// Kept only where texts are compared by likeness.
    outlines: Option<Vec<Outline>>,
}

impl Vocabulary {
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(Hashed::of(text))
    }

    pub(crate) fn intern_hashed(&mut self, Hashed { text, hash }: Hashed<'_>) -> u32 {
        let (all, ends, hashes) = (&self.text, &self.ends, &self.hashes);
        let free = match self.ids.entry(hash, |&id| slice(all, ends, id) == text, |&id| hashes[id as usize]) {
            Entry::Occupied(found) => return *found.get(),
            Entry::Vacant(free) => free,
        };
        let id = self.ends.len() as u32;
        free.insert(id);
        self.text.push_str(text);
        self.ends.push(self.text.len() as u64);
        self.counts.push(0);
        if let Some(outlines) = &mut self.outlines {
            outlines.push(Outline::of(text));
        }
        self.hashes.push(hash);
        id
    }

    /// Reads what [`Vocabulary::intern_hashed`] will read of these texts, so that it waits for memory once and not at every
    /// text: here no reading depends on that of another text, and the processor does many at a time.
    pub(crate) fn warm<'a>(&self, texts: impl Iterator<Item = Hashed<'a>>) {
        let likely = texts.filter_map(|text| self.ids.find(text.hash, |_| true));
        let ends: Vec<u64> = likely.map(|&id| self.ends[id as usize]).collect();
        let bytes = self.text.as_bytes();
        let last = |end: u64| end.checked_sub(1).map_or(0, |last| bytes[last as usize]);
        std::hint::black_box(ends.iter().fold(0, |all, &end| all ^ last(end)));
    }

    /// A number for a text that is the same for any order in which texts came.
    #[inline]
    pub(crate) fn hash(&self, id: u32) -> u64 {
        self.hashes[id as usize]
    }

    /// The number of a text, when it has one.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.ids.find(hash_text(text), |&id| slice(&self.text, &self.ends, id) == text).copied()
    }

    /// Notes that one record has the (distinct) values `ids`.
    pub(crate) fn count(&mut self, ids: impl IntoIterator<Item = u32>) {
        let mut any = false;
        for id in ids {
            // A text that stands for no value, such as the area of a postcode too short to have one.
            if id != NONE {
                self.counts[id as usize] += 1;
                any = true;
            }
        }
        self.records += u32::from(any);
    }

    /// Records that have any value.
    pub(crate) fn records(&self) -> u32 {
        self.records
    }

    #[inline]
    pub(crate) fn get(&self, id: u32) -> &str {
        slice(&self.text, &self.ends, id)
    }

    /// A vocabulary whose texts will be compared by likeness.
    pub(crate) fn outlined() -> Vocabulary {
        Vocabulary { outlines: Some(Vec::new()), ..Vocabulary::default() }
    }

    #[inline]
    pub(crate) fn outline(&self, id: u32) -> Outline {
        match &self.outlines {
            Some(outlines) => outlines[id as usize],
            None => Outline::of(self.get(id)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// To be called when all records are counted, and before rarities are asked for. `frequencies`: those of a model; else
    /// they are as counted.
    pub(crate) fn complete(&mut self, frequencies: Option<&Frequencies>) {
        let start = self.rarities.len();
        match frequencies {
            None => {
                let records = self.records.max(1) as f32;
                self.rarities = self.counts.iter().map(|&count| (records / count.max(1) as f32).log2()).collect();
            }
            Some(known) => {
                self.rarities.extend(self.hashes[start..].iter().map(|&hash| known.rarity(hash)));
            }
        }
    }

    /// How often each text occurs.
    pub(crate) fn frequencies(&self) -> Frequencies {
        let several = self.counts.iter().enumerate().filter(|(_, count)| **count > 1);
        let counts = several.map(|(id, &count)| (self.hashes[id], count)).collect();
        Frequencies { records: self.records, counts }
    }

    /// `-log2` of the share of the records with any value that have this one.
    #[inline]
    pub(crate) fn rarity(&self, id: u32) -> f32 {
        self.rarities[id as usize]
    }
}

/// Text `id` of texts that stand one after another.
#[inline]
pub(crate) fn slice<'a>(text: &'a str, ends: &[u64], id: u32) -> &'a str {
    let at = id as usize;
    let start = if at == 0 { 0 } else { ends[at - 1] as usize };
    &text[start..ends[at] as usize]
}

/// What of a text tells quickly that it is unlike another: its length, and which characters it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outline {
    chars: u32,
    /// Characters by hash: two may share a bit, which only makes texts look more alike.
    mask: u64,
}

impl Outline {
    pub(crate) fn of(text: &str) -> Outline {
        let mut outline = Outline { chars: 0, mask: 0 };
        for c in text.chars() {
            outline.chars += 1;
            outline.mask |= 1 << (u32::from(c) & 63);
        }
        outline
    }

    /// Upper bound of the Jaro–Winkler similarity of two texts.
    ///
    /// Jaro is `(m/a + m/b + (m-t)/m) / 3` with `m` matching characters, and each kind of character that only one text
    /// has is a position without a match. Winkler adds at most four tenths of what is missing to 1.
    #[inline]
    pub(crate) fn likeness_max(self, other: Outline) -> f64 {
        let matched = |own: Outline, other: Outline| own.chars.saturating_sub((own.mask & !other.mask).count_ones());
        let m = f64::from(matched(self, other).min(matched(other, self)));
        if m == 0.0 {
            return 0.0;
        }
        let jaro = (m / f64::from(self.chars) + m / f64::from(other.chars) + 1.0) / 3.0;
        jaro + 0.4 * (1.0 - jaro)
    }

    /// Whether two texts can be one edit apart.
    #[inline]
    pub(crate) fn may_be_one_edit_apart(self, other: Outline) -> bool {
        self.chars.abs_diff(other.chars) <= 1 && (self.mask ^ other.mask).count_ones() <= 2
    }

    /// Whether a text can be a part of another that is longer.
    pub(crate) fn may_be_within(self, other: Outline) -> bool {
        self.chars < other.chars && self.mask & !other.mask == 0
    }

    #[inline]
    pub(crate) fn chars(self) -> u32 {
        self.chars
    }
}

/// Rows of values, one after another: row `i` is `values[offsets[i]..offsets[i + 1]]`.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    offsets: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows { offsets: vec![0], values: Vec::new() }
    }
}

impl<T: Copy> Rows<T> {
    pub(crate) fn push(&mut self, row: &[T]) {
        self.values.extend_from_slice(row);
        self.offsets.push(self.values.len() as u32);
    }

    #[inline]
    pub(crate) fn row(&self, at: u32) -> &[T] {
        &self.values[self.offsets[at as usize] as usize..self.offsets[at as usize + 1] as usize]
    }

    /// Where a row begins.
    #[inline]
    pub(crate) fn start(&self, at: u32) -> u32 {
        self.offsets[at as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The values of all rows.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    /// Cuts each row down: `cut` gets its number and values, puts those to keep first, and gives their count.
    pub(crate) fn compact(&mut self, mut cut: impl FnMut(u32, &mut [T]) -> usize) {
        let (mut start, mut kept) = (0, 0);
        for row in 0..self.len() {
            let end = self.offsets[row + 1] as usize;
            let count = cut(row as u32, &mut self.values[start..end]);
            self.values.copy_within(start..start + count, kept);
            (start, kept) = (end, kept + count);
            self.offsets[row + 1] = kept as u32;
        }
        self.values.truncate(kept);
        self.values.shrink_to_fit();
    }
}

impl<T: Copy + Default> Rows<T> {
    /// Rows `0..rows` of values that come in any order of rows, and stay in the order in which those of a row come.
    ///
    /// # Panics
    /// 2³² values, or a row out of range.
    pub(crate) fn grouped(rows: u32, values: impl Iterator<Item = (u32, T)> + Clone) -> Rows<T> {
        let mut offsets = vec![0_u32; rows as usize + 1];
        values.clone().for_each(|(row, _)| offsets[row as usize + 1] += 1);
        let mut end = 0_u64;
        for offset in &mut offsets {
            end += u64::from(*offset);
            *offset = u32::try_from(end).expect("fewer than 2^32 values");
        }
        let mut grouped = vec![T::default(); end as usize];
        // While values are placed, the offset of a row is where its next one goes; in the end, that of the next row.
        for (row, value) in values {
            let next = &mut offsets[row as usize];
            grouped[*next as usize] = value;
            *next += 1;
        }
        offsets.rotate_right(1);
        offsets[0] = 0;
        Rows { offsets, values: grouped }
    }
}

/// Calls `each` for every value that the sorted rows `a` and `b` share.
pub(crate) fn for_each_shared<T: Copy + Ord>(a: &[T], b: &[T], mut each: impl FnMut(T)) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                each(a[i]);
                i += 1;
                j += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_once_and_counted() {
        let mut words = Vocabulary::default();
        let ids: Vec<u32> = ["tan", "mei", "tan", ""].iter().map(|t| words.intern(t)).collect();
        assert_eq!(ids, [0, 1, 0, 2]);
        words.count([0, 1]);
        words.count([0]);
        words.count([]);
        assert_eq!((words.get(0), words.get(2), words.len()), ("tan", "", 3));
        words.complete(None);
        assert_eq!((words.rarity(0), words.rarity(1)), (0.0, 1.0));
    }

    #[test]
    fn outlines_never_rule_out_what_is_alike() {
        let texts = [
            "",
            "a",
            "tan",
            "tna",
            "tann",
            "mei",
            "muhammad",
            "mohammed",
            "priscilla",
            "prescilla",
            "jalan ampang 12",
            "สมชาย",
        ];
        for a in texts {
            for b in texts {
                let (x, y) = (Outline::of(a), Outline::of(b));
                assert!(
                    a.is_empty() || b.is_empty() || x.likeness_max(y) + 1e-9 >= strsim::jaro_winkler(a, b),
                    "{a} {b}"
                );
                assert!(strsim::osa_distance(a, b) > 1 || x.may_be_one_edit_apart(y), "{a} {b}");
            }
        }
    }

    #[test]
    fn rows_are_grouped_and_cut_down() {
        let values = [(2, 5), (0, 9), (2, 4), (3, 7), (2, 5), (0, 1)];
        let mut rows = Rows::grouped(5, values.into_iter());
        let all = |rows: &Rows<i32>| (0..5).map(|row| rows.row(row).to_vec()).collect::<Vec<_>>();
        assert_eq!(all(&rows), [vec![9, 1], vec![], vec![5, 4, 5], vec![7], vec![]]);
        rows.compact(|row, values| if row == 2 { 2 } else { values.len() / 2 });
        assert_eq!(all(&rows), [vec![9], vec![], vec![5, 4], vec![], vec![]]);
        assert_eq!(Rows::<u32>::grouped(0, std::iter::empty()).len(), 0);
    }

    #[test]
    fn rows_and_their_intersection() {
        let mut rows = Rows::default();
        rows.push(&[1, 3, 5]);
        rows.push(&[]);
        rows.push(&[3, 4, 5]);
        assert_eq!((rows.row(1), rows.len()), (&[][..], 3));
        let mut shared = Vec::new();
        for_each_shared(rows.row(0), rows.row(2), |v| shared.push(v));
        assert_eq!(shared, [3, 5]);
    }
}
