//! SQL over every table of the lake, through DataFusion; read only.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;

use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use deltalake::datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use deltalake::datafusion::common::TableReference;
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::execution::context::SQLOptions;
use deltalake::datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use deltalake::datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder};
use deltalake::datafusion::prelude::{SessionConfig, SessionContext};
use deltalake::delta_datafusion::planner::DeltaPlanner;
use deltalake::kernel::Version;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::columns;
use crate::current::{Superseded, Versions};
use crate::error::LakeError;
use crate::lake::{Lake, LakeOptions};
use crate::layout::{Layer, TableName};
use crate::memory::Pools;
use crate::store;

/// The catalog and schema that unqualified names stand in.
const CATALOG: &str = "lake";
const SCHEMA: &str = "tables";
/// Rows of a batch where sorts that have gone to disk are merged: of each part on disk two batches are in memory, and a sort
/// that finds no room for those of two parts fails.
const MERGED_ROWS: usize = 2_048;
/// Batches of a result that wait for whoever uses them.
const BATCHES_AHEAD: usize = 1;

impl Lake {
    /// Runs one query over tables named `bronze_x`, `silver_x`, `gold_x`, as they stand now, and returns all of its
    /// result; see [`Lake::sql_each`] for results that should not be held at once. `current_x` is `silver_x` reduced to
    /// the version of each thing that counts.
    ///
    /// Rows come in the order the query asks for; without `ORDER BY`, in any order.
    ///
    /// # Errors
    /// The query does not parse, names a table or column that is not there (the message lists the tables), would
    /// change something, or fails while running.
    pub fn sql(&self, query: &str) -> Result<Vec<RecordBatch>, LakeError> {
        let mut batches = Vec::new();
        self.sql_each::<LakeError>(query, |batch| {
            batches.push(batch);
            Ok(())
        })?;
        Ok(batches)
    }

    /// Runs one query and hands over its result batch by batch.
    ///
    /// # Errors
    /// As for [`Lake::sql`]; or `each` fails.
    pub fn sql_each<E: From<LakeError>>(
        &self,
        query: &str,
        mut each: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        self.sql_batches(query)?.try_for_each(|batch| each(batch?))
    }

    /// Begins one query, whose result is made as it is taken.
    ///
    /// # Errors
    /// As for [`Lake::sql`]; while it runs, in the place of a batch.
    pub fn sql_batches(&self, query: &str) -> Result<Batches<'_>, LakeError> {
        self.begin(self.session()?, query)
    }

    /// Begins one query whose result is typed rows; further columns are ignored.
    ///
    /// # Errors
    /// As for [`Lake::sql_batches`]; or in the place of a row that is not of the type.
    pub fn sql_rows<T: DeserializeOwned>(&self, query: &str) -> Result<Rows<'_, T>, LakeError> {
        Ok(Rows::new(self.sql_batches(query)?))
    }

    /// As [`Lake::sql_rows`], where neither side of a join fits in memory: both are sorted, on disk, and merged.
    ///
    /// # Errors
    /// As for [`Lake::sql_rows`].
    pub fn sql_rows_merged<T: DeserializeOwned>(&self, query: &str) -> Result<Rows<'_, T>, LakeError> {
        let mut state = self.session()?.state();
        // In one partition the engine joins in memory all the same.
        let partitions = self.options().threads.max(2);
        let config = state.config().clone().with_target_partitions(partitions).with_batch_size(MERGED_ROWS);
        *state.config_mut() = config;
        state.config_mut().options_mut().optimizer.prefer_hash_join = false;
        Ok(Rows::new(self.begin(&SessionContext::new_with_state(state), query)?))
    }

    fn begin(&self, session: &SessionContext, query: &str) -> Result<Batches<'_>, LakeError> {
        let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let stream = self.wait(async {
            session.sql_with_options(query, read_only).await?.execute_stream().await.map_err(LakeError::from)
        })?;
        Ok(self.batches(stream))
    }

    pub(crate) fn batches(&self, mut stream: SendableRecordBatchStream) -> Batches<'_> {
        // A task of its own, so that the next batch is made while this one is used.
        let (made, batches) = mpsc::channel(BATCHES_AHEAD);
        let making = self.spawn(async move {
            while let Some(batch) = stream.next().await {
                if made.send(batch).await.is_err() {
                    break;
                }
            }
        });
        Batches { lake: self, batches, making: Some(making) }
    }
}

/// The rows of a result, in its order.
#[derive(Debug)]
pub struct Rows<'l, T> {
    batches: Batches<'l>,
    /// Of the last batch.
    rows: vec::IntoIter<T>,
}

impl<'l, T> Rows<'l, T> {
    pub(crate) fn new(batches: Batches<'l>) -> Self {
        Rows { batches, rows: Vec::new().into_iter() }
    }
}

impl<T: DeserializeOwned> Iterator for Rows<'_, T> {
    type Item = Result<T, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            match self.batches.next()?.and_then(|batch| columns::of_query(&batch)) {
                Ok(rows) => self.rows = rows.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The batches of a result, in its order.
#[derive(Debug)]
pub struct Batches<'l> {
    lake: &'l Lake,
    batches: mpsc::Receiver<Result<RecordBatch, DataFusionError>>,
    /// Until it is known how it ended.
    making: Option<JoinHandle<()>>,
}

impl Iterator for Batches<'_> {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(batch) = self.lake.wait(self.batches.recv()) {
            return Some(batch.map_err(LakeError::from));
        }
        // A task that panicked ends the batches too, and must not be taken for the end of the result.
        let stopped = self.lake.wait(self.making.take()?).err()?;
        Some(Err(LakeError::from(DataFusionError::ExecutionJoin(Box::new(stopped)))))
    }
}

/// A query engine whose memory is bounded and which finds tables by looking into the folder.
pub(crate) fn session(root: &Path, options: LakeOptions) -> Result<SessionContext, LakeError> {
    let config = SessionConfig::new()
        .with_target_partitions(options.threads.max(1))
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_information_schema(false)
        // Plain text columns, as callers and `serde_arrow` expect them.
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
        // As delta-rs sets it: pushing lists of join keys into scans has panicked on dictionary columns.
        .set_usize("datafusion.optimizer.hash_join_inlist_pushdown_max_size", 0)
        .set_usize("datafusion.optimizer.hash_join_inlist_pushdown_max_distinct_values", 0);
    let runtime =
        RuntimeEnvBuilder::new().with_memory_pool(Arc::new(Pools::new(options.memory_bytes_max))).build_arc()?;
    let engine = Engine { config, runtime };
    let scans = Arc::new(engine.state());
    let tables = LakeTables { root: root.to_owned(), engine, scans, superseded: Mutex::default() };
    let session = SessionContext::new_with_state(tables.engine.state());
    // Replaces the engine's own, which is empty.
    session.register_catalog(CATALOG, Arc::new(LakeCatalog(Arc::new(tables))));
    Ok(session)
}

/// What all sessions of a lake share: one pool of memory above all.
struct Engine {
    config: SessionConfig,
    runtime: Arc<RuntimeEnv>,
}

impl Engine {
    /// A state with a catalog of its own, without tables. Sessions never share a state: the one with the lake's
    /// tables would otherwise hold itself alive through them.
    fn state(&self) -> SessionState {
        SessionStateBuilder::new()
            .with_default_features()
            .with_config(self.config.clone())
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_query_planner(DeltaPlanner::new())
            .build()
    }
}

/// Every table that stands in the folder, in the order of layers and names.
pub(crate) fn known(root: &Path) -> Vec<TableName> {
    let mut found = Vec::new();
    for layer in Layer::ALL {
        let entries = std::fs::read_dir(root.join(layer.name())).into_iter().flatten().flatten();
        let names = entries.filter_map(|e| e.file_name().into_string().ok());
        found.extend(names.map(|name| TableName { layer, name }).filter(|t| t.exists(root)));
    }
    found.sort();
    found
}

pub(crate) fn no_such_table(root: &Path, name: &str) -> LakeError {
    let mut known: Vec<String> = known(root).iter().map(TableName::to_string).collect();
    known.push("current_x for each silver_x".to_owned());
    LakeError::NoSuchTable { name: name.to_owned(), known: known.join(", ") }
}

struct LakeTables {
    root: PathBuf,
    engine: Engine,
    /// Says how scans present columns and where they open files.
    scans: Arc<SessionState>,
    /// By silver table, the version that was read last, and which of its rows do not count.
    superseded: Mutex<HashMap<String, (Option<Version>, Superseded)>>,
}

impl fmt::Debug for LakeTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LakeTables").field("root", &self.root).finish_non_exhaustive()
    }
}

#[async_trait]
impl SchemaProvider for LakeTables {
    fn table_names(&self) -> Vec<String> {
        known(&self.root).iter().map(TableName::to_string).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        match Versions::of_view(name) {
            Some(versions) => self.view(&versions).await.map(Some),
            None => self.delta(name).await.map(|(table, _)| Some(table)),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        Versions::of_view(name).is_some() || TableName::parse(name).is_some_and(|t| t.exists(&self.root))
    }
}

impl LakeTables {
    /// The table as it stands now, and its version.
    async fn delta(&self, name: &str) -> Result<(Arc<dyn TableProvider>, Option<Version>), DataFusionError> {
        let ours = |e: LakeError| DataFusionError::External(Box::new(e));
        let Some(table) = TableName::parse(name).filter(|t| t.exists(&self.root)) else {
            return Err(ours(no_such_table(&self.root, name)));
        };
        let delta = store::open(&self.root, &table).await.map_err(ours)?;
        delta.update_datafusion_session(self.scans.as_ref())?;
        let version = delta.version();
        Ok((delta.table_provider().with_session(Arc::clone(&self.scans)).await?, version))
    }

    async fn view(&self, versions: &Versions) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let session = SessionContext::new_with_state(self.engine.state());
        let name = versions.table.to_string();
        let (table, version) = self.delta(&name).await?;
        session.register_table(TableReference::bare(name.as_str()), table)?;
        let known = || self.superseded.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known().get(&name).filter(|(of, _)| *of == version).map(|(_, superseded)| superseded.clone());
        let superseded = match kept {
            Some(superseded) => superseded,
            None => {
                let superseded = versions.superseded(&session).await?;
                known().insert(name, (version, superseded.clone()));
                superseded
            }
        };
        versions.view(&session, &superseded).await
    }
}

#[derive(Debug)]
struct LakeCatalog(Arc<LakeTables>);

impl CatalogProvider for LakeCatalog {
    fn schema_names(&self) -> Vec<String> {
        vec![SCHEMA.to_owned()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        (name == SCHEMA).then(|| Arc::clone(&self.0) as Arc<dyn SchemaProvider>)
    }
}
