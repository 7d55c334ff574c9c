//! The exported functions, as `kenal.h` declares them.
//!
//! A handle comes from [`kenal_new`] and goes to [`kenal_drop`]; between them it is used by one thread at a time.
//! Pointers with a length are read during the call only. What [`kenal_output`] and [`kenal_message`] point at stays
//! until the next call with the same handle.

#![allow(unsafe_code, reason = "a C interface takes pointers")]

use alloc::boxed::Box;

use crate::code::Code;
use crate::handle::Handle;
use crate::memory;

/// Version of this interface. It grows when a function changes its meaning; a host compares it before anything else.
pub const ABI_VERSION: u32 = 1;

/// The version of this interface.
#[unsafe(no_mangle)]
pub extern "C" fn kenal_abi_version() -> u32 {
    ABI_VERSION
}

/// `len` bytes of memory that this library owns, for a host that shares none with it; null when there are none.
#[unsafe(no_mangle)]
pub extern "C" fn kenal_alloc(len: usize) -> *mut u8 {
    memory::allocate(len)
}

/// Gives memory of [`kenal_alloc`] back.
///
/// # Safety
/// `at` is null, or came from [`kenal_alloc`] with the same `len` and was not given back before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_free(at: *mut u8, len: usize) {
    // SAFETY: the caller's promise is the one that `free` asks for.
    unsafe { memory::free(at, len) }
}

/// A handle without a bundle; null when there is no memory for it.
#[unsafe(no_mangle)]
pub extern "C" fn kenal_new() -> *mut Handle {
    Box::into_raw(Box::default())
}

/// Ends a handle.
///
/// # Safety
/// `handle` is null, or came from [`kenal_new`] and was not ended before; no other call is using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_drop(handle: *mut Handle) {
    if !handle.is_null() {
        // SAFETY: by the caller's promise this is the box that `kenal_new` leaked, and nobody else has it.
        drop(unsafe { Box::from_raw(handle) });
    }
}

/// Runs `call` on the handle and the byte strings, or answers that an argument cannot be read.
///
/// # Safety
/// `handle` is null or live and in no other call; each pair of `strings` is readable as [`memory::bytes`] asks.
unsafe fn call<const N: usize>(
    handle: *mut Handle,
    strings: [(*const u8, usize); N],
    call: impl FnOnce(&mut Handle, [&[u8]; N]) -> Code,
) -> i32 {
    // SAFETY: null is ruled out by `as_mut`; the caller promises that the handle is live and ours alone.
    let Some(handle) = (unsafe { handle.as_mut() }) else { return Code::Argument as i32 };
    let mut slices: [&[u8]; N] = [&[]; N];
    for (slice, (at, len)) in slices.iter_mut().zip(strings) {
        // SAFETY: the caller promises that the bytes are readable during this call.
        match unsafe { memory::bytes(at, len) } {
            Some(bytes) => *slice = bytes,
            None => return handle.bad_argument() as i32,
        }
    }
    call(handle, slices) as i32
}

/// Hands over the list of keys that may sign (`keys.kenal`), where there is one, copying it: the next call of
/// [`kenal_manifest`] checks it with the trusted key, and the manifest with a key of the list.
///
/// # Safety
/// `handle` is null or live and in no other call; `keys` is readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_keys(handle: *mut Handle, keys: *const u8, len: usize) -> i32 {
    // SAFETY: the caller's promises are those that `call` asks for.
    unsafe { call(handle, [(keys, len)], |handle, [keys]| handle.keys(keys)) }
}

/// Opens a signed manifest, in place of any bundle there was; `key` points at the 32 bytes of the trusted public key,
/// `now` is Unix time in seconds.
///
/// # Safety
/// `handle` is null or live and in no other call; `manifest` is readable for `len` bytes and `key` for 32.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_manifest(
    handle: *mut Handle,
    manifest: *const u8,
    len: usize,
    key: *const u8,
    now: i64,
) -> i32 {
    // SAFETY: the caller's promises are those that `call` asks for.
    unsafe {
        call(handle, [(manifest, len), (key, 32)], |handle, [manifest, key]| match key.try_into() {
            Ok(key) => handle.manifest(manifest, key, now),
            Err(_) => handle.bad_argument(),
        })
    }
}

/// Leaves in the output which sections are still to come: a line each, `<64 hexadecimal digits> <bytes> <kind>`.
///
/// # Safety
/// `handle` is null or live and in no other call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_needs(handle: *mut Handle) -> i32 {
    // SAFETY: the caller's promise is the one that `call` asks for.
    unsafe { call(handle, [], |handle, []| handle.needs()) }
}

/// Takes in the bytes of a section, copying them. Its hash says which one it is.
///
/// # Safety
/// `handle` is null or live and in no other call; `section` is readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_section(handle: *mut Handle, section: *const u8, len: usize) -> i32 {
    // SAFETY: the caller's promises are those that `call` asks for.
    unsafe { call(handle, [(section, len)], |handle, [section]| handle.section(section)) }
}

/// Takes in a signed revocation update, copying it. One that was issued before the bundle was built changes nothing.
///
/// # Safety
/// `handle` is null or live and in no other call; `update` is readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_revocations(handle: *mut Handle, update: *const u8, len: usize) -> i32 {
    // SAFETY: the caller's promises are those that `call` asks for.
    unsafe { call(handle, [(update, len)], |handle, [update]| handle.revocations(update)) }
}

/// Leaves in the output the hash of the shard in which a visitor's row would be, in 64 hexadecimal digits; nothing when
/// the bundle has no users.
///
/// # Safety
/// `handle` is null or live and in no other call; `visitor` is readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_shard(handle: *mut Handle, visitor: *const u8, len: usize) -> i32 {
    // SAFETY: the caller's promises are those that `call` asks for.
    unsafe { call(handle, [(visitor, len)], |handle, [visitor]| handle.shard(visitor)) }
}

/// Verifies a visitor's shard and leaves their row in the output; nothing when they have none.
///
/// # Safety
/// `handle` is null or live and in no other call; `shard` is readable for `shard_len` bytes, `visitor` for
/// `visitor_len`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_row(
    handle: *mut Handle,
    shard: *const u8,
    shard_len: usize,
    visitor: *const u8,
    visitor_len: usize,
) -> i32 {
    // SAFETY: the caller's promises are those that `call` asks for.
    unsafe {
        call(handle, [(shard, shard_len), (visitor, visitor_len)], |handle, [shard, visitor]| {
            handle.row(shard, visitor)
        })
    }
}

/// Answers a request, JSON to JSON; `row` is the visitor's row, or null when they have none.
///
/// # Safety
/// `handle` is null or live and in no other call; `request` is readable for `request_len` bytes, and `row`, unless it
/// is null, for `row_len`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_recommend(
    handle: *mut Handle,
    request: *const u8,
    request_len: usize,
    row: *const u8,
    row_len: usize,
) -> i32 {
    // Null is "no row"; a row of no bytes is one that cannot be read, and the answer says so.
    let row_len = if row.is_null() { 0 } else { row_len };
    let has_row = !row.is_null();
    // SAFETY: the caller's promises are those that `call` asks for.
    unsafe {
        call(handle, [(request, request_len), (row, row_len)], |handle, [request, row]| {
            handle.recommend(request, has_row.then_some(row))
        })
    }
}

/// Where the output of the last call is; not to be read past [`kenal_output_len`].
///
/// # Safety
/// `handle` is null or live and in no other call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_output(handle: *const Handle) -> *const u8 {
    // SAFETY: null is ruled out by `as_ref`; the caller promises that the handle is live.
    unsafe { handle.as_ref() }.map_or(core::ptr::null(), |handle| handle.output().as_ptr())
}

/// Bytes of the output of the last call.
///
/// # Safety
/// `handle` is null or live and in no other call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_output_len(handle: *const Handle) -> usize {
    // SAFETY: null is ruled out by `as_ref`; the caller promises that the handle is live.
    unsafe { handle.as_ref() }.map_or(0, |handle| handle.output().len())
}

/// Where the message about the last refusal is: UTF-8, without a zero at its end.
///
/// # Safety
/// `handle` is null or live and in no other call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_message(handle: *const Handle) -> *const u8 {
    // SAFETY: null is ruled out by `as_ref`; the caller promises that the handle is live.
    unsafe { handle.as_ref() }.map_or(core::ptr::null(), |handle| handle.message().as_ptr())
}

/// Bytes of the message about the last refusal; 0 when the last call was not refused.
///
/// # Safety
/// `handle` is null or live and in no other call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kenal_message_len(handle: *const Handle) -> usize {
    // SAFETY: null is ruled out by `as_ref`; the caller promises that the handle is live.
    unsafe { handle.as_ref() }.map_or(0, |handle| handle.message().len())
}
