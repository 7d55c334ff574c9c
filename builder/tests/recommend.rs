//! `kenal recommend` as its users run it: tastes are found, a killed fit goes on, and mistakes are named.

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
fn a_blend_says_what_its_parts_bring_and_what_it_took() {
    let folder = Folder::new();
    let file = folder.put("dated.csv", interactions(true));
    let given = ["--interactions", text(&file), "--protocol", "time", "--repeats", "--factors", "8"];
    let (out, err) = eval(&given, true);
    for row in ["with all parts", "without als", "without item-item", "without repeats", "without trend"] {
        assert!(out.lines().any(|l| l.trim_start().starts_with(row)), "{row}:\n{out}");
    }
    assert!(err.contains(" s"), "{err}");
    let (out, _) = eval(&[&given[..], &["--json"]].concat(), true);
    let report: Value = serde_json::from_str(&out).expect("one JSON object");
    let rows = report["ablation"].as_array().expect("rows");
    let names: Vec<&str> = rows.iter().filter_map(|r| r["without"].as_str()).collect();
    assert_eq!(names, ["als", "item-item", "repeats", "trend"]);
    for row in rows {
        for figure in ["recall@20", "ndcg@20"] {
            let (d, ci) = (row[format!("{figure}_difference")].as_f64(), &row[format!("{figure}_difference_ci")]);
            assert!(ci[0].as_f64() <= d && d <= ci[1].as_f64() && row[figure].is_number(), "{row}");
        }
    }
    assert!(report["seconds"].as_f64() > Some(0.0), "{report}");
    assert!(report["peak_mib"].as_u64() > Some(1) || report["peak_mib"].is_null(), "{report}");
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

/// What a taste's items have in common is a word of their title.
fn titles(extra: &str) -> String {
    let words = ["red", "blue", "green", "white", "black", "golden", "grey", "brown"];
    let mut rows = String::from("item,category,price,title\n");
    for item in 0..400 {
        writeln!(rows, "i{item},c{},{}.5,a {} thing", item % 5, 1 + item % 9, words[item / 50]).expect("a text");
    }
    rows + extra
}

#[test]
fn new_items_are_found_by_their_content() {
    let folder = Folder::new();
    let (bought, items) = (folder.put("bought.csv", interactions(false)), folder.put("items.csv", titles("")));
    let cold = ["--interactions", text(&bought), "--protocol", "cold", "--items", text(&items), "--factors", "16"];
    let (out, _) = eval(&[&cold[..], &["--json"]].concat(), true);
    let report: Value = serde_json::from_str(&out).expect("one JSON object");
    let rows = report["compared"].as_array().expect("rows");
    let of = |name: &str| {
        let row = rows.iter().find(|r| r["name"] == name).expect(name);
        row["recall@20"].as_f64().expect("a figure")
    };
    println!("{rows:?}");
    assert_eq!((report["items"].as_u64(), report["withheld"].as_u64()), (Some(400), Some(80)));
    assert!(of("content") > 2.0 * of("popularity in its category") && of("content") > 2.0 * of("chance"), "{out}");
    let (table, _) = eval(&[&cold[..], &["--known", "2"]].concat(), true);
    assert!(table.contains("its few buyers alone") && table.contains("2 buyers of each known"), "{table}");

    let out = folder.at("fitted");
    let more = folder.put("more.csv", titles("new1,c1,3,a red thing\nnew2,,dear,another\n,c1,3,nothing\n"));
    let given = ["--interactions", text(&bought), "--items", text(&more), "--out", text(&out), "--pack", "--json"];
    let (printed, err) = fit(&given, true);
    assert!(err.contains("more.csv, line 403: `price`") && err.contains("line 404: no item"), "{err}");
    assert!(err.contains("2 items without interactions have vectors"), "{err}");
    let told: Value = serde_json::from_str(&printed).expect("one JSON object");
    assert_eq!((told["items_by_content"].as_u64(), told["packed"].as_array().map(Vec::len)), (Some(2), Some(3)));
    assert!(told["packed"][0]["overlap@20"].as_f64() > Some(0.9), "{told}");

    for (args, said) in [
        (&["--protocol", "cold"][..], "needs --items"),
        (&["--protocol", "strong", "--items", text(&items)], "--items is for --protocol cold"),
        (&["--protocol", "cold", "--items", text(&items), "--model", "blend"], "--model als"),
        (&["--protocol", "cold", "--items", text(&folder.put("sku.csv", "sku,title\n1,red\n"))], "sku.csv"),
        (&["--protocol", "strong", "--model", "trending", "--pack"], "--pack is for models with factors"),
    ] {
        let (_, err) = eval(&[&["--interactions", text(&bought)], args].concat(), false);
        assert!(err.contains(said), "{args:?}: {err}");
    }
}

#[test]
fn packing_is_shown_with_what_it_loses() {
    let folder = Folder::new();
    let bought = folder.put("bought.csv", interactions(false));
    let given =
        ["--interactions", text(&bought), "--protocol", "strong", "--model", "als", "--pack", "--factors", "16"];
    let (out, _) = eval(&given, true);
    for row in ["int8", "int4", "12, 8 and 4 bits"] {
        assert!(out.lines().any(|l| l.trim_start().starts_with(row)), "{row}:\n{out}");
    }
    let (out, _) = eval(&[&given[..], &["--json"]].concat(), true);
    let report: Value = serde_json::from_str(&out).expect("one JSON object");
    for row in report["packed"].as_array().expect("rows") {
        let (overlap, recall) = (row["overlap@20"].as_f64(), row["recall@20_difference"].as_f64());
        assert!(overlap > Some(0.5) && overlap <= Some(1.0) && recall.is_some_and(|d| d.abs() < 0.1), "{row}");
    }
}

fn fit(args: &[&str], success: bool) -> (String, String) {
    said(&[&["recommend", "fit"], args].concat(), success)
}

/// Starts a fit and kills it after so many of its own iterations.
fn killed_after(args: &[&str], iterations: usize) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kenal"))
        .args(["recommend", "fit"])
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kenal starts");
    let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let seen = lines.map(|l| l.expect("text")).filter(|l| l.starts_with("iteration ")).take(iterations).count();
    child.kill().expect("killed");
    assert!(!child.wait().expect("ended").success(), "it was killed before its end");
    assert_eq!(seen, iterations);
}

/// Killed twice and begun again, a fit ends with the very bytes of one that was left alone.
#[test]
fn a_killed_fit_goes_on() {
    let folder = Folder::new();
    let file = folder.put("bought.csv", interactions(false));
    let (whole, killed) = (folder.at("whole"), folder.at("killed"));
    for solver in ["fast", "exact"] {
        // An iteration takes long enough for the kill to come in time.
        let given = ["--interactions", text(&file), "--solver", solver, "--factors", "128", "--tolerance", "0"];
        let given = [&given[..], &["--iterations", "60", "--threads", "1"]].concat();
        let into = |out| [&given[..], &["--out", text(out)]].concat();
        fit(&into(&whole), true);
        killed_after(&into(&killed), 2);
        killed_after(&into(&killed), 1);
        let names = || fs::read_dir(&killed).expect("a folder").map(|f| f.expect("there").file_name());
        assert!(names().all(|n| !n.to_string_lossy().ends_with(".parquet")), "killed before it wrote any factors");
        let (_, err) = fit(&into(&killed), true);
        let after = err.lines().find_map(|l| l.strip_prefix("gone on from a checkpoint after iteration "));
        let after: usize = after.expect("gone on").parse().expect("a number");
        assert!((3..60).contains(&after), "at most what was under way is lost:\n{err}");
        for name in ["item_factors.parquet", "user_factors.parquet"] {
            let bytes = |dir: &std::path::Path| fs::read(dir.join(name)).expect("there");
            assert!(bytes(&whole) == bytes(&killed), "{solver}: {name}");
        }
        assert_eq!(names().count(), 3, "the checkpoint has served");
        fs::remove_dir_all(&killed).expect("removed");
    }
}

#[test]
fn an_earlier_fit_is_begun_from() {
    let folder = Folder::new();
    let file = folder.put("bought.csv", interactions(false));
    let (first, second) = (folder.at("first.parquet"), folder.at("second"));
    let (out, _) = fit(&["--interactions", text(&file), "--out", text(&first)], true);
    assert_eq!(out.lines().collect::<Vec<_>>(), [text(&first), text(&folder.at("first.json"))]);
    let begun = ["--interactions", text(&file), "--iterations", "2", "--warm", text(&first), "--out", text(&second)];
    let (out, err) = fit(&[&begun[..], &["--json"]].concat(), true);
    assert!(err.contains("begun from earlier factors of 400 of 400 items"), "{err}");
    let told: Value = serde_json::from_str(&out).expect("one JSON object");
    assert_eq!((told["iterations"].as_u64(), told["files"].as_array().map(Vec::len)), (Some(2), Some(3)));
    assert!(
        told["seconds"].as_f64() > Some(0.0) && (told["peak_mib"].is_u64() || told["peak_mib"].is_null()),
        "{told}"
    );
    let (_, err) = fit(&[&begun[..], &["--factors", "8"]].concat(), false);
    assert!(err.contains("first.parquet") && err.contains("has 64 factors, and 8 are wanted"), "{err}");
}

#[test]
fn mistakes_of_a_fit_are_named() {
    let folder = Folder::new();
    let file = folder.put("bought.csv", "user,item,weight\na,x,1\na,y,-2\nb,x,many\n,z,1\n");
    let out = folder.at("out");
    let of = |more: &[&str]| {
        let (_, err) = fit(&[&["--interactions", text(&file), "--out", text(&out)], more].concat(), false);
        err
    };
    let err = of(&[]);
    assert!(err.contains("bought.csv, line 3: `weight`") && err.contains("line 5: no user"), "{err}");
    assert!(err.contains("fitting ") && err.contains("lower --min-count"), "{err}");
    let err = of(&["--min-count", "1", "--reg", "-1"]);
    assert!(err.contains("reg must be a finite number above 0, not -1"), "{err}");
    let err = of(&["--min-count", "1", "--iterations", "0"]);
    assert!(err.contains("at least 1"), "{err}");
    let err = of(&["--min-count", "1", "--warm", text(&folder.at("nowhere"))]);
    assert!(err.contains("nowhere"), "{err}");
    assert!(!out.join("model.json").exists(), "nothing was fitted");
    let plain = folder.put("plain.csv", "user,item\na,x\n");
    let given = ["--interactions", text(&plain), "--out", text(&out), "--min-count", "1", "--weighted"];
    let (_, err) = fit(&given, false);
    assert!(err.contains("plain.csv: no column `weight`"), "{err}");
    let (_, err) = fit(&["--interactions", text(&folder.at("no.csv")), "--out", text(&out)], false);
    assert!(err.contains("no.csv"), "{err}");
}
