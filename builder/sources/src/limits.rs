//! Every limit of the readers, with its reason.

/// Read buffer over a file. Larger ones measured no faster.
pub(crate) const BUFFER_BYTES: usize = 256 * 1024;

/// Longest row. The systems' own limits are far lower (Segment 32 kB an event, Salesforce 131,072 characters a long
/// text field, Shopify about 1 MB a node); past it a file is not what it seems, and a row is not kept whole.
pub(crate) const ROW_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How much of a file is looked at to tell its kind.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;

/// Nesting of a JSON page at which the element scanner gives up; serde_json stops at 128 within an element.
pub(crate) const JSON_DEPTH_MAX: usize = 256;

/// A Shopify sync runs nightly, so a row without a known sync time was known at most this much later.
pub(crate) const SYNC_INTERVAL_US: i64 = 24 * 3600 * 1_000_000;

/// A phone may claim to be ahead of the server by this much (freshness page: clamp to `receivedAt` + 5 min).
pub(crate) const CLOCK_AHEAD_MAX_US: i64 = 5 * 60 * 1_000_000;

/// How late an app event may be and still count as in time: the app's watermark trails its newest receipt by this.
/// Queues of phones that were offline for days arrive later and are corrections.
pub(crate) const APP_LATENESS_US: i64 = 15 * 60 * 1_000_000;

/// Zendesk leaves out of a page what changed in the last minute.
pub(crate) const ZENDESK_HELD_BACK_US: i64 = 60 * 1_000_000;

/// Two generations of message ids are kept, each of this length by `receivedAt`: copies are found for at least one
/// length, at most two. Segment's own window is a day; a phone's offline queue is rarely older than three.
pub(crate) const DEDUPE_WINDOW_US: i64 = 14 * 24 * 3600 * 1_000_000;

/// Rows of Parquet decoded at a time.
pub(crate) const PARQUET_BATCH_ROWS: usize = 8192;

const _: () = assert!(HEAD_BYTES <= BUFFER_BYTES && BUFFER_BYTES <= ROW_BYTES_MAX);
