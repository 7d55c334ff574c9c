//! profile: everything known of a person, once, whichever systems told of it.
//!
//! The same order stands in the warehouse, in Shopify, and hours earlier in an app event: it is one order, known by
//! its number. What a person has bought is the *union* over all of them, never the intersection, because an item that
//! was bought anywhere must not be recommended anywhere (freshness rule of the design).

mod events;
mod orders;
mod people;
mod purchases;

use std::fmt;

use anyhow::Result;
use kenal_consent::{Cell, Snapshot, Subject};
use kenal_features::Rates;
use kenal_lake::Fingerprint;
use kenal_types::{CustomerRecord, Date, PersonId, Satisfaction, Ticket, TicketStatus, Timestamp};

use self::people::{Catalogue, People};
use super::{Company, Stage, consent};
use crate::gold::{AssignmentRow, GoldRow, PresenceRow, ReviewRow, TicketRow};
use crate::ui::{Align, Progress, Table, count};

const CODE: &str = "profile 6";

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
    let snapshot = consent::snapshot(company)?;
    let mut table = Table::new(&[("rows", Align::Left), ("kept", Align::Right), ("without permission", Align::Right)]);
    let mut tell = |what: &str, of: &Admitted| {
        table.row([what.to_owned(), count(of.kept), count(of.refused)]);
    };
    let making = purchases::Making { people: &people, catalogue: &catalogue, rates: &rates, snapshot: &snapshot };
    tell("purchases", &making.write(lake, &fingerprint, &mut counts)?);
    let done = events::write(lake, !assignments.is_empty(), &catalogue, &snapshot, &fingerprint)?;
    counts.events_apart = done.apart;
    tell("events", &done.admitted);
    let asked = tickets(&lake.ticket_versions()?, &people, &mut counts);
    let (asked, refused) = snapshot.admit_any(&KEPT_FOR, asked);
    tell("tickets", &Admitted { kept: asked.get().len() as u64, refused: refused.rows });
    company.put(asked.get(), &fingerprint)?;
    let (present, refused) = snapshot.admit_any(&KEPT_FOR, present);
    tell("presences", &Admitted { kept: present.get().len() as u64, refused: refused.rows });
    company.put(present.get(), &fingerprint)?;
    progress.finish(&format!("{} orders", count(counts.orders)));
    println!("{table}");
    println!("{counts}");
    Ok(())
}

/// Rows whose permission is looked up at a time.
const ADMITTED_AT_ONCE: usize = 8_192;

/// What became of rows of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Admitted {
    pub kept: u64,
    /// Of people who permit nothing they are kept for.
    pub refused: u64,
}

/// The rows of people who permit at least one of [`KEPT_FOR`], in their order.
fn admitted<T: Subject, E>(
    mut rows: impl Iterator<Item = Result<T, E>>,
    snapshot: &Snapshot,
    counts: &mut Admitted,
) -> impl Iterator<Item = Result<T, E>> {
    let next = move || match rows.by_ref().take(ADMITTED_AT_ONCE).collect::<Result<Vec<T>, E>>() {
        Ok(some) if some.is_empty() => None,
        Ok(some) => {
            let (rows, refused) = snapshot.admit_any(&KEPT_FOR, some);
            counts.kept += rows.get().len() as u64;
            counts.refused += refused.rows;
            Some(rows.into_inner().into_iter().map(Ok).collect())
        }
        Err(error) => Some(vec![Err(error)]),
    };
    std::iter::from_fn(next).flatten()
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
