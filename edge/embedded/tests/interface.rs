//! The C interface as a C program uses it, and the header held against the exports.

#![allow(unsafe_code, reason = "the functions under test take pointers")]

#[path = "../../handler/tests/shop/mod.rs"]
mod shop;

use std::collections::BTreeSet;
use std::ptr::null;

use kenal_edge::{Consent, LiveEvent, LiveKind, Request, Response};
use kenal_embedded::exports::{
    ABI_VERSION, kenal_abi_version, kenal_alloc, kenal_drop, kenal_free, kenal_keys, kenal_manifest, kenal_message,
    kenal_message_len, kenal_needs, kenal_new, kenal_output, kenal_output_len, kenal_recommend, kenal_revocations,
    kenal_row, kenal_section, kenal_shard,
};
use kenal_embedded::{Code, Handle};
use shop::cases::{self, Expected};
use shop::{NOW, Shop, visitors};

/// A handle that is dropped at the end of a test.
struct Host(*mut Handle);

impl Host {
    fn new() -> Self {
        Host(kenal_new())
    }

    /// A host with the whole shop loaded.
    fn loaded() -> Self {
        let host = Host::new();
        assert_eq!(host.manifest(file("manifest.kenal"), &shop::key()), Code::Ok as i32, "{}", host.message());
        // SAFETY: `ask` passes a live handle.
        let needs = host.ask(|h| unsafe { kenal_needs(h) });
        for line in needs.lines() {
            let hash = line.split(' ').next().expect("a hash");
            let section = file(&format!("sections/{hash}"));
            // SAFETY: the handle is live, and the section is readable for its length.
            let code = unsafe { kenal_section(host.0, section.as_ptr(), section.len()) };
            assert_eq!(code, Code::Ok as i32, "{}", host.message());
        }
        host
    }

    fn manifest(&self, manifest: Vec<u8>, key: &[u8; 32]) -> i32 {
        // SAFETY: the handle is live; manifest and key are readable for their lengths.
        unsafe { kenal_manifest(self.0, manifest.as_ptr(), manifest.len(), key.as_ptr(), NOW) }
    }

    fn ask(&self, call: impl FnOnce(*mut Handle) -> i32) -> String {
        assert_eq!(call(self.0), Code::Ok as i32, "{}", self.message());
        String::from_utf8(self.output()).expect("text")
    }

    fn output(&self) -> Vec<u8> {
        // SAFETY: the handle is live, and its output is readable for its length until the next call.
        unsafe { std::slice::from_raw_parts(kenal_output(self.0), kenal_output_len(self.0)).to_vec() }
    }

    fn message(&self) -> String {
        // SAFETY: the handle is live, and its message is readable for its length until the next call.
        let bytes = unsafe { std::slice::from_raw_parts(kenal_message(self.0), kenal_message_len(self.0)) };
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    fn row(&self, visitor: &str) -> Option<Vec<u8>> {
        // SAFETY: the handle is live, and the id is readable for its length.
        let hash = self.ask(|h| unsafe { kenal_shard(h, visitor.as_ptr(), visitor.len()) });
        let shard = file(&format!("sections/{hash}"));
        // SAFETY: the handle is live; shard and id are readable for their lengths.
        let code = unsafe { kenal_row(self.0, shard.as_ptr(), shard.len(), visitor.as_ptr(), visitor.len()) };
        assert_eq!(code, Code::Ok as i32, "{}", self.message());
        Some(self.output()).filter(|row| !row.is_empty())
    }

    fn recommend(&self, request: &[u8], row: Option<&[u8]>) -> i32 {
        let (at, len) = row.map_or((null(), 0), |row| (row.as_ptr(), row.len()));
        // SAFETY: the handle is live; request and row are readable for their lengths.
        unsafe { kenal_recommend(self.0, request.as_ptr(), request.len(), at, len) }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: the handle came from `kenal_new` and is dropped once.
        unsafe { kenal_drop(self.0) }
    }
}

fn file(name: &str) -> Vec<u8> {
    let files = Shop::default().files();
    files.into_iter().find(|file| file.name == name).expect("a file of the bundle").bytes
}

#[test]
fn the_cases_are_answered_as_written_down() {
    let host = Host::loaded();
    for case in cases::load().cases {
        let visitor = case.request.visitor.as_deref().filter(|_| case.row);
        let row = visitor.and_then(|visitor| host.row(visitor));
        let request = serde_json::to_vec(&case.request).expect("a request");
        assert_eq!(host.recommend(&request, row.as_deref()), Code::Ok as i32, "{}: {}", case.name, host.message());
        let response: Response = serde_json::from_slice(&host.output()).expect("a response");
        assert_eq!(Expected::of(&response), case.expected, "{}", case.name);
    }
}

#[test]
fn a_listed_key_is_trusted_under_the_root() {
    let root = kenal_bundle::Signer::from_seed(&[1; 32]);
    let root_key = root.public().expect("a key").to_bytes();
    let signer = shop::signer().public().expect("a key");
    let keys = |host: &Host, expires_at: i64| {
        let list = kenal_bundle::write_keys(&root, 1, expires_at as u64, &[signer]).expect("a list");
        // SAFETY: the handle is live, and the list is readable for its length.
        unsafe { kenal_keys(host.0, list.as_ptr(), list.len()) }
    };
    let host = Host::new();
    assert_eq!(host.manifest(file("manifest.kenal"), &root_key), Code::Manifest as i32, "the root did not sign it");
    assert_eq!(keys(&host, NOW + 60), Code::Ok as i32);
    assert_eq!(host.manifest(file("manifest.kenal"), &root_key), Code::Ok as i32, "{}", host.message());
    assert_eq!(keys(&host, NOW - 60), Code::Ok as i32);
    assert_eq!(host.manifest(file("manifest.kenal"), &root_key), Code::Manifest as i32);
    assert!(host.message().contains("expired"), "{}", host.message());
}

#[test]
fn refusals_have_codes_and_words() {
    let host = Host::new();
    assert_eq!(kenal_abi_version(), ABI_VERSION);
    let check = |code: i32, expected: Code, words: &str| {
        assert_eq!(code, expected as i32, "{}", host.message());
        assert!(host.message().contains(words), "{}", host.message());
        assert!(host.output().is_empty());
    };
    check(host.recommend(b"{}", None), Code::NoManifest, "no manifest");
    check(host.manifest(b"KENAL".to_vec(), &shop::key()), Code::Manifest, "cut off");
    check(host.manifest(file("manifest.kenal"), &[0; 32]), Code::Manifest, "public key");
    assert_eq!(host.manifest(file("manifest.kenal"), &shop::key()), Code::Ok as i32);
    assert_eq!(host.message(), "", "a message does not outlive its call");
    let bytes = b"these are no bundle's bytes";
    // SAFETY: the handle is live, and the bytes are readable for their length; null is what is being tested.
    unsafe {
        check(kenal_section(host.0, bytes.as_ptr(), bytes.len()), Code::Section, "lists no section");
        check(kenal_revocations(host.0, bytes.as_ptr(), bytes.len()), Code::Revocations, "revocation update");
        check(kenal_row(host.0, bytes.as_ptr(), bytes.len(), bytes.as_ptr(), 3), Code::Shard, "users");
        check(kenal_section(host.0, null(), 5), Code::Argument, "null");
        check(kenal_section(host.0, bytes.as_ptr(), usize::MAX), Code::Argument, "");
        check(kenal_shard(host.0, [0xff].as_ptr(), 1), Code::Argument, "UTF-8");
        check(host.recommend(b"{\"market\":\"SG\"", None), Code::Request, "line 1");
        check(host.recommend(b"{\"market\":\"XX\",\"now\":1}", None), Code::Request, "unknown market");
        let none = std::ptr::null_mut();
        assert_eq!(kenal_needs(none), Code::Argument as i32);
        assert_eq!((kenal_output(none), kenal_output_len(none), kenal_message_len(none)), (null(), 0, 0));
        kenal_drop(none);
    }
}

#[test]
fn a_withdrawal_from_before_the_bundle_is_passed_over() {
    let trust = kenal_bundle::Trust::new(shop::signer().public().expect("a key"));
    let mut manifest = kenal_bundle::verify(&file("manifest.kenal"), &trust).expect("verifies");
    manifest.created_at -= 60;
    let issued_at = manifest.created_at;
    let update = kenal_bundle::write_revocation_update(&shop::signer(), &manifest, issued_at, &[]).expect("an update");
    let host = Host::loaded();
    // SAFETY: the handle is live, and the update is readable for its length.
    assert_eq!(unsafe { kenal_revocations(host.0, update.as_ptr(), update.len()) }, Code::Ok as i32);
}

#[test]
fn memory_is_given_and_taken_back() {
    assert!(kenal_alloc(0).is_null());
    assert!(kenal_alloc(usize::MAX).is_null());
    let at = kenal_alloc(1000);
    // SAFETY: `at` is 1000 bytes of ours until it is given back, once, with its length.
    unsafe {
        assert!(std::slice::from_raw_parts(at, 1000).iter().all(|b| *b == 0));
        at.add(999).write(1);
        kenal_free(at, 1000);
        kenal_free(std::ptr::null_mut(), 5);
    }
}

/// An empty row is not "no row": the host had something that cannot be read.
#[test]
fn an_empty_row_is_unreadable_and_a_null_row_is_none() {
    let host = Host::loaded();
    let request = Request {
        visitor: Some(visitors::STRANGER.into()),
        consent: Consent::Granted,
        events: vec![LiveEvent { item: shop::id(1), kind: LiveKind::View, time: NOW }],
        ..Request::new("SG", NOW)
    };
    let request = serde_json::to_vec(&request).expect("a request");
    for (row, expected) in [(None, "\"fallback_reason\":null"), (Some(&[][..]), "row_unreadable")] {
        assert_eq!(host.recommend(&request, row), Code::Ok as i32);
        let output = String::from_utf8(host.output()).expect("text");
        assert!(output.contains(expected), "{output}");
    }
}

/// The names after `marker` in a text, up to the parenthesis.
fn names<'a>(text: &'a str, marker: &str) -> BTreeSet<&'a str> {
    let calls = text.match_indices(marker).map(|(at, _)| &text[at + marker.len()..]);
    calls.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name).collect()
}

#[test]
fn the_header_declares_what_is_exported() {
    let header = include_str!("../kenal.h");
    let code = header.split("*/").filter_map(|part| part.split("/*").next()).collect::<String>();
    let declared: BTreeSet<&str> = code
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '('))
        .filter_map(|w| w.split_once('('))
        .map(|(n, _)| n)
        .filter(|n| n.starts_with("kenal_"))
        .collect();
    let exported: BTreeSet<&str> = names(include_str!("../src/exports.rs"), "extern \"C\" fn ");
    assert_eq!(declared, exported);
    assert_eq!(declared.len(), 17);
    assert!(header.contains(&format!("#define KENAL_ABI_VERSION {ABI_VERSION}\n")));
    for (name, code) in [
        ("OK", Code::Ok),
        ("ARGUMENT", Code::Argument),
        ("MANIFEST", Code::Manifest),
        ("SECTION", Code::Section),
        ("REQUEST", Code::Request),
        ("SHARD", Code::Shard),
        ("REVOCATIONS", Code::Revocations),
        ("NO_MANIFEST", Code::NoManifest),
        ("INTERNAL", Code::Internal),
    ] {
        let line = format!("KENAL_{name} = {}", code as i32);
        assert!(code_lines(header).any(|declared| declared == line), "{line}");
    }
}

fn code_lines(header: &str) -> impl Iterator<Item = &str> {
    header.lines().filter_map(|line| line.split("/*").next()).map(|line| line.trim().trim_end_matches(','))
}
