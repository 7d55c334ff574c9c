//! What a person at a terminal sees: progress while a stage runs, a table when it is done.

mod progress;
mod table;

pub use progress::{Bytes, Progress};
pub use table::{Align, Table, columns, count, duration, percent};
