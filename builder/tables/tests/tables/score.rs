//! Scores: by hand, against a quadratic reference, through files, and at size.

use std::time::Instant;

use kenal_tables::score::{LabelColumns, Labels, LabelsError, Score, ScoreError, Unjoined, score};
use proptest::prelude::*;

use crate::support::Dir;

fn labels<'a>(list: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
    let mut labels = Labels::new();
    list.into_iter().for_each(|(id, cluster)| assert_eq!(labels.push(id, cluster), Some(true)));
    labels
}

/// Labels of records 0, 1, 2 … from one letter each; a dot is no label.
fn spelled(text: &str) -> Labels {
    let ids: Vec<(String, String)> =
        text.chars().enumerate().filter(|(_, c)| *c != '.').map(|(i, c)| (i.to_string(), c.to_string())).collect();
    labels(ids.iter().map(|(a, b)| (a.as_str(), b.as_str())))
}

fn scored(found: &str, truth: &str) -> Score {
    score(&spelled(found), &spelled(truth), Unjoined::LeaveOut).expect("records in both")
}

#[test]
fn pairs_and_b_cubed_by_hand() {
    // Found, true, then pairs right/found/true and B³ precision and recall.
    for (found, truth, pairs, b_cubed) in [
        ("aabb", "xxyy", [2, 2, 2], (1.0, 1.0)),
        ("abcd", "xxyy", [0, 0, 2], (1.0, 0.5)),
        ("aaaa", "xxyy", [2, 6, 2], (0.5, 1.0)),
        ("aaabb", "xxyyy", [2, 4, 4], (11.0 / 15.0, 11.0 / 15.0)),
        ("abcd", "wxyz", [0, 0, 0], (1.0, 1.0)),
        // Bagga and Baldwin 1998, figure 1 and table 1: twelve mentions in true chains of 5, 2 and 5; the second of
        // size five joined with the two (first response) or with the other five (second).
        ("aaaaabbccccc", "xxxxxyyzzzzz", [21, 21, 21], (1.0, 1.0)),
        ("aaaaabbbbbbb", "xxxxxyyzzzzz", [21, 31, 21], (16.0 / 21.0, 1.0)),
        ("aaaaabbaaaaa", "xxxxxyyzzzzz", [21, 46, 21], (7.0 / 12.0, 1.0)),
    ] {
        let s = scored(found, truth);
        assert_eq!([s.pairs_right, s.pairs_found, s.pairs_true], pairs, "{found} {truth}");
        let (p, r) = (s.b_cubed.precision.expect("records"), s.b_cubed.recall.expect("records"));
        assert!((p - b_cubed.0).abs() < 1e-12 && (r - b_cubed.1).abs() < 1e-12, "{found} {truth}: {p} {r}");
    }
}

#[test]
fn nothing_to_find_is_not_perfect() {
    let s = scored("abc", "xyz");
    assert_eq!((s.pairwise.precision, s.pairwise.recall, s.pairwise.f1), (None, None, None));
    let s = scored("aab", "xyz");
    assert_eq!((s.pairwise.precision, s.pairwise.recall, s.pairwise.f1), (Some(0.0), None, None));
    let s = scored("abab", "xxyy");
    assert_eq!((s.pairwise.precision, s.pairwise.recall, s.pairwise.f1), (Some(0.0), Some(0.0), Some(0.0)));
}

#[test]
fn what_became_of_true_clusters() {
    // w exact, x split, y mixed with z, v split and mixed with u.
    let s = scored("aabcdddeffee", "wwxxyyzvvvuu");
    let rows: Vec<_> = s
        .by_true_size
        .iter()
        .filter(|r| r.clusters > 0)
        .map(|r| (r.size.to_string(), r.clusters, r.records, r.exact, r.split, r.mixed, r.split_and_mixed))
        .collect();
    assert_eq!(
        rows,
        [("1".to_owned(), 1, 1, 0, 0, 1, 0), ("2".to_owned(), 4, 8, 1, 1, 2, 0), ("3".to_owned(), 1, 3, 0, 0, 0, 1),]
    );
    assert_eq!((s.largest_found, s.largest_true, s.clusters_found, s.clusters_true), (3, 3, 6, 6));
    let sizes: Vec<String> = s.by_true_size.iter().map(|r| r.size.to_string()).collect();
    assert_eq!(sizes, ["1", "2", "3", "4–5", "6–10", "11–20", "21+"]);
}

#[test]
fn records_of_one_list_only() {
    let (found, truth) = (spelled("aab."), spelled("xx.y"));
    let refused = score(&found, &truth, Unjoined::Refuse);
    assert_eq!(refused, Err(ScoreError::Unjoined { without_truth: 1, without_cluster: 1 }));
    let s = score(&found, &truth, Unjoined::LeaveOut).expect("two in both");
    assert_eq!((s.records, s.records_without_truth, s.records_without_cluster, s.pairs_right), (2, 1, 1, 1));
    assert!(s.to_string().contains("left out: 1 records without a truth"), "{s}");
    let none = score(&spelled("aa.."), &spelled("..xx"), Unjoined::LeaveOut);
    assert_eq!(none, Err(ScoreError::NothingJoined));
    assert_eq!(score(&Labels::new(), &Labels::new(), Unjoined::Refuse).expect("nothing").records, 0);
}

#[test]
fn labels_from_files() {
    let dir = Dir::new();
    let found = dir.file("c.csv", b"record_id,cluster_id\n1,a\n2,a\n3,b\n");
    let truth = dir.file("t.csv", b"Id;person\n3;y\n1;x\n2;\n;z\n4;q;\n");
    let clusters = Labels::read(&found, LabelColumns { id: "record_id", cluster: "cluster_id", source: None });
    let truth = Labels::read(&truth, LabelColumns { id: "id", cluster: "person", source: None }).expect("labels");
    assert_eq!((truth.records_count(), truth.unlabelled_count(), truth.rejected_count()), (2, 2, 1));
    let clusters = clusters.expect("labels");
    let refused = score(&clusters, &truth, Unjoined::Refuse);
    assert_eq!(refused, Err(ScoreError::Unjoined { without_truth: 1, without_cluster: 0 }));

    let columns = |id, source| LabelColumns { id, cluster: "cluster_id", source };
    let error = Labels::read(&found, columns("recod_id", None)).expect_err("no such column").to_string();
    assert!(error.ends_with("c.csv: no column `recod_id`; did you mean `record_id`?"), "{error}");
    let error = Labels::read(&found, columns("xyz", None)).expect_err("no such column").to_string();
    assert!(error.ends_with("no column `xyz`; it has record_id, cluster_id"), "{error}");

    let two = dir.file("two.csv", b"source,record_id,cluster_id\na,1,x\nb,1,x\n");
    let error = Labels::read(&two, columns("record_id", None)).expect_err("twice");
    assert!(matches!(error, LabelsError::Repeated { line: 3, .. }), "{error}");
    assert_eq!(Labels::read(&two, columns("record_id", Some("source"))).expect("labels").records_count(), 2);
}

#[test]
fn json_is_stable() {
    let json = serde_json::to_value(scored("aab", "xyy")).expect("json");
    assert_eq!(json["pairwise"]["precision"], 0.0);
    assert_eq!(json["by_true_size"][0]["size"]["least"], 1);
    assert_eq!(json["by_true_size"][6]["size"]["most"], serde_json::Value::Null);
    assert_eq!(json["pairs_true"], 1);
}

/// All pairs, one by one.
fn reference(found: &[u8], truth: &[u8]) -> ([u64; 3], (f64, f64)) {
    let mut pairs = [0; 3];
    let (mut precision, mut recall) = (0.0, 0.0);
    for i in 0..found.len() {
        let (mut both, mut in_found, mut in_true) = (0.0, 0.0, 0.0);
        for j in 0..found.len() {
            let (f, t) = (found[i] == found[j], truth[i] == truth[j]);
            in_found += f64::from(u8::from(f));
            in_true += f64::from(u8::from(t));
            both += f64::from(u8::from(f && t));
            if i < j {
                pairs[0] += u64::from(f && t);
                pairs[1] += u64::from(f);
                pairs[2] += u64::from(t);
            }
        }
        precision += both / in_found;
        recall += both / in_true;
    }
    (pairs, (precision / found.len() as f64, recall / found.len() as f64))
}

fn partitions() -> impl Strategy<Value = (Vec<(u8, u8)>, Vec<usize>)> {
    proptest::collection::vec((0..8_u8, 0..8_u8), 1..80).prop_flat_map(|rows| {
        let order: Vec<usize> = (0..rows.len()).collect();
        (Just(rows), Just(order).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn counts_equal_the_quadratic_reference((rows, order) in partitions()) {
        let (found, truth): (Vec<u8>, Vec<u8>) = rows.iter().copied().unzip();
        let (pairs, (precision, recall)) = reference(&found, &truth);
        let named: Vec<(String, String, String)> =
            rows.iter().enumerate().map(|(i, (f, t))| (i.to_string(), f.to_string(), t.to_string())).collect();
        let a = labels(named.iter().map(|(id, f, _)| (id.as_str(), f.as_str())));
        let b = labels(order.iter().map(|&i| (named[i].0.as_str(), named[i].2.as_str())));
        let s = score(&a, &b, Unjoined::Refuse).expect("all in both");
        prop_assert_eq!([s.pairs_right, s.pairs_found, s.pairs_true], pairs);
        prop_assert!((s.b_cubed.precision.unwrap() - precision).abs() < 1e-12);
        prop_assert!((s.b_cubed.recall.unwrap() - recall).abs() < 1e-12);
        for row in &s.by_true_size {
            prop_assert_eq!(row.clusters, row.exact + row.split + row.mixed + row.split_and_mixed);
        }
        prop_assert_eq!(s.by_true_size.iter().map(|r| r.records).sum::<u64>(), s.records);
        // The order of a list says nothing, to the last bit.
        let ordered = labels(named.iter().map(|(id, _, t)| (id.as_str(), t.as_str())));
        prop_assert_eq!(score(&a, &ordered, Unjoined::Refuse).expect("all in both"), s);
    }
}

/// One cluster of all records: pair counts pass 2³² and stay exact.
#[test]
fn a_million_records() {
    let begun = Instant::now();
    let (mut found, mut truth) = (Labels::new(), Labels::new());
    for i in 0..1_000_000 {
        let id = format!("r{i}");
        found.push(&id, "all");
        truth.push(&id, &(i / 2).to_string());
    }
    let filled = begun.elapsed();
    let s = score(&found, &truth, Unjoined::Refuse).expect("all in both");
    println!("1,000,000 records: {filled:?} to fill the lists, {:?} to score", begun.elapsed() - filled);
    assert_eq!((s.pairs_found, s.pairs_right, s.pairs_true), (499_999_500_000, 500_000, 500_000));
    assert_eq!(s.by_true_size[1].mixed, 500_000);
}
