//! The columns of a table, and rows to and from Arrow by them.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use deltalake::kernel::StructType;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_arrow::schema::{SchemaLike, TracingOptions};

use crate::error::LakeError;
use crate::layout::TableName;

/// Rows of a part of a batch: enough work for a thread.
const PART_ROWS: usize = 1 << 12;

/// Names and types of a table's columns, in order. Built by calls that read like the table's definition:
///
/// ```
/// # use kenal_lake::Columns;
/// let profile = Columns::new().text("person").time("as_of").int("orders").real("spent").texts("segments");
/// ```
///
/// Every column may be null: a table outlives the code that promised otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns(Vec<FieldRef>);

impl Columns {
    pub fn new() -> Self {
        Self::default()
    }

    /// Text; also enumerations without data, and types that serde writes as text, such as a record key.
    #[must_use]
    pub fn text(self, name: &str) -> Self {
        self.field(name, DataType::Utf8)
    }

    /// 64-bit whole number; also money, in hundredths.
    #[must_use]
    pub fn int(self, name: &str) -> Self {
        self.field(name, DataType::Int64)
    }

    /// 64-bit floating point.
    #[must_use]
    pub fn real(self, name: &str) -> Self {
        self.field(name, DataType::Float64)
    }

    #[must_use]
    pub fn flag(self, name: &str) -> Self {
        self.field(name, DataType::Boolean)
    }

    /// A point in time, from [`kenal_types::Timestamp`] or microseconds since 1970 in UTC.
    #[must_use]
    pub fn time(self, name: &str) -> Self {
        self.field(name, timestamp())
    }

    /// A calendar day, from [`kenal_types::Date`] or days since 1970.
    #[must_use]
    pub fn day(self, name: &str) -> Self {
        self.field(name, DataType::Date32)
    }

    #[must_use]
    pub fn bytes(self, name: &str) -> Self {
        self.field(name, DataType::Binary)
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(self, name: &str) -> Self {
        self.field(name, list_of(DataType::Utf8))
    }

    /// A list of 64-bit whole numbers.
    #[must_use]
    pub fn ints(self, name: &str) -> Self {
        self.field(name, list_of(DataType::Int64))
    }

    /// A list of 32-bit floating point numbers, such as a vector of features.
    #[must_use]
    pub fn reals32(self, name: &str) -> Self {
        self.field(name, list_of(DataType::Float32))
    }

    /// A group of columns that is null as a whole.
    #[must_use]
    pub fn group(self, name: &str, inner: Columns) -> Self {
        self.field(name, DataType::Struct(inner.0.into()))
    }

    /// A list of groups.
    #[must_use]
    pub fn groups(self, name: &str, inner: Columns) -> Self {
        self.field(name, list_of(DataType::Struct(inner.0.into())))
    }

    fn field(mut self, name: &str, data_type: DataType) -> Self {
        self.0.push(Arc::new(Field::new(name, data_type, true)));
        self
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|f| f.name().as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().any(|n| n == name)
    }

    pub(crate) fn of(schema: &Schema) -> Self {
        Columns(schema.fields().iter().cloned().collect())
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|f| f.name() != name);
        self
    }

    pub(crate) fn chain(mut self, more: Columns) -> Self {
        self.0.extend(more.0);
        self
    }

    pub(crate) fn arrow(&self) -> SchemaRef {
        Arc::new(Schema::new(Fields::from(self.0.clone())))
    }

    pub(crate) fn delta(&self, table: &TableName) -> Result<StructType, LakeError> {
        let schema = self.arrow();
        schema.as_ref().try_into_kernel().map_err(|e| misfit(table, &e))
    }

    /// Finds the columns that rows need, from the rows. Whole numbers become 64-bit (Delta has no unsigned ones).
    /// Serde does not say that a number is a time, so names do: an integer column that ends in `_at`, or is `as_of` or
    /// `cut`, holds microseconds; one that ends in `_on`, `_date` or `_day`, or is `day`, holds days. A column that is null in every row is taken for text unless its name says time or day.
    pub(crate) fn infer<T: Serialize>(table: &TableName, rows: &[T]) -> Result<Self, LakeError> {
        let options = TracingOptions::default()
            .allow_null_fields(true)
            .enums_without_data_as_strings(true)
            .sequence_as_large_list(false)
            .strings_as_large_utf8(false);
        let fields = Vec::<FieldRef>::from_samples(rows, options).map_err(|e| misfit(table, &e))?;
        Ok(Columns(fields.iter().map(|f| plain(f)).collect()))
    }

    /// One batch of rows of no table.
    pub(crate) fn of_rows<T: Serialize>(&self, rows: &[T]) -> Result<RecordBatch, LakeError> {
        serde_arrow::to_record_batch(&self.0, &rows).map_err(|e| LakeError::Result { detail: e.to_string() })
    }

    /// One batch of rows, followed by further columns.
    pub(crate) fn batch<T: Serialize>(
        &self,
        table: &TableName,
        rows: &[T],
        further: Vec<(&str, ArrayRef)>,
    ) -> Result<RecordBatch, LakeError> {
        let mut arrays = serde_arrow::to_arrow(&self.0, rows).map_err(|e| misfit(table, &e))?;
        let mut fields = self.0.clone();
        for (name, array) in further {
            fields.push(Arc::new(Field::new(name, array.data_type().clone(), true)));
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| misfit(table, &e))
    }
}

/// Typed rows of a batch, which may borrow their texts from it; further columns are ignored.
pub(crate) fn rows<'b, T: Deserialize<'b>>(table: &TableName, batch: &'b RecordBatch) -> Result<Vec<T>, LakeError> {
    serde_arrow::from_record_batch(batch).map_err(|e| misfit(table, &e))
}

/// Typed rows of the result of a query.
pub(crate) fn of_query<T: DeserializeOwned>(batch: &RecordBatch) -> Result<Vec<T>, LakeError> {
    serde_arrow::from_record_batch(batch).map_err(|e| LakeError::Result { detail: e.to_string() })
}

/// A batch in parts, which share its memory.
pub(crate) fn parts(batch: &RecordBatch) -> Vec<RecordBatch> {
    let rows = batch.num_rows();
    (0..rows).step_by(PART_ROWS).map(|at| batch.slice(at, PART_ROWS.min(rows - at))).collect()
}

/// Names the place but not the values: `serde_arrow` and Arrow describe types and fields only.
pub(crate) fn misfit(table: &TableName, error: &dyn std::error::Error) -> LakeError {
    LakeError::Rows { table: table.clone(), detail: error.to_string() }
}

pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Delta calls a list's child `element`.
fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", element, true)))
}

fn plain(field: &Field) -> FieldRef {
    let name = field.name();
    let ends = |endings: &[&str]| endings.iter().any(|e| name.ends_with(e));
    let is_time = ends(&["_at"]) || ["as_of", "cut"].contains(&name.as_str());
    let is_day = ends(&["_on", "_date", "_day"]) || name == "day";
    let data_type = match plain_type(field.data_type()) {
        DataType::Int64 | DataType::Null if is_time => timestamp(),
        DataType::Int64 | DataType::Null if is_day => DataType::Date32,
        DataType::Null => DataType::Utf8,
        other => other,
    };
    Arc::new(Field::new(name, data_type, true))
}

fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        t if t.is_integer() => DataType::Int64,
        // A choice without data, of which the rows show some variants only: text, as in every other table.
        DataType::LargeUtf8 | DataType::Union(..) | DataType::Dictionary(..) => DataType::Utf8,
        DataType::LargeBinary => DataType::Binary,
        DataType::List(child) | DataType::LargeList(child) => match plain_type(child.data_type()) {
            DataType::Null => list_of(DataType::Utf8),
            element => list_of(element),
        },
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|f| plain(f)).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inference_follows_values_and_names() {
        #[derive(Serialize)]
        enum Kind {
            #[expect(dead_code, reason = "a variant that no row shows")]
            First,
            Second,
        }
        #[derive(Serialize)]
        struct Row {
            kind: Kind,
            person: String,
            first_at: i64,
            born_on: Option<i32>,
            orders: u32,
            spent: f64,
            gone: Option<i64>,
            tags: Vec<String>,
        }
        let row = |born_on| Row {
            kind: Kind::Second,
            person: "p1".into(),
            first_at: 0,
            born_on,
            orders: 1,
            spent: 0.5,
            gone: None,
            tags: vec![],
        };
        let table = TableName::gold("t").expect("a name");
        let found = Columns::infer(&table, &[row(None), row(Some(3))]).expect("columns");
        let expected = Columns::new()
            .text("kind")
            .text("person")
            .time("first_at")
            .day("born_on")
            .int("orders")
            .real("spent")
            .text("gone")
            .texts("tags");
        assert_eq!(found, expected);
    }
}
