//! A folder in, everything the sink was told out, with the stage's promise checked on every reading.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use kenal_sources::{FileReport, FileState, Quiet, RowSink, SinkError, SourceError, SourceReport, Take, read_system};
use kenal_types::{
    AppEvent, ConsentSignal, CustomerRecord, Entity, FileStamp, Item, Order, OrderLine, Origin, Reason, Rejection,
    System, Ticket, Timestamp, Variant,
};

/// Keeps all rows.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) accepted: Vec<(Origin, Vec<u8>, Vec<Entity>)>,
    pub(crate) rejected: Vec<Rejection>,
    pub(crate) done: Vec<FileReport>,
    /// Names of files to decline.
    pub(crate) declined: Vec<String>,
}

impl RowSink for Kept {
    fn file(&mut self, stamp: &FileStamp) -> Result<Take, SinkError> {
        Ok(if self.declined.iter().any(|d| **d == *stamp.name) { Take::Nothing } else { Take::Rows })
    }

    fn accepted(&mut self, origin: &Origin, raw: &[u8], entities: Vec<Entity>) -> Result<(), SinkError> {
        self.accepted.push((origin.clone(), raw.to_vec(), entities));
        Ok(())
    }

    fn rejected(&mut self, rejection: Rejection) -> Result<(), SinkError> {
        self.rejected.push(rejection);
        Ok(())
    }

    fn file_done(&mut self, report: &FileReport) -> Result<(), SinkError> {
        self.done.push(report.clone());
        Ok(())
    }
}

/// What a reading gave.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) kept: Kept,
    pub(crate) report: SourceReport,
}

macro_rules! entities {
    ($name:ident, $variant:ident, $type:ty) => {
        pub(crate) fn $name(&self) -> Vec<&$type> {
            let all = self.kept.accepted.iter().flat_map(|(_, _, entities)| entities);
            all.filter_map(|e| if let Entity::$variant(x) = e { Some(&**x) } else { None }).collect()
        }
    };
}

impl Reading {
    entities!(customers, Customer, CustomerRecord);
    entities!(consents, Consent, ConsentSignal);
    entities!(items, Item, Item);
    entities!(variants, Variant, Variant);
    entities!(orders, Order, Order);
    entities!(lines, OrderLine, OrderLine);
    entities!(tickets, Ticket, Ticket);
    entities!(events, Event, AppEvent);

    /// `file:line field reason` of each rejection.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.kept.rejected.iter().map(|r| format!("{} {} {}", r.origin, r.field, r.reason)).collect()
    }

    pub(crate) fn file(&self, name: &str) -> &FileReport {
        self.report.files.iter().find(|f| *f.name == *name).unwrap_or_else(|| panic!("no report of {name}"))
    }

    /// The message of a quarantined file.
    pub(crate) fn quarantine(&self, name: &str) -> String {
        let file = self.file(name);
        assert!(matches!(file.state, FileState::Quarantined(_)), "{file}");
        file.to_string()
    }
}

/// Reads a folder of one system and checks what must hold of every reading.
pub(crate) fn read_dir(system: System, dir: &Path, mut kept: Kept) -> Result<Reading, SourceError> {
    let report = read_system(system, dir, &mut kept, &Quiet)?;
    let mut accepted: BTreeMap<&str, u64> = BTreeMap::new();
    let mut rejected: BTreeMap<&str, BTreeMap<Reason, u64>> = BTreeMap::new();
    for (origin, ..) in &kept.accepted {
        *accepted.entry(&origin.file).or_default() += 1;
    }
    for rejection in &kept.rejected {
        *rejected.entry(&rejection.origin.file).or_default().entry(rejection.reason).or_default() += 1;
    }
    for file in &report.files {
        assert_eq!(file.read, file.accepted + file.rejected_count(), "{file}");
        assert_eq!(file.accepted, accepted.get(&*file.name).copied().unwrap_or(0), "{file}");
        assert_eq!(file.rejected, rejected.remove(&*file.name).unwrap_or_default(), "{file}");
        if let FileState::Quarantined(_) | FileState::Declined = file.state {
            assert_eq!(file.read, 0, "{file}");
        }
    }
    assert_eq!(rejected, BTreeMap::new(), "rejections of files that have no report");
    assert_eq!(kept.done, report.files);
    assert_eq!(
        (report.read(), report.accepted()),
        (report.files.iter().map(|f| f.read).sum(), kept.accepted.len() as u64)
    );
    Ok(Reading { kept, report })
}

/// Writes the files and reads them.
pub(crate) fn read(system: System, files: &[(&str, &[u8])]) -> Reading {
    let dir = folder(files);
    read_dir(system, dir.path(), Kept::default()).expect("a folder that can be read")
}

pub(crate) fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        std::fs::write(dir.path().join(name), bytes).expect("a file in a temporary folder");
    }
    dir
}

/// The hand-written fixtures of a system.
pub(crate) fn fixtures(system: System) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(system.name())
}

pub(crate) fn fixture(system: System, name: &str) -> Vec<u8> {
    std::fs::read(fixtures(system).join(name)).expect("a fixture")
}

pub(crate) fn read_fixtures(system: System) -> Reading {
    read_dir(system, &fixtures(system), Kept::default()).expect("the fixtures can be read")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}
