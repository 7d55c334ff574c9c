//! What is in the lake: its tables, and how far each source is known complete.

use std::fs;

use deltalake::kernel::Version;
use kenal_types::{System, Timestamp};
use serde::Deserialize;

use crate::columns;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::layout::{self, TableName};
use crate::schema::SilverRow;
use crate::{query, store};

/// One table, as `kenal show tables` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfo {
    pub name: TableName,
    pub version: Version,
    /// Of the current version, from the statistics of its files.
    pub rows: u64,
    pub files: u64,
    pub bytes: u64,
    /// Time of the last commit, as the file system has it.
    pub committed_at: Option<Timestamp>,
}

/// How far one kind of a system's export is known complete.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SourceWatermark {
    pub system: System,
    /// As the reader names it: `customers`, `tickets`…
    pub kind: String,
    /// The newest one of files that were read whole: a partial or quarantined file does not move it. `None` when no
    /// file said.
    pub watermark: Option<Timestamp>,
    /// Files that were read whole.
    pub files: i64,
}

impl Lake {
    /// All tables, by layer and name.
    ///
    /// # Errors
    /// A table's log cannot be read.
    pub fn tables(&self) -> Result<Vec<TableInfo>, LakeError> {
        query::known(self.root()).into_iter().map(|name| self.info(name)).collect()
    }

    fn info(&self, name: TableName) -> Result<TableInfo, LakeError> {
        let table = self.wait(store::open(self.root(), &name))?;
        let state = table.snapshot().map_err(|e| LakeError::delta(&name, self.root(), "opening", e))?;
        let version = state.version();
        let commit = name.dir(self.root()).join("_delta_log").join(format!("{version:020}.json"));
        let written = fs::metadata(commit).and_then(|m| m.modified()).ok();
        let since_1970 = written.and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
        let mut info = TableInfo {
            name,
            version,
            rows: 0,
            files: 0,
            bytes: 0,
            committed_at: since_1970.and_then(|d| i64::try_from(d.as_micros()).ok()).map(Timestamp),
        };
        for file in state.log_data().iter() {
            info.files += 1;
            info.bytes += u64::try_from(file.size()).unwrap_or_default();
            info.rows += file.num_records().unwrap_or_default() as u64;
        }
        Ok(info)
    }

    /// Rows of all versions in a silver table, from the statistics of its files.
    ///
    /// # Errors
    /// The table's log cannot be read.
    pub fn versions_in<T: SilverRow>(&self) -> Result<u64, LakeError> {
        Ok(self.info(TableName::silver(T::TABLE))?.rows)
    }

    /// The present version of a table named as in SQL; `None` when there is no such table.
    ///
    /// # Errors
    /// The name has no layer; the table's log cannot be read.
    pub fn version(&self, name: &str) -> Result<Option<Version>, LakeError> {
        let table = TableName::parse(name).ok_or_else(|| query::no_such_table(self.root(), name))?;
        if !table.exists(self.root()) {
            return Ok(None);
        }
        Ok(self.wait(store::open(self.root(), &table))?.version())
    }

    /// How far each source is known complete, by system and kind of file.
    ///
    /// # Errors
    /// `bronze_files` cannot be read.
    pub fn watermarks(&self) -> Result<Vec<SourceWatermark>, LakeError> {
        let files = TableName::bronze(layout::FILES);
        let query = format!(
            "SELECT system, kind, MAX(watermark) AS watermark, COUNT(*) AS files FROM {files} \
             WHERE status = 'accepted' GROUP BY system, kind ORDER BY system, kind"
        );
        let mut all = Vec::new();
        for batch in self.sql(&query)? {
            all.extend(columns::rows::<SourceWatermark>(&files, &batch)?);
        }
        all.sort_by(|a, b| (a.system, &a.kind).cmp(&(b.system, &b.kind)));
        Ok(all)
    }
}
