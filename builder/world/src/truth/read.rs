//! The five truth tables as rows. Each reader takes the world's folder.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type};
use kenal_types::{Channel, Market, Purpose, RecordKey, Timestamp};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::WorldError;
use crate::generate::truth_dir;

/// A record and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub record: RecordKey,
    pub person: u64,
    /// The record shares no email, phone, device, order number, or name with birth date, with another of its person.
    pub no_evidence: bool,
}

/// What a person truly wants in one cell; without a decision they have not consented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub person: u64,
    pub purpose: Purpose,
    pub channel: Channel,
    pub market: Market,
    pub consents: bool,
    pub decided_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Taste {
    pub person: u64,
    pub category: String,
    /// Share of the person's interest; all categories sum to 1.
    pub weight: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Churn {
    pub person: u64,
    pub left: bool,
    pub left_at: Option<Timestamp>,
    pub last_order_at: Option<Timestamp>,
    pub hazard_per_day: f64,
}

/// A line of an order, of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub person: u64,
    pub item: String,
    pub ordered_at: Timestamp,
    pub order_number: String,
    /// What was kept of it.
    pub quantity: i64,
    /// Ordered without signing in: no system ties it to the person.
    pub guest: bool,
}

/// Whose every record is.
///
/// # Errors
/// The table is missing, or is not one of a world's.
pub fn people(world: &Path) -> Result<Vec<Person>, WorldError> {
    rows(world, "people", |batch, row| {
        Ok(Person {
            record: batch.parsed("record", row)?,
            person: batch.number("person", row)?,
            no_evidence: batch.flag("no_evidence", row)?,
        })
    })
}

/// # Errors
/// As [`people`].
pub fn consent(world: &Path) -> Result<Vec<Consent>, WorldError> {
    let purpose = |text: &str| Purpose::ALL.into_iter().find(|p| p.name() == text);
    let channel = |text: &str| Channel::ALL.into_iter().find(|c| c.name() == text);
    rows(world, "consent", |batch, row| {
        Ok(Consent {
            person: batch.number("person", row)?,
            purpose: purpose(batch.text("purpose", row)?).ok_or_else(|| batch.wrong("purpose"))?,
            channel: channel(batch.text("channel", row)?).ok_or_else(|| batch.wrong("channel"))?,
            market: batch.parsed("market", row)?,
            consents: batch.flag("consents", row)?,
            decided_at: batch.time("decided_at", row)?,
        })
    })
}

/// # Errors
/// As [`people`].
pub fn tastes(world: &Path) -> Result<Vec<Taste>, WorldError> {
    rows(world, "tastes", |batch, row| {
        Ok(Taste {
            person: batch.number("person", row)?,
            category: batch.text("category", row)?.to_owned(),
            weight: batch.real("weight", row)?,
        })
    })
}

/// # Errors
/// As [`people`].
pub fn churn(world: &Path) -> Result<Vec<Churn>, WorldError> {
    rows(world, "churn", |batch, row| {
        Ok(Churn {
            person: batch.number("person", row)?,
            left: batch.flag("left", row)?,
            left_at: batch.time("left_at", row)?,
            last_order_at: batch.time("last_order_at", row)?,
            hazard_per_day: batch.real("hazard_per_day", row)?,
        })
    })
}

/// # Errors
/// As [`people`].
pub fn purchases(world: &Path) -> Result<Vec<Purchase>, WorldError> {
    rows(world, "purchases", |batch, row| {
        Ok(Purchase {
            person: batch.number("person", row)?,
            item: batch.text("item", row)?.to_owned(),
            ordered_at: batch.time("ordered_at", row)?.ok_or_else(|| batch.wrong("ordered_at"))?,
            order_number: batch.text("order_number", row)?.to_owned(),
            quantity: batch.whole("quantity", row)?,
            guest: batch.flag("guest", row)?,
        })
    })
}

fn rows<T>(
    world: &Path,
    name: &str,
    mut each: impl FnMut(&Batch, usize) -> Result<T, WorldError>,
) -> Result<Vec<T>, WorldError> {
    let path = truth_dir(world).join(format!("{name}.parquet"));
    let file = File::open(&path).map_err(WorldError::io(&path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(ParquetRecordBatchReaderBuilder::build);
    let mut all = Vec::new();
    for batch in reader.map_err(WorldError::parquet(&path))? {
        let batch = Batch { path: &path, rows: batch.map_err(WorldError::arrow(&path))? };
        for row in 0..batch.rows.num_rows() {
            all.push(each(&batch, row)?);
        }
    }
    Ok(all)
}

struct Batch<'p> {
    path: &'p PathBuf,
    rows: RecordBatch,
}

impl Batch<'_> {
    fn wrong(&self, column: &'static str) -> WorldError {
        WorldError::TruthColumn { path: self.path.clone(), column }
    }

    /// The column, if it has that type and a value in the row.
    fn valid(&self, name: &'static str, kind: &DataType, row: usize) -> Result<&ArrayRef, WorldError> {
        let column = self.rows.column_by_name(name).filter(|c| c.data_type() == kind && c.is_valid(row));
        column.ok_or_else(|| self.wrong(name))
    }

    fn text(&self, name: &'static str, row: usize) -> Result<&str, WorldError> {
        Ok(self.valid(name, &DataType::Utf8, row)?.as_string::<i32>().value(row))
    }

    fn parsed<T: std::str::FromStr>(&self, name: &'static str, row: usize) -> Result<T, WorldError> {
        self.text(name, row)?.parse().map_err(|_| self.wrong(name))
    }

    fn flag(&self, name: &'static str, row: usize) -> Result<bool, WorldError> {
        Ok(self.valid(name, &DataType::Boolean, row)?.as_boolean().value(row))
    }

    fn number(&self, name: &'static str, row: usize) -> Result<u64, WorldError> {
        Ok(self.valid(name, &DataType::UInt64, row)?.as_primitive::<UInt64Type>().value(row))
    }

    fn whole(&self, name: &'static str, row: usize) -> Result<i64, WorldError> {
        Ok(self.valid(name, &DataType::Int64, row)?.as_primitive::<Int64Type>().value(row))
    }

    fn real(&self, name: &'static str, row: usize) -> Result<f64, WorldError> {
        Ok(self.valid(name, &DataType::Float64, row)?.as_primitive::<Float64Type>().value(row))
    }

    /// `None` when null.
    fn time(&self, name: &'static str, row: usize) -> Result<Option<Timestamp>, WorldError> {
        let column = self.rows.column_by_name(name).ok_or_else(|| self.wrong(name))?;
        let times = column.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| self.wrong(name))?;
        Ok(times.is_valid(row).then(|| Timestamp(times.value(row))))
    }
}
