//! `GET /v1/health`: is it up, and with what?

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use kenal_edge::{BundleInfo, rfc3339};
use serde::Serialize;

use crate::state::App;

#[derive(Debug, Serialize)]
pub(crate) struct Health {
    /// `ok`, or `degraded` when `warnings` says why.
    status: &'static str,
    warnings: Vec<String>,
    bundle: BundleInfo,
    as_of: String,
    created_at: String,
    expires_at: String,
    markets: Vec<String>,
    items: usize,
    uptime_s: u64,
}

pub(crate) async fn report(State(app): State<Arc<App>>) -> Json<Health> {
    let manifest = app.edge.manifest();
    let warnings = app.warnings();
    Json(Health {
        status: if warnings.is_empty() { "ok" } else { "degraded" },
        warnings,
        bundle: app.edge.info().clone(),
        as_of: app.edge.as_of(),
        created_at: rfc3339(manifest.created_at),
        expires_at: rfc3339(manifest.expires_at),
        markets: manifest.markets.iter().map(|market| market.code.clone()).collect(),
        items: app.edge.items().unwrap_or(0),
        uptime_s: app.started.elapsed().as_secs(),
    })
}
