//! From a bundle to its readers and back: what a data scientist and a privacy officer type.

mod support;

use std::fs;
use std::path::Path;

use support::{company, said, text};

fn tokens() -> Vec<String> {
    let table = fs::read_to_string(company().lake().join("keys/visitor-tokens.csv")).expect("the visitor tokens");
    table.lines().skip(1).filter_map(|line| Some(line.rsplit_once(',')?.1.to_owned())).collect()
}

fn contains((_, err): &(String, String), wanted: &[&str]) {
    for wanted in wanted {
        assert!(err.contains(wanted), "{wanted:?} is not in:\n{err}");
    }
}

/// The version that a manifest names, as `kenal bundle inspect` reads it.
fn version(folder: &Path) -> String {
    let (out, _) = said(&["bundle", "inspect", text(folder)], true);
    let line = out.lines().find(|line| line.trim_start().starts_with("version")).expect("a version");
    line.split_whitespace().last().expect("a number").to_owned()
}

#[test]
fn a_bundle_is_published_revoked_and_taken_back() {
    let company = company();
    let (lake, bundle) = (company.lake(), company.beside("publish/bundle"));
    let key = lake.join("keys/signing.key");
    let there = company.beside("publish/there");
    // An hour apart: which of two bundles is older is told by when they were built, in seconds.
    let compile = |ago_h: i64| {
        let now = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(ago_h)).to_string();
        let args = ["run", "compile", "--publish-anyway", "--lake", text(&lake), "--out", text(&bundle), "--now", &now];
        said(&args, true)
    };
    let publish = |more: &[&str], success| {
        said(&[&["publish", text(&bundle), "--to", text(&there), "--key", text(&key)][..], more].concat(), success)
    };
    compile(1);
    let (out, _) = publish(&[], true);
    assert!(out.contains("everybody") && out.contains("none"), "{out}");
    assert_eq!(version(&there), "1", "what is there is a bundle");
    let (out, _) = publish(&[], true);
    let sent = out.lines().find(|line| line.trim_start().starts_with("sent")).expect("how much was sent");
    assert_eq!(sent.split_whitespace().last(), Some("0"), "{out}");

    // Nobody has withdrawn, then one visitor does on the page.
    let revoke = |more: &[&str]| {
        let args = ["publish", "revocations", "--to", text(&there), "--lake", text(&lake)];
        said(&[&args[..], more].concat(), true).0
    };
    let all = tokens();
    assert!(all.len() > 100 && all.iter().all(|token| token.len() == 33 && token.starts_with('v')), "{}", all.len());
    let told = revoke(&[]);
    assert!(told.contains(&format!("0 of {} visitors", all.len())), "{told}");
    let withdrawn = company.beside("publish/withdrawn.txt");
    fs::write(&withdrawn, format!("{}\n", all[0])).expect("written");
    let told = revoke(&["--withdrawn", text(&withdrawn), "--bundle", text(&bundle)]);
    assert!(told.contains(&format!("1 of {} visitors", all.len())), "{told}");

    // A second version as a canary, for all, and back.
    let back = |more: &[&str], success| {
        said(&[&["rollback", "--to", text(&there), "--lake", text(&lake)][..], more].concat(), success)
    };
    contains(&back(&[], false), &["keeps no version before", "1"]);
    compile(0);
    let tokens = lake.join("keys/visitor-tokens.csv");
    let args = ["bundle", "diff", text(&there), text(&bundle)];
    for more in [&[][..], &["--tokens", text(&tokens)]] {
        let (out, _) = said(&[&args[..], more].concat(), true);
        let last = |name: &str| {
            let line = out.lines().find(|line| line.contains(name)).expect(name);
            line.trim_end_matches([')', ' ', '%']).rsplit([' ', '(']).next().expect("a figure").to_owned()
        };
        // The same company, compiled twice.
        assert_eq!((last("overlap@20, mean").as_str(), last(" all").as_str()), ("1.000", "0.0"), "{out}");
    }
    let (out, _) = publish(&["--canary", "5", "--lake", text(&lake)], true);
    assert!(out.contains("5 % of visitors"), "{out}");
    assert_eq!(version(&there), "1");
    publish(&[], true);
    assert_eq!(version(&there), "2");
    let (out, _) = back(&[], true);
    assert!(out.contains("the model of version 1 as version 3"), "{out}");
    assert_eq!(version(&there), "3");
    contains(&publish(&[], false), &["the target has version 3", "rollback"]);
}

#[test]
fn mistakes_are_named() {
    let company = company();
    let (bundle, key) = (company.bundle(), company.lake().join("keys/signing.key"));
    let publish = |to: &str, more: &[&str]| {
        said(&[&["publish", text(&bundle), "--to", to, "--key", text(&key)][..], more].concat(), false)
    };
    contains(&publish("ftp://somewhere", &[]), &["ftp://", "s3://", "cloudflare-kv://"]);
    contains(&publish("fastly-kv://store", &[]), &["FASTLY_API_TOKEN is not set"]);
    contains(&publish("there", &["--canary", "101"]), &["--canary 101", "0.01 to 100"]);
    let nowhere = company.beside("no.key");
    let args = ["publish", text(&bundle), "--to", "there", "--key", text(&nowhere)];
    contains(&said(&args, false), &["no signing key", "no.key"]);
    let other = company.beside("other.key");
    fs::write(&other, "11".repeat(32)).expect("written");
    let args = ["publish", text(&bundle), "--to", "there", "--key", text(&other)];
    contains(&said(&args, false), &["signed by another key"]);
}
