//! profile: everything known of a person, once, whichever systems told of it.
//!
//! The same order stands in the warehouse, in Shopify, and hours earlier in an app event: it is one order, known by
//! its number. What a person has bought is the *union* over all of them, never the intersection, because an item that
//! was bought anywhere must not be recommended anywhere (freshness rule of the design).

mod events;
mod people;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use anyhow::Result;
use kenal_consent::Cell;
use kenal_features::Rates;
use kenal_lake::Fingerprint;

use kenal_types::{
    AppEvent, CustomerRecord, Date, EventKind, Item, Order, OrderLine, OrderStatus, PersonId, Satisfaction, System,
    Ticket, TicketStatus, Timestamp,
};

use self::people::{Catalogue, People};
use super::{Company, Stage, consent};
use crate::gold::{AssignmentRow, GoldRow, PresenceRow, PurchaseRow, ReviewRow, TicketRow};
use crate::ui::{Align, Progress, Table, count};

const CODE: &str = "profile 5";

/// The app's word of what was bought, which is there before any order syncs.
const BOUGHT_IN_APP: &str = "SELECT * FROM current_events WHERE kind = 'purchased' ORDER BY message_id, part, known_at";

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
        "gold_identity_review",
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
    let mut people = People::new(&assignments, &company.get::<ReviewRow>(Stage::Identity)?);
    let mut present = Vec::new();
    lake.each_current(|record: CustomerRecord| {
        people.add(&record);
        present.extend(presence(&record, &people));
        Ok(())
    })?;
    present.sort_by_key(|p: &PresenceRow| (p.person, p.system, p.created_at));
    let (items, variants) = (lake.items()?, lake.variants()?);
    let catalogue = Catalogue::new(&items, &variants);
    let mut counts = ProfileCounts::default();
    let bought = lake.sql_rows::<AppEvent>(BOUGHT_IN_APP)?.collect::<Result<Vec<_>, _>>()?;
    let bought = purchases(&lake.orders()?, &lake.order_lines()?, &bought, &people, &catalogue, &rates, &mut counts)?;
    let asked = tickets(&lake.ticket_versions()?, &people, &mut counts);

    let snapshot = consent::snapshot(company)?;
    let mut table = Table::new(&[("rows", Align::Left), ("kept", Align::Right), ("without permission", Align::Right)]);
    let (bought, refused) = snapshot.admit_any(&KEPT_FOR, bought);
    table.row(["purchases".to_owned(), count(bought.get().len() as u64), count(refused.rows)]);
    company.put(bought.get(), &fingerprint)?;
    drop(bought);
    let done = events::write(lake, !assignments.is_empty(), &catalogue, &snapshot, &fingerprint)?;
    counts.events_apart = done.apart;
    table.row(["events".to_owned(), count(done.kept), count(done.refused)]);
    let (asked, refused) = snapshot.admit_any(&KEPT_FOR, asked);
    table.row(["tickets".to_owned(), count(asked.get().len() as u64), count(refused.rows)]);
    company.put(asked.get(), &fingerprint)?;
    let (present, refused) = snapshot.admit_any(&KEPT_FOR, present);
    table.row(["presences".to_owned(), count(present.get().len() as u64), count(refused.rows)]);
    company.put(present.get(), &fingerprint)?;
    progress.finish(&format!("{} orders", count(counts.orders)));
    println!("{table}");
    println!("{counts}");
    Ok(())
}

/// Counts for the stage's table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileCounts {
    pub orders_read: u64,
    /// Distinct order numbers.
    pub orders: u64,
    /// Orders whose customer matched nobody: they stay apart.
    pub orders_apart: u64,
    /// Orders that may be somebody else's too; see [`PurchaseRow::doubtful`].
    pub orders_doubtful: u64,
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
        let owner = versions.iter().find_map(|o| people.of_order(o));
        counts.orders_apart += u64::from(owner.is_none());
        let others = people.doubtful(versions, owner);
        counts.orders_doubtful += u64::from(!others.is_empty());
        let Some(taken) = versions.iter().find(|o| lines_of.contains_key(&(o.system, o.order_id.as_str()))) else {
            continue;
        };
        let order = Told::new(versions, taken, &in_app);
        for line in lines_of.get(&(taken.system, taken.order_id.as_str())).into_iter().flatten() {
            let item = catalogue.item(line.item_id.as_deref(), line.sku.as_deref());
            counts.lines_without_item += u64::from(item.is_none());
            let price_sgd = rates.sgd(line.unit_price, taken.currency)?;
            let discount_sgd = line.discount.map(|d| rates.sgd(d, taken.currency)).transpose()?;
            let money = (price_sgd, discount_sgd);
            rows.extend(owner.map(|person| order.row(person, false, line, item, money)));
            rows.extend(others.iter().map(|&person| order.row(person, true, line, item, money)));
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

/// What all versions of an order say together.
struct Told<'a> {
    taken: &'a Order,
    place: &'a str,
    known_at: Timestamp,
    last_known_at: Timestamp,
    status: OrderStatus,
}

impl<'a> Told<'a> {
    fn new(versions: &[&'a Order], taken: &'a Order, in_app: &HashMap<&str, &'a str>) -> Self {
        let known = || versions.iter().map(|o| o.known_at);
        Told {
            taken,
            place: place(versions, in_app),
            known_at: known().min().unwrap_or(taken.known_at),
            last_known_at: known().max().unwrap_or(taken.known_at),
            // A cancellation seen by any system is one: the good news is the slower of the two.
            status: versions.iter().map(|o| o.status).max().unwrap_or(taken.status),
        }
    }

    fn row(
        &self,
        person: PersonId,
        doubtful: bool,
        line: &OrderLine,
        item: Option<&Item>,
        (price_sgd, discount_sgd): (f64, Option<f64>),
    ) -> PurchaseRow {
        PurchaseRow {
            person,
            order_number: self.taken.number.as_str().into(),
            system: self.taken.system,
            item_id: item.map(|i| i.item_id.as_str().into()),
            category: item.and_then(|i| i.category.as_deref()).map(Into::into),
            quantity: line.quantity,
            price_sgd,
            discount_sgd,
            place: Some(self.place.into()),
            happened_at: self.taken.ordered_at,
            known_at: self.known_at,
            status: self.status,
            voided_at: (self.status != OrderStatus::Completed).then_some(self.last_known_at),
            doubtful,
        }
    }
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
        order_number: event.order_number.as_deref().unwrap_or_default().into(),
        system: System::App,
        item_id: item.map(|i| i.item_id.as_str().into()),
        category: item.and_then(|i| i.category.as_deref()).map(Into::into),
        quantity: event.quantity.unwrap_or(1),
        price_sgd: 0.0,
        discount_sgd: None,
        place: event.platform.as_deref().map(Into::into),
        happened_at: event.happened_at,
        known_at: event.known_at,
        status: OrderStatus::Completed,
        voided_at: None,
        doubtful: false,
    })
}

/// Tickets of people, ordered by person and time, from all their versions: by ticket, oldest first. A ticket that was
/// deleted counts for nothing.
pub fn tickets(versions: &[Ticket], people: &People<'_>, counts: &mut ProfileCounts) -> Vec<TicketRow> {
    let mut rows = Vec::new();
    for versions in versions.chunk_by(|a, b| a.ticket_id == b.ticket_id) {
        let Some(last) = versions.last().filter(|last| last.status != TicketStatus::Deleted) else { continue };
        match people.of_record(&last.requester) {
            Some(person) => rows.push(ticket(person, versions, last)),
            None => counts.tickets_apart += 1,
        }
    }
    rows.sort_by(|a, b| (a.person, a.created_at, &a.ticket_id).cmp(&(b.person, b.created_at, &b.ticket_id)));
    rows
}

/// What the versions of one ticket say together.
fn ticket(person: PersonId, versions: &[Ticket], last: &Ticket) -> TicketRow {
    let known = |t: &Ticket| Timestamp(t.sequence).max(t.created_at);
    let priority = versions.first().map_or(last.priority, |t| t.priority);
    let escalated = versions.iter().find(|t| t.priority > priority);
    // A ticket that was opened again is solved from the first version after that.
    let open = |t: &Ticket| !matches!(t.status, TicketStatus::Solved | TicketStatus::Closed);
    let solved = versions.get(versions.iter().rposition(open).map_or(0, |at| at + 1));
    let rates = |t: &Ticket| matches!(t.satisfaction, Satisfaction::Good | Satisfaction::Bad);
    // The first version that tells the last rating.
    let rating = versions.iter().rfind(|t| rates(t)).map(|t| t.satisfaction);
    let rated = versions.iter().find(|t| Some(t.satisfaction) == rating);
    TicketRow {
        person,
        ticket_id: last.ticket_id.clone(),
        channel: last.channel,
        priority,
        created_at: last.created_at,
        escalated_at: escalated.map(|t| t.updated_at),
        escalated_known_at: escalated.map(known),
        solved_at: solved.map(|t| t.updated_at),
        solved_known_at: solved.map(known),
        satisfaction: rating,
        rated_at: rated.map(|t| t.updated_at),
        rated_known_at: rated.map(known),
    }
}

/// A record of a person, with when it was made.
fn presence(record: &CustomerRecord, people: &People<'_>) -> Option<PresenceRow> {
    let loyalty = record.loyalty.as_ref();
    Some(PresenceRow {
        person: people.of_record(&record.key)?,
        system: record.key.system,
        market: record.market,
        created_at: record.created_at?,
        loyalty_active: loyalty.map(|l| l.status.eq_ignore_ascii_case("active")),
        loyalty_since_at: loyalty.and_then(|l| l.enrolled_on).map(Date::midnight),
        loyalty_told_at: loyalty.and(record.updated_at.or(record.created_at)),
    })
}

impl fmt::Display for ProfileCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} versions of {} orders; {} of people who stay apart, {} of people in doubt; {} purchases known from the app alone",
            count(self.orders_read),
            count(self.orders),
            count(self.orders_apart),
            count(self.orders_doubtful),
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
mod tests;
