//! What `--to` says: where a bundle goes.

use std::path::PathBuf;
use std::str::FromStr;

use crate::cloudflare::Cloudflare;
use crate::fastly::Fastly;
use crate::object::Objects;
use crate::target::{Target, TargetError};

/// Where a bundle goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder.
    Folder(PathBuf),
    /// `s3://BUCKET[/PREFIX]`: Amazon's or a compatible store; credentials and endpoint from the `AWS_…` variables.
    S3 {
        /// The bucket.
        bucket: String,
        /// Before each name; empty for none.
        prefix: String,
    },
    /// `fastly-kv://STORE[/PREFIX]`: a KV store by its id; the token from `FASTLY_API_TOKEN`.
    FastlyKv {
        /// The store's id.
        store: String,
        /// Before each name.
        prefix: String,
    },
    /// `cloudflare-kv://ACCOUNT/NAMESPACE[/PREFIX]`: a Workers KV namespace; the token from `CLOUDFLARE_API_TOKEN`.
    CloudflareKv {
        /// The account's id.
        account: String,
        /// The namespace's id.
        namespace: String,
        /// Before each name.
        prefix: String,
    },
}

/// Where the interfaces are; other than by default for emulations.
#[derive(Debug, Clone)]
pub struct Access {
    /// A credential by the name of its variable.
    pub variable: fn(&str) -> Option<String>,
    /// The beginning of all addresses, in place of the platform's own.
    pub endpoint: Option<String>,
}

impl Place {
    /// The store at this place.
    ///
    /// # Errors
    /// [`TargetError::Place`] when a credential is missing.
    pub fn open(&self, access: &Access) -> Result<Box<dyn Target>, TargetError> {
        let token = |name: &str| {
            let missing =
                || TargetError::Place(format!("{name} is not set; it holds the token for the platform's API"));
            (access.variable)(name).ok_or_else(missing)
        };
        let endpoint = access.endpoint.as_deref();
        Ok(match self {
            Place::Folder(path) => Box::new(Objects::folder(path)?),
            Place::S3 { bucket, prefix } => Box::new(Objects::s3(bucket, prefix, access)?),
            Place::FastlyKv { store, prefix } => {
                Box::new(Fastly::new(endpoint, store, prefix, &token("FASTLY_API_TOKEN")?)?)
            }
            Place::CloudflareKv { account, namespace, prefix } => {
                let token = token("CLOUDFLARE_API_TOKEN")?;
                Box::new(Cloudflare::new(endpoint, (account, namespace), prefix, &token)?)
            }
        })
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(s: &str) -> Result<Place, String> {
        let Some((scheme, rest)) = s.split_once("://") else {
            return if s.is_empty() { Err("an empty place".to_owned()) } else { Ok(Place::Folder(s.into())) };
        };
        let mut parts = rest.splitn(if scheme == "cloudflare-kv" { 3 } else { 2 }, '/');
        let mut part = |what: &str| match parts.next() {
            Some(part) if !part.is_empty() => Ok(part.to_owned()),
            _ => Err(format!("{scheme}:// lacks its {what}")),
        };
        match scheme {
            "s3" => {
                let bucket = part("bucket")?;
                Ok(Place::S3 { bucket, prefix: prefix(parts.next()) })
            }
            "fastly-kv" => {
                let store = part("store id")?;
                Ok(Place::FastlyKv { store, prefix: prefix(parts.next()) })
            }
            "cloudflare-kv" => {
                let (account, namespace) = (part("account id")?, part("namespace id")?);
                Ok(Place::CloudflareKv { account, namespace, prefix: prefix(parts.next()) })
            }
            _ => Err(format!("{scheme}:// is none of: a folder, s3://, fastly-kv://, cloudflare-kv://")),
        }
    }
}

/// With exactly one `/` at its end, or empty.
fn prefix(rest: Option<&str>) -> String {
    match rest.unwrap_or_default().trim_matches('/') {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let text = str::to_owned;
        let cases: [(&str, Result<Place, &str>); 9] = [
            ("out/bundle", Ok(Place::Folder("out/bundle".into()))),
            ("s3://shop", Ok(Place::S3 { bucket: text("shop"), prefix: text("") })),
            ("s3://shop/kenal/sg/", Ok(Place::S3 { bucket: text("shop"), prefix: text("kenal/sg/") })),
            ("fastly-kv://st0re/v1", Ok(Place::FastlyKv { store: text("st0re"), prefix: text("v1/") })),
            (
                "cloudflare-kv://acc/name/a/b",
                Ok(Place::CloudflareKv { account: text("acc"), namespace: text("name"), prefix: text("a/b/") }),
            ),
            ("cloudflare-kv://acc", Err("lacks its namespace id")),
            ("s3:///x", Err("lacks its bucket")),
            ("ftp://x", Err("ftp:// is none of")),
            ("", Err("an empty place")),
        ];
        for (given, expected) in cases {
            match (given.parse::<Place>(), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{given}: {found}"),
                (found, _) => panic!("{given}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_missing_token_is_named() {
        let access = Access { variable: |_| None, endpoint: None };
        let place: Place = "fastly-kv://store".parse().expect("a place");
        let said = place.open(&access).err().expect("no token").to_string();
        assert!(said.starts_with("FASTLY_API_TOKEN is not set"), "{said}");
    }
}
