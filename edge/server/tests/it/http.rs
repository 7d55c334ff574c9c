//! What each path answers.

use std::fs;

use kenal_edge::{Edge, FallbackReason, Hash, ReasonKind};

use crate::client::{Running, bundle, start, start_with};
use crate::shop::{self, BUILT_AT, NOW, visitors};

fn ids(response: &kenal_edge::Response) -> Vec<&str> {
    response.items.iter().map(|item| item.id.as_str()).collect()
}

#[test]
fn a_known_visitor_gets_a_personal_list() {
    let server = start();
    let reply = server.get(&format!("/v1/recommendations?visitor={}&market=SG&k=5&consent=granted", visitors::SHIRTS));
    assert_eq!(reply.header("cache-control"), "private, no-store");
    assert_eq!(reply.header("content-type"), "application/json");
    let timing = reply.header("server-timing");
    assert!(timing.starts_with("core;dur=0.") && timing.contains(", total;dur="), "{timing}");
    let response = reply.response();
    assert!(response.personalised);
    assert_eq!(response.items.len(), 5);
    assert!(response.items.iter().any(|item| item.reason.kind == ReasonKind::BecauseBought));
    assert!(response.items.iter().all(|item| item.price.as_ref().is_some_and(|price| price.currency == "SGD")));
    assert_eq!((response.request.market.as_str(), response.request.k), ("SG", 5));
    assert_eq!(response.as_of, "2025-12-31T22:00:00Z");
    let text = String::from_utf8(reply.body).expect("text");
    assert!(!text.contains(visitors::SHIRTS), "an answer does not say who asked");
}

#[test]
fn whoever_did_not_agree_sees_what_is_trending() {
    let server = start();
    let trending = server.recommend("market=SG");
    assert_eq!(trending.fallback_reason, Some(FallbackReason::NoVisitor));
    let known = format!("visitor={}&market=SG", visitors::SHIRTS);
    let gpc = server.send("GET", &format!("/v1/recommendations?{known}&consent=granted"), &[("Sec-GPC", "1")], b"");
    let silent = format!("visitor={}&market=SG", visitors::SILENT);
    let revoked = format!("visitor={}&market=SG&consent=granted", visitors::REVOKED);
    for (response, reason) in [
        (server.recommend(&format!("{known}&consent=denied")), FallbackReason::ConsentDenied),
        (gpc.response(), FallbackReason::Gpc),
        (server.recommend(&silent), FallbackReason::NoConsent),
        (server.recommend(&revoked), FallbackReason::Revoked),
        (server.recommend("visitor=somebody&market=SG&consent=granted"), FallbackReason::NoHistory),
    ] {
        assert_eq!((response.fallback_reason, response.personalised), (Some(reason), false));
        assert_eq!(ids(&response), ids(&trending), "{reason:?}");
    }
}

#[test]
fn an_expired_bundle_personalises_nobody() {
    let server = start();
    let query = format!("visitor={}&market=SG&consent=granted", visitors::SHIRTS);
    assert!(server.recommend(&query).personalised);
    assert_eq!(server.get("/v1/health").json()["status"], "ok");
    server.clock.store(BUILT_AT + 31 * 86_400, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(server.recommend(&query).fallback_reason, Some(FallbackReason::BundleExpired));
    let health = server.get("/v1/health").json();
    assert_eq!(health["status"], "degraded");
    assert!(health["warnings"][0].as_str().is_some_and(|w| w.contains("personalises nobody")), "{health}");
    let row = server.get(&format!("/v1/visitor-row?visitor={}&consent=granted", visitors::SHIRTS));
    row.problem(403, "no-consent");
}

#[test]
fn slots_items_and_categories() {
    let server = start();
    let product = server.recommend(&format!("market=SG&slot=product&item={}&k=6", shop::id(2)));
    assert!(product.items.iter().all(|item| item.category.as_deref() == Some("Cables") && item.id != shop::id(2)));
    let lamps = server.recommend(&format!("visitor={}&market=SG&category=Lamps&consent=granted", visitors::SHIRTS));
    assert!(lamps.personalised && lamps.items.iter().all(|item| item.category.as_deref() == Some("Lamps")));
    let abroad = server.recommend("market=ID&k=50");
    assert!(abroad.items.iter().all(|item| item.price.as_ref().is_some_and(|price| price.currency == "IDR")));
}

#[test]
fn bad_parameters_are_explained() {
    let server = start();
    for (query, expected) in [
        ("", "missing field `market`"),
        ("market=PH", "unknown market \"PH\"; this bundle has SG, MY, TH, ID"),
        ("market=SG&k=0", "ask for 1 to 50 items"),
        ("market=SG&k=51", "ask for 1 to 50 items"),
        ("market=SG&k=many", "invalid digit"),
        ("market=SG&slot=footer", "expected one of `home`, `product`, `cart`"),
        ("market=SG&consent=yes", "expected one of `granted`, `denied`, `unset`"),
        ("market=SG&category=Sofas", "unknown category"),
        ("market=SG&visiter=x", "unknown field `visiter`"),
        ("market=SG&market=MY", "duplicate field `market`"),
    ] {
        let detail = server.get(&format!("/v1/recommendations?{query}")).problem(400, "parameter");
        assert!(detail.contains(expected), "{query}: {detail}");
    }
    let long = server.get(&format!("/v1/recommendations?market=SG&visitor={}", "v".repeat(200)));
    assert!(!long.problem(400, "parameter").contains("vvv"), "no part of a visitor id in a message");
}

#[test]
fn other_paths_and_methods_are_problems_too() {
    let server = start();
    for target in ["/", "/v1", "/v1/nothing", "/v2/recommendations"] {
        server.get(target).problem(404, "not-found");
    }
    for (method, target) in [("POST", "/v1/recommendations"), ("GET", "/v1/events"), ("DELETE", "/v1/health")] {
        let reply = server.send(method, target, &[], b"");
        assert!(reply.problem(405, "method").contains(method));
        assert!(!reply.header("allow").is_empty(), "{method} {target}");
        assert!(reply.header("server-timing").starts_with("core;dur=0.000, total;dur="));
    }
}

#[test]
fn other_sites_are_kept_out() {
    let server = start();
    let ask = |headers: &[(&str, &str)]| server.send("GET", "/v1/health", headers, b"");
    assert!(ask(&[("Host", "shop.example")]).problem(403, "foreign").contains("shop.example"));
    assert!(ask(&[("Origin", "https://shop.example")]).problem(403, "foreign").contains("shop.example"));
    ask(&[("Origin", "null")]).problem(403, "foreign");
    for headers in [[("Host", "localhost:8787")], [("Origin", "http://localhost:5173")], [("Host", "[::1]")]] {
        assert_eq!(ask(&headers).status, 200, "{headers:?}");
    }
}

#[test]
fn health_says_with_what_it_runs() {
    let server = start();
    let health = server.get("/v1/health").json();
    assert_eq!((&health["items"], &health["bundle"]["version"]), (&60.into(), &7.into()));
    assert_eq!(health["expires_at"], "2026-01-31T00:00:00Z");
    assert_eq!(health["as_of"], "2025-12-31T22:00:00Z");
    assert_eq!(health["markets"], serde_json::json!(["SG", "MY", "TH", "ID"]));
    assert!(health["uptime_s"].as_u64().is_some_and(|s| s < 600), "{health}");
}

/// What a browser does: fetch everything, open it, and answer by itself, with the same result.
#[test]
fn a_browser_can_run_the_same_bundle() {
    let server = start();
    let key: Hash =
        String::from_utf8(server.get("/v1/bundle/signer").body).expect("text").trim().parse().expect("a key");
    let manifest = server.get("/v1/bundle/manifest");
    assert_eq!(manifest.header("cache-control"), "no-cache");
    let mut edge = Edge::open(&manifest.body, &key.0, NOW).expect("the manifest opens");
    for need in edge.needs() {
        let section = server.get(&format!("/v1/bundle/sections/{}", need.hash));
        assert!(section.header("cache-control").contains("immutable"));
        edge.add_section(section.body).expect("a section");
    }
    let row = server.get(&format!("/v1/visitor-row?visitor={}&consent=granted", visitors::LAMPS));
    assert_eq!((row.status, row.header("cache-control")), (200, "no-store"));
    let request = kenal_edge::Request {
        visitor: Some(visitors::LAMPS.into()),
        consent: kenal_edge::Consent::Granted,
        ..kenal_edge::Request::new("SG", NOW)
    };
    let own = serde_json::to_string(&edge.recommend(&request, Some(&row.body)).expect("an answer")).expect("JSON");
    let theirs = server.get(&format!("/v1/recommendations?visitor={}&market=SG&consent=granted", visitors::LAMPS));
    assert_eq!(own.as_bytes(), theirs.body, "the module and the native core say the same, to the bit");
    server.get("/v1/bundle/revocations").problem(404, "not-found");
}

#[test]
fn nobody_elses_row_leaves_the_server() {
    let server = start();
    let manifest = server.get("/v1/bundle/manifest").body;
    let edge = Edge::open(&manifest, &shop::key(), NOW).expect("the manifest opens");
    let public: Vec<String> = edge.manifest().sections.iter().map(|s| s.hash.to_string()).collect();
    let mut shards = 0;
    for file in fs::read_dir(server.bundle.path().join("sections")).expect("a folder") {
        let name = file.expect("a file").file_name().into_string().expect("text");
        let reply = server.get(&format!("/v1/bundle/sections/{name}"));
        if public.contains(&name) {
            assert_eq!(reply.status, 200);
        } else {
            shards += 1;
            reply.problem(404, "not-found");
        }
    }
    assert_eq!(shards, 4, "the shop has four shards");
    for name in ["..%2fmanifest.kenal", "x", ""] {
        server.get(&format!("/v1/bundle/sections/{name}")).problem(404, "not-found");
    }
    let row = |query: &str| server.get(&format!("/v1/visitor-row?{query}"));
    let shirts = visitors::SHIRTS;
    row(&format!("visitor={shirts}")).problem(403, "no-consent");
    row(&format!("visitor={shirts}&consent=denied")).problem(403, "no-consent");
    row(&format!("visitor={}&consent=granted", visitors::REVOKED)).problem(403, "no-consent");
    let gpc =
        server.send("GET", &format!("/v1/visitor-row?visitor={shirts}&consent=granted"), &[("Sec-GPC", "1")], b"");
    gpc.problem(403, "no-consent");
    row("visitor=&consent=granted").problem(400, "parameter");
    let unknown = row("visitor=somebody&consent=granted");
    assert_eq!((unknown.status, unknown.body.len(), unknown.header("cache-control")), (204, 0, "no-store"));
}

#[test]
fn a_shard_that_cannot_be_read_costs_personalisation_only() {
    let bundle = bundle();
    let files = shop::Shop::default().files();
    let manifest = &files.last().expect("the manifest").bytes;
    let edge = Edge::open(manifest, &shop::key(), NOW).expect("the manifest opens");
    for file in fs::read_dir(bundle.path().join("sections")).expect("a folder") {
        let path = file.expect("a file").path();
        let name = path.file_name().and_then(|n| n.to_str()).expect("text").to_owned();
        if !edge.manifest().sections.iter().any(|section| section.hash.to_string() == name) {
            let mut bytes = fs::read(&path).expect("a shard");
            bytes[60] ^= 1;
            fs::write(&path, bytes).expect("written");
        }
    }
    let server = start_with(bundle, NOW, |_| {});
    let query = format!("visitor={}&market=SG&consent=granted", visitors::SHIRTS);
    let response = server.recommend(&query);
    assert_eq!(response.fallback_reason, Some(FallbackReason::ShardUnreadable));
    assert_eq!(response.items.len(), 12);
    server.get(&format!("/v1/visitor-row?visitor={}&consent=granted", visitors::SHIRTS)).problem(404, "not-found");
}

#[test]
fn pages_are_served_beside_the_interface() {
    let web = tempfile::tempdir().expect("a folder");
    fs::write(web.path().join("index.html"), "<title>shop</title>").expect("written");
    fs::write(web.path().join("core.wasm"), b"\0asm").expect("written");
    let server = start_with(bundle(), NOW, |config| config.web = Some(web.path().to_owned()));
    let page = server.get("/");
    assert_eq!((page.status, page.body.as_slice()), (200, &b"<title>shop</title>"[..]));
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("server-timing").contains("total;dur="));
    assert_eq!(server.get("/core.wasm").header("content-type"), "application/wasm", "or browsers do not stream it");
    server.get("/missing.js").problem(404, "not-found");
    server.get("/..%2f..%2fetc/passwd").problem(404, "not-found");
    server.get("/v1/nothing").problem(404, "not-found");
    assert_eq!(server.get("/v1/health").status, 200);
}

#[test]
fn many_visitors_at_once_get_the_same_as_one_by_one() {
    let server = start();
    let queries: Vec<String> = [visitors::SHIRTS, visitors::LAMPS, visitors::SILENT, visitors::STRANGER]
        .iter()
        .flat_map(|v| [3, 9].map(|k| format!("/v1/recommendations?visitor={v}&market=SG&k={k}&consent=granted")))
        .collect();
    let alone: Vec<Vec<u8>> = queries.iter().map(|query| server.get(query).body).collect();
    let ask = |server: &Running, offset: usize| {
        for round in 0..10 {
            let at = (round + offset) % queries.len();
            let reply = server.get(&queries[at]);
            assert_eq!((reply.status, &reply.body), (200, &alone[at]), "{}", queries[at]);
        }
    };
    std::thread::scope(|scope| {
        for offset in 0..8 {
            let (server, ask) = (&server, &ask);
            scope.spawn(move || ask(server, offset));
        }
    });
}
