//! Names and places of tables.

use std::fmt;
use std::path::{Path, PathBuf};

use kenal_types::System;

/// How far a table is from what was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// As received.
    Bronze,
    /// Typed.
    Silver,
    /// Derived.
    Gold,
}

impl Layer {
    pub const ALL: [Layer; 3] = [Layer::Bronze, Layer::Silver, Layer::Gold];

    /// The folder, and the first part of a name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Layer::Bronze => "bronze",
            Layer::Silver => "silver",
            Layer::Gold => "gold",
        }
    }
}

/// A table of the lake; shown as in SQL, `silver_orders`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    pub layer: Layer,
    pub name: String,
}

/// The typed tables.
pub const CUSTOMERS: &str = "customers";
pub const ITEMS: &str = "items";
pub const VARIANTS: &str = "variants";
pub const ORDERS: &str = "orders";
pub const ORDER_LINES: &str = "order_lines";
pub const TICKETS: &str = "tickets";
pub const EVENTS: &str = "events";
pub const CONSENTS: &str = "consents";

/// The two bronze tables that are not one system's.
pub const DEAD_LETTERS: &str = "dead_letters";
pub const FILES: &str = "files";

impl TableName {
    pub fn bronze(name: impl Into<String>) -> Self {
        TableName { layer: Layer::Bronze, name: name.into() }
    }

    pub fn silver(name: impl Into<String>) -> Self {
        TableName { layer: Layer::Silver, name: name.into() }
    }

    /// `None` when the name is not of small letters, digits and `_`, beginning with a letter: it becomes a folder and
    /// an identifier in SQL.
    pub fn gold(name: &str) -> Option<Self> {
        let mut letters = name.bytes();
        let head = letters.next().is_some_and(|b| b.is_ascii_lowercase());
        let tail = letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        (head && tail).then(|| TableName { layer: Layer::Gold, name: name.to_owned() })
    }

    /// From a name in SQL; `None` when no layer comes first.
    pub fn parse(text: &str) -> Option<Self> {
        let (layer, name) = text.split_once('_')?;
        let layer = Layer::ALL.into_iter().find(|l| l.name() == layer)?;
        (!name.is_empty()).then(|| TableName { layer, name: name.to_owned() })
    }

    pub(crate) fn dir(&self, root: &Path) -> PathBuf {
        root.join(self.layer.name()).join(&self.name)
    }

    pub(crate) fn exists(&self, root: &Path) -> bool {
        self.dir(root).join("_delta_log").is_dir()
    }

    /// The tables every lake has from its first day, in the order an ingest commits them: `bronze_files` comes last,
    /// because a file counts as read once it stands there.
    pub(crate) fn fixed() -> Vec<TableName> {
        let silver = [CUSTOMERS, ITEMS, VARIANTS, ORDERS, ORDER_LINES, TICKETS, EVENTS, CONSENTS];
        let mut all: Vec<TableName> = silver.into_iter().map(TableName::silver).collect();
        all.extend(System::ALL.into_iter().map(|s| TableName::bronze(s.name())));
        all.extend([DEAD_LETTERS, FILES].into_iter().map(TableName::bronze));
        all
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.layer.name(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_undo_each_other() {
        for table in TableName::fixed() {
            assert_eq!(TableName::parse(&table.to_string()), Some(table));
        }
        for bad in ["orders", "tin_orders", "gold_", "gold"] {
            assert_eq!(TableName::parse(bad), None, "{bad}");
        }
        assert!(TableName::gold("person_profile2").is_some());
        for bad in ["", "Person", "2person", "a-b", "../a", "a b"] {
            assert_eq!(TableName::gold(bad), None, "{bad}");
        }
    }
}
