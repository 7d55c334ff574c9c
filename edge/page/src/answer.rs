//! A request over HTTP, answered: whose it is, what it asks, the visitor's shard, and the headers.
//!
//! A page's own script may only make its answer less personal: visitor, consent and time of its words are replaced by
//! those of the cookies and of the host's clock. A trusted caller, such as the shop's own server, proves itself with a
//! secret and is taken at its word.

use std::borrow::Cow;

use kenal_edge::{Consent, FallbackReason, Request};

use crate::keep::{Keeper, Source};
use crate::rank::{rank, shard};
use crate::visitor::Visitor;

/// What a host was configured with.
#[derive(Clone)]
pub struct Settings {
    /// Public key that must have signed the manifest; never the store's own `signer.pub`.
    pub trust_key: [u8; 32],
    /// Secret of callers that are believed; without one, nobody is.
    pub caller_secret: Option<String>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("caller_secret", &self.caller_secret.is_some()).finish_non_exhaustive()
    }
}

impl Settings {
    /// A secret shorter than this can be guessed, and counts as none.
    pub const SECRET_BYTES_MIN: usize = 32;

    /// Reads the key's 64 hexadecimal digits.
    pub fn new(trust_key: Option<&str>, caller_secret: Option<String>) -> Option<Self> {
        let trust_key = trust_key?.trim().parse::<kenal_edge::Hash>().ok()?.0;
        let caller_secret = caller_secret.filter(|secret| secret.len() >= Self::SECRET_BYTES_MIN);
        Some(Settings { trust_key, caller_secret })
    }

    fn believes(&self, authorization: Option<&str>) -> bool {
        let given = authorization.and_then(|value| value.strip_prefix("Bearer "));
        self.caller_secret.as_deref().zip(given).is_some_and(|(secret, given)| same(secret, given))
    }
}

/// Compares in a time that says nothing about where two texts differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// What came in.
#[derive(Debug)]
pub struct Call<'a> {
    pub visitor: Visitor,
    pub authorization: Option<&'a str>,
    /// Body of a POST; a GET asks in its query.
    pub body: Option<&'a [u8]>,
    pub query: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Unix time, seconds.
    pub now: i64,
}

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: String,
}

impl Reply {
    fn new(status: u16, kind: &'static str, body: String) -> Self {
        let headers = vec![
            ("content-type", kind),
            // Also what is trending: the same address may be personalised a moment later.
            ("cache-control", "private, no-store"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
        ];
        Reply { status, headers, body }
    }

    fn problem(status: u16, kind: &str, detail: &str) -> Self {
        let body = serde_json::json!({ "type": format!("/problems/{kind}"), "status": status, "detail": detail });
        Reply::new(status, "application/problem+json", body.to_string())
    }
}

/// The refusal of a method that the address does not know.
pub fn wrong_method() -> Reply {
    let mut reply = Reply::problem(405, "method", "GET or POST");
    reply.headers.push(("allow", "GET, POST"));
    reply
}

/// The refusal of an address that is not there.
pub fn not_found() -> Reply {
    Reply::problem(404, "not-found", "there is nothing at this address")
}

/// What is said when the shop's own server cannot be reached; there is no page then that could fall back.
pub fn no_origin() -> Reply {
    Reply::problem(502, "origin", "the shop's own server did not answer")
}

/// The refusal of a body above [`kenal_edge::limits::REQUEST_BYTES_MAX`].
pub fn too_large() -> Reply {
    Reply::problem(413, "too-large", "the body is larger than any request")
}

/// Answers a call from the kept bundle, after reading the store again when it is time to.
pub async fn answer(keeper: &Keeper, source: &impl Source, settings: Option<&Settings>, call: &Call<'_>) -> Reply {
    let believed = settings.is_some_and(|settings| settings.believes(call.authorization));
    let mut request = match asked(call, believed) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    if let Some(settings) = settings {
        keeper.refresh(source, &settings.trust_key, call.now).await;
    }
    let shard = shard(keeper, source, &mut request, call.now).await;
    match rank(keeper, &mut request, shard.as_deref(), call.now) {
        None => empty(&request),
        Some(Err(error)) => Reply::problem(400, "parameter", &error.to_string()),
        Some(Ok(response)) => Reply::new(200, "application/json", response.to_json()),
    }
}

/// The request, with those of its words replaced that are not the caller's to say.
fn asked(call: &Call<'_>, believed: bool) -> Result<Request, Reply> {
    let mut request = match call.body {
        Some(body) if body.len() > kenal_edge::limits::REQUEST_BYTES_MAX => return Err(too_large()),
        Some(body) => Request::from_json(body).map_err(|error| Reply::problem(400, "body", &error.to_string()))?,
        None => query(call).map_err(|what| Reply::problem(400, "parameter", &what))?,
    };
    if believed {
        return Ok(request);
    }
    request.visitor.clone_from(&call.visitor.id);
    if request.consent != Consent::Denied {
        request.consent = call.visitor.consent;
    }
    request.gpc |= call.visitor.gpc;
    request.now = call.now;
    Ok(request)
}

fn query(call: &Call<'_>) -> Result<Request, String> {
    let mut fields = serde_json::Map::new();
    for (name, value) in &call.query {
        let value = match name.as_ref() {
            // Ids do not belong into addresses; the cookie counts.
            "visitor" => continue,
            // A form sends an empty field for nothing.
            _ if value.is_empty() => continue,
            "k" => value.parse::<u32>().map_err(|_| "k is not a number".to_owned())?.into(),
            "market" | "slot" | "item" | "category" | "consent" => serde_json::Value::from(value.as_ref()),
            _ => return Err(format!("there is no parameter {name:?}")),
        };
        if fields.insert(name.to_string(), value).is_some() {
            return Err(format!("{name} is there twice"));
        }
    }
    fields.insert("now".to_owned(), call.now.into());
    let text = serde_json::Value::Object(fields).to_string();
    Request::from_json(text.as_bytes()).map_err(|error| error.to_string())
}

/// The answer without any bundle: nothing to show, and why.
fn empty(request: &Request) -> Reply {
    let body = serde_json::json!({
        "items": [], "as_of": null, "bundle": null, "personalised": false,
        "fallback_reason": FallbackReason::SectionMissing,
        "request": { "slot": request.slot, "market": request.market, "k": request.k },
    });
    Reply::new(200, "application/json", body.to_string())
}
