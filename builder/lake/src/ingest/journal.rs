//! Committing one ingest to several tables so that a crash at any point loses nothing and doubles nothing.
//!
//! A redo log: the journal names the Parquet files of every table and appears by one rename, which is the moment the
//! ingest happens. Applying it is idempotent, since each commit checks the table's `txn` first.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use deltalake::kernel::Add;
use kenal_types::System;
use serde::{Deserialize, Serialize};

use crate::error::LakeError;
use crate::ingest::app;
use crate::lake::Lake;
use crate::layout::TableName;
use crate::store;

const DIR: &str = "_journal";

/// What is to be committed, in this order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Journal {
    system: System,
    ingest: i64,
    tables: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// As in SQL.
    table: String,
    adds: Vec<Add>,
}

impl Journal {
    pub(crate) fn new(system: System, ingest: i64, adds: Vec<(TableName, Vec<Add>)>) -> Self {
        let tables = adds.into_iter().map(|(table, adds)| Entry { table: table.to_string(), adds }).collect();
        Journal { system, ingest, tables }
    }

    /// Makes the journal durable: from here on the ingest happens, whatever comes.
    pub(crate) fn write(&self, lake: &Lake) -> Result<(), LakeError> {
        let path = path(lake.root(), self.system);
        let draft = path.with_extension("draft");
        let write = || -> io::Result<()> {
            let mut file = File::create(&draft)?;
            serde_json::to_writer(&mut file, self)?;
            file.flush()?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        write().map_err(|e| LakeError::io("writing", &path, e))
    }

    /// Commits what is not committed yet, then removes the journal.
    pub(crate) fn apply(&self, lake: &Lake) -> Result<(), LakeError> {
        for entry in &self.tables {
            let table = self.table(lake, entry)?;
            lake.wait(store::append(lake.root(), &table, entry.adds.clone(), &app(self.system), self.ingest))?;
        }
        let path = path(lake.root(), self.system);
        fs::remove_file(&path).map_err(|e| LakeError::io("removing", &path, e))
    }

    /// The first file that a power cut has taken, if any.
    fn missing(&self, lake: &Lake) -> Option<String> {
        let files = self.tables.iter().flat_map(|e| e.adds.iter().map(move |add| (e, add)));
        for (entry, add) in files {
            let Some(table) = TableName::parse(&entry.table) else { continue };
            let whole = fs::metadata(table.dir(lake.root()).join(&add.path)).is_ok_and(|m| m.len() == add.size as u64);
            if !whole {
                return Some(format!("{} of {table}", add.path));
            }
        }
        None
    }

    /// Whether any table has this ingest's commit.
    fn begun(&self, lake: &Lake) -> Result<bool, LakeError> {
        for entry in &self.tables {
            let name = self.table(lake, entry)?;
            let table = lake.wait(store::open(lake.root(), &name))?;
            if lake.wait(store::txn_version(lake.root(), &name, &table, &app(self.system)))? >= self.ingest {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn table(&self, lake: &Lake, entry: &Entry) -> Result<TableName, LakeError> {
        TableName::parse(&entry.table).ok_or_else(|| damaged(&path(lake.root(), self.system), &entry.table))
    }
}

fn path(root: &Path, system: System) -> PathBuf {
    root.join(DIR).join(format!("{system}.json"))
}

/// Takes the system's lock in this lake, until the file is dropped.
pub(crate) fn lock(lake: &Lake, system: System) -> Result<File, LakeError> {
    let dir = lake.root().join(DIR);
    let path = dir.join(format!("{system}.lock"));
    let open = || -> io::Result<File> {
        fs::create_dir_all(&dir)?;
        File::options().create(true).truncate(false).write(true).open(&path)
    };
    let file = open().map_err(|e| LakeError::io("locking", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LakeError::Busy { path: lake.root().to_owned(), system: system.name() }),
        Err(TryLockError::Error(e)) => Err(LakeError::io("locking", &path, e)),
    }
}

/// Finishes an interrupted ingest, if there is one. The caller holds the lock.
pub(crate) fn finish(lake: &Lake, system: System) -> Result<(), LakeError> {
    let path = path(lake.root(), system);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(LakeError::io("reading", &path, e)),
    };
    let journal: Journal = serde_json::from_slice(&text).map_err(|e| damaged(&path, &e.to_string()))?;
    match journal.missing(lake) {
        None => journal.apply(lake),
        // Nothing of it shows yet, so the exports can simply be read again.
        Some(_) if !journal.begun(lake)? => fs::remove_file(&path).map_err(|e| LakeError::io("removing", &path, e)),
        Some(missing) => Err(LakeError::Journal { path, missing }),
    }
}

/// [`finish`] for whoever opens the lake: a journal that another process is working on is left to it.
pub(crate) fn recover(lake: &Lake, system: System) -> Result<(), LakeError> {
    if !path(lake.root(), system).exists() {
        return Ok(());
    }
    match lock(lake, system) {
        Ok(_held) => finish(lake, system),
        Err(LakeError::Busy { .. }) => Ok(()),
        Err(e) => Err(e),
    }
}

fn damaged(path: &Path, problem: &str) -> LakeError {
    LakeError::Format { path: path.to_owned(), problem: format!("has a damaged journal: {problem}") }
}
