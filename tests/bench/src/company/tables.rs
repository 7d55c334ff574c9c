//! Rows in Parquet files, in the columns of the lake's silver tables, and back in batches.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use kenal_identity::{Line, Ordered, Receipt};
use kenal_types::CustomerRecord;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 14;

/// A row that has a table.
pub trait TableRow: Serialize + DeserializeOwned {
    const NAME: &'static str;
    fn columns() -> Vec<FieldRef>;
}

fn column(name: &str, data_type: DataType) -> FieldRef {
    Field::new(name, data_type, true).into()
}

fn texts(names: &[&str]) -> Vec<FieldRef> {
    names.iter().map(|name| column(name, DataType::Utf8)).collect()
}

fn list(name: &str, element: DataType) -> FieldRef {
    column(name, DataType::List(column("element", element)))
}

impl TableRow for CustomerRecord {
    const NAME: &'static str = "customers";
    fn columns() -> Vec<FieldRef> {
        let flag = |name| column(name, DataType::Boolean);
        let group = |fields: Vec<FieldRef>| DataType::Struct(Fields::from(fields));
        let point = || group([texts(&["value"]), vec![flag("verified"), flag("shared")]].concat());
        let loyalty = group([texts(&["number", "status"]), vec![column("enrolled_on", DataType::Date32)]].concat());
        let mut columns = texts(&["key", "given_name", "family_name", "full_name"]);
        columns.extend([list("emails", point()), list("phones", point()), column("birth_date", DataType::Date32)]);
        columns.extend(texts(&["street", "city", "postcode", "country", "market", "language"]));
        columns.extend([list("devices", DataType::Utf8), list("external_ids", DataType::Utf8)]);
        columns.extend([column("loyalty", loyalty), column("merged_into", DataType::Utf8)]);
        columns.extend([flag("deleted"), flag("erase")]);
        columns.extend(["created_at", "updated_at", "sequence"].map(|name| column(name, DataType::Int64)));
        columns
    }
}

impl TableRow for Ordered {
    const NAME: &'static str = "orders";
    fn columns() -> Vec<FieldRef> {
        let time = column("ordered_at", DataType::Int64);
        [texts(&["system", "order_id", "number", "customer"]), vec![time]].concat()
    }
}

impl TableRow for Line {
    const NAME: &'static str = "order_lines";
    fn columns() -> Vec<FieldRef> {
        texts(&["system", "order_id", "item_id", "sku"])
    }
}

impl TableRow for Receipt {
    const NAME: &'static str = "receipts";
    fn columns() -> Vec<FieldRef> {
        let time = column("happened_at", DataType::Int64);
        [texts(&["actor", "order_number", "item_id", "sku"]), vec![time]].concat()
    }
}

pub fn write<T: TableRow>(dir: &Path, rows: &[T]) -> Result<()> {
    let path = dir.join(format!("{}.parquet", T::NAME));
    let file = File::create(&path).with_context(|| format!("making {}", path.display()))?;
    let columns = T::columns();
    let schema = arrow::datatypes::Schema::new(columns.clone()).into();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties))?;
    for chunk in rows.chunks(BATCH_ROWS) {
        writer.write(&serde_arrow::to_record_batch(&columns, &chunk)?)?;
    }
    writer.close()?;
    Ok(())
}

/// Hands over a table batch by batch.
pub fn each_batch<T: TableRow>(dir: &Path, mut each: impl FnMut(Vec<T>) -> Result<()>) -> Result<()> {
    let path = dir.join(format!("{}.parquet", T::NAME));
    let file = File::open(&path).with_context(|| format!("opening {}", path.display()))?;
    for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(BATCH_ROWS).build()? {
        let rows = serde_arrow::from_record_batch(&batch?).with_context(|| format!("reading {}", path.display()))?;
        each(rows)?;
    }
    Ok(())
}
