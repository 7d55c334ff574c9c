//! One version that answers: the bundle, opened natively, and the workers that have it loaded.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kenal_edge::store::{add_newer_revocations, open_sections};
use kenal_edge::{Edge, EdgeError, Hash};

use crate::error::ServeError;
use crate::folder::Folder;
use crate::pool::Pool;
use crate::wasm::{Core, Load};

/// Workers at most: each has its own copy of the bundle, and two keep up with any network stack here.
const WORKERS_MAX: usize = 4;

/// How old the last successful look at withdrawals may be for anybody to be personalised; as at a CDN.
pub const STALE_MAX: Duration = Duration::from_secs(600);

/// A bundle that was opened, before anybody is answered from it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) edge: Edge,
    pub(crate) manifest: Vec<u8>,
}

impl Opened {
    /// Opens a manifest with all its sections, and the withdrawals of `update`.
    ///
    /// # Errors
    /// The first thing that is missing or does not verify. Withdrawals that cannot be read are such a thing: a bundle
    /// without them could personalise whom the one before it does not.
    pub(crate) fn read(
        folder: &Folder,
        edge: Edge,
        manifest: Vec<u8>,
        update: Option<&[u8]>,
    ) -> Result<Self, EdgeError> {
        let edge = open_sections(folder, edge)?;
        if let Some(update) = update {
            add_newer_revocations(&edge, update)?;
        }
        Ok(Opened { edge, manifest })
    }
}

/// A bundle that answers.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) edge: Arc<Edge>,
    pub(crate) manifest: Vec<u8>,
    /// Hash of the manifest's bytes.
    pub(crate) hash: Hash,
    pub(crate) pool: Pool,
    withdrawals: Mutex<Withdrawals>,
}

#[derive(Debug)]
struct Withdrawals {
    /// The update, unless it says no more than the bundle's own section.
    update: Option<Arc<Vec<u8>>>,
    read: Instant,
}

impl Live {
    /// Starts the workers of an opened bundle. `update` is what its withdrawals were read from.
    ///
    /// # Errors
    /// When the core refuses what was accepted natively, or a thread cannot be started.
    pub(crate) fn start(core: &Core, opened: Opened, update: Option<Vec<u8>>, now: i64) -> Result<Self, ServeError> {
        let Opened { edge, manifest } = opened;
        let edge = Arc::new(edge);
        // What was issued before the bundle was built has been passed over.
        let update = update.filter(|_| edge.revocations_issued_at().is_some());
        let load = Arc::new(Load {
            manifest: manifest.clone(),
            key: *edge.signer(),
            now,
            edge: Arc::clone(&edge),
            revocations: update.clone(),
        });
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let pool = Pool::start(core, &load, threads.min(WORKERS_MAX))?;
        let withdrawals = Mutex::new(Withdrawals { update: update.map(Arc::new), read: Instant::now() });
        Ok(Live { edge, hash: Hash::of(&manifest), manifest, pool, withdrawals })
    }

    /// Takes in the withdrawals as they were read now, `None` when none are published; on to the workers when they say
    /// something new.
    ///
    /// # Errors
    /// When they cannot be used: then those from before go on counting, for as long as the configuration says.
    pub(crate) fn withdraw(&self, update: Option<&[u8]>) -> Result<(), EdgeError> {
        let mut known = self.withdrawals();
        if let Some(update) = update {
            let before = self.edge.revocations_issued_at();
            add_newer_revocations(&self.edge, update)?;
            if self.edge.revocations_issued_at() != before {
                let update = Arc::new(update.to_vec());
                self.pool.revoke(Arc::clone(&update));
                known.update = Some(update);
            }
        }
        known.read = Instant::now();
        Ok(())
    }

    /// How long ago withdrawals were read.
    pub(crate) fn withdrawals_age(&self) -> Duration {
        self.withdrawals().read.elapsed()
    }

    /// The revocation update, for hosts that run the core themselves.
    pub(crate) fn update(&self) -> Option<Arc<Vec<u8>>> {
        self.withdrawals().update.clone()
    }

    fn withdrawals(&self) -> MutexGuard<'_, Withdrawals> {
        self.withdrawals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
