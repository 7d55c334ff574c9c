//! The lake: everything the builder has received and derived, as Delta Lake tables in one folder.
//!
//! ```text
//! LAKE/lake.json                 says that this folder is a lake, and of which format
//! LAKE/bronze/<system>           rows as received: file, line, raw bytes; one table per system
//! LAKE/bronze/dead_letters       rows that could not be used, with their bytes and the reason
//! LAKE/bronze/files              every file ever read, by content hash, with its counts and watermark
//! LAKE/silver/<kind>             typed versions, only ever appended: customers, items, variants, orders,
//!                                order_lines, tickets, events, consents
//! LAKE/gold/<table>              derived; overwritten when the fingerprint of its inputs changes
//! LAKE/_journal/<system>.json    present only while an ingest is being committed
//! ```
//!
//! In SQL a table is named by layer and name: `bronze_files`, `silver_orders`, `gold_person_profile`; `current_orders`
//! is the view of `silver_orders` that has each order once, in the version that counts.
//! Amounts are 64-bit integers in hundredths of the currency's unit, times are `timestamp` (UTC, microseconds), days
//! are `date`, enumerations are text; so Spark, Sail and the Python `deltalake` package read proper types.
//!
//! **Exactly once.** A file is known by the hash of its content, so reading the same files again changes no table.
//! Delta commits one table at a time; an ingest touches up to eleven. It therefore writes all its Parquet files first,
//! then one journal that names them, then commits table after table, then removes the journal. Each commit carries a
//! Delta `txn` (`kenal/<system>`, number of the ingest), and a commit whose `txn` is already in the table is skipped:
//! Delta itself would accept a replay. Whoever opens the lake after a crash finishes the journal, so a crash at any
//! point leads to neither loss nor duplication, even when the exports are gone by then. A crash before the journal
//! leaves only unreferenced Parquet files, which a vacuum removes.
//!
//! Deliberately not here: parsing (`kenal-sources`), deciding which system is right about an order or a person, consent.
//!
//! The API blocks; it owns a tokio runtime, so it must not be called from within async code.
//!
//! Read in this order: [`layout`], [`Columns`], `schema`, [`Lake`], [`Ingest`], `current` (latest version per key), `memory`
//! and `sorted` (what does not fit in it), [`gold`], [`LakeError`].

mod catalogue;
mod columns;
mod current;
mod error;
mod fingerprint;
pub mod gold;
mod ingest;
mod lake;
pub mod layout;
mod memory;
mod query;
mod schema;
mod sorted;
mod store;

pub use arrow::record_batch::RecordBatch;
pub use catalogue::{SourceWatermark, TableInfo};
pub use columns::Columns;
pub use current::CurrentBatch;
pub use error::LakeError;
pub use fingerprint::{Fingerprint, FingerprintBuilder};
pub use gold::GoldWrite;
pub use ingest::{FileOutcome, FileStatus, Ingest, IngestCounts};
pub use lake::{Lake, LakeOptions};
pub use query::{Batches, Rows};
pub use schema::SilverRow;
