//! Waiting for the KV store no longer than a request may: the library waits without end, the platform's call does not.
#![allow(unsafe_code, reason = "the library has no call that waits for so long")]

use std::time::{Duration, Instant};

use fastly::kv_store::PendingLookupHandle;
use fastly_sys::fastly_async_io::select;

/// The least that the platform waits for; it takes 0 for "without end".
const LEAST: Duration = Duration::from_millis(1);

/// Whether the store has answered before `until`, or within a millisecond when that has passed.
pub(crate) fn answered(lookup: &PendingLookupHandle, until: Instant) -> bool {
    let left = until.saturating_duration_since(Instant::now()).max(LEAST);
    let millis = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
    let handle = lookup.as_u32();
    // Another place than the first, the only one, says that time ran out.
    let mut done = u32::MAX;
    // SAFETY: `handle` is one handle, alive as `lookup` is, and `done` is written before the call returns.
    let status = unsafe { select(&raw const handle, 1, millis, &raw mut done) };
    status.is_ok() && done == 0
}
