//! The `BulkOperation` node kept beside a bulk file: what the file must contain, and when the shop was read.

use std::fs;
use std::path::Path;

use kenal_types::{FileStamp, Timestamp};

use crate::error::Quarantine;
use crate::json::{Fault, Scalar, Text, decode, filled, time};
use crate::limits::SYNC_INTERVAL_US;
use crate::report::FileKind;
use crate::survey::Surveyed;

const SIDECAR: &str = ".operation.json";

/// What the operation says, checked against the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Operation {
    sidecar: String,
    created_at: Option<Timestamp>,
    /// Lines, lines without a parent, bytes.
    counts: Option<[u64; 3]>,
    /// The operation failed and this is what it had written.
    pub(crate) partial: bool,
    pub(crate) note: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    object_count: Option<Scalar<'a>>,
    #[serde(borrow)]
    root_object_count: Option<Scalar<'a>>,
    #[serde(borrow)]
    file_size: Option<Scalar<'a>>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
}

pub(crate) fn is_sidecar(name: &str) -> bool {
    name.ends_with(SIDECAR)
}

/// `orders.jsonl.gz` and `orders.jsonl` both have `orders.operation.json`.
fn sidecar_of(name: &str) -> String {
    let stem = name.strip_suffix(".gz").unwrap_or(name);
    format!("{}{SIDECAR}", stem.strip_suffix(".jsonl").unwrap_or(stem))
}

/// Reads the operation beside a file. A file without one is read too: it may come from elsewhere.
pub(super) fn beside(path: &Path, name: &str) -> Result<Operation, Quarantine> {
    let sidecar = sidecar_of(name);
    match fs::read(path.with_file_name(&sidecar)) {
        Ok(json) => Operation::parse(sidecar, &json),
        Err(_) => {
            let note = format!("no {sidecar} beside it, so its counts are unchecked and the watermark stays");
            Ok(Operation { sidecar, note: Some(note), ..Operation::default() })
        }
    }
}

/// An operation whose file is missing, unless it found nothing: then Shopify gives no file to fetch.
pub(crate) fn sidecar_without_data(dir: &Path, name: &str, names: &[String]) -> Option<Surveyed> {
    if names.iter().any(|other| !is_sidecar(other) && sidecar_of(other) == name) {
        return None;
    }
    let path = dir.join(name);
    let json = fs::read(&path).unwrap_or_default();
    let why = match Operation::parse(name.to_owned(), &json) {
        Ok(operation) if operation.promises_nothing() => return None,
        Ok(operation) => {
            let said = operation.counts.map_or(0, |[objects, ..]| objects);
            Quarantine::MissingData { sidecar: name.to_owned(), said }
        }
        Err(why) => why,
    };
    let stamp = FileStamp { name: name.into(), bytes: json.len() as u64, blake3: *blake3::hash(&json).as_bytes() };
    Some(Surveyed { stamp, path, kind: FileKind::Unknown, verdict: Err(why) })
}

impl Operation {
    fn parse(sidecar: String, json: &[u8]) -> Result<Operation, Quarantine> {
        let bad = |fault: Fault| {
            let what = match fault.field.as_ref() {
                "" => fault.detail.into_owned(),
                field => format!("{field}: {}", fault.detail),
            };
            Quarantine::BadOperation { sidecar: sidecar.clone(), what }
        };
        let node: Node<'_> = decode(json).map_err(bad)?;
        let count = |field: &'static str, value: &Option<Scalar<'_>>| {
            let value = value.as_ref().ok_or_else(|| bad(Fault::missing(field)))?;
            let whole = value.whole().and_then(|n| u64::try_from(n).ok());
            whole.ok_or_else(|| bad(Fault::bad(field, "expected a count such as \"120\"")))
        };
        let created_at = time("createdAt", &node.created_at).map_err(bad)?;
        let status = filled(&node.status).ok_or_else(|| bad(Fault::missing("status")))?;
        let partial = match status {
            "COMPLETED" => false,
            "FAILED" | "CANCELED" | "EXPIRED" => true,
            _ => return Err(Quarantine::Unfinished { sidecar: sidecar.clone(), status: known_status(status).into() }),
        };
        let note = partial.then(|| format!("the operation ended as {status}: partial data, the watermark stays"));
        // The counts of a failed operation are not those of its partial file.
        let counts = match partial {
            true => None,
            false => Some([
                count("objectCount", &node.object_count)?,
                count("rootObjectCount", &node.root_object_count)?,
                count("fileSize", &node.file_size)?,
            ]),
        };
        Ok(Operation { created_at, counts, partial, note, sidecar })
    }

    /// Compares what was promised with what is there.
    pub(super) fn check(&self, lines: u64, roots: u64, bytes: u64) -> Result<(), Quarantine> {
        let Some(said) = self.counts else { return Ok(()) };
        let fields = ["objectCount", "rootObjectCount", "fileSize"];
        for ((field, said), found) in fields.into_iter().zip(said).zip([lines, roots, bytes]) {
            if said != found {
                return Err(Quarantine::CountMismatch { sidecar: self.sidecar.clone(), field, said, found });
            }
        }
        Ok(())
    }

    /// The query found no object, so an empty file is a whole one.
    pub(super) fn promises_nothing(&self) -> bool {
        matches!(self.counts, Some([0, ..]))
    }

    /// The shop is known complete up to the operation's creation; not to its completion, since objects changed while
    /// it ran may be missing.
    pub(super) fn watermark(&self) -> Option<Timestamp> {
        self.created_at.filter(|_| !self.partial)
    }

    /// When the company could first know of what happened at `time`: at the first nightly sync after it.
    ///
    /// An export does not say which night a row first came, so nights are counted back from this operation at its own
    /// time of day. Without an operation a full interval is assumed, which never knows too early.
    pub(super) fn known_at(&self, time: Timestamp) -> Timestamp {
        match self.created_at {
            Some(sync) if sync >= time => Timestamp(time.0.saturating_add((sync.0 - time.0) % SYNC_INTERVAL_US)),
            Some(_) => time,
            None => Timestamp(time.0.saturating_add(SYNC_INTERVAL_US)),
        }
    }
}

/// The status for a message, when it is one of Shopify's.
fn known_status(status: &str) -> &'static str {
    ["CREATED", "RUNNING", "CANCELING"].into_iter().find(|s| *s == status).unwrap_or("in an unknown state")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Operation, Quarantine> {
        Operation::parse("x.operation.json".to_owned(), json.as_bytes())
    }

    #[test]
    fn nights_are_counted_back_from_the_operation() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let operation = Operation { created_at: Some(at("2026-11-20T02:00:00Z")), ..Operation::default() };
        for (happened, known) in [
            ("2026-11-19T20:00:00Z", "2026-11-20T02:00:00Z"),
            ("2026-11-18T02:00:00Z", "2026-11-18T02:00:00Z"),
            ("2026-11-18T02:00:01Z", "2026-11-19T02:00:00Z"),
            ("2026-11-20T03:00:00Z", "2026-11-20T03:00:00Z"),
        ] {
            assert_eq!(operation.known_at(at(happened)), at(known), "{happened}");
        }
        assert_eq!(Operation::default().known_at(at("2026-11-18T02:00:00Z")), at("2026-11-19T02:00:00Z"));
    }

    #[test]
    fn operations_that_are_none() {
        for (json, part) in [
            ("", "not JSON"),
            ("[]", "expected"),
            (r#"{"status":"COMPLETED"}"#, "objectCount"),
            (r#"{"status":"COMPLETED","objectCount":"-1"}"#, "objectCount"),
            (r#"{"status":null}"#, "status"),
            (r#"{"status":"RUNNING"}"#, "is RUNNING"),
            (r#"{"status":"secret"}"#, "unknown state"),
            (r#"{"status":"COMPLETED","createdAt":"yesterday"}"#, "createdAt"),
        ] {
            let message = parse(json).expect_err(json).to_string();
            assert!(message.starts_with("x.operation.json: ") && message.contains(part), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn each_count_is_compared() {
        let json = r#"{"status":"COMPLETED","objectCount":"3","rootObjectCount":"2","fileSize":"99","createdAt":null}"#;
        let operation = parse(json).expect("an operation");
        assert_eq!(operation.check(3, 2, 99), Ok(()));
        for (counts, part) in
            [((4, 2, 99), "objectCount is 3"), ((3, 3, 99), "rootObjectCount is 2"), ((3, 2, 98), "fileSize is 99")]
        {
            let message = operation.check(counts.0, counts.1, counts.2).expect_err(part).to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
