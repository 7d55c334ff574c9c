//! Messages for what people do wrong.

use std::fs;

use kenal_lake::{Lake, LakeError};
use kenal_types::System;

use crate::sample::*;

#[test]
fn a_folder_that_is_no_lake() {
    let dir = tempfile::tempdir().expect("a folder");
    let missing = Lake::open_existing(&dir.path().join("nowhere")).expect_err("there is nothing");
    assert!(missing.to_string().starts_with("there is no lake at "), "{missing}");
    fs::write(dir.path().join("holiday.jpg"), b"").expect("written");
    for refused in [Lake::open(dir.path()), Lake::open_existing(dir.path())] {
        let refused = refused.expect_err("holds other things");
        assert!(refused.to_string().contains("is not a lake: it has no lake.json but is not empty"), "{refused}");
    }
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "nothing was put there");
}

#[test]
fn a_file_where_a_folder_is_needed() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file");
    fs::write(&file, b"").expect("written");
    assert!(matches!(Lake::open(&file), Err(LakeError::Io { .. })));
}

#[test]
fn a_lake_of_a_newer_format() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path()));
    fs::write(dir.path().join("lake.json"), r#"{"format":3}"#).expect("written");
    let refused = Lake::open(dir.path()).expect_err("newer").to_string();
    assert!(refused.contains("is of format 3, and this program knows up to 2; update kenal"), "{refused}");
    fs::write(dir.path().join("lake.json"), "{").expect("written");
    let refused = Lake::open(dir.path()).expect_err("damaged").to_string();
    assert!(refused.contains("has a damaged lake.json"), "{refused}");
}

#[test]
fn a_table_of_a_newer_version() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let log = dir.path().join("silver/orders/_delta_log/00000000000000000001.json");
    for protocol in [
        r#"{"protocol":{"minReaderVersion":99,"minWriterVersion":99}}"#,
        r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["timeMachine"],"writerFeatures":["timeMachine"]}}"#,
    ] {
        fs::write(&log, protocol).expect("written");
        let refused = lake.orders().expect_err("newer");
        assert!(matches!(refused, LakeError::NewerTable { .. }), "{refused:?}");
        assert!(refused.to_string().contains("table silver_orders was written by a newer version"), "{refused}");
    }
    assert!(lake.customers().is_ok(), "other tables can be read");
}

#[test]
fn a_damaged_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    fs::write(dir.path().join("silver/orders/_delta_log/00000000000000000000.json"), b"{").expect("written");
    let refused = lake.orders().expect_err("damaged");
    assert!(matches!(&refused, LakeError::Delta { .. }), "{refused:?}");
    assert!(refused.to_string().contains("silver_orders"), "{refused}");
}

#[test]
fn queries_that_cannot_be() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    ingest(&lake, System::Shopify, &everything()).expect("ingest");
    let before = versions(&lake);
    let refusal = |query: &str| lake.sql(query).expect_err(query).to_string();
    let missing = refusal("WITH x AS (SELECT 1) SELECT * FROM x, silver_order");
    assert!(missing.starts_with("there is no table silver_order; the lake has bronze_app, "), "{missing}");
    assert!(missing.contains("silver_orders") && missing.contains("bronze_dead_letters"), "{missing}");
    assert!(refusal("SELECT nonsense FROM silver_orders").contains("nonsense"));
    assert!(refusal("SELEC 1").contains("the query failed"));
    for write in [
        "DELETE FROM silver_orders",
        "INSERT INTO silver_orders SELECT * FROM silver_orders",
        "DROP TABLE silver_orders",
        "CREATE TABLE x AS SELECT 1",
        "COPY silver_orders TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
    ] {
        // What would make a table is already refused for not finding it.
        let said = refusal(write);
        assert!(said.contains("the query failed") || said.contains("there is no table"), "{write}: {said}");
    }
    assert_eq!(versions(&lake), before);
}
