//! profile: everything known of a person, once, whichever systems told of it.
//!
//! The same order stands in the warehouse, in Shopify, and hours earlier in an app event: it is one order, known by
//! its number. What a person has bought is the *union* over all of them, never the intersection, because an item that
//! was bought anywhere must not be recommended anywhere (freshness rule of the design).

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use anyhow::Result;
use kenal_consent::Cell;
use kenal_features::Rates;
use kenal_lake::Fingerprint;

use kenal_identity::normalise::email;
use kenal_types::{
    AppEvent, CustomerRecord, Date, EventKind, Item, Order, OrderLine, OrderStatus, PersonId, RecordKey,
    System, Ticket, Timestamp, Variant,
};

use super::{Company, Stage, consent};
use crate::gold::{AssignmentRow, EventRow, GoldRow, PresenceRow, PurchaseRow, TicketRow};
use crate::ui::{Align, Progress, Table, count};

const CODE: &str = "profile 1";

/// A row is kept when its person permits at least one of these; a stage that uses it admits it again for its own.
pub const KEPT_FOR: [Cell; 2] = [Cell::PERSONALISE_ONSITE, Cell::TRAIN];

pub fn run(company: &Company) -> Result<()> {
    let lake = &company.lake;
    let rates = Rates::default();
    let mut fingerprint = Fingerprint::of(CODE).config(&format!("{rates:?}"));
    for table in [
        "silver_orders",
        "silver_order_lines",
        "silver_events",
        "silver_tickets",
        "silver_items",
        "silver_variants",
        "gold_identity_assignments",
        "gold_consent_snapshot",
    ] {
        fingerprint = fingerprint.table(lake, table)?;
    }
    let fingerprint = fingerprint.finish();
    if lake.gold_fingerprint(PresenceRow::TABLE)? == Some(fingerprint) {
        eprintln!("{:>10}  unchanged", "profile");
        return Ok(());
    }
    let progress = Progress::start("profile");
    let assignments: Vec<AssignmentRow> = company.get(Stage::Identity)?;
    let records = lake.customers()?;
    let people = People::new(&assignments, &records);
    let (items, variants, seen) = (lake.items()?, lake.variants()?, lake.events()?);
    let catalogue = Catalogue::new(&items, &variants);
    let mut counts = ProfileCounts::default();
    let bought = purchases(&lake.orders()?, &lake.order_lines()?, &seen, &people, &catalogue, &rates, &mut counts)?;
    let done = events(&seen, &people, &catalogue, &mut counts);
    let asked = tickets(&lake.tickets()?, &people, &mut counts);

    let snapshot = consent::snapshot(company)?;
    let mut table = Table::new(&[("rows", Align::Left), ("kept", Align::Right), ("without permission", Align::Right)]);
    let (bought, refused) = snapshot.admit_any(&KEPT_FOR, bought);
    table.row(["purchases".to_owned(), count(bought.get().len() as u64), count(refused.rows)]);
    company.put(bought.get(), &fingerprint)?;
    let (done, refused) = snapshot.admit_any(&KEPT_FOR, done);
    table.row(["events".to_owned(), count(done.get().len() as u64), count(refused.rows)]);
    company.put(done.get(), &fingerprint)?;
    let (asked, refused) = snapshot.admit_any(&KEPT_FOR, asked);
    table.row(["tickets".to_owned(), count(asked.get().len() as u64), count(refused.rows)]);
    company.put(asked.get(), &fingerprint)?;
    let (present, refused) = snapshot.admit_any(&KEPT_FOR, presences(&records, &people));
    table.row(["presences".to_owned(), count(present.get().len() as u64), count(refused.rows)]);
    company.put(present.get(), &fingerprint)?;
    progress.finish(&format!("{} orders", count(counts.orders)));
    println!("{table}");
    println!("{counts}");
    Ok(())
}

/// Which person a record, an address or a line belongs to.
pub struct People<'a> {
    by_record: HashMap<&'a RecordKey, PersonId>,
    /// Addresses that all lead to one person; a shared one leads to nobody.
    by_email: HashMap<String, Option<PersonId>>,
}

impl<'a> People<'a> {
    pub fn new(assignments: &'a [AssignmentRow], records: &[CustomerRecord]) -> Self {
        let by_record: HashMap<_, _> = assignments.iter().filter_map(|a| Some((&a.record, a.person?))).collect();
        let mut by_email: HashMap<String, Option<PersonId>> = HashMap::new();
        for record in records {
            let person = by_record.get(&record.key).copied();
            for email in record.emails.iter().filter(|e| !e.shared) {
                let Some(email) = email::email(&email.value) else { continue };
                let known = by_email.entry(email.address).or_insert(person);
                // An address that an unmatched record or a second person also uses proves nothing.
                if *known != person {
                    *known = None;
                }
            }
        }
        People { by_record, by_email }
    }

    pub fn of_record(&self, key: &RecordKey) -> Option<PersonId> {
        self.by_record.get(key).copied()
    }

    fn of_order(&self, order: &Order) -> Option<PersonId> {
        let by_address = || {
            let email = email::email(order.email.as_deref()?)?;
            self.by_email.get(&email.address).copied().flatten()
        };
        order.customer.as_ref().and_then(|key| self.of_record(key)).or_else(by_address)
    }
}

/// The catalogue, by every name a line may use.
pub struct Catalogue<'a> {
    items: HashMap<&'a str, &'a Item>,
    by_sku: HashMap<&'a str, &'a str>,
}

impl<'a> Catalogue<'a> {
    pub fn new(items: &'a [Item], variants: &'a [Variant]) -> Self {
        let by_sku = variants.iter().filter_map(|v| Some((v.sku.as_deref()?, v.item_id.as_str()))).collect();
        Catalogue { items: items.iter().map(|i| (i.item_id.as_str(), i)).collect(), by_sku }
    }

    /// The item a line names, by product id or else by SKU.
    fn item(&self, item_id: Option<&str>, sku: Option<&str>) -> Option<&'a Item> {
        let named = item_id.and_then(|id| self.items.get(id));
        named.or_else(|| self.items.get(self.by_sku.get(sku?)?)).copied()
    }
}

/// Counts for the stage's table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileCounts {
    pub orders_read: u64,
    /// Distinct order numbers.
    pub orders: u64,
    /// Orders whose customer matched nobody: they stay apart.
    pub orders_apart: u64,
    /// Purchases known from the app before any order synced.
    pub early_purchases: u64,
    pub lines_without_item: u64,
    pub events_apart: u64,
    pub tickets_apart: u64,
}

/// One line per order line of a person, ordered by person, time, order and item.
pub fn purchases(
    orders: &[Order],
    lines: &[OrderLine],
    events: &[AppEvent],
    people: &People<'_>,
    catalogue: &Catalogue<'_>,
    rates: &Rates,
    counts: &mut ProfileCounts,
) -> Result<Vec<PurchaseRow>> {
    let mut lines_of: HashMap<(System, &str), Vec<&OrderLine>> = HashMap::new();
    for line in lines {
        lines_of.entry((line.system, line.order_id.as_str())).or_default().push(line);
    }
    let mut by_number: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
    for order in orders {
        by_number.entry(order.number.as_str()).or_default().push(order);
    }
    counts.orders_read = orders.len() as u64;
    counts.orders = by_number.len() as u64;
    let mut rows = Vec::new();
    let in_app: HashMap<&str, &str> = events
        .iter()
        .filter(|e| e.kind == EventKind::Purchased)
        .filter_map(|e| Some((e.order_number.as_deref()?, e.platform.as_deref()?)))
        .collect();
    for versions in by_number.values_mut() {
        // Shopify names catalogue items, the warehouse only SKUs, so the order of `System` is the order of preference.
        versions.sort_by(|a, b| (a.system, &a.order_id).cmp(&(b.system, &b.order_id)));
        let Some(person) = versions.iter().find_map(|o| people.of_order(o)) else {
            counts.orders_apart += 1;
            continue;
        };
        let Some(taken) = versions.iter().find(|o| lines_of.contains_key(&(o.system, o.order_id.as_str()))) else {
            continue;
        };
        let known_at = versions.iter().map(|o| o.known_at).min().unwrap_or(taken.known_at);
        let last_known_at = versions.iter().map(|o| o.known_at).max().unwrap_or(taken.known_at);
        // A cancellation seen by any system is one: the good news is the slower of the two.
        let status = versions.iter().map(|o| o.status).max().unwrap_or(taken.status);
        for line in lines_of.get(&(taken.system, taken.order_id.as_str())).into_iter().flatten() {
            let item = catalogue.item(line.item_id.as_deref(), line.sku.as_deref());
            counts.lines_without_item += u64::from(item.is_none());
            rows.push(PurchaseRow {
                person,
                order_number: taken.number.clone(),
                system: taken.system,
                item_id: item.map(|i| i.item_id.clone()),
                category: item.and_then(|i| i.category.clone()),
                quantity: line.quantity,
                price_sgd: rates.sgd(line.unit_price, taken.currency)?,
                place: Some(place(versions, &in_app).to_owned()),
                happened_at: taken.ordered_at,
                known_at,
                status,
                voided_at: (status != OrderStatus::Completed).then_some(last_known_at),
            });
        }
    }
    let early = events.iter().filter(|e| e.kind == EventKind::Purchased);
    for event in early.filter(|e| e.order_number.as_deref().is_none_or(|n| !by_number.contains_key(n))) {
        if let Some(row) = early_purchase(event, people, catalogue) {
            counts.early_purchases += 1;
            rows.push(row);
        }
    }
    rows.sort_by(|a, b| purchase_key(a).cmp(&purchase_key(b)));
    Ok(rows)
}

/// Where an order was placed: the app says so itself, Shopify has what the page sold, the warehouse also the stores.
fn place<'a>(versions: &[&Order], in_app: &HashMap<&str, &'a str>) -> &'a str {
    let app = versions.first().and_then(|o| in_app.get(o.number.as_str()));
    let online = || if versions.iter().any(|o| o.system == System::Shopify) { "web" } else { "store" };
    app.copied().unwrap_or_else(online)
}

fn purchase_key(row: &PurchaseRow) -> (PersonId, Timestamp, &str, Option<&str>, i64) {
    (row.person, row.happened_at, &row.order_number, row.item_id.as_deref(), row.quantity)
}

/// A purchase that only the app knows of yet. Its price is not trusted: the client wrote it.
fn early_purchase(event: &AppEvent, people: &People<'_>, catalogue: &Catalogue<'_>) -> Option<PurchaseRow> {
    let item = catalogue.item(event.item_id.as_deref(), event.sku.as_deref());
    Some(PurchaseRow {
        person: people.of_record(&event.actor)?,
        order_number: event.order_number.clone().unwrap_or_default(),
        system: System::App,
        item_id: item.map(|i| i.item_id.clone()),
        category: item.and_then(|i| i.category.clone()),
        quantity: event.quantity.unwrap_or(1),
        price_sgd: 0.0,
        place: event.platform.clone(),
        happened_at: event.happened_at,
        known_at: event.known_at,
        status: OrderStatus::Completed,
        voided_at: None,
    })
}

/// App events of people, ordered by person and time.
pub fn events(
    events: &[AppEvent],
    people: &People<'_>,
    catalogue: &Catalogue<'_>,
    counts: &mut ProfileCounts,
) -> Vec<EventRow> {
    let mut rows = Vec::new();
    for event in events {
        let Some(person) = people.of_record(&event.actor) else {
            counts.events_apart += 1;
            continue;
        };
        let item = catalogue.item(event.item_id.as_deref(), event.sku.as_deref());
        rows.push(EventRow {
            person,
            kind: event.kind,
            item_id: item.map(|i| i.item_id.clone()),
            category: item.and_then(|i| i.category.clone()),
            platform: event.platform.clone(),
            happened_at: event.happened_at,
            known_at: event.known_at,
        });
    }
    rows.sort_by(|a, b| {
        (a.person, a.happened_at, a.kind, &a.item_id).cmp(&(b.person, b.happened_at, b.kind, &b.item_id))
    });
    rows
}

/// Tickets of people, ordered by person and time.
pub fn tickets(tickets: &[Ticket], people: &People<'_>, counts: &mut ProfileCounts) -> Vec<TicketRow> {
    let mut rows = Vec::new();
    for ticket in tickets {
        let Some(person) = people.of_record(&ticket.requester) else {
            counts.tickets_apart += 1;
            continue;
        };
        rows.push(TicketRow {
            person,
            channel: ticket.channel,
            priority: ticket.priority,
            status: ticket.status,
            satisfaction: ticket.satisfaction,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            known_at: Timestamp::from_seconds(ticket.sequence).max(ticket.created_at),
        });
    }
    rows.sort_by_key(|t| (t.person, t.created_at, t.updated_at));
    rows
}

/// Records of people with when they were made, ordered by person and system.
fn presences(records: &[CustomerRecord], people: &People<'_>) -> Vec<PresenceRow> {
    let row = |record: &CustomerRecord| {
        let loyalty = record.loyalty.as_ref();
        Some(PresenceRow {
            person: people.of_record(&record.key)?,
            system: record.key.system,
            market: record.market,
            created_at: record.created_at?,
            loyalty_active: loyalty.map(|l| l.status.eq_ignore_ascii_case("active")),
            loyalty_since_at: loyalty.and_then(|l| l.enrolled_on).map(Date::midnight),
        })
    };
    let mut rows: Vec<PresenceRow> = records.iter().filter_map(row).collect();
    rows.sort_by_key(|p| (p.person, p.system, p.created_at));
    rows
}

impl fmt::Display for ProfileCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} versions of {} orders; {} of people who stay apart; {} purchases known from the app alone",
            count(self.orders_read),
            count(self.orders),
            count(self.orders_apart),
            count(self.early_purchases)
        )?;
        write!(
            f,
            "{} lines name no item of the catalogue; {} events and {} tickets of people who stay apart",
            count(self.lines_without_item),
            count(self.events_apart),
            count(self.tickets_apart)
        )
    }
}

#[cfg(test)]
mod tests {
    use kenal_types::{ContactPoint, Currency, Market, Money};

    use super::*;

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
            sequence: 0,
        }
    }

    struct World {
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
        World { assignments, records, items: vec![item], variants: vec![variant] }
    }

    fn run(orders: &[Order], lines: &[OrderLine], events: &[AppEvent]) -> (Vec<PurchaseRow>, ProfileCounts) {
        let w = world();
        let people = People::new(&w.assignments, &w.records);
        let catalogue = Catalogue::new(&w.items, &w.variants);
        let mut counts = ProfileCounts::default();
        let rows = purchases(orders, lines, events, &people, &catalogue, &Rates::default(), &mut counts);
        (rows.expect("known currencies"), counts)
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
        let cancelled = Order { status: OrderStatus::Cancelled, ..order(System::Shopify, "1", Some(key(System::Shopify, "1")), 3) };
        let orders = [order(System::Warehouse, "1", None, 1), cancelled];
        let (rows, _) = run(&orders, &[line(System::Warehouse, "1", None, Some("M-1"))], &[]);
        assert_eq!(rows[0].status, OrderStatus::Cancelled);
        assert_eq!(rows[0].voided_at, Some(Timestamp(0).plus_days(3)), "when it became known");
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
}
