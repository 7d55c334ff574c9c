//! Accuracy on the public FEBRL sets, with the rules chosen automatically and no truth used. Read from the shared data
//! folder when it is there; without it the tests say so and pass.

mod support;

use std::io::Write as _;
use std::path::PathBuf;

use csv::StringRecord;
use kenal_identity::{
    Attribute, AttributeKind, BlockingConfig, Config, Known, RawRecord, Records, Schema, Source, resolve,
};
use support::{Score, partition, score};

fn read(file: &str) -> Option<Vec<StringRecord>> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../../shared/data/identity", file].iter().collect();
    if !path.exists() {
        writeln!(std::io::stderr(), "skipped: {file} is not in ../shared/data/identity").expect("standard error");
        return None;
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).expect("a readable file");
    Some(reader.records().map(|row| row.expect("a row")).collect())
}

/// With or without the number that nearly is a key.
fn solve(files: &[Vec<StringRecord>], with_number: bool) -> Score {
    let source = |n: usize| Source { name: format!("file {n}"), one_record: files.len() > 1 };
    let state = Attribute { name: "state".to_owned(), kind: AttributeKind::Category };
    let schema = Schema { sources: (0..files.len()).map(source).collect(), attributes: vec![state] };
    let mut records = Records::new(schema.clone()).expect("a schema");
    let mut truth = Vec::new();
    for (n, rows) in files.iter().enumerate() {
        let streets: Vec<String> = rows.iter().map(|row| format!("{} {} {}", &row[3], &row[4], &row[5])).collect();
        let mut raws: Vec<RawRecord<'_>> = Vec::new();
        for (row, street) in rows.iter().zip(&streets) {
            let text = |at: usize| row.get(at).filter(|t| !t.is_empty());
            raws.push(RawRecord {
                source: n as u8,
                id: &row[0],
                given_name: text(1),
                family_name: text(2),
                street: Some(street),
                city: text(6),
                postcode: text(7),
                birth_date: text(9),
                number: text(10).filter(|_| with_number),
                attributes: vec![text(8)],
                ..RawRecord::default()
            });
        }
        records.push(&raws).expect("distinct ids");
        let number = |row: &StringRecord| row[0].split('-').nth(1).and_then(|n| n.parse::<u64>().ok());
        truth.extend(rows.iter().map(|row| number(row).expect("rec-N-…")));
    }
    let config = Config { blocking: BlockingConfig::automatic(&schema), ..Config::outside() };
    let found = resolve(&mut records, &Known::default(), &config).expect("a resolution");
    let result = score(&partition(&found), &truth);
    println!("{result:?}\n{}\n{}", found.report, found.model);
    result
}

#[test]
fn febrl3_dedupe() {
    let Some(rows) = read("febrl_dataset3.csv") else { return };
    let files = [rows];
    let found = solve(&files, true);
    assert!(found.f1 >= 0.998, "{found:?}");
    let found = solve(&files, false);
    assert!(found.f1 >= 0.99 && found.precision >= 0.998, "without the number: {found:?}");
}

#[test]
fn febrl4_link() {
    let (Some(a), Some(b)) = (read("febrl_dataset4a.csv"), read("febrl_dataset4b.csv")) else { return };
    let files = [a, b];
    let found = solve(&files, true);
    assert!(found.f1 >= 0.9995, "{found:?}");
    let found = solve(&files, false);
    assert!(found.f1 >= 0.99 && found.precision >= 0.998, "without the number: {found:?}");
}
