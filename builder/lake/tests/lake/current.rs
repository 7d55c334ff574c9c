//! Which version counts.

use arrow::array::AsArray;
use kenal_lake::Lake;
use kenal_types::*;

use crate::sample::*;

/// Ingests one file per list, in order, each entity on a line of its own.
fn lake(dir: &std::path::Path, system: System, files: Vec<Vec<Entity>>) -> Lake {
    let lake = open(dir);
    let names = ["1", "2", "3", "4"];
    for (entities, name) in files.into_iter().zip(names) {
        let lines = entities.into_iter().map(|e| vec![e]).collect();
        ingest(&lake, system, &[Export::new(name, name, lines)]).expect("ingest").expect("new");
    }
    lake
}

fn named(key: &str, sequence: i64, name: &str) -> CustomerRecord {
    CustomerRecord { given_name: Some(name.into()), deleted: name == "gone", ..bare_customer(key, sequence) }
}

#[test]
fn the_highest_sequence_wins_and_ties_go_to_what_came_later() {
    let row = |key, sequence, name| Entity::Customer(named(key, sequence, name).into());
    let files = vec![
        vec![
            row("shopify:a", 2, "new"),
            row("shopify:b", 1, "first"),
            row("shopify:c", 5, "same"),
            row("shopify:d", 1, "here"),
        ],
        // Late: an older version of a; the same version of b, changed; the same row of c; d deleted.
        vec![
            row("shopify:a", 1, "old"),
            row("shopify:b", 1, "second"),
            row("shopify:c", 5, "same"),
            row("shopify:d", 2, "gone"),
        ],
        vec![row("shopify:e", 1, "early line"), row("shopify:e", 1, "late line")],
    ];
    let dir = tempfile::tempdir().expect("a folder");
    let rows = lake(dir.path(), System::Shopify, files).customers().expect("rows");
    let expected = [
        named("shopify:a", 2, "new"),
        named("shopify:b", 1, "second"),
        named("shopify:c", 5, "same"),
        named("shopify:d", 2, "gone"),
        named("shopify:e", 1, "late line"),
    ];
    assert_eq!(rows, expected);
    let lake = open(dir.path());
    let view =
        lake.sql("SELECT key, given_name FROM current_customers WHERE system = 'shopify' ORDER BY key").expect("rows");
    let names = view[0].column(1).as_string::<i32>().iter().flatten().collect::<Vec<_>>();
    assert_eq!(names, ["new", "second", "same", "gone", "late line"]);
}

#[test]
fn rows_come_in_the_order_of_record_keys() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    for system in System::ALL.into_iter().rev() {
        let keys = ["9", "10", "a/b"].map(|id| format!("{system}:{id}"));
        let lines = keys.iter().map(|k| vec![Entity::Customer(customer(k, 1).into())]).collect();
        ingest(&lake, system, &[Export::new("1", "1", lines)]).expect("ingest").expect("new");
    }
    let keys: Vec<RecordKey> = lake.customers().expect("rows").into_iter().map(|c| c.key).collect();
    assert_eq!(keys.len(), 15);
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn one_order_in_two_systems_stays_two_rows_with_one_number() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    for system in [System::Warehouse, System::Shopify] {
        let lines = vec![vec![Entity::Order(order(system, "1", true).into())]];
        ingest(&lake, system, &[Export::new("1", "1", lines)]).expect("ingest").expect("new");
    }
    let found = lake.orders().expect("rows");
    assert_eq!(found, [order(System::Shopify, "1", true), order(System::Warehouse, "1", true)]);
    assert_eq!(found[0].number, found[1].number);
}

#[test]
fn an_event_received_again_counts_once_and_another_payload_counts_apart() {
    let bought = |known: i64, sku: &str| AppEvent {
        happened_at: Timestamp(known),
        known_at: Timestamp(known),
        sku: Some(sku.into()),
        ..event("m1", true)
    };
    let entity = |e: &AppEvent| Entity::Event(e.clone().into());
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    // Two products with one SKU in one order, then the whole message again a minute later, then one that only borrows
    // its id.
    let order = vec![entity(&bought(100, "A")), entity(&bought(100, "A"))];
    let again = vec![entity(&bought(160, "A")), entity(&bought(160, "A"))];
    let other = vec![entity(&bought(170, "B"))];
    for (name, line) in [("late", again), ("first", order), ("other", other)] {
        ingest(&lake, System::App, &[Export::new(name, name, vec![line])]).expect("ingest").expect("new");
    }
    let mut found = lake.events().expect("rows");
    found.sort_by_key(|e| (e.known_at, e.sku.clone()));
    assert_eq!(found, [bought(100, "A"), bought(100, "A"), bought(170, "B")]);
}

#[test]
fn consent_keeps_what_a_later_version_overwrote() {
    let version = |sequence, decision| ConsentSignal { sequence, decision, ..consent("1/email", true) };
    let entity = |c: ConsentSignal| Entity::Consent(c.into());
    let files = vec![
        vec![entity(version(1, Decision::OptIn))],
        vec![entity(version(3, Decision::Unknown)), entity(version(2, Decision::OptOut))],
        vec![entity(version(2, Decision::OptOut))],
    ];
    let dir = tempfile::tempdir().expect("a folder");
    let lake = lake(dir.path(), System::Shopify, files);
    assert_eq!(lake.consents().expect("rows"), [version(3, Decision::Unknown)]);
    let all = [version(1, Decision::OptIn), version(2, Decision::OptOut), version(3, Decision::Unknown)];
    assert_eq!(lake.consent_versions().expect("rows"), all);
}

#[test]
fn a_variant_without_a_sequence_is_the_one_received_last() {
    let priced = |price| Variant { price: Money(price), ..variant("1", true) };
    let entity = |v: Variant| Entity::Variant(v.into());
    let files = vec![vec![entity(priced(3)), entity(priced(1))], vec![entity(priced(2))]];
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(lake(dir.path(), System::Shopify, files).variants().expect("rows"), [priced(2)]);
}
