//! Puts a bundle where its readers are: a folder, an S3-compatible store, Fastly's or Cloudflare's key-value store.
//!
//! Sections go first and the manifest last, so that a reader sees the old version or the new one and never a mix; what is
//! there already is not sent again, so an interrupted publication goes on where it stopped.
//!
//! Read in this order: [`place`] (what `--to` says), [`target`] (what a store can do; `object`, `fastly` and `cloudflare`
//! are stores), [`source`] (the bundle's folder), [`publish`], [`revoke`] and [`rollback`]. Signing keys and the consent
//! of people come in as arguments; nothing here reads a clock.

#![forbid(unsafe_code)]

mod cloudflare;
mod fastly;
mod http;
mod object;
pub mod place;
pub mod publish;
pub mod revoke;
pub mod rollback;
pub mod source;
pub mod target;

pub use place::Place;
pub use publish::{Allowed, Options, Report, publish};
pub use revoke::{Revoked, publish_revocations};
pub use rollback::{Rollback, rollback};
pub use source::Source;
pub use target::{Target, TargetError};

use kenal_bundle::{BundleError, PublishError};

/// Why nothing, or not everything, was published. What readers see is then still the version before.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the bundle's folder.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Where it should be.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A file of the bundle or of the target is not what it should be.
    #[error("{name}: {source}")]
    Bundle {
        /// Which file.
        name: String,
        /// What is wrong with it.
        source: BundleError,
    },
    /// Something cannot be signed or written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The target failed, several times over where that can help.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Readers refuse versions that go back.
    #[error(
        "the target has version {there}, this bundle is version {ours}; publish a newer one, or use `kenal rollback`"
    )]
    Older {
        /// Of the target.
        there: u64,
        /// Of the bundle.
        ours: u64,
    },
    /// Two bundles with one version: readers would not notice that it changed.
    #[error("the target has another bundle with version {version}; build again, so that the version grows")]
    SameVersion {
        /// Of both.
        version: u64,
    },
    /// The bundle was built before withdrawals that readers have, and may have rows that they do not name.
    #[error(
        "withdrawals were published at {issued_at} (seconds since 1970), after this bundle was built; give the lake, so that those of this bundle go with it, or build again"
    )]
    Withdrawals {
        /// When.
        issued_at: u64,
    },
    /// There is nothing to go back to, or no such version.
    #[error("the target keeps no version {}; it keeps {kept}", wanted.map_or("before its present one".to_owned(), |v| v.to_string()))]
    NoVersion {
        /// What was asked for; `None` for the one before.
        wanted: Option<u64>,
        /// What there is, in words.
        kept: String,
    },
    /// What it would go back to has expired, and with it the proof of consent.
    #[error("version {version} expired at {expires_at} (seconds since 1970): it would personalise nobody")]
    Expired {
        /// Which version.
        version: u64,
        /// When.
        expires_at: u64,
    },
    /// Nothing was ever published there.
    #[error("the target holds no bundle")]
    NoBundle,
}

pub(crate) fn bundle_error(name: impl Into<String>) -> impl FnOnce(BundleError) -> Error {
    let name = name.into();
    |source| Error::Bundle { name, source }
}
