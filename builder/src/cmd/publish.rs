//! `kenal publish` and `kenal rollback`: what readers see, and since when.

mod revocations;
mod rollback;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use kenal_bundle::Signer;
use kenal_lake::Lake;
use kenal_publish::place::Access;
use kenal_publish::{Allowed, Options, Place, Source, Target};

pub use self::rollback::RollbackArgs;
use crate::cmd::clock;
use crate::stage::Company;
use crate::stage::compile::allowed;
use crate::ui::{Align, Progress, Table, count};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct PublishArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// Folder of the bundle.
    #[arg(required = true)]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    there: Option<ThereArgs>,
    /// File of the signing key.
    #[arg(long, value_name = "FILE", required = true)]
    key: Option<PathBuf>,
    /// Only for this share of the visitors, in percent; the others stay with what is there. Publish again without it for
    /// all of them.
    #[arg(long, value_name = "PERCENT")]
    canary: Option<f64>,
    /// Folder of the lake: who of this bundle has withdrawn since it was built is published with it.
    #[arg(long, value_name = "DIR")]
    lake: Option<PathBuf>,
    /// Versions to keep, the published one among them.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    keep: u16,
}

#[derive(clap::Subcommand)]
enum What {
    /// Who may not be personalised any more, without waiting for the next bundle.
    Revocations(revocations::RevocationsArgs),
}

/// Where readers are.
#[derive(clap::Args)]
pub struct ThereArgs {
    /// A folder, s3://BUCKET/PREFIX, fastly-kv://STORE or cloudflare-kv://ACCOUNT/NAMESPACE. Credentials come from
    /// AWS_ACCESS_KEY_ID and its like, FASTLY_API_TOKEN, or CLOUDFLARE_API_TOKEN.
    #[arg(long, value_name = "TARGET")]
    to: Place,
    /// Where the platform's interface is [default: the platform's own address].
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
}

impl ThereArgs {
    fn open(&self) -> Result<Box<dyn Target>> {
        let access = Access { variable: |name| std::env::var(name).ok(), endpoint: self.endpoint.clone() };
        Ok(self.to.open(&access)?)
    }
}

impl PublishArgs {
    pub fn run(self) -> Result<ExitCode> {
        if let Some(What::Revocations(args)) = self.what {
            return args.run();
        }
        let (Some(bundle), Some(there), Some(key)) = (self.bundle, self.there, self.key) else {
            bail!("kenal publish takes a bundle's folder, --to TARGET and --key FILE");
        };
        let canary = self.canary.map(share).transpose()?;
        let signer = signer(&key)?;
        let source = Source::open(&bundle, signer.public()?)?;
        let target = there.open()?;
        let now = clock::now();
        let visitors = match &self.lake {
            Some(lake) => {
                let company = Company::new(Lake::open_existing(lake)?, key, now, 1)?;
                Some(allowed(&company, &signer, &BTreeSet::new())?)
            }
            None => None,
        };
        let at = u64::try_from(now.seconds()).context("nothing is published before 1970")?;
        let allowed = visitors.as_ref().map(|visitors| Allowed { visitors, at });
        let options = Options { canary, keep: usize::from(self.keep), allowed };
        let progress = Progress::start("publish");
        let report = wait(kenal_publish::publish(&source, target.as_ref(), &signer, options, &|sent, of| {
            progress.set("sections", sent as u64, of as u64);
        }))??;
        progress.finish(&format!("version {}", report.version));
        let mut table = Table::new(&[("published", Align::Left), ("", Align::Right)]);
        table.row(["version", &report.version.to_string()]);
        table.row(["before", &report.before.map_or("none".to_owned(), |version| version.to_string())]);
        let who = canary.map_or("everybody".to_owned(), |share| format!("{} % of visitors", f64::from(share) / 100.0));
        table.row(["for", &who]);
        table.row(["sections", &count(report.sections as u64)]);
        table.row(["sent", &count(report.sent as u64)]);
        table.row(["bytes sent", &count(report.sent_bytes)]);
        if report.delta_for_bytes > 0 {
            table.row(["bytes of deltas", &count(report.delta_bytes)]);
            table.row(["in place of", &count(report.delta_for_bytes)]);
        }
        table.row(["files swept", &count(report.swept as u64)]);
        println!("{table}");
        Ok(ExitCode::SUCCESS)
    }
}

/// Hundredths of a percent.
fn share(percent: f64) -> Result<u16> {
    if !(0.01..=100.0).contains(&percent) {
        bail!("--canary {percent} is not from 0.01 to 100");
    }
    Ok((percent * 100.0).round() as u16)
}

/// A key that must be there: making one here would sign what no reader trusts.
fn signer(path: &Path) -> Result<Signer> {
    if !path.exists() {
        bail!(
            "there is no signing key {}; `kenal build` makes one in the lake's folder, keys/signing.key",
            path.display()
        );
    }
    Ok(Signer::from_seed(&crate::keys::load_or_make(path)?))
}

/// Runs what talks to a store, to its end.
fn wait<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    Ok(runtime.context("starting the threads that talk to the store")?.block_on(work))
}
