//! The scoring memory, for one request at a time.

use alloc::boxed::Box;

use kenal_core::Scratch;

/// Memory that several threads may ask for.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[derive(Debug, Default)]
pub(crate) struct Shared(std::sync::Mutex<Box<Scratch>>);

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Shared {
    /// Calls `with` when nobody else has the memory. A panic of somebody else left nothing in it that is read.
    pub(crate) fn with<T>(&self, with: impl FnOnce(&mut Scratch) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Plain WebAssembly has one thread.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[derive(Debug, Default)]
pub(crate) struct Shared(core::cell::RefCell<Box<Scratch>>);

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl Shared {
    /// Calls `with`, which does not come back here.
    pub(crate) fn with<T>(&self, with: impl FnOnce(&mut Scratch) -> T) -> T {
        with(&mut self.0.borrow_mut())
    }
}
