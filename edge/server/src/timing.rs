//! `Server-Timing` on every answer: what the core took, and the whole answer.

use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Put into a response's extensions by a handler that asked the core.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CoreTime(pub(crate) Duration);

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds the timing, and the headers that every answer has.
pub(crate) async fn stamp(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    // The path alone: a query may name a visitor, and visitors are never logged.
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let core = response.extensions().get::<CoreTime>().map_or(Duration::ZERO, |core| core.0);
    let total = start.elapsed();
    let timing = format!("core;dur={:.3}, total;dur={:.3}", milliseconds(core), milliseconds(total));
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&timing) {
        headers.insert(SERVER_TIMING, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Pages and scripts change with every build and have no version in their names.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    tracing::debug!(%method, path, status, total_ms = milliseconds(total), "answered");
    response
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
