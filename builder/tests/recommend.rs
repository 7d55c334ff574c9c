//! `kenal recommend` as its users run it: tastes are found, and mistakes are named.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn kenal(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kenal")).args(["recommend", "eval"]).args(args).output().expect("kenal starts")
}

/// Standard output and error, after checking how the command ended.
#[track_caller]
fn said(args: &[&str], success: bool) -> (String, String) {
    let output = kenal(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.success(), success, "{args:?}\n{out}\n{err}");
    assert!(!err.contains("panicked"), "{err}");
    (out, err)
}

fn put(folder: &TempDir, name: &str, content: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).expect("written");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// SplitMix64, below `of`.
fn pick(state: &mut u64, of: u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) % of
}

/// People of eight tastes, each with fifty items of its own, who now and then buy anything.
fn interactions(with_time: bool) -> String {
    let mut rows = String::from(if with_time { "user,item,time\n" } else { "user,item\n" });
    let mut state = 11;
    for user in 0..600_u64 {
        for _ in 0..12 {
            let anything = pick(&mut state, 10) == 0;
            let item = if anything { pick(&mut state, 400) } else { 50 * (user % 8) + pick(&mut state, 50) };
            write!(rows, "u{user},i{item}").expect("a text");
            if with_time {
                let day = pick(&mut state, 168);
                write!(rows, ",2025-{:02}-{:02}", 1 + day / 28, 1 + day % 28).expect("a text");
            }
            rows.push('\n');
        }
    }
    rows
}

fn figure(args: &[&str], name: &str) -> f64 {
    let (out, _) = said(&[args, &["--json"]].concat(), true);
    let report: Value = serde_json::from_str(&out).expect("one JSON object");
    let (low, high) = (&report[format!("{name}_ci")][0], &report[format!("{name}_ci")][1]);
    let value = report[name].as_f64().expect("a figure");
    assert!(low.as_f64() <= Some(value) && Some(value) <= high.as_f64(), "{report}");
    value
}

#[test]
fn tastes_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = put(&folder, "bought.csv", &interactions(false));
    let strong =
        |model| figure(&["--interactions", text(&file), "--protocol", "strong", "--model", model], "recall@20");
    let (trending, als, items, blend) = (strong("trending"), strong("als"), strong("item-item"), strong("blend"));
    println!("strong: trending {trending:.3}, als {als:.3}, item-item {items:.3}, blend {blend:.3}");
    // Of fifty items of one's taste twenty are shown.
    assert!(trending < 0.2 && als > 0.3 && items > 0.3 && blend > 0.3);
    let dated = put(&folder, "dated.csv", &interactions(true));
    for which in ["--new", "--repeats"] {
        let time =
            |model| figure(&["--interactions", text(&dated), "--protocol", "time", which, "--model", model], "ndcg@20");
        let (trending, blend) = (time("trending"), time("blend"));
        println!("{which}: trending {trending:.3}, blend {blend:.3}");
        assert!(blend > trending);
    }
}

#[test]
fn mistakes_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = put(&folder, "bought.csv", "user,item,weight\na,x,1\na,y,-2\nb,x,many\n,z,1\n");
    let (_, err) = said(&["--interactions", text(&file), "--protocol", "strong"], false);
    assert!(err.contains("line 3") && err.contains("3 of 4"), "every bad row is counted:\n{err}");
    let (_, err) = said(&["--interactions", text(&file), "--protocol", "time"], false);
    assert!(err.contains("time"), "{err}");
    let nameless = put(&folder, "nameless.csv", "who,what\na,x\n");
    let (_, err) = said(&["--interactions", text(&nameless), "--protocol", "strong"], false);
    assert!(err.contains("user"), "{err}");
    said(&["--interactions", text(&file), "--protocol", "strong", "--repeats"], false);
    said(&["--interactions", "/nowhere.csv", "--protocol", "strong"], false);
}
