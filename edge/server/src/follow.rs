//! The folder, looked at again: newer versions, withdrawals and canaries are taken in without a restart.
//!
//! A new version replaces the old one only when every section of it is there, verifies, and is loaded into workers of its
//! own; until then, and when anything about it is wrong, the old one answers. A request is answered from one version
//! from its beginning to its end. A canary is kept beside it, for the visitors that it is for; one that cannot be read is
//! for nobody. These are the rules of the hosts at a CDN, over a folder.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use kenal_edge::{CANARY_NAME, Canary, Edge, Hash, KEYS_NAME, MANIFEST_NAME, REVOCATIONS_NAME, Store};

use crate::error::ServeError;
use crate::live::{Live, Opened};
use crate::state::App;

/// How often a server looks at its folder.
pub const REREAD: Duration = Duration::from_secs(2);

/// What answers, in the moment.
#[derive(Debug)]
pub(crate) struct Versions {
    pub(crate) stable: Arc<Live>,
    /// A newer version, and whom it is for.
    pub(crate) canary: Option<(Canary, Arc<Live>)>,
    /// The version before: browsers that hold it still fetch its sections and ask for rows of it.
    pub(crate) before: Option<Arc<Edge>>,
}

/// What manifests are opened under, and what was said of them last.
#[derive(Debug)]
pub(crate) struct Follower {
    /// The trusted key, that of the start: a folder's own `signer.pub` may not change whom this server trusts.
    pub(crate) root: [u8; 32],
    /// What is wrong with what the folder holds, so that it is said once.
    wrong: Vec<String>,
}

/// The files that say which versions there are, read in one go.
struct Found {
    manifest: Vec<u8>,
    keys: Option<Vec<u8>>,
    canary: Option<Vec<u8>>,
    update: Option<Vec<u8>>,
}

impl Follower {
    pub(crate) const fn new(root: [u8; 32]) -> Self {
        Follower { root, wrong: Vec::new() }
    }

    /// Looks at the folder once. Returns what is wrong with it.
    pub(crate) fn look(&mut self, app: &App) -> Vec<String> {
        let mut wrong = Vec::new();
        match self.find(app) {
            Ok(found) => self.take(app, &found, &mut wrong),
            Err(error) => wrong.push(error.to_string()),
        }
        for new in wrong.iter().filter(|new| !self.wrong.contains(new)) {
            app.say(&format!("{new}; what was served before is served on"));
        }
        self.wrong.clone_from(&wrong);
        wrong
    }

    fn find(&self, app: &App) -> Result<Found, ServeError> {
        let failed = |source| ServeError::Bundle { path: app.folder.path().to_owned(), source };
        let get = |name| app.folder.get(name).map_err(|error| failed(error.into()));
        let manifest = app.folder.read(MANIFEST_NAME)?;
        Ok(Found { manifest, keys: get(KEYS_NAME)?, canary: get(CANARY_NAME)?, update: get(REVOCATIONS_NAME)? })
    }

    fn take(&self, app: &App, found: &Found, wrong: &mut Vec<String>) {
        // Withdrawals first: they must not wait for a version that takes its time.
        if let Err(error) = app.stable().withdraw(found.update.as_deref()) {
            wrong.push(format!("the folder's {REVOCATIONS_NAME} is refused: {error}"));
        }
        if let Err(error) = self.take_stable(app, found) {
            wrong.push(format!("the folder's {MANIFEST_NAME} is refused: {error}"));
        }
        if let Err(error) = self.take_canary(app, found) {
            wrong.push(format!("the folder's {CANARY_NAME} is refused: {error}"));
            app.set_canary(None);
        }
    }

    fn take_stable(&self, app: &App, found: &Found) -> Result<(), ServeError> {
        let stable = app.stable();
        let hash = Hash::of(&found.manifest);
        if hash == stable.hash {
            return Ok(());
        }
        let edge = self.open(app, found, &found.manifest)?;
        let (ours, version) = (stable.edge.info().version, edge.info().version);
        if version <= ours {
            return Err(ServeError::NotNewer { version, ours });
        }
        // A canary that is for everybody now has its workers already.
        let promoted = app.canary().map(|(_, live)| live).filter(|live| live.hash == hash);
        let live = match promoted {
            Some(live) => live,
            None => self.start(app, found, edge, &found.manifest)?,
        };
        app.set_stable(live);
        app.say(&format!("version {version} answers"));
        Ok(())
    }

    fn take_canary(&self, app: &App, found: &Found) -> Result<(), ServeError> {
        let stable = app.stable();
        let Some(bytes) = &found.canary else {
            app.set_canary(None);
            return Ok(());
        };
        let refused = |source| ServeError::Bundle { path: app.folder.path().to_owned(), source };
        let canary = stable.edge.canary(bytes).map_err(refused)?;
        if canary.version <= stable.edge.info().version {
            // What everybody has got meanwhile.
            app.set_canary(None);
            return Ok(());
        }
        let known = app.canary().filter(|(_, live)| live.hash == Hash::of(&canary.manifest));
        let live = match known {
            Some((_, live)) => {
                live.withdraw(found.update.as_deref()).map_err(refused)?;
                live
            }
            None => {
                let edge = self.open(app, found, &canary.manifest)?;
                let live = self.start(app, found, edge, &canary.manifest)?;
                let percent = f64::from(canary.share) / 100.0;
                app.say(&format!("version {} answers {percent} % of visitors", canary.version));
                live
            }
        };
        app.set_canary(Some((canary, live)));
        Ok(())
    }

    fn open(&self, app: &App, found: &Found, manifest: &[u8]) -> Result<Edge, ServeError> {
        Edge::open_listed(manifest, found.keys.as_deref(), &self.root, app.now())
            .map_err(|source| ServeError::Bundle { path: app.folder.path().to_owned(), source })
    }

    fn start(&self, app: &App, found: &Found, edge: Edge, manifest: &[u8]) -> Result<Arc<Live>, ServeError> {
        let update = found.update.clone();
        let opened = Opened::read(&app.folder, edge, manifest.to_vec(), update.as_deref())
            .map_err(|source| ServeError::Bundle { path: app.folder.path().to_owned(), source })?;
        Live::start(&app.core, opened, update, app.now()).map(Arc::new)
    }
}

/// Looks at the folder every so often, until the returned sender or the server is gone.
pub(crate) fn follow(app: &Arc<App>, mut follower: Follower, every: Duration) -> Result<SyncSender<()>, ServeError> {
    let (keep, gone) = sync_channel(0);
    let app: Weak<App> = Arc::downgrade(app);
    std::thread::Builder::new()
        .name("kenal-follow".to_owned())
        .spawn(move || {
            while gone.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let Some(app) = app.upgrade() else { return };
                let wrong = follower.look(&app);
                app.set_wrong(wrong);
            }
        })
        .map_err(|source| ServeError::Start { what: "the thread that looks at the folder", source })?;
    Ok(keep)
}
