//! One Delta table: open, create, write files, commit them.

use std::path::Path;

use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use deltalake::kernel::MetadataExt;
use deltalake::kernel::engine::arrow_conversion::TryIntoArrow;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, Transaction, Version};
use deltalake::parquet::basic::{Compression, ZstdLevel};
use deltalake::parquet::file::properties::WriterProperties;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::writer::{DeltaWriter, RecordBatchWriter};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError, ensure_table_uri};

use crate::columns::{self, Columns};
use crate::error::LakeError;
use crate::layout::TableName;

/// Rows of one row group: what a writer holds in memory, encoded, and what a reader can skip. Small enough that who asks for
/// the rows of some thousand people reads few others, and large enough that a file is as small and a scan as fast as with
/// four times as many.
const ROW_GROUP_ROWS_MAX: usize = 32_768;
/// Size at which a writer begins another Parquet file: large enough for few files, small enough to read in parallel.
const FILE_BYTES_TARGET: u64 = 128 << 20;

pub(crate) async fn open(root: &Path, table: &TableName) -> Result<DeltaTable, LakeError> {
    let fail = |e| LakeError::delta(table, root, "opening", e);
    handle(root, table).map_err(fail)?.load().await.map_err(fail)
}

fn handle(root: &Path, table: &TableName) -> Result<DeltaTableBuilder, DeltaTableError> {
    let dir = table.dir(root);
    let dir = dir.to_str().ok_or_else(|| DeltaTableError::InvalidTableLocation("the path is not UTF-8".to_owned()))?;
    DeltaTableBuilder::from_url(ensure_table_uri(dir)?)
}

/// Creates an empty table.
pub(crate) async fn create(root: &Path, table: &TableName, columns: &Columns) -> Result<(), LakeError> {
    create_with(root, table, columns, [], Vec::new()).await.map(|_| ())
}

/// Creates a table with table properties and, in the same commit, its first files.
pub(crate) async fn create_with(
    root: &Path,
    table: &TableName,
    columns: &Columns,
    properties: impl IntoIterator<Item = (String, Option<String>)>,
    adds: Vec<Add>,
) -> Result<DeltaTable, LakeError> {
    let fail = |e| LakeError::delta(table, root, "creating", e);
    let schema = columns.delta(table)?;
    let unloaded = handle(root, table).and_then(DeltaTableBuilder::build).map_err(fail)?;
    unloaded
        .create()
        .with_table_name(table.to_string())
        .with_columns(schema.fields().cloned())
        .with_configuration(properties)
        .with_raise_if_key_not_exists(false)
        .with_actions(adds.into_iter().map(Action::Add))
        .await
        .map_err(fail)
}

/// The last `txn` version an application committed to the table.
pub(crate) async fn txn_version(
    root: &Path,
    name: &TableName,
    table: &DeltaTable,
    app: &str,
) -> Result<i64, LakeError> {
    let fail = |e| LakeError::delta(name, root, "reading the log", e);
    let state = table.snapshot().map_err(fail)?;
    let version = state.transaction_version(table.log_store().as_ref(), app.to_owned()).await.map_err(fail)?;
    Ok(version.unwrap_or(0))
}

/// Appends files in one commit that carries `txn (app, version)`, unless the table has that `txn` already: then
/// returns `None`. The check is needed because Delta accepts a sequential replay of the same `txn`.
pub(crate) async fn append(
    root: &Path,
    name: &TableName,
    adds: Vec<Add>,
    app: &str,
    version: i64,
) -> Result<Option<Version>, LakeError> {
    let table = open(root, name).await?;
    if txn_version(root, name, &table, app).await? >= version {
        return Ok(None);
    }
    let fail = |e| LakeError::delta(name, root, "committing", e);
    let properties = CommitProperties::default().with_application_transaction(Transaction::new(app, version));
    let operation = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
    let committed = CommitBuilder::from(properties)
        .with_actions(adds.into_iter().map(Action::Add).collect())
        .build(Some(table.snapshot().map_err(fail)?), table.log_store(), operation)
        .await
        .map_err(fail)?;
    Ok(Some(committed.version()))
}

/// Gives a table the columns it lacks, after those it has, in one commit of its own; nothing when it has them all.
pub(crate) async fn widen(root: &Path, name: &TableName, columns: &Columns) -> Result<(), LakeError> {
    let table = open(root, name).await?;
    let fail = |e| LakeError::delta(name, root, "committing", e);
    let state = table.snapshot().map_err(fail)?;
    let present: Schema = state.schema().as_ref().try_into_arrow().map_err(|e| columns::misfit(name, &e))?;
    let present = Columns::of(&present);
    if columns.names().all(|column| present.has(column)) {
        return Ok(());
    }
    let lacking = present.names().fold(columns.clone(), Columns::without);
    let schema = present.clone().chain(lacking).delta(name)?;
    let metadata = state.metadata().clone().with_schema(&schema).map_err(|e| fail(e.into()))?;
    let operation = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
    CommitBuilder::from(CommitProperties::default())
        .with_actions(vec![Action::Metadata(metadata)])
        .build(Some(state), table.log_store(), operation)
        .await
        .map_err(fail)?;
    Ok(())
}

/// Streams batches into Parquet files of a table without committing them.
pub(crate) struct FileWriter<'a> {
    root: &'a Path,
    table: TableName,
    inner: RecordBatchWriter,
}

impl<'a> FileWriter<'a> {
    /// The table's folder is made when it is missing; its log is not read.
    pub(crate) fn begin(root: &'a Path, table: &TableName, columns: &Columns) -> Result<Self, LakeError> {
        let fail = |e| LakeError::delta(table, root, "writing", e);
        let url = handle(root, table).and_then(DeltaTableBuilder::build).map_err(fail)?.table_url().clone();
        let inner = RecordBatchWriter::try_new(url, columns.arrow(), None, None)
            .map_err(fail)?
            .with_writer_properties(properties())
            .with_target_file_size(FILE_BYTES_TARGET);
        Ok(FileWriter { root, table: table.clone(), inner })
    }

    pub(crate) async fn write(&mut self, batch: RecordBatch) -> Result<(), LakeError> {
        self.inner.write(batch).await.map_err(|e| LakeError::delta(&self.table, self.root, "writing", e))
    }

    /// Closes the open file and returns what is to be committed.
    pub(crate) async fn finish(mut self) -> Result<Vec<Add>, LakeError> {
        self.inner.flush().await.map_err(|e| LakeError::delta(&self.table, self.root, "writing", e))
    }
}

/// Zstandard at its fastest level: raw rows shrink to a fifth of their size at about the speed of Snappy.
fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_created_by("kenal-lake".to_owned())
        .build()
}
