//! Factors as Parquet: one row a user or item, its id and its numbers as a list, as Spark, DuckDB and pandas read them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float32Type, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

/// Rows that are encoded at a time.
const BATCH_ROWS: usize = 8192;

/// Column of the numbers.
const FACTORS: &str = "factors";

/// Columns of a table with users and items.
const KIND: &str = "kind";
const ID: &str = "id";

/// A file of factors cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FactorsError {
    /// The disk, the permissions, or a folder that is not there.
    #[error("{}: cannot be opened or written", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// No Parquet, or one that is broken.
    #[error("{}: not a readable Parquet file", path.display())]
    Parquet { path: PathBuf, source: ParquetError },
    /// Parquet, but not of factors.
    #[error("{}: {why}", path.display())]
    Content { path: PathBuf, why: String },
}

impl FactorsError {
    fn parquet(path: &Path, source: impl Into<ParquetError>) -> FactorsError {
        FactorsError::Parquet { path: path.to_owned(), source: source.into() }
    }

    fn content(path: &Path, why: impl Into<String>) -> FactorsError {
        FactorsError::Content { path: path.to_owned(), why: why.into() }
    }
}

/// Ids and their factors, `k` numbers each.
pub struct Rows<'a> {
    pub ids: Box<dyn ExactSizeIterator<Item = &'a str> + 'a>,
    pub values: &'a [f32],
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("ids", &self.ids.len()).field("values", &self.values.len()).finish()
    }
}

/// Writes `key, factors`. The file appears when it is whole.
///
/// # Errors
/// The disk fails.
///
/// # Panics
/// When `k` is zero or there are not `k` values for each id.
pub fn write(path: &Path, key: &'static str, rows: Rows<'_>, k: usize) -> Result<(), FactorsError> {
    write_whole(path, &[key], vec![(None, rows)], k)
}

/// Writes users and items as one table `kind, id, factors`, kind `user` or `item`. The file appears when it is whole.
///
/// # Errors
/// The disk fails.
///
/// # Panics
/// As [`write`].
pub fn write_both<'a>(path: &Path, users: Rows<'a>, items: Rows<'a>, k: usize) -> Result<(), FactorsError> {
    write_whole(path, &[KIND, ID], vec![(Some("user"), users), (Some("item"), items)], k)
}

fn write_whole(
    path: &Path,
    columns: &[&'static str],
    tables: Vec<(Option<&'static str>, Rows<'_>)>,
    k: usize,
) -> Result<(), FactorsError> {
    for (_, rows) in &tables {
        assert_eq!(rows.values.len(), rows.ids.len() * k, "so many numbers for each id");
    }
    let io = |source| FactorsError::Io { path: path.to_owned(), source };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let file = File::create(&temporary).map_err(io)?;
    let written = write_to(file, columns, tables, k).map_err(|e| FactorsError::parquet(path, e));
    let named = written.and_then(|file| {
        file.sync_all().map_err(io)?;
        fs::rename(&temporary, path).map_err(io)
    });
    if named.is_err() {
        // The first failure is the one to tell of.
        let _ = fs::remove_file(&temporary);
    }
    named
}

fn write_to(
    file: File,
    columns: &[&'static str],
    tables: Vec<(Option<&'static str>, Rows<'_>)>,
    k: usize,
) -> Result<File, ParquetError> {
    let number = Arc::new(Field::new("item", DataType::Float32, false));
    let list = DataType::FixedSizeList(number.clone(), i32::try_from(k).unwrap_or(i32::MAX));
    let texts = columns.iter().map(|name| Field::new(*name, DataType::Utf8, false));
    let fields: Vec<Field> = texts.chain([Field::new(FACTORS, list, false)]).collect();
    let schema = Arc::new(Schema::new(fields));
    // Floats of a fit look like noise: a dictionary of them would only cost time.
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_dictionary_enabled(false)
        .build();
    let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
    for (kind, mut rows) in tables {
        for values in rows.values.chunks(BATCH_ROWS * k) {
            let count = values.len() / k;
            let names: StringArray = rows.ids.by_ref().take(count).map(Some).collect();
            let numbers = Arc::new(Float32Array::from(values.to_vec()));
            let lists =
                FixedSizeListArray::try_new(number.clone(), k as i32, numbers, None).map_err(ParquetError::from)?;
            let kinds = kind.map(|kind| Arc::new(StringArray::from(vec![kind; count])) as ArrayRef);
            let columns: Vec<ArrayRef> =
                kinds.into_iter().chain([Arc::new(names) as ArrayRef, Arc::new(lists) as ArrayRef]).collect();
            let batch = RecordBatch::try_new(schema.clone(), columns).map_err(ParquetError::from)?;
            writer.write(&batch)?;
        }
    }
    writer.into_inner()
}

/// Reads `key, factors` row by row into `row`, which gets the id and its numbers, finite and `k` of them; or the rows of
/// the kind `key` of `kind, id, factors`.
///
/// # Errors
/// The file cannot be read, has other columns, or has rows of another length or with what is no number.
pub fn read(path: &Path, key: &str, k: usize, mut row: impl FnMut(&str, &[f32])) -> Result<(), FactorsError> {
    let file = File::open(path).map_err(|source| FactorsError::Io { path: path.to_owned(), source })?;
    let broken = |e: ParquetError| FactorsError::parquet(path, e);
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(broken)?.build().map_err(broken)?;
    for batch in reader {
        let arrow = |e: ArrowError| FactorsError::parquet(path, e);
        let batch = batch.map_err(arrow)?;
        let column = |name: &str| {
            batch.column_by_name(name).ok_or_else(|| FactorsError::content(path, format!("no column `{name}`")))
        };
        let both = batch.column_by_name(key).is_none() && batch.column_by_name(KIND).is_some();
        let text = |name: &str| cast(column(name)?, &DataType::Utf8).map_err(arrow);
        let kinds = both.then(|| text(KIND)).transpose()?;
        let ids = text(if both { ID } else { key })?;
        let number = Arc::new(Field::new("item", DataType::Float32, true));
        let lists = cast(column(FACTORS)?, &DataType::List(number)).map_err(arrow)?;
        let (ids, lists) = (ids.as_string::<i32>(), lists.as_list::<i32>());
        for at in 0..batch.num_rows() {
            if kinds.as_ref().is_some_and(|kinds| kinds.as_string::<i32>().value(at) != key) {
                continue;
            }
            let numbers = lists.value(at);
            let numbers = numbers.as_primitive::<Float32Type>();
            let id = if ids.is_null(at) { "" } else { ids.value(at) };
            if lists.is_null(at) || numbers.len() != k {
                let len = if lists.is_null(at) { 0 } else { numbers.len() };
                return Err(FactorsError::content(path, format!("`{id}` has {len} factors, and {k} are wanted")));
            }
            if numbers.null_count() > 0 || !numbers.values().iter().all(|v| v.is_finite()) {
                return Err(FactorsError::content(path, format!("`{id}` has a factor that is no finite number")));
            }
            row(id, numbers.values());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_read_as_they_were_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("item_factors.parquet");
        let n = BATCH_ROWS + 3;
        let names: Vec<String> = (0..n).map(|i| format!("item {i}")).collect();
        let values: Vec<f32> = (0..n * 3).map(|v| v as f32 / 7.0 - 9.0).collect();
        let rows = || Rows { ids: Box::new(names.iter().map(String::as_str)), values: &values };
        write(&path, "item", rows(), 3).expect("written");
        let mut got = (Vec::new(), Vec::new());
        read(&path, "item", 3, |id, row| {
            got.0.push(id.to_owned());
            got.1.extend_from_slice(row);
        })
        .expect("read");
        assert_eq!(got, (names.clone(), values.clone()));
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "nothing beside it");
        let wrong = [("item", 4, "has 3 factors, and 4 are wanted"), ("user", 3, "no column `user`")];
        for (key, k, why) in wrong {
            let error = read(&path, key, k, |_, _| {}).expect_err("refused");
            assert!(error.to_string().contains(why), "{error}");
        }
        let one = || Rows { ids: Box::new(["u"].into_iter()), values: &[1.0, 2.0, 3.0] };
        write_both(&path, one(), rows(), 3).expect("written");
        for (kind, count) in [("user", 1), ("item", n), ("neither", 0)] {
            let mut seen = 0;
            read(&path, kind, 3, |id, row| {
                let first = if kind == "user" { ("u", 1.0) } else { (names[seen].as_str(), values[seen * 3]) };
                assert_eq!((id, row[0]), first);
                seen += 1;
            })
            .expect("read");
            assert_eq!(seen, count, "{kind}");
        }
        fs::write(&path, "no Parquet").expect("written");
        assert!(matches!(read(&path, "item", 3, |_, _| {}), Err(FactorsError::Parquet { .. })));
        write(&path, "item", Rows { ids: Box::new(["a"].into_iter()), values: &[f32::NAN] }, 1).expect("written");
        let error = read(&path, "item", 1, |_, _| {}).expect_err("refused");
        assert!(error.to_string().contains("no finite number"), "{error}");
    }
}
