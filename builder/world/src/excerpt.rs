//! Cutting an excerpt out of the file of real purchases: whole customers and some guests, small enough to be kept
//! with the code.
//!
//! Customers with at least [`ITEMS_MIN`] different products are taken in the order of a hash of their number, and
//! guest invoices of at most [`GUEST_LINES_MAX`] lines likewise, until the shares asked for are reached. Lines keep
//! the file's columns and are sorted by customer, invoice and stock code, which packs a third better than by time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, GzBuilder};

use crate::dice::{For, mix, mix_bytes};
use crate::error::{PurchasesError, WorldError};
use crate::retail::{is_product, rows};

/// Different products of a customer who is worth keeping: fewer tell nothing about taste.
pub const ITEMS_MIN: usize = 5;
/// Larger guest invoices are the till's daily sums.
pub const GUEST_LINES_MAX: usize = 60;

/// What was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excerpt {
    pub customers: u64,
    pub guest_invoices: u64,
    pub lines: u64,
    pub bytes: u64,
}

/// Cuts `customers` customers and `guests` guest invoices out of `from` into the gzip file `to`, without a name or
/// time in its header, so that the same input gives the same bytes.
///
/// # Errors
/// `from` is of no use as purchases; `to` cannot be written.
pub fn cut(from: &Path, to: &Path, customers: usize, guests: usize) -> Result<Excerpt, WorldError> {
    let unreadable = |source: PurchasesError| WorldError::Purchases { path: from.to_owned(), source };
    let mut products: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    let mut guest_lines: BTreeMap<String, usize> = BTreeMap::new();
    rows(from, |row| match row.customer {
        Some(id) if is_product(&row.code) => drop(products.entry(id).or_default().insert(row.code)),
        None if is_product(&row.code) && row.quantity > 0 && row.pence > 0 => {
            *guest_lines.entry(row.invoice).or_default() += 1;
        }
        _ => {}
    })
    .map_err(unreadable)?;
    let mut chosen: Vec<u64> = products.into_iter().filter(|(_, p)| p.len() >= ITEMS_MIN).map(|(id, _)| id).collect();
    chosen.sort_by_key(|id| mix(0, For::Orders, *id));
    chosen.truncate(customers);
    let mut invoices: Vec<String> =
        guest_lines.into_iter().filter(|(_, n)| *n <= GUEST_LINES_MAX).map(|(invoice, _)| invoice).collect();
    invoices.sort_by_key(|invoice| mix_bytes(0, For::Guest, invoice.as_bytes()));
    invoices.truncate(guests);
    let (chosen, invoices): (BTreeSet<u64>, BTreeSet<String>) =
        (chosen.into_iter().collect(), invoices.into_iter().collect());
    let mut kept = Vec::new();
    rows(from, |row| {
        let keep = row.customer.map_or_else(|| invoices.contains(&row.invoice), |id| chosen.contains(&id));
        if keep {
            kept.push((row.customer.is_none(), row.customer, row.invoice.clone(), row.code.clone(), line(&row)));
        }
    })
    .map_err(unreadable)?;
    kept.sort_unstable();
    let file = File::create(to).map_err(WorldError::io(to))?;
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(file, Compression::best());
    let mut write = |text: &str| gzip.write_all(text.as_bytes()).map_err(WorldError::io(to));
    write("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")?;
    for (.., text) in &kept {
        write(text)?;
    }
    gzip.finish().map_err(WorldError::io(to))?;
    let bytes = std::fs::metadata(to).map_err(WorldError::io(to))?.len();
    let counts = (chosen.len() as u64, invoices.len() as u64, kept.len() as u64);
    Ok(Excerpt { customers: counts.0, guest_invoices: counts.1, lines: counts.2, bytes })
}

/// The row in the file's own form, but for the country, which Kenal replaces anyway.
fn line(row: &crate::retail::Row) -> String {
    let customer = row.customer.map_or_else(String::new, |id| format!("{id}.0"));
    let at = row.at.to_string().replace('T', " ").replace('Z', "");
    let quoted = row.description.contains([',', '"']);
    let description =
        if quoted { format!("\"{}\"", row.description.replace('"', "\"\"")) } else { row.description.clone() };
    let (pounds, pence) = (row.pence / 100, row.pence.rem_euclid(100));
    format!("{},{},{description},{},{at},{pounds}.{pence:02},{customer},\n", row.invoice, row.code, row.quantity)
}
