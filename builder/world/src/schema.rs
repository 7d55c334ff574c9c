//! Columns of the Parquet files: the warehouse's two tables and the truth's five.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;

fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect::<Vec<_>>()))
}

fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

pub(crate) fn warehouse_customers() -> SchemaRef {
    let (text, flag) = (DataType::Utf8, DataType::Boolean);
    schema(&[
        ("customer_id", text.clone()),
        ("full_name", text.clone()),
        ("email", text.clone()),
        ("phone", text.clone()),
        ("birth_date", DataType::Date32),
        ("street", text.clone()),
        ("city", text.clone()),
        ("postcode", text.clone()),
        ("country", text.clone()),
        ("first_seen_at", time()),
        ("last_seen_at", time()),
        ("updated_at", time()),
        ("marketing_opt_in", flag.clone()),
        ("marketing_opt_in_at", time()),
        ("personalisation_opt_in", flag),
        ("personalisation_opt_in_at", time()),
        ("opt_in_source", text),
    ])
}

pub(crate) fn warehouse_lines() -> SchemaRef {
    let text = DataType::Utf8;
    schema(&[
        ("order_no", text.clone()),
        ("line_no", DataType::Int32),
        ("customer_id", text.clone()),
        ("ordered_at", time()),
        ("loaded_at", time()),
        ("channel", text.clone()),
        ("country", text.clone()),
        ("currency", text.clone()),
        ("sku", text.clone()),
        ("description", text.clone()),
        ("quantity", DataType::Int32),
        ("unit_price", DataType::Decimal128(12, 2)),
        ("status", text),
    ])
}

pub(crate) fn truth_people() -> SchemaRef {
    schema(&[("record", DataType::Utf8), ("person", DataType::UInt64), ("no_evidence", DataType::Boolean)])
}

pub(crate) fn truth_consent() -> SchemaRef {
    schema(&[
        ("person", DataType::UInt64),
        ("purpose", DataType::Utf8),
        ("channel", DataType::Utf8),
        ("market", DataType::Utf8),
        ("consents", DataType::Boolean),
        ("decided_at", time()),
    ])
}

pub(crate) fn truth_tastes() -> SchemaRef {
    schema(&[("person", DataType::UInt64), ("category", DataType::Utf8), ("weight", DataType::Float64)])
}

pub(crate) fn truth_churn() -> SchemaRef {
    schema(&[
        ("person", DataType::UInt64),
        ("left", DataType::Boolean),
        ("left_at", time()),
        ("last_order_at", time()),
        ("hazard_per_day", DataType::Float64),
    ])
}

pub(crate) fn truth_purchases() -> SchemaRef {
    schema(&[
        ("person", DataType::UInt64),
        ("item", DataType::Utf8),
        ("ordered_at", time()),
        ("order_number", DataType::Utf8),
        ("quantity", DataType::Int64),
        ("channel", DataType::Utf8),
        ("guest", DataType::Boolean),
    ])
}

/// The same columns, with times that name no zone.
pub(crate) fn without_zones(schema: &Schema) -> SchemaRef {
    let columns = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Timestamp(unit, Some(_)) => Field::new(field.name(), DataType::Timestamp(*unit, None), true),
        _ => field.as_ref().clone(),
    });
    Arc::new(Schema::new(columns.collect::<Vec<_>>()))
}

/// The rows with the zones of the schema, which they are in already.
pub(crate) fn with_zones(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(|column| match column.as_primitive_opt::<TimestampMicrosecondType>() {
        Some(times) => Arc::new(times.clone().with_timezone("UTC")) as ArrayRef,
        None => Arc::clone(column),
    });
    RecordBatch::try_new(SchemaRef::clone(schema), columns.collect())
}
