//! Withdrawals on their own, small and often: who has a row in a published bundle and may not be personalised any more.
//!
//! What is given is who *may*: everybody else with a row is revoked. So who withdrew, who was erased and whose token was
//! forgotten are all revoked without being looked up, and a list that lacks somebody closes too much, never too little.

use std::collections::BTreeSet;

use kenal_bundle::{Hash, Kind, Manifest, REVOCATIONS_NAME, Signer, VisitorKey, verify, write_revocation_update};

use crate::publish::{canary, current, trust};
use crate::source::{Source, check_named, keys_of, users};
use crate::target::Target;
use crate::{Error, bundle_error};

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The version that readers see.
    pub version: u64,
    /// Visitors with a row.
    pub visitors: usize,
    /// Those among them who are revoked.
    pub revoked: usize,
    /// Bytes of the update.
    pub bytes: usize,
}

/// Publishes who of the target's bundle, and of its canary, is not in `allowed`. `near` spares reading shards from the
/// target that the bundle's folder has.
///
/// # Errors
/// Any; readers then go on with the update they have.
pub async fn publish_revocations(
    target: &dyn Target,
    signer: &Signer,
    allowed: &BTreeSet<VisitorKey>,
    near: Option<&Source>,
    issued_at: u64,
) -> Result<Revoked, Error> {
    let trust = trust(signer)?;
    let (manifest, _) = current(target, &trust).await?.ok_or(Error::NoBundle)?;
    let mut keys = visitors_of(&manifest, target, near).await?;
    if let Some(canary) = canary(target, &trust).await? {
        let other = verify(&canary.manifest, &trust).map_err(bundle_error("the canary"))?;
        keys.extend(visitors_of(&other, target, near).await?);
    }
    let revoked: Vec<VisitorKey> = keys.difference(allowed).copied().collect();
    let update = write_revocation_update(signer, &manifest, issued_at, &revoked)?;
    let bytes = update.len();
    target.put(REVOCATIONS_NAME, update).await?;
    Ok(Revoked { version: manifest.version, visitors: keys.len(), revoked: revoked.len(), bytes })
}

/// The keys of all visitors with a row in the bundle.
pub(crate) async fn visitors_of(
    manifest: &Manifest,
    target: &dyn Target,
    near: Option<&Source>,
) -> Result<BTreeSet<VisitorKey>, Error> {
    let Some(entry) = manifest.section(Kind::Users) else { return Ok(BTreeSet::new()) };
    let bytes = fetch(&entry.hash, target, near).await?;
    let users = users(&bytes, &entry.hash)?;
    let mut keys = BTreeSet::new();
    for (shard, hash) in (0..).zip(users.hashes()) {
        let bytes = fetch(&Hash(*hash), target, near).await?;
        keys.extend(keys_of(&users, shard, &bytes)?.into_iter().map(VisitorKey::from_bytes));
    }
    Ok(keys)
}

async fn fetch(hash: &Hash, target: &dyn Target, near: Option<&Source>) -> Result<Vec<u8>, Error> {
    if let Some(source) = near.filter(|source| source.sections.contains(hash)) {
        return source.section(hash);
    }
    let name = hash.section_name();
    let bytes = target.get(&name).await?.ok_or_else(|| {
        bundle_error(format!("the target's {name}"))(kenal_bundle::BundleError::NoSection(Kind::UserShard))
    })?;
    check_named(name, hash, bytes)
}
