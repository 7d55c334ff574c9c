//! The allocator of the program and of its benches, and the one setting of it that differs from what it comes with.
//!
//! Normalising, joining and sorting make many small allocations on all threads at once, and stages that work part by part
//! allocate for each part what they have freed of the last. Given back after a second, which is the default, that memory is
//! faulted in again and again: an eighth of the time of the feature store, and more with more people.

use std::ffi::c_long;

pub use mimalloc::MiMalloc as Allocator;

/// `mi_option_purge_delay` of `mimalloc.h`, in milliseconds; the bindings have no name for it.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
/// How long freed memory is kept, in milliseconds: longer than a part takes.
const KEPT_MS: c_long = 60_000;

/// Keeps freed memory for a minute, unless the environment says otherwise (`MIMALLOC_PURGE_DELAY`). To be called first, while
/// there is one thread.
pub fn keep_freed_memory() {
    // SAFETY: sets a number in the allocator's table of options, which checks that there is such an option; nothing else
    // runs that could read it meanwhile.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, KEPT_MS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_the_one_that_is_meant() {
        // SAFETY: reads a number.
        let delay = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        assert_eq!(delay(), 1_000, "the default of this option, and of no other");
        keep_freed_memory();
        assert_eq!(delay(), KEPT_MS);
    }
}
