//! A bundle in a folder, read and verified as an edge would.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kenal_bundle::{Hash, Kind, MANIFEST_NAME, Manifest, PublicKey, SIGNER_NAME, Trust, check_shard, verify};
use kenal_core::{Bundle, Sections, Users};

/// A verified manifest and its sections, each checked against its hash. User shards are read one at a time.
pub struct BundleFolder {
    path: PathBuf,
    pub manifest: Manifest,
    /// Hash of the manifest's file.
    pub id: Hash,
    pub signer: PublicKey,
    sections: BTreeMap<Kind, Vec<u8>>,
}

impl BundleFolder {
    /// Opens and verifies the bundle at `path`. Without `trust`, the key that came with it is used, which proves that
    /// the bundle is whole but not who made it.
    pub fn open(path: &Path, trust: Option<PublicKey>) -> Result<Self> {
        if !path.is_dir() {
            bail!("no bundle folder {}", path.display());
        }
        let file = path.join(MANIFEST_NAME);
        if !file.exists() {
            bail!("{} holds no {MANIFEST_NAME}: it is not a bundle, or was not published to its end", path.display());
        }
        let bytes = read(&file)?;
        let signer = match trust {
            Some(key) => key,
            None => key_file(&path.join(SIGNER_NAME))?,
        };
        let manifest = verify(&bytes, &Trust::new(signer)).with_context(|| format!("verifying {}", file.display()))?;
        let mut sections = BTreeMap::new();
        for entry in &manifest.sections {
            let file = path.join(entry.hash.section_name());
            let bytes = read(&file)?;
            manifest.check(entry.kind, &bytes).with_context(|| format!("verifying {}", file.display()))?;
            sections.insert(entry.kind, bytes);
        }
        Ok(BundleFolder { path: path.to_owned(), id: Hash::of(&bytes), manifest, signer, sections })
    }

    /// The sections, parsed together.
    pub fn bundle(&self) -> Result<Bundle<'_>> {
        let need =
            |kind: Kind| self.section(kind).with_context(|| format!("the bundle has no {} section", kind.name()));
        let sections = Sections {
            items: need(Kind::Items)?,
            trending: need(Kind::Trending)?,
            revocations: need(Kind::Revocations)?,
            users: self.section(Kind::Users),
            churn: self.section(Kind::Churn),
            catalogue: self.section(Kind::Catalogue),
            blend: self.section(Kind::Blend),
        };
        Bundle::parse(&sections).with_context(|| format!("reading the sections of {}", self.path.display()))
    }

    pub fn section(&self, kind: Kind) -> Option<&[u8]> {
        self.sections.get(&kind).map(Vec::as_slice)
    }

    /// The bytes of one user shard, verified.
    pub fn shard(&self, users: &Users<'_>, shard: u32) -> Result<Vec<u8>> {
        let hash =
            users.hashes().get(shard as usize).with_context(|| format!("the bundle has no user shard {shard}"))?;
        let file = self.path.join(Hash(*hash).section_name());
        let bytes = read(&file)?;
        check_shard(users, shard, &bytes).with_context(|| format!("verifying {}", file.display()))?;
        Ok(bytes)
    }
}

/// A public key as `signer.pub` holds it.
pub fn key_file(path: &Path) -> Result<PublicKey> {
    let text = fs::read_to_string(path).with_context(|| format!("reading the key {}", path.display()))?;
    text.trim().parse::<PublicKey>().with_context(|| format!("{} holds no public key", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}
