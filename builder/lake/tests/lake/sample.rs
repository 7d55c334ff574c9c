//! Made-up rows of every kind, and files to bring them in.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kenal_lake::{FileOutcome, FileStatus, IngestCounts, Lake, LakeError, LakeOptions};
use kenal_types::*;

pub const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

/// A file of an export and what its lines became.
pub struct Export {
    pub name: &'static str,
    pub content: &'static str,
    pub lines: Vec<Vec<Entity>>,
    pub rejected: Vec<(u64, &'static [u8])>,
}

impl Export {
    pub fn new(name: &'static str, content: &'static str, lines: Vec<Vec<Entity>>) -> Self {
        Export { name, content, lines, rejected: Vec::new() }
    }

    pub fn stamp(&self) -> FileStamp {
        stamp(self.name, self.content)
    }

    pub fn outcome(&self, status: FileStatus) -> FileOutcome {
        let (accepted, rejected) = (self.lines.len() as u64, self.rejected.len() as u64);
        FileOutcome {
            file: self.name.into(),
            kind: "rows".into(),
            status,
            reason: (status != FileStatus::Accepted).then(|| "cut short".into()),
            read: accepted + rejected,
            accepted,
            rejected,
            watermark: Some(NOW.plus_days(-1)),
        }
    }
}

pub fn stamp(name: &str, content: &str) -> FileStamp {
    let blake3 = *blake3::hash(content.as_bytes()).as_bytes();
    FileStamp { name: name.into(), bytes: content.len() as u64, blake3 }
}

pub fn open(dir: &Path) -> Lake {
    Lake::open_with(dir, LakeOptions { threads: 2, ..LakeOptions::default() }).expect("a lake")
}

/// Brings files in; `None` when all of them are in already.
pub fn ingest(lake: &Lake, system: System, files: &[Export]) -> Result<Option<IngestCounts>, LakeError> {
    let stamps: Vec<FileStamp> = files.iter().map(Export::stamp).collect();
    let Some(mut ingest) = lake.begin_ingest(system, &stamps, NOW)? else { return Ok(None) };
    for file in files.iter().filter(|f| ingest.wants(&f.stamp())).collect::<Vec<_>>() {
        let name: Arc<str> = file.name.into();
        for (at, entities) in (1..).zip(&file.lines) {
            let origin = Origin { file: Arc::clone(&name), line: at };
            ingest.accept(&origin, format!("line {at}").as_bytes(), entities.clone())?;
        }
        for (line, raw) in &file.rejected {
            ingest.reject(Rejection {
                origin: Origin { file: Arc::clone(&name), line: *line },
                field: "email".into(),
                reason: Reason::BadValue,
                detail: "not an address".into(),
                raw: raw.to_vec(),
            })?;
        }
        ingest.file_done(file.outcome(FileStatus::Accepted))?;
    }
    ingest.commit().map(Some)
}

pub fn versions(lake: &Lake) -> BTreeMap<String, (u64, u64)> {
    lake.tables().expect("tables").into_iter().map(|t| (t.name.to_string(), (t.version, t.rows))).collect()
}

/// Every field has a value.
pub fn customer(key: &str, sequence: i64) -> CustomerRecord {
    CustomerRecord {
        key: key.parse().expect("a key"),
        given_name: Some("Mei".into()),
        family_name: Some("Tan".into()),
        full_name: Some("Mei \"M\" Tan\nJr. 陈美".into()),
        emails: vec![
            ContactPoint { value: "mei@mail.example".into(), verified: true, shared: false },
            ContactPoint { value: "tan@mail.example".into(), verified: false, shared: true },
        ],
        phones: vec![ContactPoint { value: "+6590000001".into(), verified: false, shared: false }],
        birth_date: Some("1907-06-30".parse().expect("a day")),
        street: Some("1 Example Street".into()),
        city: Some("Singapore".into()),
        postcode: Some("018956".into()),
        country: Some("Singapore".into()),
        market: Some(Market::Singapore),
        language: Some("zh-Hans-SG".into()),
        devices: vec!["d1".into(), "d2".into()],
        external_ids: vec!["9".into()],
        loyalty: Some(Loyalty {
            number: "L-1".into(),
            status: "Active".into(),
            enrolled_on: Some("2024-02-29".parse().expect("a day")),
        }),
        merged_into: Some("salesforce:003000000000001AAA".parse().expect("a key")),
        deleted: true,
        erase: true,
        created_at: Some(Timestamp(-1)),
        updated_at: Some(NOW),
        sequence,
    }
}

/// Nothing has a value that may have none.
pub fn bare_customer(key: &str, sequence: i64) -> CustomerRecord {
    CustomerRecord {
        key: key.parse().expect("a key"),
        given_name: None,
        family_name: None,
        full_name: None,
        emails: vec![],
        phones: vec![],
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
        created_at: None,
        updated_at: None,
        sequence,
    }
}

pub fn item(id: &str, full: bool) -> Item {
    Item {
        item_id: id.into(),
        title: "Uno".into(),
        vendor: full.then(|| "Mattel".into()),
        category: full.then(|| "Games".into()),
        tags: if full { vec!["card".into()] } else { vec![] },
        active: full,
        updated_at: full.then_some(NOW),
        sequence: 1,
    }
}

pub fn variant(id: &str, full: bool) -> Variant {
    Variant {
        variant_id: id.into(),
        item_id: "7".into(),
        sku: full.then(|| "U-R".into()),
        price: Money(990),
        stock: -2,
    }
}

pub fn order(system: System, id: &str, full: bool) -> Order {
    Order {
        system,
        order_id: id.into(),
        number: "1001".into(),
        customer: full.then(|| RecordKey::new(system, "9")),
        email: full.then(|| "mei@mail.example".into()),
        phone: full.then(|| "+6590000001".into()),
        ordered_at: NOW.plus_days(-3),
        known_at: NOW.plus_days(-2),
        market: full.then_some(Market::Thailand),
        currency: Currency::THB,
        total: Money(i64::MAX),
        status: OrderStatus::Refunded,
        device: full.then(|| "d1".into()),
        sequence: 5,
    }
}

pub fn line(system: System, order: &str, id: &str, full: bool) -> OrderLine {
    OrderLine {
        system,
        order_id: order.into(),
        line_id: id.into(),
        item_id: full.then(|| "7".into()),
        sku: full.then(|| "U-R".into()),
        title: full.then(|| "Uno - Red".into()),
        quantity: -1,
        unit_price: Money(990),
        discount: full.then_some(Money(90)),
        sequence: 5,
    }
}

pub fn ticket(id: &str, full: bool) -> Ticket {
    Ticket {
        ticket_id: id.into(),
        requester: RecordKey::new(System::Zendesk, "77"),
        channel: TicketChannel::Phone,
        priority: if full { TicketPriority::Urgent } else { TicketPriority::Unset },
        status: TicketStatus::Deleted,
        satisfaction: if full { Satisfaction::Bad } else { Satisfaction::None },
        tags: if full { vec!["refund".into(), "vip".into()] } else { vec![] },
        created_at: NOW.plus_days(-9),
        updated_at: NOW,
        sequence: 3,
    }
}

pub fn event(id: &str, full: bool) -> AppEvent {
    AppEvent {
        message_id: id.into(),
        kind: if full { EventKind::Purchased } else { EventKind::ScreenViewed },
        actor: RecordKey::new(System::App, "device/d1"),
        device: full.then(|| "d1".into()),
        happened_at: NOW.plus_days(-4),
        known_at: NOW.plus_days(-1),
        item_id: full.then(|| "7".into()),
        sku: full.then(|| "U-R".into()),
        order_number: full.then(|| "1001".into()),
        quantity: full.then_some(2),
        market: full.then_some(Market::Indonesia),
        platform: full.then(|| "ios".into()),
    }
}

pub fn consent(id: &str, full: bool) -> ConsentSignal {
    ConsentSignal {
        signal_id: id.into(),
        subject: RecordKey::new(System::Shopify, "9"),
        purpose: Purpose::Personalise,
        channel: full.then_some(Channel::Whatsapp),
        market: full.then_some(Market::Malaysia),
        decision: if full { Decision::OptOut } else { Decision::Unknown },
        mechanism: if full { Mechanism::DoubleOptIn } else { Mechanism::Import },
        contact_point: full.then(|| "mei@mail.example".into()),
        decided_at: full.then_some(NOW.plus_days(-30)),
        known_at: full.then_some(NOW.plus_days(-29)),
        effective_to: full.then_some(NOW.plus_days(300)),
        evidence: full.then(|| "notice 4".into()),
        sequence: 8,
    }
}

/// Two files of Shopify that fill every table an ingest can touch.
pub fn everything() -> Vec<Export> {
    let shopify = System::Shopify;
    let a = vec![
        vec![Entity::Customer(customer("shopify:2", 1).into()), Entity::Consent(consent("2/email", true).into())],
        vec![Entity::Customer(bare_customer("shopify:1", 1).into()), Entity::Consent(consent("1/email", false).into())],
        vec![Entity::Item(item("8", false).into())],
        vec![Entity::Item(item("7", true).into())],
        vec![Entity::Variant(variant("701", true).into())],
        vec![Entity::Variant(variant("702", false).into())],
        vec![],
    ];
    let b = vec![
        vec![Entity::Order(order(shopify, "1", true).into())],
        vec![Entity::OrderLine(line(shopify, "1", "1", true).into())],
        vec![Entity::Order(order(shopify, "2", false).into())],
        vec![Entity::OrderLine(line(shopify, "2", "1", false).into())],
        vec![Entity::Ticket(ticket("1", true).into()), Entity::Ticket(ticket("2", false).into())],
        vec![Entity::Event(event("m1", true).into()), Entity::Event(event("m2", false).into())],
    ];
    let mut b = Export::new("b.jsonl", "content of b", b);
    b.rejected = vec![(7, b"{\"email\": \xff\xfe broken")];
    vec![Export::new("a.jsonl", "content of a", a), b]
}
