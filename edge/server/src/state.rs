//! What all routes share: the bundle, the workers, and what is remembered of visitors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kenal_edge::{
    Consent, Edge, FallbackReason, Hash, MANIFEST_NAME, REVOCATIONS_NAME, Request, Store, VisitorKey, rfc3339,
};

use crate::error::ServeError;
use crate::folder::Folder;
use crate::overlay::Overlay;
use crate::pool::{Answer, Pool, PoolError};
use crate::serve::{Clock, ServeConfig};
use crate::shards::ShardCache;
use crate::wasm::{Core, Load};
use crate::withdrawn::Withdrawn;

/// Workers at most: each has its own copy of the bundle, and two keep up with any network stack here.
const WORKERS_MAX: usize = 4;

/// What the routes share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) edge: Arc<Edge>,
    pub(crate) manifest: Vec<u8>,
    pub(crate) key: [u8; 32],
    pub(crate) revocations: Option<Vec<u8>>,
    pub(crate) folder: Folder,
    pub(crate) started: Instant,
    clock: ClockBox,
    pool: Pool,
    overlay: Mutex<Overlay>,
    withdrawn: Mutex<Withdrawn>,
    shards: Mutex<ShardCache>,
}

struct ClockBox(Clock);

impl std::fmt::Debug for ClockBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// A visitor's row, or why there is none.
#[derive(Debug)]
pub(crate) enum Row {
    Found(Vec<u8>),
    /// The bundle knows nobody under this id.
    Unknown,
    /// The shard is missing or does not verify.
    Unreadable,
}

impl App {
    /// Opens and verifies the bundle, and starts the workers.
    pub(crate) fn load(config: &ServeConfig) -> Result<Self, ServeError> {
        let folder = Folder::open(&config.bundle)?;
        let refused = |source| ServeError::Bundle { path: folder.path().to_owned(), source };
        let now = (config.clock)();
        let key = match config.trust {
            Some(key) => key,
            None => folder.signer()?,
        };
        let manifest = folder.read(MANIFEST_NAME)?;
        let revocations = folder.get(REVOCATIONS_NAME).map_err(|e| refused(e.into()))?;
        let edge = Arc::new(kenal_edge::store::open(&folder, &key, now).map_err(refused)?);
        // What was issued before the bundle was built has been passed over.
        let revocations = revocations.filter(|_| edge.has_revocation_update());
        let key = *edge.signer();
        let load = Arc::new(Load {
            manifest: manifest.clone(),
            key,
            now,
            edge: Arc::clone(&edge),
            revocations: revocations.clone(),
        });
        let core = Core::embedded()?;
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let pool = Pool::start(&core, &load, threads.min(WORKERS_MAX))?;
        Ok(App {
            edge,
            manifest,
            key,
            revocations,
            folder,
            started: Instant::now(),
            clock: ClockBox(Arc::clone(&config.clock)),
            pool,
            overlay: Mutex::default(),
            withdrawn: Mutex::default(),
            shards: Mutex::default(),
        })
    }

    /// Unix time, seconds.
    pub(crate) fn now(&self) -> i64 {
        (self.clock.0)()
    }

    pub(crate) fn overlay(&self) -> MutexGuard<'_, Overlay> {
        self.overlay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn withdrawn(&self) -> MutexGuard<'_, Withdrawn> {
        self.withdrawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the visitor withdrew, be it before this server knew of them or since.
    pub(crate) fn is_revoked(&self, visitor: &str, key: &VisitorKey) -> bool {
        self.withdrawn().contains(key) || self.edge.is_revoked(visitor)
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let expires_at = self.edge.manifest().expires_at;
        if self.edge.is_expired(self.now()) {
            warnings.push(format!(
                "the bundle expired at {}; it shows everybody what is trending and personalises nobody until a newer \
                 one is built with `kenal build`",
                rfc3339(expires_at)
            ));
        }
        warnings
    }

    /// Completes a request with what is remembered of its visitor, and has it answered.
    ///
    /// Nothing about the visitor is looked up, not even their row, when the request itself says no.
    pub(crate) async fn recommend(self: &Arc<Self>, mut request: Request) -> Result<Answer, PoolError> {
        let said_no = request.gpc || request.consent == Consent::Denied || self.edge.is_expired(request.now);
        let mut row = None;
        if let Some(visitor) = request.visitor.clone().filter(|_| !said_no) {
            let key = self.edge.visitor_key(&visitor);
            if self.is_revoked(&visitor, &key) {
                request.fallback = Some(FallbackReason::Revoked);
            } else {
                request.events = self.overlay().events(&key, request.now);
                match self.row(visitor).await {
                    Row::Found(bytes) => row = Some(bytes),
                    Row::Unknown => {}
                    Row::Unreadable => request.fallback = Some(FallbackReason::ShardUnreadable),
                }
            }
        }
        let json = serde_json::to_vec(&request).unwrap_or_default();
        match self.pool.recommend(json, row).await {
            Err(PoolError::Core(error)) => {
                // The error names no visitor: it is the module's own words about itself.
                tracing::error!(%error, "the core stopped; answering with what is trending");
                self.without_core(request).ok_or(PoolError::Core(error))
            }
            answered => answered,
        }
    }

    /// The trending list from the native twin of the core.
    fn without_core(&self, mut request: Request) -> Option<Answer> {
        let start = Instant::now();
        request.fallback = Some(FallbackReason::CoreFailed);
        let response = self.edge.recommend(&request, None).ok()?;
        Some(Answer { json: response.to_json().into_bytes(), core: start.elapsed() })
    }

    /// The visitor's row, from a shard in memory or else from the folder.
    pub(crate) async fn row(self: &Arc<Self>, visitor: String) -> Row {
        let Some(hash) = self.edge.shard_for(&visitor) else { return Row::Unknown };
        let cached = self.shards().get(&hash.0);
        let shard = match cached {
            Some(shard) => Some(shard),
            None => {
                let (app, visitor) = (Arc::clone(self), visitor.clone());
                tokio::task::spawn_blocking(move || app.fetch(&hash, &visitor)).await.ok().flatten()
            }
        };
        let Some(shard) = shard else { return Row::Unreadable };
        match self.edge.row_from_shard(&shard, &visitor) {
            Ok(Some(row)) => Row::Found(row),
            Ok(None) => Row::Unknown,
            Err(_) => Row::Unreadable,
        }
    }

    /// Reads and verifies a shard, and keeps it.
    fn fetch(&self, hash: &Hash, visitor: &str) -> Option<Arc<Vec<u8>>> {
        let name = hash.section_name();
        let shard = match self.folder.get(&name) {
            Ok(shard) => shard,
            Err(error) => {
                tracing::error!(%error, "a user shard cannot be read; its visitors see what is trending");
                return None;
            }
        };
        let Some(shard) = shard else {
            tracing::error!(name, "a user shard is missing; its visitors see what is trending");
            return None;
        };
        if let Err(error) = self.edge.verify_shard(&shard, visitor) {
            tracing::error!(%error, name, "a user shard does not verify; its visitors see what is trending");
            return None;
        }
        let shard = Arc::new(shard);
        self.shards().put(hash.0, Arc::clone(&shard));
        Some(shard)
    }

    fn shards(&self) -> MutexGuard<'_, ShardCache> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
