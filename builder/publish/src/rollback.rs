//! Back to an older model, which is a step forward: readers refuse a version that goes back, so the older manifest is
//! issued again under the next number.
//!
//! Consent does not go back with it. What the older bundle proves ends when it ended, and whoever has a row in it and may
//! not be personalised today is in the revocations that are issued with it.

use std::collections::BTreeSet;

use kenal_bundle::{CANARY_NAME, Hash, MANIFEST_NAME, Manifest, Signer, VisitorKey, reissue, verify};

use crate::publish::{HISTORY, current, history_name, trust};
use crate::revoke::visitors_of;
use crate::target::Target;
use crate::{Error, bundle_error};

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// What readers saw.
    pub from: u64,
    /// The version whose model they see now.
    pub to: u64,
    /// The number it has now.
    pub version: u64,
    /// Visitors who have a row in it and are revoked.
    pub revoked: usize,
    /// When it expires, seconds since 1970: as ever.
    pub expires_at: u64,
}

/// Issues version `to` again, or the one before what readers see. `allowed` are who may be personalised now, seconds
/// since 1970 `now`.
///
/// # Errors
/// [`Error::NoVersion`], [`Error::Expired`], or any other; readers then still see what they saw.
pub async fn rollback(
    target: &dyn Target,
    signer: &Signer,
    to: Option<u64>,
    allowed: &BTreeSet<VisitorKey>,
    now: u64,
) -> Result<Rollback, Error> {
    let trust = trust(signer)?;
    let (present, bytes) = current(target, &trust).await?.ok_or(Error::NoBundle)?;
    let mut kept: Vec<Manifest> = Vec::new();
    for name in target.list(HISTORY).await? {
        if let Some(bytes) = target.get(&name).await? {
            kept.push(verify(&bytes, &trust).map_err(bundle_error(name))?);
        }
    }
    // Of what was issued again, the time it was built stays: going back again goes further back.
    let wanted = |m: &&Manifest| match to {
        Some(version) => m.version == version && version < present.version,
        None => m.created_at < present.created_at,
    };
    let Some(older) = kept.iter().filter(wanted).max_by_key(|m| (m.created_at, m.version)) else {
        let versions: Vec<String> = kept.iter().map(|m| m.version.to_string()).collect();
        return Err(Error::NoVersion { wanted: to, kept: versions.join(", ") });
    };
    if now >= older.expires_at {
        return Err(Error::Expired { version: older.version, expires_at: older.expires_at });
    }
    let visitors = visitors_of(older, target, None).await?;
    let revoked: Vec<VisitorKey> = visitors.difference(allowed).copied().collect();
    let version = kept.iter().map(|m| m.version).max().unwrap_or_default().max(present.version) + 1;
    let [section, manifest] = reissue(older, version, Hash::of(&bytes), &revoked, signer)?;
    target.put(&section.name, section.bytes).await?;
    target.put(&history_name(version), manifest.bytes.clone()).await?;
    target.put(MANIFEST_NAME, manifest.bytes).await?;
    target.delete(CANARY_NAME).await?;
    let (from, to) = (present.version, older.version);
    Ok(Rollback { from, to, version, revoked: revoked.len(), expires_at: older.expires_at })
}
