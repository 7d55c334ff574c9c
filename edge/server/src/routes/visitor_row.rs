//! `GET /v1/visitor-row`: a visitor's own row, for the core in their browser.
//!
//! Whoever knows a visitor's id can ask; a shop's front end puts its own session check before this path.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use kenal_edge::Consent;
use kenal_edge::limits::ID_BYTES_MAX;
use serde::Deserialize;

use super::{Parameters, gpc};
use crate::problem::Problem;
use crate::state::{App, Row};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(super) visitor: String,
    #[serde(default)]
    consent: Consent,
    /// Short id of the bundle that the row is for: a row speaks of items by their place in its own bundle.
    bundle: Option<String>,
}

impl Asked {
    /// Whether what is held of the visitor may be given out to them, now.
    pub(super) fn check(&self, app: &App, headers: &HeaderMap, path: &str) -> Result<(), Problem> {
        if self.visitor.is_empty() || self.visitor.len() > ID_BYTES_MAX {
            return Err(Problem::parameter(path, format!("visitor must have 1 to {ID_BYTES_MAX} bytes")));
        }
        let refused = |detail| Err(Problem::no_consent(path, detail));
        if self.consent != Consent::Granted {
            return refused("what is held of a visitor is given out only with consent=granted");
        }
        if gpc(headers) {
            return refused("the browser sends Global Privacy Control");
        }
        if app.is_revoked(&self.visitor) {
            return refused("consent was withdrawn");
        }
        let stable = app.stable();
        if stable.edge.is_expired(app.now()) {
            return refused("the bundle has expired, and with it the proof of consent");
        }
        if !app.is_fresh(&stable) {
            return refused("withdrawals cannot be read, and with them the proof of consent");
        }
        Ok(())
    }
}

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let path = uri.path();
    asked.check(&app, &headers, path)?;
    let edge = match &asked.bundle {
        None => Arc::clone(&app.stable().edge),
        Some(id) => app.held(id).ok_or_else(|| Problem::bundle(path))?,
    };
    let own = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(match app.row(&edge, asked.visitor).await {
        Row::Found(row) => {
            let octets = (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            ([octets, own], row).into_response()
        }
        Row::Unknown => (StatusCode::NO_CONTENT, [own]).into_response(),
        Row::Unreadable => return Err(Problem::not_found(path, "the shard of this visitor cannot be read")),
    })
}
