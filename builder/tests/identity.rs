//! `kenal identity` as its users run it: files from anywhere, mistakes in them, and a steward's work on a lake.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use support::{Folder, said, text};

/// People with their copies: every third has one with a slip, and the truth is in the last column.
fn people(count: u32) -> String {
    const GIVEN: [&str; 12] =
        ["mei", "siti", "arjun", "somchai", "budi", "priya", "aisyah", "kittipong", "dewi", "raju", "hui", "farah"];
    const FAMILY: [&str; 11] =
        ["tan", "rahman", "kumar", "wongsa", "santoso", "lim", "hassan", "chaiya", "wijaya", "goh", "ismail"];
    let mut rows = String::from("person_no,first,last,born,town,post code,mail,cluster\n");
    for n in 0..count {
        let (given, family) = (GIVEN[(n % 12) as usize], FAMILY[(n / 12 % 11) as usize]);
        let (year, month, day) = (1950 + n * 7 % 50, 1 + n * 5 % 12, 1 + n * 11 % 28);
        let mail = format!("{given}.{family}{n}@mail{}.sg", n % 5);
        let row = |id: String, given: &str, mail: &str| {
            format!(
                "{id},{given},{family},{year}-{month:02}-{day:02},town{},{:05},{mail},{n}\n",
                n % 17,
                10_000 + n * 13
            )
        };
        rows.push_str(&row(format!("r{n}"), given, &mail));
        if n % 3 == 0 {
            rows.push_str(&row(format!("r{n}-b"), &given[..given.len() - 1], if n % 2 == 0 { "" } else { &mail }));
        }
    }
    rows
}

#[test]
fn a_file_is_resolved_and_scored_with_a_configuration_that_can_be_kept() {
    let dir = Folder::new();
    let input = dir.put("people.csv", people(300));
    let (clusters, links) = (dir.at("clusters.parquet"), dir.at("links.csv"));
    let args =
        ["identity", "resolve", "--input", text(&input), "--auto", "--out", text(&clusters), "--links", text(&links)];
    let (config, _) = said(&args, true);
    assert!(config.contains("[columns]") && config.contains("[engine]"), "{config}");
    assert!(config.contains("cluster"), "the truth is named among the ignored columns: {config}");
    let score = |clusters: &Path| {
        let args = ["identity", "score", "--clusters", text(clusters), "--truth", text(&input)];
        let (out, _) = said(&[&args[..], &["--id", "person_no", "--cluster", "cluster", "--json"]].concat(), true);
        serde_json::from_str::<serde_json::Value>(&out).expect("one JSON object")
    };
    let scored = score(&clusters);
    assert!(scored["pairwise"]["f1"].as_f64().expect("a number") > 0.97, "{scored}");
    assert!(fs::read_to_string(&links).expect("links").lines().count() > 90);
    // The configuration that was printed gives the same again, also as CSV and on one thread.
    let kept = dir.put("c.toml", config);
    let again = dir.at("clusters.csv");
    let args = ["identity", "resolve", "--input", text(&input), "--config", text(&kept), "--out", text(&again)];
    said(&[&args[..], &["--threads", "1"]].concat(), true);
    assert_eq!(score(&again), scored);
    let rows = fs::read_to_string(&again).expect("clusters");
    let mut ids: Vec<&str> = rows.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
    assert_eq!((rows.lines().next(), ids.len()), (Some("record_id,cluster_id"), 400));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 400, "every record once");
}

#[test]
fn two_files_are_linked() {
    let dir = Folder::new();
    let all = people(200);
    let header = all.lines().next().expect("a header");
    let file = |name: &str, copies: bool| {
        let rows: Vec<&str> = all
            .lines()
            .skip(1)
            .filter(|row| row.split(',').next().is_some_and(|id| id.ends_with("-b")) == copies)
            .collect();
        dir.put(name, format!("{header}\n{}\n", rows.join("\n")))
    };
    let (a, b, out) = (file("a.csv", false), file("b.csv", true), dir.at("clusters.csv"));
    said(&["identity", "resolve", "--input", text(&a), text(&b), "--out", text(&out)], true);
    let rows = fs::read_to_string(&out).expect("clusters");
    assert!(
        rows.starts_with("record_id,cluster_id,source\n") || rows.starts_with("source,record_id,cluster_id\n"),
        "{rows}"
    );
    assert_eq!(rows.lines().count(), 1 + 267);
}

#[test]
fn mistakes_in_files_are_named() {
    let dir = Folder::new();
    let out = dir.at("clusters.csv");
    let run = |input: &Path, more: &[&str], success: bool| {
        let args = ["identity", "resolve", "--input", text(input), "--out", text(&out)];
        said(&[&args[..], more].concat(), success)
    };
    let wrong = |name: &str, content: &[u8], wanted: &[&str]| {
        let (_, err) = run(&dir.put(name, content), &[], false);
        wanted.iter().for_each(|w| assert!(err.contains(w), "{w:?} is not in: {err}"));
    };
    wrong("empty.csv", b"", &["empty.csv"]);
    wrong("broken.parquet", b"PAR1 and nothing", &["broken.parquet"]);
    wrong("people.xlsx", b"id,name\n1,a\n", &["people.xlsx"]);
    let mut copies = String::from("id,name,email\n");
    (0..30_000).for_each(|n| copies.push_str(&format!("{n},Mei Tan,mei{n}@tan.sg\n")));
    copies.push_str("7,Mei Tan,mei7@tan.sg\n");
    wrong("copies.csv", copies.as_bytes(), &["copies.csv", "7", "id"]);
    let good = dir.put("good.csv", people(30));
    let (_, err) =
        run(&good, &["--config", text(&dir.put("c.toml", "[columns]\nid = 'person_no'\nemail = 'e_mail'\n"))], false);
    assert!(err.contains("e_mail") && err.contains("c.toml"), "{err}");
    let (_, err) = run(&dir.at("absent.csv"), &[], false);
    assert!(err.contains("absent.csv"), "{err}");
    // What is strange and no mistake: one row, empty columns, ids in mixed case, and rows that are not readable.
    run(&dir.put("one.csv", "id,name\n1,Mei Tan\n"), &[], true);
    run(&dir.put("header.csv", "id,name,email\n"), &[], true);
    run(&dir.put("nothing.csv", "id,name,email\n1,,\n2,,\n3,,\n"), &[], true);
    let mixed = dir.put("mixed.csv", "id,name\nAb1,Mei Tan\naB1,Raju Muthu\nab1,Siti Hassan\n");
    run(&mixed, &[], true);
    assert_eq!(fs::read_to_string(&out).expect("clusters").lines().count(), 4);
    let mut strange = people(40).into_bytes();
    strange.extend_from_slice(b"r900,\xff\xfe,tan,,,,,900\nr901,too,few\n");
    strange.extend_from_slice("r902,\u{202e}محمد,علي,,,,,902\nr903,e\u{301}\u{301},Z\u{334}a,,,,,903\n".as_bytes());
    let (_, err) = run(&dir.put("strange.csv", strange), &[], true);
    assert!(err.contains("2 rows could not be read"), "{err}");
    let rejected = fs::read_to_string(dir.at("clusters.rejected.jsonl")).expect("the rejected rows");
    assert_eq!(rejected.lines().count(), 2, "{rejected}");
    assert_eq!(fs::read_to_string(&out).expect("clusters").lines().count(), 1 + 54 + 2);
}

#[test]
fn stewards_ask_and_decide() {
    let dir = Folder::new();
    let (from, lake) = (dir.at("company"), dir.at("lake"));
    let purchases = concat!(env!("CARGO_MANIFEST_DIR"), "/world/data/online_retail_excerpt.csv.gz");
    said(&["world", "--people", "400", "--purchases", purchases, "--out", text(&from)], true);
    said(&["run", "sources", "--from", text(&from), "--lake", text(&lake)], true);
    let resolve = || said(&["run", "identity", "--lake", text(&lake)], true);
    resolve();
    let rows = |query: &str| {
        let (out, _) = said(&["show", "sql", query, "--lake", text(&lake)], true);
        out.lines().filter(|l| l.starts_with("| ") && l.contains(':')).map(str::to_owned).collect::<Vec<_>>()
    };
    let keys =
        |row: &str| row.split('|').map(str::trim).filter(|c| c.contains(':')).map(str::to_owned).collect::<Vec<_>>();
    let linked = rows("SELECT a, b FROM gold_identity_links WHERE tier = 'probabilistic' ORDER BY weight_bits LIMIT 1");
    let pair = keys(linked.first().expect("a probabilistic link"));
    let (a, b) = (pair[0].as_str(), pair[1].as_str());
    let (waterfall, _) = said(&["identity", "explain", a, b, "--lake", text(&lake)], true);
    assert!(
        waterfall.contains("before") && waterfall.contains("after") && waterfall.contains("by model"),
        "{waterfall}"
    );
    said(&["identity", "review", "list", "--lake", text(&lake)], true);
    let person =
        |key: &str| rows(&format!("SELECT record, person FROM gold_identity_assignments WHERE record = '{key}'"));
    let together = || {
        let of = |key| person(key).first().and_then(|row| row.split('|').nth(2).map(|p| p.trim().to_owned()));
        of(a).filter(|p| !p.is_empty()) == of(b) && of(a).is_some_and(|p| !p.is_empty())
    };
    assert!(together());
    let decide = |verdict: &str| {
        said(&["identity", "review", "decide", a, b, verdict, "--by", "a steward", "--lake", text(&lake)], true)
    };
    decide("different");
    resolve();
    assert!(!together(), "a steward's word is above the model's");
    resolve();
    assert!(!together(), "and survives every run");
    decide("same");
    resolve();
    assert!(together(), "the last word counts");

    // Two people are joined by mistake, and are as before when that is undone.
    let everybody = || rows("SELECT record, person FROM gold_identity_assignments ORDER BY record");
    let before = everybody();
    let firsts = rows(
        "SELECT min(record), person FROM gold_identity_assignments WHERE person IS NOT NULL AND record LIKE 'warehouse:%' GROUP BY person ORDER BY person LIMIT 2",
    );
    let cell = |row: &str, n: usize| row.split('|').nth(n).map(|c| c.trim().to_owned()).unwrap_or_default();
    let (x, y) = (cell(&firsts[0], 1), cell(&firsts[1], 1));
    said(&["identity", "review", "decide", &x, &y, "same", "--by", "a steward", "--lake", text(&lake)], true);
    resolve();
    assert_ne!(everybody(), before);
    let unmerge = |person: &str, success| {
        said(&["identity", "unmerge", person, "--by", "a steward", "--lake", text(&lake)], success)
    };
    let past = rows(&format!(
        "SELECT record, person FROM gold_identity_past WHERE record IN ('{x}', '{y}') ORDER BY run DESC"
    ));
    let lost = cell(past.first().expect("one of the two has lost their id"), 2);
    unmerge(&lost, true);
    resolve();
    assert_eq!(everybody(), before, "everybody has the id again that they had");
    let (_, err) = unmerge(&lost, false);
    assert!(err.contains("a person of their own"), "{err}");
    let (_, err) = unmerge("p0000000000000000", false);
    assert!(err.contains("no person p0000000000000000"), "{err}");

    let (_, err) = said(&["identity", "explain", a, "shopify:none", "--lake", text(&lake)], false);
    assert!(err.contains("shopify:none"), "{err}");
    let (_, err) =
        said(&["identity", "review", "decide", a, a, "same", "--by", "a steward", "--lake", text(&lake)], false);
    assert!(err.contains("twice"), "{err}");
}

/// Contacts that come later are resolved under the model of the first run, and whoever they do not touch stays.
#[test]
fn a_later_run_keeps_the_model_and_everybody_it_does_not_touch() {
    let dir = Folder::new();
    let (from, lake) = (dir.at("company"), dir.at("lake"));
    let purchases = concat!(env!("CARGO_MANIFEST_DIR"), "/world/data/online_retail_excerpt.csv.gz");
    said(&["world", "--people", "400", "--purchases", purchases, "--out", text(&from)], true);
    let contacts = from.join("salesforce/Contact-0001.csv");
    let all = fs::read_to_string(&contacts).expect("the contacts");
    let lines: Vec<&str> = all.lines().collect();
    fs::write(&contacts, lines[..lines.len() * 3 / 4].join("\n")).expect("fewer contacts");
    let run = |more: &[&str]| {
        said(&["run", "sources", "--from", text(&from), "--lake", text(&lake)], true);
        said(&[&["run", "identity", "--lake", text(&lake)], more].concat(), true).0
    };
    let everybody = || -> BTreeMap<String, String> {
        let query = "SELECT record, person FROM gold_identity_assignments";
        let (out, _) = said(&["show", "sql", query, "--lake", text(&lake)], true);
        let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let rows = out.lines().filter(|line| line.starts_with("| ") && line.contains(':')).map(cells);
        rows.map(|mut cells| (cells.remove(1), cells.remove(1))).collect()
    };
    let first = run(&[]);
    let before = everybody();
    fs::write(&contacts, &all).expect("all contacts");
    let second = run(&[]);
    let after = everybody();
    assert!(first.contains("fitted to") && second.contains("of an earlier run"), "{first}\n{second}");
    let new: Vec<&String> = after.keys().filter(|key| !before.contains_key(*key)).collect();
    assert!(new.len() > 30, "{} records came", new.len());
    let touched: BTreeSet<&String> = new.iter().map(|key| &after[*key]).filter(|person| !person.is_empty()).collect();
    assert!(touched.len() > 20, "the contacts of {} people came", touched.len());
    for (key, person) in before.iter().filter(|(key, person)| !touched.contains(&after[*key]) && !person.is_empty()) {
        assert_eq!(after[key], *person, "{key}");
    }
    // The same again is nothing to do; a new model is fitted when it is asked for.
    let (_, err) = said(&["run", "identity", "--lake", text(&lake)], true);
    assert!(err.contains("unchanged"), "{err}");
    assert!(run(&["--refit"]).contains("fitted to"));
    let (_, err) = said(&["run", "identity", "--lake", text(&lake)], true);
    assert!(err.contains("unchanged"), "a new model is fitted once: {err}");
    let (model, _) = said(&["identity", "model", "--lake", text(&lake)], true);
    assert!(model.contains("fitted to") && model.contains("one word close"), "{model}");
    let (rows, _) = said(&["show", "rows", "gold_identity_model", "--lake", text(&lake)], true);
    assert!(rows.contains(" characters)") && rows.len() < 10_000, "a model is not printed whole");
}
