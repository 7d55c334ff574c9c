//! Who a request is about, from first-party cookies only.
//!
//! The id counts only together with the visitor's yes, and everything that is unparsable, doubled or unknown is as if it
//! were absent.

use kenal_edge::Consent;
use kenal_edge::limits::ID_BYTES_MAX;

/// Cookie with the visitor's id.
pub const VISITOR_COOKIE: &str = "kenal_visitor";
/// Cookie with what the visitor said: `granted` or `denied`.
pub const CONSENT_COOKIE: &str = "kenal_consent";

/// What the cookies and the browser say.
#[derive(Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Only with [`Consent::Granted`] and without Global Privacy Control.
    pub id: Option<String>,
    pub consent: Consent,
    pub gpc: bool,
}

impl std::fmt::Debug for Visitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Visitor { id, consent, gpc } = self;
        write!(f, "Visitor {{ id: {}, consent: {consent:?}, gpc: {gpc} }}", if id.is_some() { "some" } else { "none" })
    }
}

impl Visitor {
    /// Reads the `Cookie` and the `Sec-GPC` header.
    pub fn read(cookies: Option<&str>, gpc: Option<&str>) -> Self {
        let gpc = gpc.is_some_and(|value| value.trim() == "1");
        let cookies = cookies.unwrap_or_default();
        let consent = match cookie(cookies, CONSENT_COOKIE) {
            Some("granted") => Consent::Granted,
            Some("denied") => Consent::Denied,
            _ => Consent::Unset,
        };
        let id = cookie(cookies, VISITOR_COOKIE).filter(|id| consent == Consent::Granted && !gpc && plausible(id));
        Visitor { id: id.map(str::to_owned), consent, gpc }
    }
}

/// The value of a cookie that is there exactly once: of two, one was not set by the shop.
fn cookie<'c>(cookies: &'c str, name: &str) -> Option<&'c str> {
    let mut values = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(key, value)| (key == name).then_some(value));
    values.next().filter(|_| values.next().is_none())
}

fn plausible(id: &str) -> bool {
    let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    !id.is_empty() && id.len() <= ID_BYTES_MAX && id.bytes().all(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_counts_only_with_a_yes() {
        let long = format!("kenal_consent=granted; kenal_visitor={}", "a".repeat(ID_BYTES_MAX + 1));
        for (cookies, gpc, id, consent) in [
            ("kenal_visitor=p1; kenal_consent=granted", "", Some("p1"), Consent::Granted),
            ("a=b;kenal_consent=granted;kenal_visitor=p-1_x.y:z", "0", Some("p-1_x.y:z"), Consent::Granted),
            ("kenal_visitor=p1", "", None, Consent::Unset),
            ("kenal_visitor=p1; kenal_consent=denied", "", None, Consent::Denied),
            ("kenal_visitor=p1; kenal_consent=Granted", "", None, Consent::Unset),
            ("kenal_visitor=p1; kenal_consent=granted", "1", None, Consent::Granted),
            ("kenal_visitor=p1; kenal_consent=granted; kenal_consent=denied", "", None, Consent::Unset),
            ("kenal_visitor=p1; kenal_visitor=p2; kenal_consent=granted", "", None, Consent::Granted),
            ("kenal_visitor=p 1<; kenal_consent=granted", "", None, Consent::Granted),
            ("kenal_visitor=; kenal_consent=granted", "", None, Consent::Granted),
            (long.as_str(), "", None, Consent::Granted),
            ("", "", None, Consent::Unset),
            (";;=;\u{fffd}", "", None, Consent::Unset),
        ] {
            let visitor = Visitor::read(Some(cookies), Some(gpc));
            assert_eq!((visitor.id.as_deref(), visitor.consent), (id, consent), "{cookies} {gpc}");
        }
    }
}
