//! What a visitor does, and what withdrawing does.

use kenal_edge::FallbackReason;
use serde_json::{Value, json};

use crate::client::{Running, start};
use crate::shop::{self, NOW, visitors};

fn post(server: &Running, visitor: &str, consent: &str, events: &[(usize, &str, i64)]) -> Value {
    let events: Vec<Value> =
        events.iter().map(|(n, kind, time)| json!({"item": shop::id(*n), "kind": kind, "time": time})).collect();
    let body = json!({"visitor": visitor, "consent": consent, "events": events}).to_string();
    let reply = server.post("/v1/events", &body);
    assert_eq!(reply.status, 202, "{}", reply.json());
    reply.json()
}

fn list(server: &Running, visitor: &str) -> Vec<String> {
    let response = server.recommend(&format!("visitor={visitor}&market=SG&consent=granted&k=20"));
    response.items.into_iter().map(|item| item.id).collect()
}

fn fallback(server: &Running, visitor: &str) -> Option<FallbackReason> {
    server.recommend(&format!("visitor={visitor}&market=SG&consent=granted")).fallback_reason
}

#[test]
fn clicks_and_purchases_count_at_once() {
    let server = start();
    let before = list(&server, visitors::SHIRTS);
    let received = post(&server, visitors::SHIRTS, "granted", &[(1, "view", NOW - 5), (5, "view", NOW - 4)]);
    assert_eq!((&received["accepted"], &received["withdrawn"]), (&json!(2), &json!(false)));
    let clicked = list(&server, visitors::SHIRTS);
    assert_ne!(clicked, before);
    let bought: usize = clicked[0]["item-".len()..].parse().expect("a number");
    post(&server, visitors::SHIRTS, "granted", &[(bought, "purchase", NOW - 3)]);
    let after = list(&server, visitors::SHIRTS);
    assert!(!after.contains(&clicked[0]) && after.len() == 20, "what was bought is gone, and the list is full");
    let again = post(&server, visitors::SHIRTS, "granted", &[(bought, "purchase", NOW - 3)]);
    assert_eq!((&again["accepted"], &again["duplicate"]), (&json!(0), &json!(1)));
    assert_eq!(list(&server, visitors::LAMPS), list(&start(), visitors::LAMPS), "nobody else's list changed");
}

#[test]
fn a_stranger_becomes_known_by_what_they_do_and_is_forgotten_in_time() {
    let server = start();
    assert_eq!(fallback(&server, visitors::STRANGER), Some(FallbackReason::NoHistory));
    post(&server, visitors::STRANGER, "granted", &[(9, "cart", NOW - 60)]);
    assert_eq!(fallback(&server, visitors::STRANGER), None);
    assert!(!list(&server, visitors::STRANGER).contains(&shop::id(9)), "what is in the cart is not shown");
    server.clock.fetch_add(kenal_server::overlay::TTL_S, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(fallback(&server, visitors::STRANGER), Some(FallbackReason::NoHistory));
}

#[test]
fn events_without_consent_are_not_kept() {
    let server = start();
    let event = [(9, "view", NOW)];
    let refused = post(&server, visitors::STRANGER, "unset", &event);
    assert_eq!((&refused["refused"], &refused["reason"]), (&json!(1), &json!("no_consent")));
    let body = json!({"visitor": visitors::STRANGER, "consent": "granted",
        "events": [{"item": shop::id(9), "kind": "view", "time": NOW}]});
    let gpc = server.send("POST", "/v1/events", &[("Sec-GPC", "1")], body.to_string().as_bytes()).json();
    assert_eq!((&gpc["refused"], &gpc["reason"]), (&json!(1), &json!("gpc")));
    let without = json!({"visitor": visitors::STRANGER, "events": body["events"]}).to_string();
    assert_eq!(server.post("/v1/events", &without).json()["reason"], "no_consent", "silence is not consent");
    assert_eq!(fallback(&server, visitors::STRANGER), Some(FallbackReason::NoHistory));
    let revoked = post(&server, visitors::REVOKED, "granted", &event);
    assert_eq!((&revoked["refused"], &revoked["reason"]), (&json!(1), &json!("revoked")));
}

#[test]
fn a_withdrawal_forgets_and_holds() {
    let server = start();
    post(&server, visitors::SHIRTS, "granted", &[(1, "view", NOW), (2, "cart", NOW)]);
    assert_eq!(fallback(&server, visitors::SHIRTS), None);
    let withdrawn = post(&server, visitors::SHIRTS, "denied", &[(3, "view", NOW)]);
    assert_eq!(
        (&withdrawn["withdrawn"], &withdrawn["forgotten"], &withdrawn["refused"]),
        (&json!(true), &json!(2), &json!(1))
    );
    assert_eq!(fallback(&server, visitors::SHIRTS), Some(FallbackReason::Revoked));
    let unset = server.recommend(&format!("visitor={}&market=SG", visitors::SHIRTS));
    assert_eq!(unset.fallback_reason, Some(FallbackReason::Revoked), "also where the record says yes");
    server.get(&format!("/v1/visitor-row?visitor={}&consent=granted", visitors::SHIRTS)).problem(403, "no-consent");
    let later = post(&server, visitors::SHIRTS, "granted", &[(1, "view", NOW)]);
    assert_eq!((&later["accepted"], &later["reason"]), (&json!(0), &json!("revoked")), "nothing is stored any more");
    assert_eq!(post(&server, visitors::SHIRTS, "denied", &[])["forgotten"], 0, "so there is nothing to forget");
    assert_eq!(fallback(&server, visitors::LAMPS), None, "nobody else is touched");
}

#[test]
fn a_visitors_own_browser_learns_what_is_remembered() {
    let server = start();
    let ask = |query: &str| server.get(&format!("/v1/visitor-events?visitor={}{query}", visitors::SHIRTS));
    assert_eq!(ask("&consent=granted").json(), json!({"events": []}));
    post(&server, visitors::SHIRTS, "granted", &[(1, "view", NOW - 5), (2, "cart", NOW - 4)]);
    let reply = ask("&consent=granted");
    assert_eq!(reply.header("cache-control"), "no-store");
    let event = |n, kind, time| json!({"item": shop::id(n), "kind": kind, "time": time});
    assert_eq!(reply.json(), json!({"events": [event(1, "view", NOW - 5), event(2, "cart", NOW - 4)]}));
    for query in ["", "&consent=unset", "&consent=denied"] {
        ask(query).problem(403, "no-consent");
    }
    let other = server.get(&format!("/v1/visitor-events?visitor={}&consent=granted", visitors::LAMPS));
    assert_eq!(other.json(), json!({"events": []}), "nobody else's");
    post(&server, visitors::SHIRTS, "denied", &[]);
    ask("&consent=granted").problem(403, "no-consent");
}

#[test]
fn bad_bodies_are_explained() {
    let server = start();
    let event = |item: &str, time: i64| {
        json!({"visitor": "v", "consent": "granted", "events": [{"item": item, "kind": "view", "time": time}]})
            .to_string()
    };
    for (body, expected) in [
        ("", "at line 1, column 0: EOF while parsing a value"),
        ("{\n\"visitor\": \"v\",\n\"consent\": granted}", "line 3, column"),
        ("\"visitor-4711\"", "invalid type: string, expected struct"),
        ("{\"consent\":\"granted\"}", "missing field `visitor`"),
        ("{\"visitor\":\"\",\"consent\":\"granted\"}", "visitor must have 1 to 128 bytes"),
        ("{\"visitor\":null,\"consent\":\"granted\"}", "visitor is not a text"),
        ("{\"visitor\":47114711,\"consent\":\"granted\"}", "visitor is not a text"),
        ("{\"visitor\":\"v\",\"consent\":\"sure\"}", "expected one of `granted`, `denied`, `unset`"),
        (
            "{\"visitor\":\"v\",\"events\":[{\"item\":\"i\",\"kind\":\"stare\",\"time\":1}]}",
            "expected one of `view`, `cart`, `purchase`, `remove`",
        ),
        (&event("i", NOW * 1000), "expected Unix time in seconds"),
        (&event("i", -1), "expected Unix time in seconds"),
        (&event("", NOW), "events[0].item must have 1 to 128 bytes"),
    ] {
        let detail = server.post("/v1/events", body).problem(400, "body");
        assert!(detail.contains(expected), "{body}: {detail}");
        assert!(!detail.contains("4711"), "{detail}");
    }
    let large = format!("{{\"visitor\":\"v\",\"consent\":\"granted\",\"x\":\"{}\"}}", "x".repeat(70_000));
    let detail = server.post("/v1/events", &large).problem(413, "too-large");
    assert!(detail.contains("65536"), "{detail}");
}
