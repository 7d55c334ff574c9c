//! Real purchases: the UCI Online Retail file, each customer of which becomes a person.
//!
//! Kept: lines whose invoice begins with a digit, with quantity and price above zero, and a stock code that is a
//! product (begins with five digits, upper-cased) or one of the few in [`CUSTOM`] that are a service on the bill.
//! Dropped: stock corrections (negative or free lines without a cancellation), fees, gift vouchers and bad debt.
//! A cancellation (invoice beginning with C) takes back the newest earlier line of the same customer and code with
//! enough left; an order of which everything is taken back counts as cancelled, or as returned after two days.
//!
//! Times move by whole days, so that the last line falls on `end`; the hours stay. Memory: about 24 bytes a line,
//! whatever the number of people asked for.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use kenal_types::{Date, Timestamp};

use crate::catalogue::{Catalogue, Item, PRODUCT_BASE};
use crate::category;
use crate::dice::{Dice, For, mix};
use crate::error::PurchasesError;
use crate::orders::{History, Line, Order, Outcome, Place, What};

/// Stock codes that are a service on the bill.
const CUSTOM: [(&str, &str); 4] = [("POST", "POST"), ("DOT", "POST"), ("C2", "CARRIAGE"), ("M", "MANUAL")];
const COLUMNS: [&str; 8] =
    ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];
const COLUMNS_TEXT: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
/// Larger orders are those of other shops, which do not type them into a phone.
const APP_LINES_MAX: usize = 40;
/// Without a purchase in the file's last so many days a customer counts as gone.
const GONE_DAYS: i64 = 90;

/// Purchases of a file.
#[derive(Debug)]
pub(crate) struct Retail {
    pub(crate) catalogue: Catalogue,
    /// Orders of each customer, in an order that has nothing to do with their numbers.
    customers: Vec<Vec<Order>>,
    guests: Vec<Order>,
    pub(crate) serials: u64,
    first: Timestamp,
    end: Date,
}

/// A line of the file.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) invoice: String,
    pub(crate) code: String,
    pub(crate) description: String,
    pub(crate) quantity: i64,
    pub(crate) at: Timestamp,
    pub(crate) pence: i64,
    pub(crate) customer: Option<u64>,
}

/// Opens a file, unpacking it when it is gzip by its first bytes.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut plain = BufReader::new(File::open(path)?);
    if plain.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(plain))));
    }
    Ok(Box::new(plain))
}

/// Calls `each` with every line of the file.
pub(crate) fn rows(path: &Path, mut each: impl FnMut(Row)) -> Result<(), PurchasesError> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(true).from_reader(open(path).map_err(PurchasesError::Unreadable)?);
    let header = reader.headers().map_err(|e| csv_error(e, 0))?.clone();
    let position = |name: &str| header.iter().position(|h| h.trim_start_matches('\u{feff}') == name);
    let missing: Vec<_> = COLUMNS.into_iter().filter(|name| position(name).is_none()).collect();
    let only = header.get(0).filter(|_| header.len() == 1).unwrap_or_default();
    if let Some(separator) = only.chars().find(|c| [';', '\t', '|'].contains(c)) {
        return Err(PurchasesError::Separator { separator });
    }
    if !missing.is_empty() {
        return Err(PurchasesError::WrongColumns { expected: COLUMNS_TEXT, missing: missing.join(", ") });
    }
    let at: Vec<usize> = COLUMNS.iter().filter_map(|name| position(name)).collect();
    let mut record = csv::StringRecord::new();
    let mut line = 1;
    while reader.read_record(&mut record).map_err(|e| csv_error(e, line))? {
        line = record.position().map_or(line + 1, csv::Position::line);
        each(row(&record, &at, line)?);
    }
    Ok(())
}

fn csv_error(error: csv::Error, line: u64) -> PurchasesError {
    let lines = error.position().map_or(line, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => PurchasesError::Truncated { lines },
        csv::ErrorKind::Io(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            PurchasesError::Corrupt { lines }
        }
        csv::ErrorKind::Io(e) => PurchasesError::Unreadable(e),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            PurchasesError::FieldCount { line: lines, found: len, expected: expected_len }
        }
        csv::ErrorKind::Utf8 { .. } => PurchasesError::NotUtf8 { line: lines },
        other => PurchasesError::Unreadable(io::Error::other(format!("{other:?}"))),
    }
}

fn row(record: &csv::StringRecord, at: &[usize], line: u64) -> Result<Row, PurchasesError> {
    let field = |n: usize| at.get(n).and_then(|i| record.get(*i)).unwrap_or_default().trim();
    let bad = |field, expected| move || PurchasesError::BadField { line, field, expected };
    let quantity = field(3).parse().map_err(|_| bad("Quantity", "a whole number")())?;
    let when = field(4).replacen(' ', "T", 1) + "Z";
    let at = when.parse().map_err(|_| bad("InvoiceDate", "a time such as 2010-12-01 08:26:00")())?;
    let price: f64 = field(5).parse().map_err(|_| bad("UnitPrice", "a number")())?;
    let customer = match field(6) {
        "" => None,
        id => Some(id.strip_suffix(".0").unwrap_or(id).parse().map_err(|_| bad("CustomerID", "a number")())?),
    };
    Ok(Row {
        invoice: field(0).to_owned(),
        code: field(1).to_ascii_uppercase(),
        description: field(2).to_owned(),
        quantity,
        at,
        pence: libm::round(price * 100.0) as i64,
        customer,
    })
}

pub(crate) fn is_product(code: &str) -> bool {
    code.len() >= 5 && code.bytes().take(5).all(|b| b.is_ascii_digit())
}

/// What is remembered of one invoice or cancellation.
#[derive(Default)]
struct Bill {
    customer: Option<u64>,
    at: Option<Timestamp>,
    lines: Vec<Line>,
}

#[derive(Default)]
struct Loading {
    codes: HashMap<String, u32>,
    descriptions: Vec<BTreeMap<String, u32>>,
    prices: Vec<Vec<i32>>,
    names: Vec<String>,
    bills: BTreeMap<String, Bill>,
}

impl Loading {
    fn add(&mut self, row: Row) {
        let back = row.invoice.starts_with('C');
        let sold = row.invoice.starts_with(|c: char| c.is_ascii_digit());
        let right = if back { row.quantity < 0 } else { row.quantity > 0 };
        if !(back || sold) || !right || row.pence <= 0 {
            return;
        }
        let what = if is_product(&row.code) {
            let names = &mut self.names;
            let item = *self.codes.entry(row.code).or_insert_with_key(|code| {
                names.push(code.clone());
                names.len() as u32 - 1
            });
            self.descriptions.resize_with(self.names.len(), BTreeMap::new);
            self.prices.resize_with(self.names.len(), Vec::new);
            if !row.description.is_empty() {
                *self.descriptions[item as usize].entry(row.description).or_default() += 1;
            }
            self.prices[item as usize].push(row.pence.min(i64::from(i32::MAX)) as i32);
            What::Item { item, variant: 0 }
        } else {
            match CUSTOM.iter().find(|(code, _)| *code == row.code) {
                Some((_, name)) => What::Custom(name),
                None => return,
            }
        };
        let bill = self.bills.entry(row.invoice).or_default();
        bill.customer = row.customer;
        bill.at = bill.at.or(Some(row.at));
        bill.lines.push(Line { what, quantity: row.quantity, returned: 0, pence: row.pence });
    }

    /// The most common description names the item; the median price is its list price.
    fn catalogue(&mut self) -> Catalogue {
        let mut categories: Vec<&'static str> = category::RULES.iter().map(|(name, _)| *name).collect();
        categories.push(category::OTHER);
        let ids = Catalogue::ids(0, self.names.len() as u64);
        let mut items = Vec::with_capacity(self.names.len());
        let mut popularity = Vec::with_capacity(self.names.len());
        for (at, code) in self.names.iter().enumerate() {
            let common = self.descriptions[at].iter().max_by_key(|(text, n)| (**n, std::cmp::Reverse(*text)));
            let description = common.map_or(code.as_str(), |(text, _)| text);
            let name = category::of_description(description);
            let prices = &mut self.prices[at];
            prices.sort_unstable();
            items.push(Item {
                id: PRODUCT_BASE + ids.at(at as u64) * 3,
                code: code.clone(),
                title: category::sentence_case(description),
                category: categories.iter().position(|c| *c == name).unwrap_or(categories.len() - 1),
                pence: i64::from(prices[prices.len() / 2]),
                variants: vec![("", "Default Title")],
                style: 0,
                active: prices.len() > 2,
            });
            popularity.push(prices.len() as f64);
        }
        Catalogue::new(categories, items, &popularity)
    }
}

impl Retail {
    /// Reads a file, keeping at most `people_max` customers, chosen by a hash of their number, and guests in the same
    /// proportion.
    pub(crate) fn load(path: &Path, people_max: u64, end: Date) -> Result<Retail, PurchasesError> {
        let mut loading = Loading::default();
        rows(path, |row| loading.add(row))?;
        let mut last = Timestamp(i64::MIN);
        let mut ids: Vec<(u64, u64)> = Vec::new();
        for bill in loading.bills.values() {
            last = last.max(bill.at.unwrap_or(last));
        }
        let sales = loading.bills.iter().filter(|(invoice, bill)| {
            !invoice.starts_with('C') && bill.lines.iter().any(|l| matches!(l.what, What::Item { .. }))
        });
        ids.extend(sales.filter_map(|(_, bill)| bill.customer).map(|id| (mix(0, For::Orders, id), id)));
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Err(PurchasesError::NoCustomers);
        }
        let kept = ids.len().min(usize::try_from(people_max).unwrap_or(usize::MAX));
        let share = kept as f64 / ids.len() as f64;
        let places: HashMap<u64, usize> = ids.iter().take(kept).enumerate().map(|(at, (_, id))| (*id, at)).collect();
        let catalogue = loading.catalogue();
        let shift_days = i64::from(end.0) - i64::from(last.date().0);
        let mut retail = Retail {
            catalogue,
            customers: vec![Vec::new(); kept],
            guests: Vec::new(),
            serials: loading.bills.len() as u64,
            first: end.midnight(),
            end,
        };
        let mut bills: Vec<(String, Bill)> = loading.bills.into_iter().collect();
        bills.sort_by(|a, b| (a.1.at, &a.0).cmp(&(b.1.at, &b.0)));
        for (serial, (invoice, bill)) in bills.into_iter().enumerate() {
            let at = bill.at.unwrap_or(last).plus_days(shift_days);
            retail.first = retail.first.min(at);
            let orders = match bill.customer {
                Some(id) => match places.get(&id) {
                    Some(place) => &mut retail.customers[*place],
                    None => continue,
                },
                None if invoice.starts_with('C') => continue,
                None if mix(1, For::Guest, serial as u64) as f64 / u64::MAX as f64 > share => continue,
                None => &mut retail.guests,
            };
            if invoice.starts_with('C') {
                take_back(orders, &bill.lines, at);
            } else if bill.lines.iter().any(|l| matches!(l.what, What::Item { .. })) {
                let guest = bill.customer.is_none();
                let (serial, outcome) = (serial as u64, Outcome::Completed);
                orders.push(Order { serial, at, place: Place::Web, guest, lines: bill.lines, outcome });
            }
        }
        Ok(retail)
    }

    pub(crate) fn people(&self) -> u64 {
        self.customers.len() as u64
    }

    pub(crate) fn guests(&self) -> u64 {
        self.guests.len() as u64
    }

    /// What the file does not say is drawn: the channel of each order, and when the customer had joined.
    pub(crate) fn history(&self, seed: u64, i: u64) -> History {
        let mut dice = Dice::new(seed, For::History, i);
        let app = dice.unit();
        let weights = [0.55 * (1.0 - app) + 0.1, 0.9 * app * app, 0.25 * dice.unit() + 0.05];
        let mut orders = self.customers[i as usize].clone();
        for order in &mut orders {
            order.place = [Place::Web, Place::App, Place::Store][dice.weighted(&weights)];
            if order.place == Place::App && order.lines.len() > APP_LINES_MAX {
                order.place = Place::Web;
            }
        }
        let (mut tastes, mut lines) = (vec![0.0; self.catalogue.categories.len()], 0.0);
        for (_, item, _) in orders.iter().flat_map(Order::items) {
            tastes[self.catalogue.items[item as usize].category] += 1.0;
            lines += 1.0;
        }
        tastes.iter_mut().for_each(|t| *t /= f64::max(lines, 1.0));
        let first = orders.first().map_or(self.first, |o| o.at);
        let last = orders.last().map_or(first, |o| o.at);
        let gone = self.end.midnight().plus_days(1).days_since(last) > GONE_DAYS as f64;
        let days = last.days_since(first).max(1.0) / orders.len().max(1) as f64;
        let joined = Timestamp(first.0 - (dice.exponential(200.0) * Timestamp::US_PER_DAY as f64) as i64);
        History { tastes, left_at: gone.then_some(last), hazard: 1.0 / (3.0 * days).max(30.0), joined, orders }
    }

    /// The order of guest `i`, on the web or in the store.
    pub(crate) fn guest(&self, seed: u64, i: u64) -> Order {
        let mut dice = Dice::new(seed, For::Guest, i);
        let mut order = self.guests[i as usize].clone();
        order.place = if dice.chance(0.8) { Place::Web } else { Place::Store };
        order
    }
}

/// A cancellation: the newest order with enough left of a line's item gives it back.
fn take_back(orders: &mut [Order], lines: &[Line], at: Timestamp) {
    for back in lines {
        let wanted = -back.quantity;
        let fits = |line: &&mut Line| line.what == back.what && line.quantity - line.returned >= wanted;
        let found = orders.iter_mut().rev().find_map(|order| {
            let line = order.lines.iter_mut().find(fits)?;
            line.returned += wanted;
            let all = order.lines.iter().all(|l| l.returned == l.quantity);
            let soon = at.days_since(order.at) < 2.0;
            order.outcome = if all && soon { Outcome::Cancelled(at) } else { Outcome::Returned(at) };
            Some(())
        });
        // Bought before the file begins, or more given back than was bought: nothing to take it from.
        if found.is_none() {
            continue;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    const GOOD: &str = "\
536365,85123a,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.0,17850.0,United Kingdom
536366,71053,WHITE METAL LANTERN,2,2010-12-02 09:00:00,3.39,,United Kingdom
C536379,71053,WHITE METAL LANTERN,-2,2010-12-05 09:41:00,3.39,17850.0,United Kingdom
536380,71053,damaged,-20,2010-12-05 09:41:00,0.0,,United Kingdom
A563185,B,Adjust bad debt,1,2010-12-06 14:50:00,11062.06,,United Kingdom
";

    fn load(bytes: &[u8]) -> Result<Retail, PurchasesError> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("file");
        std::fs::write(&path, bytes).expect("written");
        Retail::load(&path, 10, Date(20_000))
    }

    #[test]
    fn a_small_file_by_hand() {
        let retail = load(format!("{HEADER}{GOOD}").as_bytes()).expect("loaded");
        assert_eq!((retail.people(), retail.guests()), (1, 1));
        let history = retail.history(1, 0);
        let [order] = history.orders.as_slice() else { panic!("{:?}", history.orders) };
        assert_eq!(order.at.to_string(), format!("{}T08:26:00Z", Date(20_000 - 4)));
        let end = Date(20_000).midnight().0 + (9 * 3600 + 41 * 60) * 1_000_000;
        assert_eq!(order.outcome, Outcome::Returned(Timestamp(end)));
        let lines: Vec<_> = order.lines.iter().map(|l| (l.quantity, l.returned, l.pence)).collect();
        assert_eq!(lines, [(6, 0, 255), (6, 2, 339), (1, 0, 1800)]);
        assert_eq!(order.items().count(), 2);
        let titles: Vec<_> = retail.catalogue.items.iter().map(|i| (i.code.as_str(), i.title.as_str())).collect();
        assert_eq!(titles, [("85123A", "White hanging heart t-light holder"), ("71053", "White metal lantern")]);
        assert!(retail.guest(1, 0).guest);
    }

    #[test]
    fn files_of_no_use_say_why() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let body: String = (0..3000).map(|n| GOOD.replace("536365", &(600_000 + n * 7).to_string())).collect();
        gzip.write_all(format!("{HEADER}{body}").as_bytes()).expect("packed");
        let whole = gzip.finish().expect("packed");
        assert!(load(&whole).is_ok());
        let mut damaged = whole.clone();
        // The checksum, four bytes before the length.
        damaged[whole.len() - 6] ^= 0xff;
        let row = |f: [&str; 8]| format!("{HEADER}{}\n", f.join(",")).into_bytes();
        for (bytes, part) in [
            (whole[..whole.len() / 2].to_vec(), "ends early"),
            (damaged, "damaged"),
            (b"InvoiceNo;StockCode\n1;2\n".to_vec(), "separated by ';'"),
            (b"InvoiceNo\tStockCode\n1\t2\n".to_vec(), "separated by '\\t'"),
            (b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,Country\n".to_vec(), "lacks CustomerID"),
            (Vec::new(), "it lacks InvoiceNo"),
            (HEADER.as_bytes().to_vec(), "no line is a sale"),
            (format!("{HEADER}1,2,3\n").into_bytes(), "line 2 has 3 fields"),
            (row(["1", "12345", "x", "two", "2010-12-01 08:26:00", "1", "1", "UK"]), "line 2: Quantity is not a whole"),
            (row(["1", "12345", "x", "2", "yesterday", "1", "1", "UK"]), "line 2: InvoiceDate is not a time"),
            (row(["1", "12345", "x", "2", "2010-12-01 08:26:00", "free", "1", "UK"]), "UnitPrice is not a number"),
            (row(["1", "12345", "x", "2", "2010-12-01 08:26:00", "1", "me", "UK"]), "CustomerID is not a number"),
            ([HEADER.as_bytes(), b"1,12345,\xff\xff,2,2010-12-01 08:26:00,1,1,UK\n"].concat(), "line 2 is not UTF-8"),
        ] {
            let message = load(&bytes).expect_err(part).to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
