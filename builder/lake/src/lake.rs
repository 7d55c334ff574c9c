//! Opening a lake, and the runtime beneath its blocking API.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use deltalake::datafusion::prelude::SessionContext;
use kenal_types::System;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::error::LakeError;
use crate::ingest::journal;
use crate::layout::TableName;
use crate::{query, schema, store};

/// The format this program writes; a lower one is brought up to it when a lake is opened, a higher one refused.
/// Format 2 has discounts on order lines.
const FORMAT: u32 = 2;
/// Marks a folder as a lake.
const MARKER: &str = "lake.json";

/// Limits of one open lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LakeOptions {
    /// Threads that read, sort and write. Does not change any result.
    pub threads: usize,
    /// Memory that queries may hold before they spill to the system's temporary folder; and as much again for what cannot,
    /// such as one side of a join.
    pub memory_bytes_max: usize,
}

impl Default for LakeOptions {
    fn default() -> Self {
        LakeOptions { threads: std::thread::available_parallelism().map_or(1, usize::from), memory_bytes_max: 2 << 30 }
    }
}

/// An open lake. Every method blocks and may be called from several threads, but not from async code.
pub struct Lake {
    root: PathBuf,
    options: LakeOptions,
    runtime: Runtime,
    session: OnceLock<SessionContext>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    format: u32,
}

impl Lake {
    /// Opens the lake at `root`, making it when there is nothing or an empty folder, and finishes an ingest that was
    /// interrupted while committing.
    ///
    /// # Errors
    /// The folder holds other things, is of a newer format, or cannot be written.
    pub fn open(root: &Path) -> Result<Lake, LakeError> {
        Lake::open_with(root, LakeOptions::default())
    }

    /// [`Lake::open`] with limits.
    ///
    /// # Errors
    /// As for [`Lake::open`].
    pub fn open_with(root: &Path, options: LakeOptions) -> Result<Lake, LakeError> {
        let marker = root.join(MARKER);
        if !marker.exists() {
            if fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
                return Err(LakeError::NotALake { path: root.to_owned() });
            }
            fs::create_dir_all(root).map_err(|e| LakeError::io("making the folder", root, e))?;
            mark(root)?;
        }
        let lake = Lake::load(root, options)?;
        for table in TableName::fixed() {
            if !table.exists(&lake.root) {
                lake.wait(store::create(&lake.root, &table, &schema::of(&table)))?;
            }
        }
        Ok(lake)
    }

    /// Opens a lake that must exist, for reading; finishes an interrupted ingest like [`Lake::open`].
    ///
    /// # Errors
    /// There is no lake at `root`, or it is of a newer format.
    pub fn open_existing(root: &Path) -> Result<Lake, LakeError> {
        if !root.exists() {
            return Err(LakeError::NoLake { path: root.to_owned() });
        }
        if !root.join(MARKER).exists() {
            return Err(LakeError::NotALake { path: root.to_owned() });
        }
        Lake::load(root, LakeOptions::default())
    }

    fn load(root: &Path, options: LakeOptions) -> Result<Lake, LakeError> {
        let root = fs::canonicalize(root).map_err(|e| LakeError::io("opening", root, e))?;
        let marker = root.join(MARKER);
        let text = fs::read_to_string(&marker).map_err(|e| LakeError::io("reading", &marker, e))?;
        let wrong = |problem: String| LakeError::Format { path: root.clone(), problem };
        let found: Marker = serde_json::from_str(&text).map_err(|e| wrong(format!("has a damaged {MARKER}: {e}")))?;
        if found.format > FORMAT {
            let found = found.format;
            return Err(wrong(format!("is of format {found}, and this program knows up to {FORMAT}; update kenal")));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .thread_name("kenal-lake")
            .enable_all()
            .build()
            .map_err(|e| LakeError::io("starting threads for", &root, e))?;
        let lake = Lake { root, options, runtime, session: OnceLock::new() };
        for system in System::ALL {
            journal::recover(&lake, system)?;
        }
        if found.format < FORMAT {
            lake.widen()?;
        }
        Ok(lake)
    }

    /// Gives the tables of an older format the columns they lack: rows of before have null in them.
    fn widen(&self) -> Result<(), LakeError> {
        for table in TableName::fixed().into_iter().filter(|t| t.exists(&self.root)) {
            self.wait(store::widen(&self.root, &table, &schema::of(&table)))?;
        }
        mark(&self.root)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn options(&self) -> LakeOptions {
        self.options
    }

    pub(crate) fn wait<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.runtime.spawn(work)
    }

    /// The query engine, made at first use: an ingest needs none.
    pub(crate) fn session(&self) -> Result<&SessionContext, LakeError> {
        if let Some(session) = self.session.get() {
            return Ok(session);
        }
        let made = query::session(&self.root, self.options)?;
        Ok(self.session.get_or_init(|| made))
    }
}

/// Says which format the lake is of.
fn mark(root: &Path) -> Result<(), LakeError> {
    let marker = root.join(MARKER);
    let text = serde_json::json!(Marker { format: FORMAT }).to_string();
    fs::write(&marker, text + "\n").map_err(|e| LakeError::io("writing", &marker, e))
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lake").field("root", &self.root).field("options", &self.options).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Columns;
    use crate::layout;

    #[test]
    fn a_lake_of_the_first_format_gets_the_columns_it_lacks() {
        let folder = tempfile::tempdir().expect("a folder");
        let lines = TableName::silver(layout::ORDER_LINES);
        let lake = Lake::open(folder.path()).expect("made");
        fs::remove_dir_all(lines.dir(lake.root())).expect("the table as it was before");
        let before = schema::of(&lines).without("discount");
        assert_ne!(before, schema::of(&lines));
        lake.wait(store::create(lake.root(), &lines, &before)).expect("made");
        fs::write(folder.path().join(MARKER), "{\"format\":1}\n").expect("written");
        drop(lake);

        let lake = Lake::open_existing(folder.path()).expect("opened");
        assert_eq!(lake.order_lines().expect("the column is there"), []);
        let marked = fs::read_to_string(folder.path().join(MARKER)).expect("read");
        assert_eq!(marked, "{\"format\":2}\n");
        let version = lake.version("silver_order_lines").expect("read");
        drop(lake);
        let lake = Lake::open_existing(folder.path()).expect("opened");
        assert_eq!(lake.version("silver_order_lines").expect("read"), version, "only once");
        let columns: Columns = schema::of(&lines);
        assert!(columns.has("discount"));
    }
}
