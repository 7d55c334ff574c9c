//! `GET /v1/visitor-events`: what this server remembers of a visit, for the core in the visitor's own browser.
//!
//! A page that was loaded anew has forgotten the clicks that the server still counts; with them both rank alike.
//! As with the row, whoever knows a visitor's id can ask; a shop's front end puts its own session check before this path.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use kenal_edge::LiveEvent;
use serde::Serialize;

use super::Parameters;
use super::visitor_row::Asked;
use crate::problem::Problem;
use crate::state::App;

#[derive(Debug, Serialize)]
struct Remembered {
    events: Vec<LiveEvent>,
}

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    asked.check(&app, &headers, uri.path())?;
    let key = app.visitor_key(&asked.visitor);
    let events = app.overlay().events(&key, app.now());
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(Remembered { events })).into_response())
}
