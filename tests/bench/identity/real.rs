//! Public data sets in the columns of made-up people.

use std::path::Path;

use anyhow::{Context as _, Result};
use kenal_bench::people::{COLUMNS, TRUTH};
use kenal_tables::read::{Batch, Reader};
use kenal_tables::write::{Cell, Column, Kind, TableWriter};

/// A public data set with its truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Set {
    /// 5,000 records of up to six a person, made by FEBRL.
    Febrl3,
    /// Two sources of 5,000 people, made by FEBRL, as one file.
    Febrl4,
    /// 50,000 records of historical people from Wikidata, with errors made.
    Historical50k,
}

/// Where a data set has what.
struct Layout {
    files: &'static [&'static str],
    truth: &'static str,
    /// For each of [`COLUMNS`] but the id; none where the set has nothing of the kind.
    columns: [Option<&'static str>; 7],
}

const FEBRL: [Option<&str>; 7] =
    [Some("given_name"), Some("surname"), Some("date_of_birth"), Some("suburb"), Some("postcode"), None, None];

impl Set {
    pub const ALL: [Set; 3] = [Set::Febrl3, Set::Febrl4, Set::Historical50k];

    pub fn name(self) -> &'static str {
        match self {
            Set::Febrl3 => "febrl3",
            Set::Febrl4 => "febrl4",
            Set::Historical50k => "historical50k",
        }
    }

    fn layout(self) -> Layout {
        match self {
            Set::Febrl3 => Layout { files: &["febrl_dataset3.csv"], truth: "rec_id", columns: FEBRL },
            Set::Febrl4 => {
                Layout { files: &["febrl_dataset4a.csv", "febrl_dataset4b.csv"], truth: "rec_id", columns: FEBRL }
            }
            Set::Historical50k => Layout {
                files: &["historical_figures_with_errors_50k.parquet"],
                truth: "cluster",
                columns: [
                    Some("first_name"),
                    Some("surname"),
                    Some("dob"),
                    Some("birth_place"),
                    Some("postcode_fake"),
                    None,
                    None,
                ],
            },
        }
    }
}

/// Writes a data set as people and truth.
pub fn write(set: Set, data: &Path, people: &Path, truth: &Path) -> Result<()> {
    let text = |name| Column { name, kind: Kind::Text };
    let mut people = TableWriter::create(people, &COLUMNS.map(text))?;
    let mut truths = TableWriter::create(truth, &[text(COLUMNS[0]), text(TRUTH)])?;
    let layout = set.layout();
    for file in layout.files {
        let mut reader = Reader::open(&data.join(file)).with_context(|| format!("opening {file}"))?;
        let truth = reader.column(layout.truth)?;
        let columns = layout.columns.map(|name| name.map(|name| reader.column(name)));
        let mut batch = Batch::new();
        while reader.next_batch(&mut batch)? {
            for row in 0..batch.rows_count() {
                let id = format!("r{}", people.rows_count());
                let mut values: [String; 7] = Default::default();
                for (value, column) in values.iter_mut().zip(&columns) {
                    if let Some(Ok(column)) = column {
                        *value = batch.get(row, *column).unwrap_or_default().to_owned();
                    }
                }
                values[2] = iso_date(&values[2]);
                let mut cells = [Cell::Text(&id); COLUMNS.len()];
                for (cell, value) in cells[1..].iter_mut().zip(&values) {
                    *cell = if value.is_empty() { Cell::None } else { Cell::Text(value) };
                }
                people.write(&cells)?;
                let whose = batch.get(row, truth).context("a record without a truth")?;
                truths.write(&[Cell::Text(&id), Cell::Text(person(whose))])?;
            }
        }
    }
    people.finish()?;
    truths.finish()?;
    Ok(())
}

/// FEBRL writes 19560409, which the peer's comparison of dates cannot read.
fn iso_date(text: &str) -> String {
    match (text.len(), text.get(..4), text.get(4..6), text.get(6..)) {
        (8, Some(year), Some(month), Some(day)) if text.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{year}-{month}-{day}")
        }
        _ => text.to_owned(),
    }
}

/// FEBRL's ids are `rec-1496-org` and `rec-1496-dup-0`: the number is the person's.
fn person(truth: &str) -> &str {
    let number = truth.strip_prefix("rec-").and_then(|rest| rest.split('-').next());
    number.unwrap_or(truth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_febrl_writes() {
        for (text, date) in [("19560409", "1956-04-09"), ("1956-4", "1956-4"), ("", ""), ("1956040x", "1956040x")] {
            assert_eq!(iso_date(text), date);
        }
        for (id, number) in [("rec-1496-org", "1496"), ("rec-552-dup-3", "552"), ("Q2296770", "Q2296770")] {
            assert_eq!(person(id), number);
        }
    }
}
