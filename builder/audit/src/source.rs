//! The query layer the audit stands on: SQL in, a small table of texts out.

use std::error::Error;

use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

/// Something that answers SQL over the lake's tables: `bronze_files`, `bronze_dead_letters`, the silver tables, and
/// `current_x` for the versions that count of each of them. A closure over `Lake::sql` is one.
pub trait AuditSource {
    /// Runs one query.
    ///
    /// # Errors
    /// The query cannot be run.
    fn query(&self, sql: &str) -> Result<Vec<RecordBatch>, Box<dyn Error + Send + Sync>>;
}

impl<F, E> AuditSource for F
where
    F: Fn(&str) -> Result<Vec<RecordBatch>, E>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn query(&self, sql: &str) -> Result<Vec<RecordBatch>, Box<dyn Error + Send + Sync>> {
        self(sql).map_err(Into::into)
    }
}

/// Why an audit could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The lake did not answer: a table is missing, damaged or of another version.
    #[error("auditing {what}: {source}")]
    Query { what: String, source: Box<dyn Error + Send + Sync> },
    /// The answer lacks a column or holds something else than the query asked for.
    #[error("auditing {what}: the answer has no usable column {column}")]
    Answer { what: String, column: String },
}

/// The answer to a query. Results are small (aggregates), so every value is kept as text.
pub(crate) struct Answer {
    what: String,
    names: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

impl Answer {
    /// Asks; `what` says in an error message what was being audited.
    pub(crate) fn ask(source: &dyn AuditSource, what: &str, sql: &str) -> Result<Answer, AuditError> {
        let batches = source.query(sql).map_err(|source| AuditError::Query { what: what.to_owned(), source })?;
        let mut answer = Answer { what: what.to_owned(), names: Vec::new(), rows: Vec::new() };
        for batch in batches {
            answer.names = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
            let columns: Vec<StringArray> =
                (0..batch.num_columns()).map(|i| answer.texts(&batch, i)).collect::<Result<_, _>>()?;
            let value = |column: &StringArray, row| column.is_valid(row).then(|| column.value(row).to_owned());
            answer.rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|c| value(c, row)).collect()));
        }
        Ok(answer)
    }

    fn texts(&self, batch: &RecordBatch, column: usize) -> Result<StringArray, AuditError> {
        let text = cast(batch.column(column), &DataType::Utf8).map_err(|_| self.misses(&self.names[column]))?;
        Ok(text.as_string::<i32>().clone())
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|values| Row { answer: self, values })
    }

    fn misses(&self, column: &str) -> AuditError {
        AuditError::Answer { what: self.what.clone(), column: column.to_owned() }
    }
}

/// One row of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    answer: &'a Answer,
    values: &'a [Option<String>],
}

impl<'a> Row<'a> {
    pub(crate) fn text(&self, column: &str) -> Result<Option<&'a str>, AuditError> {
        let at = self.answer.names.iter().position(|n| n == column).ok_or_else(|| self.answer.misses(column))?;
        Ok(self.values[at].as_deref())
    }

    /// A count; null is none.
    pub(crate) fn count(&self, column: &str) -> Result<u64, AuditError> {
        self.text(column)?.map_or(Ok(0), |t| t.parse().map_err(|_| self.answer.misses(column)))
    }

    pub(crate) fn parse<T: std::str::FromStr>(&self, column: &str) -> Result<T, AuditError> {
        self.text(column)?.and_then(|t| t.parse().ok()).ok_or_else(|| self.answer.misses(column))
    }
}
