//! Rules that every source file keeps.

use std::fs;
use std::path::Path;

use kenal_tests::{files, root};

/// Past this a file holds more than one concept.
const LINES_MAX: usize = 600;

fn sources(endings: &[&str]) -> Vec<(String, String)> {
    let root = root();
    let mut all = Vec::new();
    for top in ["core", "edge", "builder", "web", "tests"] {
        for path in files(&root.join(top), endings) {
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let name = path.strip_prefix(&root).unwrap_or(Path::new("")).display().to_string();
            all.push((name, text));
        }
    }
    assert!(all.len() > 20, "only {} files: is this the repository?", all.len());
    all
}

#[track_caller]
fn none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn every_module_says_what_it_is() {
    let silent =
        sources(&[".rs"]).into_iter().filter(|(name, text)| !name.ends_with("build.rs") && !text.starts_with("//!"));
    none(silent.map(|(name, _)| name).collect(), "a module starts with //! and what it is");
}

#[test]
fn no_file_is_too_long() {
    let lines = |text: &str| text.lines().count();
    let long = sources(&[".rs", ".ts", ".mjs", ".css"]).into_iter().filter(|(_, text)| lines(text) > LINES_MAX);
    none(long.map(|(name, text)| format!("{name}: {} lines", lines(&text))).collect(), "a file holds one concept");
}

#[test]
fn nothing_is_left_over() {
    // Written apart, so that this file does not find itself.
    let words = [
        concat!("dbg", "!("),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ign", "ore"),
        concat!("FIX", "ME"),
    ];
    let found = sources(&[".rs", ".ts"]).into_iter().flat_map(|(name, text)| {
        words.iter().filter(|w| text.contains(**w)).map(|w| format!("{name}: {w}")).collect::<Vec<_>>()
    });
    none(found.collect(), "left-overs of writing");
}

/// Cargo.lock and the npm locks are committed; the latter name no host, so that any mirror serves.
#[test]
fn locks_are_committed_and_name_no_host() {
    let root = root();
    assert!(root.join("Cargo.lock").exists());
    for lock in ["web/package-lock.json", "tests/browser/package-lock.json", "tests/cdn/package-lock.json"] {
        let text = fs::read_to_string(root.join(lock)).unwrap_or_else(|e| panic!("{lock}: {e}"));
        assert!(!text.contains("\"resolved\": \"http"), "{lock} names a host; see web/.npmrc");
    }
}
