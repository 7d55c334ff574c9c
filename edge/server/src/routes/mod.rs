//! The HTTP interface: which path goes where, and what every answer has.

mod bundle;
mod events;
mod health;
mod recommendations;
mod visitor_events;
mod visitor_row;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Query};
use axum::handler::HandlerWithoutStateExt;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::from_fn;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use tower_http::services::ServeDir;

use crate::guard::same_machine;
use crate::problem::Problem;
use crate::state::App;
use crate::timing::stamp;

/// All routes, with the pages of `web` at `/` if there are any.
pub(crate) fn router(app: Arc<App>, web: Option<&Path>) -> Router {
    let router = Router::new()
        .route("/v1/recommendations", get(recommendations::answer))
        .route("/v1/events", post(events::receive))
        .route("/v1/health", get(health::report))
        .route("/v1/visitor-events", get(visitor_events::answer))
        .route("/v1/visitor-row", get(visitor_row::answer))
        .route("/v1/bundle/manifest", get(bundle::manifest))
        .route("/v1/bundle/signer", get(bundle::signer))
        .route("/v1/bundle/revocations", get(bundle::revocations))
        .route("/v1/bundle/sections/{hash}", get(bundle::section))
        .route("/v1/bundle/deltas/{new}/{old}", get(bundle::delta))
        .route("/v1/{*rest}", axum::routing::any(nothing))
        .method_not_allowed_fallback(wrong_method)
        .with_state(app);
    let router = match web {
        Some(web) => router.fallback_service(ServeDir::new(web).not_found_service(nothing.into_service())),
        None => router.fallback(nothing),
    };
    router.layer(from_fn(same_machine)).layer(from_fn(stamp))
}

async fn nothing(uri: Uri) -> Problem {
    Problem::not_found(uri.path(), "no such path; the interface is described in edge/README.md")
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    Problem::method(uri.path(), method.as_str())
}

/// A query string of parameters, refused in words that name the parameter.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let path = parts.uri.path();
        let Query(parameters) =
            Query::<T>::try_from_uri(&parts.uri).map_err(|rejection| Problem::parameter(path, deepest(&rejection)))?;
        Ok(Parameters(parameters))
    }
}

/// The words of the innermost cause: the outer ones only say that there is one.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Whether the browser sends Global Privacy Control.
pub(crate) fn gpc(headers: &HeaderMap) -> bool {
    headers.get("sec-gpc").is_some_and(|value| value.as_bytes() == b"1")
}
