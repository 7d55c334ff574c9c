//! A folder or an S3-compatible store, through `object_store`. Its writes are atomic: a folder's by renaming.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::place::Access;
use crate::target::{Target, TargetError};

/// Variables that say how to reach an S3-compatible store.
const VARIABLES: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
];

pub(crate) struct Objects {
    store: Box<dyn ObjectStore>,
    prefix: String,
}

impl Objects {
    pub(crate) fn folder(path: &Path) -> Result<Objects, TargetError> {
        let what = || format!("opening {}", path.display());
        fs::create_dir_all(path).map_err(|e| TargetError::Transport { what: what(), source: e.into() })?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(transport(what()))?;
        Ok(Objects { store: Box::new(store), prefix: String::new() })
    }

    pub(crate) fn s3(bucket: &str, prefix: &str, access: &Access) -> Result<Objects, TargetError> {
        let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
        for name in VARIABLES {
            if let (Some(value), Ok(key)) =
                ((access.variable)(name), name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>())
            {
                builder = builder.with_config(key, value);
            }
        }
        if let Some(endpoint) = &access.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        let store = builder.build().map_err(transport(format!("opening the bucket {bucket}")))?;
        Ok(Objects { store: Box::new(store), prefix: prefix.to_owned() })
    }

    fn key(&self, name: &str) -> Key {
        Key::from(format!("{}{name}", self.prefix))
    }
}

fn transport(what: String) -> impl FnOnce(object_store::Error) -> TargetError {
    |error| TargetError::Transport { what, source: error.into() }
}

#[async_trait]
impl Target for Objects {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, TargetError> {
        let what = || transport(format!("reading {name}"));
        match self.store.get(&self.key(name)).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(what())?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(what()(error)),
        }
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), TargetError> {
        let key = self.key(name);
        self.store.put(&key, bytes.into()).await.map(drop).map_err(transport(format!("writing {name}")))
    }

    async fn delete(&self, name: &str) -> Result<(), TargetError> {
        match self.store.delete(&self.key(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(transport(format!("removing {name}"))(error)),
        }
    }

    async fn list(&self, prefix: &str) -> Result<BTreeSet<String>, TargetError> {
        // Prefixes of paths are whole folders here, which is what names of a bundle have.
        let folder = self.key(prefix.trim_end_matches('/'));
        let found = self.store.list(Some(&folder)).map_ok(|meta| meta.location.to_string());
        let names: Vec<String> = found.try_collect().await.map_err(transport(format!("listing {prefix}")))?;
        Ok(names.iter().filter_map(|name| name.strip_prefix(&self.prefix).map(str::to_owned)).collect())
    }
}
