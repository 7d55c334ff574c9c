//! Attributes that follow from another field count once: a column given three times changes next to nothing.

mod support;

use kenal_identity::{
    Attribute, AttributeKind, BlockingConfig, Config, Known, RawRecord, Records, Schema, Source, resolve,
};
use support::{Company, Dice, Score, company, partition, score};

const NAMES: [&str; 3] = ["area", "ring", "colour"];
const COLOURS: [&str; 8] = ["amber", "black", "crimson", "denim", "ecru", "fuchsia", "green", "hazel"];

/// Names, birth dates, postcodes and a colour of each person's own; with `copies`, the postcode twice more.
fn solve(company: &Company, copies: bool) -> (Score, f64, Vec<Vec<String>>) {
    let attribute = |name: &str| Attribute { name: name.to_owned(), kind: AttributeKind::Category };
    let source = Source { name: "people".to_owned(), one_record: false };
    let schema = Schema { sources: vec![source], attributes: NAMES.map(attribute).to_vec() };
    let colour = |truth: u64| COLOURS[(Dice(truth).next() % COLOURS.len() as u64) as usize];
    let births: Vec<Option<String>> = company.records.iter().map(|r| r.birth_date.map(|d| d.to_string())).collect();
    let keys: Vec<String> = company.records.iter().map(|r| r.key.to_string()).collect();
    let raws = company.records.iter().enumerate().map(|(at, record)| {
        let copy = record.postcode.as_deref().filter(|_| copies);
        RawRecord {
            id: &keys[at],
            given_name: record.given_name.as_deref(),
            family_name: record.family_name.as_deref(),
            full_name: record.full_name.as_deref(),
            birth_date: births[at].as_deref(),
            postcode: record.postcode.as_deref(),
            attributes: vec![copy, copy, Some(colour(company.truth[at]))],
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
fn a_column_given_three_times_counts_once() {
    let company = company(6000, 3);
    let (once, _, none) = solve(&company, false);
    let (thrice, expected, dependent) = solve(&company, true);
    println!("{once:?}\n{thrice:?}, expected {expected}");
    assert!(none.is_empty(), "{none:?}");
    assert_eq!(dependent, [["locality", "area", "ring"]], "the colour follows from nothing");
    assert!(thrice.precision >= once.precision - 0.005 && thrice.recall >= once.recall - 0.01);
}
