//! A Workers KV namespace, through Cloudflare's HTTP API (`/accounts/…/storage/kv/namespaces/…`).
//!
//! The API allows 1,200 requests in five minutes, so files go in bulk.

use std::collections::BTreeSet;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, RequestBuilder};
use serde::{Deserialize, Serialize};

use crate::http::{body, client, json, send};
use crate::target::{Target, TargetError};

const ENDPOINT: &str = "https://api.cloudflare.com/client/v4";
/// Limits of one bulk request: pairs, and bytes of which Base64 makes four thirds.
const BULK_PAIRS: usize = 10_000;
const BULK_BYTES: usize = 48 << 20;

pub(crate) struct Cloudflare {
    client: Client,
    base: String,
    prefix: String,
    token: String,
}

#[derive(Serialize)]
struct Pair {
    key: String,
    value: String,
    base64: bool,
}

#[derive(Deserialize)]
struct Answer<T> {
    success: bool,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
    result: Option<T>,
    #[serde(default)]
    result_info: Info,
}

#[derive(Deserialize, Default)]
struct Info {
    #[serde(default)]
    cursor: String,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Bulk {
    #[serde(default)]
    unsuccessful_keys: Vec<String>,
}

impl Cloudflare {
    pub(crate) fn new(
        endpoint: Option<&str>,
        (account, namespace): (&str, &str),
        prefix: &str,
        token: &str,
    ) -> Result<Cloudflare, TargetError> {
        let endpoint = endpoint.unwrap_or(ENDPOINT);
        let base = format!("{endpoint}/accounts/{account}/storage/kv/namespaces/{namespace}");
        Ok(Cloudflare { client: client()?, base, prefix: prefix.to_owned(), token: token.to_owned() })
    }

    fn value(&self, method: Method, name: &str) -> RequestBuilder {
        let key = format!("{}{name}", self.prefix);
        let address = format!("{}/values/{}", self.base, utf8_percent_encode(&key, NON_ALPHANUMERIC));
        self.client.request(method, address).bearer_auth(&self.token)
    }

    async fn bulk(&self, files: &[(String, Vec<u8>)]) -> Result<(), TargetError> {
        let what = format!("writing {} files", files.len());
        let pair = |(name, bytes): &(String, Vec<u8>)| Pair {
            key: format!("{}{name}", self.prefix),
            value: STANDARD.encode(bytes),
            base64: true,
        };
        let pairs: Vec<Pair> = files.iter().map(pair).collect();
        let address = format!("{}/bulk", self.base);
        let request = || self.client.put(&address).bearer_auth(&self.token).json(&pairs);
        let answer = send(&what, request).await?.ok_or_else(|| missing(&what))?;
        let bulk: Option<Bulk> = result(&what, json(&what, answer).await?)?;
        match bulk.map(|bulk| bulk.unsuccessful_keys.len()).unwrap_or_default() {
            0 => Ok(()),
            failed => Err(TargetError::Answer { what, detail: format!("{failed} of them were not written") }),
        }
    }
}

fn missing(what: &str) -> TargetError {
    let detail = "there is no such account or namespace, or the token may not use it".to_owned();
    TargetError::Status { what: what.to_owned(), status: 404, detail }
}

/// The result of an answer that says whether it is one.
fn result<T>(what: &str, answer: Answer<T>) -> Result<Option<T>, TargetError> {
    if answer.success {
        return Ok(answer.result);
    }
    let detail = serde_json::to_string(&answer.errors).unwrap_or_default();
    Err(TargetError::Answer { what: what.to_owned(), detail })
}

#[async_trait]
impl Target for Cloudflare {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, TargetError> {
        let what = format!("reading {name}");
        match send(&what, || self.value(Method::GET, name)).await? {
            Some(answer) => body(&what, answer).await.map(Some),
            None => Ok(None),
        }
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), TargetError> {
        let what = format!("writing {name}");
        let bytes = bytes::Bytes::from(bytes);
        let answer = send(&what, || self.value(Method::PUT, name).body(bytes.clone())).await?;
        let answer: Answer<serde_json::Value> = json(&what, answer.ok_or_else(|| missing(&what))?).await?;
        result(&what, answer).map(drop)
    }

    async fn delete(&self, name: &str) -> Result<(), TargetError> {
        send(&format!("removing {name}"), || self.value(Method::DELETE, name)).await.map(drop)
    }

    async fn list(&self, prefix: &str) -> Result<BTreeSet<String>, TargetError> {
        let what = format!("listing {prefix}");
        let address = format!("{}/keys", self.base);
        let mut names = BTreeSet::new();
        let mut cursor = String::new();
        loop {
            let wanted = [("prefix", format!("{}{prefix}", self.prefix)), ("cursor", cursor.clone())];
            let request = || self.client.get(&address).bearer_auth(&self.token).query(&wanted);
            let answer = send(&what, request).await?.ok_or_else(|| missing(&what))?;
            let answer: Answer<Vec<Name>> = json(&what, answer).await?;
            let next = answer.result_info.cursor.clone();
            let found = result(&what, answer)?.unwrap_or_default();
            names.extend(found.iter().filter_map(|key| key.name.strip_prefix(&self.prefix).map(str::to_owned)));
            if next.is_empty() || next == cursor {
                return Ok(names);
            }
            cursor = next;
        }
    }

    async fn put_all(&self, files: Vec<(String, Vec<u8>)>) -> Result<(), TargetError> {
        let mut rest = files.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |(_, content): &&(String, Vec<u8>)| {
                bytes += content.len();
                bytes <= BULK_BYTES
            };
            let count = rest.iter().take(BULK_PAIRS).take_while(fits).count().max(1);
            let (now, later) = rest.split_at(count);
            self.bulk(now).await?;
            rest = later;
        }
        Ok(())
    }

    fn batch_bytes(&self) -> usize {
        BULK_BYTES
    }
}
