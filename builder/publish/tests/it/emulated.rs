//! The HTTP interfaces of the platforms, as far as publishing uses them, over a map in memory.
//!
//! They follow the platforms' documentation: paths, headers, pages of lists, and what they refuse.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub const TOKEN: &str = "a token for tests";
/// Names in one page of a list: few, so that lists have several.
const PAGE: usize = 7;

#[derive(Default)]
pub struct Content {
    pub files: BTreeMap<String, Vec<u8>>,
    /// Requests that are still to be answered with 503.
    pub failing: usize,
    /// Writes after which everything fails for good.
    pub writes_left: Option<usize>,
}

pub type Shared = Arc<Mutex<Content>>;

/// How a request fails, if it is to.
fn fails(shared: &Shared, write: bool) -> Option<Response> {
    let mut content = shared.lock().expect("one at a time");
    if let (true, Some(left)) = (write, &mut content.writes_left) {
        if *left == 0 {
            return Some((StatusCode::FORBIDDEN, "no more").into_response());
        }
        *left -= 1;
    }
    let failing = content.failing > 0;
    content.failing = content.failing.saturating_sub(1);
    failing.then(|| (StatusCode::SERVICE_UNAVAILABLE, "try again").into_response())
}

/// A page of names from `cursor` on, and where the next begins.
fn page(shared: &Shared, wanted: &BTreeMap<String, String>) -> (Vec<String>, Option<String>) {
    let content = shared.lock().expect("one at a time");
    let text = |name: &str| wanted.get(name).cloned().unwrap_or_default();
    let (prefix, cursor) = (text("prefix"), text("cursor"));
    let mut names: Vec<String> =
        content.files.keys().filter(|k| k.starts_with(&prefix) && **k >= cursor).cloned().collect();
    let next = names.get(PAGE).cloned();
    names.truncate(PAGE);
    (names, next)
}

async fn fastly_keys(
    State(shared): State<Shared>,
    Query(wanted): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Some(failed) = fails(&shared, false) {
        return failed;
    }
    if headers.get("Fastly-Key").is_none_or(|key| key != TOKEN) {
        return (StatusCode::UNAUTHORIZED, "no token").into_response();
    }
    let (names, next) = page(&shared, &wanted);
    axum::Json(json!({"data": names, "meta": {"limit": PAGE, "next_cursor": next}})).into_response()
}

async fn value(shared: &Shared, method: axum::http::Method, key: String, body: Bytes) -> Option<Response> {
    let write = method != axum::http::Method::GET;
    if let Some(failed) = fails(shared, write) {
        return Some(failed);
    }
    let mut content = shared.lock().expect("one at a time");
    match method.as_str() {
        "PUT" => {
            content.files.insert(key, body.to_vec());
            None
        }
        "DELETE" => {
            content.files.remove(&key);
            None
        }
        _ => Some(match content.files.get(&key) {
            Some(bytes) => bytes.clone().into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }),
    }
}

async fn fastly_value(
    State(shared): State<Shared>,
    Path((_, key)): Path<(String, String)>,
    method: axum::http::Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if headers.get("Fastly-Key").is_none_or(|key| key != TOKEN) {
        return (StatusCode::UNAUTHORIZED, "no token").into_response();
    }
    value(&shared, method, key, body).await.unwrap_or_else(|| StatusCode::OK.into_response())
}

async fn cloudflare_value(
    State(shared): State<Shared>,
    Path((_, _, key)): Path<(String, String, String)>,
    method: axum::http::Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !authorised(&headers) {
        return refused();
    }
    let done = json!({"success": true, "errors": [], "messages": [], "result": null});
    value(&shared, method, key, body).await.unwrap_or_else(|| axum::Json(done).into_response())
}

fn authorised(headers: &HeaderMap) -> bool {
    headers.get("Authorization").is_some_and(|value| value == &format!("Bearer {TOKEN}"))
}

fn refused() -> Response {
    let errors = json!({"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]});
    (StatusCode::FORBIDDEN, axum::Json(errors)).into_response()
}

async fn cloudflare_keys(
    State(shared): State<Shared>,
    Query(wanted): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Some(failed) = fails(&shared, false) {
        return failed;
    }
    if !authorised(&headers) {
        return refused();
    }
    let (names, next) = page(&shared, &wanted);
    let names: Vec<Value> = names.into_iter().map(|name| json!({"name": name})).collect();
    let info = json!({"count": names.len(), "cursor": next.unwrap_or_default()});
    axum::Json(json!({"success": true, "errors": [], "result": names, "result_info": info})).into_response()
}

async fn cloudflare_bulk(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(failed) = fails(&shared, true) {
        return failed;
    }
    if !authorised(&headers) {
        return refused();
    }
    let pairs: Vec<Value> = serde_json::from_slice(&body).expect("pairs");
    let mut content = shared.lock().expect("one at a time");
    for pair in &pairs {
        let value = pair["value"].as_str().expect("a text");
        let bytes = if pair["base64"] == json!(true) { STANDARD.decode(value).expect("Base64") } else { value.into() };
        content.files.insert(pair["key"].as_str().expect("a name").to_owned(), bytes);
    }
    let result = json!({"successful_key_count": pairs.len(), "unsuccessful_keys": []});
    axum::Json(json!({"success": true, "errors": [], "result": result})).into_response()
}

async fn s3_value(
    State(shared): State<Shared>,
    Path((_, key)): Path<(String, String)>,
    method: axum::http::Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !headers.get("Authorization").is_some_and(|v| v.to_str().is_ok_and(|v| v.starts_with("AWS4-HMAC-SHA256"))) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let stamp = [("ETag", "\"1\""), ("Last-Modified", "Thu, 26 Nov 2026 00:00:00 GMT")];
    match value(&shared, method.clone(), key, body).await {
        Some(answer) => (stamp, answer).into_response(),
        None if method == "DELETE" => StatusCode::NO_CONTENT.into_response(),
        None => (stamp, StatusCode::OK).into_response(),
    }
}

async fn s3_list(State(shared): State<Shared>, Query(mut wanted): Query<BTreeMap<String, String>>) -> Response {
    if let Some(failed) = fails(&shared, false) {
        return failed;
    }
    if let Some(token) = wanted.get("continuation-token").cloned() {
        wanted.insert("cursor".to_owned(), token);
    }
    let (names, next) = page(&shared, &wanted);
    let entry = |name: &String| {
        format!(
            "<Contents><Key>{name}</Key><LastModified>2026-11-26T00:00:00.000Z</LastModified><ETag>\"1\"</ETag>\
             <Size>1</Size></Contents>"
        )
    };
    let entries: String = names.iter().map(entry).collect();
    let token = next.map(|n| format!("<NextContinuationToken>{n}</NextContinuationToken>")).unwrap_or_default();
    let xml = format!("<ListBucketResult><Name>shop</Name>{token}{entries}</ListBucketResult>");
    ([("Content-Type", "application/xml")], xml).into_response()
}

/// Objects are deleted several at once, by their names in XML.
async fn s3_delete(State(shared): State<Shared>, body: String) -> Response {
    if let Some(failed) = fails(&shared, true) {
        return failed;
    }
    let mut content = shared.lock().expect("one at a time");
    let keys = body.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
    let mut deleted = String::new();
    for (key, _) in keys {
        content.files.remove(key);
        deleted.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
    }
    let xml = format!("<DeleteResult>{deleted}</DeleteResult>");
    ([("Content-Type", "application/xml")], xml).into_response()
}

/// Starts the interfaces on a free port of this machine; what they hold, and where they are.
pub async fn start() -> (Shared, String) {
    let shared = Shared::default();
    let limit = axum::extract::DefaultBodyLimit::max(64 << 20);
    let fastly = get(fastly_value).put(fastly_value).delete(fastly_value);
    let cloudflare = get(cloudflare_value).put(cloudflare_value).delete(cloudflare_value);
    let s3 = get(s3_value).put(s3_value).delete(s3_value);
    let namespace = "/cf/accounts/{account}/storage/kv/namespaces/{namespace}";
    let router = Router::new()
        .route("/fastly/resources/stores/kv/{store}/keys", get(fastly_keys))
        .route("/fastly/resources/stores/kv/{store}/keys/{key}", fastly)
        .route(&format!("{namespace}/keys"), get(cloudflare_keys))
        .route(&format!("{namespace}/values/{{key}}"), cloudflare)
        .route(&format!("{namespace}/bulk"), put(cloudflare_bulk))
        .route("/s3/{bucket}", get(s3_list).post(s3_delete))
        .route("/s3/{bucket}/{*key}", s3)
        .layer(limit)
        .with_state(Arc::clone(&shared));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (shared, format!("http://{address}"))
}
