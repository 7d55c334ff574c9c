//! A small company with one of each defect.

use std::path::Path;
use std::sync::Arc;

use kenal_lake::{FileOutcome, FileStatus, Lake, LakeOptions};
use kenal_types::*;

/// 2026-09-21T12:00:00Z.
pub const NOW: Timestamp = Timestamp(1_789_992_000_000_000);

/// What no report may show.
pub const SECRETS: [&str; 11] = [
    "mei@mail.example",
    "somchai@mail.example",
    "nosuchmail",
    "91234567",
    "81234567",
    "Mei Tan",
    "Somchai",
    "1990-01-02",
    "2090-05-06",
    "1 Orchard Road",
    "rejected row",
];

fn customer(key: &str, name: &str, emails: &[&str], phone: &str) -> CustomerRecord {
    let point = |value: &str| ContactPoint { value: value.into(), verified: false, shared: false };
    let text = |t: &str| (!t.is_empty()).then(|| t.to_owned());
    CustomerRecord {
        key: key.parse().expect("a key"),
        given_name: None,
        family_name: None,
        full_name: text(name),
        emails: emails.iter().map(|e| point(e)).collect(),
        phones: text(phone).iter().map(|p| point(p)).collect(),
        birth_date: None,
        street: None,
        city: None,
        postcode: None,
        country: None,
        market: None,
        language: None,
        devices: vec![],
        external_ids: vec![],
        loyalty: None,
        merged_into: None,
        deleted: false,
        erase: false,
        created_at: Some(NOW.plus_days(-100)),
        updated_at: Some(NOW.plus_days(-10)),
        sequence: 2,
    }
}

fn order(system: System, id: &str, number: &str, customer: Option<&str>, total: i64, days_ago: i64) -> Entity {
    Entity::Order(Box::new(Order {
        system,
        order_id: id.into(),
        number: number.into(),
        customer: customer.map(|c| c.parse().expect("a key")),
        email: None,
        phone: None,
        ordered_at: NOW.plus_days(-days_ago),
        known_at: NOW.plus_days(-days_ago),
        market: Some(Market::Singapore),
        currency: Currency::SGD,
        total: Money(total),
        status: OrderStatus::Completed,
        device: None,
        sequence: 1,
    }))
}

fn line(system: System, order: &str, sku: &str, quantity: i64) -> Entity {
    Entity::OrderLine(Box::new(OrderLine {
        system,
        order_id: order.into(),
        line_id: "1".into(),
        item_id: None,
        sku: Some(sku.into()),
        title: None,
        quantity,
        unit_price: Money(100),
        discount: None,
        sequence: 1,
    }))
}

fn consent(id: &str, subject: &str, decision: Decision, dated: bool) -> Entity {
    Entity::Consent(Box::new(ConsentSignal {
        signal_id: id.into(),
        subject: subject.parse().expect("a key"),
        purpose: Purpose::Market,
        channel: Some(Channel::Email),
        market: None,
        decision,
        mechanism: Mechanism::CheckboxUnticked,
        contact_point: (id != "s2").then(|| "Mei@mail.example".to_owned()),
        decided_at: dated.then(|| NOW.plus_days(-50)),
        known_at: None,
        effective_to: None,
        evidence: None,
        sequence: 1,
    }))
}

fn ticket(id: &str, requester: &str, created_at: Timestamp) -> Entity {
    Entity::Ticket(Box::new(Ticket {
        ticket_id: id.into(),
        requester: requester.parse().expect("a key"),
        channel: TicketChannel::Phone,
        priority: TicketPriority::Normal,
        status: TicketStatus::Solved,
        satisfaction: Satisfaction::Good,
        tags: vec![],
        created_at,
        updated_at: NOW.plus_days(-5),
        sequence: 1,
    }))
}

fn event(id: &str, item: &str) -> Entity {
    Entity::Event(Box::new(AppEvent {
        message_id: id.into(),
        kind: EventKind::ItemViewed,
        actor: RecordKey::new(System::App, "device/d1"),
        device: Some("d1".into()),
        happened_at: NOW.plus_days(-1),
        known_at: NOW.plus_days(-1),
        item_id: Some(item.into()),
        sku: None,
        order_number: None,
        quantity: None,
        market: None,
        platform: Some("ios".into()),
    }))
}

fn shopify() -> Vec<Entity> {
    let day = |d: &str| Some(d.parse().expect("a day"));
    let unnamed = CustomerRecord { sequence: 1, ..customer("shopify:1", "", &["mei@mail.example"], "") };
    let mei = CustomerRecord {
        birth_date: day("1970-01-01"),
        street: Some("1 Orchard Road".into()),
        country: Some("SG".into()),
        ..customer("shopify:1", "Mei Tan", &["mei@mail.example"], "+6591234567")
    };
    let twin = CustomerRecord {
        birth_date: day("2090-05-06"),
        country: Some("Atlantis".into()),
        merged_into: Some("shopify:77".parse().expect("a key")),
        ..customer("shopify:2", "Mei T", &["MEI@mail.example "], "")
    };
    let somchai = CustomerRecord {
        birth_date: day("1990-01-02"),
        country: Some("Thailand".into()),
        ..customer("shopify:3", "Somchai K", &["nosuchmail", "somchai@mail.example"], "+66 81234567")
    };
    let item = Item {
        item_id: "7".into(),
        title: "<b>Uno & Co</b>".into(),
        vendor: None,
        category: Some("Games".into()),
        tags: vec![],
        active: true,
        updated_at: None,
        sequence: 1,
    };
    let variant = Variant { variant_id: "701".into(), item_id: "7".into(), sku: None, price: Money(990), stock: 1 };
    let customers = [unnamed, mei, twin, somchai].map(|c| Entity::Customer(Box::new(c)));
    let mut all: Vec<Entity> = customers.into();
    all.extend([
        Entity::Item(Box::new(item)),
        Entity::Variant(Box::new(variant)),
        order(System::Shopify, "1", "1001", Some("shopify:1"), 2750, 20),
        order(System::Shopify, "2", "1002", Some("shopify:404"), 990, 20),
        order(System::Shopify, "3", "1003", None, 990, 1),
        line(System::Shopify, "1", "U-R", 1),
        consent("s1", "shopify:1", Decision::OptIn, true),
        consent("s2", "shopify:404", Decision::OptOut, true),
    ]);
    all
}

fn zendesk() -> Vec<Entity> {
    let somchai = CustomerRecord {
        country: Some("th".into()),
        ..customer("zendesk:2", "somchai k", &["Somchai@mail.example"], "0066-81234567")
    };
    let customers = [
        customer("zendesk:1", "Mei Tan", &["mei@mail.example"], ""),
        somchai,
        customer("zendesk:3", "Caller: +6591234567", &[], "123-456"),
        customer("zendesk:4", "Lim", &["lim@mail.example"], ""),
    ];
    let mut all: Vec<Entity> = customers.map(|c| Entity::Customer(Box::new(c))).into();
    all.extend([
        ticket("t1", "zendesk:1", NOW.plus_days(-6)),
        ticket("t2", "zendesk:404", "2031-01-01T00:00:00Z".parse().expect("a time")),
        consent("z1", "zendesk:1", Decision::OptIn, false),
        // The same address, refused.
        consent("z2", "zendesk:1", Decision::OptOut, true),
    ]);
    all
}

fn warehouse() -> Vec<Entity> {
    vec![
        order(System::Warehouse, "1001", "1001", None, 2600, 20),
        order(System::Warehouse, "9001", "9001", None, -500, 10),
        line(System::Warehouse, "1001", "NO-SUCH-SKU", 0),
        line(System::Warehouse, "gone", "U-R", 1),
    ]
}

fn app() -> Vec<Entity> {
    vec![
        Entity::Customer(Box::new(customer("app:device/d1", "", &[], ""))),
        event("m1", "7"),
        event("m2", "404"),
        order(System::App, "1001", "1001", Some("app:device/d1"), 2750, 20),
    ]
}

/// Brings the company into a new lake.
pub fn company(dir: &Path) -> Lake {
    let lake = Lake::open_with(dir, LakeOptions { threads: 2, ..LakeOptions::default() }).expect("a lake");
    let systems = [
        (System::Shopify, shopify(), Some(NOW.plus_days(-1))),
        (System::Zendesk, zendesk(), Some(NOW.plus_days(-2))),
        (System::Warehouse, warehouse(), Some(NOW.plus_days(-30))),
        (System::App, app(), None),
    ];
    for (system, entities, watermark) in systems {
        ingest(&lake, system, entities, watermark);
    }
    lake
}

fn ingest(lake: &Lake, system: System, entities: Vec<Entity>, watermark: Option<Timestamp>) {
    let stamp = |name: String| {
        let blake3 = *blake3::hash(name.as_bytes()).as_bytes();
        FileStamp { name: name.into(), bytes: 1, blake3 }
    };
    let (whole, cut) = (stamp(format!("{system}.jsonl")), stamp(format!("{system}.jsonl.gz")));
    let stamps = [whole.clone(), cut.clone()];
    let mut ingest = lake.begin_ingest(system, &stamps, NOW).expect("begun").expect("wanted");
    let accepted = entities.len() as u64;
    for (line, entity) in (1..).zip(entities) {
        ingest.accept(&Origin { file: Arc::clone(&whole.name), line }, b"{}", vec![entity]).expect("kept");
    }
    let rejected = if system == System::Shopify { vec![98, 1001] } else { vec![] };
    for line in &rejected {
        let rejection = Rejection {
            origin: Origin { file: Arc::clone(&whole.name), line: *line },
            field: "email".into(),
            reason: Reason::BadValue,
            detail: "not an address".into(),
            raw: b"rejected row of mei@mail.example".to_vec(),
        };
        ingest.reject(rejection).expect("kept");
    }
    let rejected = rejected.len() as u64;
    let outcome = FileOutcome {
        file: Arc::clone(&whole.name),
        kind: "everything".into(),
        status: FileStatus::Accepted,
        reason: None,
        read: accepted + rejected,
        accepted,
        rejected,
        watermark,
    };
    if system == System::App {
        let cut = FileOutcome {
            file: cut.name,
            kind: "unknown".into(),
            status: FileStatus::Quarantined,
            reason: Some("the gzip is cut short".into()),
            read: 0,
            accepted: 0,
            rejected: 0,
            watermark: None,
        };
        ingest.file_done(cut).expect("noted");
    }
    ingest.file_done(outcome).expect("noted");
    ingest.commit().expect("committed");
}
