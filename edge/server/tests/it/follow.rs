//! The folder changes under a server that runs: newer bundles, withdrawals, canaries, and what is wrong with them.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kenal_bundle::{File, VisitorKey, write_canary, write_revocation_update};
use kenal_edge::{CANARY_NAME, Edge, FallbackReason, MANIFEST_NAME, REVOCATIONS_NAME};

use crate::client::{Running, bundle, start, start_with};
use crate::shop::{self, NOW, Shop, visitors};

fn shop(items: usize, version: u64) -> Shop {
    Shop { items, version, ..Shop::default() }
}

/// Sections first, manifest last, as `kenal publish` does.
fn publish(shop: Shop, folder: &Path) {
    let (manifest, sections): (Vec<File>, Vec<File>) = shop.files().into_iter().partition(|f| f.name == MANIFEST_NAME);
    for file in sections.iter().chain(&manifest) {
        put(folder, &file.name, &file.bytes);
    }
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let temporary = folder.join("arriving");
    fs::write(&temporary, bytes).expect("written");
    fs::rename(temporary, folder.join(name)).expect("moved");
}

fn manifest(shop: Shop) -> Vec<u8> {
    shop.files().into_iter().find(|file| file.name == MANIFEST_NAME).expect("the manifest").bytes
}

fn version_of(server: &Running, query: &str) -> u64 {
    server.recommend(query).bundle.version
}

/// Withdrawals of these visitors.
fn update(issued_at: i64, visitors: &[&str]) -> Vec<u8> {
    let trust = kenal_bundle::Trust::new(shop::signer().public().expect("a key"));
    let known = kenal_bundle::verify(&manifest(shop(60, 7)), &trust).expect("signed");
    let keys: Vec<VisitorKey> = visitors.iter().map(|v| VisitorKey::new(&shop::salt(), v)).collect();
    write_revocation_update(&shop::signer(), &known, issued_at as u64, &keys).expect("an update")
}

/// Waits for a warning of the server's that says this.
fn warned(server: &Running, what: &str) {
    server.until(what, |server| {
        let health = server.get("/v1/health").json();
        let warnings = health["warnings"].to_string();
        (warnings.contains(what) && health["status"] == "degraded").then_some(())
    });
}

const SHIRTS: &str = "visitor=visitor-shirts&market=SG&consent=granted";

#[test]
fn a_new_version_is_taken_without_a_restart_and_the_old_one_stays_to_be_had() {
    let server = start();
    let old = server.get("/v1/health").json()["bundle"]["id"].as_str().expect("an id").to_owned();
    let before = Edge::open(&manifest(shop(60, 7)), &shop::key(), NOW).expect("it opens");
    let row = |id: &str| server.get(&format!("/v1/visitor-row?visitor=visitor-shirts&consent=granted&bundle={id}"));
    let old_row = row(&old).body;
    publish(shop(61, 8), server.bundle.path());
    server.until("version 8", |server| (version_of(server, "market=SG") == 8).then_some(()));
    assert_eq!(server.get("/v1/health").json()["items"], 61);
    assert!(server.recommend(SHIRTS).personalised);
    // What a browser that holds the old version still asks for.
    for entry in &before.manifest().sections {
        assert_eq!(server.get(&format!("/v1/bundle/sections/{}", entry.hash)).status, 200, "{:?}", entry.kind);
    }
    assert_eq!((row(&old).status, row(&old).body), (200, old_row.clone()), "the row of the old version");
    let new = server.get("/v1/health").json()["bundle"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(row(&new).status, 200);
    row("0123456789abcdef").problem(409, "bundle");
}

#[test]
fn what_is_wrong_with_a_new_version_keeps_the_old_one() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let say = move |what: &str| heard.lock().expect("nobody panicked").push(what.to_owned());
    let server = start_with(bundle(), NOW, |config| config.say = Arc::new(say));
    let folder = server.bundle.path();
    // The manifest is there before its sections.
    put(folder, MANIFEST_NAME, &manifest(shop(62, 9)));
    warned(&server, "the bundle lacks sections/");
    assert!(server.recommend(SHIRTS).personalised && version_of(&server, SHIRTS) == 7);
    for (bytes, what) in [
        (b"garbage".to_vec(), "manifest"),
        (
            manifest(Shop { expires_at: shop::BUILT_AT + 86_400 * 20, ..shop(60, 7) }),
            "it is version 7, and version 7 is served",
        ),
        (manifest(shop(60, 6)), "it is version 6, and version 7 is served"),
    ] {
        put(folder, MANIFEST_NAME, &bytes);
        warned(&server, what);
        assert_eq!(version_of(&server, SHIRTS), 7, "{what}");
    }
    publish(shop(62, 9), folder);
    server.until("version 9", |server| (version_of(server, SHIRTS) == 9).then_some(()));
    assert_eq!(server.get("/v1/health").json()["status"], "ok");
    let said = said.lock().expect("nobody panicked");
    assert!(
        // The second may have gone before it was looked at.
        said.iter().filter(|said| said.contains("the folder's manifest.kenal is refused")).count() >= 3,
        "{said:?}"
    );
    let mut once = said.clone();
    once.dedup();
    assert_eq!((&once, said.last().map(String::as_str)), (&*said, Some("version 9 answers")), "each is said once");
}

#[test]
fn no_answer_mixes_two_versions() {
    let server = start();
    let folder = server.bundle.path();
    let answers = |shop: Shop| {
        let other = start_with(bundle_of(shop), NOW, |_| {});
        other.get(&format!("/v1/recommendations?{SHIRTS}&k=20")).body
    };
    let expected = [answers(shop(60, 7)), answers(shop(48, 8))];
    let mut seen = [0, 0];
    publish(shop(48, 8), folder);
    while seen[1] < 20 {
        let body = server.get(&format!("/v1/recommendations?{SHIRTS}&k=20")).body;
        let which = expected.iter().position(|expected| *expected == body);
        seen[which.expect("an answer of one version or of the other")] += 1;
    }
}

fn bundle_of(shop: Shop) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    shop.write(folder.path());
    folder
}

#[test]
fn withdrawals_reach_a_server_that_runs() {
    let server = start();
    let folder = server.bundle.path();
    assert!(server.recommend(SHIRTS).personalised);
    put(folder, REVOCATIONS_NAME, &update(NOW, &[visitors::SHIRTS]));
    server.until("the withdrawal", |server| {
        (server.recommend(SHIRTS).fallback_reason == Some(FallbackReason::Revoked)).then_some(())
    });
    assert_eq!(server.get("/v1/bundle/revocations").body, update(NOW, &[visitors::SHIRTS]));
    let mut damaged = update(NOW + 1, &[]);
    damaged[40] ^= 1;
    put(folder, REVOCATIONS_NAME, &damaged);
    warned(&server, "revocations.kenal is refused");
    // A new version is not taken while nobody knows who withdrew from it.
    publish(shop(61, 8), folder);
    warned(&server, "manifest.kenal is refused: the bundle in");
    assert_eq!(server.recommend(SHIRTS).fallback_reason, Some(FallbackReason::Revoked));
    assert_eq!(version_of(&server, SHIRTS), 7);
    put(folder, REVOCATIONS_NAME, &update(NOW + 2, &[visitors::LAMPS]));
    server.until("version 8", |server| (version_of(server, SHIRTS) == 8).then_some(()));
    let lamps = SHIRTS.replace(visitors::SHIRTS, visitors::LAMPS);
    assert_eq!(server.recommend(&lamps).fallback_reason, Some(FallbackReason::Revoked));
    assert!(server.recommend(SHIRTS).personalised, "the newest update counts");
    // An older one that is put back takes nothing back.
    put(folder, REVOCATIONS_NAME, &update(NOW, &[]));
    publish(shop(62, 9), folder);
    server.until("version 9", |server| (version_of(server, SHIRTS) == 9).then_some(()));
}

#[test]
fn while_withdrawals_cannot_be_read_nobody_is_personalised_and_no_row_is_given_out() {
    let stale = Duration::from_millis(400);
    let server = start_with(bundle(), NOW, |config| config.stale = stale);
    let folder = server.bundle.path();
    let row = || server.get("/v1/visitor-row?visitor=visitor-shirts&consent=granted");
    assert!(server.recommend(SHIRTS).personalised && row().status == 200);
    put(folder, REVOCATIONS_NAME, b"garbage");
    warned(&server, "withdrawals could not be read for");
    let answer = server.recommend(SHIRTS);
    assert_eq!((answer.personalised, answer.fallback_reason), (false, Some(FallbackReason::SectionMissing)));
    assert_eq!(answer.items.len(), 12, "a page is never empty");
    row().problem(403, "no-consent");
    put(folder, REVOCATIONS_NAME, &update(NOW + 1, &[]));
    server.until("somebody is personalised", |server| server.recommend(SHIRTS).personalised.then_some(()));
    assert_eq!(row().status, 200);
}

#[test]
fn who_withdrew_here_stays_withdrawn_under_a_new_version() {
    let server = start();
    server.post("/v1/events", r#"{"visitor":"visitor-shirts","consent":"denied","events":[]}"#);
    publish(shop(61, 8), server.bundle.path());
    server.until("version 8", |server| (version_of(server, "market=SG") == 8).then_some(()));
    assert_eq!(server.recommend(SHIRTS).fallback_reason, Some(FallbackReason::Revoked));
}

#[test]
fn a_canary_is_for_its_visitors_until_it_is_for_everybody_or_gone() {
    let server = start();
    let folder = server.bundle.path();
    let newer = manifest(shop(61, 8));
    for file in shop(61, 8).files().iter().filter(|file| file.name != MANIFEST_NAME) {
        put(folder, &file.name, &file.bytes);
    }
    let canary = |share| write_canary(&shop::signer(), share, &newer).expect("a canary");
    put(folder, CANARY_NAME, &canary(3_000));
    let health = server.until("the canary", |server| {
        Some(server.get("/v1/health").json()).filter(|health| health["canary"]["percent"] == 30.0)
    });
    assert_eq!((&health["canary"]["bundle"]["version"], &health["bundle"]["version"]), (&8.into(), &7.into()));
    let trust = kenal_bundle::Trust::new(shop::signer().public().expect("a key"));
    let rule = kenal_bundle::verify_canary(&canary(3_000), &trust).expect("signed");
    let names: Vec<String> = (0..60).map(|n| format!("v{n}")).collect();
    for name in &names {
        let expected = if rule.includes(&VisitorKey::new(&shop::salt(), name)) { 8 } else { 7 };
        let found = version_of(&server, &format!("visitor={name}&market=SG&consent=granted"));
        assert_eq!(found, expected, "{name}: the share is by a hash that every host computes");
    }
    assert_eq!(version_of(&server, "market=SG"), 7, "nobody in particular is not among them");
    let mut damaged = canary(10_000);
    damaged[30] ^= 1;
    put(folder, CANARY_NAME, &damaged);
    warned(&server, "canary.kenal is refused");
    assert!(names.iter().all(|name| version_of(&server, &format!("visitor={name}&market=SG&consent=granted")) == 7));
    put(folder, CANARY_NAME, &canary(10_000));
    server.until("a canary for all", |server| (version_of(server, SHIRTS) == 8).then_some(()));
    // It becomes the version of everybody.
    put(folder, MANIFEST_NAME, &newer);
    fs::remove_file(folder.join(CANARY_NAME)).expect("removed");
    server.until("version 8", |server| (version_of(server, "market=SG") == 8).then_some(()));
    assert_eq!(
        server.until("no canary", |server| {
            Some(server.get("/v1/health").json()).filter(|health| health["canary"].is_null())
        })["status"],
        "ok"
    );
}
