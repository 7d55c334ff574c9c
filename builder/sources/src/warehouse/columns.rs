//! The two tables of the warehouse: their columns, what they may be stored as, and how a row is read.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type, Schema, TimeUnit, TimestampMicrosecondType};
use kenal_types::{Date, Money, MoneyError, System, Timestamp};

use crate::error::Quarantine;
use crate::json::Fault;
use crate::report::FileKind;

/// What a column means, whatever it is stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    Text,
    Flag,
    Whole,
    Money,
    Day,
    Time,
}

/// Digits after the point that money is read with, to notice amounts that are too fine.
const MONEY_SCALE: i8 = 6;

impl Means {
    /// What it is read as.
    fn data_type(self) -> DataType {
        match self {
            Means::Text => DataType::Utf8,
            Means::Flag => DataType::Boolean,
            Means::Whole => DataType::Int64,
            Means::Money => DataType::Decimal128(38, MONEY_SCALE),
            Means::Day => DataType::Date32,
            Means::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }

    /// Other types of the same meaning; a text is never parsed, since a warehouse knows its types.
    fn may_be(self, stored: &DataType) -> bool {
        match self {
            Means::Text => match stored {
                DataType::Dictionary(_, values) => self.may_be(values),
                other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
            },
            Means::Flag => *stored == DataType::Boolean,
            Means::Whole => stored.is_integer(),
            Means::Money => stored.is_integer() || stored.is_floating() || stored.is_decimal(),
            Means::Day => matches!(stored, DataType::Date32 | DataType::Date64),
            Means::Time => matches!(stored, DataType::Timestamp(..)),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Means::Text => "a text",
            Means::Flag => "a boolean",
            Means::Whole => "an integer",
            Means::Money => "a decimal",
            Means::Day => "a date",
            Means::Time => "a timestamp",
        }
    }
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    means: Means,
    /// A file without this column is not this table.
    required: bool,
}

const fn must(name: &'static str, means: Means) -> Column {
    Column { name, means, required: true }
}

const fn may(name: &'static str, means: Means) -> Column {
    Column { name, means, required: false }
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) kind: FileKind,
    pub(super) columns: &'static [Column],
}

static CUSTOMERS: Table = Table {
    kind: FileKind::WarehouseCustomers,
    columns: &[
        must("customer_id", Means::Text),
        must("full_name", Means::Text),
        must("email", Means::Text),
        must("phone", Means::Text),
        may("birth_date", Means::Day),
        may("street", Means::Text),
        may("city", Means::Text),
        may("postcode", Means::Text),
        may("country", Means::Text),
        may("first_seen_at", Means::Time),
        may("last_seen_at", Means::Time),
        must("updated_at", Means::Time),
        may("marketing_opt_in", Means::Flag),
        may("marketing_opt_in_at", Means::Time),
        may("personalisation_opt_in", Means::Flag),
        may("personalisation_opt_in_at", Means::Time),
        may("opt_in_source", Means::Text),
    ],
};

static ORDER_LINES: Table = Table {
    kind: FileKind::WarehouseOrderLines,
    columns: &[
        must("order_no", Means::Text),
        must("line_no", Means::Whole),
        must("customer_id", Means::Text),
        must("ordered_at", Means::Time),
        must("loaded_at", Means::Time),
        may("channel", Means::Text),
        may("country", Means::Text),
        must("currency", Means::Text),
        must("sku", Means::Text),
        may("description", Means::Text),
        must("quantity", Means::Whole),
        must("unit_price", Means::Money),
        may("discount", Means::Money),
        must("status", Means::Text),
    ],
};

impl Table {
    /// Tells the table by its columns and checks their types.
    pub(super) fn understand(schema: &Schema) -> Result<&'static Table, Quarantine> {
        let has = |name: &str| schema.index_of(name).is_ok();
        let table = if has("order_no") {
            &ORDER_LINES
        } else if has("customer_id") {
            &CUSTOMERS
        } else {
            let what = format!(
                "{} columns, and neither order_no (order lines) nor customer_id (customers) is one of them",
                schema.fields().len()
            );
            return Err(Quarantine::Unrecognised { system: System::Warehouse, what });
        };
        let missing: Vec<_> = table.columns.iter().filter(|c| c.required && !has(c.name)).map(|c| c.name).collect();
        if !missing.is_empty() {
            return Err(Quarantine::BadColumns { what: format!("{}: no column {}", table.kind, missing.join(", ")) });
        }
        for column in table.columns {
            if let Ok(field) = schema.field_with_name(column.name)
                && !column.means.may_be(field.data_type())
            {
                let what = format!(
                    "{}: column {} is {} where {} is expected",
                    table.kind,
                    column.name,
                    field.data_type(),
                    column.means.name()
                );
                return Err(Quarantine::BadColumns { what });
            }
        }
        Ok(table)
    }
}

/// Some rows, each column as its meaning's type.
pub(super) struct Batch {
    table: &'static Table,
    columns: Vec<ArrayRef>,
    rows: usize,
}

impl Batch {
    pub(super) fn of(table: &'static Table, batch: &RecordBatch) -> Result<Batch, String> {
        let columns = table.columns.iter().map(|column| {
            let to = column.means.data_type();
            match batch.column_by_name(column.name) {
                None => Ok(new_null_array(&to, batch.num_rows())),
                Some(stored) if *stored.data_type() == to => Ok(Arc::clone(stored)),
                Some(stored) => cast(stored, &to).map_err(|e| format!("column {}: {e}", column.name)),
            }
        });
        Ok(Batch { table, columns: columns.collect::<Result<_, _>>()?, rows: batch.num_rows() })
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// The column, when the row has a value in it. A name that the table lacks is a mistake of this crate.
    fn column(&self, name: &'static str, row: usize) -> Option<&ArrayRef> {
        let at = self.table.columns.iter().position(|c| c.name == name).expect("the table has the column");
        self.columns.get(at).filter(|c| c.is_valid(row))
    }

    /// Trimmed, `None` when null or empty.
    pub(super) fn text(&self, name: &'static str, row: usize) -> Option<&str> {
        self.column(name, row).map(|c| c.as_string::<i32>().value(row).trim()).filter(|t| !t.is_empty())
    }

    pub(super) fn owned(&self, name: &'static str, row: usize) -> Option<String> {
        self.text(name, row).map(str::to_owned)
    }

    pub(super) fn text_required(&self, name: &'static str, row: usize) -> Result<&str, Fault> {
        self.text(name, row).ok_or_else(|| Fault::missing(name))
    }

    pub(super) fn flag(&self, name: &'static str, row: usize) -> Option<bool> {
        self.column(name, row).map(|c| c.as_boolean().value(row))
    }

    pub(super) fn whole(&self, name: &'static str, row: usize) -> Result<i64, Fault> {
        let column = self.column(name, row).ok_or_else(|| Fault::missing(name))?;
        Ok(column.as_primitive::<Int64Type>().value(row))
    }

    pub(super) fn day(&self, name: &'static str, row: usize) -> Option<Date> {
        self.column(name, row).map(|c| Date(c.as_primitive::<Date32Type>().value(row)))
    }

    pub(super) fn time(&self, name: &'static str, row: usize) -> Option<Timestamp> {
        self.column(name, row).map(|c| Timestamp(c.as_primitive::<TimestampMicrosecondType>().value(row)))
    }

    pub(super) fn time_required(&self, name: &'static str, row: usize) -> Result<Timestamp, Fault> {
        self.time(name, row).ok_or_else(|| Fault::missing(name))
    }

    pub(super) fn money(&self, name: &'static str, row: usize) -> Result<Money, Fault> {
        self.money_if_any(name, row)?.ok_or_else(|| Fault::missing(name))
    }

    pub(super) fn money_if_any(&self, name: &'static str, row: usize) -> Result<Option<Money>, Fault> {
        let Some(column) = self.column(name, row) else { return Ok(None) };
        let fine = column.as_primitive::<Decimal128Type>().value(row);
        let step = 10_i128.pow(MONEY_SCALE as u32 - 2);
        if fine % step != 0 {
            return Err(Fault::bad(name, MoneyError::TooFine));
        }
        i64::try_from(fine / step)
            .map(|hundredths| Some(Money(hundredths)))
            .map_err(|_| Fault::bad(name, MoneyError::TooLarge))
    }

    /// The row as one JSON object, in the order of the table's columns.
    pub(super) fn json(&self, row: usize) -> Vec<u8> {
        use std::io::Write as _;
        let mut json = Vec::with_capacity(256);
        for (at, (column, values)) in self.table.columns.iter().zip(&self.columns).enumerate() {
            json.extend_from_slice(if at == 0 { b"{" } else { b"," });
            // Writing to memory does not fail.
            let _ = write!(json, "\"{}\":", column.name);
            let _ = match (values.is_null(row), column.means) {
                (true, _) => write!(json, "null"),
                (_, Means::Text) => {
                    serde_json::to_writer(&mut json, values.as_string::<i32>().value(row)).map_err(Into::into)
                }
                (_, Means::Flag) => write!(json, "{}", values.as_boolean().value(row)),
                (_, Means::Whole) => write!(json, "{}", values.as_primitive::<Int64Type>().value(row)),
                (_, Means::Money) => {
                    write!(json, "\"{}\"", values.as_primitive::<Decimal128Type>().value_as_string(row))
                }
                (_, Means::Day) => write!(json, "\"{}\"", Date(values.as_primitive::<Date32Type>().value(row))),
                (_, Means::Time) => {
                    let time = values.as_primitive::<TimestampMicrosecondType>().value(row);
                    write!(json, "\"{}\"", Timestamp(time))
                }
            };
        }
        json.push(b'}');
        json
    }
}
