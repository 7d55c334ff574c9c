//! `kenal serve`: the Wasm core behind HTTP, on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use kenal_server::{REREAD, STALE_MAX, ServeConfig, serve, system_clock};

use crate::bundle_folder::key_file;

#[derive(clap::Args)]
pub struct ServeArgs {
    #[arg(long, value_name = "BUNDLE")]
    bundle: PathBuf,
    /// A loopback address; port 0 lets the system choose.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    addr: SocketAddr,
    /// A folder of pages to serve at `/`.
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    /// The key that must have signed the bundle [default: the one that came with it].
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// A folder to keep the compiled core in, for the next start; what is in it is run as code.
    #[arg(long, value_name = "DIR")]
    compiled: Option<PathBuf>,
}

impl ServeArgs {
    pub fn run(self) -> Result<ExitCode> {
        let trust = self.trust.as_deref().map(key_file).transpose()?.map(|key| key.to_bytes());
        if trust.is_none() {
            eprintln!("trusting the key that came with the bundle; pin the company's with --trust FILE");
        }
        let config = ServeConfig {
            bundle: self.bundle,
            addr: self.addr,
            web: self.web,
            trust,
            compiled: self.compiled,
            clock: system_clock(),
            say: Arc::new(|what| eprintln!("{what}")),
            reread: REREAD,
            stale: STALE_MAX,
        };
        serve(config, |addr, warnings| {
            for warning in warnings {
                eprintln!("warning: {warning}");
            }
            println!("listening on http://{addr}");
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
