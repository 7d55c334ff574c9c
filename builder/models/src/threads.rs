//! How many threads a fit may use. An argument, never an ambient setting, and never a reason for another result.

use std::num::NonZeroUsize;

/// A thread count of at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads(NonZeroUsize);

impl Threads {
    /// One thread: the caller's.
    pub const ONE: Threads = Threads(NonZeroUsize::MIN);

    /// `None` when `count` is zero.
    pub fn new(count: usize) -> Option<Threads> {
        NonZeroUsize::new(count).map(Threads)
    }

    pub fn count(self) -> usize {
        self.0.get()
    }

    /// Runs `work` on a pool of this many threads; falls back to the caller's pool when the system refuses to start
    /// threads, which changes the speed and not the result.
    pub(crate) fn run<R: Send>(self, work: impl FnOnce() -> R + Send) -> R {
        match rayon::ThreadPoolBuilder::new().num_threads(self.count()).build() {
            Ok(pool) => pool.install(work),
            Err(_) => work(),
        }
    }
}
