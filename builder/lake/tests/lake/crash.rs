//! Failures between the commits of one ingest: neither loss nor duplication, wherever it stops.

use std::fs;
use std::path::{Path, PathBuf};

use kenal_lake::{Lake, LakeError};
use kenal_types::System;

use crate::sample::*;

/// Every table that [`everything`] touches, in the order of commits.
const TOUCHED: [&str; 11] = [
    "silver/customers",
    "silver/items",
    "silver/variants",
    "silver/orders",
    "silver/order_lines",
    "silver/tickets",
    "silver/events",
    "silver/consents",
    "bronze/shopify",
    "bronze/dead_letters",
    "bronze/files",
];

fn log(root: &Path, table: &str) -> (PathBuf, PathBuf) {
    (root.join(table).join("_delta_log"), root.join(table).join("away"))
}

fn journal(root: &Path) -> PathBuf {
    root.join("_journal/shopify.json")
}

/// Ingests [`everything`] into a new lake and fails while committing `table`, whose log is out of reach.
fn stop_at(root: &Path, table: &str) {
    let lake = open(root);
    let files = everything();
    let stamps: Vec<_> = files.iter().map(Export::stamp).collect();
    let mut ingest = lake.begin_ingest(System::Shopify, &stamps, NOW).expect("begun").expect("wanted");
    for file in &files {
        for (at, entities) in (1..).zip(&file.lines) {
            let origin = kenal_types::Origin { file: file.name.into(), line: at };
            ingest.accept(&origin, format!("line {at}").as_bytes(), entities.clone()).expect("kept");
        }
        for (line, raw) in &file.rejected {
            let rejection = kenal_types::Rejection {
                origin: kenal_types::Origin { file: file.name.into(), line: *line },
                field: "email".into(),
                reason: kenal_types::Reason::BadValue,
                detail: "not an address".into(),
                raw: raw.to_vec(),
            };
            ingest.reject(rejection).expect("kept");
        }
        ingest.file_done(file.outcome(kenal_lake::FileStatus::Accepted)).expect("noted");
    }
    let (log, away) = log(root, table);
    fs::rename(&log, &away).expect("taken away");
    let failed = ingest.commit();
    assert!(failed.is_err(), "{table}: {failed:?}");
    fs::rename(&away, &log).expect("put back");
}

#[test]
fn stopping_before_any_commit_is_mended_by_opening_again() {
    let whole = tempfile::tempdir().expect("a folder");
    let lake = open(whole.path());
    ingest(&lake, System::Shopify, &everything()).expect("ingest");
    let expected = versions(&lake);

    for (done, table) in TOUCHED.iter().enumerate() {
        let dir = tempfile::tempdir().expect("a folder");
        stop_at(dir.path(), table);
        let committed =
            TOUCHED.iter().filter(|t| dir.path().join(t).join("_delta_log/00000000000000000001.json").exists());
        assert_eq!(committed.count(), done, "the commits before {table} have happened");
        assert!(journal(dir.path()).exists());

        let lake = Lake::open_existing(dir.path()).expect("a lake");
        assert_eq!(versions(&lake), expected, "stopped at {table}");
        assert!(!journal(dir.path()).exists());
        assert_eq!(ingest(&lake, System::Shopify, &everything()).expect("ingest"), None, "all of it is in");
    }
}

#[test]
fn stopping_after_the_last_commit_is_not_committed_twice() {
    let dir = tempfile::tempdir().expect("a folder");
    stop_at(dir.path(), "bronze/files");
    let left = fs::read(journal(dir.path())).expect("a journal");
    let expected = versions(&open(dir.path()));
    fs::write(journal(dir.path()), left).expect("as if it had not been removed");
    assert_eq!(versions(&open(dir.path())), expected);
    assert!(!journal(dir.path()).exists());
}

#[test]
fn stopping_before_the_journal_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let files = everything();
    let stamps: Vec<_> = files.iter().map(Export::stamp).collect();
    let mut dropped = lake.begin_ingest(System::Shopify, &stamps, NOW).expect("begun").expect("wanted");
    let origin = kenal_types::Origin { file: files[0].name.into(), line: 1 };
    dropped.accept(&origin, b"line 1", files[0].lines[0].clone()).expect("kept");
    drop(dropped);
    fs::write(journal(dir.path()).with_extension("draft"), b"{\"system\":").expect("half a journal");
    let lake = open(lake.root());
    let counts = ingest(&lake, System::Shopify, &files).expect("ingest").expect("something new");
    assert_eq!((counts.ingest, counts.accepted), (1, 13));
    assert_eq!(versions(&lake)["silver_customers"], (1, 2));
}

#[test]
fn files_lost_before_the_first_commit_are_read_again() {
    let dir = tempfile::tempdir().expect("a folder");
    stop_at(dir.path(), "silver/customers");
    remove_parquet(&dir.path().join("silver/orders"));
    let lake = open(dir.path());
    assert!(versions(&lake).values().all(|v| *v == (0, 0)));
    let counts = ingest(&lake, System::Shopify, &everything()).expect("ingest").expect("wanted again");
    assert_eq!(counts.accepted, 13);
}

#[test]
fn files_lost_between_commits_are_named() {
    let dir = tempfile::tempdir().expect("a folder");
    stop_at(dir.path(), "bronze/files");
    remove_parquet(&dir.path().join("silver/orders"));
    let refused = Lake::open(dir.path());
    assert!(matches!(&refused, Err(LakeError::Journal { missing, .. }) if missing.contains("silver_orders")));
}

fn remove_parquet(table: &Path) {
    for entry in fs::read_dir(table).expect("a table").flatten() {
        if entry.path().extension().is_some_and(|e| e == "parquet") {
            fs::remove_file(entry.path()).expect("removed");
        }
    }
}
