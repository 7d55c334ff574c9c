//! Rows on their way into Parquet: one buffer per table, of bounded size.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, Int64Array, StringArray};
use deltalake::kernel::Add;
use kenal_types::{
    AppEvent, ConsentSignal, CustomerRecord, Entity, FileStamp, Item, Order, OrderLine, Origin, Rejection, System,
    Ticket, Timestamp, Variant,
};
use serde::Serialize;

use crate::columns::Columns;
use crate::error::LakeError;
use crate::ingest::outcome::{self, FileOutcome, FileStatus};
use crate::lake::Lake;
use crate::layout::{self, TableName};
use crate::schema::{self, SilverRow};
use crate::store::FileWriter;

/// Rows that are held before they are encoded.
const ROWS_MAX: usize = 65_536;
/// Raw bytes that are held before they are encoded: some systems' rows are large.
const RAW_BYTES_MAX: usize = 32 << 20;

/// Files to commit, by table, and how many rows are in them.
pub(crate) type Written = (Vec<(TableName, Vec<Add>)>, BTreeMap<TableName, u64>);

/// The Parquet files of one table in this ingest; none is begun before there are rows.
struct Files<'a> {
    table: TableName,
    writer: Option<FileWriter<'a>>,
    rows: u64,
}

impl<'a> Files<'a> {
    fn new(table: TableName) -> Self {
        Files { table, writer: None, rows: 0 }
    }

    fn write(&mut self, lake: &'a Lake, batch: arrow::array::RecordBatch) -> Result<(), LakeError> {
        self.rows += batch.num_rows() as u64;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(FileWriter::begin(lake.root(), &self.table, &schema::of(&self.table))?),
        };
        lake.wait(writer.write(batch))
    }

    fn finish(self, lake: &'a Lake, into: &mut Written) -> Result<(), LakeError> {
        if let Some(writer) = self.writer {
            into.0.push((self.table.clone(), lake.wait(writer.finish())?));
            into.1.insert(self.table, self.rows);
        }
        Ok(())
    }
}

/// Where a silver row came from; see [`schema::provenance`].
struct Provenance {
    file: Arc<str>,
    line: i64,
    part: i64,
    ordinal: i64,
}

/// Typed rows of one silver table.
struct Silver<'a, T> {
    rows: Vec<T>,
    from: Vec<Provenance>,
    files: Files<'a>,
}

impl<'a, T: SilverRow> Silver<'a, T> {
    fn new() -> Self {
        Silver { rows: Vec::new(), from: Vec::new(), files: Files::new(TableName::silver(T::TABLE)) }
    }

    fn push(&mut self, lake: &'a Lake, at: &At, row: T, from: Provenance) -> Result<(), LakeError> {
        self.rows.push(row);
        self.from.push(from);
        if self.rows.len() < ROWS_MAX { Ok(()) } else { self.encode(lake, at) }
    }

    fn encode(&mut self, lake: &'a Lake, at: &At) -> Result<(), LakeError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let count = self.rows.len();
        let ints = |value: fn(&Provenance) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(self.from.iter().map(value)))
        };
        let file: ArrayRef = Arc::new(StringArray::from_iter_values(self.from.iter().map(|f| &*f.file)));
        let mut further = vec![
            ("file", file),
            ("line", ints(|f| f.line)),
            ("part", ints(|f| f.part)),
            ("ingest", Arc::new(Int64Array::from_value(at.number, count)) as ArrayRef),
            ("ordinal", ints(|f| f.ordinal)),
        ];
        let own = T::columns();
        if !own.has("system") {
            let names = std::iter::repeat_n(at.system.name(), count);
            further.insert(0, ("system", Arc::new(StringArray::from_iter_values(names))));
        }
        let batch = own.batch(&self.files.table, &self.rows, further)?;
        self.rows.clear();
        self.from.clear();
        self.files.write(lake, batch)
    }

    fn finish(mut self, lake: &'a Lake, at: &At, into: &mut Written) -> Result<(), LakeError> {
        self.encode(lake, at)?;
        self.files.finish(lake, into)
    }
}

/// Rows of a table whose raw bytes count: as received, dead letters. Serde knows nothing of `raw`; it is kept apart
/// so that it becomes a binary column without a copy per byte.
struct Raw<'a, T> {
    rows: Vec<T>,
    raw: BinaryBuilder,
    bytes: usize,
    files: Files<'a>,
    /// All but `raw`, which follows them.
    columns: fn() -> Columns,
}

impl<'a, T: Serialize> Raw<'a, T> {
    fn new(table: TableName, columns: fn() -> Columns) -> Self {
        Raw { rows: Vec::new(), raw: BinaryBuilder::new(), bytes: 0, files: Files::new(table), columns }
    }

    fn push(&mut self, lake: &'a Lake, row: T, raw: &[u8]) -> Result<(), LakeError> {
        self.rows.push(row);
        self.raw.append_value(raw);
        self.bytes += raw.len();
        if self.rows.len() < ROWS_MAX && self.bytes < RAW_BYTES_MAX { Ok(()) } else { self.encode(lake) }
    }

    fn encode(&mut self, lake: &'a Lake) -> Result<(), LakeError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let raw: ArrayRef = Arc::new(self.raw.finish());
        let batch = (self.columns)().batch(&self.files.table, &self.rows, vec![("raw", raw)])?;
        self.rows.clear();
        self.bytes = 0;
        self.files.write(lake, batch)
    }

    fn finish(mut self, lake: &'a Lake, into: &mut Written) -> Result<(), LakeError> {
        self.encode(lake)?;
        self.files.finish(lake, into)
    }
}

#[derive(Serialize)]
struct ReceivedRow {
    file: Arc<str>,
    line: u64,
    kind: Option<&'static str>,
    ingest: i64,
}

#[derive(Serialize)]
struct DeadLetterRow {
    system: System,
    file: Arc<str>,
    line: u64,
    field: String,
    reason: &'static str,
    detail: String,
    ingest: i64,
    first_seen_at: Timestamp,
}

/// A row of `bronze_files`.
#[derive(Debug, Serialize)]
pub(crate) struct FileRow {
    system: System,
    file: Arc<str>,
    kind: String,
    blake3: String,
    bytes: u64,
    read: u64,
    accepted: u64,
    rejected: u64,
    watermark: Option<Timestamp>,
    status: FileStatus,
    reason: Option<String>,
    ingest: i64,
    ingested_at: Timestamp,
}

impl FileRow {
    pub(crate) fn new(system: System, stamp: &FileStamp, outcome: FileOutcome, ingest: i64, now: Timestamp) -> Self {
        FileRow {
            system,
            file: outcome.file,
            kind: outcome.kind,
            blake3: outcome::hex(stamp),
            bytes: stamp.bytes,
            read: outcome.read,
            accepted: outcome.accepted,
            rejected: outcome.rejected,
            watermark: outcome.watermark,
            status: outcome.status,
            reason: outcome.reason,
            ingest,
            ingested_at: now,
        }
    }
}

/// Which ingest the rows belong to.
struct At {
    system: System,
    number: i64,
}

/// The buffers of one ingest.
pub(crate) struct Buffers<'a> {
    at: At,
    /// Silver rows so far.
    ordinal: i64,
    customers: Silver<'a, CustomerRecord>,
    items: Silver<'a, Item>,
    variants: Silver<'a, Variant>,
    orders: Silver<'a, Order>,
    order_lines: Silver<'a, OrderLine>,
    tickets: Silver<'a, Ticket>,
    events: Silver<'a, AppEvent>,
    consents: Silver<'a, ConsentSignal>,
    received: Raw<'a, ReceivedRow>,
    dead_letters: Raw<'a, DeadLetterRow>,
    files: Vec<FileRow>,
}

impl<'a> Buffers<'a> {
    pub(crate) fn new(system: System, number: i64) -> Self {
        Buffers {
            at: At { system, number },
            ordinal: 0,
            customers: Silver::new(),
            items: Silver::new(),
            variants: Silver::new(),
            orders: Silver::new(),
            order_lines: Silver::new(),
            tickets: Silver::new(),
            events: Silver::new(),
            consents: Silver::new(),
            received: Raw::new(TableName::bronze(system.name()), || schema::received().without("raw")),
            dead_letters: Raw::new(TableName::bronze(layout::DEAD_LETTERS), || schema::dead_letters().without("raw")),
            files: Vec::new(),
        }
    }

    pub(crate) fn accept(
        &mut self,
        lake: &'a Lake,
        origin: &Origin,
        raw: &[u8],
        entities: Vec<Entity>,
    ) -> Result<(), LakeError> {
        let kind = entities.first().map(kind);
        let ingest = self.at.number;
        let row = ReceivedRow { file: Arc::clone(&origin.file), line: origin.line, kind, ingest };
        self.received.push(lake, row, raw)?;
        let mut parts = Parts::default();
        for entity in entities {
            let from = Provenance {
                file: Arc::clone(&origin.file),
                line: origin.line as i64,
                part: parts.next(&entity),
                ordinal: self.ordinal,
            };
            self.ordinal += 1;
            self.entity(lake, entity, from)?;
        }
        Ok(())
    }

    fn entity(&mut self, lake: &'a Lake, entity: Entity, from: Provenance) -> Result<(), LakeError> {
        let at = &self.at;
        match entity {
            Entity::Customer(row) => self.customers.push(lake, at, *row, from),
            Entity::Consent(row) => self.consents.push(lake, at, *row, from),
            Entity::Item(row) => self.items.push(lake, at, *row, from),
            Entity::Variant(row) => self.variants.push(lake, at, *row, from),
            Entity::Order(row) => self.orders.push(lake, at, *row, from),
            Entity::OrderLine(row) => self.order_lines.push(lake, at, *row, from),
            Entity::Ticket(row) => self.tickets.push(lake, at, *row, from),
            Entity::Event(row) => self.events.push(lake, at, *row, from),
        }
    }

    pub(crate) fn reject(&mut self, lake: &'a Lake, rejection: Rejection, now: Timestamp) -> Result<(), LakeError> {
        let row = DeadLetterRow {
            system: self.at.system,
            file: rejection.origin.file,
            line: rejection.origin.line,
            field: rejection.field,
            reason: rejection.reason.name(),
            detail: rejection.detail,
            ingest: self.at.number,
            first_seen_at: now,
        };
        self.dead_letters.push(lake, row, &rejection.raw)
    }

    pub(crate) fn file(&mut self, row: FileRow) {
        self.files.push(row);
    }

    /// Writes what is left; the tables come in the order in which they are to be committed.
    pub(crate) fn finish(self, lake: &'a Lake) -> Result<Written, LakeError> {
        let mut written = Written::default();
        let at = &self.at;
        self.customers.finish(lake, at, &mut written)?;
        self.items.finish(lake, at, &mut written)?;
        self.variants.finish(lake, at, &mut written)?;
        self.orders.finish(lake, at, &mut written)?;
        self.order_lines.finish(lake, at, &mut written)?;
        self.tickets.finish(lake, at, &mut written)?;
        self.events.finish(lake, at, &mut written)?;
        self.consents.finish(lake, at, &mut written)?;
        self.received.finish(lake, &mut written)?;
        self.dead_letters.finish(lake, &mut written)?;
        let mut files = Files::new(TableName::bronze(layout::FILES));
        files.write(lake, schema::files().batch(&files.table, &self.files, Vec::new())?)?;
        files.finish(lake, &mut written)?;
        Ok(written)
    }
}

/// Numbers the entities of one input row within their kind: two products of one order event are two rows, and the
/// same event received twice has the same parts.
#[derive(Default)]
struct Parts(BTreeMap<&'static str, i64>);

impl Parts {
    fn next(&mut self, entity: &Entity) -> i64 {
        let count = self.0.entry(kind(entity)).or_default();
        *count += 1;
        *count - 1
    }
}

fn kind(entity: &Entity) -> &'static str {
    match entity {
        Entity::Customer(_) => "customer",
        Entity::Consent(_) => "consent",
        Entity::Item(_) => "item",
        Entity::Variant(_) => "variant",
        Entity::Order(_) => "order",
        Entity::OrderLine(_) => "order_line",
        Entity::Ticket(_) => "ticket",
        Entity::Event(_) => "event",
    }
}
