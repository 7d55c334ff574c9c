//! What stewards have decided, by the keys of records: decisions outlive the records they are about.

use rustc_hash::FxHashMap;

/// Decisions by the hash of a record's key; each is kept under both of its records.
#[derive(Debug, Default)]
pub(super) struct Rulings(FxHashMap<u64, Vec<(u64, bool)>>);

impl Rulings {
    /// The last word on two records; `None` takes back what was said.
    pub(super) fn decide(&mut self, a: u64, b: u64, same: Option<bool>) {
        for (own, other) in [(a, b), (b, a)] {
            let said = self.0.entry(own).or_default();
            said.retain(|&(about, _)| about != other);
            said.extend(same.map(|same| (other, same)));
        }
    }

    /// Nothing was ever decided.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The other records that decisions about a record name, and whether they are the same person.
    pub(super) fn of(&self, tie: u64) -> impl Iterator<Item = (u64, bool)> + '_ {
        self.0.get(&tie).into_iter().flatten().copied()
    }
}
