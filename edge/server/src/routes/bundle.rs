//! `GET /v1/bundle/…`: the files of the bundle for hosts that run the core themselves, such as the browser.
//!
//! Never a user shard: nobody else's row may reach a browser. The manifest does not list shards, and only what it lists
//! is served.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use kenal_edge::{Hash, Store, delta_name};

use crate::problem::Problem;
use crate::state::App;

pub(crate) async fn manifest(State(app): State<Arc<App>>) -> Response {
    bytes(app.stable().manifest.clone(), "no-cache")
}

/// The key that this server trusts, 64 hexadecimal digits.
pub(crate) async fn signer(State(app): State<Arc<App>>) -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], format!("{}\n", Hash(*app.stable().edge.signer()))).into_response()
}

pub(crate) async fn revocations(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let update = app.stable().update();
    let update = update.ok_or_else(|| Problem::not_found(uri.path(), "no revocation update was published"))?;
    Ok(bytes(update.to_vec(), "no-cache"))
}

pub(crate) async fn section(
    State(app): State<Arc<App>>,
    uri: Uri,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let none = || Problem::not_found(uri.path(), "the manifest lists no such section");
    let hash: Hash = name.parse().map_err(|_| none())?;
    if !app.lists(&hash) {
        return Err(none());
    }
    let app = Arc::clone(&app);
    let read = tokio::task::spawn_blocking(move || app.folder.get(&hash.section_name())).await;
    // Its reader checks the hash; a file that was damaged since the start is of no use to anybody.
    let section = read.ok().and_then(Result::ok).flatten().filter(|bytes| Hash::of(bytes) == hash);
    let section = section.ok_or_else(|| Problem::not_found(uri.path(), "the section cannot be read any more"))?;
    Ok(bytes(section, "public, max-age=31536000, immutable"))
}

/// What changed in a section since an older one, for readers that hold that. It proves itself: its reader checks the hash
/// of what comes out.
pub(crate) async fn delta(
    State(app): State<Arc<App>>,
    uri: Uri,
    Path((new, old)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let none = || Problem::not_found(uri.path(), "there is no such delta; fetch the section whole");
    let (Ok(new), Ok(old)) = (new.parse::<Hash>(), old.parse::<Hash>()) else { return Err(none()) };
    if !app.lists(&new) {
        return Err(none());
    }
    let app = Arc::clone(&app);
    let read = tokio::task::spawn_blocking(move || app.folder.get(&delta_name(&old, &new))).await;
    let delta = read.ok().and_then(Result::ok).flatten().ok_or_else(none)?;
    Ok(bytes(delta, "public, max-age=31536000, immutable"))
}

fn bytes(bytes: Vec<u8>, cache: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    (headers, bytes).into_response()
}
