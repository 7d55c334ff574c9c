//! The current state: of each thing, the version that counts.
//!
//! Per system and key, [`SilverRow::NEWEST_FIRST`] chooses one version and duplicates fall away. What a system marks
//! as deleted stays, flagged. Nothing is joined across systems: an order that three systems know is three rows with
//! one number.
//!
//! Rows come in canonical order: systems as in [`System::ALL`], within a system by key; so customers come in the order
//! of their `RecordKey`. Versions are sorted by the query engine, which spills to disk, so memory is bounded by the
//! result, and for [`Lake::each_current`] by one batch.

use arrow::record_batch::RecordBatch;
use kenal_types::{AppEvent, ConsentSignal, CustomerRecord, Item, Order, OrderLine, System, Ticket, Variant};
use rayon::prelude::*;
use serde::Deserialize;

use crate::columns;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::layout::{self, TableName};
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
            self.sql_each::<LakeError>(&current::<T>(&table, system, own.names(), ""), |batch| {
                columns::rows::<T>(&table, &batch)?.into_iter().try_for_each(&mut each)
            })?;
        }
        Ok(())
    }

    /// As [`Lake::each_current`], batch by batch, only some columns, and only of the rows for which `only` holds, an
    /// expression in SQL about what all versions of a thing have in common; none when empty. A batch is of one system.
    ///
    /// # Errors
    /// As [`Lake::each_current`].
    pub fn each_current_batch<T: SilverRow, E: From<LakeError>>(
        &self,
        columns: &[&str],
        only: &str,
        mut each: impl FnMut(&CurrentBatch<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let table = &TableName::silver(T::TABLE);
        for system in System::ALL {
            self.sql_each(&current::<T>(table, system, columns.iter().copied(), only), |batch| {
                each(&CurrentBatch { table, parts: columns::parts(&batch) })
            })?;
        }
        Ok(())
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

impl CurrentBatch<'_> {
    /// The rows as values of a type that has the columns as fields, and may borrow its texts from the batch.
    ///
    /// # Errors
    /// [`LakeError::Rows`]: the columns are not the type's.
    pub fn rows<'b, T: Deserialize<'b> + Send>(&'b self) -> Result<Vec<T>, LakeError> {
        let parts = self.parts.par_iter().map(|part| columns::rows(self.table, part));
        let parts: Vec<Vec<T>> = parts.collect::<Result<_, LakeError>>()?;
        Ok(parts.into_iter().flatten().collect())
    }
}

fn current<'c, T: SilverRow>(
    table: &TableName,
    system: System,
    columns: impl Iterator<Item = &'c str>,
    only: &str,
) -> String {
    let names: Vec<&str> = columns.collect();
    let key = T::KEY.join(", ");
    let only = if only.is_empty() { String::new() } else { format!(" AND ({only})") };
    let versions = ranked::<T>(table, &format!("WHERE system = '{system}'{only}"));
    format!("SELECT {} FROM ({versions}) AS versions WHERE place = 1 ORDER BY {key}", names.join(", "))
}

/// All versions of a table, each with its place among those of the same thing.
fn ranked<T: SilverRow>(table: &TableName, filter: &str) -> String {
    let (key, newest_first) = (T::KEY.join(", "), T::NEWEST_FIRST);
    format!(
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY system, {key} ORDER BY {newest_first}) AS place FROM {table} {filter}"
    )
}

/// The silver table and the query behind a name such as `current_orders`; `None` for other names.
pub(crate) fn view(name: &str) -> Option<(TableName, String)> {
    fn of<T: SilverRow>() -> (TableName, String) {
        let table = TableName::silver(T::TABLE);
        let own = T::columns();
        let columns = own.clone().chain(schema::provenance(&own));
        let names: Vec<&str> = columns.names().collect();
        let versions = ranked::<T>(&table, "");
        let query = format!("SELECT {} FROM ({versions}) AS versions WHERE place = 1", names.join(", "));
        (table, query)
    }
    Some(match name.strip_prefix("current_")? {
        layout::CUSTOMERS => of::<CustomerRecord>(),
        layout::ITEMS => of::<Item>(),
        layout::VARIANTS => of::<Variant>(),
        layout::ORDERS => of::<Order>(),
        layout::ORDER_LINES => of::<OrderLine>(),
        layout::TICKETS => of::<Ticket>(),
        layout::EVENTS => of::<AppEvent>(),
        layout::CONSENTS => of::<ConsentSignal>(),
        _ => return None,
    })
}
