//! Rows of people who agreed. The one door between consent and everything after it.
//!
//! A function that needs permission takes a `Consented<…>`; it cannot be called with anything else, and only
//! [`crate::Snapshot::admit`] makes one.

use kenal_types::PersonId;

use crate::cell::CellSet;

/// A row about one person.
pub trait Subject {
    fn person(&self) -> PersonId;
}

/// How many rows stayed behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refused {
    pub rows: u64,
}

/// Rows whose people permit one of [`Consented::cells`], under the snapshot with [`Consented::root`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consented<T> {
    value: T,
    cells: CellSet,
    root: [u8; 32],
}

impl<T> Consented<T> {
    pub(crate) fn new(value: T, cells: CellSet, root: [u8; 32]) -> Self {
        Consented { value, cells, root }
    }

    pub fn get(&self) -> &T {
        &self.value
    }

    pub fn into_inner(self) -> T {
        self.value
    }

    /// The permissions the rows were admitted under: each row's person gave at least one of them.
    pub fn cells(&self) -> CellSet {
        self.cells
    }

    /// Root of the snapshot that admitted them.
    pub fn root(&self) -> [u8; 32] {
        self.root
    }

    /// Derives something from the rows alone; the permission goes with it.
    pub fn map<U>(self, derive: impl FnOnce(T) -> U) -> Consented<U> {
        Consented { value: derive(self.value), cells: self.cells, root: self.root }
    }
}
