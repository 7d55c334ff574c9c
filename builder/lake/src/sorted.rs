//! Rows that a caller makes, in another order: sorted by the query engine, which spills to disk.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use deltalake::datafusion::catalog::streaming::StreamingTable;
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::execution::TaskContext;
use deltalake::datafusion::physical_plan::SendableRecordBatchStream;
use deltalake::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use deltalake::datafusion::physical_plan::streaming::PartitionStream;
use deltalake::datafusion::prelude::ident;
use futures::stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::columns::Columns;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::query::Rows;

/// Rows that are encoded at once.
const BATCH_ROWS: usize = 8_192;
/// Batches that wait to be sorted.
const BATCHES_AHEAD: usize = 2;

impl Lake {
    /// The rows, in the order of the columns `by`, nulls first. Memory does not grow with their number.
    ///
    /// # Errors
    /// A row fails to be made, or does not fit the columns; or sorting fails, here or in the place of a row.
    pub fn sorted<T: Serialize + DeserializeOwned, E: From<LakeError>>(
        &self,
        columns: &Columns,
        by: &[&str],
        rows: impl IntoIterator<Item = Result<T, E>>,
    ) -> Result<Rows<'_, T>, E> {
        let (made, batches) = mpsc::channel(BATCHES_AHEAD);
        let received = Received { schema: columns.arrow(), batches: Mutex::new(Some(batches)) };
        let table = StreamingTable::try_new(columns.arrow(), vec![Arc::new(received)]).map_err(LakeError::from)?;
        let by = by.iter().map(|column| ident(*column).sort(true, true)).collect();
        let sorted = self.session()?.read_table(Arc::new(table)).and_then(|rows| rows.sort(by));
        let stream = self.wait(async { sorted?.execute_stream().await }).map_err(LakeError::from)?;
        let sorted = Rows::new(self.batches(stream));
        let mut rows = rows.into_iter();
        loop {
            let some: Vec<T> = rows.by_ref().take(BATCH_ROWS).collect::<Result<_, E>>()?;
            // Who sorts may have failed: then it says so itself.
            if some.is_empty() || self.wait(made.send(columns.of_rows(&some)?)).is_err() {
                return Ok(sorted);
            }
        }
    }
}

/// Batches as they come from whoever makes them.
struct Received {
    schema: SchemaRef,
    /// Until they are asked for.
    batches: Mutex<Option<mpsc::Receiver<RecordBatch>>>,
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl PartitionStream for Received {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let taken = self.batches.lock().unwrap_or_else(PoisonError::into_inner).take();
        let next = |batches: Option<mpsc::Receiver<RecordBatch>>| async move {
            let Some(mut batches) = batches else {
                let twice = DataFusionError::Execution("rows that come once were asked for twice".to_owned());
                return Some((Err(twice), None));
            };
            let batch = batches.recv().await?;
            Some((Ok(batch), Some(batches)))
        };
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream::unfold(taken, next)))
    }
}
