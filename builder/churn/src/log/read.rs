//! Lines of a transaction log, by customer and time.

use std::path::Path;

use kenal_tables::read::{Batch, Reader};
use rustc_hash::FxHashMap;

use crate::error::ChurnFileError;
use crate::time;

/// Names under which a column is found, the first the one that messages use.
const CUSTOMER: &[&str] =
    &["customer", "customer_id", "customerid", "customer id", "user", "user_id", "userid", "client_id", "person"];
const TIME: &[&str] = &[
    "time",
    "timestamp",
    "date",
    "datetime",
    "invoicedate",
    "invoice_date",
    "order_date",
    "purchase_date",
    "created_at",
    "at",
];
const AMOUNT: &[&str] = &["amount", "value", "total", "revenue", "spend", "sales", "order_value"];
const INVOICE: &[&str] = &["invoice", "invoice_no", "invoiceno", "order", "order_id", "orderid", "transaction_id"];
const ITEM: &[&str] = &["item", "item_id", "stockcode", "stock_code", "product", "product_id", "sku"];
const QUANTITY: &[&str] = &["quantity", "qty", "units"];
const PRICE: &[&str] = &["unitprice", "unit_price", "price"];

/// No item, no invoice.
pub(crate) const NONE: u32 = u32::MAX;

/// One line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Seconds since 1970.
    pub time: i64,
    /// Money; below zero for what came back.
    pub amount: f64,
    /// NaN when the log has none.
    pub quantity: f32,
    pub(crate) invoice: u32,
    pub(crate) item: u32,
}

impl Line {
    /// Something was bought: money and, where it is told, a quantity above zero.
    pub fn is_purchase(&self) -> bool {
        self.amount > 0.0 && (self.quantity.is_nan() || self.quantity > 0.0)
    }

    /// Something came back.
    pub fn is_return(&self) -> bool {
        self.amount < 0.0 || self.quantity < 0.0
    }
}

/// What became of the rows: `rows` = `kept` + `without_customer` + `unreadable`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub rows: u64,
    pub kept: u64,
    /// Nobody to learn about: guests.
    pub without_customer: u64,
    /// No row of the file, or no time or amount that can be read.
    pub unreadable: u64,
    /// Of the kept: money came back.
    pub returns: u64,
    /// Of the kept: neither bought nor came back.
    pub worth_nothing: u64,
    /// Of the kept: the same as the line before it in every column that is used. They count.
    pub repeated: u64,
    /// Rows earlier than the row before them; the log is sorted, so they do no harm.
    pub backwards: u64,
    /// The first unreadable rows: line and what is wrong.
    pub examples: Vec<String>,
}

/// A log in memory.
#[derive(Debug)]
pub struct Log {
    /// Names, in the order they were first seen.
    pub customers: Vec<String>,
    /// By customer, then time.
    lines: Vec<Line>,
    /// Where each customer's lines begin, and the end.
    starts: Vec<u32>,
    pub counts: Counts,
    pub has_items: bool,
    pub has_quantity: bool,
    pub(crate) items_count: usize,
}

struct Places {
    customer: usize,
    time: usize,
    amount: Option<usize>,
    invoice: Option<usize>,
    item: Option<usize>,
    quantity: Option<usize>,
    price: Option<usize>,
}

impl Places {
    fn find(reader: &Reader) -> Result<Places, ChurnFileError> {
        let find = |names: &[&str]| {
            let at = |name: &&str| reader.columns().iter().position(|c| c.eq_ignore_ascii_case(name));
            names.iter().find_map(at)
        };
        let need = |names: &[&str]| find(names).ok_or_else(|| ChurnFileError::no_role(reader, names));
        let places = Places {
            customer: need(CUSTOMER)?,
            time: need(TIME)?,
            amount: find(AMOUNT),
            invoice: find(INVOICE),
            item: find(ITEM),
            quantity: find(QUANTITY),
            price: find(PRICE),
        };
        if places.amount.is_none() && (places.quantity.is_none() || places.price.is_none()) {
            return Err(ChurnFileError::no_role(reader, AMOUNT));
        }
        Ok(places)
    }

    fn used(&self) -> Vec<usize> {
        let some = [self.amount, self.invoice, self.item, self.quantity, self.price];
        [self.customer, self.time].into_iter().chain(some.into_iter().flatten()).collect()
    }
}

/// Numbers of names.
#[derive(Default)]
struct Names(FxHashMap<String, u32>);

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&n) = self.0.get(name) {
            return n;
        }
        let n = self.0.len() as u32;
        self.0.insert(name.to_owned(), n);
        n
    }

    fn in_order(self) -> Vec<String> {
        let mut all: Vec<(u32, String)> = self.0.into_iter().map(|(name, n)| (n, name)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, name)| name).collect()
    }
}

/// A finite number; a comma as in `1,234.50` is none.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|v| v.is_finite())
}

impl Log {
    /// Reads a log with columns `customer,time,amount[,invoice,item,quantity]`, by these or other usual names; instead of
    /// an amount, a quantity and a unit price will do.
    ///
    /// # Errors
    /// The file cannot be read, a column is missing, or no row can be used.
    pub fn read(path: &Path) -> Result<Log, ChurnFileError> {
        let mut reader = Reader::open(path)?;
        let places = Places::find(&reader)?;
        reader.select(&places.used());
        let (mut customers, mut items, mut invoices) = (Names::default(), Names::default(), Names::default());
        let mut rows: Vec<(u32, Line)> = Vec::new();
        let mut counts = Counts::default();
        let mut batch = Batch::new();
        let mut before = i64::MIN;
        while reader.next_batch(&mut batch)? {
            for row in 0..batch.rows_count() {
                let value = |place: Option<usize>| place.and_then(|p| batch.get(row, p));
                let Some(customer) = batch.get(row, places.customer) else {
                    counts.without_customer += 1;
                    continue;
                };
                let line = line(&value, &places);
                let (time, amount, quantity) = match line {
                    Ok(line) => line,
                    Err(what) => {
                        counts.unreadable(reader.path(), batch.line(row), &what);
                        continue;
                    }
                };
                counts.backwards += u64::from(time < before);
                before = time;
                let number = |names: &mut Names, place| value(place).map_or(NONE, |v| names.number(v));
                let (invoice, item) = (number(&mut invoices, places.invoice), number(&mut items, places.item));
                rows.push((customers.number(customer), Line { time, amount, quantity, invoice, item }));
            }
            for rejected in batch.take_rejected() {
                counts.unreadable(reader.path(), rejected.line, &rejected.reason.to_string());
            }
        }
        counts.kept = rows.len() as u64;
        counts.rows = counts.kept + counts.without_customer + counts.unreadable;
        if rows.is_empty() {
            let what = counts.examples.first().cloned().unwrap_or_else(|| "it has no rows".to_owned());
            return Err(ChurnFileError::NoRows { path: path.to_owned(), what });
        }
        Ok(Log::of(rows, customers.in_order(), counts, &places, items.0.len()))
    }

    fn of(
        mut rows: Vec<(u32, Line)>,
        customers: Vec<String>,
        mut counts: Counts,
        places: &Places,
        items: usize,
    ) -> Log {
        // Every column takes part in the order, so that the order of the file does not.
        rows.sort_by(|(a, x), (b, y)| {
            let key = |l: &Line| (l.time, l.invoice, l.item);
            (a, key(x)).cmp(&(b, key(y))).then(x.amount.total_cmp(&y.amount)).then(x.quantity.total_cmp(&y.quantity))
        });
        let same = |w: &&[(u32, Line)]| {
            let (x, y) = (&w[0], &w[1]);
            let quantity = x.1.quantity == y.1.quantity || (x.1.quantity.is_nan() && y.1.quantity.is_nan());
            (x.0, x.1.time, x.1.invoice, x.1.item) == (y.0, y.1.time, y.1.invoice, y.1.item)
                && x.1.amount == y.1.amount
                && quantity
        };
        counts.repeated = rows.windows(2).filter(same).count() as u64;
        counts.returns = rows.iter().filter(|(_, l)| l.is_return()).count() as u64;
        counts.worth_nothing = rows.iter().filter(|(_, l)| !l.is_return() && !l.is_purchase()).count() as u64;
        let mut starts: Vec<u32> = Vec::with_capacity(customers.len() + 1);
        let mut at = 0;
        for customer in 0..=customers.len() as u32 {
            at += rows[at..].iter().take_while(|(c, _)| *c < customer).count();
            starts.push(at as u32);
        }
        Log {
            customers,
            lines: rows.into_iter().map(|(_, line)| line).collect(),
            starts,
            counts,
            has_items: places.item.is_some(),
            has_quantity: places.quantity.is_some(),
            items_count: items,
        }
    }

    /// All lines of a customer, in order of time.
    pub fn of_customer(&self, customer: usize) -> &[Line] {
        &self.lines[self.starts[customer] as usize..self.starts[customer + 1] as usize]
    }

    /// First purchase and the midnight after the last, seconds; none without a purchase.
    pub fn span(&self) -> Option<(i64, i64)> {
        let times = || self.lines.iter().filter(|l| l.is_purchase()).map(|l| l.time);
        let (first, last) = (times().min()?, times().max()?);
        Some((first, (last.div_euclid(time::DAY_S) + 1) * time::DAY_S))
    }
}

impl Counts {
    fn unreadable(&mut self, path: &Path, line: u64, what: &str) {
        self.unreadable += 1;
        if self.examples.len() < 3 {
            self.examples.push(format!("{}: line {line}: {what}", path.display()));
        }
    }
}

/// Time, amount and quantity of a row, or what is wrong.
fn line<'b>(value: &impl Fn(Option<usize>) -> Option<&'b str>, places: &Places) -> Result<(i64, f64, f32), String> {
    let text = value(Some(places.time)).ok_or("no time")?;
    let time = time::seconds(text).ok_or_else(|| format!("time: {text:?} is no moment (write 2024-01-31 12:00:00)"))?;
    let read = |place: Option<usize>, name: &str| match value(place) {
        None => Err(format!("no {name}")),
        Some(text) => number(text).ok_or_else(|| format!("{name}: {text:?} is no number")),
    };
    let quantity = match places.quantity {
        Some(_) => read(places.quantity, "quantity")?,
        None => f64::NAN,
    };
    let amount = match places.amount {
        Some(_) => read(places.amount, "amount")?,
        None => quantity * read(places.price, "price")?,
    };
    Ok((time, amount, quantity as f32))
}
