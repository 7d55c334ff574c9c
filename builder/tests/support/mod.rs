//! What the tests share: the real program, what it says, and a folder to work in.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

pub fn kenal(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kenal")).args(args).output().expect("kenal starts")
}

/// Standard output and error, after checking how the command ended.
#[track_caller]
pub fn said(args: &[&str], success: bool) -> (String, String) {
    let output = kenal(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.success(), success, "{args:?}\n{out}\n{err}");
    assert!(!err.contains("panicked"), "{err}");
    (out, err)
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// A folder of a test's own.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, content).expect("written");
        path
    }
}

/// SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below `of`.
    pub fn below(&mut self, of: u64) -> u64 {
        self.next() % of
    }

    /// From 0 to below 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A small company and what was built from it.
pub struct Company {
    dir: TempDir,
}

impl Company {
    pub fn exports(&self) -> PathBuf {
        self.dir.path().join("company")
    }

    pub fn lake(&self) -> PathBuf {
        self.dir.path().join("lake")
    }

    pub fn bundle(&self) -> PathBuf {
        self.beside("bundle")
    }

    /// Beside what was built.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// Five hundred customers with their real baskets, built on the first use.
pub fn company() -> &'static Company {
    static COMPANY: OnceLock<Company> = OnceLock::new();
    COMPANY.get_or_init(|| {
        let company = Company { dir: tempfile::tempdir().expect("a folder") };
        let from = company.exports();
        let purchases = concat!(env!("CARGO_MANIFEST_DIR"), "/world/data/online_retail_excerpt.csv.gz");
        said(&["world", "--people", "500", "--purchases", purchases, "--out", text(&from)], true);
        let output = build(&from, &company.lake(), &company.bundle());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        company
    })
}

/// Published anyway: few hundred people prove nothing about a model.
pub fn build(from: &Path, lake: &Path, out: &Path) -> Output {
    kenal(&["build", "--publish-anyway", "--from", text(from), "--lake", text(lake), "--out", text(out)])
}
