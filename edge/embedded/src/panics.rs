//! What becomes of a panic: natively a refusal, in plain WebAssembly a trap.

/// Calls `call`; `None` when it panicked, and then nothing that it had in hand may be looked at.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).ok()
}

/// Calls `call`; a panic does not come back.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    Some(call())
}

/// Traps. Nobody could read a message: the module imports nothing that prints. Without one, none of the code that words
/// messages is in the module.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// The allocator that std brings for this target.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;
