//! `GET /v1/recommendations`: what should this page show this visitor, now?

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use kenal_edge::{Consent, Request, Slot, limits::K_DEFAULT};
use serde::Deserialize;

use super::{Parameters, gpc};
use crate::pool::PoolError;
use crate::problem::Problem;
use crate::state::App;
use crate::timing::CoreTime;
use crate::wasm::CoreError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    visitor: Option<String>,
    market: String,
    #[serde(default = "k_default")]
    k: u32,
    #[serde(default)]
    slot: Slot,
    item: Option<String>,
    category: Option<String>,
    #[serde(default)]
    consent: Consent,
}

const fn k_default() -> u32 {
    K_DEFAULT
}

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let request = Request {
        // A form sends an empty field for nobody.
        visitor: asked.visitor.filter(|visitor| !visitor.is_empty()),
        k: asked.k,
        slot: asked.slot,
        item: asked.item.filter(|item| !item.is_empty()),
        category: asked.category.filter(|category| !category.is_empty()),
        consent: asked.consent,
        gpc: gpc(&headers),
        ..Request::new(asked.market, app.now())
    };
    let live = app.version_for(request.visitor.as_deref());
    live.edge.check(&request).map_err(|error| Problem::parameter(uri.path(), error.to_string()))?;
    let answer = app.recommend(&live, request).await.map_err(|error| match error {
        PoolError::Core(CoreError::Refused { message, .. }) => Problem::parameter(uri.path(), message),
        PoolError::Busy | PoolError::Core(_) => Problem::busy(uri.path()),
    })?;
    let mut response = answer.json.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Also what is trending: the same address may be personalised a moment later.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response.extensions_mut().insert(CoreTime(answer.core));
    Ok(response)
}
