//! A flat file of people, made up: `unique_id, first_name, surname, dob, city, postcode, email, phone`, one row a record,
//! and apart from it the truth: `unique_id, cluster`.
//!
//! A generator of its own, and not a view of `kenal-world`, because it is to be a fair test: world writes names, phones
//! and addresses in the ways whose normalisation Kenal was built with, which its peers do not attempt. Here every value
//! is clean (lower case, ISO dates, phones in E.164) and only then damaged as the literature describes, so that what is
//! compared is the matching.
//!
//! Names have the frequencies of the United States' census of 1990 (`data/README.md`), so different people do share
//! names; [`rates`] has all other figures with their sources. People live in households that share an address, often a
//! phone and mostly a surname; they move, marry, and change phone and email between one record and the next.
//!
//! Rows are in random order, and their ids tell nothing. The same seed gives the same bytes. Memory: 12 bytes a record
//! and 12 a person; people are made again for each of their records.
//!
//! Read [`Population`], then `person` (who they are), `record` (what is written down of them), `damage` (errors).

mod damage;
mod names;
mod person;
pub mod rates;
mod record;

use std::path::Path;

use anyhow::{Result, ensure};
use kenal_tables::write::{Cell, Column, Kind, TableWriter};
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_pcg::Pcg64Mcg;

use names::Names;
use person::Residents;

pub use person::Living;

/// Columns of the people file.
pub const COLUMNS: [&str; 8] = ["unique_id", "first_name", "surname", "dob", "city", "postcode", "email", "phone"];
/// Column of the truth beside `unique_id`.
pub const TRUTH: &str = "cluster";

/// What a source of chance is for; two uses of one would correlate.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
enum For {
    Counts = 1,
    Order,
    Household,
    Person,
    Record,
}

/// Chance for the `index`-th of something.
fn chance(seed: u64, purpose: For, index: u64) -> Pcg64Mcg {
    // `seed_from_u64` mixes all bits; odd factors keep (purpose, index) pairs apart before that.
    let key = seed ^ (purpose as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Pcg64Mcg::seed_from_u64(key.wrapping_add(index.wrapping_mul(0xd134_2543_de82_ef95)))
}

/// People and how many records there are of each.
#[derive(Debug)]
pub struct Population {
    seed: u64,
    residents: Residents,
    /// Whose each record is, in the order of the file.
    owners: Vec<u32>,
}

impl Population {
    /// As many people as make this many records, 1 to [`rates::RECORDS_PER_PERSON_MAX`] each.
    ///
    /// # Errors
    /// No records are asked for, or more than fit 32 bits; or the list of names is damaged.
    pub fn new(records: u64, living: Living, seed: u64) -> Result<Population> {
        ensure!(records > 0 && records < u64::from(u32::MAX), "the number of records must fit 32 bits and not be 0");
        let mut dice = chance(seed, For::Counts, 0);
        let mut owners = Vec::with_capacity(records as usize);
        let mut people = 0_u32;
        while (owners.len() as u64) < records {
            let mut copies = 1;
            while copies < rates::RECORDS_PER_PERSON_MAX && dice.random_bool(rates::ANOTHER_RECORD) {
                copies += 1;
            }
            let left = records - owners.len() as u64;
            owners.extend(std::iter::repeat_n(people, copies.min(left) as usize));
            people += 1;
        }
        owners.shuffle(&mut chance(seed, For::Order, 0));
        Ok(Population { seed, residents: Residents::new(seed, people, living, Names::read()?), owners })
    }

    /// People of whom there are records.
    pub fn people_count(&self) -> u32 {
        self.residents.people_count()
    }

    /// Writes the people and the truth: `.parquet` or `.csv` each.
    ///
    /// # Errors
    /// Another ending, or the disk fails.
    pub fn write(&self, people: &Path, truth: &Path) -> Result<()> {
        let text = |name| Column { name, kind: Kind::Text };
        let mut people = TableWriter::create(people, &COLUMNS.map(text))?;
        let mut truth = TableWriter::create(truth, &[text(COLUMNS[0]), text(TRUTH)])?;
        for (row, &owner) in self.owners.iter().enumerate() {
            let person = self.residents.person(owner);
            let mut dice = chance(self.seed, For::Record, row as u64);
            let values = record::of(&person, self.residents.towns(), &mut dice);
            let id = format!("r{row}");
            let mut cells = [Cell::Text(&id); COLUMNS.len()];
            for (cell, value) in cells[1..].iter_mut().zip(&values) {
                *cell = if value.is_empty() { Cell::None } else { Cell::Text(value) };
            }
            people.write(&cells)?;
            truth.write(&[Cell::Text(&id), Cell::Text(&format!("p{owner}"))])?;
        }
        people.finish()?;
        truth.finish()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    fn written(records: u64, seed: u64, name: &str) -> (String, String) {
        let dir = tempfile::tempdir().expect("a folder");
        let (people, truth) = (dir.path().join(name), dir.path().join("truth.csv"));
        Population::new(records, Living::Together, seed).expect("people").write(&people, &truth).expect("written");
        (fs::read_to_string(people).expect("people"), fs::read_to_string(truth).expect("truth"))
    }

    #[test]
    fn files_are_as_they_are_described() {
        let (people, truth) = written(20_000, 7, "people.csv");
        assert_eq!((&people, &truth), (&written(20_000, 7, "people.csv").0, &truth), "the same seed, the same bytes");
        assert_ne!(people, written(20_000, 8, "people.csv").0);
        assert_eq!(people.lines().next(), Some(COLUMNS.join(",").as_str()));
        assert_eq!((people.lines().count(), truth.lines().count()), (20_001, 20_001));
        let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
        for line in truth.lines().skip(1) {
            *sizes.entry(line.split(',').nth(1).expect("a cluster")).or_default() += 1;
        }
        assert!(sizes.values().all(|&n| n <= rates::RECORDS_PER_PERSON_MAX), "{:?}", sizes.values().max());
        let mean = 20_000.0 / sizes.len() as f64;
        assert!((2.2..2.6).contains(&mean), "{mean} records a person");
        // Every column but the id has values, and lacks some.
        for (column, name) in COLUMNS.iter().enumerate().skip(1) {
            let filled = people.lines().skip(1).filter(|l| l.split(',').nth(column).is_some_and(|v| !v.is_empty()));
            let share = filled.count() as f64 / 20_000.0;
            assert!((0.5..1.0).contains(&share), "{name}: {share}");
        }
    }

    #[test]
    fn a_number_of_records_that_cannot_be() {
        for records in [0, 1 << 32] {
            assert!(Population::new(records, Living::Alone, 1).is_err());
        }
        assert_eq!(written(1, 1, "one.csv").0.lines().count(), 2);
    }
}
