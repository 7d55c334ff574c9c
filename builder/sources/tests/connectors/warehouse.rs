//! The warehouse's cases; the files are written here.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, LargeStringArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray,
};
use kenal_sources::FileKind;
use kenal_types::{Decision, Market, Mechanism, Money, OrderStatus, Purpose, System, Timestamp};
use parquet::arrow::ArrowWriter;

use crate::harness::{Reading, read};

pub(crate) fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).expect("columns");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("memory does not fail");
    writer.into_inner().expect("memory does not fail")
}

fn text(values: Vec<Option<&str>>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

fn time(values: Vec<Option<i64>>) -> ArrayRef {
    let us: Vec<_> = values.into_iter().map(|s| s.map(|s| s * 1_000_000)).collect();
    Arc::new(TimestampMicrosecondArray::from(us).with_timezone("UTC"))
}

pub(crate) fn customers() -> Vec<u8> {
    let n = None;
    parquet(vec![
        ("customer_id", text(vec![Some("w-1"), Some("w-2"), n, Some("w-4"), Some("w-5")])),
        ("full_name", Arc::new(LargeStringArray::from(vec![Some(" Ana Fixture "), n, n, n, n]))),
        ("email", text(vec![Some("ana@example.com"), Some(""), n, n, n])),
        ("phone", text(vec![Some("0065 9123 0001"), n, n, n, n])),
        ("birth_date", Arc::new(Date32Array::from(vec![Some(7306), None, None, None, None]))),
        ("country", text(vec![n, Some("Malaysia"), n, n, n])),
        ("updated_at", time(vec![Some(1000), Some(2000), Some(2500), None, Some(3000)])),
        ("marketing_opt_in", Arc::new(BooleanArray::from(vec![Some(true), Some(true), None, None, None]))),
        ("marketing_opt_in_at", time(vec![Some(500), None, None, None, None])),
        ("personalisation_opt_in", Arc::new(BooleanArray::from(vec![Some(false), None, None, None, None]))),
        ("personalisation_opt_in_at", time(vec![Some(600), None, None, None, None])),
        ("opt_in_source", text(vec![Some("checkbox"), Some("import"), n, n, Some("séance")])),
    ])
}

pub(crate) fn order_lines() -> Vec<u8> {
    let o = |s| Some(s);
    let rows = 8;
    parquet(vec![
        ("order_no", text(vec![o("1001"), o("1001"), o("1002"), o("1003"), o("1003"), o("1001"), None, o("1004")])),
        ("line_no", Arc::new(Int32Array::from(vec![1, 2, 1, 1, 2, 3, 1, 1]))),
        ("customer_id", text(vec![None, o("w-1"), None, o("w-2"), o("w-2"), o("w-1"), None, None])),
        ("ordered_at", time((0..rows).map(|n| Some(100 + n)).collect())),
        (
            "loaded_at",
            Arc::new(
                TimestampMillisecondArray::from((0..rows).map(|n| 200_000 + n * 1000).collect::<Vec<_>>())
                    .with_timezone("+00:00"),
            ),
        ),
        ("channel", text(vec![o("web"); 8])),
        ("country", text(vec![None, o("Singapore"), None, o("TH"), o("TH"), None, None, None])),
        ("currency", text(vec![o("SGD"), o("SGD"), o("MYR"), o("THB"), o("THB"), o("SGD"), o("SGD"), o("SGD")])),
        ("sku", text(vec![o("U-R"), o("B-1"), o("U-R"), o("U-R"), o("B-1"), o("U-R"), None, None])),
        ("description", text(vec![o("Uno \"red\""), None, None, None, None, None, None, None])),
        ("quantity", Arc::new(Int32Array::from(vec![2, 1, 1, 1, 1, -1, 1, 1]))),
        (
            "unit_price",
            Arc::new(
                Decimal128Array::from(vec![990, 770, 100, 100, 100, 990, 100, 100])
                    .with_precision_and_scale(12, 2)
                    .expect("a decimal"),
            ),
        ),
        (
            "discount",
            Arc::new(
                Decimal128Array::from(vec![Some(150), None, Some(0), None, None, None, None, None])
                    .with_precision_and_scale(12, 2)
                    .expect("a decimal"),
            ),
        ),
        (
            "status",
            text(vec![
                o("completed"),
                o("completed"),
                o("cancelled"),
                o("returned"),
                o("cancelled"),
                o("returned"),
                o("completed"),
                o("vanished"),
            ]),
        ),
    ])
}

fn both() -> Reading {
    read(System::Warehouse, &[("customers-0001.parquet", &customers()), ("order_lines-0001.parquet", &order_lines())])
}

#[test]
fn customers_and_their_opt_ins() {
    let reading = both();
    let customers = reading.customers();
    let [ana, second] = &customers[..] else { panic!("{} customers", customers.len()) };
    assert_eq!(
        (ana.full_name.as_deref(), ana.emails.len(), ana.market),
        (Some("Ana Fixture"), 1, Some(Market::Singapore))
    );
    assert_eq!(ana.birth_date.map(|d| d.to_string()).as_deref(), Some("1990-01-02"));
    assert_eq!((second.emails.len(), second.market), (0, Some(Market::Malaysia)));
    let said: Vec<_> = reading
        .consents()
        .iter()
        .map(|c| (c.signal_id.clone(), c.purpose, c.decision, c.mechanism, c.decided_at, c.evidence.is_some()))
        .collect();
    let at = |s| Some(Timestamp::from_seconds(s));
    assert_eq!(
        said,
        [
            (
                "w-1/marketing_opt_in".into(),
                Purpose::Market,
                Decision::OptIn,
                Mechanism::CheckboxUnticked,
                at(500),
                true
            ),
            (
                "w-1/personalisation_opt_in".into(),
                Purpose::Personalise,
                Decision::OptOut,
                Mechanism::CheckboxUnticked,
                at(600),
                false
            ),
            ("w-2/marketing_opt_in".into(), Purpose::Market, Decision::OptIn, Mechanism::Import, None, false),
        ]
    );
    assert_eq!(reading.file("customers-0001.parquet").watermark, at(2000));
}

#[test]
fn orders_are_runs_of_lines() {
    let reading = both();
    let orders = reading.orders();
    let summary: Vec<_> = orders.iter().map(|o| (o.number.as_str(), o.total, o.status, o.market)).collect();
    assert_eq!(
        summary,
        [
            ("1001", Money(2750), OrderStatus::Completed, Some(Market::Singapore)),
            ("1002", Money(0), OrderStatus::Cancelled, Some(Market::Malaysia)),
            ("1003", Money(0), OrderStatus::Refunded, Some(Market::Thailand)),
        ]
    );
    assert_eq!(orders[0].customer.as_ref().map(|k| k.id.as_str()), Some("w-1"));
    assert_eq!((orders[0].known_at, orders[0].sequence), (Timestamp::from_seconds(200), 201_000_000));
    let lines = reading.lines();
    assert_eq!(
        lines.iter().map(|l| (l.order_id.as_str(), l.line_id.as_str(), l.quantity)).collect::<Vec<_>>(),
        [
            ("1001", "1", 2),
            ("1001", "2", 1),
            ("1002", "1", 0),
            // Sold and come back, told by one row.
            ("1003", "1", 1),
            ("1003", "1-returned", -1),
            ("1003", "2", 0),
            // Come back on a later night: a line of its own, and no new version of its order.
            ("1001", "3", -1),
        ]
    );
    let reduced: Vec<_> = lines.iter().take(3).map(|l| l.discount).collect();
    assert_eq!(reduced, [Some(Money(150)), None, Some(Money(0))], "not told is not nothing");
    assert_eq!(reading.file("order_lines-0001.parquet").kind, FileKind::WarehouseOrderLines);
    assert_eq!(reading.file("order_lines-0001.parquet").watermark, Some(Timestamp::from_seconds(205)));
}

#[test]
fn bad_rows_and_their_json() {
    let reading = both();
    assert_eq!(
        reading.faults(),
        [
            "customers-0001.parquet:3 customer_id missing_field",
            "customers-0001.parquet:4 updated_at missing_field",
            "customers-0001.parquet:5 opt_in_source bad_value",
            "order_lines-0001.parquet:7 order_no missing_field",
            "order_lines-0001.parquet:8 status bad_value",
        ]
    );
    let (_, raw, _) = reading.kept.accepted.iter().find(|(o, ..)| o.file.starts_with("order")).expect("a line");
    assert_eq!(
        String::from_utf8_lossy(raw),
        concat!(
            r#"{"order_no":"1001","line_no":1,"customer_id":null,"ordered_at":"1970-01-01T00:01:40Z","#,
            r#""loaded_at":"1970-01-01T00:03:20Z","channel":"web","country":null,"currency":"SGD","sku":"U-R","#,
            r#""description":"Uno \"red\"","quantity":2,"unit_price":"9.900000","discount":"1.500000","status":"completed"}"#
        )
    );
}

#[test]
fn files_that_are_not_the_two_tables() {
    let good = order_lines();
    let cut = &good[..good.len() / 2];
    let mut flipped = good.clone();
    for byte in &mut flipped[4..200] {
        *byte ^= 0xff;
    }
    let other = parquet(vec![("a", text(vec![Some("x")]))]);
    let partial = parquet(vec![("order_no", text(vec![Some("1")]))]);
    let typed = parquet(vec![
        ("customer_id", text(vec![Some("1")])),
        ("full_name", text(vec![None])),
        ("email", text(vec![None])),
        ("phone", text(vec![None])),
        ("updated_at", text(vec![Some("2026-11-20")])),
    ]);
    let reading = read(
        System::Warehouse,
        &[
            ("good.parquet", &good),
            ("cut.parquet", cut),
            ("empty.parquet", b""),
            ("flipped.parquet", &flipped),
            ("other.parquet", &other),
            ("partial.parquet", &partial),
            ("text.parquet", b"order_no,line_no\n1,1\n"),
            ("typed.parquet", &typed),
        ],
    );
    for (name, part) in [
        ("cut.parquet", "not readable as Parquet"),
        ("empty.parquet", "empty"),
        ("flipped.parquet", "not readable as Parquet"),
        ("other.parquet", "neither order_no (order lines) nor customer_id"),
        ("partial.parquet", "order lines: no column line_no, customer_id, ordered_at"),
        ("text.parquet", "not readable as Parquet"),
        ("typed.parquet", "column updated_at is Utf8 where a timestamp is expected"),
    ] {
        let message = reading.quarantine(name);
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(reading.lines().len(), 7, "the good file is read");
}
