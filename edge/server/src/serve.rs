//! Starting and ending: the configuration, the listener, and the way down.

use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::error::ServeError;
use crate::follow::follow;
use crate::routes;
use crate::state::App;

/// Tells Unix time in seconds. An argument, so that tests can let a bundle expire.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The system's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0)
    })
}

/// Hears what happens to the folder of a server that runs: a version that is taken, one that is refused.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// What to serve, and where.
#[derive(Clone)]
pub struct ServeConfig {
    /// The folder that `kenal build --out` wrote.
    pub bundle: PathBuf,
    /// A loopback address; port 0 lets the system choose.
    pub addr: SocketAddr,
    /// A folder of pages to serve at `/`.
    pub web: Option<PathBuf>,
    /// The key that must have signed the bundle; `None` trusts the bundle's own `signer.pub`, which protects against
    /// damage but not against somebody who can write to the folder.
    pub trust: Option<[u8; 32]>,
    /// A folder in which the module is kept compiled, for the next start. What is in it is run.
    pub compiled: Option<PathBuf>,
    pub clock: Clock,
    pub say: Say,
    /// How often the folder is looked at: [`REREAD`](crate::REREAD).
    pub reread: Duration,
    /// How old the last look at withdrawals may be for anybody to be personalised: [`STALE_MAX`](crate::STALE_MAX).
    pub stale: Duration,
}

impl std::fmt::Debug for ServeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServeConfig").field("bundle", &self.bundle).field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// A server that listens and has its bundle loaded, but does not answer yet.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    addr: SocketAddr,
    web: Option<PathBuf>,
    /// Ends the looking at the folder.
    _following: SyncSender<()>,
}

impl Server {
    /// Checks the configuration, takes the address, verifies and loads the bundle.
    ///
    /// # Errors
    /// [`ServeError`], worded for whoever typed the command.
    pub async fn bind(config: ServeConfig) -> Result<Self, ServeError> {
        let addr = config.addr;
        if !addr.ip().is_loopback() {
            return Err(ServeError::NotLoopback { addr });
        }
        if let Some(path) = config.web.as_ref().filter(|path| !path.is_dir()) {
            return Err(ServeError::NoWeb { path: path.clone() });
        }
        let listener = TcpListener::bind(addr).await.map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => ServeError::PortInUse { addr },
            _ => ServeError::Listen { addr, source },
        })?;
        let addr = listener.local_addr().map_err(|source| ServeError::Listen { addr, source })?;
        let (web, reread) = (config.web.clone(), config.reread);
        // Loading, and compiling where nothing is kept, take some hundred milliseconds of pure work.
        let app = tokio::task::spawn_blocking(move || App::load(&config)).await;
        let (app, follower) =
            app.map_err(|e| ServeError::Start { what: "the core", source: std::io::Error::other(e) })??;
        let app = Arc::new(app);
        let following = follow(&app, follower, reread)?;
        Ok(Server { app, listener, addr, web, _following: following })
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What a person should know before trusting the answers, such as an expired bundle.
    pub fn warnings(&self) -> Vec<String> {
        self.app.warnings()
    }

    /// Answers until `stop` is done and the requests that had begun are answered.
    ///
    /// # Errors
    /// [`ServeError::Stopped`].
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let router = routes::router(self.app, self.web.as_deref());
        axum::serve(self.listener, router).with_graceful_shutdown(stop).await.map_err(ServeError::Stopped)
    }
}

/// Serves until ctrl-c. `ready` is told the address once the server listens, and what a person should know before
/// trusting its answers.
///
/// # Errors
/// [`ServeError`], worded for whoever typed the command.
pub fn serve(config: ServeConfig, ready: impl FnOnce(SocketAddr, &[String])) -> Result<(), ServeError> {
    let start = |source| ServeError::Start { what: "the asynchronous runtime", source };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(start)?;
    runtime.block_on(async {
        let server = Server::bind(config).await?;
        ready(server.addr(), &server.warnings());
        server.run(interrupted()).await
    })
}

/// Done when a person presses ctrl-c or the system asks the process to end.
async fn interrupted() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the system's own way of ending a process is in force.
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = ctrl_c => {}
        () = terminated => {}
    }
    tracing::info!("stopping");
}
