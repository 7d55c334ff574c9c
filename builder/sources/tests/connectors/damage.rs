//! Folders and files that are not what they should be.

use std::path::Path;

use kenal_sources::{Quiet, RowSink, SinkError, SourceError, read, read_system, survey};
use kenal_types::{Entity, Origin, Rejection, System};

use crate::harness::{Kept, fixture, folder, gzip, read as read_files, read_dir};

#[test]
fn a_missing_folder_says_what_was_expected_and_what_is_there() {
    for system in System::ALL {
        let dir = folder(&[("warehouse.zip", b"x")]);
        std::fs::create_dir(dir.path().join("shoppify")).expect("a folder");
        let error =
            read_system(system, &dir.path().join("missing"), &mut Kept::default(), &Quiet).expect_err("no folder");
        let message = error.to_string();
        assert!(matches!(error, SourceError::NoFolder { .. }), "{message}");
        assert!(message.starts_with(&format!("{system}: no folder ")) && message.contains("missing"), "{message}");
        assert!(message.contains("expected ") && message.contains("holds shoppify, warehouse.zip"), "{message}");
    }
    let dir = folder(&[("shopify", b"a file")]);
    let error = read_dir(System::Shopify, &dir.path().join("shopify"), Kept::default()).expect_err("a file");
    assert!(error.to_string().contains("a file, not a folder"), "{error}");
    let error = read_dir(System::Shopify, Path::new("/nowhere/at/all"), Kept::default()).expect_err("no folder");
    assert!(error.to_string().contains("/nowhere/at is not there either"), "{error}");
}

#[test]
fn an_empty_folder_says_what_was_expected() {
    for system in System::ALL {
        let dir = folder(&[(".DS_Store", b"x"), ("_SUCCESS", b"")]);
        let error = read_dir(system, dir.path(), Kept::default()).expect_err("no file");
        assert!(matches!(error, SourceError::NoFiles { .. }), "{error}");
        assert!(error.to_string().contains("holds no data file; expected "), "{error}");
    }
}

const FIXTURES: [(System, &str); 4] = [
    (System::Shopify, "products.jsonl"),
    (System::Zendesk, "tickets-0001.json"),
    (System::Salesforce, "Contact-0001.csv"),
    (System::App, "events-2026-11-20.jsonl"),
];

#[test]
fn a_truncated_gzip_gives_nothing_and_says_how_much_was_readable() {
    for (system, name) in FIXTURES {
        let bytes = fixture(system, name);
        let packed = gzip(&bytes);
        let cut = &packed[..packed.len() * 3 / 4];
        let packed_name = format!("{name}.gz");
        let reading = read_files(system, &[(&packed_name, cut), (name, &bytes)]);
        let message = reading.quarantine(&packed_name);
        assert!(message.contains("the gzip stream is cut short after "), "{message}");
        let lines: u64 = message
            .split("after ")
            .nth(1)
            .and_then(|m| m.split(' ').next())
            .and_then(|n| n.parse().ok())
            .unwrap_or_else(|| panic!("{message}"));
        assert!(lines > 0 || system == System::Zendesk, "{message}");
        assert!(reading.kept.accepted.iter().all(|(o, ..)| *o.file == *name), "nothing of the cut file");
        assert!(!reading.kept.accepted.is_empty(), "and all of the other");
    }
}

#[test]
fn a_damaged_gzip_and_one_in_name_only() {
    for (system, name) in FIXTURES {
        let bytes = fixture(system, name);
        let mut packed = gzip(&bytes);
        // The checksum at the end of the member.
        let at = packed.len() - 6;
        packed[at] ^= 0xff;
        let reading = read_files(system, &[("a.gz", &packed), ("b.gz", &bytes), ("empty", b""), ("blank", b" \n\n")]);
        assert!(reading.quarantine("a.gz").contains("damaged after"), "{}", reading.quarantine("a.gz"));
        assert!(reading.quarantine("b.gz").contains("its content is not gzip"));
        assert!(reading.quarantine("empty").contains("empty: there is no row in it"));
        assert!(reading.quarantine("blank").contains("empty: there is no row in it"));
    }
}

#[test]
fn files_of_another_system_are_named_as_such() {
    for (system, name) in FIXTURES {
        let own = fixture(system, name);
        let reading = read_files(system, &[("notes.txt", b"remember the milk\n"), (name, &own)]);
        let message = reading.quarantine("notes.txt");
        let parts = [&format!("not an export of {system}")[..], "no column named Id"];
        assert!(parts.iter().any(|p| message.contains(p)), "{message}");
    }
}

#[test]
fn a_file_that_changes_between_the_passes_stops_the_reading() {
    for (system, name) in FIXTURES {
        let bytes = fixture(system, name);
        let dir = folder(&[(name, &bytes)]);
        let survey = survey(system, dir.path(), &Quiet).expect("a survey");
        assert_eq!(survey.stamps().count(), 1);
        std::fs::write(dir.path().join(name), [&bytes[..], &bytes[..]].concat()).expect("a file");
        let error = read(&survey, &mut Kept::default(), &Quiet).expect_err("another file");
        assert!(matches!(error, SourceError::Changed { .. }), "{error}");
        assert!(error.to_string().contains("changed while it was read"), "{error}");
    }
}

#[test]
fn a_sink_that_fails_is_named_with_the_file() {
    struct Full;
    impl RowSink for Full {
        fn accepted(&mut self, _: &Origin, _: &[u8], _: Vec<Entity>) -> Result<(), SinkError> {
            Err(SinkError("the disk is full".into()))
        }
        fn rejected(&mut self, _: Rejection) -> Result<(), SinkError> {
            Ok(())
        }
    }
    let dir = folder(&[("products.jsonl", &fixture(System::Shopify, "products.jsonl"))]);
    let error = read_system(System::Shopify, dir.path(), &mut Full, &Quiet).expect_err("a full disk");
    assert_eq!(error.to_string(), "products.jsonl: cannot store its rows");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert_eq!(cause, "the disk is full");
}

#[test]
fn stamps_know_files_by_content() {
    let bytes = fixture(System::App, "events-2026-11-20.jsonl");
    let dir = folder(&[("a.jsonl", &bytes), ("b.jsonl.gz", &gzip(&bytes))]);
    let found = survey(System::App, dir.path(), &Quiet).expect("a survey");
    let stamps: Vec<_> = found.stamps().collect();
    assert_eq!((&*stamps[0].name, stamps[0].bytes), ("a.jsonl", bytes.len() as u64));
    assert_eq!(stamps[0].blake3, *blake3::hash(&bytes).as_bytes());
    assert_eq!(stamps[1].blake3, *blake3::hash(&gzip(&bytes)).as_bytes());
}
