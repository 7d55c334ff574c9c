//! Pointers and lengths to slices and back: the only place where the caller's word is taken for something.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// The caller's bytes; an empty slice for a length of 0, whatever the pointer.
///
/// `None` when the pointer is null although the length is not 0, or the length is beyond any object's.
///
/// # Safety
/// Unless `None` is returned, `at` must be readable for `len` bytes, and these must not change during `'a`.
pub(crate) unsafe fn bytes<'a>(at: *const u8, len: usize) -> Option<&'a [u8]> {
    if len == 0 {
        return Some(&[]);
    }
    if at.is_null() || isize::try_from(len).is_err() {
        return None;
    }
    // SAFETY: `at` is not null and `len` fits isize; the caller promises the rest. A u8 has no alignment.
    Some(unsafe { core::slice::from_raw_parts(at, len) })
}

/// `len` bytes for the caller to fill; null when there is no memory or `len` is 0.
pub(crate) fn allocate(len: usize) -> *mut u8 {
    let mut bytes = Vec::new();
    if len == 0 || bytes.try_reserve_exact(len).is_err() {
        return core::ptr::null_mut();
    }
    bytes.resize(len, 0u8);
    Box::into_raw(bytes.into_boxed_slice()).cast()
}

/// Gives back what [`allocate`] gave.
///
/// # Safety
/// `at` must be null or come from [`allocate`] with this very `len`, and not have been given back before.
pub(crate) unsafe fn free(at: *mut u8, len: usize) {
    if !at.is_null() {
        // SAFETY: by the caller's promise this is the boxed slice of `len` bytes that `allocate` leaked.
        drop(unsafe { Box::from_raw(core::ptr::slice_from_raw_parts_mut(at, len)) });
    }
}
