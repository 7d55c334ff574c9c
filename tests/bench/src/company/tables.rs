//! Rows in Parquet files, in the columns of the lake's silver tables, and back in batches.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::{Context as _, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use kenal_columns::BatchError;
use kenal_identity::{Line, Ordered, Receipt};
use kenal_types::CustomerRecord;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use serde::Serialize;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 15;
/// Rows that one thread reads at a time.
const PART_ROWS: usize = 1 << 11;
/// Batches that wait for whoever uses them.
const BATCHES_AHEAD: usize = 1;

/// A row that has a table.
pub trait TableRow: Serialize {
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

impl TableRow for Ordered<'_> {
    const NAME: &'static str = "orders";
    fn columns() -> Vec<FieldRef> {
        let time = column("ordered_at", DataType::Int64);
        [texts(&["system", "order_id", "number", "customer"]), vec![time]].concat()
    }
}

impl TableRow for Line<'_> {
    const NAME: &'static str = "order_lines";
    fn columns() -> Vec<FieldRef> {
        texts(&["system", "order_id", "item_id", "sku"])
    }
}

impl TableRow for Receipt<'_> {
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

/// Reads a table of several folders batch by batch in a thread of its own; of each, another one makes what `each` takes,
/// as the lake does.
pub fn each_batch<T: TableRow, M: Send>(
    dirs: &[PathBuf],
    mut make: impl FnMut(&Batch) -> Result<M> + Send,
    mut each: impl FnMut(M) -> Result<()>,
) -> Result<()> {
    thread::scope(|scope| {
        let (read, batches) = sync_channel(BATCHES_AHEAD);
        let (to, made) = sync_channel(BATCHES_AHEAD);
        scope.spawn(move || {
            if let Err(error) = dirs.iter().try_for_each(|dir| read_table::<T>(dir, &read)) {
                drop(read.send(Err(error)));
            }
        });
        scope.spawn(move || batches.into_iter().try_for_each(|batch| to.send(batch.and_then(|b| make(&b)))));
        made.into_iter().try_for_each(|made| each(made?))
    })
}

/// Rows of a table of several folders.
pub fn rows<T: TableRow>(dirs: &[PathBuf]) -> Result<usize> {
    let of_part = |dir: &PathBuf| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(open::<T>(dir)?)?;
        Ok(reader.metadata().file_metadata().num_rows() as usize)
    };
    dirs.iter().map(of_part).sum()
}

fn open<T: TableRow>(dir: &Path) -> Result<File> {
    let path = dir.join(format!("{}.parquet", T::NAME));
    File::open(&path).with_context(|| format!("opening {}", path.display()))
}

fn read_table<T: TableRow>(dir: &Path, to: &SyncSender<Result<Batch>>) -> Result<()> {
    for batch in ParquetRecordBatchReaderBuilder::try_new(open::<T>(dir)?)?.with_batch_size(BATCH_ROWS).build()? {
        let batch = Batch::of(&batch.with_context(|| format!("reading {} in {}", T::NAME, dir.display()))?);
        if to.send(Ok(batch)).is_err() {
            // Using a batch has failed, and nobody listens any more.
            break;
        }
    }
    Ok(())
}

/// Rows of a table, in parts that threads read side by side.
pub struct Batch(Vec<RecordBatch>);

impl Batch {
    fn of(batch: &RecordBatch) -> Batch {
        let rows = batch.num_rows();
        Batch((0..rows).step_by(PART_ROWS).map(|at| batch.slice(at, PART_ROWS.min(rows - at))).collect())
    }

    /// What `read` makes of the columns of each part.
    pub fn read<M: Send>(&self, read: impl Fn(&RecordBatch) -> Result<M, BatchError> + Sync) -> Result<Vec<M>> {
        self.0.par_iter().map(&read).collect::<Result<_, _>>().context("reading columns")
    }
}
