//! The bundle to publish, in its folder: verified before anything is sent, and again file by file as it is sent.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kenal_bundle::{BundleError, Hash, Kind, MANIFEST_NAME, Manifest, PublicKey, Trust, check_shard, verify};
use kenal_core::Users;

use crate::{Error, bundle_error};

/// A bundle in a folder.
#[derive(Debug)]
pub struct Source {
    folder: PathBuf,
    /// What it is.
    pub manifest: Manifest,
    /// The manifest file.
    pub manifest_bytes: Vec<u8>,
    /// Hashes of its sections, user shards among them.
    pub sections: BTreeSet<Hash>,
}

impl Source {
    /// Opens the bundle in `folder`, which `key` must have signed, and looks whether all of its files are there.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Bundle`].
    pub fn open(folder: &Path, key: PublicKey) -> Result<Source, Error> {
        let manifest_bytes = read(folder, MANIFEST_NAME)?;
        let manifest = verify(&manifest_bytes, &Trust::new(key)).map_err(bundle_error(MANIFEST_NAME))?;
        let mut source = Source { folder: folder.to_owned(), manifest, manifest_bytes, sections: BTreeSet::new() };
        source.sections.extend(source.manifest.sections.iter().map(|entry| entry.hash));
        if let Some(entry) = source.manifest.section(Kind::Users) {
            let bytes = source.section(&entry.hash)?;
            let users = users(&bytes, &entry.hash)?;
            source.sections.extend(users.hashes().iter().map(|hash| Hash(*hash)));
        }
        for hash in &source.sections {
            let path = source.folder.join(hash.section_name());
            if let Err(error) = fs::metadata(&path) {
                return Err(Error::Read { path: path.display().to_string(), source: error });
            }
        }
        Ok(source)
    }

    /// The bytes of a section or a shard; what its name says is checked.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Bundle`].
    pub fn section(&self, hash: &Hash) -> Result<Vec<u8>, Error> {
        let name = hash.section_name();
        let bytes = read(&self.folder, &name)?;
        check_named(name, hash, bytes)
    }
}

/// `bytes`, if they hash to what their name says.
pub(crate) fn check_named(name: String, expected: &Hash, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let found = Hash::of(&bytes);
    if found == *expected {
        return Ok(bytes);
    }
    // The kind is not known here; what counts is the name.
    let source = BundleError::Hash { section: Kind::UserShard, expected: *expected, found };
    Err(Error::Bundle { name, source })
}

pub(crate) fn users<'a>(bytes: &'a [u8], hash: &Hash) -> Result<Users<'a>, Error> {
    Users::parse(bytes).map_err(|error| bundle_error(hash.section_name())(error.into()))
}

/// The visitor keys that have a row in a shard.
pub(crate) fn keys_of(users: &Users<'_>, shard: u32, bytes: &[u8]) -> Result<Vec<[u8; 16]>, Error> {
    let name = || format!("user shard {shard}");
    let shard = check_shard(users, shard, bytes).map_err(|error| bundle_error(name())(error))?;
    Ok(shard.iter().map(|(key, _)| *key).collect())
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let path = folder.join(name);
    fs::read(&path).map_err(|source| Error::Read { path: path.display().to_string(), source })
}
