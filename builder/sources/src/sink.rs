//! Where rows go: the trait a table writer implements, and a test's list.

use kenal_types::{Entity, FileStamp, Origin, Rejection};

use crate::report::FileReport;

/// What the sink wants of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Hand over its rows.
    Rows,
    /// The sink has them already. The file is still read when later files need what it says (message ids of the app,
    /// contacts of the CRM), but nothing of it is handed over.
    Nothing,
}

/// Receives every row of a system, in canonical order.
///
/// Calls come as `file`, then `accepted` and `rejected` in any mixture, then `file_done`; a quarantined file gets
/// `file_done` alone.
pub trait RowSink {
    /// The rows of a file that passed the survey follow, unless the sink declines.
    fn file(&mut self, _stamp: &FileStamp) -> Result<Take, SinkError> {
        Ok(Take::Rows)
    }

    /// One row and what it became. `raw` is the row as received; for Parquet, its JSON. `entities` is empty for rows
    /// that only complete others: an identity of a user, a name of a purpose.
    fn accepted(&mut self, origin: &Origin, raw: &[u8], entities: Vec<Entity>) -> Result<(), SinkError>;

    /// One row that could not be used.
    fn rejected(&mut self, rejection: Rejection) -> Result<(), SinkError>;

    /// No more rows of this file.
    fn file_done(&mut self, _report: &FileReport) -> Result<(), SinkError> {
        Ok(())
    }
}

/// The sink could not keep a row; its own error says why.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SinkError(pub Box<dyn std::error::Error + Send + Sync>);
