//! From the bundle's folder to its readers.
//!
//! The order is the whole point: sections, deltas, the copy of the manifest that `rollback` goes back to, and last the
//! one file that readers look at, `manifest.kenal` or `canary.kenal`. Only then is swept what no kept version needs.

use std::collections::BTreeSet;

use kenal_bundle::{
    CANARY_NAME, Canary, Hash, Kind, MANIFEST_NAME, Manifest, REVOCATIONS_NAME, SIGNER_NAME, Signer, Trust, VisitorKey,
    delta_name, verify, verify_canary, verify_revocations, write_canary, write_delta, write_revocation_update,
};

use crate::revoke::visitors_of;
use crate::source::{Source, check_named, users};
use crate::target::Target;
use crate::{Error, bundle_error};

/// Manifests of versions that were published, by their number.
pub(crate) const HISTORY: &str = "history/";

/// Who may be personalised, as decided at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    /// Everybody else with a row is revoked.
    pub visitors: &'a BTreeSet<VisitorKey>,
    /// Seconds since 1970.
    pub at: u64,
}

/// How to publish.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// For how many visitors of 10,000; `None` for everybody.
    pub canary: Option<u16>,
    /// Versions whose sections stay: the one that is read, and those one can go back to.
    pub keep: usize,
    /// Publishes withdrawals for this bundle before it; without, a bundle from before the target's withdrawals is refused.
    pub allowed: Option<Allowed<'a>>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { canary: None, keep: 3, allowed: None }
    }
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The version that was published.
    pub version: u64,
    /// The version that was there, if one was.
    pub before: Option<u64>,
    /// Sections of the bundle, shards among them.
    pub sections: usize,
    /// Those that had to be sent, and their bytes.
    pub sent: usize,
    /// Bytes of them.
    pub sent_bytes: u64,
    /// For readers of the version before: bytes of deltas, and of the sections they stand for.
    pub delta_bytes: u64,
    /// Bytes of the sections that have a delta.
    pub delta_for_bytes: u64,
    /// Files that no kept version needs and that were removed.
    pub swept: usize,
}

/// Publishes the bundle of `source` at `target`. `progress` hears of sections sent so far, and of all to send.
///
/// # Errors
/// Any; readers then still see what they saw. Publishing again sends only what is missing.
pub async fn publish(
    source: &Source,
    target: &dyn Target,
    signer: &Signer,
    options: Options<'_>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Report, Error> {
    let trust = trust(signer)?;
    let before = current(target, &trust).await?;
    let version = source.manifest.version;
    if let Some((there, bytes)) = &before {
        if there.version > version {
            return Err(Error::Older { there: there.version, ours: version });
        }
        if there.version == version && *bytes != source.manifest_bytes {
            return Err(Error::SameVersion { version });
        }
    }
    refuse_unknown_withdrawals(source, target, &trust, &options, before.as_ref().map(|(_, bytes)| bytes)).await?;
    let mut report = Report { version, sections: source.sections.len(), ..Report::default() };
    report.before = before.as_ref().map(|(manifest, _)| manifest.version);
    send_sections(source, target, &mut report, progress).await?;
    if let Some((old, _)) = &before {
        send_deltas(source, target, old, &mut report).await?;
    }
    target.put(&history_name(version), source.manifest_bytes.clone()).await?;
    let key = signer.public().map_err(bundle_error("the signing key"))?;
    target.put(SIGNER_NAME, format!("{key}\n").into_bytes()).await?;
    if let Some(allowed) = options.allowed {
        let before = before.as_ref().map(|(manifest, _)| manifest);
        cover(source, target, signer, before, allowed).await?;
    }
    match options.canary {
        Some(share) => {
            let canary = write_canary(signer, share, &source.manifest_bytes).map_err(bundle_error(CANARY_NAME))?;
            target.put(CANARY_NAME, canary).await?;
        }
        None => {
            target.put(MANIFEST_NAME, source.manifest_bytes.clone()).await?;
            target.delete(CANARY_NAME).await?;
            drop_stale_revocations(target, &trust, &source.manifest).await?;
        }
    }
    report.swept = sweep(target, &trust, options.keep.max(1)).await?;
    Ok(report)
}

pub(crate) fn trust(signer: &Signer) -> Result<Trust, Error> {
    Ok(Trust::new(signer.public().map_err(bundle_error("the signing key"))?))
}

pub(crate) fn history_name(version: u64) -> String {
    // As many digits as a u64 has, so that names sort as versions do.
    format!("{HISTORY}{version:020}.kenal")
}

/// The manifest that readers see, and its bytes.
pub(crate) async fn current(target: &dyn Target, trust: &Trust) -> Result<Option<(Manifest, Vec<u8>)>, Error> {
    let Some(bytes) = target.get(MANIFEST_NAME).await? else { return Ok(None) };
    let manifest = verify(&bytes, trust).map_err(bundle_error(format!("the target's {MANIFEST_NAME}")))?;
    Ok(Some((manifest, bytes)))
}

/// The canary, if there is one.
pub(crate) async fn canary(target: &dyn Target, trust: &Trust) -> Result<Option<Canary>, Error> {
    let Some(bytes) = target.get(CANARY_NAME).await? else { return Ok(None) };
    verify_canary(&bytes, trust).map(Some).map_err(bundle_error(format!("the target's {CANARY_NAME}")))
}

async fn send_sections(
    source: &Source,
    target: &dyn Target,
    report: &mut Report,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(), Error> {
    let there = target.list("sections/").await?;
    let missing: Vec<&Hash> = source.sections.iter().filter(|hash| !there.contains(&hash.section_name())).collect();
    let mut batch = Vec::new();
    let mut bytes = 0;
    for (at, hash) in missing.iter().enumerate() {
        let section = source.section(hash)?;
        bytes += section.len();
        report.sent_bytes += section.len() as u64;
        batch.push((hash.section_name(), section));
        if bytes >= target.batch_bytes() || at + 1 == missing.len() {
            target.put_all(std::mem::take(&mut batch)).await?;
            bytes = 0;
            report.sent = at + 1;
            progress(report.sent, missing.len());
        }
    }
    Ok(())
}

/// What a reader of `old` fetches instead of whole sections, where that is less than half of them.
async fn send_deltas(source: &Source, target: &dyn Target, old: &Manifest, report: &mut Report) -> Result<(), Error> {
    for entry in &source.manifest.sections {
        let Some(before) = old.section(entry.kind).filter(|before| before.hash != entry.hash) else { continue };
        // Without the old section there is nothing to make a delta of, and readers fetch the new one whole.
        let Some(old) = target.get(&before.hash.section_name()).await? else { continue };
        let old = check_named(before.hash.section_name(), &before.hash, old)?;
        let new = source.section(&entry.hash)?;
        let delta = write_delta(&old, &new);
        if delta.len() * 2 <= new.len() {
            report.delta_bytes += delta.len() as u64;
            report.delta_for_bytes += new.len() as u64;
            target.put(&delta_name(&before.hash, &entry.hash), delta).await?;
        }
    }
    Ok(())
}

/// Who withdrew after this bundle was built may have a row in it alone, which the target's withdrawals then do not name.
async fn refuse_unknown_withdrawals(
    source: &Source,
    target: &dyn Target,
    trust: &Trust,
    options: &Options<'_>,
    before: Option<&Vec<u8>>,
) -> Result<(), Error> {
    let canary = canary(target, trust).await?.map(|canary| canary.manifest);
    // Withdrawals were made for what readers see already.
    let seen = before == Some(&source.manifest_bytes) || canary.as_ref() == Some(&source.manifest_bytes);
    if options.allowed.is_some() || seen {
        return Ok(());
    }
    let Some(bytes) = target.get(REVOCATIONS_NAME).await? else { return Ok(()) };
    match verify_revocations(&bytes, trust, &source.manifest) {
        Ok(update) => Err(Error::Withdrawals { issued_at: update.issued_at }),
        Err(_) => Ok(()),
    }
}

/// Publishes who is revoked of this bundle and of the one that is read.
async fn cover(
    source: &Source,
    target: &dyn Target,
    signer: &Signer,
    before: Option<&Manifest>,
    allowed: Allowed<'_>,
) -> Result<(), Error> {
    let mut keys = visitors_of(&source.manifest, target, Some(source)).await?;
    if let Some(before) = before {
        keys.extend(visitors_of(before, target, Some(source)).await?);
    }
    let revoked: Vec<VisitorKey> = keys.difference(allowed.visitors).copied().collect();
    let update = write_revocation_update(signer, &source.manifest, allowed.at, &revoked)?;
    Ok(target.put(REVOCATIONS_NAME, update).await?)
}

/// Revocations from before the bundle was built are in its own section; its readers have no use for them.
async fn drop_stale_revocations(target: &dyn Target, trust: &Trust, manifest: &Manifest) -> Result<(), Error> {
    let Some(bytes) = target.get(REVOCATIONS_NAME).await? else { return Ok(()) };
    if verify_revocations(&bytes, trust, manifest).is_err() {
        target.delete(REVOCATIONS_NAME).await?;
    }
    Ok(())
}

/// Removes what none of the `keep` newest published versions and neither manifest that is read needs.
async fn sweep(target: &dyn Target, trust: &Trust, keep: usize) -> Result<usize, Error> {
    let mut kept: Vec<Manifest> = Vec::new();
    kept.extend(current(target, trust).await?.map(|(manifest, _)| manifest));
    if let Some(canary) = canary(target, trust).await? {
        kept.push(verify(&canary.manifest, trust).map_err(bundle_error(CANARY_NAME))?);
    }
    let read: BTreeSet<Hash> = kept.iter().flat_map(|m| m.sections.iter().map(|entry| entry.hash)).collect();
    let mut old: Vec<String> = Vec::new();
    for (at, name) in target.list(HISTORY).await?.into_iter().rev().enumerate() {
        match target.get(&name).await? {
            Some(bytes) if at < keep => kept.push(verify(&bytes, trust).map_err(bundle_error(name))?),
            _ => old.push(name),
        }
    }
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for manifest in &kept {
        wanted.extend(manifest.sections.iter().map(|entry| entry.hash.section_name()));
        let Some(entry) = manifest.section(Kind::Users) else { continue };
        let Some(bytes) = target.get(&entry.hash.section_name()).await? else { continue };
        wanted.extend(users(&bytes, &entry.hash)?.hashes().iter().map(|hash| Hash(*hash).section_name()));
    }
    old.extend(target.list("sections/").await?.into_iter().filter(|name| !wanted.contains(name)));
    let for_a_read = |name: &String| read.iter().any(|hash| name.starts_with(&format!("deltas/{hash}/")));
    old.extend(target.list("deltas/").await?.into_iter().filter(|name| !for_a_read(name)));
    for name in &old {
        target.delete(name).await?;
    }
    Ok(old.len())
}
