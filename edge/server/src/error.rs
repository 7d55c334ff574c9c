//! Why the server does not start. Requests have [`crate::problem`] instead.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A server that cannot start or go on, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is reachable from other machines; the server has no authentication and must not be.
    #[error(
        "refusing to listen on {addr}: kenal serve answers this machine only; \
         use a loopback address such as 127.0.0.1:8787, with a proxy of yours in front of it when others must reach it"
    )]
    NotLoopback { addr: SocketAddr },
    /// Something else listens there already.
    #[error("{addr} is already in use; stop the other server or choose another port with --addr 127.0.0.1:PORT")]
    PortInUse { addr: SocketAddr },
    /// The system refused the address for another reason.
    #[error("cannot listen on {addr}: {source}")]
    Listen { addr: SocketAddr, source: std::io::Error },
    /// No such folder.
    #[error("there is no bundle folder {}; `kenal build --from DIR --lake DIR --out BUNDLE` writes one", path.display())]
    NoBundle { path: PathBuf },
    /// The folder is there, but it is not a bundle.
    #[error("{} has no manifest.kenal, so it is not a bundle; is it the folder that `kenal build --out` wrote?", path.display())]
    NotABundle { path: PathBuf },
    /// A file of the bundle cannot be read.
    #[error("cannot read {} of the bundle: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// There is no key to check the bundle with.
    #[error("{} holds no key; expected 64 hexadecimal digits", path.display())]
    Key { path: PathBuf },
    /// The bundle does not verify or does not parse.
    #[error("the bundle in {} is refused: {source}", path.display())]
    Bundle { path: PathBuf, source: kenal_edge::EdgeError },
    /// The folder holds another bundle that is not newer than the one that is served.
    #[error(
        "it is version {version}, and version {ours} is served; publish under a higher one, or go back to an older model \
         with `kenal rollback`"
    )]
    NotNewer { version: u64, ours: u64 },
    /// The web folder is missing.
    #[error("there is no folder {} to serve pages from; build it with `npm run build` in web/, or leave out --web", path.display())]
    NoWeb { path: PathBuf },
    /// The core's module does not run here.
    #[error("cannot start the core: {0}")]
    Core(#[from] crate::wasm::CoreError),
    /// A thread or the runtime could not be started.
    #[error("cannot start {what}: {source}")]
    Start { what: &'static str, source: std::io::Error },
    /// The listener broke while serving.
    #[error("the server stopped: {0}")]
    Stopped(std::io::Error),
}
