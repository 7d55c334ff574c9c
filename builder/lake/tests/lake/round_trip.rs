//! What goes in comes out, of every kind, in canonical order and with proper types.

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use kenal_lake::{CurrentBatch, LakeError};
use kenal_types::{AppEvent, RecordKey, System};

use crate::sample::*;

#[test]
fn every_kind_comes_back_as_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let counts = ingest(&lake, System::Shopify, &everything()).expect("ingest").expect("something new");
    assert_eq!((counts.ingest, counts.files, counts.accepted, counts.rejected), (1, 2, 13, 1));

    assert_eq!(lake.customers().expect("rows"), [bare_customer("shopify:1", 1), customer("shopify:2", 1)]);
    assert_eq!(lake.items().expect("rows"), [item("7", true), item("8", false)]);
    assert_eq!(lake.variants().expect("rows"), [variant("701", true), variant("702", false)]);
    assert_eq!(lake.orders().expect("rows"), [order(System::Shopify, "1", true), order(System::Shopify, "2", false)]);
    let lines = [line(System::Shopify, "1", "1", true), line(System::Shopify, "2", "1", false)];
    assert_eq!(lake.order_lines().expect("rows"), lines);
    assert_eq!(lake.tickets().expect("rows"), [ticket("1", true), ticket("2", false)]);
    assert_eq!(lake.events().expect("rows"), [event("m1", true), event("m2", false)]);
    assert_eq!(lake.consents().expect("rows"), [consent("1/email", false), consent("2/email", true)]);
    assert_eq!(lake.consent_versions().expect("rows"), lake.consents().expect("rows"));
}

#[test]
fn columns_have_proper_types_and_money_is_hundredths() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    ingest(&lake, System::Shopify, &everything()).expect("ingest");
    let batches = lake
        .sql("SELECT O.Ordered_At, o.total, c.birth_date, c.emails FROM silver_orders o, silver_customers c LIMIT 1")
        .expect("a result");
    let types: Vec<DataType> = batches[0].schema().fields().iter().map(|f| f.data_type().clone()).collect();
    assert_eq!(types[0], DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
    assert_eq!(types[1], DataType::Int64);
    assert_eq!(types[2], DataType::Date32);
    assert!(matches!(types[3], DataType::List(_)), "{}", types[3]);
}

#[test]
fn bronze_keeps_the_bytes_and_says_where_rows_stood() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    ingest(&lake, System::Shopify, &everything()).expect("ingest");

    let dead = lake.sql("SELECT raw, file, line, reason FROM bronze_dead_letters").expect("a result");
    assert_eq!(dead[0].column(0).as_binary::<i32>().value(0), b"{\"email\": \xff\xfe broken");
    assert_eq!(dead[0].column(1).as_string::<i32>().value(0), "b.jsonl");
    assert_eq!(dead[0].column(2).as_primitive::<Int64Type>().value(0), 7);
    assert_eq!(dead[0].column(3).as_string::<i32>().value(0), "bad_value");

    let received =
        lake.sql("SELECT raw, kind FROM bronze_shopify WHERE file = 'a.jsonl' AND line = 3").expect("a result");
    assert_eq!(received[0].column(0).as_binary::<i32>().value(0), b"line 3");
    assert_eq!(received[0].column(1).as_string::<i32>().value(0), "item");

    let parts = lake.sql("SELECT part, line FROM silver_tickets ORDER BY part").expect("a result");
    assert_eq!(parts[0].column(0).as_primitive::<Int64Type>().values(), &[0, 1]);
    assert_eq!(parts[0].column(1).as_primitive::<Int64Type>().values(), &[5, 5]);
}

#[test]
fn more_rows_than_a_batch_holds_keep_their_number_and_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let rows = 150_000;
    let lines = (0..rows).map(|i| vec![kenal_types::Entity::Event(event(&format!("m{i:06}"), i % 2 == 0).into())]);
    ingest(&lake, System::App, &[Export::new("e.jsonl", "many", lines.collect())]).expect("ingest");
    let mut next = 0;
    lake.each_current(|row: AppEvent| {
        assert_eq!(row, event(&format!("m{next:06}"), next % 2 == 0));
        next += 1;
        Ok(())
    })
    .expect("rows");
    assert_eq!(next, rows);
}

/// What a caller asks of an event.
#[derive(Debug, serde::Deserialize)]
struct Brief {
    actor: RecordKey,
    message_id: String,
    sku: Option<String>,
}

#[test]
fn batches_come_in_order_and_end_where_the_caller_fails() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let rows = 80_000;
    let lines = (0..rows).map(|i| vec![kenal_types::Entity::Event(event(&format!("m{i:06}"), i % 2 == 0).into())]);
    ingest(&lake, System::App, &[Export::new("e.jsonl", "many", lines.collect())]).expect("ingest");
    let columns = ["actor", "message_id", "sku"];
    let (mut next, mut batches) = (0, 0);
    let both = |batch: &CurrentBatch<'_>| {
        let counted = batch.read(|part| Ok::<usize, LakeError>(part.num_rows()))?;
        Ok((batch.rows::<Brief>()?, counted))
    };
    lake.each_current_batch::<AppEvent, (Vec<Brief>, Vec<usize>), LakeError>(&columns, "", both, |(rows, counted)| {
        assert_eq!(counted.into_iter().sum::<usize>(), rows.len());
        for row in rows {
            let whole = event(&format!("m{next:06}"), next % 2 == 0);
            assert_eq!((row.actor, row.message_id, row.sku), (whole.actor, whole.message_id, whole.sku));
            next += 1;
        }
        batches += 1;
        Ok(())
    })
    .expect("rows");
    assert_eq!(next, rows);
    assert_eq!(batches, 3);

    let seen = AtomicUsize::new(0);
    let wrong = |batch: &CurrentBatch<'_>| {
        seen.fetch_add(1, Ordering::Relaxed);
        // No column of the batch has a price.
        batch.rows::<kenal_types::Variant>().map(drop)
    };
    let stopped =
        lake.each_current_batch::<AppEvent, (), LakeError>(&columns, "", wrong, |()| panic!("nothing is made"));
    assert!(matches!(stopped, Err(LakeError::Rows { .. })), "{stopped:?}");
    assert_eq!(seen.into_inner(), 1);

    let mut taken = 0;
    let stopped = lake.each_current_batch::<AppEvent, (), LakeError>(
        &columns,
        "",
        |_| Ok(()),
        |()| {
            taken += 1;
            Err(LakeError::GoldName("no".to_owned()))
        },
    );
    assert!(matches!(stopped, Err(LakeError::GoldName(_))), "{stopped:?}");
    assert_eq!(taken, 1, "nothing is taken after a failure, and nobody waits for it");
}
