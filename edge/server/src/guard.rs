//! Keeps other web sites out. The server is on this machine only, but so are browsers that show any site.
//!
//! A site can point its own name at 127.0.0.1 ("DNS rebinding") and would then read answers as if they were its own;
//! the `Host` header still has the site's name. And a site can post to us without reading the answer; the `Origin`
//! header has the site's name.

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Refuses requests that were made under another site's name.
pub(crate) async fn same_machine(request: Request, next: Next) -> Response {
    match foreign(request.headers(), request.uri().path()) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn foreign(headers: &HeaderMap, path: &str) -> Option<Problem> {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(host) = header(header::HOST).filter(|host| !is_loopback(host)) {
        let detail = format!("the Host header names {host:?}; this server answers as localhost or 127.0.0.1 only");
        return Some(Problem::foreign(path, detail));
    }
    let ours = |origin: &str| match origin.split_once("://") {
        Some((scheme, host)) => matches!(scheme, "http" | "https") && is_loopback(host),
        None => false,
    };
    let origin = header(header::ORIGIN).filter(|origin| !ours(origin))?;
    let detail = format!("the Origin header names {origin:?}; only pages of this machine may ask");
    Some(Problem::foreign(path, detail))
}

/// Whether a `Host` value, with or without a port, names this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn hosts() {
        for (host, expected) in [
            ("localhost", true),
            ("LOCALHOST:8787", true),
            ("127.0.0.1:8787", true),
            ("127.8.8.8", true),
            ("[::1]:8787", true),
            ("[::1]", true),
            ("shop.example", false),
            ("localhost.shop.example", false),
            ("127.0.0.1.shop.example:8787", false),
            ("10.0.0.1", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
