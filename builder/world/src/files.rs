//! From the spool to the files of the exports: sidecars, pages, headers, days.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::json::ReaderBuilder;
use arrow::json::reader::Decoder;
use kenal_types::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::emit::{self, ChildOf, Clock, SALESFORCE_OBJECTS, Setup, stream};
use crate::error::WorldError;
use crate::json;
use crate::rates::{Defect, DefectCounts};
use crate::schema;
use crate::spool::{Spool, part};
use crate::summary::Files;

/// Elements of one Zendesk page.
const ZENDESK_PAGE: usize = 1000;
/// Rows of one page of a CRM result, and pages that are joined to one file.
const CRM_PAGE: u64 = 500;
const CRM_PAGES_A_FILE: u64 = 40;
const PARQUET_FILE_ROWS: u64 = 2_000_000;
const PARQUET_BATCH_ROWS: usize = 8192;
/// Rows of a Parquet row group; it bounds what the writer holds.
const PARQUET_GROUP_ROWS: usize = 65_536;

/// A file being written, which knows its size.
struct Out {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
}

impl Out {
    fn create(path: PathBuf) -> Result<Out, WorldError> {
        let file = File::create(&path).map_err(WorldError::io(&path))?;
        Ok(Out { path, file: BufWriter::with_capacity(1 << 18, file), bytes: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), WorldError> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(WorldError::io(&self.path))
    }

    fn finish(mut self) -> Result<u64, WorldError> {
        self.file.flush().map_err(WorldError::io(&self.path))?;
        Ok(self.bytes)
    }
}

/// Writes everything that is in the spool.
pub(crate) fn write(
    out: &Path,
    spool: &Spool,
    setup: &Setup<'_>,
    counts: &mut DefectCounts,
    stage: &dyn Fn(&str),
) -> Result<Files, WorldError> {
    let mut files = Files::default();
    let dir = |name: &str| -> Result<PathBuf, WorldError> {
        let dir = out.join(name);
        std::fs::create_dir_all(&dir).map_err(WorldError::io(&dir))?;
        Ok(dir)
    };
    stage("shopify");
    let shopify = dir("shopify")?;
    for (name, stream) in [("customers", Some(stream::CUSTOMERS)), ("orders", Some(stream::ORDERS)), ("products", None)]
    {
        bulk(&shopify, name, stream, spool, setup, &mut files)?;
    }
    stage("zendesk");
    let zendesk = dir("zendesk")?;
    pages(&zendesk, "users", stream::USERS, spool, &setup.clock, &mut files)?;
    pages(&zendesk, "tickets", stream::TICKETS, spool, &setup.clock, &mut files)?;
    stage("salesforce");
    crm(&dir("salesforce")?, spool, counts, &mut files)?;
    stage("warehouse");
    let warehouse = dir("warehouse")?;
    let table = |name, stream, schema, dir: &Path, files: &mut Files| parquet(dir, name, stream, schema, spool, files);
    table("customers", stream::WAREHOUSE_CUSTOMERS, schema::warehouse_customers(), &warehouse, &mut files)?;
    table("order_lines", stream::WAREHOUSE_LINES, schema::warehouse_lines(), &warehouse, &mut files)?;
    stage("app");
    days(&dir("app")?, spool, &mut files)?;
    stage("truth");
    let truth = dir("truth")?;
    for (name, stream, schema) in [
        ("people", stream::TRUTH_PEOPLE, schema::truth_people()),
        ("consent", stream::TRUTH_CONSENT, schema::truth_consent()),
        ("tastes", stream::TRUTH_TASTES, schema::truth_tastes()),
        ("churn", stream::TRUTH_CHURN, schema::truth_churn()),
        ("purchases", stream::TRUTH_PURCHASES, schema::truth_purchases()),
    ] {
        let mut writer = Table::create(truth.join(format!("{name}.parquet")), schema)?;
        spool.drain(stream, |_, row| writer.row(row))?;
        let (rows, bytes) = writer.finish()?;
        files.add(&format!("truth/{name}"), rows, bytes);
    }
    Ok(files)
}

/// A bulk operation's file and the node that describes it.
fn bulk(
    dir: &Path,
    name: &str,
    stream: Option<usize>,
    spool: &Spool,
    setup: &Setup<'_>,
    files: &mut Files,
) -> Result<(), WorldError> {
    let mut out = Out::create(dir.join(format!("{name}.jsonl")))?;
    let (mut objects, mut roots) = (0_u64, 0_u64);
    let child = b"\"__parentId\":";
    match stream {
        Some(stream) => spool.drain(stream, |_, row| {
            objects += 1;
            roots += u64::from(!row.windows(child.len()).any(|w| w == child));
            out.write(row)?;
            out.write(b"\n")
        })?,
        None => emit::product_lines(setup, |kind, row| {
            objects += 1;
            roots += u64::from(matches!(kind, ChildOf::Product));
            out.write(row)?;
            out.write(b"\n")
        })?,
    }
    let bytes = out.finish()?;
    let mut node = Vec::new();
    let synced = setup.clock.synced;
    json::object(&mut node, |o| {
        o.quoted("id", format_args!("gid://shopify/BulkOperation/{}", 4_000_000 + name.len()));
        o.text("status", "COMPLETED").null("errorCode").quoted("objectCount", objects);
        o.quoted("rootObjectCount", roots).quoted("fileSize", bytes).null("url").null("partialDataUrl");
        o.quoted("createdAt", synced).quoted("completedAt", Timestamp(synced.0 + 1800 * Timestamp::US_PER_S));
        o.text("type", "QUERY");
    });
    node.push(b'\n');
    let mut sidecar = Out::create(dir.join(format!("{name}.operation.json")))?;
    sidecar.write(&node)?;
    sidecar.finish()?;
    files.add(&format!("shopify/{name}"), objects, bytes);
    Ok(())
}

/// Pages of an incremental export, one a file. A page ends with the cursor of the next.
fn pages(
    dir: &Path,
    name: &'static str,
    stream: usize,
    spool: &Spool,
    clock: &Clock,
    files: &mut Files,
) -> Result<(), WorldError> {
    let mut page =
        Page { dir, name, number: 0, rows: Vec::new(), identities: Vec::new(), last: Timestamp(0), bytes: 0 };
    let mut total = 0;
    spool.drain(stream, |key, row| {
        if page.rows.len() == ZENDESK_PAGE {
            page.write(false, clock)?;
        }
        total += 1;
        page.last = Timestamp(key as i64);
        let (element, identities) = match row.iter().position(|b| *b == b'\n') {
            Some(at) => (&row[..at], &row[at + 1..]),
            None => (row, &b""[..]),
        };
        page.rows.push(element.to_vec());
        if !identities.is_empty() {
            page.identities.push(identities.to_vec());
        }
        Ok(())
    })?;
    page.write(true, clock)?;
    files.add(&format!("zendesk/{name}"), total, page.bytes);
    Ok(())
}

struct Page<'d> {
    dir: &'d Path,
    name: &'static str,
    number: u64,
    rows: Vec<Vec<u8>>,
    identities: Vec<Vec<u8>>,
    last: Timestamp,
    bytes: u64,
}

impl Page<'_> {
    fn write(&mut self, end: bool, clock: &Clock) -> Result<(), WorldError> {
        self.number += 1;
        let mut out = Out::create(part(self.dir, self.name, self.number, "json"))?;
        out.write(format!("{{\"{}\":[", self.name).as_bytes())?;
        out.write(&self.rows.join(&b","[..]))?;
        if self.name == "users" {
            // A user that is on the page twice has its identities side-loaded once.
            self.identities.sort_unstable();
            self.identities.dedup();
            out.write(b"],\"identities\":[")?;
            out.write(&self.identities.join(&b","[..]))?;
        }
        // The last page ends a minute before the export: younger changes are held back.
        let until = if end { Timestamp(clock.now.0 - 60 * Timestamp::US_PER_S) } else { self.last };
        let cursor = format!("{:x}", until.seconds() as u64 * 4096 + self.number);
        let next = format!("https://kedai.example/api/v2/incremental/{}/cursor.json?cursor={cursor}", self.name);
        let mut tail = Vec::new();
        json::object(&mut tail, |o| {
            o.text("after_url", &next).text("after_cursor", &cursor).null("before_url").null("before_cursor");
            o.bare("end_time", until.seconds()).bare("end_of_stream", end);
        });
        tail[0] = b',';
        out.write(b"]")?;
        out.write(&tail)?;
        self.bytes += out.finish()?;
        self.rows.clear();
        self.identities.clear();
        Ok(())
    }
}

/// Pages of the CRM's results, each with its header, joined to files.
fn crm(dir: &Path, spool: &Spool, counts: &mut DefectCounts, files: &mut Files) -> Result<(), WorldError> {
    for (stream, name, columns) in SALESFORCE_OBJECTS {
        let header = format!("\"{}\"\n", columns.replace(',', "\",\""));
        let (mut rows, mut bytes, mut number) = (0_u64, 0, 1);
        let mut out = Out::create(part(dir, name, number, "csv"))?;
        out.write(header.as_bytes())?;
        spool.drain(stream, |_, row| {
            if rows > 0 && rows.is_multiple_of(CRM_PAGE * CRM_PAGES_A_FILE) {
                number += 1;
                let full = std::mem::replace(&mut out, Out::create(part(dir, name, number, "csv"))?);
                bytes += full.finish()?;
                out.write(header.as_bytes())?;
            } else if rows > 0 && rows.is_multiple_of(CRM_PAGE) {
                counts.add(Defect::HeaderRepeated);
                out.write(header.as_bytes())?;
            }
            rows += 1;
            out.write(row)?;
            out.write(b"\n")
        })?;
        bytes += out.finish()?;
        files.add(&format!("salesforce/{name}"), rows, bytes);
    }
    let mut purposes = Out::create(part(dir, "DataUsePurpose", 1, "csv"))?;
    purposes.write(emit::purposes_csv().as_bytes())?;
    let bytes = purposes.finish()?;
    files.add("salesforce/DataUsePurpose", 4, bytes);
    Ok(())
}

/// Events by the day they were received.
fn days(dir: &Path, spool: &Spool, files: &mut Files) -> Result<(), WorldError> {
    let (mut rows, mut bytes) = (0, 0);
    let mut open: Option<(kenal_types::Date, Out)> = None;
    spool.drain(stream::EVENTS, |key, row| {
        let day = Timestamp(key as i64).date();
        if open.as_ref().is_none_or(|(at, _)| *at != day) {
            let next = Out::create(dir.join(format!("events-{day}.jsonl")))?;
            if let Some((_, full)) = open.replace((day, next)) {
                bytes += full.finish()?;
            }
        }
        let Some((_, out)) = &mut open else { return Ok(()) };
        rows += 1;
        out.write(row)?;
        out.write(b"\n")
    })?;
    if let Some((_, full)) = open {
        bytes += full.finish()?;
    }
    files.add("app/events", rows, bytes);
    Ok(())
}

fn parquet(
    dir: &Path,
    name: &str,
    stream: usize,
    schema: SchemaRef,
    spool: &Spool,
    files: &mut Files,
) -> Result<(), WorldError> {
    let (mut number, mut total, mut bytes) = (1, 0, 0);
    let mut table = Table::create(part(dir, name, number, "parquet"), SchemaRef::clone(&schema))?;
    spool.drain(stream, |_, row| {
        if table.rows == PARQUET_FILE_ROWS {
            number += 1;
            let next = Table::create(part(dir, name, number, "parquet"), SchemaRef::clone(&schema))?;
            let (rows, size) = std::mem::replace(&mut table, next).finish()?;
            total += rows;
            bytes += size;
        }
        table.row(row)
    })?;
    let (rows, size) = table.finish()?;
    files.add(&format!("warehouse/{name}"), total + rows, bytes + size);
    Ok(())
}

/// A Parquet file written from rows of JSON.
struct Table {
    path: PathBuf,
    schema: SchemaRef,
    decoder: Decoder,
    writer: ArrowWriter<File>,
    pending: usize,
    rows: u64,
}

impl Table {
    fn create(path: PathBuf, schema: SchemaRef) -> Result<Table, WorldError> {
        // The decoder knows no named time zones; the numbers are the same without one.
        let decoder = ReaderBuilder::new(schema::without_zones(&schema))
            .with_batch_size(PARQUET_BATCH_ROWS)
            .build_decoder()
            .map_err(WorldError::arrow(&path))?;
        let file = File::create(&path).map_err(WorldError::io(&path))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(PARQUET_GROUP_ROWS))
            // The library's version would make the bytes depend on it.
            .set_created_by("kenal world".to_owned())
            .build();
        let writer = ArrowWriter::try_new(file, SchemaRef::clone(&schema), Some(properties))
            .map_err(WorldError::parquet(&path))?;
        Ok(Table { path, schema, decoder, writer, pending: 0, rows: 0 })
    }

    fn row(&mut self, json: &[u8]) -> Result<(), WorldError> {
        for piece in [json, &b"\n"[..]] {
            self.decoder.decode(piece).map_err(WorldError::arrow(&self.path))?;
        }
        self.rows += 1;
        self.pending += 1;
        if self.pending == PARQUET_BATCH_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WorldError> {
        self.pending = 0;
        if let Some(batch) = self.decoder.flush().map_err(WorldError::arrow(&self.path))? {
            let batch = schema::with_zones(&batch, &self.schema).map_err(WorldError::arrow(&self.path))?;
            self.writer.write(&batch).map_err(WorldError::parquet(&self.path))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(u64, u64), WorldError> {
        self.flush()?;
        self.writer.finish().map_err(WorldError::parquet(&self.path))?;
        let bytes = std::fs::metadata(&self.path).map_err(WorldError::io(&self.path))?.len();
        Ok((self.rows, bytes))
    }
}
