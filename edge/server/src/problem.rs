//! Refusals in the form of RFC 9457, "Problem Details for HTTP APIs".
//!
//! No detail ever repeats a visitor id: details are for logs and screenshots too.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A refusal: what kind, and what about this request.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// Stable name of the kind of problem; a relative reference, resolved against the server.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    #[serde(serialize_with = "status_number")]
    pub status: StatusCode,
    pub detail: String,
    /// The path that was asked, without its query, which may name a visitor.
    pub instance: String,
}

fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, path: &str, detail: impl Into<String>) -> Self {
        Problem { kind, title, status, detail: detail.into(), instance: path.to_owned() }
    }

    pub(crate) fn parameter(path: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "/problems/parameter", "A parameter is not valid", path, detail)
    }

    pub(crate) fn body(path: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "/problems/body", "The body is not valid", path, detail)
    }

    pub(crate) fn too_large(path: &str, max: usize) -> Self {
        let detail = format!("the body is larger than {max} bytes; send fewer events at once");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "/problems/too-large", "The body is too large", path, detail)
    }

    pub(crate) fn not_found(path: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "/problems/not-found", "There is nothing here", path, detail)
    }

    pub(crate) fn method(path: &str, method: &str) -> Self {
        let detail = format!("{method} is not offered here");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "/problems/method", "Another method is needed", path, detail)
    }

    pub(crate) fn no_consent(path: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "/problems/no-consent", "The visitor has not agreed to this", path, detail)
    }

    pub(crate) fn foreign(path: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "/problems/foreign", "The request comes from elsewhere", path, detail)
    }

    pub(crate) fn bundle(path: &str) -> Self {
        let detail = "another bundle is served meanwhile; fetch its manifest, then the row again";
        Self::new(StatusCode::CONFLICT, "/problems/bundle", "The bundle is of another version", path, detail)
    }

    pub(crate) fn busy(path: &str) -> Self {
        let detail = "more requests are waiting than the core can answer; try again in a second";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "/problems/busy", "The server is busy", path, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
