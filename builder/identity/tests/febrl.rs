//! Accuracy on the public FEBRL sets, with default settings and no truth used. Read from the shared data folder when it
//! is there; without it the tests say so and pass.

mod support;

use std::io::Write as _;
use std::path::PathBuf;

use kenal_identity::{Config, Input, resolve};
use kenal_types::{CustomerRecord, Date, Loyalty, System};
use support::{partition, record, score};

fn read(file: &str, system: System) -> Option<Vec<CustomerRecord>> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../../shared/data/identity", file].iter().collect();
    if !path.exists() {
        writeln!(std::io::stderr(), "skipped: {file} is not in ../shared/data/identity").expect("standard error");
        return None;
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).expect("a readable file");
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        let text = |at: usize| row.get(at).filter(|t| !t.is_empty()).map(str::to_owned);
        let join = |a: Option<String>, b: Option<String>| match (a, b) {
            (Some(a), Some(b)) => Some(format!("{a} {b}")),
            (a, b) => a.or(b),
        };
        let birth = text(9)
            .filter(|d| d.len() == 8)
            .and_then(|d| format!("{}-{}-{}", &d[..4], &d[4..6], &d[6..]).parse::<Date>().ok());
        CustomerRecord {
            given_name: text(1),
            family_name: text(2),
            street: join(join(text(3), text(4)), text(5)),
            city: text(6),
            postcode: text(7),
            country: text(8),
            birth_date: birth,
            loyalty: text(10).map(|number| Loyalty { number, status: String::new(), enrolled_on: None }),
            ..record(system, row.get(0).expect("an id"))
        }
    });
    Some(rows.collect())
}

fn truth(records: &[CustomerRecord]) -> Vec<u64> {
    let number = |r: &CustomerRecord| r.key.id.split('-').nth(1).and_then(|n| n.parse().ok());
    records.iter().map(|r| number(r).expect("rec-N-…")).collect()
}

fn check(name: &str, records: &[CustomerRecord], f1_min: f64) {
    let input = Input { records, ..Input::default() };
    let found = resolve(&input, &Config::default()).expect("a resolution");
    let result = score(&partition(&found, records), &truth(records));
    println!("{name}: {result:?}\n{}\n{}", found.report, found.model);
    assert!(result.f1 >= f1_min, "{name}: {result:?}");
}

#[test]
fn febrl3_dedupe() {
    if let Some(records) = read("febrl_dataset3.csv", System::Warehouse) {
        check("febrl3", &records, 0.98);
    }
}

/// The same without the number that nearly is a key.
#[test]
fn febrl3_dedupe_without_the_security_number() {
    if let Some(mut records) = read("febrl_dataset3.csv", System::Warehouse) {
        records.iter_mut().for_each(|r| r.loyalty = None);
        check("febrl3 without number", &records, 0.93);
    }
}

#[test]
fn febrl4_link() {
    if let (Some(mut records), Some(others)) =
        (read("febrl_dataset4a.csv", System::Salesforce), read("febrl_dataset4b.csv", System::Warehouse))
    {
        records.extend(others);
        check("febrl4", &records, 0.98);
    }
}
