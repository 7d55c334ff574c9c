//! The examples in C, Python, Kotlin and Swift, built and run as an app would be: offline, with a bundle in a folder. The one in
//! Node needs the module and is run by the server's tests.
//!
//! Built for another processor, they need `KENAL_CC`, a C compiler for it, and `KENAL_RUNNER`, the emulator that runs
//! these tests, with its arguments.

#[path = "../../handler/tests/shop/mod.rs"]
mod shop;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kenal_bundle::{
    KEYS_NAME, MANIFEST_NAME, REVOCATIONS_NAME, Signer, Trust, VisitorKey, verify, write_keys, write_revocation_update,
};
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

/// The folder of [`library`].
fn folder() -> PathBuf {
    library().parent().expect("a folder").to_owned()
}

fn key(signer: &Signer) -> String {
    signer.public().expect("a key").to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lets `root` say who may sign, and the visitor of the tests withdraw.
fn list_and_withdraw(bundle: &Path, root: &Signer) {
    let signer = shop::signer();
    let public = signer.public().expect("a key");
    let keys = write_keys(root, 1, NOW as u64 + 60, &[public]).expect("a list");
    let manifest = std::fs::read(bundle.join(MANIFEST_NAME)).expect("a manifest");
    let manifest = verify(&manifest, &Trust::new(public)).expect("verifies");
    let withdrawn = [VisitorKey::new(&shop::salt(), visitors::SHIRTS)];
    let update = write_revocation_update(&signer, &manifest, NOW as u64, &withdrawn).expect("an update");
    for (name, bytes) in [(KEYS_NAME, keys), (REVOCATIONS_NAME, update)] {
        std::fs::write(bundle.join(name), bytes).expect("a file of the bundle");
    }
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
    let ask = |signer: &Signer, now: i64| {
        let arguments = [key(signer), now.to_string(), visitors::SHIRTS.to_owned(), request(visitors::SHIRTS, now)];
        let output = example(bundle.path(), &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Response>(&output.stdout).expect("a response")
    };
    let today = ask(&shop::signer(), NOW);
    assert_eq!(today, expected(visitors::SHIRTS, NOW));
    assert!(today.personalised && today.items.len() == 5);
    // On a plane, days later: still an answer, but nobody's own.
    let late = ask(&shop::signer(), Shop::default().expires_at + 1);
    assert_eq!((late.personalised, late.fallback_reason), (false, Some(FallbackReason::BundleExpired)));
    let output = example(bundle.path(), &["00".repeat(32), NOW.to_string(), String::new(), request("x", NOW)]);
    assert!(!output.status.success() && !output.stderr.is_empty(), "another key is not trusted");
    let output = example(bundle.path(), &["00".repeat(31), NOW.to_string(), String::new(), request("x", NOW)]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("32 bytes"), "a short key is not read past its end: {said}");
    let root = Signer::from_seed(&[1; 32]);
    list_and_withdraw(bundle.path(), &root);
    let withdrawn = ask(&root, NOW);
    assert_eq!((withdrawn.personalised, withdrawn.fallback_reason), (false, Some(FallbackReason::Revoked)));
}

/// The emulator and its arguments, when the library is for another processor than this machine's.
fn runner() -> Option<String> {
    std::env::var("KENAL_RUNNER").ok()
}

/// Whether there is no `program` that could load the library; prints so.
fn is_not_here(program: &str, question: &str) -> bool {
    if runner().is_some() {
        println!("not run: {program} is not for the processor of this library");
        return true;
    }
    let missing = Command::new(program).arg(question).output().is_err();
    if missing {
        println!("not run: there is no {program}");
    }
    missing
}

/// Builds an example, or fails with what the compiler says.
fn build(compiler: &mut Command) {
    let built = compiler.output().expect("a compiler");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

/// Runs a program, which finds the library where the system looks for libraries.
fn run(program: &Path, bundle: &Path, arguments: &[String]) -> Output {
    let runner = runner().unwrap_or_default();
    let mut words = runner.split_whitespace().map(OsStr::new).chain([program.as_os_str()]);
    let mut run = Command::new(words.next().expect("the program at least"));
    // Cargo's own search path may have the library of an earlier build first.
    run.args(words).env("LD_LIBRARY_PATH", folder()).arg(bundle).args(arguments).output().expect("runs")
}

#[test]
fn in_c() {
    let built = tempfile::tempdir().expect("a folder");
    let program = built.path().join("recommend");
    // Building Rust needs a C compiler as well.
    let mut compiler = Command::new(std::env::var_os("KENAL_CC").unwrap_or_else(|| "cc".into()));
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-I"]).arg(here());
    compiler.arg(here().join("examples/c/recommend.c")).arg("-L").arg(folder()).args(["-l", "kenal_embedded"]);
    build(compiler.arg("-o").arg(&program));
    check(|bundle, arguments| run(&program, bundle, arguments));
}

#[test]
fn in_python() {
    if is_not_here("python3", "--version") {
        return;
    }
    check(|bundle, arguments| {
        let mut python = Command::new("python3");
        python.env("PYTHONDONTWRITEBYTECODE", "1").arg(here().join("examples/python/recommend.py")).arg(library());
        python.arg(bundle).args(arguments).output().expect("runs")
    });
}

/// Needs Debian's `kotlin` and `libjna-java`.
#[test]
fn in_kotlin() {
    const JNA: &str = "/usr/share/java/jna.jar";
    if is_not_here("java", "-version") || is_not_here("kotlinc", "-version") {
        return;
    }
    if !Path::new(JNA).exists() {
        println!("not run: there is no {JNA}");
        return;
    }
    let built = tempfile::tempdir().expect("a folder");
    let program = built.path().join("recommend.jar");
    let sources = ["Kenal.kt", "Recommend.kt"].map(|name| here().join("examples/kotlin").join(name));
    let mut compiler = Command::new("kotlinc");
    build(compiler.args(["-include-runtime", "-cp", JNA]).args(sources).arg("-d").arg(&program));
    check(|bundle, arguments| {
        let mut java = Command::new("java");
        java.arg(format!("-Djna.library.path={}", folder().display()));
        java.arg("-cp").arg(format!("{}:{JNA}", program.display())).arg("kenal.RecommendKt");
        java.arg(bundle).args(arguments).output().expect("runs")
    });
}

/// Needs Debian's `swiftlang`, of version 13 and later.
#[test]
fn in_swift() {
    if is_not_here("swiftc", "--version") {
        return;
    }
    let built = tempfile::tempdir().expect("a folder");
    let program = built.path().join("recommend");
    let example = here().join("examples/swift");
    let sources = ["Kenal.swift", "main.swift"].map(|name| example.join(name));
    let mut compiler = Command::new("swiftc");
    compiler.arg("-warnings-as-errors").arg("-I").arg(&example).args(sources).arg("-L").arg(folder());
    build(compiler.arg("-o").arg(&program));
    check(|bundle, arguments| run(&program, bundle, arguments));
}
