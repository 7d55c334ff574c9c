//! Derived tables: written as a whole, and only when what they derive from has changed.
//!
//! The fingerprint of a table's inputs stands in its table properties, so rows and fingerprint change in one commit.
//! Old versions stay readable by version. A column `ordinal` keeps the order in which rows were written.

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use arrow::datatypes::{Int64Type, Schema};
use deltalake::DeltaTable;
use deltalake::kernel::engine::arrow_conversion::TryIntoArrow;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, MetadataExt, Version};
use deltalake::protocol::{DeltaOperation, SaveMode};
use futures::TryStreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

use crate::columns::{self, Columns};
use crate::error::LakeError;
use crate::fingerprint::Fingerprint;
use crate::lake::Lake;
use crate::layout::TableName;
use crate::query;
use crate::store::{self, FileWriter};

/// The table property that holds the fingerprint.
const PROPERTY: &str = "kenal.fingerprint";
/// Position of the row, from 0.
const ORDINAL: &str = "ordinal";
/// Rows that are encoded at once.
const BATCH_ROWS: usize = 65_536;

/// What writing a gold table did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoldWrite {
    /// The table's version now.
    pub version: Version,
    /// Whether rows were written; `false` when the table had this fingerprint already.
    pub changed: bool,
}

impl Lake {
    /// Replaces a gold table by `rows`, unless it was made from the same inputs. Columns are found from the rows, by
    /// rules that [`Lake::write_gold_as`] does not need: whole numbers become 64-bit, columns of whole numbers named
    /// `…_at`, `as_of` or `cut` are times, `…_on`, `…_date`, `…_day` or `day` are days, and a column that is always
    /// null is text. Without any row, an existing table keeps its columns and a new one has none.
    ///
    /// # Errors
    /// The name is no identifier; rows are not structs or have a field `ordinal`; writing fails.
    pub fn write_gold<T: Serialize>(
        &self,
        name: &str,
        rows: &[T],
        fingerprint: &Fingerprint,
    ) -> Result<GoldWrite, LakeError> {
        let table = gold(name)?;
        let columns = match rows {
            [] if table.exists(self.root()) => self.own_columns(&table)?,
            [] => Columns::new(),
            rows => Columns::infer(&table, rows)?,
        };
        self.write_gold_as(name, &columns, rows, fingerprint)
    }

    /// Replaces a gold table by `rows`, in the given columns, unless it was made from the same inputs; then `rows` is
    /// not even begun. Memory does not grow with the number of rows.
    ///
    /// # Errors
    /// The name is no identifier; a row does not fit the columns, or one is named `ordinal`; writing fails.
    pub fn write_gold_as<T: Serialize>(
        &self,
        name: &str,
        columns: &Columns,
        rows: impl IntoIterator<Item = T>,
        fingerprint: &Fingerprint,
    ) -> Result<GoldWrite, LakeError> {
        self.write_gold_of(name, columns, rows.into_iter().map(Ok::<T, LakeError>), fingerprint)
    }

    /// As [`Lake::write_gold_as`], of rows of which one may fail to be made; then the table stays as it was.
    ///
    /// # Errors
    /// As for [`Lake::write_gold_as`]; or what a row failed with.
    pub fn write_gold_of<T: Serialize, E: From<LakeError>>(
        &self,
        name: &str,
        columns: &Columns,
        rows: impl IntoIterator<Item = Result<T, E>>,
        fingerprint: &Fingerprint,
    ) -> Result<GoldWrite, E> {
        let table = gold(name)?;
        if columns.has(ORDINAL) {
            let detail = format!("the column {ORDINAL} is the lake's own; rename the field");
            return Err(LakeError::Rows { table, detail }.into());
        }
        let present = self.present(&table)?;
        if let Some(present) = &present
            && fingerprint_of(present) == Some(*fingerprint)
        {
            return Ok(GoldWrite { version: present.version().unwrap_or_default(), changed: false });
        }
        let adds = self.write_files(&table, columns, rows)?;
        let version = self.replace(&table, columns, present, adds, fingerprint)?;
        Ok(GoldWrite { version, changed: true })
    }

    /// What a gold table was made from; `None` when there is no such table.
    ///
    /// # Errors
    /// The name is no identifier; the table cannot be read.
    pub fn gold_fingerprint(&self, name: &str) -> Result<Option<Fingerprint>, LakeError> {
        Ok(self.present(&gold(name)?)?.as_ref().and_then(fingerprint_of))
    }

    /// The rows of a gold table, in the order in which they were written. Columns that `T` does not have are ignored.
    ///
    /// # Errors
    /// There is no such table; its columns do not fit `T`.
    pub fn read_gold<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, LakeError> {
        let mut rows = Vec::new();
        self.each_gold(name, |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Those rows of a gold table whose text in `column` is from `first` to `last`, in the order in which they were
    /// written. Of a table that was written in the order of the column, little more is read.
    ///
    /// # Errors
    /// As for [`Lake::read_gold`]; or there is no such column.
    pub fn read_gold_between<T: DeserializeOwned>(
        &self,
        name: &str,
        column: &str,
        first: &str,
        last: &str,
    ) -> Result<Vec<T>, LakeError> {
        let table = gold(name)?;
        // Written without any row, it has no columns either.
        if self.own_columns(&table)?.names().next().is_none() {
            return Ok(Vec::new());
        }
        let [column, first, last] = [column.replace('"', "\"\""), first.replace('\'', "''"), last.replace('\'', "''")];
        let query = format!("SELECT * FROM {table} WHERE \"{column}\" BETWEEN '{first}' AND '{last}'");
        let batches = in_order(&table, self.sql(&query)?)?;
        let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for batch in batches {
            rows.append(&mut columns::rows::<T>(&table, &batch)?);
        }
        Ok(rows)
    }

    /// Hands over the rows of a gold table in the order in which they were written, one batch in memory.
    ///
    /// # Errors
    /// As for [`Lake::read_gold`]; or `each` fails.
    pub fn each_gold<T: DeserializeOwned>(
        &self,
        name: &str,
        mut each: impl FnMut(T) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        let table = gold(name)?;
        self.sql_each::<LakeError>(&format!("SELECT * FROM {table} ORDER BY {ORDINAL}"), |batch| {
            columns::rows::<T>(&table, &batch)?.into_iter().try_for_each(&mut each)
        })
    }

    fn present(&self, table: &TableName) -> Result<Option<DeltaTable>, LakeError> {
        if !table.exists(self.root()) {
            return Ok(None);
        }
        self.wait(store::open(self.root(), table)).map(Some)
    }

    /// The columns of an existing gold table, without the lake's own.
    fn own_columns(&self, table: &TableName) -> Result<Columns, LakeError> {
        let Some(present) = self.present(table)? else {
            return Err(query::no_such_table(self.root(), &table.to_string()));
        };
        let state = present.snapshot().map_err(|e| LakeError::delta(table, self.root(), "opening", e))?;
        let schema: Schema = state.schema().as_ref().try_into_arrow().map_err(|e| columns::misfit(table, &e))?;
        Ok(Columns::of(&schema).without(ORDINAL))
    }

    fn write_files<T: Serialize, E: From<LakeError>>(
        &self,
        table: &TableName,
        columns: &Columns,
        rows: impl IntoIterator<Item = Result<T, E>>,
    ) -> Result<Vec<Add>, E> {
        let mut writer = FileWriter::begin(self.root(), table, &stored(columns))?;
        let mut rows = rows.into_iter();
        let mut ordinal = 0;
        loop {
            let batch: Vec<T> = rows.by_ref().take(BATCH_ROWS).collect::<Result<_, E>>()?;
            if batch.is_empty() {
                return Ok(self.wait(writer.finish())?);
            }
            let count = batch.len() as i64;
            let ordinals: ArrayRef = Arc::new(Int64Array::from_iter_values(ordinal..ordinal + count));
            ordinal += count;
            self.wait(writer.write(columns.batch(table, &batch, vec![(ORDINAL, ordinals)])?))?;
        }
    }

    /// One commit that takes all files out, puts `adds` in, and sets columns and fingerprint.
    fn replace(
        &self,
        table: &TableName,
        columns: &Columns,
        present: Option<DeltaTable>,
        adds: Vec<Add>,
        fingerprint: &Fingerprint,
    ) -> Result<Version, LakeError> {
        let property = (PROPERTY.to_owned(), fingerprint.to_string());
        let columns = stored(columns);
        let Some(present) = present else {
            let properties = [(property.0, Some(property.1))];
            let made = self.wait(store::create_with(self.root(), table, &columns, properties, adds))?;
            return Ok(made.version().unwrap_or_default());
        };
        let fail = |e| LakeError::delta(table, self.root(), "committing", e);
        let state = present.snapshot().map_err(fail)?;
        let schema = columns.delta(table)?;
        let metadata = state.metadata().clone().with_schema(&schema);
        let metadata = metadata.and_then(|m| m.add_config_key(property.0, property.1)).map_err(|e| fail(e.into()))?;
        let committed = self.wait(async {
            let mut actions = vec![Action::Metadata(metadata)];
            let log = present.log_store();
            let mut old = state.snapshot().file_views(log.as_ref(), None);
            while let Some(file) = old.try_next().await? {
                actions.push(Action::Remove(file.remove_action(true)));
            }
            actions.extend(adds.into_iter().map(Action::Add));
            let operation = DeltaOperation::Write { mode: SaveMode::Overwrite, partition_by: None, predicate: None };
            CommitBuilder::from(CommitProperties::default())
                .with_actions(actions)
                .build(Some(state), present.log_store(), operation)
                .await
        });
        Ok(committed.map_err(fail)?.version())
    }
}

/// Batches of a table, in any order and none of them empty after this, as they were written. Scans read files from front
/// to back, so it is mostly the batches alone that are out of order: to sort rows costs as much as reading them.
fn in_order(table: &TableName, mut batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, LakeError> {
    batches.retain(|batch| batch.num_rows() > 0);
    let ordinals = |batch: &RecordBatch| {
        let column = batch.column_by_name(ORDINAL).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let missing = || LakeError::Rows { table: table.clone(), detail: format!("there is no column {ORDINAL}") };
        column.map(|column| column.values().clone()).ok_or_else(missing)
    };
    let mut known = batches.into_iter().map(|b| Ok((ordinals(&b)?, b))).collect::<Result<Vec<_>, LakeError>>()?;
    known.sort_by_key(|(ordinals, _)| ordinals.first().copied());
    let in_order = known.iter().flat_map(|(ordinals, _)| ordinals.iter()).is_sorted();
    let batches: Vec<RecordBatch> = known.into_iter().map(|(_, batch)| batch).collect();
    if in_order {
        return Ok(batches);
    }
    let misfit = |e| columns::misfit(table, &e);
    let all = concat_batches(&batches[0].schema(), &batches).map_err(misfit)?;
    let order = sort_to_indices(&Int64Array::new(ordinals(&all)?, None), None, None).map_err(misfit)?;
    Ok(vec![take_record_batch(&all, &order).map_err(misfit)?])
}

fn stored(columns: &Columns) -> Columns {
    columns.clone().chain(Columns::new().int(ORDINAL))
}

fn gold(name: &str) -> Result<TableName, LakeError> {
    TableName::gold(name).ok_or_else(|| LakeError::GoldName(name.to_owned()))
}

fn fingerprint_of(table: &DeltaTable) -> Option<Fingerprint> {
    table.snapshot().ok()?.metadata().configuration().get(PROPERTY)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;

    use super::*;

    fn batch(ordinals: &[i64]) -> RecordBatch {
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(ordinals.iter().map(|n| format!("row {n}"))));
        let ordinals: ArrayRef = Arc::new(Int64Array::from(ordinals.to_vec()));
        RecordBatch::try_from_iter([("text", texts), (ORDINAL, ordinals)]).expect("two columns")
    }

    #[test]
    fn batches_and_rows_out_of_order_are_put_in_order() {
        let table = gold("t").expect("a name");
        let sorted = |parts: &[&[i64]]| -> Vec<String> {
            let batches = in_order(&table, parts.iter().map(|part| batch(part)).collect()).expect("sorted");
            let texts = batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten());
            texts.map(str::to_owned).collect()
        };
        let expected = ["row 1", "row 2", "row 3", "row 4", "row 5"];
        for parts in [
            &[&[1, 2, 3, 4, 5][..]][..],
            &[&[4, 5], &[], &[1, 2], &[3]],
            &[&[4, 5, 1], &[2, 3]],
            &[&[1, 3, 5], &[2, 4]],
        ] {
            assert_eq!(sorted(parts), expected, "{parts:?}");
        }
        assert_eq!(sorted(&[]), [""; 0]);
    }
}
