//! Orders and their lines.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::world::{text, world};

fn lines() -> Vec<Value> {
    world().lines("shopify", "orders.jsonl").0
}

fn is_order(line: &Value) -> bool {
    text(line, "id").starts_with("gid://shopify/Order/")
}

#[test]
fn guests() {
    let lines = lines();
    let orders: Vec<_> = lines.iter().filter(|l| is_order(l)).collect();
    assert!(orders.iter().any(|o| o["customer"].is_null() && o["email"] == "" && o["test"] == false));
    assert!(orders.iter().any(|o| o["customer"].is_null() && text(o, "email").contains('@') && o["test"] == false));
    assert!(orders.iter().any(|o| o["test"] == true));
    assert!(lines.iter().any(|l| text(l, "id").contains("/LineItem/") && l["product"].is_null()));
}

#[test]
fn children() {
    let lines = lines();
    let mut seen = BTreeMap::new();
    let (mut far, mut refunds) = (0, [0, 0]);
    for (at, line) in lines.iter().enumerate() {
        if is_order(line) {
            seen.insert(text(line, "id").to_owned(), at);
            refunds[0] += usize::from(line["refunds"][0].is_object());
        } else if let Some(parent) = line["__parentId"].as_str() {
            // Broken copies of orders aside, parents come first, but not next.
            if let Some(order) = seen.get(parent) {
                let between = lines.iter().take(at).skip(order + 1).filter(|l| is_order(l)).count();
                far += usize::from(between > 0);
            }
            refunds[1] += usize::from(text(line, "id").contains("/Refund/"));
        }
    }
    assert!(far > 100, "{far} lines stand apart from their order");
    assert!(refunds[0] > 0 && refunds[1] > 0, "{refunds:?}");
    assert!(lines.iter().any(|l| l["id"].is_null() && l["__parentId"].is_string()));
}

#[test]
fn broken() {
    let (_, customers) = world().lines("shopify", "customers.jsonl");
    let (orders, order_lines) = world().lines("shopify", "orders.jsonl");
    let (events, app) = world().lines("app", "events-");
    assert!(customers + order_lines > 0 && app > 0, "no line is broken");
    assert!(events.iter().any(|e| e["messageId"].is_null() && e["batch"].is_null()));
    assert!(orders.iter().any(|o| o["quantity"].is_string() || text(o, "createdAt").starts_with("on ")));
    let lines = world().table("warehouse", "order_lines");
    assert!(lines.iter().any(|l| l["order_no"].is_null()) && lines.iter().any(|l| l["quantity"].is_null()));
    let contacts = world().crm("Contact");
    let (id, created) = (0, contacts[0].iter().position(|h| h == "CreatedDate").expect("the column"));
    assert!(contacts.iter().any(|c| c[id].is_empty()) || contacts.iter().any(|c| c[created].contains("o'clock")));
}

#[test]
fn operations_count_what_is_in_their_files() {
    for name in ["customers", "orders", "products"] {
        let node: Value =
            serde_json::from_str(&world().text("shopify", &format!("{name}.operation.json"))).expect("a node");
        let content = world().text("shopify", &format!("{name}.jsonl"));
        let roots = content.lines().filter(|l| !l.contains("\"__parentId\":")).count();
        let counted =
            ["objectCount", "rootObjectCount", "fileSize"].map(|k| text(&node, k).parse::<usize>().expect("a count"));
        assert_eq!(counted, [content.lines().count(), roots, content.len()], "{name}");
    }
}

#[test]
fn the_same_order_has_the_same_number_and_items_everywhere() {
    let lines = lines();
    let mut shopify: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let names: BTreeMap<&str, &str> =
        lines.iter().filter(|l| is_order(l) && l["test"] == false).map(|l| (text(l, "id"), text(l, "name"))).collect();
    for line in lines.iter().filter(|l| text(l, "id").contains("/LineItem/") && l["quantity"].is_i64()) {
        if let Some(name) = names.get(text(line, "__parentId")) {
            shopify.entry(name.trim_start_matches('#').to_owned()).or_default().insert(text(line, "sku").to_owned());
        }
    }
    let mut warehouse: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in world().table("warehouse", "order_lines") {
        warehouse.entry(text(&line, "order_no").to_owned()).or_default().insert(text(&line, "sku").to_owned());
    }
    let both: Vec<_> = shopify.iter().filter_map(|(n, items)| Some((items, warehouse.get(n)?))).collect();
    assert!(both.len() > shopify.len() * 9 / 10 && both.len() > 1000);
    assert!(both.iter().all(|(a, b)| a == b));
}
