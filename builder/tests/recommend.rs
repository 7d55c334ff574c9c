//! `kenal recommend` as its users run it: tastes are found, and mistakes are named.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{Dice, Folder, said, text};

fn eval(args: &[&str], success: bool) -> (String, String) {
    said(&[&["recommend", "eval"], args].concat(), success)
}

/// People of eight tastes, each with fifty items of its own, who now and then buy anything.
fn interactions(with_time: bool) -> String {
    let mut rows = String::from(if with_time { "user,item,time\n" } else { "user,item\n" });
    let mut dice = Dice(11);
    for user in 0..600_u64 {
        for _ in 0..12 {
            let anything = dice.below(10) == 0;
            let item = if anything { dice.below(400) } else { 50 * (user % 8) + dice.below(50) };
            write!(rows, "u{user},i{item}").expect("a text");
            if with_time {
                let day = dice.below(168);
                write!(rows, ",2025-{:02}-{:02}", 1 + day / 28, 1 + day % 28).expect("a text");
            }
            rows.push('\n');
        }
    }
    rows
}

fn figure(args: &[&str], name: &str) -> f64 {
    let (out, _) = eval(&[args, &["--json"]].concat(), true);
    let report: Value = serde_json::from_str(&out).expect("one JSON object");
    let (low, high) = (&report[format!("{name}_ci")][0], &report[format!("{name}_ci")][1]);
    let value = report[name].as_f64().expect("a figure");
    assert!(low.as_f64() <= Some(value) && Some(value) <= high.as_f64(), "{report}");
    value
}

#[test]
fn tastes_are_found() {
    let folder = Folder::new();
    let file = folder.put("bought.csv", interactions(false));
    let strong =
        |model| figure(&["--interactions", text(&file), "--protocol", "strong", "--model", model], "recall@20");
    let (trending, als, items, blend) = (strong("trending"), strong("als"), strong("item-item"), strong("blend"));
    println!("strong: trending {trending:.3}, als {als:.3}, item-item {items:.3}, blend {blend:.3}");
    // Of fifty items of one's taste twenty are shown.
    assert!(trending < 0.2 && als > 0.3 && items > 0.3 && blend > 0.3);
    let dated = folder.put("dated.csv", interactions(true));
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
    let folder = Folder::new();
    let file = folder.put("bought.csv", "user,item,weight\na,x,1\na,y,-2\nb,x,many\n,z,1\n");
    let (_, err) = eval(&["--interactions", text(&file), "--protocol", "strong"], false);
    assert!(err.contains("line 3") && err.contains("3 of 4"), "every bad row is counted:\n{err}");
    let (_, err) = eval(&["--interactions", text(&file), "--protocol", "time"], false);
    assert!(err.contains("time"), "{err}");
    let nameless = folder.put("nameless.csv", "who,what\na,x\n");
    let (_, err) = eval(&["--interactions", text(&nameless), "--protocol", "strong"], false);
    assert!(err.contains("user"), "{err}");
    eval(&["--interactions", text(&file), "--protocol", "strong", "--repeats"], false);
    eval(&["--interactions", "/nowhere.csv", "--protocol", "strong"], false);
}

/// Killed after its first iteration and begun again, a fit ends with the very bytes of one that was left alone.
#[test]
fn a_killed_fit_goes_on() {
    let folder = Folder::new();
    let file = folder.put("bought.csv", interactions(false));
    let (kept, whole, killed) = (folder.at("kept"), folder.at("whole"), folder.at("killed"));
    let fit = |out: &'static str| {
        let base = ["recommend", "fit", "--interactions", text(&file), "--iterations", "40", "--factors", "64", "--out"];
        let mut args: Vec<String> = base.map(str::to_owned).to_vec();
        args.push(text(&folder.at(out)).to_owned());
        args
    };
    let args = fit("whole");
    said(&args.iter().map(String::as_str).collect::<Vec<_>>(), true);
    let mut args = fit("killed");
    args.extend(["--checkpoint".to_owned(), text(&kept).to_owned()]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_kenal"))
        .args(&args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kenal starts");
    let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let mut seen = 0;
    for line in lines {
        seen += usize::from(line.expect("text").starts_with("iteration "));
        if seen == 2 {
            break;
        }
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(!killed.exists(), "it was killed before it wrote anything");
    let (_, err) = said(&args.iter().map(String::as_str).collect::<Vec<_>>(), true);
    let after = err.lines().find_map(|l| l.strip_prefix("gone on from a checkpoint after iteration "));
    let after: usize = after.expect("gone on").parse().expect("a number");
    assert!(after >= 2, "at most the iteration that was under way is lost:\n{err}");
    for name in ["item_factors.parquet", "user_factors.parquet"] {
        let bytes = |dir: &std::path::Path| fs::read(dir.join(name)).expect("there");
        assert!(bytes(&whole) == bytes(&killed), "{name}");
    }
    assert_eq!(fs::read_dir(&kept).expect("a folder").count(), 0, "the checkpoint has served");

    let out = folder.at("warm");
    let begun = ["recommend", "fit", "--interactions", text(&file), "--iterations", "2", "--warm-start", text(&whole)];
    let (printed, err) = said(&[&begun[..], &["--out", text(&out), "--json"]].concat(), true);
    let told: Value = serde_json::from_str(&printed).expect("one JSON object");
    assert_eq!(told["iterations"], 2);
    assert!(err.contains("begun from earlier factors of 400 of 400 items"), "{err}");
}
