//! Attributes that follow from another field count once: the postcode again, its area and the year of birth change next
//! to nothing.

mod support;

use kenal_identity::{
    Attribute, AttributeKind, BlockingConfig, Config, Known, RawRecord, Records, Schema, Source, resolve,
};
use support::{Company, Dice, Score, company, partition, score};

const NAMES: [&str; 4] = ["again", "area", "birth year", "colour"];
const COLOURS: [&str; 8] = ["amber", "black", "crimson", "denim", "ecru", "fuchsia", "green", "hazel"];

/// Names, birth dates, postcodes and a colour of each person's own; with `copies`, the postcode again, its first two
/// digits, and the year of birth.
fn solve(company: &Company, copies: bool) -> (Score, f64, Vec<Vec<String>>) {
    let attribute = |name: &str| Attribute { name: name.to_owned(), kind: AttributeKind::Category };
    let source = Source { name: "people".to_owned(), one_record: false };
    let schema = Schema { sources: vec![source], attributes: NAMES.map(attribute).to_vec() };
    let colour = |truth: u64| COLOURS[(Dice(truth).next() % COLOURS.len() as u64) as usize];
    let births: Vec<Option<String>> = company.records.iter().map(|r| r.birth_date.map(|d| d.to_string())).collect();
    let keys: Vec<String> = company.records.iter().map(|r| r.key.to_string()).collect();
    let raws = company.records.iter().enumerate().map(|(at, record)| {
        let again = record.postcode.as_deref().filter(|_| copies);
        let area = again.and_then(|code| code.get(..2));
        let year = births[at].as_deref().filter(|_| copies).and_then(|date| date.get(..4));
        RawRecord {
            id: &keys[at],
            given_name: record.given_name.as_deref(),
            family_name: record.family_name.as_deref(),
            full_name: record.full_name.as_deref(),
            birth_date: births[at].as_deref(),
            postcode: record.postcode.as_deref(),
            attributes: vec![again, area, year, Some(colour(company.truth[at]))],
            ..RawRecord::default()
        }
    });
    let mut records = Records::new(schema.clone()).expect("a schema");
    records.push(&raws.collect::<Vec<_>>()).expect("distinct ids");
    let config = Config { blocking: BlockingConfig::automatic(&schema), ..Config::outside() };
    let found = resolve(&mut records, &Known::default(), &config).expect("a resolution");
    println!("{}", found.model);
    let name = |field| schema.field_name(field).to_owned();
    let dependent = found.model.dependent.iter().map(|group| group.iter().copied().map(name).collect());
    (score(&partition(&found), &company.truth), found.report.expected_precision, dependent.collect())
}

#[test]
fn what_follows_from_another_field_counts_once() {
    let company = company(6000, 3);
    let (once, _, none) = solve(&company, false);
    let (more, expected, dependent) = solve(&company, true);
    println!("{once:?}\n{more:?}, expected {expected}\n{dependent:?}");
    assert!(none.is_empty(), "{none:?}");
    let groups = [vec!["birth date", "birth year"], vec!["locality", "again", "area"]];
    assert_eq!(dependent, groups, "the colour follows from nothing");
    assert!(more.precision >= once.precision - 0.005 && more.recall >= once.recall - 0.01);
}
