//! Texts by number: each text is kept once, in one string.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// Numbers texts from 0 in the order in which they first come.
#[derive(Debug, Default, Clone)]
pub(super) struct Interner {
    text: String,
    ends: Vec<usize>,
    table: HashTable<u32>,
}

impl Interner {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, text: &str) -> Option<u32> {
        let equal = |at: &u32| spelled(&self.text, &self.ends, *at) == text;
        self.table.find(FxBuildHasher.hash_one(text), equal).copied()
    }

    /// The number of a text, and whether it is new. None past 2³² texts.
    pub(super) fn insert(&mut self, text: &str) -> Option<(u32, bool)> {
        if let Some(at) = self.get(text) {
            return Some((at, false));
        }
        let at = u32::try_from(self.ends.len()).ok()?;
        self.text.push_str(text);
        self.ends.push(self.text.len());
        let (all, ends) = (&self.text, &self.ends);
        let hash = |at: &u32| FxBuildHasher.hash_one(spelled(all, ends, *at));
        self.table.insert_unique(FxBuildHasher.hash_one(text), at, hash);
        Some((at, true))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|at| spelled(&self.text, &self.ends, at))
    }
}

fn spelled<'a>(text: &'a str, ends: &[usize], at: u32) -> &'a str {
    let at = at as usize;
    let start = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or_default();
    text.get(start..ends.get(at).copied().unwrap_or(start)).unwrap_or_default()
}
