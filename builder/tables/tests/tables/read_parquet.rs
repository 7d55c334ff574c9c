//! Parquet: each type as text.

use std::fs::File;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use kenal_tables::read::{Batch, ReadError, Reader};
use parquet::arrow::ArrowWriter;

use crate::support::{Dir, read, shown};

fn write(dir: &Dir, columns: Vec<(&str, ArrayRef)>) -> std::path::PathBuf {
    let rows = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).expect("rows");
    let path = dir.path("t.parquet");
    let mut writer = ArrowWriter::try_new(File::create(&path).expect("a file"), rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("written");
    writer.close().expect("written");
    path
}

/// Values of one column of three, the second always empty.
fn check(array: impl Array + 'static, expected: [&str; 3]) {
    let kind = array.data_type().to_string();
    let dir = Dir::new();
    let read = read(&write(&dir, vec![("v", Arc::new(array))])).expect("a table");
    let [a, b, c] = expected;
    assert_eq!(shown(&read), [format!("1: {a}"), format!("2: {b}"), format!("3: {c}")], "{kind}");
}

#[test]
fn every_plain_type_is_text() {
    check(StringArray::from(vec![Some(" a "), None, Some("é")]), ["a", "", "é"]);
    check(LargeStringArray::from(vec![Some("a"), Some(""), Some("b")]), ["a", "", "b"]);
    check(
        StringViewArray::from(vec![Some("a"), None, Some("longer than twelve bytes")]),
        ["a", "", "longer than twelve bytes"],
    );
    check(BinaryArray::from(vec![Some(&b"a"[..]), None, Some(b"b")]), ["a", "", "b"]);
    check(DictionaryArray::<Int32Type>::from_iter([Some("x"), None, Some("x")]), ["x", "", "x"]);
    let numbers =
        DictionaryArray::<Int32Type>::new(vec![Some(0), None, Some(1)].into(), Arc::new(Int64Array::from(vec![5, 7])));
    check(numbers, ["5", "", "7"]);
    check(Int64Array::from(vec![Some(i64::MIN), None, Some(7)]), ["-9223372036854775808", "", "7"]);
    check(Int8Array::from(vec![Some(-1), None, Some(7)]), ["-1", "", "7"]);
    check(UInt64Array::from(vec![Some(u64::MAX), None, Some(7)]), ["18446744073709551615", "", "7"]);
    check(Float64Array::from(vec![Some(60123456789.0), Some(f64::NAN), Some(1.5)]), ["60123456789", "", "1.5"]);
    check(Float32Array::from(vec![Some(0.1), None, Some(41.0)]), ["0.1", "", "41"]);
    check(BooleanArray::from(vec![Some(true), None, Some(false)]), ["true", "", "false"]);
    check(Date32Array::from(vec![Some(0), None, Some(-36_524)]), ["1970-01-01", "", "1870-01-01"]);
    check(Date64Array::from(vec![Some(0), None, Some(86_400_000)]), ["1970-01-01", "", "1970-01-02"]);
    check(
        TimestampNanosecondArray::from(vec![Some(0), None, Some(3_600_000_000_000)]),
        ["1970-01-01", "", "1970-01-01T01:00:00"],
    );
    check(TimestampSecondArray::from(vec![Some(-86_400), None, Some(1)]), ["1969-12-31", "", "1970-01-01T00:00:01"]);
    let zoned = TimestampMicrosecondArray::from(vec![Some(0), None, Some(1_000_000)]).with_timezone("Asia/Singapore");
    check(zoned, ["1970-01-01", "", "1970-01-01T00:00:01"]);
    let decimal =
        Decimal128Array::from(vec![Some(12_345), None, Some(7)]).with_precision_and_scale(20, 2).expect("a scale");
    check(decimal, ["123.45", "", "0.07"]);
    check(NullArray::new(3), ["", "", ""]);
}

#[test]
fn bytes_that_are_no_text_reject_their_row() {
    let dir = Dir::new();
    let bytes = BinaryArray::from(vec![&b"a"[..], b"\xff", b"c"]);
    let read = read(&write(&dir, vec![("v", Arc::new(bytes)), ("n", Arc::new(Int64Array::from(vec![1, 2, 3])))]))
        .expect("a table");
    assert_eq!(shown(&read), ["1: a|1", "3: c|3"]);
    assert_eq!((read.rejected[0].line, &read.rejected[0].raw[..]), (2, &b"\xff"[..]));
}

#[test]
fn a_list_is_refused_by_name_and_can_be_left_out() {
    let dir = Dir::new();
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1)])]);
    let path = write(&dir, vec![("tags", Arc::new(list)), ("id", Arc::new(StringArray::from(vec!["x"])))]);
    let error = read(&path).err().expect("refused");
    assert!(matches!(&error, ReadError::ColumnType { column, .. } if column == "tags"), "{error}");
    assert!(error.to_string().contains("column `tags` is List("), "{error}");

    let (mut reader, mut batch) = (Reader::open(&path).expect("opened"), Batch::new());
    assert!(reader.readable(0).is_err() && reader.readable(1).is_ok());
    reader.select(&[1]);
    assert!(reader.next_batch(&mut batch).expect("rows"));
    assert_eq!((batch.get(0, 0), batch.get(0, 1), batch.get(0, 2), batch.get(1, 1)), (None, Some("x"), None, None));
}

#[test]
fn no_rows_are_no_error() {
    let dir = Dir::new();
    let read = read(&write(&dir, vec![("v", Arc::new(StringArray::from(Vec::<&str>::new())))])).expect("a table");
    assert_eq!((read.rows.len(), read.reader.rows_count()), (0, Some(0)));
}
