//! What of an origin's page may be changed, and who may keep the changed page.
//!
//! Headers leave before the body streams, so the request alone decides: one that could be personalised is answered for
//! nobody else, every other keeps what the origin said, unless the origin gives a cookie to whoever asked. These are rules only; nothing here reads a body.

use crate::visitor::Visitor;

/// Value of `Cache-Control` on a page that could be personal.
pub const PERSONAL: &str = "private, no-store";

/// Whether anything of the visitor could come into the page: an id counts only with a yes and without GPC.
pub fn may_be_personal(visitor: &Visitor) -> bool {
    visitor.id.is_some()
}

/// Whether a rewritten page is kept from every cache: it could be personal, or the origin sets a cookie with it. A cache
/// that stored such a page would give one visitor's cookie to the next, and it is this host that made the page.
pub const fn is_private(personal: bool, sets_cookie: bool) -> bool {
    personal || sets_cookie
}

/// Whether a request may be for a page: pictures and scripts keep their ranges and their conditions.
pub fn asks_for_page(method: &str, accept: Option<&str>, fetch_dest: Option<&str>) -> bool {
    let reads = matches!(method, "GET" | "HEAD");
    reads
        && match fetch_dest {
            Some(dest) => matches!(dest.trim(), "document" | "iframe" | "frame"),
            None => accept.is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*")),
        }
}

/// Whether an origin's answer is a page that slots are looked for in: whole, in UTF-8, and not compressed.
pub fn is_page(status: u16, content_type: Option<&str>, content_encoding: Option<&str>) -> bool {
    let mut kind = content_type.unwrap_or_default().split(';').map(str::trim);
    let html = kind.next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"));
    let utf_8 = kind.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    let plain = content_encoding.is_none_or(|value| value.trim().eq_ignore_ascii_case("identity"));
    status == 200 && html && utf_8 && plain
}

/// Whether a header of a request for a page is kept from the origin: a part of a page, or the word that it has not
/// changed, cannot be rewritten.
pub fn drops_asked(name: &str) -> bool {
    let names = [
        "accept-encoding",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
    ];
    names.iter().any(|dropped| name.eq_ignore_ascii_case(dropped))
}

/// Whether a header of a rewritten page is not passed on. [`PERSONAL`] is set by the host on a `private` one
/// ([`is_private`]).
pub fn drops_answered(name: &str, private: bool) -> bool {
    let name = name.to_ascii_lowercase();
    // These describe the bytes of the origin.
    if matches!(
        name.as_str(),
        "accept-ranges" | "content-digest" | "content-length" | "content-md5" | "digest" | "etag"
    ) {
        return true;
    }
    let cached = matches!(name.as_str(), "age" | "cache-control" | "expires" | "last-modified" | "pragma");
    private && (cached || name.ends_with("cdn-cache-control") || name.starts_with("surrogate-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_visitor_who_agreed_makes_a_page_personal() {
        for (cookies, gpc, personal) in [
            ("kenal_visitor=p1; kenal_consent=granted", None, true),
            ("kenal_visitor=p1; kenal_consent=granted", Some("1"), false),
            ("kenal_visitor=p1; kenal_consent=denied", None, false),
            ("kenal_visitor=p1", None, false),
            ("kenal_consent=granted", None, false),
        ] {
            assert_eq!(may_be_personal(&Visitor::read(Some(cookies), gpc)), personal, "{cookies} {gpc:?}");
        }
    }

    #[test]
    fn a_request_for_a_page_is_told_from_one_for_a_part_of_it() {
        for (method, accept, dest, page) in [
            ("GET", Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some("document"), true),
            ("HEAD", None, None, true),
            ("GET", Some("*/*"), None, true),
            ("GET", Some("*/*"), Some("script"), false),
            ("GET", Some("image/avif,image/webp,*/*"), Some("image"), false),
            ("GET", Some("application/json"), None, false),
            ("POST", Some("text/html"), Some("document"), false),
        ] {
            assert_eq!(asks_for_page(method, accept, dest), page, "{method} {accept:?} {dest:?}");
        }
    }

    #[test]
    fn only_a_whole_plain_page_is_rewritten() {
        for (status, kind, encoding, page) in [
            (200, Some("text/html"), None, true),
            (200, Some("Text/HTML ; charset=utf-8"), Some("identity"), true),
            (200, Some("text/html; charset=\"UTF-8\""), None, true),
            (200, Some("text/html; charset=windows-874"), None, false),
            (200, Some("text/html"), Some("br"), false),
            (206, Some("text/html"), None, false),
            (404, Some("text/html"), None, false),
            (200, Some("text/html5"), None, false),
            (200, None, None, false),
        ] {
            assert_eq!(is_page(status, kind, encoding), page, "{status} {kind:?} {encoding:?}");
        }
    }

    #[test]
    fn headers_are_dropped_by_table() {
        for (name, asked, shared, personal) in [
            ("If-None-Match", true, false, false),
            ("Range", true, false, false),
            ("Accept", false, false, false),
            ("Content-Length", false, true, true),
            ("ETag", false, true, true),
            ("Last-Modified", false, false, true),
            ("Age", false, false, true),
            ("Cache-Control", false, false, true),
            ("Surrogate-Key", false, false, true),
            ("Cloudflare-CDN-Cache-Control", false, false, true),
            ("Content-Type", false, false, false),
            ("Set-Cookie", false, false, false),
        ] {
            let dropped = (drops_asked(name), drops_answered(name, false), drops_answered(name, true));
            assert_eq!(dropped, (asked, shared, personal), "{name}");
        }
    }
}
