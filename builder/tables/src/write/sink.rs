//! Where rows go: CSV text or Parquet pages.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::table::{Cell, Column, Kind, WriteError};
use crate::limits::WRITE_ROWS;

/// What a sink runs into; the writer adds the path.
#[derive(Debug)]
pub(super) enum SinkError {
    Io(io::Error),
    Parquet(ParquetError),
}

impl SinkError {
    pub(super) fn at(self, path: &Path) -> WriteError {
        let path = path.to_owned();
        match self {
            SinkError::Io(source) => WriteError::Io { path, source },
            SinkError::Parquet(source) => WriteError::Parquet { path, source },
        }
    }
}

impl From<csv::Error> for SinkError {
    fn from(e: csv::Error) -> Self {
        SinkError::Io(e.into())
    }
}

impl From<ParquetError> for SinkError {
    fn from(e: ParquetError) -> Self {
        SinkError::Parquet(e)
    }
}

pub(super) trait Sink {
    /// Takes a row that fits the columns.
    fn write(&mut self, row: &[Cell<'_>]) -> Result<(), SinkError>;
    fn finish(self: Box<Self>) -> Result<File, SinkError>;
}

pub(super) struct CsvSink(csv::Writer<BufWriter<File>>);

impl CsvSink {
    pub(super) fn new(file: BufWriter<File>, columns: &[Column]) -> Result<Self, SinkError> {
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(columns.iter().map(|c| c.name))?;
        Ok(CsvSink(writer))
    }
}

impl Sink for CsvSink {
    fn write(&mut self, row: &[Cell<'_>]) -> Result<(), SinkError> {
        for cell in row {
            match cell {
                Cell::None => self.0.write_field("")?,
                Cell::Text(text) => self.0.write_field(text)?,
                Cell::Integer(n) => self.0.write_field(n.to_string())?,
                Cell::Number(x) => self.0.write_field(x.to_string())?,
            }
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    fn finish(self: Box<Self>) -> Result<File, SinkError> {
        let inner = self.0.into_inner().map_err(|e| SinkError::Io(e.into_error()))?;
        inner.into_inner().map_err(|e| SinkError::Io(e.into_error()))
    }
}

enum Builder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
}

impl Builder {
    fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Text(b) => Arc::new(b.finish()),
            Builder::Integer(b) => Arc::new(b.finish()),
            Builder::Number(b) => Arc::new(b.finish()),
        }
    }
}

pub(super) struct ParquetSink {
    writer: ArrowWriter<BufWriter<File>>,
    schema: Arc<Schema>,
    builders: Vec<Builder>,
    rows: usize,
}

impl ParquetSink {
    pub(super) fn new(file: BufWriter<File>, columns: &[Column]) -> Result<Self, SinkError> {
        let field = |c: &Column| {
            let kind = match c.kind {
                Kind::Text => DataType::Utf8,
                Kind::Integer => DataType::Int64,
                Kind::Number => DataType::Float64,
            };
            Field::new(c.name, kind, true)
        };
        let builders = columns.iter().map(|c| match c.kind {
            Kind::Text => Builder::Text(StringBuilder::new()),
            Kind::Integer => Builder::Integer(Int64Builder::new()),
            Kind::Number => Builder::Number(Float64Builder::new()),
        });
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        // Level 1 halves the ids of a million records at no cost that can be measured beside the disk.
        let zstd = Compression::ZSTD(ZstdLevel::try_new(1)?);
        let properties = WriterProperties::builder().set_compression(zstd).build();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
        Ok(ParquetSink { writer, schema, builders: builders.collect(), rows: 0 })
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.rows = 0;
        let arrays = self.builders.iter_mut().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(ParquetError::from)?;
        Ok(self.writer.write(&batch)?)
    }
}

impl Sink for ParquetSink {
    fn write(&mut self, row: &[Cell<'_>]) -> Result<(), SinkError> {
        for (cell, builder) in row.iter().zip(&mut self.builders) {
            match (builder, cell) {
                (Builder::Text(b), Cell::Text(text)) => b.append_value(text),
                (Builder::Text(b), _) => b.append_null(),
                (Builder::Integer(b), Cell::Integer(n)) => b.append_value(*n),
                (Builder::Integer(b), _) => b.append_null(),
                (Builder::Number(b), Cell::Number(x)) => b.append_value(*x),
                (Builder::Number(b), _) => b.append_null(),
            }
        }
        self.rows += 1;
        if self.rows == WRITE_ROWS { self.flush() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<File, SinkError> {
        self.flush()?;
        let inner = self.writer.into_inner()?;
        inner.into_inner().map_err(|e| SinkError::Io(e.into_error()))
    }
}
