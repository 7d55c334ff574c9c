//! What identity resolution reads of orders, row by row.

use arrow::array::RecordBatch;
use kenal_identity::{Line, Ordered, Receipt};

use crate::column::{BatchError, Texts, Times};

/// A row whose fields are columns of its names.
pub trait BatchRow<'b>: Sized {
    /// Those columns.
    type Columns;

    /// # Errors
    /// [`BatchError`]: a column is not there, or of another kind.
    fn columns(batch: &'b RecordBatch) -> Result<Self::Columns, BatchError>;

    /// # Errors
    /// [`BatchError`]: a value that must be there is not, or is not what it must be.
    fn row(columns: &Self::Columns, row: usize) -> Result<Self, BatchError>;
}

/// What `of` makes of the rows of a batch.
///
/// # Errors
/// As [`BatchRow::columns`] and [`BatchRow::row`]; what was made is dropped then.
pub fn read<'b, R: BatchRow<'b>, M>(
    batch: &'b RecordBatch,
    of: impl FnOnce(&mut dyn Iterator<Item = R>) -> M,
) -> Result<M, BatchError> {
    let columns = R::columns(batch)?;
    let mut failed = None;
    let row = |row| R::row(&columns, row).map_err(|error| failed = Some(error)).ok();
    let made = of(&mut (0..batch.num_rows()).map_while(row));
    failed.map_or(Ok(made), Err)
}

/// Columns of [`Ordered`].
#[derive(Debug)]
pub struct OrderColumns<'b> {
    system: Texts<'b>,
    order_id: Texts<'b>,
    number: Texts<'b>,
    customer: Texts<'b>,
    ordered_at: Times<'b>,
}

impl<'b> BatchRow<'b> for Ordered<'b> {
    type Columns = OrderColumns<'b>;

    fn columns(batch: &'b RecordBatch) -> Result<OrderColumns<'b>, BatchError> {
        Ok(OrderColumns {
            system: Texts::of(batch, "system")?,
            order_id: Texts::of(batch, "order_id")?,
            number: Texts::of(batch, "number")?,
            customer: Texts::of(batch, "customer")?,
            ordered_at: Times::of(batch, "ordered_at")?,
        })
    }

    #[inline]
    fn row(columns: &OrderColumns<'b>, row: usize) -> Result<Ordered<'b>, BatchError> {
        Ok(Ordered {
            system: columns.system.system(row)?,
            order_id: columns.order_id.required(row)?,
            number: columns.number.required(row)?,
            customer: columns.customer.key(row)?,
            ordered_at: columns.ordered_at.required(row)?,
        })
    }
}

/// Columns of [`Line`].
#[derive(Debug)]
pub struct LineColumns<'b> {
    system: Texts<'b>,
    order_id: Texts<'b>,
    item_id: Texts<'b>,
    sku: Texts<'b>,
}

impl<'b> BatchRow<'b> for Line<'b> {
    type Columns = LineColumns<'b>;

    fn columns(batch: &'b RecordBatch) -> Result<LineColumns<'b>, BatchError> {
        let texts = |column| Texts::of(batch, column);
        let (system, order_id) = (texts("system")?, texts("order_id")?);
        Ok(LineColumns { system, order_id, item_id: texts("item_id")?, sku: texts("sku")? })
    }

    #[inline]
    fn row(columns: &LineColumns<'b>, row: usize) -> Result<Line<'b>, BatchError> {
        let (system, order_id) = (columns.system.system(row)?, columns.order_id.required(row)?);
        Ok(Line { system, order_id, item_id: columns.item_id.get(row), sku: columns.sku.get(row) })
    }
}

/// Columns of [`Receipt`].
#[derive(Debug)]
pub struct ReceiptColumns<'b> {
    actor: Texts<'b>,
    happened_at: Times<'b>,
    order_number: Texts<'b>,
    item_id: Texts<'b>,
    sku: Texts<'b>,
}

impl<'b> BatchRow<'b> for Receipt<'b> {
    type Columns = ReceiptColumns<'b>;

    fn columns(batch: &'b RecordBatch) -> Result<ReceiptColumns<'b>, BatchError> {
        Ok(ReceiptColumns {
            actor: Texts::of(batch, "actor")?,
            happened_at: Times::of(batch, "happened_at")?,
            order_number: Texts::of(batch, "order_number")?,
            item_id: Texts::of(batch, "item_id")?,
            sku: Texts::of(batch, "sku")?,
        })
    }

    #[inline]
    fn row(columns: &ReceiptColumns<'b>, row: usize) -> Result<Receipt<'b>, BatchError> {
        Ok(Receipt {
            actor: columns.actor.key(row)?.ok_or(BatchError::Null { column: "actor" })?,
            happened_at: columns.happened_at.required(row)?,
            order_number: columns.order_number.get(row),
            item_id: columns.item_id.get(row),
            sku: columns.sku.get(row),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use kenal_types::{KeyRef, System, Timestamp};

    use super::*;

    fn orders(customers: [Option<&str>; 2]) -> RecordBatch {
        let texts = |texts: [Option<&str>; 2]| -> ArrayRef { Arc::new(StringArray::from_iter(texts)) };
        RecordBatch::try_from_iter([
            ("system", texts([Some("shopify"), Some("warehouse")])),
            ("order_id", texts([Some("1"), Some("2")])),
            ("number", texts([Some("#1"), Some("#2")])),
            ("customer", texts(customers)),
            ("ordered_at", Arc::new(Int64Array::from(vec![5, 6]))),
        ])
        .expect("a batch")
    }

    #[test]
    fn rows_are_read_in_order_with_their_texts_in_the_batch() {
        let batch = orders([Some("shopify:7"), None]);
        let found: Vec<Ordered<'_>> = read(&batch, |rows| rows.collect()).expect("rows");
        let first = Ordered {
            system: System::Shopify,
            order_id: "1",
            number: "#1",
            customer: Some(KeyRef { system: System::Shopify, id: "7" }),
            ordered_at: Timestamp(5),
        };
        assert_eq!(found[0], first);
        assert_eq!((found.len(), found[1].customer, found[1].system), (2, None, System::Warehouse));
    }

    #[test]
    fn a_row_that_cannot_be_read_fails_the_batch() {
        let batch = orders([Some("shopify:7"), Some("nobody")]);
        let error = read(&batch, |rows: &mut dyn Iterator<Item = Ordered<'_>>| rows.count()).expect_err("no key");
        assert_eq!(error, BatchError::Text { column: "customer", expected: "the key of a record" });
        let error = read(&batch, |rows: &mut dyn Iterator<Item = Line<'_>>| rows.count()).expect_err("no lines");
        assert_eq!(error, BatchError::Missing { column: "item_id" });
    }
}
