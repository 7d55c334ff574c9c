//! The in-house warehouse: customers and order lines as Parquet.
//!
//! The columns are ours to define and stand in [`columns`]. A row's bytes "as received" are its JSON, since a row of
//! Parquet has none of its own. Every page of a file is decoded once in the survey, because a damaged page in the
//! middle shows only then.

mod columns;
mod customer;
mod order_line;

use std::fs::File;
use std::path::Path;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::content::Content;
use crate::error::{Quarantine, SourceError};
use crate::limits::PARQUET_BATCH_ROWS;
use crate::progress::Progress;
use crate::report::{FileKind, FileReport, FileState};
use crate::rows::FileRows;
use crate::sink::RowSink;
use crate::survey::{Opened, Probed, Shape, Survey, Surveyed, io_error};

use columns::{Batch, Table};

pub(crate) fn probe(path: &Path, progress: &dyn Progress) -> Result<Probed, SourceError> {
    let content = Content::open(path, true, progress).map_err(|e| io_error(path, e))?;
    let (bytes, blake3) = content.finish().map_err(|e| io_error(path, e))?;
    let (kind, verdict) = match bytes {
        0 => (FileKind::Unknown, Err(Quarantine::Empty)),
        _ => match open(path)? {
            Err(why) => (FileKind::Unknown, Err(why)),
            Ok((table, reader)) => (table.kind, decodes(reader)),
        },
    };
    Ok(Probed { bytes, blake3, kind, verdict })
}

/// Opens a file for the columns that are read.
fn open(path: &Path) -> Result<Result<(&'static Table, ParquetRecordBatchReader), Quarantine>, SourceError> {
    let file = File::open(path).map_err(|e| io_error(path, e))?;
    let damaged = |e: parquet::errors::ParquetError| Quarantine::BadParquet { what: e.to_string() };
    let builder = match ParquetRecordBatchReaderBuilder::try_new(file) {
        Ok(builder) => builder,
        Err(e) => return Ok(Err(damaged(e))),
    };
    let table = match Table::understand(builder.schema()) {
        Ok(table) => table,
        Err(why) => return Ok(Err(why)),
    };
    let wanted: Vec<usize> = (0..builder.schema().fields().len())
        .filter(|&at| table.columns.iter().any(|c| c.name == builder.schema().field(at).name()))
        .collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    let reader = builder.with_projection(mask).with_batch_size(PARQUET_BATCH_ROWS).build();
    Ok(reader.map(|reader| (table, reader)).map_err(damaged))
}

/// Decodes every page.
fn decodes(reader: ParquetRecordBatchReader) -> Result<Shape, Quarantine> {
    let mut rows = 0_u64;
    for batch in reader {
        match batch {
            Ok(batch) => rows += batch.num_rows() as u64,
            Err(e) => {
                let what = format!("a page after row {rows} cannot be decoded: {e}");
                return Err(Quarantine::BadParquet { what });
            }
        }
    }
    if rows == 0 { Err(Quarantine::Empty) } else { Ok(Shape::Parquet) }
}

pub(crate) fn read(
    survey: &Survey,
    sink: &mut dyn RowSink,
    progress: &dyn Progress,
) -> Result<Vec<FileReport>, SourceError> {
    progress.begin("read", survey.bytes());
    let mut reports = Vec::with_capacity(survey.files.len());
    for file in &survey.files {
        reports.push(match file.open(sink)? {
            Opened::Quarantined(report) => report,
            Opened::Rows(_, rows) => read_file(file, rows, progress)?,
        });
    }
    progress.end();
    Ok(reports)
}

fn read_file(file: &Surveyed, mut rows: FileRows<'_>, progress: &dyn Progress) -> Result<FileReport, SourceError> {
    if rows.declined() {
        return rows.finish(FileState::Whole, None, None);
    }
    let changed = |what: String| SourceError::Changed { path: file.path.clone(), what };
    let (table, reader) = open(&file.path)?.map_err(|why| changed(why.to_string()))?;
    let mut lines = order_line::Lines::default();
    let mut number = 0_u64;
    for batch in reader {
        let batch = batch.map_err(|e| changed(e.to_string()))?;
        let batch = Batch::of(table, &batch).map_err(changed)?;
        for row in 0..batch.len() {
            number += 1;
            if table.kind == FileKind::WarehouseCustomers {
                let outcome = customer::parse(&batch, row);
                if outcome.is_ok() {
                    rows.saw(batch.time("updated_at", row));
                }
                rows.row(number, &batch.json(row), outcome)?;
            } else {
                lines.row(&batch, row, number, &mut rows)?;
            }
        }
    }
    lines.finish(&mut rows)?;
    // Parquet is read page by page in an order of its own, so only whole files count as progress.
    progress.advance(file.stamp.bytes);
    let watermark = rows.newest();
    rows.finish(FileState::Whole, watermark, None)
}
