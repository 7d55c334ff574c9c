//! Tables and numbers as every command prints them.

use std::fmt;
use std::time::Duration;

use comfy_table::{Cell, CellAlignment, ContentArrangement, TableComponent, presets};

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// A plain table: readable in a terminal, in a log and in a message.
pub struct Table {
    inner: comfy_table::Table,
    aligns: Vec<Align>,
}

impl Table {
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        inner.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
        let aligns: Vec<Align> = columns.iter().map(|(_, align)| *align).collect();
        inner.set_header(columns.iter().map(|(name, align)| cell(name, *align)));
        Table { inner, aligns }
    }

    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> &mut Self {
        let cells: Vec<Cell> = cells.into_iter().zip(&self.aligns).map(|(text, a)| cell(text.as_ref(), *a)).collect();
        self.inner.add_row(cells);
        self
    }
}

fn cell(text: &str, align: Align) -> Cell {
    Cell::new(text).set_alignment(match align {
        Align::Left => CellAlignment::Left,
        Align::Right => CellAlignment::Right,
    })
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Columns a table may take: the terminal's, or as many as an editor shows where there is none.
pub fn columns() -> u16 {
    comfy_table::Table::new().width().unwrap_or(160)
}

/// `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `34.5 %`, or a dash when there is no whole to take a part of.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * part as f64 / whole as f64) }
}

/// `0.4 s`, `12 s`, `3 min 05 s`.
pub fn duration(d: Duration) -> String {
    let s = d.as_secs_f64();
    if s < 10.0 {
        format!("{s:.1} s")
    } else if s < 120.0 {
        format!("{s:.0} s")
    } else {
        format!("{} min {:02} s", d.as_secs() / 60, d.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (4_100_000, "4,100,000")] {
            assert_eq!(count(n), text);
        }
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(duration(Duration::from_secs(185)), "3 min 05 s");
    }
}
