//! The examples in C and Python, built and run as an app would be: offline, with a bundle in a folder. The one in Node
//! needs the module and is run by the server's tests.

#[path = "../../handler/tests/shop/mod.rs"]
mod shop;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kenal_edge::{FallbackReason, Response};
use shop::{NOW, Shop, visitors};

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The shared library, beside this test's own program.
fn library() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    let folder = program.parent().expect("its folder");
    let name = format!("{}kenal_embedded{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let found = [folder.join(&name), folder.join("..").join(&name)].into_iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("no {name} in {}", folder.display()))
}

fn key() -> String {
    shop::key().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn request(visitor: &str, now: i64) -> String {
    format!(r#"{{"visitor": "{visitor}", "market": "SG", "k": 5, "consent": "granted", "now": {now}}}"#)
}

/// What the core itself answers, through the interface's own types.
fn expected(visitor: &str, now: i64) -> Response {
    struct Files(Vec<kenal_bundle::File>);
    impl kenal_edge::store::Store for Files {
        fn get(&self, name: &str) -> Result<Option<Vec<u8>>, kenal_edge::store::StoreError> {
            Ok(self.0.iter().find(|file| file.name == name).map(|file| file.bytes.clone()))
        }
    }
    use kenal_edge::store::Store as _;
    let files = Files(Shop::default().files());
    let edge = kenal_edge::store::open(&files, &shop::key(), now).expect("opens");
    let name = edge.shard_for(visitor).expect("users").section_name();
    let shard = files.get(&name).expect("memory").expect("a shard");
    let row = edge.row_from_shard(&shard, visitor).expect("a shard");
    let request = kenal_edge::Request::from_json(request(visitor, now).as_bytes()).expect("a request");
    edge.recommend(&request, row.as_deref()).expect("an answer")
}

fn check(example: impl Fn(&Path, &[String]) -> Output) {
    let bundle = tempfile::tempdir().expect("a folder");
    Shop::default().write(bundle.path());
    let ask = |now: i64| {
        let arguments = [key(), now.to_string(), visitors::SHIRTS.to_owned(), request(visitors::SHIRTS, now)];
        let output = example(bundle.path(), &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Response>(&output.stdout).expect("a response")
    };
    let today = ask(NOW);
    assert_eq!(today, expected(visitors::SHIRTS, NOW));
    assert!(today.personalised && today.items.len() == 5);
    // On a plane, days later: still an answer, but nobody's own.
    let late = ask(Shop::default().expires_at + 1);
    assert_eq!((late.personalised, late.fallback_reason), (false, Some(FallbackReason::BundleExpired)));
    let output = example(bundle.path(), &["00".repeat(32), NOW.to_string(), String::new(), request("x", NOW)]);
    assert!(!output.status.success() && !output.stderr.is_empty(), "another key is not trusted");
}

#[test]
fn in_c() {
    let built = tempfile::tempdir().expect("a folder");
    let program = built.path().join("recommend");
    let library = library();
    let folder = library.parent().expect("a folder");
    let compiled = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1"])
        .arg("-I")
        .arg(here())
        .arg(here().join("examples/c/recommend.c"))
        .arg("-L")
        .arg(folder)
        .args(["-l", "kenal_embedded"])
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .arg("-o")
        .arg(&program)
        .output()
        .expect("a C compiler, which building Rust needs as well");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    // Cargo's own search path may have the library of an earlier build first.
    let run = |bundle: &Path, arguments: &[String]| {
        Command::new(&program).env("LD_LIBRARY_PATH", folder).arg(bundle).args(arguments).output().expect("runs")
    };
    check(run);
}

#[test]
fn in_python() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("not run: there is no python3");
        return;
    }
    check(|bundle, arguments| {
        let mut python = Command::new("python3");
        python.env("PYTHONDONTWRITEBYTECODE", "1").arg(here().join("examples/python/recommend.py")).arg(library());
        python.arg(bundle).args(arguments).output().expect("runs")
    });
}
