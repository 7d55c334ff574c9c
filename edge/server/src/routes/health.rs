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
    /// A newer version that some visitors get.
    canary: Option<CanaryInfo>,
    uptime_s: u64,
}

#[derive(Debug, Serialize)]
struct CanaryInfo {
    bundle: BundleInfo,
    /// Of visitors, in percent.
    percent: f64,
}

pub(crate) async fn report(State(app): State<Arc<App>>) -> Json<Health> {
    let edge = &app.stable().edge;
    let manifest = edge.manifest();
    let warnings = app.warnings();
    Json(Health {
        status: if warnings.is_empty() { "ok" } else { "degraded" },
        warnings,
        bundle: edge.info().clone(),
        as_of: edge.as_of(),
        created_at: rfc3339(manifest.created_at),
        expires_at: rfc3339(manifest.expires_at),
        markets: manifest.markets.iter().map(|market| market.code.clone()).collect(),
        items: edge.items().unwrap_or(0),
        canary: app.canary().map(|(canary, live)| CanaryInfo {
            bundle: live.edge.info().clone(),
            percent: f64::from(canary.share) / 100.0,
        }),
        uptime_s: app.started.elapsed().as_secs(),
    })
}
