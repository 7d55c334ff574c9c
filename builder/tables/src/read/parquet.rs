//! Rows of a Parquet file, as text.
//!
//! Whole numbers are written plainly, also those that a table with gaps made floats (`41` for `41.0`); dates and times
//! as ISO 8601, times at midnight as the date alone, since that is how dates of birth arrive from data frames.

use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, LargeStringArray, PrimitiveArray, StringArray, StringViewArray,
};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float32Type, Float64Type, Int64Type, TimeUnit, UInt64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::batch::{Batch, RejectReason, Rejected, Span, trimmed};
use super::error::{self, ReadError};
use crate::limits::{PARQUET_BATCH_ROWS, REJECTED_BYTES_MAX};

/// Reads rows of a Parquet file in its order.
pub(super) struct ParquetRows {
    path: PathBuf,
    /// Name and type of each column.
    columns: Vec<(String, DataType)>,
    rows_count: u64,
    /// Not started until the first batch, so that columns can be selected before.
    builder: Option<ParquetRecordBatchReaderBuilder<File>>,
    reader: Option<ParquetRecordBatchReader>,
    /// Positions of the columns that are read.
    selected: Vec<usize>,
    row: u64,
}

impl std::fmt::Debug for ParquetRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetRows").field("path", &self.path).field("row", &self.row).finish_non_exhaustive()
    }
}

impl ParquetRows {
    pub(super) fn open(path: &Path) -> Result<(Vec<String>, Self), ReadError> {
        let file = File::open(path).map_err(|e| ReadError::io(path, e))?;
        if file.metadata().map_err(|e| ReadError::io(path, e))?.len() == 0 {
            return Err(ReadError::Empty { path: path.to_owned() });
        }
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| broken(path, &e))?;
        let fields = builder.schema().fields();
        let columns: Vec<_> = fields.iter().map(|f| (f.name().trim().to_owned(), f.data_type().clone())).collect();
        if columns.is_empty() {
            return Err(ReadError::Empty { path: path.to_owned() });
        }
        let names = columns.iter().map(|(name, _)| name.clone()).collect();
        let rows_count = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
        let selected = (0..columns.len()).collect();
        let (path, builder) = (path.to_owned(), Some(builder));
        Ok((names, ParquetRows { path, columns, rows_count, builder, reader: None, selected, row: 0 }))
    }

    pub(super) fn rows_count(&self) -> u64 {
        self.rows_count
    }

    pub(super) fn select(&mut self, columns: &[usize]) {
        self.selected = (0..self.columns.len()).filter(|at| columns.contains(at)).collect();
    }

    pub(super) fn readable(&self, column: usize) -> Result<(), ReadError> {
        match self.columns.get(column) {
            Some((name, kind)) if !is_plain(kind) => {
                let (column, kind) = (name.clone(), kind.to_string());
                Err(ReadError::ColumnType { path: self.path.clone(), column, kind })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn fill(&mut self, batch: &mut Batch) -> Result<(), ReadError> {
        batch.clear(self.columns.len());
        if let Some(builder) = self.builder.take() {
            for &at in &self.selected {
                self.readable(at)?;
            }
            let mask = ProjectionMask::roots(builder.parquet_schema(), self.selected.iter().copied());
            let reader = builder.with_projection(mask).with_batch_size(PARQUET_BATCH_ROWS).build();
            self.reader = Some(reader.map_err(|e| broken(&self.path, &e))?);
        }
        while batch.held().0 == 0 {
            match self.reader.as_mut().and_then(Iterator::next) {
                None => return Ok(()),
                Some(Err(e)) => return Err(broken(&self.path, &e)),
                Some(Ok(rows)) => self.push(&rows, batch)?,
            }
        }
        Ok(())
    }

    fn push(&mut self, rows: &RecordBatch, batch: &mut Batch) -> Result<(), ReadError> {
        let (rows_count, width) = (rows.num_rows(), self.columns.len());
        batch.spans().resize(rows_count * width, Span::default());
        let mut bad: Vec<(usize, Vec<u8>)> = Vec::new();
        for (array, &column) in rows.columns().iter().zip(&self.selected) {
            let values = Values::new(array).map_err(|e| broken(&self.path, &e))?;
            for row in 0..rows_count {
                let start = batch.text().len();
                if let Err(raw) = values.write(row, batch.text()) {
                    bad.push((row, raw.to_vec()));
                    continue;
                }
                let end = batch.text().len();
                if u32::try_from(end).is_err() {
                    let what = "8,192 rows hold more than 4 GiB of text".to_owned();
                    return Err(ReadError::Parquet { path: self.path.clone(), what });
                }
                let span = trimmed(batch.text(), start, end);
                if let Some(to) = batch.spans().get_mut(row * width + column) {
                    *to = span;
                }
            }
        }
        bad.sort();
        bad.dedup_by_key(|(row, _)| *row);
        let mut bad = bad.into_iter().peekable();
        for row in 0..rows_count {
            self.row += 1;
            match bad.next_if(|(at, _)| *at == row) {
                None => batch.accept(self.row),
                Some((_, mut raw)) => {
                    let raw_bytes = raw.len() as u64;
                    raw.truncate(REJECTED_BYTES_MAX);
                    let (file, reason) = (error::name(&self.path), RejectReason::NotUtf8);
                    batch.reject(Rejected { file, line: self.row, reason, raw, raw_bytes });
                    // The row is taken out, so that accepted rows follow one another.
                    let at = batch.rows_count() * width;
                    batch.spans().drain(at..at + width);
                }
            }
        }
        Ok(())
    }
}

fn broken(path: &Path, what: &dyn std::fmt::Display) -> ReadError {
    ReadError::Parquet { path: path.to_owned(), what: what.to_string() }
}

/// Holds values that are text, or have one agreed form as text.
fn is_plain(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_plain(values),
        DataType::Null | DataType::Boolean | DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _) => true,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => true,
        other => other.is_integer() || other.is_floating(),
    }
}

/// A column's values by type; rarer types are cast to one of these first.
enum Values<'a> {
    None,
    Text(&'a StringArray),
    LargeText(&'a LargeStringArray),
    TextView(&'a StringViewArray),
    Bytes(BinaryArray),
    Truth(&'a BooleanArray),
    Signed(PrimitiveArray<Int64Type>),
    Unsigned(PrimitiveArray<UInt64Type>),
    Single(PrimitiveArray<Float32Type>),
    Double(PrimitiveArray<Float64Type>),
    /// As ISO 8601.
    Time(StringArray),
}

impl<'a> Values<'a> {
    fn new(array: &'a ArrayRef) -> Result<Self, arrow::error::ArrowError> {
        fn primitive<T: ArrowPrimitiveType>(a: &ArrayRef) -> Result<PrimitiveArray<T>, arrow::error::ArrowError> {
            Ok(cast(a, &T::DATA_TYPE)?.as_primitive::<T>().clone())
        }
        fn text(a: &ArrayRef) -> Result<StringArray, arrow::error::ArrowError> {
            Ok(cast(a, &DataType::Utf8)?.as_string::<i32>().clone())
        }
        Ok(match array.data_type() {
            DataType::Null => Values::None,
            DataType::Utf8 => Values::Text(array.as_string()),
            DataType::LargeUtf8 => Values::LargeText(array.as_string()),
            DataType::Utf8View => Values::TextView(array.as_string_view()),
            DataType::Boolean => Values::Truth(array.as_boolean()),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
                Values::Bytes(cast(array, &DataType::Binary)?.as_binary::<i32>().clone())
            }
            DataType::Float32 => Values::Single(primitive(array)?),
            kind if kind.is_signed_integer() => Values::Signed(primitive(array)?),
            kind if kind.is_unsigned_integer() => Values::Unsigned(primitive(array)?),
            kind if kind.is_floating() => Values::Double(primitive(array)?),
            // Without its zone: a birth date is a day on a wall calendar, and UTC is what most files mean anyway.
            DataType::Timestamp(unit, _) => {
                let plain = cast(array, &DataType::Timestamp(*unit, None))?;
                // Nanoseconds end in the year 2262, so this never narrows the range.
                let us = cast(&plain, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
                Values::Time(text(&us)?)
            }
            DataType::Date64 => Values::Time(text(&cast(array, &DataType::Timestamp(TimeUnit::Millisecond, None))?)?),
            DataType::Dictionary(_, values) => Values::Time(text(&cast(array, values)?)?),
            _ => Values::Time(text(array)?),
        })
    }

    /// Appends one value; gives the bytes that are no text.
    fn write<'b>(&'b self, row: usize, out: &mut String) -> Result<(), &'b [u8]> {
        /// Of an array that may have gaps.
        fn filled(array: &dyn Array, row: usize) -> bool {
            array.is_valid(row)
        }
        // Writing to a string cannot fail.
        match self {
            Values::None => {}
            Values::Text(a) if filled(a, row) => out.push_str(a.value(row)),
            Values::LargeText(a) if filled(a, row) => out.push_str(a.value(row)),
            Values::TextView(a) if filled(a, row) => out.push_str(a.value(row)),
            Values::Bytes(a) if filled(a, row) => {
                out.push_str(std::str::from_utf8(a.value(row)).map_err(|_| a.value(row))?);
            }
            Values::Truth(a) if filled(a, row) => out.push_str(if a.value(row) { "true" } else { "false" }),
            Values::Signed(a) if filled(a, row) => drop(write!(out, "{}", a.value(row))),
            Values::Unsigned(a) if filled(a, row) => drop(write!(out, "{}", a.value(row))),
            // Not-a-number is how data frames write a gap.
            Values::Single(a) if filled(a, row) && !a.value(row).is_nan() => drop(write!(out, "{}", a.value(row))),
            Values::Double(a) if filled(a, row) && !a.value(row).is_nan() => drop(write!(out, "{}", a.value(row))),
            Values::Time(a) if filled(a, row) => {
                out.push_str(a.value(row).strip_suffix("T00:00:00").unwrap_or(a.value(row)));
            }
            _ => {}
        }
        Ok(())
    }
}
