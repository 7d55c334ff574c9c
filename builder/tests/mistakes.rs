//! The mistakes a person makes, made with the real program, and what it says to them.
//!
//! One small company is built once; each test spoils a copy of what it needs.

mod support;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use support::{build, company, kenal, text};

/// Both streams, after checking that the command ended as expected.
fn said(output: Output, success: bool) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.success(), success, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[track_caller]
fn contains(said: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(said.contains(wanted), "{wanted:?} is not in:\n{said}");
    }
}

/// A copy of the exports that a test may spoil.
fn copy(dir: &Path) -> PathBuf {
    let to = dir.join("company");
    for system in ["shopify", "zendesk", "salesforce", "warehouse", "app"] {
        fs::create_dir_all(to.join(system)).expect("made");
        for entry in fs::read_dir(company().exports().join(system)).expect("listed") {
            let entry = entry.expect("an entry");
            fs::copy(entry.path(), to.join(system).join(entry.file_name())).expect("copied");
        }
    }
    to
}

fn sources(from: &Path, dir: &Path) -> Output {
    kenal(&["run", "sources", "--from", text(from), "--lake", text(&dir.join("lake"))])
}

#[test]
fn the_wrong_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let said_of = |from: &Path| said(build(from, &dir.path().join("lake"), &dir.path().join("bundle")), false);
    contains(&said_of(&dir.path().join("nowhere")), &["no folder", "nowhere", "--from"]);
    fs::create_dir(dir.path().join("photos")).expect("made");
    contains(&said_of(dir.path()), &["holds none of shopify", "photos"]);
    assert!(!dir.path().join("lake").exists(), "a lake of nothing was made");
}

#[test]
fn a_lake_that_is_not_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = dir.path().join("nowhere");
    for args in [&["audit"][..], &["run", "identity"], &["show", "tables"]] {
        contains(&said(kenal(&[args, &["--lake", text(&lake)]].concat()), false), &["no lake", "nowhere"]);
        assert!(!lake.exists(), "{args:?} made a lake");
    }
}

#[test]
fn purchases_that_are_not_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let (out, file) = (dir.path().join("company"), dir.path().join("nowhere.csv.gz"));
    let said = said(kenal(&["world", "--out", text(&out), "--purchases", text(&file)]), false);
    assert_eq!(said.matches("cannot be read").count(), 1, "{said}");
    contains(&said, &["nowhere.csv.gz", "No such file"]);
}

#[test]
fn a_missing_system() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = copy(dir.path());
    fs::remove_dir_all(from.join("salesforce")).expect("removed");
    contains(&said(sources(&from, dir.path()), false), &["salesforce", "Contact"]);
}

#[test]
fn a_missing_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = copy(dir.path());
    for name in ["orders.jsonl", "orders.operation.json"] {
        fs::remove_file(from.join("shopify").join(name)).expect("removed");
    }
    let said = said(sources(&from, dir.path()), true);
    contains(&said, &["shopify: there is no file of orders in", "forgotten"]);
    assert_eq!(said.matches("there is no file of").count(), 1, "{said}");
}

#[test]
fn a_gzip_that_is_cut() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = copy(dir.path());
    let file = from.join("shopify/products.jsonl");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&fs::read(&file).expect("read")).expect("compressed");
    let whole = gzip.finish().expect("finished");
    fs::remove_file(&file).expect("removed");
    fs::remove_file(from.join("shopify/products.operation.json")).ok();
    fs::write(from.join("shopify/products.jsonl.gz"), &whole[..whole.len() / 2]).expect("written");
    let said = said(sources(&from, dir.path()), true);
    contains(&said, &["shopify/products.jsonl.gz: quarantined", "cut short", "fetch the file again"]);
}

#[test]
fn a_csv_that_is_not_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = copy(dir.path());
    let file = from.join("salesforce/Contact-0001.csv");
    let csv = fs::read_to_string(&file).expect("read");
    fs::write(&file, csv.replace("\",\"", "\"#\"")).expect("written");
    contains(&said(sources(&from, dir.path()), true), &["salesforce/Contact-0001.csv: quarantined", "line 1"]);
}

#[test]
fn a_csv_with_another_delimiter_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = copy(dir.path());
    let file = from.join("salesforce/Contact-0001.csv");
    let csv = fs::read_to_string(&file).expect("read");
    fs::write(&file, csv.replace("\",\"", "\";\"")).expect("written");
    let said = said(sources(&from, dir.path()), true);
    assert!(!said.contains("Contact-0001.csv: quarantined"), "{said}");
}

/// Nobody may be personalised, and the program says why instead of publishing something.
#[test]
fn no_consent_records_at_all() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = copy(dir.path());
    for entry in fs::read_dir(from.join("salesforce")).expect("listed") {
        let path = entry.expect("an entry").path();
        if !path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("Contact-")) {
            fs::remove_file(path).expect("removed");
        }
    }
    let strip = |path: &Path, fields: &[&str]| {
        let lines = fs::read_to_string(path).expect("read");
        let kept = fields.iter().fold(lines, |text, field| text.replace(field, "\"ignored"));
        fs::write(path, kept).expect("written");
    };
    let consents =
        ["\"emailMarketingConsent", "\"smsMarketingConsent", "\"defaultEmailAddress", "\"defaultPhoneNumber"];
    strip(&from.join("shopify/customers.jsonl"), &[&consents[..], &["\"dataSaleOptOut"]].concat());
    fs::remove_file(from.join("shopify/customers.operation.json")).ok();
    for (system, field) in [("zendesk", "\"personalisation_consent"), ("app", "\"categoryPreferences")] {
        for entry in fs::read_dir(from.join(system)).expect("listed") {
            strip(&entry.expect("an entry").path(), &[field]);
        }
    }
    let lake = dir.path().join("lake");
    let said = said(build(&from, &lake, &dir.path().join("bundle")), false);
    // The warehouse's flags are bulk loads for the most part: they refuse, and never permit alone.
    contains(&said, &["personalise", "anybody who agreed", "nothing to learn from"]);
    assert!(!dir.path().join("bundle/manifest.kenal").exists(), "nothing may be published: {said}");
}

/// A month without app events may be a fact, so it is no fault; but nobody should have to find it.
#[test]
fn an_empty_month() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = copy(dir.path());
    let mut days: Vec<PathBuf> =
        fs::read_dir(from.join("app")).expect("listed").map(|e| e.expect("an entry").path()).collect();
    days.sort_unstable();
    for day in days.iter().rev().skip(40).take(30) {
        fs::remove_file(day).expect("removed");
    }
    let lake = dir.path().join("lake");
    said(build(&from, &lake, &dir.path().join("bundle")), true);
    let audit = fs::read_to_string(lake.join("reports/audit.json")).expect("the audit");
    let (_, gap) = audit.split_once("app_events_without_gaps").expect("the check");
    contains(gap.split_once('}').expect("its end").0, &["\"failed\": 1", " to "]);
}

#[test]
fn running_again_changes_nothing() {
    let company = company();
    let lake = company.lake();
    let tables = || {
        let said = said(kenal(&["show", "tables", "--lake", text(&lake)]), true);
        let versions = said.lines().filter(|l| l.contains("bronze_") || l.contains("silver_") || l.contains("gold_"));
        versions.map(str::to_owned).collect::<Vec<_>>()
    };
    let before = tables();
    assert!(before.len() > 15, "{before:?}");
    let again = company.beside("bundle-again");
    said(build(&company.exports(), &lake, &again), true);
    assert_eq!(tables(), before);
}

#[test]
fn a_changed_byte_in_a_bundle() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("sections")).expect("made");
    let from = company().bundle();
    let mut names: Vec<PathBuf> =
        fs::read_dir(from.join("sections")).expect("listed").map(|e| e.expect("one").path()).collect();
    names.extend([from.join("manifest.kenal"), from.join("signer.pub")]);
    let inside = |path: &Path| dir.path().join(path.strip_prefix(&from).expect("inside"));
    for path in &names {
        fs::copy(path, inside(path)).expect("copied");
    }
    let inspect = || kenal(&["bundle", "inspect", "--verify", text(dir.path())]);
    contains(&said(inspect(), true), &["verified: signature"]);
    for path in &names {
        let spoilt = inside(path);
        let good = fs::read(&spoilt).expect("read");
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        fs::write(&spoilt, bad).expect("written");
        let name = spoilt.file_name().expect("a name").to_string_lossy().into_owned();
        let said = said(inspect(), false);
        assert!(said.contains(&name) || said.contains("sign"), "{name}: {said}");
        fs::write(&spoilt, good).expect("mended");
    }
}

#[test]
fn an_expired_bundle() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = company().lake();
    let out = dir.path().join("bundle");
    let old = ["run", "compile", "--lake", text(&lake), "--out", text(&out), "--now", "2020-01-01T00:00:00Z"];
    said(kenal(&old), true);
    contains(&said(kenal(&["bundle", "inspect", text(&out)]), true), &["EXPIRED"]);
    contains(&said(kenal(&["bundle", "inspect", "--verify", text(&out)]), false), &["expired at 2020", "kenal build"]);
}

/// `kenal … | head` is no fault of anybody.
#[test]
fn a_reader_that_stops_half_way() {
    let mut show = Command::new(env!("CARGO_BIN_EXE_kenal"));
    show.args(["show", "rows", "silver_events", "--limit", "5000", "--lake"]).arg(company().lake());
    let mut child = show.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("kenal starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("kenal ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(141), ""));
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address").to_string();
    let bundle = company().bundle();
    let said = said(kenal(&["serve", "--bundle", text(&bundle), "--addr", &addr]), false);
    contains(&said, &[&addr, "in use", "--addr"]);
}

#[test]
fn a_bundle_that_is_not_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let nowhere = dir.path().join("nowhere");
    contains(&said(kenal(&["serve", "--bundle", text(&nowhere), "--addr", "127.0.0.1:0"]), false), &["nowhere"]);
    contains(&said(kenal(&["bundle", "inspect", text(&nowhere)]), false), &["nowhere"]);
}
