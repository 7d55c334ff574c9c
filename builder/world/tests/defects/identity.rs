//! Who is who: duplicates, shared things, names and numbers.

use std::collections::{BTreeMap, BTreeSet};

use kenal_world::rates::Defect;
use kenal_world::truth;
use serde_json::Value;

use crate::world::{near, text, world};

/// Users, each once.
fn users() -> BTreeMap<u64, Value> {
    world().pages("users", "users").into_iter().filter_map(|u| Some((u["id"].as_u64()?, u))).collect()
}

#[test]
fn records() {
    let users = users();
    let without = users.values().filter(|u| u["email"].is_null()).count();
    near("Zendesk users without email", without, users.len(), Defect::ZendeskNoEmail.rate().share);
    assert!(users.values().filter(|u| u["email"].is_null()).all(|u| u["phone"].is_string()));

    let customers = world().table("warehouse", "customers").iter().filter(|c| c["customer_id"].is_string()).count();
    let people = usize::try_from(world().summary.people).expect("fits");
    near("warehouse duplicates", customers - people, customers, Defect::WarehouseDuplicate.rate().share);

    let mut identities: BTreeMap<u64, u64> = BTreeMap::new();
    for identity in world().pages("users", "identities") {
        *identities.entry(identity["user_id"].as_u64().expect("a user")).or_default() += 1;
    }
    assert!(identities.values().filter(|n| **n > 1).count() > 100);
    let pages = world().pages("users", "users");
    assert!(pages.len() > users.len(), "no user comes twice");
}

#[test]
fn sharing() {
    let (mut on_device, mut accounts): (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) = Default::default();
    for event in world().events() {
        let users = on_device.entry(text(&event["context"]["device"], "id").to_owned()).or_default();
        users.extend(event["userId"].as_str().map(str::to_owned));
        accounts.extend(event["userId"].as_str().map(str::to_owned));
    }
    assert!(on_device.values().any(|users| users.len() == 2), "no device is shared");
    assert!(on_device.values().all(|users| users.len() <= 2));
    assert!(on_device.values().any(BTreeSet::is_empty), "everybody signs in");
    assert!(accounts.len() > 1000);

    let marked = users().values().filter(|u| u["shared_phone_number"] == true).count();
    assert!(marked > 0, "no number is marked as shared");
    // Two people with the same number, by the truth: the warehouse has it under both.
    let whose: BTreeMap<String, u64> =
        truth::people(&world().out).expect("truth").into_iter().map(|p| (p.record.to_string(), p.person)).collect();
    let mut by_phone: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for row in world().table("warehouse", "customers") {
        let person = whose.get(&format!("warehouse:{}", text(&row, "customer_id")));
        if let (Some(phone), Some(person)) = (row["phone"].as_str(), person) {
            by_phone.entry(phone.to_owned()).or_default().insert(*person);
        }
    }
    assert!(by_phone.values().any(|people| people.len() == 2), "no number is shared");
}

#[test]
fn crm() {
    let rows = world().crm("Contact");
    let header = &rows[0];
    let column = |name: &str| header.iter().position(|h| h == name).expect("the column");
    assert!(rows.iter().filter(|r| *r == header).count() > 2, "the header stands once");
    let (id, deleted, master) = (column("Id"), column("IsDeleted"), column("MasterRecordId"));
    let full: BTreeSet<&str> = rows.iter().map(|r| r[id].as_str()).collect();
    let merged: Vec<_> = rows.iter().filter(|r| r[deleted] == "true").collect();
    assert!(merged.len() > 20);
    assert!(merged.iter().all(|r| full.contains(r[master].as_str()) || full.contains(&r[master][..15])));
    assert!(rows.iter().any(|r| r[id].len() == 15) && rows.iter().any(|r| r[id].len() == 18));
    let street = column("MailingStreet");
    assert!(rows.iter().any(|r| r[street].contains('\n')));
    assert!(rows.iter().any(|r| r[column("Description")].contains('"')));
    let members = world().crm("LoyaltyProgramMember");
    let contact = members[0].iter().position(|h| h == "ContactId").expect("the column");
    assert!(members.iter().any(|m| m[contact].len() == 15));
}

#[test]
fn names() {
    let people = truth::people(&world().out).expect("truth");
    let whose: BTreeMap<String, u64> = people.iter().map(|p| (p.record.to_string(), p.person)).collect();
    let mut names: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    let mut emails: BTreeMap<String, u64> = BTreeMap::new();
    let mut slipped = 0;
    let (customers, _) = world().lines("shopify", "customers.jsonl");
    for customer in &customers {
        let person = whose.get(&format!("shopify:{}", text(customer, "legacyResourceId")));
        let Some(person) = person else { continue };
        let name = format!("{} {}", text(customer, "firstName"), text(customer, "lastName"));
        names.entry(*person).or_default().insert(name);
        emails.insert(text(customer, "email").to_lowercase(), *person);
    }
    for row in world().table("warehouse", "customers") {
        if let (Some(person), Some(email)) =
            (whose.get(&format!("warehouse:{}", text(&row, "customer_id"))), row["email"].as_str())
        {
            // The serial number in an address is its owner's alone: the same with other letters is a slip.
            let digits = |e: &str| {
                e.split('@').next().unwrap_or_default().trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned()
            };
            let close = |e: &str| digits(e) == digits(email) && e != email.to_lowercase();
            slipped += usize::from(!digits(email).is_empty() && emails.iter().any(|(e, p)| p == person && close(e)));
        }
    }
    assert!(slipped > 0, "no address has a slip");
    let varied = names.values().filter(|n| n.len() > 1).count();
    assert!(varied > 5, "{varied} people have two names in one system");
    assert!(!customers.iter().any(|c| text(c, "email").contains("gmail")));
}

#[test]
fn phones() {
    let (customers, _) = world().lines("shopify", "customers.jsonl");
    let phones: Vec<String> = customers.iter().filter_map(|c| c["phone"].as_str().map(str::to_owned)).collect();
    let count = |is: &dyn Fn(&str) -> bool| phones.iter().filter(|p| is(p)).count();
    for (name, found, defect) in [
        ("plus", count(&|p| p.starts_with('+') && !p.contains(' ')), Defect::PhoneE164),
        ("spaces", count(&|p| p.starts_with('+') && p.contains(' ')), Defect::PhoneSpaced),
        ("double zero", count(&|p| p.starts_with("00")), Defect::PhoneDoubleZero),
        ("brackets", count(&|p| p.starts_with('(')), Defect::PhoneDashed),
    ] {
        near(name, found, phones.len(), defect.rate().share);
    }
    let plain = count(&|p| ["65", "60", "66", "62"].iter().any(|c| p.starts_with(c)) && p.len() >= 10);
    assert!(plain > 0 && count(&|p| p.starts_with('0') && !p.starts_with("00")) > 0);
}
