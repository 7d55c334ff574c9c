//! How far the reading is, for whoever draws it.

/// Told about bytes as they are read; called often, so it should only count.
pub trait Progress {
    /// A pass over a system's files begins; `bytes_total` is what is stored.
    fn begin(&self, pass: &str, bytes_total: u64);
    /// So many more stored bytes have been read.
    fn advance(&self, bytes: u64);
    /// The pass is over.
    fn end(&self);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _pass: &str, _bytes_total: u64) {}
    fn advance(&self, _bytes: u64) {}
    fn end(&self) {}
}
