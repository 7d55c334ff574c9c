//! The current state: of each thing, the version that counts.
//!
//! Per system and key, [`SilverRow::NEWEST_FIRST`] chooses one version and duplicates fall away. What a system marks
//! as deleted stays, flagged. Nothing is joined across systems: an order that three systems know is three rows with
//! one number.
//!
//! Rows come in canonical order: systems as in [`System::ALL`], within a system by key; so customers come in the order
//! of their `RecordKey`. They are sorted by the query engine, which spills to disk, so memory is bounded by the
//! result, and for [`Lake::each_current`] by one batch.
//!
//! Ranking versions is a sort by every column of the key, ten times the work of anything that is asked of the rows. Most
//! things have one version, so the first column of the key tells which rows need it, and the others pass as they are.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use arrow::record_batch::RecordBatch;
use deltalake::datafusion::catalog::TableProvider;
use deltalake::datafusion::common::TableReference;
use deltalake::datafusion::datasource::MemTable;
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::prelude::SessionContext;
use kenal_types::{AppEvent, ConsentSignal, CustomerRecord, Item, Order, OrderLine, System, Ticket, Variant};
use rayon::prelude::*;
use serde::de::DeserializeOwned;

use crate::columns;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::layout::{self, TableName};
use crate::query::Batches;
use crate::schema::{self, SilverRow};

impl Lake {
    /// Hands over the current version of everything in one silver table, in canonical order.
    ///
    /// # Errors
    /// The table cannot be read; or `each` fails.
    pub fn each_current<T: SilverRow>(
        &self,
        mut each: impl FnMut(T) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        let table = TableName::silver(T::TABLE);
        for system in System::ALL {
            let own = T::columns();
            self.sql_each::<LakeError>(&of_system::<T>(system, own.names(), ""), |batch| {
                columns::rows::<T>(&table, &batch)?.into_iter().try_for_each(&mut each)
            })?;
        }
        Ok(())
    }

    /// As [`Lake::each_current`], batch by batch, only some columns, and only of the rows for which `only` holds, an
    /// expression in SQL about what all versions of a thing have in common; none when empty. A batch is of one system.
    ///
    /// `make` runs in a thread of its own, a batch ahead of `each`, which gets what it makes.
    ///
    /// # Errors
    /// As [`Lake::each_current`]; or `make` fails.
    pub fn each_current_batch<T: SilverRow, M: Send, E: From<LakeError> + Send>(
        &self,
        columns: &[&str],
        only: &str,
        make: impl Fn(&CurrentBatch<'_>) -> Result<M, E> + Send,
        mut each: impl FnMut(M) -> Result<(), E>,
    ) -> Result<(), E> {
        let table = &TableName::silver(T::TABLE);
        thread::scope(|scope| {
            let (to, made) = sync_channel(MADE_AHEAD);
            let making = scope.spawn(move || {
                for system in System::ALL {
                    let mut batches = self.sql_batches(&of_system::<T>(system, columns.iter().copied(), only))?;
                    while let Some(batch) = CurrentBatch::next(table, &mut batches)? {
                        if to.send(make(&batch)?).is_err() {
                            // `each` has failed, and says why.
                            return Ok(());
                        }
                    }
                }
                Ok(())
            });
            made.into_iter().try_for_each(&mut each)?;
            making.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    fn current<T: SilverRow>(&self) -> Result<Vec<T>, LakeError> {
        let mut rows = Vec::new();
        self.each_current(|row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Customer records of all systems, by key.
    ///
    /// # Errors
    /// For this and the readers below: the table cannot be read.
    pub fn customers(&self) -> Result<Vec<CustomerRecord>, LakeError> {
        self.current()
    }

    /// Items, by id.
    pub fn items(&self) -> Result<Vec<Item>, LakeError> {
        self.current()
    }

    /// Variants, by id; the one received last counts.
    pub fn variants(&self) -> Result<Vec<Variant>, LakeError> {
        self.current()
    }

    /// Orders, by system and the system's id. The same order in two systems is two rows with one number.
    pub fn orders(&self) -> Result<Vec<Order>, LakeError> {
        self.current()
    }

    /// Lines, by system, order and line.
    pub fn order_lines(&self) -> Result<Vec<OrderLine>, LakeError> {
        self.current()
    }

    /// Tickets, by id.
    pub fn tickets(&self) -> Result<Vec<Ticket>, LakeError> {
        self.current()
    }

    /// Events, by message id, each once: the copy that was known first.
    pub fn events(&self) -> Result<Vec<AppEvent>, LakeError> {
        self.current()
    }

    /// The latest version of each consent signal, by system and signal id.
    ///
    /// A decision must not forget a refusal that a later, undated version of the same signal overwrote: use
    /// [`Lake::consent_versions`] for it.
    pub fn consents(&self) -> Result<Vec<ConsentSignal>, LakeError> {
        self.current()
    }

    /// Every distinct version of every consent signal, by system, signal id and sequence.
    pub fn consent_versions(&self) -> Result<Vec<ConsentSignal>, LakeError> {
        self.versions("signal_id, sequence")
    }

    /// Every distinct version of every ticket, by id, oldest first.
    pub fn ticket_versions(&self) -> Result<Vec<Ticket>, LakeError> {
        self.versions("ticket_id, sequence, updated_at")
    }

    fn versions<T: SilverRow>(&self, order: &str) -> Result<Vec<T>, LakeError> {
        let table = TableName::silver(T::TABLE);
        let names: Vec<String> = T::columns().names().map(str::to_owned).collect();
        let names = names.join(", ");
        let mut rows = Vec::new();
        for system in System::ALL {
            let query = format!(
                "SELECT {names} FROM {table} WHERE system = '{system}' GROUP BY {names} ORDER BY {order}, {names}"
            );
            for batch in self.sql(&query)? {
                rows.extend(columns::rows::<T>(&table, &batch)?);
            }
        }
        Ok(rows)
    }
}

/// Some rows of a silver table, in the columns that were asked for, in parts that threads read side by side.
#[derive(Debug)]
pub struct CurrentBatch<'t> {
    table: &'t TableName,
    parts: Vec<RecordBatch>,
}

impl<'t> CurrentBatch<'t> {
    /// Many rows, so that threads have work for long; `None` at the end.
    fn next(table: &'t TableName, batches: &mut Batches<'_>) -> Result<Option<CurrentBatch<'t>>, LakeError> {
        let (mut parts, mut rows) = (Vec::new(), 0);
        while rows < BATCH_ROWS
            && let Some(batch) = batches.next().transpose()?
        {
            rows += batch.num_rows();
            parts.extend(columns::parts(&batch));
        }
        Ok((rows > 0).then_some(CurrentBatch { table, parts }))
    }

    /// The rows as values of a type that has the columns as fields.
    ///
    /// # Errors
    /// [`LakeError::Rows`]: the columns are not the type's.
    pub fn rows<T: DeserializeOwned>(&self) -> Result<Vec<T>, LakeError> {
        let parts = self.parts.iter().map(|part| columns::rows(self.table, part));
        Ok(parts.collect::<Result<Vec<Vec<T>>, LakeError>>()?.into_iter().flatten().collect())
    }

    /// What `read` makes of the columns of each part, on all threads.
    ///
    /// # Errors
    /// [`LakeError::Rows`]: `read` fails.
    pub fn read<M: Send, E: std::error::Error>(
        &self,
        read: impl Fn(&RecordBatch) -> Result<M, E> + Sync,
    ) -> Result<Vec<M>, LakeError> {
        self.parts.par_iter().map(|part| read(part).map_err(|e| columns::misfit(self.table, &e))).collect()
    }
}

fn of_system<'c, T: SilverRow>(system: System, columns: impl Iterator<Item = &'c str>, only: &str) -> String {
    let (names, key) = (columns.collect::<Vec<_>>().join(", "), T::KEY.join(", "));
    let only = if only.is_empty() { String::new() } else { format!(" AND ({only})") };
    format!("SELECT {names} FROM {PREFIX}{} WHERE system = '{system}'{only} ORDER BY {key}", T::TABLE)
}

/// Rows of a batch, at least, while there are more.
const BATCH_ROWS: usize = 1 << 15;
/// What is made of so many batches waits while another is taken.
const MADE_AHEAD: usize = 1;
/// What names of views begin with.
const PREFIX: &str = "current_";
/// Names under which the queries below find what is kept in memory.
const SEVERAL: &str = "several";
const SUPERSEDED: &str = "superseded";
/// With more of either in memory, all rows are ranked instead, by a sort that spills to disk.
const KEPT_MAX: usize = 1 << 20;

/// A silver table as a view such as `current_orders` reads it.
pub(crate) struct Versions {
    pub table: TableName,
    columns: String,
    key: &'static [&'static str],
    newest_first: &'static str,
}

/// The rows of a table that do not count, by system, ingest and ordinal; none when they are too many.
pub(crate) type Superseded = Option<Arc<MemTable>>;

impl Versions {
    /// `None` for names that are not of a view.
    pub(crate) fn of_view(name: &str) -> Option<Versions> {
        Some(match name.strip_prefix(PREFIX)? {
            layout::CUSTOMERS => Versions::of::<CustomerRecord>(),
            layout::ITEMS => Versions::of::<Item>(),
            layout::VARIANTS => Versions::of::<Variant>(),
            layout::ORDERS => Versions::of::<Order>(),
            layout::ORDER_LINES => Versions::of::<OrderLine>(),
            layout::TICKETS => Versions::of::<Ticket>(),
            layout::EVENTS => Versions::of::<AppEvent>(),
            layout::CONSENTS => Versions::of::<ConsentSignal>(),
            _ => return None,
        })
    }

    fn of<T: SilverRow>() -> Versions {
        let own = T::columns();
        let columns = own.clone().chain(schema::provenance(&own));
        let columns = columns.names().collect::<Vec<_>>().join(", ");
        Versions { table: TableName::silver(T::TABLE), columns, key: T::KEY, newest_first: T::NEWEST_FIRST }
    }

    /// `session` has the table under its name.
    pub(crate) async fn superseded(&self, session: &SessionContext) -> Result<Superseded, DataFusionError> {
        let (first, table) = (self.key[0], &self.table);
        let shared = format!("SELECT system, {first} FROM {table} GROUP BY system, {first} HAVING COUNT(*) > 1");
        let Some(shared) = kept(session, &shared).await? else { return Ok(None) };
        session.register_table(TableReference::bare(SEVERAL), shared)?;
        let rows = format!("LEFT SEMI JOIN {SEVERAL} ON r.system = {SEVERAL}.system AND r.{first} = {SEVERAL}.{first}");
        kept(session, &self.ranked("system, ingest, ordinal", &rows, "place > 1")).await
    }

    /// The versions that count, as a view.
    pub(crate) async fn view(
        &self,
        session: &SessionContext,
        superseded: &Superseded,
    ) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let Versions { table, columns, .. } = self;
        let query = match superseded {
            None => self.ranked(columns, "", "place = 1"),
            Some(rows) => {
                session.register_table(TableReference::bare(SUPERSEDED), Arc::clone(rows) as Arc<dyn TableProvider>)?;
                let same = ["system", "ingest", "ordinal"].map(|name| format!("r.{name} = {SUPERSEDED}.{name}"));
                let same = same.join(" AND ");
                format!("SELECT {columns} FROM {table} AS r LEFT ANTI JOIN {SUPERSEDED} ON {same}")
            }
        };
        Ok(session.sql(&query).await?.into_view())
    }

    /// Some columns of those rows whose place among the versions of the same thing is as said.
    fn ranked(&self, columns: &str, rows: &str, place: &str) -> String {
        let (table, key, newest_first) = (&self.table, self.key.join(", "), self.newest_first);
        format!(
            "SELECT {columns} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY system, {key} ORDER BY {newest_first}) \
             AS place FROM {table} AS r {rows}) AS versions WHERE {place}"
        )
    }
}

/// The result of a query in memory, unless it is too large for that.
async fn kept(session: &SessionContext, query: &str) -> Result<Superseded, DataFusionError> {
    let found = session.sql(&format!("{query} LIMIT {}", KEPT_MAX + 1)).await?;
    let schema = Arc::clone(found.schema().inner());
    let batches = found.collect().await?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    Ok(if rows > KEPT_MAX { None } else { Some(Arc::new(MemTable::try_new(schema, vec![batches])?)) })
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, AsArray, Int64Array, StringArray, new_null_array};
    use arrow::datatypes::DataType;

    use super::*;

    /// Orders of two systems, of some of which there are several versions.
    fn orders(seed: u64, rows: u64) -> RecordBatch {
        let schema = schema::of(&TableName::silver(layout::ORDERS)).arrow();
        let pick = |row: u64, of: u64| ((seed << 32 | row).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) % of;
        let texts =
            |of: &dyn Fn(u64) -> String| -> ArrayRef { Arc::new(StringArray::from_iter_values((0..rows).map(of))) };
        let numbers =
            |of: &dyn Fn(u64) -> i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values((0..rows).map(of))) };
        let column = |name: &str, kind: &DataType| match name {
            "system" => texts(&|row| ["shopify", "warehouse"][pick(row, 2) as usize].to_owned()),
            "order_id" => texts(&|row| format!("o{}", pick(row + 1, 1 + rows / 2))),
            "number" => texts(&|row| format!("row {row}")),
            "sequence" => numbers(&|row| pick(row + 2, 3) as i64),
            "ingest" => numbers(&|_| 1),
            "ordinal" => numbers(&|row| row as i64),
            _ => new_null_array(kind, rows as usize),
        };
        let columns = schema.fields().iter().map(|field| column(field.name(), field.data_type())).collect();
        RecordBatch::try_new(schema, columns).expect("as the schema says")
    }

    /// Also columns that are far apart are asked for: what the engine leaves out in between must not matter.
    async fn numbers(session: &SessionContext, table: &str) -> Vec<String> {
        let found = session
            .sql(&format!("SELECT number, ordinal, ordered_at FROM {table} ORDER BY number"))
            .await
            .expect("a query");
        let batches = found.collect().await.expect("rows");
        let texts = |batch: &RecordBatch| {
            batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>()
        };
        batches.iter().flat_map(texts).collect()
    }

    #[tokio::test]
    async fn what_is_told_apart_by_a_part_of_the_key_is_what_ranking_everything_gives() {
        let versions = Versions::of::<Order>();
        for seed in 0..12 {
            let rows = orders(seed, 1 + seed * 9);
            let session = SessionContext::new();
            let table = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]]).expect("a table");
            session.register_table(versions.table.to_string(), Arc::new(table)).expect("registered");
            let superseded = versions.superseded(&session).await.expect("counted");
            assert!(superseded.is_some());
            for (name, superseded) in [("fast", superseded), ("ranked", None)] {
                let view = versions.view(&session, &superseded).await.expect("a view");
                session.register_table(name, view).expect("registered");
            }
            let (fast, ranked) = (numbers(&session, "fast").await, numbers(&session, "ranked").await);
            assert_eq!(fast, ranked, "seed {seed}");
            assert!(seed < 3 || fast.len() < rows.num_rows(), "some have several versions");
        }
    }
}
