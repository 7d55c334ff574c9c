//! A bundle in a folder: where its files are, and good words when they are not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kenal_edge::{Hash, MANIFEST_NAME, SIGNER_NAME, Store, StoreError};

use crate::error::ServeError;

/// A bundle folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at `root`, if it looks like a bundle.
    ///
    /// # Errors
    /// [`ServeError::NoBundle`] or [`ServeError::NotABundle`].
    pub fn open(root: &Path) -> Result<Self, ServeError> {
        if !root.is_dir() {
            return Err(ServeError::NoBundle { path: root.to_owned() });
        }
        if !root.join(MANIFEST_NAME).is_file() {
            return Err(ServeError::NotABundle { path: root.to_owned() });
        }
        Ok(Folder { root: root.to_owned() })
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// A file that must be there.
    ///
    /// # Errors
    /// [`ServeError::Read`].
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, ServeError> {
        let path = self.root.join(name);
        fs::read(&path).map_err(|source| ServeError::Read { path, source })
    }

    /// The key in `signer.pub`, 64 hexadecimal digits.
    ///
    /// # Errors
    /// When the file is missing or holds something else.
    pub(crate) fn signer(&self) -> Result<[u8; 32], ServeError> {
        let bytes = self.read(SIGNER_NAME)?;
        let key = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse::<Hash>().ok());
        Ok(key.ok_or_else(|| ServeError::Key { path: self.root.join(SIGNER_NAME) })?.0)
    }
}

impl Store for Folder {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.root.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::new(name, error)),
        }
    }
}
