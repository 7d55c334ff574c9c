//! What was written, as a table.

use std::collections::BTreeMap;
use std::fmt;

use crate::rates::{Defect, DefectCounts};

/// Rows and bytes of each kind of file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files(BTreeMap<String, (u64, u64)>);

impl Files {
    pub(crate) fn add(&mut self, name: &str, rows: u64, bytes: u64) {
        let entry = self.0.entry(name.to_owned()).or_default();
        entry.0 += rows;
        entry.1 += bytes;
    }

    /// Name such as `shopify/orders`, rows, bytes; by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64, u64)> {
        self.0.iter().map(|(name, (rows, bytes))| (name.as_str(), *rows, *bytes))
    }

    /// Rows of one kind of file; 0 when there is none.
    pub fn rows(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |(rows, _)| *rows)
    }
}

/// What [`crate::generate`] wrote. Displays as two tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldSummary {
    pub people: u64,
    pub guest_orders: u64,
    pub files: Files,
    pub defects: DefectCounts,
}

impl fmt::Display for WorldSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<36} {:>12} {:>12}", "file", "rows", "KiB")?;
        for (name, rows, bytes) in self.files.iter() {
            writeln!(f, "{name:<36} {rows:>12} {:>12}", bytes.div_ceil(1024))?;
        }
        writeln!(f)?;
        writeln!(f, "{:<28} {:>10} {:>8}  of (source)", "defect", "count", "rate")?;
        for defect in Defect::ALL {
            let rate = defect.rate();
            let percent = rate.share * 100.0;
            writeln!(
                f,
                "{defect:<28} {:>10} {percent:>6.2} %  {} ({})",
                self.defects.of(*defect),
                rate.of,
                rate.source
            )?;
        }
        write!(f, "\n{} people, {} orders of guests who are nobody", self.people, self.guest_orders)
    }
}
