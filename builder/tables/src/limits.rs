//! Every limit of the tables, with its reason.

/// Read buffer over a file. It grows when a row is longer.
pub(crate) const BUFFER_BYTES: usize = 256 * 1024;

/// Rows of a batch, accepted and rejected: enough that work per batch does not count, few enough to stay in cache.
pub(crate) const BATCH_ROWS: usize = 32_768;

/// A batch of long rows ends earlier, so that its text is addressed by `u32` and memory stays bounded.
pub(crate) const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Rows of Parquet decoded at a time; columns of one row lie apart, so smaller batches copy faster.
pub(crate) const PARQUET_BATCH_ROWS: usize = 8192;

/// Longest row of a CSV. Past it a quote was opened and never closed, or the file is no table.
pub(crate) const ROW_BYTES_MAX: usize = 1024 * 1024;

/// Bytes that a rejected row keeps: enough to mend it by hand.
pub(crate) const REJECTED_BYTES_MAX: usize = 64 * 1024;

/// Columns of a file. Spreadsheets stop at 16,384.
pub(crate) const COLUMNS_MAX: usize = 16_384;

/// Columns that a message lists before it says how many there are.
pub(crate) const COLUMNS_LISTED: usize = 12;

/// Attributes that a mapping may name: what the engine compares beside the fields it knows.
pub const ATTRIBUTES_MAX: usize = 6;

/// Rows that a guess looks at, of each file. A share of 1 % is then known to ± 0.2 points.
pub const SAMPLE_ROWS: usize = 20_000;

/// Rows of an output that are kept before they are encoded.
pub(crate) const WRITE_ROWS: usize = 32_768;

const _: () = assert!(ROW_BYTES_MAX <= BATCH_BYTES && BATCH_BYTES + ROW_BYTES_MAX < u32::MAX as usize);
const _: () = assert!(BUFFER_BYTES <= ROW_BYTES_MAX && REJECTED_BYTES_MAX <= ROW_BYTES_MAX);
