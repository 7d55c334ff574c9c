//! The app's cases.

use kenal_types::{Channel, Decision, EventKind, Market, Mechanism, Money, Purpose, System};

use crate::harness::{Kept, at, fixtures, gzip, read, read_dir, read_fixtures};

#[test]
fn copies_with_the_same_and_with_another_payload() {
    let reading = read_fixtures(System::App);
    let faults = reading.faults();
    assert!(faults.contains(&"events-2026-11-20.jsonl:2 messageId duplicate".to_owned()));
    // The other payload again, a day later, in another file.
    assert!(faults.contains(&"events-2026-11-21.jsonl:1 messageId duplicate".to_owned()));
    let events = reading.events();
    let viewed: Vec<_> = events
        .iter()
        .filter(|e| e.message_id.starts_with("m-1") && e.message_id.len() != 3 || e.message_id == "m-1")
        .collect();
    let [first, other] = &viewed[..] else { panic!("{} events", viewed.len()) };
    assert_eq!((first.message_id.as_str(), first.item_id.as_deref()), ("m-1", Some("77")));
    assert!(other.message_id.starts_with("m-1~") && other.item_id.as_deref() == Some("78"), "{}", other.message_id);
}

#[test]
fn files_that_are_declined_are_remembered() {
    let kept = Kept { declined: vec!["events-2026-11-20.jsonl".to_owned()], ..Kept::default() };
    let reading = read_dir(System::App, &fixtures(System::App), kept).expect("the fixtures can be read");
    assert_eq!(reading.faults(), ["events-2026-11-21.jsonl:1 messageId duplicate"]);
    let known = reading.customers();
    assert_eq!(known.len(), 1, "only the account with a new device is written again");
    assert_eq!(known[0].devices, ["dev-1", "anon-1", "dev-9", "anon-9"]);
    assert_eq!(known[0].emails[0].value, "ana@example.com");
}

#[test]
fn accounts_devices_and_a_device_of_two_people() {
    let reading = read_fixtures(System::App);
    let customers = reading.customers();
    let last = |id: &str| *customers.iter().rfind(|c| c.key.id == id).expect("a record");
    assert_eq!(last("device/anon-1").devices, ["dev-1", "anon-1"]);
    let ana = last("user/u-1");
    assert_eq!((ana.given_name.as_deref(), ana.phones[0].value.as_str()), (Some("Ana"), "+6591230001"));
    assert_eq!((ana.market, ana.language.as_deref()), (Some(Market::Singapore), Some("en-SG")), "known from before");
    assert_eq!(last("user/u-2").devices, ["dev-1", "anon-1"], "the same phone, another account");
    assert_eq!(last("user/u-2").emails, []);
    let actor = reading.events().iter().find(|e| e.message_id == "m-8").expect("an event").actor.to_string();
    assert_eq!(actor, "app:device/anon-2");
}

#[test]
fn clocks_queues_markets_and_batches() {
    let reading = read_fixtures(System::App);
    let events = reading.events();
    let of = |id: &str| *events.iter().find(|e| e.message_id == id).expect("an event");
    assert_eq!((of("m-1").happened_at, of("m-1").market), (at("2026-11-20T10:00:01Z"), Some(Market::Singapore)));
    assert_eq!((of("m-1").platform.as_deref(), of("m-9").platform.as_deref()), (Some("ios"), Some("web")));
    // A phone three days ahead, and one three days offline.
    assert_eq!((of("m-9").happened_at, of("m-9").market), (at("2026-11-20T13:00:00Z"), Some(Market::Thailand)));
    assert_eq!((of("m-20").happened_at, of("m-20").known_at), (at("2026-11-18T08:00:00Z"), at("2026-11-21T08:00:00Z")));
    // Events of a batch take its times, and one bad one costs itself only.
    assert_eq!((of("m-8").happened_at, of("m-8").kind), (at("2026-11-20T12:32:00Z"), EventKind::ItemViewed));
    let rejected = reading.kept.rejected.iter().find(|r| r.origin.line == 8).expect("the bad one of the batch");
    assert_eq!(rejected.field, "userId");
    let replayed = read(System::App, &[("again.jsonl", &rejected.raw)]);
    assert_eq!(replayed.faults(), ["again.jsonl:1 userId missing_field"]);
    let (_, raw, _) = reading.kept.accepted.iter().find(|(o, ..)| o.line == 8).expect("a good one of the batch");
    let replayed = read(System::App, &[("again.jsonl", raw)]);
    assert_eq!(replayed.events()[0], of("m-6"));
    // The newest receipt, less what is still on its way.
    assert_eq!(reading.file("events-2026-11-20.jsonl").watermark, Some(at("2026-11-20T12:45:00Z")));
}

#[test]
fn an_order_completed_is_events_an_order_and_lines() {
    let reading = read_fixtures(System::App);
    let bought: Vec<_> = reading.events().into_iter().filter(|e| e.kind == EventKind::Purchased).collect();
    assert_eq!(
        bought.iter().map(|e| (e.message_id.as_str(), e.item_id.as_deref(), e.quantity)).collect::<Vec<_>>(),
        [("m-3#1", Some("77"), Some(2)), ("m-3#2", Some("78"), Some(1))]
    );
    assert!(bought.iter().all(|e| e.order_number.as_deref() == Some("1001")));
    let orders = reading.orders();
    assert_eq!((orders.len(), orders[0].number.as_str(), orders[0].total), (1, "1001", Money(2750)));
    assert_eq!((orders[0].device.as_deref(), orders[0].known_at), (Some("dev-1"), at("2026-11-18T20:00:00Z")));
    // The shop's own copy of the order is synced six hours later.
    let shop = read_fixtures(System::Shopify);
    let synced = shop.orders().into_iter().find(|o| o.number == "1001").expect("the same order").known_at;
    assert_eq!(synced.0 - orders[0].known_at.0, 6 * 3600 * 1_000_000);
    assert_eq!(reading.lines().iter().map(|l| l.unit_price).collect::<Vec<_>>(), [Money(990), Money(770)]);
}

#[test]
fn choices_are_signals_when_they_change() {
    let reading = read_fixtures(System::App);
    let consents = reading.consents();
    let mut personalise: Vec<_> = consents
        .iter()
        .filter(|c| c.purpose == Purpose::Personalise && c.channel == Some(Channel::Onsite))
        .map(|c| (c.signal_id.split('/').next().expect("a message"), c.decision, c.mechanism, c.decided_at))
        .collect();
    personalise.sort();
    assert_eq!(
        personalise,
        [
            // There before anything was seen: how old it is nobody knows.
            ("m-1", Decision::OptIn, Mechanism::CheckboxUnticked, None),
            // Three days in the queue of an offline phone: earlier than the withdrawal, and it says so.
            ("m-20", Decision::OptIn, Mechanism::CheckboxUnticked, Some(at("2026-11-18T08:00:00Z"))),
            ("m-21", Decision::OptIn, Mechanism::CheckboxUnticked, Some(at("2026-11-21T09:00:00Z"))),
            ("m-4", Decision::OptOut, Mechanism::PreferenceCentre, Some(at("2026-11-20T11:00:01Z"))),
        ]
    );
    // m-5 repeats what m-4 said.
    assert!(consents.iter().all(|c| !c.signal_id.starts_with("m-5")));
    let of = |message: &str| consents.iter().filter(|c| c.signal_id.starts_with(&format!("{message}/"))).count();
    // Personalisation is three signals (page, push, training), the other two one each.
    assert_eq!((of("m-1"), of("m-4"), of("m-20")), (5, 5, 3));
    // Only the act itself is evidence.
    assert!(consents.iter().all(|c| c.evidence.is_some() == (c.mechanism == Mechanism::PreferenceCentre)));
}

#[test]
fn every_bad_event_is_rejected_for_its_reason() {
    let faults = read_fixtures(System::App).faults();
    let of_first: Vec<_> = faults.iter().filter_map(|f| f.strip_prefix("events-2026-11-20.jsonl:")).collect();
    assert_eq!(
        of_first,
        [
            "2 messageId duplicate",
            "8 userId missing_field",
            "10 type unknown_kind",
            "11 messageId missing_field",
            "12 properties.quantity bad_value",
            "13 context.device.id bad_value",
            "14  syntax",
        ]
    );
}

#[test]
fn packed_days_read_the_same() {
    let bytes = std::fs::read(fixtures(System::App).join("events-2026-11-20.jsonl")).expect("a fixture");
    let plain = read(System::App, &[("e.jsonl", &bytes)]);
    let packed = read(System::App, &[("e.jsonl.gz", &gzip(&bytes))]);
    assert_eq!(packed.events(), plain.events());
    assert_eq!(packed.report.read(), plain.report.read());
}
