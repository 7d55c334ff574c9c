//! The bundle that a host keeps between requests, and when it reads the store again.
//!
//! A new version replaces the old one only when every section of it is there and verifies; until then the old one
//! answers. When withdrawals could not be read for [`STALE_S_MAX`], nobody is personalised.

use std::cell::RefCell;
use std::future::Future;

use kenal_bundle::BundleError;
use kenal_edge::{Edge, EdgeError, Hash, MANIFEST_NAME, REVOCATIONS_NAME};

/// How long a manifest and the withdrawals are believed before the store is asked again.
pub const REREAD_S: i64 = 30;
/// How soon a store that failed is asked again: not with every request.
pub const RETRY_S: i64 = 2;
/// How old the last successful look at withdrawals may be for anybody to be personalised.
pub const STALE_S_MAX: i64 = 600;

/// The store failed, or did not answer in the time a host allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// Where the files of a bundle come from. What it returns is not trusted.
pub trait Source {
    /// The bytes under a name of `core/FORMAT.md`; `None` when there are none.
    fn get(&self, name: &str) -> impl Future<Output = Result<Option<Vec<u8>>, Unavailable>>;
}

/// A bundle between requests. No borrow of it outlives a wait, so that requests may take turns.
#[derive(Debug, Default)]
pub struct Keeper(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    kept: Option<Kept>,
    asked_at: Option<i64>,
    failed: bool,
}

#[derive(Debug)]
struct Kept {
    edge: Edge,
    manifest: Hash,
    withdrawals_read_at: Option<i64>,
}

impl Keeper {
    /// Calls `with` with the bundle and whether its withdrawals are known to be new enough.
    pub fn with<T>(&self, now: i64, with: impl FnOnce(Option<(&Edge, bool)>) -> T) -> T {
        let state = self.0.borrow();
        with(state.kept.as_ref().map(|kept| {
            let fresh = kept.withdrawals_read_at.is_some_and(|at| (0..=STALE_S_MAX).contains(&(now - at)));
            (&kept.edge, fresh)
        }))
    }

    /// Reads the store again when it is time to.
    pub async fn refresh(&self, source: &impl Source, trust_key: &[u8; 32], now: i64) {
        {
            let mut state = self.0.borrow_mut();
            let wait = if state.failed { RETRY_S } else { REREAD_S };
            if state.asked_at.is_some_and(|at| (0..wait).contains(&(now - at))) {
                return;
            }
            // Requests that come while this one waits answer from what there is.
            state.asked_at = Some(now);
        }
        let whole = self.read(source, trust_key, now).await.is_some();
        self.0.borrow_mut().failed = !whole;
    }

    /// `None` when anything that should have been read was not.
    async fn read(&self, source: &impl Source, trust_key: &[u8; 32], now: i64) -> Option<()> {
        let manifest = source.get(MANIFEST_NAME).await;
        let withdrawals = source.get(REVOCATIONS_NAME).await;
        let newer = match manifest {
            Ok(Some(bytes)) => self.newer(source, trust_key, &bytes, now).await,
            Ok(None) | Err(Unavailable) => None,
        };
        let mut state = self.0.borrow_mut();
        let whole = newer.is_some();
        if let Some(Some(kept)) = newer {
            state.kept = Some(kept);
        }
        let kept = state.kept.as_mut()?;
        let read = match withdrawals {
            Ok(None) => true,
            Ok(Some(update)) => match kept.edge.add_revocations(&update) {
                // Older than the bundle, whose own withdrawals hold what it says.
                Ok(()) | Err(EdgeError::Revocations(BundleError::StaleRevocations)) => true,
                Err(_) => false,
            },
            Err(Unavailable) => false,
        };
        if read {
            kept.withdrawals_read_at = Some(now);
        }
        (whole && read).then_some(())
    }

    /// The bundle of a manifest with all its sections; `Some(None)` when it is the one that is kept.
    async fn newer(&self, source: &impl Source, key: &[u8; 32], bytes: &[u8], now: i64) -> Option<Option<Kept>> {
        let manifest = Hash::of(bytes);
        let known = self.0.borrow().kept.as_ref().map(|kept| (kept.manifest, kept.edge.info().version));
        if known.is_some_and(|(hash, _)| hash == manifest) {
            return Some(None);
        }
        let mut edge = Edge::open(bytes, key, now).ok()?;
        if known.is_some_and(|(_, version)| edge.info().version <= version) {
            return None;
        }
        let mut needs = edge.needs();
        // The sections are parsed together as soon as the required ones are there: the largest comes last.
        needs.reverse();
        for need in needs {
            let section = source.get(&need.hash.section_name()).await.ok()??;
            edge.add_section_of(need.kind, section).ok()?;
        }
        Some(Some(Kept { edge, manifest, withdrawals_read_at: None }))
    }
}
