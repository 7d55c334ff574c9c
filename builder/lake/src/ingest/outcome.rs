//! Files of an export: which are new, and what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kenal_types::{FileStamp, System, Timestamp};
use serde::{Deserialize, Serialize};

use crate::columns;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::layout::{self, TableName};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    /// Read to its end; single rows may have been rejected.
    Accepted,
    /// Its rows count, but the export was cut short: it does not move the watermark.
    Partial,
    /// Damaged as a whole; none of its rows count.
    Quarantined,
}

/// The reader's report on one file; a row of `bronze_files`. `read = accepted + rejected`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOutcome {
    pub file: Arc<str>,
    /// What the file holds, such as `customers`.
    pub kind: String,
    pub status: FileStatus,
    /// Why it is partial or quarantined, or what else a person should know.
    pub reason: Option<String>,
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Up to when the source is complete, as far as this file tells.
    pub watermark: Option<Timestamp>,
}

/// A wanted file, and what has been handed over of it.
#[derive(Debug)]
pub(crate) struct Announced {
    pub(crate) stamp: FileStamp,
    pub(crate) quarantined_before: bool,
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) outcome: Option<FileOutcome>,
}

/// Which of `stamps` are wanted: those whose content is not in the lake, each content once.
pub(crate) fn announce(
    lake: &Lake,
    system: System,
    stamps: &[FileStamp],
) -> Result<BTreeMap<Arc<str>, Announced>, LakeError> {
    let (mut read, quarantined) = known(lake, system)?;
    let mut wanted = BTreeMap::new();
    for stamp in stamps {
        let hash = hex(stamp);
        if read.insert(hash.clone()) {
            let quarantined_before = quarantined.contains(&hash);
            let announced =
                Announced { stamp: stamp.clone(), quarantined_before, accepted: 0, rejected: 0, outcome: None };
            wanted.insert(Arc::clone(&stamp.name), announced);
        }
    }
    Ok(wanted)
}

/// Contents of which rows are in the lake, and contents that were only ever quarantined.
fn known(lake: &Lake, system: System) -> Result<(BTreeSet<String>, BTreeSet<String>), LakeError> {
    #[derive(Deserialize)]
    struct Known {
        blake3: String,
        status: FileStatus,
    }
    let (mut read, mut quarantined) = (BTreeSet::new(), BTreeSet::new());
    let query = format!("SELECT blake3, status FROM bronze_files WHERE system = '{system}'");
    for batch in lake.sql(&query)? {
        for row in columns::rows::<Known>(&TableName::bronze(layout::FILES), &batch)? {
            match row.status {
                FileStatus::Accepted | FileStatus::Partial => read.insert(row.blake3),
                FileStatus::Quarantined => quarantined.insert(row.blake3),
            };
        }
    }
    Ok((read, quarantined))
}

pub(crate) fn hex(stamp: &FileStamp) -> String {
    blake3::Hash::from_bytes(stamp.blake3).to_hex().to_string()
}
