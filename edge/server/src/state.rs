//! What all routes share: the versions that answer, and what is remembered of visitors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use kenal_edge::{
    Canary, Consent, Edge, FallbackReason, Hash, KEYS_NAME, MANIFEST_NAME, REVOCATIONS_NAME, Request, Store,
    VisitorKey, rfc3339,
};

use crate::error::ServeError;
use crate::folder::Folder;
use crate::follow::{Follower, Versions};
use crate::live::{Live, Opened};
use crate::overlay::Overlay;
use crate::pool::{Answer, PoolError};
use crate::serve::{Clock, Say, ServeConfig};
use crate::shards::ShardCache;
use crate::wasm::Core;
use crate::withdrawn::Withdrawn;

/// What the routes share.
#[derive(Debug)]
pub(crate) struct App {
    versions: RwLock<Versions>,
    pub(crate) core: Core,
    pub(crate) folder: Folder,
    pub(crate) started: Instant,
    clock: Given<Clock>,
    say: Given<Say>,
    /// Under what visitors are remembered: versions may be salted otherwise, and who withdrew stays withdrawn.
    salt: Hash,
    /// How old the last look at withdrawals may be.
    stale: Duration,
    overlay: Mutex<Overlay>,
    withdrawn: Mutex<Withdrawn>,
    shards: Mutex<ShardCache>,
    /// What is wrong with what the folder holds now.
    wrong: Mutex<Vec<String>>,
}

/// A function of the configuration's.
struct Given<F>(F);

impl<F> std::fmt::Debug for Given<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Given")
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
    /// Opens and verifies the bundle, and starts the workers; with what looks at the folder from then on.
    pub(crate) fn load(config: &ServeConfig) -> Result<(Self, Follower), ServeError> {
        let folder = Folder::open(&config.bundle)?;
        let refused = |source| ServeError::Bundle { path: folder.path().to_owned(), source };
        let now = (config.clock)();
        let root = match config.trust {
            Some(key) => key,
            None => folder.signer()?,
        };
        let get = |name| folder.get(name).map_err(|error| refused(error.into()));
        let (manifest, keys, update) = (folder.read(MANIFEST_NAME)?, get(KEYS_NAME)?, get(REVOCATIONS_NAME)?);
        let edge = Edge::open_listed(&manifest, keys.as_deref(), &root, now).map_err(refused)?;
        let salt = edge.manifest().salt;
        let opened = Opened::read(&folder, edge, manifest, update.as_deref()).map_err(refused)?;
        let core = Core::embedded(config.compiled.as_deref())?;
        let stable = Arc::new(Live::start(&core, opened, update, now)?);
        let app = App {
            versions: RwLock::new(Versions { stable, canary: None, before: None }),
            core,
            folder,
            started: Instant::now(),
            clock: Given(Arc::clone(&config.clock)),
            say: Given(Arc::clone(&config.say)),
            salt,
            stale: config.stale,
            overlay: Mutex::default(),
            withdrawn: Mutex::default(),
            shards: Mutex::default(),
            wrong: Mutex::default(),
        };
        let mut follower = Follower::new(root);
        // A canary that was published before.
        app.set_wrong(follower.look(&app));
        Ok((app, follower))
    }

    fn versions(&self) -> RwLockReadGuard<'_, Versions> {
        self.versions.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn versions_mut(&self) -> RwLockWriteGuard<'_, Versions> {
        self.versions.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version for everybody.
    pub(crate) fn stable(&self) -> Arc<Live> {
        Arc::clone(&self.versions().stable)
    }

    /// The newer version that some visitors get.
    pub(crate) fn canary(&self) -> Option<(Canary, Arc<Live>)> {
        self.versions().canary.clone()
    }

    /// The version for a visitor.
    pub(crate) fn version_for(&self, visitor: Option<&str>) -> Arc<Live> {
        let versions = self.versions();
        let canary = versions
            .canary
            .as_ref()
            .filter(|(canary, live)| visitor.is_some_and(|visitor| canary.includes(&live.edge.visitor_key(visitor))));
        Arc::clone(canary.map_or(&versions.stable, |(_, live)| live))
    }

    /// The open bundle of this short id: that of everybody, or the one before it, which browsers may still hold.
    pub(crate) fn held(&self, id: &str) -> Option<Arc<Edge>> {
        let versions = self.versions();
        let held = [Some(&versions.stable.edge), versions.before.as_ref()];
        held.into_iter().flatten().find(|edge| edge.info().id == id).map(Arc::clone)
    }

    /// Whether a version that browsers may hold has this section.
    pub(crate) fn lists(&self, section: &Hash) -> bool {
        let versions = self.versions();
        let lists = |edge: &Edge| edge.manifest().sections.iter().any(|entry| entry.hash == *section);
        lists(&versions.stable.edge) || versions.before.as_deref().is_some_and(lists)
    }

    pub(crate) fn set_stable(&self, live: Arc<Live>) {
        let mut versions = self.versions_mut();
        let before = std::mem::replace(&mut versions.stable, live);
        versions.before = Some(Arc::clone(&before.edge));
    }

    pub(crate) fn set_canary(&self, canary: Option<(Canary, Arc<Live>)>) {
        // What is replaced is dropped after the lock: ending workers is nobody's waiting.
        let before = std::mem::replace(&mut self.versions_mut().canary, canary);
        drop(before);
    }

    pub(crate) fn set_wrong(&self, wrong: Vec<String>) {
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = wrong;
    }

    /// Unix time, seconds.
    pub(crate) fn now(&self) -> i64 {
        (self.clock.0)()
    }

    /// Tells whoever runs the server.
    pub(crate) fn say(&self, what: &str) {
        (self.say.0)(what);
    }

    pub(crate) fn overlay(&self) -> MutexGuard<'_, Overlay> {
        self.overlay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn withdrawn(&self) -> MutexGuard<'_, Withdrawn> {
        self.withdrawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key under which a visitor is remembered here.
    pub(crate) fn visitor_key(&self, visitor: &str) -> VisitorKey {
        VisitorKey::new(&self.salt, visitor)
    }

    /// Whether the visitor withdrew, be it before this server knew of them or since.
    pub(crate) fn is_revoked(&self, visitor: &str) -> bool {
        self.withdrawn().contains(&self.visitor_key(visitor))
            || self.version_for(Some(visitor)).edge.is_revoked(visitor)
    }

    /// Whether withdrawals were read so lately that a version may personalise.
    pub(crate) fn is_fresh(&self, live: &Live) -> bool {
        live.withdrawals_age() <= self.stale
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let stable = self.stable();
        if stable.edge.is_expired(self.now()) {
            warnings.push(format!(
                "the bundle expired at {}; it shows everybody what is trending and personalises nobody until a newer \
                 one is built with `kenal build`",
                rfc3339(stable.edge.manifest().expires_at)
            ));
        }
        if !self.is_fresh(&stable) {
            let seconds = stable.withdrawals_age().as_secs();
            warnings.push(format!("withdrawals could not be read for {seconds} s; nobody is personalised"));
        }
        warnings.extend(self.wrong.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        warnings
    }

    /// Completes a request with what is remembered of its visitor, and has it answered by a version of theirs.
    ///
    /// Nothing about the visitor is looked up, not even their row, when the request itself says no.
    pub(crate) async fn recommend(self: &Arc<Self>, live: &Live, mut request: Request) -> Result<Answer, PoolError> {
        let edge = &live.edge;
        let said_no = request.gpc || request.consent == Consent::Denied || edge.is_expired(request.now);
        let mut row = None;
        if let Some(visitor) = request.visitor.clone().filter(|_| !said_no) {
            let key = self.visitor_key(&visitor);
            if self.withdrawn().contains(&key) || edge.is_revoked(&visitor) {
                request.fallback = Some(FallbackReason::Revoked);
            } else if !self.is_fresh(live) {
                request.fallback = Some(FallbackReason::SectionMissing);
            } else {
                request.events = self.overlay().events(&key, request.now);
                match self.row(edge, visitor).await {
                    Row::Found(bytes) => row = Some(bytes),
                    Row::Unknown => {}
                    Row::Unreadable => request.fallback = Some(FallbackReason::ShardUnreadable),
                }
            }
        }
        let json = serde_json::to_vec(&request).unwrap_or_default();
        match live.pool.recommend(json, row).await {
            Err(PoolError::Core(error)) => {
                // The error names no visitor: it is the module's own words about itself.
                tracing::error!(%error, "the core stopped; answering with what is trending");
                without_core(edge, request).ok_or(PoolError::Core(error))
            }
            answered => answered,
        }
    }

    /// The visitor's row in a bundle, from a shard in memory or else from the folder.
    pub(crate) async fn row(self: &Arc<Self>, edge: &Arc<Edge>, visitor: String) -> Row {
        let Some(hash) = edge.shard_for(&visitor) else { return Row::Unknown };
        let cached = self.shards().get(&hash.0);
        let shard = match cached {
            Some(shard) => Some(shard),
            None => {
                let (app, edge, visitor) = (Arc::clone(self), Arc::clone(edge), visitor.clone());
                tokio::task::spawn_blocking(move || app.fetch(&edge, &hash, &visitor)).await.ok().flatten()
            }
        };
        let Some(shard) = shard else { return Row::Unreadable };
        match edge.row_from_shard(&shard, &visitor) {
            Ok(Some(row)) => Row::Found(row),
            Ok(None) => Row::Unknown,
            Err(_) => Row::Unreadable,
        }
    }

    /// Reads and verifies a shard, and keeps it.
    fn fetch(&self, edge: &Edge, hash: &Hash, visitor: &str) -> Option<Arc<Vec<u8>>> {
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
        if let Err(error) = edge.verify_shard(&shard, visitor) {
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

/// The trending list from the native twin of the core.
fn without_core(edge: &Edge, mut request: Request) -> Option<Answer> {
    let start = Instant::now();
    request.fallback = Some(FallbackReason::CoreFailed);
    let response = edge.recommend(&request, None).ok()?;
    Some(Answer { json: response.to_json().into_bytes(), core: start.elapsed() })
}
