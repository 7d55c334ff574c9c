//! The table that benches print and record.

use std::fmt;

use comfy_table::{Cell, CellAlignment, Table, TableComponent, presets};

/// A table of `N` columns, the first of which are words and the others numbers.
#[derive(Debug)]
pub struct Figures<const N: usize> {
    table: Table,
    words: usize,
}

impl<const N: usize> Figures<N> {
    /// `words`: how many of the columns are words.
    pub fn new(columns: [&str; N], words: usize) -> Self {
        let mut table = Table::new();
        table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
        table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
        let mut figures = Figures { table, words };
        let header = figures.cells(columns.map(str::to_owned));
        figures.table.set_header(header);
        figures
    }

    pub fn row(&mut self, texts: [String; N]) {
        let cells = self.cells(texts);
        self.table.add_row(cells);
    }

    fn cells(&self, texts: [String; N]) -> Vec<Cell> {
        let side = |at: usize| if at < self.words { CellAlignment::Left } else { CellAlignment::Right };
        texts.into_iter().enumerate().map(|(at, text)| Cell::new(text).set_alignment(side(at))).collect()
    }
}

impl<const N: usize> fmt::Display for Figures<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)
    }
}
