//! `POST /v1/events`: what a visitor did, or that they withdraw.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use kenal_edge::limits::{EVENT_AHEAD_S_MAX, ID_BYTES_MAX, REQUEST_BYTES_MAX};
use kenal_edge::request::visitor_id;
use kenal_edge::{Consent, FallbackReason, LiveEvent, RequestError};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::gpc;
use crate::problem::Problem;
use crate::state::App;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    #[serde(deserialize_with = "named")]
    visitor: String,
    /// Saying nothing is not agreeing: then nothing is stored.
    #[serde(default)]
    consent: Consent,
    #[serde(default)]
    events: Vec<LiveEvent>,
}

/// As in a request, whose refusals do not repeat the id either; but without one nothing can be stored.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    visitor_id(deserializer)?.ok_or_else(|| de::Error::custom("visitor is not a text"))
}

/// What became of the events, in counts.
#[derive(Debug, Default, Serialize)]
struct Received {
    accepted: usize,
    duplicate: usize,
    /// Not stored, for `reason`.
    refused: usize,
    /// Stored before and deleted now.
    forgotten: usize,
    withdrawn: bool,
    reason: Option<FallbackReason>,
}

pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let path = uri.path();
    let body = to_bytes(body, REQUEST_BYTES_MAX).await.map_err(|_| Problem::too_large(path, REQUEST_BYTES_MAX))?;
    let refused = |error| Problem::body(path, RequestError::json(error).to_string());
    let sent: Sent = serde_json::from_slice(&body).map_err(refused)?;
    let now = app.now();
    check(&sent, now).map_err(|detail| Problem::body(path, detail))?;
    let received = store(&app, sent, gpc(&headers), now);
    Ok((StatusCode::ACCEPTED, Json(received)).into_response())
}

fn check(sent: &Sent, now: i64) -> Result<(), String> {
    let fits = |text: &str| !text.is_empty() && text.len() <= ID_BYTES_MAX;
    if !fits(&sent.visitor) {
        return Err(format!("visitor must have 1 to {ID_BYTES_MAX} bytes"));
    }
    for (at, event) in sent.events.iter().enumerate() {
        if !fits(&event.item) {
            return Err(format!("events[{at}].item must have 1 to {ID_BYTES_MAX} bytes"));
        }
        if event.time > now + EVENT_AHEAD_S_MAX || event.time < 0 {
            return Err(format!(
                "events[{at}].time is {}; expected Unix time in seconds, not in the future",
                event.time
            ));
        }
    }
    Ok(())
}

fn store(app: &App, sent: Sent, gpc: bool, now: i64) -> Received {
    let key = app.visitor_key(&sent.visitor);
    if sent.consent == Consent::Denied {
        // First the lock on serving, then the deletion: no request in between may see either half.
        app.withdrawn().add(key);
        let forgotten = app.overlay().forget(&key);
        return Received {
            refused: sent.events.len(),
            forgotten,
            withdrawn: true,
            ..Received::because(FallbackReason::ConsentDenied)
        };
    }
    let reason = if gpc {
        Some(FallbackReason::Gpc)
    } else if sent.consent != Consent::Granted {
        Some(FallbackReason::NoConsent)
    } else {
        None
    };
    if let Some(reason) = reason {
        return Received { refused: sent.events.len(), ..Received::because(reason) };
    }
    // Looked up and stored under one lock: a withdrawal that comes in between must not be overtaken.
    let withdrawn = app.withdrawn();
    if withdrawn.contains(&key) || app.version_for(Some(&sent.visitor)).edge.is_revoked(&sent.visitor) {
        return Received { refused: sent.events.len(), ..Received::because(FallbackReason::Revoked) };
    }
    let recorded = app.overlay().record(key, sent.events, now);
    drop(withdrawn);
    Received { accepted: recorded.accepted, duplicate: recorded.duplicate, ..Received::default() }
}

impl Received {
    fn because(reason: FallbackReason) -> Self {
        Received { reason: Some(reason), ..Received::default() }
    }
}
