//! A Fastly KV store, through the platform's HTTP API (`/resources/stores/kv`).

use std::collections::BTreeSet;

use async_trait::async_trait;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, RequestBuilder};
use serde::Deserialize;

use crate::http::{body, client, json, send};
use crate::target::{Target, TargetError};

const ENDPOINT: &str = "https://api.fastly.com";
/// Names a page of a list may have.
const PAGE: u32 = 1000;

pub(crate) struct Fastly {
    client: Client,
    base: String,
    prefix: String,
    token: String,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<String>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    next_cursor: Option<String>,
}

impl Fastly {
    pub(crate) fn new(endpoint: Option<&str>, store: &str, prefix: &str, token: &str) -> Result<Fastly, TargetError> {
        let base = format!("{}/resources/stores/kv/{store}/keys", endpoint.unwrap_or(ENDPOINT));
        Ok(Fastly { client: client()?, base, prefix: prefix.to_owned(), token: token.to_owned() })
    }

    fn request(&self, method: Method, name: &str) -> RequestBuilder {
        let key = format!("{}{name}", self.prefix);
        let address = format!("{}/{}", self.base, utf8_percent_encode(&key, NON_ALPHANUMERIC));
        self.client.request(method, address).header("Fastly-Key", &self.token)
    }
}

#[async_trait]
impl Target for Fastly {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, TargetError> {
        let what = format!("reading {name}");
        match send(&what, || self.request(Method::GET, name)).await? {
            Some(answer) => body(&what, answer).await.map(Some),
            None => Ok(None),
        }
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), TargetError> {
        let what = format!("writing {name}");
        let bytes = bytes::Bytes::from(bytes);
        let answer = send(&what, || self.request(Method::PUT, name).body(bytes.clone())).await?;
        let detail = "there is no such store, or the token may not write to it".to_owned();
        answer.map(drop).ok_or(TargetError::Status { what, status: 404, detail })
    }

    async fn delete(&self, name: &str) -> Result<(), TargetError> {
        send(&format!("removing {name}"), || self.request(Method::DELETE, name)).await.map(drop)
    }

    async fn list(&self, prefix: &str) -> Result<BTreeSet<String>, TargetError> {
        let what = format!("listing {prefix}");
        let mut names = BTreeSet::new();
        let mut cursor: Option<String> = None;
        loop {
            let request = || {
                let wanted = [("prefix", format!("{}{prefix}", self.prefix)), ("limit", PAGE.to_string())];
                let request = self.client.get(&self.base).header("Fastly-Key", &self.token).query(&wanted);
                cursor.iter().fold(request, |request, cursor| request.query(&[("cursor", cursor)]))
            };
            let detail = "there is no such store, or the token may not read it".to_owned();
            let missing = || TargetError::Status { what: what.clone(), status: 404, detail };
            let page: Page = json(&what, send(&what, request).await?.ok_or_else(missing)?).await?;
            names.extend(page.data.iter().filter_map(|name| name.strip_prefix(&self.prefix).map(str::to_owned)));
            match page.meta.next_cursor.filter(|next| !next.is_empty() && Some(next) != cursor.as_ref()) {
                Some(next) => cursor = Some(next),
                None => return Ok(names),
            }
        }
    }
}
