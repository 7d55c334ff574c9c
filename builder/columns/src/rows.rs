//! What identity resolution reads of customers and orders, row by row.

use arrow::array::RecordBatch;
use kenal_identity::{Customer, Line, Ordered, Receipt};

use crate::column::{BatchError, Contacts, Days, Flags, TextLists, TextWithin, Texts, Times};

/// A row whose fields are columns of its names.
pub trait BatchRow<'b>: Sized {
    /// Their names.
    const COLUMNS: &'static [&'static str];
    /// Those columns of a batch.
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

/// Columns of [`Customer`].
#[derive(Debug)]
pub struct CustomerColumns<'b> {
    key: Texts<'b>,
    given_name: Texts<'b>,
    family_name: Texts<'b>,
    full_name: Texts<'b>,
    emails: Contacts<'b>,
    phones: Contacts<'b>,
    birth_date: Days<'b>,
    street: Texts<'b>,
    city: Texts<'b>,
    postcode: Texts<'b>,
    country: Texts<'b>,
    market: Texts<'b>,
    devices: TextLists<'b>,
    external_ids: TextLists<'b>,
    loyalty_number: TextWithin<'b>,
    merged_into: Texts<'b>,
    deleted: Flags<'b>,
    created_at: Times<'b>,
}

impl<'b> BatchRow<'b> for Customer<'b> {
    const COLUMNS: &'static [&'static str] = &[
        "key",
        "given_name",
        "family_name",
        "full_name",
        "emails",
        "phones",
        "birth_date",
        "street",
        "city",
        "postcode",
        "country",
        "market",
        "devices",
        "external_ids",
        "loyalty",
        "merged_into",
        "deleted",
        "created_at",
    ];
    type Columns = CustomerColumns<'b>;

    fn columns(batch: &'b RecordBatch) -> Result<CustomerColumns<'b>, BatchError> {
        let texts = |column| Texts::of(batch, column);
        Ok(CustomerColumns {
            key: texts("key")?,
            given_name: texts("given_name")?,
            family_name: texts("family_name")?,
            full_name: texts("full_name")?,
            emails: Contacts::of(batch, "emails")?,
            phones: Contacts::of(batch, "phones")?,
            birth_date: Days::of(batch, "birth_date")?,
            street: texts("street")?,
            city: texts("city")?,
            postcode: texts("postcode")?,
            country: texts("country")?,
            market: texts("market")?,
            devices: TextLists::of(batch, "devices")?,
            external_ids: TextLists::of(batch, "external_ids")?,
            loyalty_number: TextWithin::of(batch, "loyalty", "number")?,
            merged_into: texts("merged_into")?,
            deleted: Flags::of(batch, "deleted")?,
            created_at: Times::of(batch, "created_at")?,
        })
    }

    fn row(columns: &CustomerColumns<'b>, row: usize) -> Result<Customer<'b>, BatchError> {
        Ok(Customer {
            key: columns.key.key(row)?.ok_or(BatchError::Null { column: "key" })?,
            given_name: columns.given_name.get(row),
            family_name: columns.family_name.get(row),
            full_name: columns.full_name.get(row),
            emails: columns.emails.get(row)?,
            phones: columns.phones.get(row)?,
            birth_date: columns.birth_date.get(row),
            street: columns.street.get(row),
            city: columns.city.get(row),
            postcode: columns.postcode.get(row),
            country: columns.country.get(row),
            market: columns.market.market(row)?,
            devices: columns.devices.get(row)?,
            external_ids: columns.external_ids.get(row)?,
            loyalty_number: columns.loyalty_number.get(row),
            merged_into: columns.merged_into.key(row)?,
            deleted: columns.deleted.required(row)?,
            created_at: columns.created_at.get(row),
        })
    }
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
    const COLUMNS: &'static [&'static str] = &["system", "order_id", "number", "customer", "ordered_at"];
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
    const COLUMNS: &'static [&'static str] = &["system", "order_id", "item_id", "sku"];
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
    const COLUMNS: &'static [&'static str] = &["actor", "happened_at", "order_number", "item_id", "sku"];
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
    use arrow::datatypes::{DataType, Field, FieldRef, Fields};
    use kenal_types::{ContactPoint, CustomerRecord, Date, KeyRef, Loyalty, Market, RecordKey, System, Timestamp};

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

    fn customer(n: usize) -> CustomerRecord {
        let some = |every: usize, text: &str| n.is_multiple_of(every).then(|| format!("{text}{n}"));
        let contact = |at: usize| ContactPoint { value: format!("v{n}.{at}"), verified: at == 1, shared: n % 2 == 1 };
        CustomerRecord {
            key: RecordKey::new(System::Zendesk, format!("{n}")),
            given_name: some(2, "given"),
            family_name: some(3, "family"),
            full_name: some(5, "full"),
            emails: (0..n % 3).map(contact).collect(),
            phones: (0..n % 2).map(contact).collect(),
            birth_date: (n % 4 == 1).then_some(Date(n as i32)),
            street: some(2, "street"),
            city: some(3, "city"),
            postcode: some(4, "code"),
            country: some(3, "country"),
            market: (n % 3 == 1).then_some(Market::Thailand),
            language: None,
            devices: (0..n % 4).map(|at| format!("d{at}")).collect(),
            external_ids: (0..n % 2).map(|at| format!("x{at}")).collect(),
            loyalty: (n % 3 == 2).then(|| Loyalty {
                number: format!("L{n}"),
                status: "gold".to_owned(),
                enrolled_on: None,
            }),
            merged_into: (n % 5 == 4).then(|| RecordKey::new(System::Salesforce, "s")),
            deleted: n % 6 == 5,
            erase: false,
            created_at: n.is_multiple_of(2).then_some(Timestamp(n as i64)),
            updated_at: None,
            sequence: 0,
        }
    }

    /// The columns of [`Customer`], as the lake has them.
    fn customer_columns() -> Vec<FieldRef> {
        let column = |name: &str, data_type| -> FieldRef { Field::new(name, data_type, true).into() };
        let text = |name| column(name, DataType::Utf8);
        let flag = |name| column(name, DataType::Boolean);
        let list = |name: &str, of| column(name, DataType::List(column("element", of)));
        let group = |fields: Vec<FieldRef>| DataType::Struct(Fields::from(fields));
        let kind = |name: &&'static str| match *name {
            "emails" | "phones" => list(name, group(vec![text("value"), flag("verified"), flag("shared")])),
            "devices" | "external_ids" => list(name, DataType::Utf8),
            "birth_date" => column(name, DataType::Date32),
            "loyalty" => column(name, group(vec![text("number"), text("status")])),
            "deleted" => flag(name),
            "created_at" => column(name, DataType::Int64),
            other => text(other),
        };
        Customer::COLUMNS.iter().map(kind).collect()
    }

    #[test]
    fn customers_are_those_that_were_written_also_in_a_slice() {
        let records: Vec<CustomerRecord> = (0..60).map(customer).collect();
        let batch = serde_arrow::to_record_batch(&customer_columns(), &records).expect("a batch");
        for (from, rows) in [(0, 60), (7, 31), (59, 1)] {
            let slice = batch.slice(from, rows);
            let found: Vec<Customer<'_>> = read(&slice, |rows| rows.collect()).expect("rows");
            let expected: Vec<Customer<'_>> = records[from..from + rows].iter().map(Customer::from).collect();
            assert_eq!(found, expected);
        }
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
