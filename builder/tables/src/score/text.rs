//! A score for a terminal: plain tables.

use std::fmt;

use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};

use super::measure::{Measure, Score};
use crate::names::grouped;

impl Score {
    /// Renders the score for a given width in characters.
    pub fn to_text(&self, width: u16) -> String {
        let mut out = format!(
            "{} records in {} clusters, truly {}; ",
            grouped(self.records),
            grouped(self.clusters_found),
            grouped(self.clusters_true)
        );
        out += &format!("the largest has {}, truly {}\n", grouped(self.largest_found), grouped(self.largest_true));
        if self.records_without_truth + self.records_without_cluster > 0 {
            let (a, b) = (grouped(self.records_without_truth), grouped(self.records_without_cluster));
            out += &format!("left out: {a} records without a truth, {b} records of the truth without a cluster\n");
        }
        let mut measures = table(width, &["", "precision", "recall", "F1"]);
        for (name, m) in [("pairs", self.pairwise), ("records (B³)", self.b_cubed)] {
            let Measure { precision, recall, f1 } = m;
            measures.add_row([name.to_owned(), ratio(precision), ratio(recall), ratio(f1)]);
        }
        out += &format!("\n{}\n", measures.trim_fmt());
        let (right, found, truth) = (grouped(self.pairs_right), grouped(self.pairs_found), grouped(self.pairs_true));
        out += &format!("{right} pairs right, of {found} found and {truth} true\n");
        out += &format!("\nTrue clusters by size, in per cent of them\n{}\n", self.sizes(width));
        out += "split: in several clusters (under-merged); mixed: together with other people (over-merged)\n";
        out
    }

    fn sizes(&self, width: u16) -> String {
        let mut sizes = table(width, &["records", "clusters", "exact", "split", "mixed", "split and mixed"]);
        for row in self.by_true_size.iter().filter(|row| row.clusters > 0) {
            let share = |n: u64| format!("{:.2}", 100.0 * n as f64 / row.clusters as f64);
            let [exact, split, mixed, both] = [row.exact, row.split, row.mixed, row.split_and_mixed].map(share);
            sizes.add_row([row.size.to_string(), grouped(row.clusters), exact, split, mixed, both]);
        }
        sizes.trim_fmt()
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(100))
    }
}

fn table(width: u16, header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width).set_header(header.iter().copied());
    for at in 1..header.len() {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Four places, as such figures are compared.
fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |v| format!("{v:.4}"))
}
