//! What the crate may depend on, and that its page and its code state the same limits.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kenal_core::{Kind, limits};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// `libm` computes the same bits everywhere; `xorf` builds filters and is compiled only for writers.
#[test]
fn dependencies_are_those_allowed() {
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("[dependencies]\n").expect("a table of dependencies");
    let table = rest.split("\n[").next().expect("its end");
    let lines: BTreeSet<&str> = table.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    let allowed = BTreeSet::from(["libm.workspace = true", "xorf = { workspace = true, optional = true }"]);
    assert_eq!(lines, allowed);
    assert!(!manifest.contains("[target."), "no dependency of one target only");
    assert!(read("src/lib.rs").contains("\n#![no_std]\n"));
}

#[test]
fn the_core_knows_no_host() {
    let words = ["std::fs", "std::net", "std::time", "std::thread", "SystemTime", "Instant", "serde_json", "HashMap"];
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("UTF-8");
            files += 1;
            assert!(text.starts_with("//!"), "{} has no header", path.display());
            for word in words {
                assert!(!text.contains(word), "{} mentions {word}", path.display());
            }
            let has_unsafe = text.lines().any(|l| l.contains("unsafe {") || l.contains("unsafe fn"));
            assert!(!has_unsafe || path.ends_with("simd.rs"), "{} has unsafe code", path.display());
        }
    }
    assert!(files > 20, "only {files} files were looked at");
}

#[test]
fn the_format_page_states_the_limits_of_the_code() {
    let page = read("../FORMAT.md");
    for (name, value) in [
        ("MANIFEST_BYTES_MAX", limits::MANIFEST_BYTES_MAX),
        ("SECTION_BYTES_MAX", limits::SECTION_BYTES_MAX),
        ("PARTS_MAX", limits::PARTS_MAX),
        ("ITEMS_MAX", limits::ITEMS_MAX),
        ("DIMS_MAX", limits::DIMS_MAX),
        ("CATEGORIES_MAX", limits::CATEGORIES_MAX),
        ("MARKETS_MAX", limits::MARKETS_MAX),
        ("ID_BYTES_MAX", limits::ID_BYTES_MAX),
        ("TRENDING_MAX", limits::TRENDING_MAX),
        ("FEATURES_MAX", limits::FEATURES_MAX),
        ("SHARD_BITS_MAX", limits::SHARD_BITS_MAX as usize),
        ("HISTORY_MAX", limits::HISTORY_MAX),
        ("CONFIDENCE_MAX", limits::CONFIDENCE_MAX as usize),
        ("AGAIN_MAX", limits::AGAIN_MAX as usize),
        ("GOES_WITH_MAX", limits::GOES_WITH_MAX),
        ("TOUCHED_MAX", limits::TOUCHED_MAX),
    ] {
        assert!(page.contains(&format!("`{name}` ({value})")), "the page does not give {name} as {value}");
    }
    for kind in Kind::ALL {
        let named = format!("| {} | {} |", kind.code(), kind.name().replace('-', " "));
        assert!(page.contains(&named), "the page does not list {named}");
        assert_eq!(Kind::from_code(kind.code()), Some(kind));
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }
}
