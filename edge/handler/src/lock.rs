//! What several threads may ask for, one at a time.

/// A value for one at a time.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[derive(Debug, Default)]
pub(crate) struct Shared<V>(std::sync::Mutex<V>);

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl<V> Shared<V> {
    /// Calls `with` when nobody else has the value. A panic of somebody else left nothing in it that is half done.
    pub(crate) fn with<T>(&self, with: impl FnOnce(&mut V) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Plain WebAssembly has one thread.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[derive(Debug, Default)]
pub(crate) struct Shared<V>(core::cell::RefCell<V>);

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl<V> Shared<V> {
    /// Calls `with`, which does not come back here.
    pub(crate) fn with<T>(&self, with: impl FnOnce(&mut V) -> T) -> T {
        with(&mut self.0.borrow_mut())
    }
}
