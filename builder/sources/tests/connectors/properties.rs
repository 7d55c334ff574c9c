//! Whatever the bytes, nothing panics and the counts add up ([`crate::harness::read_dir`] asserts them); and no
//! rejection repeats what a person wrote.

use std::collections::BTreeSet;

use kenal_types::{Reason, System};
use proptest::prelude::*;

use crate::harness::{fixture, fixtures, read, read_fixtures};
use crate::warehouse;

fn all_fixtures() -> Vec<(System, String, Vec<u8>)> {
    let mut all = Vec::new();
    for system in [System::Shopify, System::Zendesk, System::Salesforce, System::App] {
        for entry in std::fs::read_dir(fixtures(system)).expect("fixtures") {
            let name = entry.expect("a fixture").file_name().into_string().expect("ASCII");
            let bytes = fixture(system, &name);
            all.push((system, name, bytes));
        }
    }
    all.push((System::Warehouse, "customers.parquet".to_owned(), warehouse::customers()));
    all.push((System::Warehouse, "order_lines.parquet".to_owned(), warehouse::order_lines()));
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 1..600)) {
        for system in System::ALL {
            read(system, &[("file", &bytes), ("orders.operation.json", &bytes)]);
        }
    }

    #[test]
    fn fixtures_with_bytes_changed_cut_and_put_in(
        file in any::<proptest::sample::Index>(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..4_u8), 1..12),
    ) {
        let all = all_fixtures();
        let (system, name, bytes) = file.get(&all);
        let mut bytes = bytes.clone();
        for (place, byte, what) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.drain(at..(at + usize::from(byte)).min(bytes.len()))),
                _ => bytes[at] = *b"\"\\{}[],\n".get(usize::from(byte) % 8).expect("eight"),
            }
        }
        let other: Vec<_> = all.iter().filter(|(s, n, _)| s == system && n != name).collect();
        let mut files: Vec<(&str, &[u8])> = other.iter().map(|(_, n, b)| (n.as_str(), b.as_slice())).collect();
        files.push((name, &bytes));
        read(*system, &files);
    }
}

#[test]
fn the_same_bytes_give_the_same_calls() {
    for system in [System::Shopify, System::Zendesk, System::Salesforce, System::App] {
        let (one, two) = (read_fixtures(system), read_fixtures(system));
        assert_eq!((one.kept.accepted, one.kept.rejected), (two.kept.accepted, two.kept.rejected));
        assert_eq!(one.report, two.report);
    }
}

#[test]
fn every_reason_has_a_fixture() {
    let systems = [System::Shopify, System::Zendesk, System::Salesforce, System::App];
    let seen: BTreeSet<Reason> =
        systems.into_iter().flat_map(|s| read_fixtures(s).report.rejected().into_keys()).collect();
    assert_eq!(seen.len(), 7, "{seen:?}");
}

#[test]
fn rejections_keep_the_row_and_repeat_nothing_of_it() {
    for system in [System::Shopify, System::Zendesk, System::Salesforce, System::App] {
        let reading = read_fixtures(system);
        assert!(!reading.kept.rejected.is_empty());
        for rejection in &reading.kept.rejected {
            assert!(!rejection.raw.is_empty() && rejection.origin.line > 0);
            for secret in
                ["example.com", "Fixture", "fixture", "spring", "Dollars", "maybe", "nonsense", "lost", "many"]
            {
                assert!(!rejection.detail.contains(secret), "{}", rejection.detail);
            }
        }
    }
}
