//! Shopify: bulk-operation JSONL of the GraphQL Admin API.
//!
//! One node a line; a child of a connection is a line of its own with `__parentId`, anywhere after its parent and, in
//! files that were merged or sorted, before it. The first reading keeps the ids of parents and the line numbers of
//! children whose parent has not come; a second reading, made only when there are such lines, takes just those. So no
//! row is ever held, and memory is 24 to 40 bytes per order and product.
//!
//! Deliberately not here: REST and webhook bodies (snake case, numeric ids). They are recognised and named as such.

mod customer;
mod marketing;
mod operation;
mod order;
mod product;

use std::collections::HashMap;
use std::path::Path;

use kenal_types::{Entity, Reason, System};
use serde::de::IgnoredAny;

use crate::error::{Quarantine, SourceError};
use crate::json::{Fault, Scalar, Text, decode};
use crate::lines::{Lines, is_blank};
use crate::progress::Progress;
use crate::report::{FileKind, FileReport, FileState};
use crate::rows::FileRows;
use crate::sink::RowSink;
use crate::survey::{Opened, Probed, Shape, Survey, Surveyed, scan_lines};

pub(crate) use operation::{Operation, is_sidecar, sidecar_without_data};

/// The lines a file's kind is looked for in: enough to pass over a few damaged ones.
const KIND_LINES_MAX: u64 = 1000;

/// How Shopify begins a line, and writes the other member that tells its kind.
const ID_FIRST: &[u8] = b"{\"id\":\"";
const PARENT: &[u8] = b"\"__parentId\":\"";

/// `gid://shopify/<Type>/<number>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gid<'a> {
    kind: &'a str,
    number: u64,
}

impl<'a> Gid<'a> {
    fn parse(text: &'a str) -> Option<Gid<'a>> {
        let (kind, number) = text.trim().strip_prefix("gid://shopify/")?.split_once('/')?;
        // Some gids carry parameters: `…/42?shop_id=7`.
        let digits = number.split('?').next().unwrap_or(number);
        Some(Gid { kind, number: digits.parse().ok()? })
    }
}

/// What tells a line's kind.
#[derive(serde::Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<Scalar<'a>>,
    #[serde(borrow, rename = "__parentId")]
    parent: Option<Text<'a>>,
}

pub(crate) fn probe(path: &Path, name: &str, progress: &dyn Progress) -> Result<Probed, SourceError> {
    let (mut lines, mut roots, mut kind) = (0_u64, 0_u64, FileKind::Unknown);
    let child = memchr::memmem::Finder::new(b"\"__parentId\":");
    let scan = scan_lines(path, name, progress, |_, line| {
        if is_blank(line) {
            return;
        }
        lines += 1;
        roots += u64::from(child.find(line).is_none());
        if kind == FileKind::Unknown && lines <= KIND_LINES_MAX {
            kind = kind_of(line);
        }
    })?;
    let verdict = match (scan.damage, kind) {
        (Some(damage), _) => Err(damage),
        (None, _) => operation::beside(path, name).and_then(|operation| {
            operation.check(lines, roots, scan.content_bytes)?;
            match kind {
                FileKind::Unknown if lines == 0 && !operation.promises_nothing() => Err(Quarantine::Empty),
                FileKind::Unknown if lines > 0 => Err(Quarantine::Unrecognised {
                    system: System::Shopify,
                    what: format!(
                        "none of its first {} lines is an object with an id like gid://shopify/Customer/1",
                        lines.min(KIND_LINES_MAX)
                    ),
                }),
                _ => Ok(Shape::Bulk(operation)),
            }
        }),
    };
    Ok(Probed { bytes: scan.bytes, blake3: scan.blake3, kind, verdict })
}

fn kind_of(line: &[u8]) -> FileKind {
    let Ok(head) = decode::<Head<'_>>(line) else { return FileKind::Unknown };
    let text = match (&head.id, &head.parent) {
        (Some(Scalar::Text(id)), _) => id,
        (_, Some(parent)) => &parent.0,
        _ => return FileKind::Unknown,
    };
    match Gid::parse(text).map(|gid| gid.kind) {
        Some("Customer") => FileKind::ShopifyCustomers,
        Some("Order" | "LineItem" | "Refund") => FileKind::ShopifyOrders,
        Some("Product" | "ProductVariant") => FileKind::ShopifyProducts,
        _ => FileKind::Unknown,
    }
}

pub(crate) fn read(
    survey: &Survey,
    sink: &mut dyn RowSink,
    progress: &dyn Progress,
) -> Result<Vec<FileReport>, SourceError> {
    progress.begin("read", survey.bytes());
    let mut reports = Vec::with_capacity(survey.files.len());
    for file in &survey.files {
        match file.open(sink)? {
            Opened::Quarantined(report) => reports.push(report),
            Opened::Rows(Shape::Bulk(operation), rows) => reports.push(read_file(file, operation, rows, progress)?),
            Opened::Rows(..) => unreachable!("the probe of Shopify gives bulk files only"),
        }
    }
    progress.end();
    Ok(reports)
}

fn read_file(
    file: &Surveyed,
    operation: &Operation,
    mut rows: FileRows<'_>,
    progress: &dyn Progress,
) -> Result<FileReport, SourceError> {
    let mut bulk = Bulk { operation, orders: HashMap::new(), products: HashMap::new(), all_seen: false };
    let mut waiting: Vec<u64> = Vec::new();
    let mut buffer = Vec::new();
    if !rows.declined() {
        let mut lines = Lines::new(file.content(progress)?);
        while let Some(line) = lines.next(&mut buffer).map_err(|e| file.read_error(e))? {
            if is_blank(&buffer) {
                continue;
            }
            let outcome = if line.cut { Some(Err(too_long())) } else { bulk.line(&buffer) };
            match outcome {
                Some(outcome) => rows.row(line.number, &buffer, outcome)?,
                None => waiting.push(line.number),
            }
        }
        file.check_same(lines.content)?;
    }
    if !waiting.is_empty() {
        bulk.all_seen = true;
        // Read for its children alone, so it does not count as progress.
        let mut lines = Lines::new(file.content(&crate::Quiet)?);
        let mut next = waiting.iter().copied().peekable();
        while let Some(wanted) = next.peek() {
            let Some(line) = lines.next(&mut buffer).map_err(|e| file.read_error(e))? else { break };
            if line.number == *wanted {
                next.next();
                let outcome = bulk.line(&buffer).unwrap_or_else(|| Err(orphan("it")));
                rows.row(line.number, &buffer, outcome)?;
            }
        }
        if next.peek().is_some() {
            let what = "it has fewer lines than before".to_owned();
            return Err(SourceError::Changed { path: file.path.clone(), what });
        }
    }
    let state = if operation.partial { FileState::Partial } else { FileState::Whole };
    rows.finish(state, operation.watermark(), operation.note.clone())
}

fn too_long() -> Fault {
    Fault::syntax(format!("longer than {} MiB", crate::limits::ROW_BYTES_MAX >> 20))
}

fn orphan(parent: &str) -> Fault {
    Fault::new(Reason::Orphan, "__parentId", format!("{parent} is nowhere in the file"))
}

/// What is remembered of a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent {
    /// Accepted; children take its sequence.
    Sequence(i64),
    Test,
    Rejected,
}

/// The state of reading one file.
struct Bulk<'a> {
    operation: &'a Operation,
    orders: HashMap<u64, Parent>,
    products: HashMap<u64, Parent>,
    /// Second reading: a parent that is not known now does not exist.
    all_seen: bool,
}

impl Bulk<'_> {
    /// One line; `None` when it waits for its parent.
    fn line(&mut self, raw: &[u8]) -> Option<Result<Vec<Entity>, Fault>> {
        if let Some((id, parent)) = glance(raw) {
            return match parent {
                None => Some(self.root(Some(id), raw)),
                Some(parent) => self.child(Some(id), parent, raw),
            };
        }
        let head = match decode::<Head<'_>>(raw) {
            Ok(head) => head,
            Err(fault) => return Some(Err(fault)),
        };
        let id = match &head.id {
            Some(Scalar::Text(text)) => match Gid::parse(text) {
                Some(gid) => Some(gid),
                None => return Some(Err(Fault::bad("id", "expected an id like gid://shopify/Customer/1"))),
            },
            Some(_) => return Some(Err(rest_body())),
            None => None,
        };
        match &head.parent {
            None => Some(self.root(id, raw)),
            Some(parent) => match Gid::parse(&parent.0) {
                Some(parent) => self.child(id, parent, raw),
                None => Some(Err(Fault::bad("__parentId", "expected an id like gid://shopify/Order/1"))),
            },
        }
    }

    fn root(&mut self, id: Option<Gid<'_>>, raw: &[u8]) -> Result<Vec<Entity>, Fault> {
        let Some(id) = id else { return Err(Fault::missing("id")) };
        match id.kind {
            "Customer" => customer::parse(id.number, raw, self.operation),
            "Order" => {
                let parsed = order::parse(id.number, raw, self.operation);
                self.orders.insert(id.number, remember(&parsed));
                parsed
            }
            "Product" => {
                let parsed = product::parse(id.number, raw);
                self.products.insert(id.number, remember(&parsed));
                parsed
            }
            "LineItem" | "ProductVariant" => Err(Fault::missing("__parentId")),
            _ => {
                Err(Fault::new(Reason::UnknownKind, "id", "neither a customer, an order, a product nor a part of one"))
            }
        }
    }

    fn child(&self, id: Option<Gid<'_>>, parent: Gid<'_>, raw: &[u8]) -> Option<Result<Vec<Entity>, Fault>> {
        let (parents, what) = match parent.kind {
            "Order" => (&self.orders, "its order"),
            "Product" => (&self.products, "its product"),
            _ => {
                return Some(Err(Fault::new(
                    Reason::UnknownKind,
                    "__parentId",
                    "a child of neither order nor product",
                )));
            }
        };
        let sequence = match parents.get(&parent.number) {
            Some(Parent::Sequence(sequence)) => *sequence,
            Some(Parent::Test) => return Some(Err(Fault::new(Reason::TestRow, "__parentId", "its order is a test"))),
            Some(Parent::Rejected) => {
                let detail = format!("{what} was rejected");
                return Some(Err(Fault::new(Reason::Orphan, "__parentId", detail)));
            }
            None if self.all_seen => return Some(Err(orphan(what))),
            None => return None,
        };
        Some(match (id.map(|id| (id.kind, id.number)), parent.kind) {
            (Some(("LineItem", number)), "Order") => order::parse_line(number, parent.number, sequence, raw),
            (Some(("ProductVariant", number)), "Product") => product::parse_variant(number, parent.number, raw),
            // A refund is in its order's state; applications of discounts and the like have no id and no entity.
            (Some(("Refund", _)) | None, "Order") | (None, _) => decode::<IgnoredAny>(raw).map(|_| Vec::new()),
            _ => Err(Fault::new(Reason::UnknownKind, "id", "no kind of child that is read here")),
        })
    }
}

/// The ids of a line in the form Shopify writes it, without decoding it: `id` first, and `__parentId` anywhere. A
/// quote within a text is escaped, so the pattern with its bare quotes is found only where it is a member. That the
/// line is JSON shows when it is decoded for its values.
fn glance(raw: &[u8]) -> Option<(Gid<'_>, Option<Gid<'_>>)> {
    let text = |from: usize| {
        let rest = raw.get(from..)?;
        let end = memchr::memchr(b'"', rest)?;
        // An escape in a gid makes it no gid.
        Gid::parse(std::str::from_utf8(rest.get(..end)?).ok()?)
    };
    raw.strip_prefix(ID_FIRST)?;
    let id = text(ID_FIRST.len())?;
    match memchr::memmem::find(raw, PARENT) {
        Some(at) => Some((id, Some(text(at + PARENT.len())?))),
        // Written with white space: looked at properly.
        None if memchr::memmem::find(raw, b"__parentId").is_some() => None,
        None => Some((id, None)),
    }
}

fn rest_body() -> Fault {
    let detail = "a number: this is a REST or webhook body, and a bulk operation has ids like gid://shopify/Order/1";
    Fault::new(Reason::UnknownKind, "id", detail)
}

fn remember(parsed: &Result<Vec<Entity>, Fault>) -> Parent {
    match parsed {
        Ok(entities) => Parent::Sequence(
            entities
                .iter()
                .find_map(|e| match e {
                    Entity::Order(order) => Some(order.sequence),
                    Entity::Item(item) => Some(item.sequence),
                    _ => None,
                })
                .unwrap_or_default(),
        ),
        Err(fault) if fault.reason == Reason::TestRow => Parent::Test,
        Err(_) => Parent::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gids() {
        for (text, expected) in [
            ("gid://shopify/Order/1", Some(("Order", 1))),
            ("gid://shopify/LineItem/2?x=1", Some(("LineItem", 2))),
            ("gid://shopify/Order/", None),
            ("gid://shopify/Order/-1", None),
            ("gid://other/Order/1", None),
            ("1", None),
        ] {
            assert_eq!(Gid::parse(text).map(|g| (g.kind, g.number)), expected, "{text}");
        }
        assert!(size_of::<(u64, Parent)>() <= 24);
    }
}
