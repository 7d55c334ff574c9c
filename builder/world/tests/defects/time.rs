//! Late, early, twice.

use std::collections::{BTreeMap, BTreeSet};

use kenal_types::Timestamp;
use serde_json::Value;

use crate::world::{text, world};

fn at(value: &Value, key: &str) -> Option<Timestamp> {
    text(value, key).parse().ok()
}

const DAY: i64 = Timestamp::US_PER_DAY;

#[test]
fn events() {
    let (lines, _) = world().lines("app", "events-");
    assert!(lines.iter().any(|l| l["batch"].is_array() && l["sentAt"].is_string()));
    let (mut late, mut skewed, mut future, mut old) = (0, 0, 0, 0);
    for event in &lines {
        let (Some(original), Some(sent), Some(received), Some(time)) =
            (at(event, "originalTimestamp"), at(event, "sentAt"), at(event, "receivedAt"), at(event, "timestamp"))
        else {
            continue;
        };
        assert_eq!(time.0, received.0 - (sent.0 - original.0), "the corrected time is not by the rule");
        late += usize::from(sent.0 - original.0 > DAY);
        skewed += usize::from((sent.0 - received.0).abs() > DAY);
        future += usize::from(time.0 > received.0 + 300_000_000);
        old += usize::from(["Viewed Product", "Added Product", "Completed Order"].contains(&text(event, "event")));
        assert!(event["receivedAt"].is_string());
    }
    assert!(late > 0 && skewed > 0 && future > 0 && old > 0, "{late} {skewed} {future} {old}");
    for path in world().files("app", "events-") {
        let day = path.file_stem().expect("a name").to_string_lossy().replace("events-", "");
        let text = std::fs::read_to_string(&path).expect("text");
        let mut strays = 0;
        // A line that was cut off may have lost the time.
        for line in text.lines().filter(|l| l.contains("\"receivedAt\":\"20")) {
            let received = line.split("\"receivedAt\":\"").last().and_then(|t| t.get(..day.len())).expect("a day");
            // A copy that is delivered again stands in a later file.
            assert!(received <= day.as_str(), "{day}: {received}");
            strays += usize::from(received < day.as_str());
        }
        assert!(strays <= 3 + text.lines().count() / 20, "{day}: {strays}");
    }
}

#[test]
fn copies() {
    let mut payloads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in world().lines("app", "events-").0 {
        if let Some(id) = event["messageId"].as_str() {
            payloads.entry(id.to_owned()).or_default().push(event["properties"].to_string());
        }
    }
    let twice: Vec<_> = payloads.values().filter(|p| p.len() > 1).collect();
    let same = |p: &[String]| p.iter().collect::<BTreeSet<_>>().len() == 1;
    assert!(twice.iter().any(|p| same(p)) && twice.iter().any(|p| !same(p)));
}

#[test]
fn nightly() {
    let orders: BTreeSet<String> = world()
        .lines("shopify", "orders.jsonl")
        .0
        .iter()
        .map(|o| text(o, "name").trim_start_matches('#').to_owned())
        .collect();
    let completed: BTreeMap<String, Timestamp> = world()
        .events()
        .iter()
        .filter(|e| ["Order Completed", "Completed Order"].contains(&text(e, "event")))
        .filter_map(|e| Some((text(&e["properties"], "order_id").to_owned(), at(e, "timestamp")?)))
        .collect();
    let operation: Value = serde_json::from_str(&world().text("shopify", "orders.operation.json")).expect("a node");
    let synced = at(&operation, "createdAt").expect("a time");
    let ahead: Vec<_> = completed.iter().filter(|(number, _)| !orders.contains(*number)).collect();
    assert!(!ahead.is_empty(), "every app order is in Shopify");
    assert!(ahead.iter().all(|(_, t)| **t > synced));
    assert!(completed.keys().filter(|n| orders.contains(*n)).count() > 100);
    let lines = world().table("warehouse", "order_lines");
    let nights = |l: &Value| Some(at(l, "loaded_at")?.days_since(at(l, "ordered_at")?.date().midnight()));
    let found: Vec<f64> = lines.iter().filter(|l| text(l, "status") != "returned").filter_map(nights).collect();
    assert!(found.len() > 1000, "{:?}", lines.first());
    assert!(found.iter().any(|n| *n > 2.0) && found.iter().filter(|n| **n < 2.0).count() > found.len() / 2);
}

#[test]
fn tickets() {
    let tickets = world().pages("tickets", "tickets");
    assert!(tickets.iter().any(|t| t["status"] == "deleted"));
    let mut versions: BTreeMap<u64, BTreeSet<(String, i64)>> = BTreeMap::new();
    for t in &tickets {
        let stamp = (text(t, "updated_at").to_owned(), t["generated_timestamp"].as_i64().unwrap_or_default());
        if text(t, "created_at").starts_with("20") {
            versions.entry(t["id"].as_u64().expect("an id")).or_default().insert(stamp);
        }
    }
    let touched = versions.values().filter(|v| v.len() == 2).collect::<Vec<_>>();
    assert!(!touched.is_empty());
    for v in touched {
        let updated: BTreeSet<_> = v.iter().map(|(u, _)| u).collect();
        assert_eq!(updated.len(), 1, "a touch moved updated_at");
    }
}
