//! `kenal features` on a lake, as a data scientist uses it.

mod support;

use std::path::Path;

use serde_json::Value;
use support::{Folder, company, said, text};

fn lake() -> String {
    text(&company().lake()).to_owned()
}

/// The answer of a query of one row and one column, as the table prints it.
fn one(query: &str) -> String {
    let (out, _) = said(&["show", "sql", "--lake", &lake(), query], true);
    let row = out.lines().filter(|line| line.starts_with('|')).nth(1).expect("a row");
    row.trim_matches(|c| c == '|' || c == ' ').to_owned()
}

#[test]
fn a_person_is_shown_as_they_are_served() {
    let person = one(
        "SELECT person FROM gold_features WHERE person IN (SELECT person FROM gold_recommendations) ORDER BY orders_ever DESC LIMIT 1",
    );
    let (out, _) = said(&["features", "show", &person, "--lake", &lake(), "--json"], true);
    let shown: Value = serde_json::from_str(&out).expect("one JSON object");
    let features = shown["features"].as_object().expect("features");
    assert!(features.len() >= 140);
    for name in ["orders_ever", "recency_days"] {
        let stored = one(&format!("SELECT \"{name}\" FROM gold_features WHERE person = '{person}'"));
        let (stored, shown): (f64, f64) =
            (stored.parse().expect("a number"), features[name].as_f64().expect("a number"));
        assert_eq!(stored as f32, shown as f32, "{name}: offline and online are one definition");
    }
    let (table, _) = said(&["features", "show", &person, "--lake", &lake(), "--family", "orders"], true);
    assert!(table.contains("orders_ever") && !table.contains("tickets_ever"), "{table}");
    // Long before anything happened, nothing was known.
    let past = ["features", "show", &person, "--lake", &lake(), "--json", "--as-of", "1999-01-01T00:00:00Z"];
    let then: Value = serde_json::from_str(&said(&past, true).0).expect("one JSON object");
    assert_eq!(then["features"]["orders_ever"].as_f64().unwrap_or(0.0), 0.0);
}

#[test]
fn nothing_is_shown_of_somebody_who_did_not_agree() {
    let (_, err) = said(&["features", "show", "p0123456789abcdef", "--lake", &lake()], false);
    assert!(err.contains("has not agreed"), "{err}");
    let (_, err) = said(&["features", "show", "Somebody", "--lake", &lake()], false);
    assert!(err.contains("Somebody"), "{err}");
}

#[test]
fn training_sets_are_kept_with_what_they_were_made_from_and_drift_is_measured_against_them() {
    let last = one("SELECT max(as_of) FROM gold_features");
    let last: jiff::Timestamp = last.parse().expect("a time");
    let ago = |days: i64| (last - jiff::SignedDuration::from_hours(24 * days)).to_string();
    let cuts = format!("{},{}", ago(60), ago(31));
    let make = ["features", "train-set", "--lake", &lake(), "--cuts", &cuts, "--name", "test"];
    let (first, _) = said(&make, true);
    assert!(first.contains("consent snapshot") && first.contains("gold_purchases"), "{first}");
    assert!(!first.contains("unchanged"));
    assert!(said(&make, true).0.contains("unchanged"), "the same cuts on the same tables");
    let rows: u64 = one("SELECT count(*) FROM gold_train_set_test").parse().expect("a number");
    assert!(rows > 100, "{rows}");
    let late = one("SELECT count(*) FROM gold_train_set_test WHERE recency_days < 0");
    assert_eq!(late, "0", "no row knows an order after its cut");

    let (out, _) = said(&["features", "drift", "--lake", &lake(), "--name", "test", "--limit", "200"], true);
    assert!(out.contains("orders_ever") && out.contains("steady"), "{out}");
    let shifted: u64 =
        one("SELECT count(*) FROM gold_feature_drift WHERE verdict = 'shifted'").parse().expect("a number");
    let steady: u64 =
        one("SELECT count(*) FROM gold_feature_drift WHERE verdict = 'steady'").parse().expect("a number");
    assert!(steady > shifted, "a month moves few features: {steady} steady, {shifted} shifted");

    let (_, err) = said(&["features", "drift", "--lake", &lake(), "--name", "none"], false);
    assert!(err.contains("train-set --name none"), "{err}");
    let too_late = ago(3);
    let (_, err) = said(&["features", "train-set", "--lake", &lake(), "--cuts", &too_late], false);
    assert!(err.contains("labels of the cut"), "{err}");
    let twice = format!("{0},{0}", ago(60));
    assert!(said(&["features", "train-set", "--lake", &lake(), "--cuts", &twice], false).1.contains("twice"));
}

#[test]
fn what_models_learn_from_can_be_taken_out_and_learnt_from() {
    let folder = Folder::new();
    let [rows, people, model, scores] =
        ["rows.parquet", "people.parquet", "churn.json", "scores.csv"].map(|name| folder.at(name));
    let last: jiff::Timestamp = one("SELECT max(as_of) FROM gold_features").parse().expect("a time");
    let ago = |days: i64| (last - jiff::SignedDuration::from_hours(24 * days)).to_string();
    let cuts = [121, 91, 61, 31].map(ago).join(",");
    let (made, _) = said(&["features", "train-set", "--lake", &lake(), "--cuts", &cuts, "--name", "learn"], true);
    assert!(made.contains("kenal churn eval --table"), "{made}");
    let take = |query: &str, out: &Path| said(&["show", "sql", query, "--lake", &lake(), "--out", text(out)], true);
    let (out, _) = take("SELECT * FROM gold_train_set_learn", &rows);
    let count = one("SELECT count(*) FROM gold_train_set_learn");
    assert!(out.replace(',', "").starts_with(&format!("{count} rows in ")), "{out}");
    let table = ["--table", text(&rows), "--label", "left", "--time", "cut", "--id", "person"];
    let (judged, _) = said(&[&["churn", "eval", "--json"][..], &table].concat(), true);
    let judged: Value = serde_json::from_str(&judged).expect("an object");
    assert!(judged["auc"].as_f64().expect("a number") > 0.7, "{judged}");
    said(&[&["churn", "fit", "--out", text(&model)][..], &table].concat(), true);
    take("SELECT * FROM gold_features", &people);
    let given = ["--table", text(&people), "--id", "person", "--out", text(&scores)];
    said(&[&["churn", "score", "--model", text(&model)][..], &given].concat(), true);
    let scored = std::fs::read_to_string(&scores).expect("scores").lines().count() - 1;
    assert_eq!(scored.to_string(), one("SELECT count(*) FROM gold_features"));

    let (_, err) = said(
        &["show", "sql", "SELECT * FROM gold_features WHERE false", "--lake", &lake(), "--out", text(&rows)],
        false,
    );
    assert!(err.contains("no rows") && rows.exists() && !folder.at("rows.parquet.part").exists(), "{err}");
}
