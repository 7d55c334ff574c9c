//! Orders told by several systems, guests, doubts, and the app that tells first.

use std::sync::Arc;

use kenal_consent::{Policy, decide};
use kenal_lake::{FileOutcome, FileStatus, Lake};
use kenal_types::{
    AppEvent, ContactPoint, Currency, Entity, EventKind, FileStamp, Item, Market, Money, Order, OrderLine, OrderStatus,
    Origin, RecordKey, Satisfaction, System, TicketChannel, TicketPriority, TicketStatus, Variant,
};

use super::orders::told;
use super::purchases::Making;
use super::*;
use crate::gold::PurchaseRow;

const PERSON: PersonId = PersonId(7);

fn key(system: System, id: &str) -> RecordKey {
    RecordKey::new(system, id)
}

fn assigned(record: RecordKey, person: Option<PersonId>) -> AssignmentRow {
    let certain_group = record.clone();
    AssignmentRow { record, person, tier: String::new(), certain_group, market: Some(Market::Singapore) }
}

fn record(key: RecordKey, email: &str) -> CustomerRecord {
    let email = ContactPoint { value: email.to_owned(), verified: true, shared: false };
    CustomerRecord {
        key,
        given_name: None,
        family_name: None,
        full_name: None,
        emails: vec![email],
        phones: vec![],
        birth_date: None,
        street: None,
        city: None,
        postcode: None,
        country: None,
        market: Some(Market::Singapore),
        language: None,
        devices: vec![],
        external_ids: vec![],
        loyalty: None,
        merged_into: None,
        deleted: false,
        erase: false,
        created_at: None,
        updated_at: None,
        sequence: 0,
    }
}

fn order(system: System, number: &str, customer: Option<RecordKey>, known_day: i64) -> Order {
    Order {
        system,
        order_id: format!("{system}-{number}"),
        number: number.to_owned(),
        customer,
        email: None,
        phone: None,
        ordered_at: Timestamp(0),
        known_at: Timestamp(0).plus_days(known_day),
        market: None,
        currency: Currency::SGD,
        total: Money(100),
        status: OrderStatus::Completed,
        device: None,
        sequence: 0,
    }
}

fn line(system: System, number: &str, item_id: Option<&str>, sku: Option<&str>) -> OrderLine {
    OrderLine {
        system,
        order_id: format!("{system}-{number}"),
        line_id: "1".to_owned(),
        item_id: item_id.map(str::to_owned),
        sku: sku.map(str::to_owned),
        title: None,
        quantity: 1,
        unit_price: Money(250),
        discount: None,
        sequence: 0,
    }
}

struct World {
    reviews: Vec<ReviewRow>,
    assignments: Vec<AssignmentRow>,
    records: Vec<CustomerRecord>,
    items: Vec<Item>,
    variants: Vec<Variant>,
}

/// One person with a Shopify, a warehouse and an app record, one stranger; one item with one variant.
fn world() -> World {
    let keys = [key(System::Shopify, "1"), key(System::Warehouse, "w"), key(System::App, "user/u")];
    let mut assignments: Vec<AssignmentRow> = keys.iter().map(|k| assigned(k.clone(), Some(PERSON))).collect();
    assignments.push(assigned(key(System::Zendesk, "9"), None));
    let mut records: Vec<CustomerRecord> = keys.into_iter().map(|k| record(k, "mei@mail.example")).collect();
    records.push(record(key(System::Zendesk, "9"), "other@mail.example"));
    let item = Item {
        item_id: "70".to_owned(),
        title: "Mug".to_owned(),
        vendor: None,
        category: Some("Kitchen".to_owned()),
        tags: vec![],
        active: true,
        updated_at: None,
        sequence: 0,
    };
    let sku = Some("M-1".to_owned());
    let variant = Variant { variant_id: "701".to_owned(), item_id: "70".to_owned(), sku, price: Money(250), stock: 3 };
    let review = ReviewRow {
        value: 1.0,
        model: String::new(),
        a: key(System::Shopify, "1"),
        b: key(System::Warehouse, "doubtful"),
        weight_bits: 12.0,
        probability: 0.9,
        reason: String::new(),
        evidence: String::new(),
    };
    World { reviews: vec![review], assignments, records, items: vec![item], variants: vec![variant] }
}

fn people<'a>(assignments: &'a [AssignmentRow], records: &[CustomerRecord], reviews: &[ReviewRow]) -> People<'a> {
    let mut people = People::new(assignments, reviews);
    records.iter().for_each(|record| people.add(record));
    people
}

/// A lake with what the systems sent.
fn lake(folder: &std::path::Path, orders: &[Order], lines: &[OrderLine], events: &[AppEvent]) -> Lake {
    let lake = Lake::open(folder).expect("a lake");
    let sent = |system: System| -> Vec<Entity> {
        let orders = orders.iter().filter(|o| o.system == system).cloned().map(|o| Entity::Order(Box::new(o)));
        let lines = lines.iter().filter(|l| l.system == system).cloned().map(|l| Entity::OrderLine(Box::new(l)));
        let events = events.iter().filter(|_| system == System::App).cloned().map(|e| Entity::Event(Box::new(e)));
        orders.chain(lines).chain(events).collect()
    };
    for system in System::ALL {
        let (file, entities): (Arc<str>, _) = ("all".into(), sent(system));
        let stamp = FileStamp { name: Arc::clone(&file), bytes: 1, blake3: [7; 32] };
        let mut ingest = lake.begin_ingest(system, &[stamp], Timestamp(0)).expect("begun").expect("new");
        for entity in entities {
            let origin = Origin { file: Arc::clone(&file), line: 1 };
            ingest.accept(&origin, b"row", vec![entity]).expect("taken");
        }
        let (kind, status, rows) = ("rows".to_owned(), FileStatus::Accepted, sent(system).len() as u64);
        let (read, accepted, rejected) = (rows, rows, 0);
        let outcome = FileOutcome { file, kind, status, reason: None, read, accepted, rejected, watermark: None };
        ingest.file_done(outcome).expect("told");
        ingest.commit().expect("committed");
    }
    lake
}

fn run(orders: &[Order], lines: &[OrderLine], events: &[AppEvent]) -> (Vec<PurchaseRow>, ProfileCounts) {
    let w = world();
    let people = people(&w.assignments, &w.records, &w.reviews);
    let catalogue = Catalogue::new(&w.items, &w.variants);
    let mut counts = ProfileCounts::default();
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path(), orders, lines, events);
    let snapshot = &decide(&[], &[], Timestamp(0), &Policy::default()).snapshot;
    let making = Making { people: &people, catalogue: &catalogue, rates: &Rates::default(), snapshot };
    let rows = told(&lake).expect("asked").flat_map(|told| {
        let told = told.expect("read");
        making.rows(&told, &mut counts).expect("known currencies")
    });
    let rows = rows.collect();
    (rows, counts)
}

#[test]
fn an_order_that_two_systems_tell_of_is_one() {
    let orders = [
        order(System::Warehouse, "1001", Some(key(System::Warehouse, "w")), 1),
        order(System::Shopify, "1001", None, 2),
    ];
    let lines = [line(System::Warehouse, "1001", None, Some("M-1")), line(System::Shopify, "1001", Some("70"), None)];
    let (rows, counts) = run(&orders, &lines, &[]);
    assert_eq!((counts.orders_read, counts.orders), (2, 1));
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.person, row.system, row.item_id.as_deref()), (PERSON, System::Shopify, Some("70")));
    assert_eq!(row.known_at, Timestamp(0).plus_days(1), "whoever knew first");
    assert_eq!((row.category.as_deref(), row.price_sgd), (Some("Kitchen"), 2.5));
}

#[test]
fn a_cancellation_seen_by_one_system_counts() {
    let cancelled =
        Order { status: OrderStatus::Cancelled, ..order(System::Shopify, "1", Some(key(System::Shopify, "1")), 3) };
    let orders = [order(System::Warehouse, "1", None, 1), cancelled];
    let (rows, _) = run(&orders, &[line(System::Warehouse, "1", None, Some("M-1"))], &[]);
    assert_eq!(rows[0].status, OrderStatus::Cancelled);
    assert_eq!(rows[0].voided_at, Some(Timestamp(0).plus_days(3)), "when it became known");
}

#[test]
fn what_may_be_theirs_is_kept_from_them_and_counts_for_nothing_else() {
    let orders = [order(System::Warehouse, "1", Some(key(System::Warehouse, "doubtful")), 1)];
    let (rows, counts) = run(&orders, &[line(System::Warehouse, "1", None, Some("M-1"))], &[]);
    assert_eq!((counts.orders_apart, counts.orders_doubtful), (1, 1));
    assert_eq!(rows.iter().map(|r| (r.person, r.doubtful)).collect::<Vec<_>>(), [(PERSON, true)]);
}

#[test]
fn a_guest_is_known_by_an_address_that_is_one_persons_only() {
    let guest = |email: &str| Order { email: Some(email.to_owned()), ..order(System::Shopify, "1", None, 1) };
    let lines = [line(System::Shopify, "1", Some("70"), None)];
    assert_eq!(run(&[guest("MEI@mail.example")], &lines, &[]).0.len(), 1);
    assert_eq!(run(&[guest("other@mail.example")], &lines, &[]).0.len(), 0, "an unmatched record's");
    assert_eq!(run(&[guest("nobody@mail.example")], &lines, &[]).1.orders_apart, 1);
}

#[test]
fn the_app_tells_first_and_is_not_counted_twice() {
    let event = AppEvent {
        message_id: "m".to_owned(),
        kind: EventKind::Purchased,
        actor: key(System::App, "user/u"),
        device: None,
        happened_at: Timestamp(0),
        known_at: Timestamp(0),
        item_id: Some("70".to_owned()),
        sku: None,
        order_number: Some("1001".to_owned()),
        quantity: Some(1),
        market: None,
        platform: Some("ios".to_owned()),
    };
    let (rows, counts) = run(&[], &[], std::slice::from_ref(&event));
    assert_eq!((rows.len(), counts.early_purchases), (1, 1), "hours before the order syncs");
    let orders = [order(System::Shopify, "1001", Some(key(System::Shopify, "1")), 1)];
    let (rows, counts) = run(&orders, &[line(System::Shopify, "1001", Some("70"), None)], &[event]);
    assert_eq!((rows.len(), counts.early_purchases), (1, 0));
    assert_eq!(rows[0].place.as_deref(), Some("ios"), "the app says where it was placed");
}

/// An answer that is known only in another millennium is never seen by a feature.
#[test]
fn a_ticket_is_known_when_the_export_had_it() {
    let requester = key(System::Zendesk, "9");
    let (assignments, records) = ([assigned(requester.clone(), Some(PERSON))], [record(requester.clone(), "a@b.sg")]);
    let (created_at, generated_at) = (Timestamp::from_seconds(1_780_000_000), Timestamp::from_seconds(1_780_090_000));
    let ticket = Ticket {
        ticket_id: "1".to_owned(),
        requester,
        channel: TicketChannel::Web,
        priority: TicketPriority::Normal,
        status: TicketStatus::Solved,
        satisfaction: Satisfaction::Good,
        tags: vec![],
        created_at,
        updated_at: created_at,
        sequence: generated_at.0,
    };
    let rows = tickets(&[ticket], &people(&assignments, &records, &[]), &mut ProfileCounts::default());
    let got: Vec<_> = rows.iter().map(|r| (r.created_at, r.solved_known_at, r.rated_known_at)).collect();
    assert_eq!(got, [(created_at, Some(generated_at), Some(generated_at))]);
}

/// Priority normal, urgent; solved, opened again, solved; rated on the way. Each is known with its version.
#[test]
fn versions_of_a_ticket_tell_what_happened_to_it() {
    let requester = key(System::Zendesk, "9");
    let (assignments, records) = ([assigned(requester.clone(), Some(PERSON))], [record(requester.clone(), "a@b.sg")]);
    let people = people(&assignments, &records, &[]);
    let at = |day: i64| Timestamp(0).plus_days(day);
    let version = |day: i64, priority, status, satisfaction| Ticket {
        ticket_id: "1".to_owned(),
        requester: requester.clone(),
        channel: TicketChannel::Web,
        priority,
        status,
        satisfaction,
        tags: vec![],
        created_at: at(1),
        updated_at: at(day),
        sequence: at(day + 1).0,
    };
    let mut versions = vec![
        version(1, TicketPriority::Normal, TicketStatus::New, Satisfaction::None),
        version(2, TicketPriority::Urgent, TicketStatus::Solved, Satisfaction::Offered),
        version(3, TicketPriority::Urgent, TicketStatus::Solved, Satisfaction::Bad),
        version(4, TicketPriority::Urgent, TicketStatus::Open, Satisfaction::Bad),
        version(6, TicketPriority::High, TicketStatus::Closed, Satisfaction::Bad),
    ];
    let row = &tickets(&versions, &people, &mut ProfileCounts::default())[0];
    assert_eq!(
        (row.priority, row.escalated_at, row.escalated_known_at),
        (TicketPriority::Normal, Some(at(2)), Some(at(3)))
    );
    assert_eq!((row.solved_at, row.solved_known_at), (Some(at(6)), Some(at(7))));
    assert_eq!((row.satisfaction, row.rated_at), (Some(Satisfaction::Bad), Some(at(3))));
    versions.truncate(4);
    assert_eq!(tickets(&versions, &people, &mut ProfileCounts::default())[0].solved_at, None, "open again");
    versions.push(version(7, TicketPriority::High, TicketStatus::Deleted, Satisfaction::Bad));
    assert_eq!(tickets(&versions, &people, &mut ProfileCounts::default()), [], "deleted");
}

#[test]
fn numbers_come_one_after_the_other_with_all_that_is_said_of_them() {
    let event = |id: &str, number: Option<&str>| AppEvent {
        message_id: id.to_owned(),
        kind: EventKind::Purchased,
        actor: key(System::App, "user/u"),
        device: None,
        happened_at: Timestamp(0),
        known_at: Timestamp(0),
        item_id: None,
        sku: None,
        order_number: number.map(str::to_owned),
        quantity: None,
        market: None,
        platform: Some(id.to_owned()),
    };
    let orders = [
        order(System::Warehouse, "2", None, 1),
        order(System::Shopify, "10", None, 1),
        order(System::Warehouse, "10", None, 1),
        order(System::Shopify, "3", None, 1),
    ];
    let second = OrderLine { line_id: "2".to_owned(), quantity: 5, ..line(System::Shopify, "10", None, Some("b")) };
    let lines = [
        second,
        line(System::Shopify, "10", Some("a"), None),
        line(System::Warehouse, "10", None, Some("c")),
        line(System::Warehouse, "2", None, Some("d")),
        // Of an order that is not there, or another system's.
        line(System::Shopify, "2", None, Some("e")),
    ];
    let events = [
        event("m1", Some("3")),
        event("m2", None),
        event("m3", Some("3")),
        event("m4", Some("11")),
        event("m5", None),
        AppEvent { kind: EventKind::ItemViewed, ..event("m6", Some("3")) },
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path(), &orders, &lines, &events);
    let told: Vec<_> = told(&lake).expect("asked").map(|told| told.expect("read")).collect();
    let said: Vec<String> = told
        .iter()
        .map(|told| {
            let line =
                |l: &super::orders::Line| format!("{}{}", l.quantity, l.item_id.as_ref().or(l.sku.as_ref()).unwrap());
            let version = |v: &super::orders::Version| {
                format!("{}({})", v.system, v.lines.iter().map(line).collect::<Vec<_>>().join(" "))
            };
            let versions: Vec<String> = told.versions.iter().map(version).collect();
            let apps: Vec<&str> = told.in_app.iter().filter_map(|e| e.platform.as_deref()).collect();
            format!("{}: {} {}", told.number.as_deref().unwrap_or("-"), versions.join(" "), apps.join(" "))
        })
        .collect();
    let expected =
        ["-:  m2", "-:  m5", "10: shopify(1a 5b) warehouse(1c) ", "11:  m4", "2: warehouse(1d) ", "3: shopify() m1 m3"];
    assert_eq!(said, expected);
}
