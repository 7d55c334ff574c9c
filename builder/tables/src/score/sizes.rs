//! What becomes of true clusters, by their size.

use serde::Serialize;

/// Sizes of true clusters that are told together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SizeClass {
    /// Least records.
    pub least: u32,
    /// Most records; none for the last class.
    pub most: Option<u32>,
}

const fn class(least: u32, most: u32) -> SizeClass {
    SizeClass { least, most: Some(most) }
}

/// All classes, the smallest first. Every size is in exactly one.
pub const SIZE_CLASSES: [SizeClass; 7] = [
    class(1, 1),
    class(2, 2),
    class(3, 3),
    class(4, 5),
    class(6, 10),
    class(11, 20),
    SizeClass { least: 21, most: None },
];

impl std::fmt::Display for SizeClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.most {
            Some(most) if most == self.least => write!(f, "{most}"),
            Some(most) => write!(f, "{}–{most}", self.least),
            None => write!(f, "{}+", self.least),
        }
    }
}

/// True clusters of one size class: `clusters = exact + split + mixed + split_and_mixed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SizeRow {
    /// The sizes.
    pub size: SizeClass,
    /// True clusters of these sizes.
    pub clusters: u64,
    /// Records in them.
    pub records: u64,
    /// Found with exactly their records.
    pub exact: u64,
    /// Their records lie in several clusters, each of which is theirs alone: under-merged.
    pub split: u64,
    /// Their records lie in one cluster, together with others: over-merged.
    pub mixed: u64,
    /// Their records lie in several clusters, with others in one of them or more.
    pub split_and_mixed: u64,
}

/// A row for each class, with nothing counted.
pub(super) fn empty() -> [SizeRow; SIZE_CLASSES.len()] {
    SIZE_CLASSES.map(|size| SizeRow { size, clusters: 0, records: 0, exact: 0, split: 0, mixed: 0, split_and_mixed: 0 })
}

impl SizeRow {
    pub(super) fn holds(&self, records: u64) -> bool {
        u64::from(self.size.least) <= records && self.size.most.is_none_or(|most| records <= u64::from(most))
    }

    pub(super) fn count(&mut self, records: u64, is_split: bool, is_mixed: bool) {
        self.clusters += 1;
        self.records += records;
        let outcome = match (is_split, is_mixed) {
            (false, false) => &mut self.exact,
            (true, false) => &mut self.split,
            (false, true) => &mut self.mixed,
            (true, true) => &mut self.split_and_mixed,
        };
        *outcome += 1;
    }
}
