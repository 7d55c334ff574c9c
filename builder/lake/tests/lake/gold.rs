//! Derived tables: rewritten when their inputs change, and only then.

use kenal_lake::{Columns, Fingerprint, LakeError};
use kenal_types::{Date, Entity, Market, PersonId, System, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sample::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Profile {
    person: PersonId,
    market: Option<Market>,
    orders: u32,
    spent: f64,
    score: f32,
    vip: bool,
    last_order_at: Option<Timestamp>,
    born_on: Option<Date>,
    segments: Vec<String>,
    nothing: Option<i64>,
}

fn profile(i: u64) -> Profile {
    Profile {
        person: PersonId(u64::MAX - i),
        market: i.is_multiple_of(2).then_some(Market::Malaysia),
        orders: i as u32,
        spent: i as f64 / 3.0,
        score: 0.1,
        vip: i == 0,
        last_order_at: i.is_multiple_of(2).then_some(Timestamp(i as i64)),
        born_on: Some(Date(-3)),
        segments: vec!["a".into()],
        nothing: None,
    }
}

fn columns() -> Columns {
    Columns::new()
        .text("person")
        .text("market")
        .int("orders")
        .real("spent")
        .real("score")
        .flag("vip")
        .time("last_order_at")
        .day("born_on")
        .texts("segments")
        .int("nothing")
}

#[test]
fn rows_come_back_in_the_order_they_were_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let rows: Vec<Profile> = (0..140_000).map(profile).collect();
    let fingerprint = Fingerprint::of("profile 1").finish();
    let written = lake.write_gold("profile", &rows, &fingerprint).expect("written");
    assert_eq!((written.version, written.changed), (0, true));
    assert!(lake.read_gold::<Profile>("profile").expect("rows") == rows);

    let written = lake.write_gold_as("stated", &columns(), rows.iter(), &fingerprint).expect("written");
    assert!(written.changed);
    assert!(lake.read_gold::<Profile>("stated").expect("rows") == rows);

    let types = |name: &str| {
        let query = format!("SELECT last_order_at, born_on, orders, segments FROM gold_{name} LIMIT 1");
        let batches = lake.sql(&query).expect("a result");
        batches[0].schema().fields().iter().map(|f| f.data_type().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(types("profile"), types("stated"));
    assert_eq!(types("profile")[..3], ["Timestamp(µs, \"UTC\")", "Date32", "Int64"]);
}

#[test]
fn a_range_of_a_column_is_read_in_the_order_of_writing() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let rows: Vec<Profile> = (0..140_000).map(profile).collect();
    let print = Fingerprint::of("profile 1").finish();
    lake.write_gold("profile", &rows, &print).expect("written");
    let mut people: Vec<_> = rows.iter().map(|row| row.person).collect();
    people.sort();
    for (first, last) in [(people[70_000], people[70_009]), (people[0], people[0]), (people[9], people[3])] {
        let expected: Vec<&Profile> = rows.iter().filter(|r| r.person >= first && r.person <= last).collect();
        let (first, last) = (first.to_string(), last.to_string());
        let read = lake.read_gold_between::<Profile>("profile", "person", &first, &last).expect("rows");
        assert!(read.iter().collect::<Vec<_>>() == expected, "{first} to {last}");
    }
    let none = lake.read_gold_between::<Profile>("profile", "person", "it's", "it's").expect("a quoted text");
    assert!(none.is_empty());
    assert!(lake.read_gold_between::<Profile>("profile", "nobody\"", "", "z").is_err(), "no such column");
    lake.write_gold::<Profile>("empty", &[], &print).expect("written");
    assert!(lake.read_gold_between::<Profile>("empty", "person", "", "z").expect("no rows").is_empty());
}

#[test]
fn a_row_that_cannot_be_made_leaves_the_table_as_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let print = |code: &str| Fingerprint::of(code).finish();
    let rows: Vec<Profile> = (0..100).map(profile).collect();
    lake.write_gold_as("stated", &columns(), rows.iter(), &print("1")).expect("written");
    // After more rows than are encoded at once.
    let failing =
        (0..70_000).map(|n| if n == 69_999 { Err(LakeError::GoldName("the row".into())) } else { Ok(profile(n)) });
    let failed = lake.write_gold_of("stated", &columns(), failing, &print("2")).expect_err("a row fails");
    assert!(matches!(failed, LakeError::GoldName(what) if what == "the row"));
    assert!(lake.read_gold::<Profile>("stated").expect("rows") == rows);
    assert_eq!(lake.gold_fingerprint("stated").expect("read"), Some(print("1")));
}

#[test]
fn a_table_is_rewritten_only_when_its_fingerprint_changes() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let inputs = || {
        let fingerprint = Fingerprint::of("profile 1").config("window_days = 30");
        fingerprint.table(&lake, "silver_customers").expect("a version").finish()
    };
    let before = inputs();
    assert_eq!(lake.gold_fingerprint("profile").expect("readable"), None);
    let write = |rows: &[Profile], fingerprint| {
        let written = lake.write_gold("profile", rows, fingerprint).expect("written");
        (written.version, written.changed)
    };
    assert_eq!(write(&[profile(1)], &before), (0, true));
    assert_eq!(write(&[profile(2)], &before), (0, false), "the same inputs give the same rows");
    assert_eq!(lake.gold_fingerprint("profile").expect("readable"), Some(before));
    assert_eq!(lake.read_gold::<Profile>("profile").expect("rows"), [profile(1)]);

    let lines = vec![vec![Entity::Customer(customer("shopify:1", 1).into())]];
    ingest(&lake, System::Shopify, &[Export::new("1", "1", lines)]).expect("ingest");
    let after = inputs();
    assert_ne!(before, after);
    assert_eq!(write(&[profile(2), profile(3)], &after), (1, true));
    assert_eq!(lake.read_gold::<Profile>("profile").expect("rows"), [profile(2), profile(3)]);
    assert_eq!(versions(&lake)["gold_profile"], (1, 2));
}

#[test]
fn a_table_may_be_empty_and_may_change_its_columns() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Other {
        person: PersonId,
        risk: f64,
    }
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let print = |n: &str| Fingerprint::of(n).finish();
    let none: [Profile; 0] = [];
    lake.write_gold("profile", &none, &print("1")).expect("written");
    assert_eq!(lake.read_gold::<Profile>("profile").expect("rows"), none);
    lake.write_gold("profile", &[profile(1)], &print("2")).expect("written");
    lake.write_gold("profile", &none, &print("3")).expect("written");
    assert_eq!(lake.read_gold::<Profile>("profile").expect("rows"), none);
    assert_eq!(lake.sql("SELECT person, born_on FROM gold_profile").expect("its columns are still there").len(), 0);
    let rows = [Other { person: PersonId(1), risk: 0.5 }];
    lake.write_gold("profile", &rows, &print("4")).expect("written");
    assert_eq!(lake.read_gold::<Other>("profile").expect("rows"), rows);
    let gone = lake.sql("SELECT born_on FROM gold_profile");
    assert!(matches!(gone, Err(LakeError::Sql(_))), "{gone:?}");
}

#[test]
fn what_cannot_be_a_gold_table_is_refused() {
    #[derive(Serialize)]
    struct Taken {
        ordinal: i64,
    }
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let print = Fingerprint::of("1").finish();
    let refused = lake.write_gold("../escape", &[profile(1)], &print);
    assert!(matches!(refused, Err(LakeError::GoldName(_))), "{refused:?}");
    let refused = lake.write_gold("taken", &[Taken { ordinal: 1 }], &print);
    assert!(matches!(refused, Err(LakeError::Rows { .. })), "{refused:?}");
    let refused = lake.write_gold_as("misfit", &Columns::new().int("person"), [profile(1)], &print);
    assert!(matches!(refused, Err(LakeError::Rows { .. })), "{refused:?}");
    let missing = lake.read_gold::<Profile>("nowhere").expect_err("there is none");
    assert!(missing.to_string().contains("no table gold_nowhere; the lake has bronze_app, "), "{missing}");
    assert!(!versions(&lake).keys().any(|t| t.starts_with("gold")));
}
