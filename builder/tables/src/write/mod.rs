//! Clusters and links as files: Parquet or CSV by the name's end.
//!
//! Rows are written as they come, into a temporary file beside the wanted one, which takes its name only when all is
//! written: a command that fails leaves the old file, or none, and never half a file.
//!
//! Deliberately not here: the order of rows, which is the caller's.
//!
//! Read [`TableWriter`], then [`ClusterWriter`] and [`LinkWriter`].

mod clusters;
mod links;
mod sink;
mod table;

pub use clusters::ClusterWriter;
pub use links::{Link, LinkWriter};
pub use table::{Cell, Column, Kind, TableWriter, WriteError};
