//! From what happened to rows of five systems, on their way to the spool. One module a system, and the truth.

mod app;
mod salesforce;
mod shopify;
mod truth;
mod warehouse;
mod zendesk;

use kenal_types::{Date, Timestamp};

use crate::catalogue::Catalogue;
use crate::consent::Consents;
use crate::dice::{Dice, For, mix_bytes};
use crate::error::WorldError;
use crate::identity::{Identity, People};
use crate::orders::{History, Order};
use crate::rates::{self, Defect, DefectCounts};
use crate::records::{Ids, Records, Setting};
use crate::sessions::{self, Session};
use crate::spool::{Keys, Outbox};
use crate::tickets::{self, Ticket};

pub(crate) use salesforce::{OBJECTS as SALESFORCE_OBJECTS, purposes_csv};
pub(crate) use shopify::{ChildOf, product_lines};

/// Streams by position in the spool.
pub(crate) mod stream {
    pub(crate) const CUSTOMERS: usize = 0;
    pub(crate) const ORDERS: usize = 1;
    pub(crate) const USERS: usize = 2;
    pub(crate) const TICKETS: usize = 3;
    pub(crate) const CONTACTS: usize = 4;
    pub(crate) const INDIVIDUALS: usize = 5;
    pub(crate) const CHOICES: usize = 6;
    pub(crate) const MEMBERS: usize = 7;
    pub(crate) const WAREHOUSE_CUSTOMERS: usize = 8;
    pub(crate) const WAREHOUSE_LINES: usize = 9;
    pub(crate) const EVENTS: usize = 10;
    pub(crate) const TRUTH_PEOPLE: usize = 11;
    pub(crate) const TRUTH_CONSENT: usize = 12;
    pub(crate) const TRUTH_TASTES: usize = 13;
    pub(crate) const TRUTH_CHURN: usize = 14;
    pub(crate) const TRUTH_PURCHASES: usize = 15;
}

/// The streams, with the bytes that each person is expected to add, measured on a world of 20,000. They only set how
/// many buckets there are, so being wrong costs memory or files, never rows.
pub(crate) fn streams(people: u64, clock: &Clock) -> Vec<(&'static str, Keys, u64)> {
    let time = |days: i64| {
        let lo = clock.now.plus_days(-days).0.max(0) as u64;
        Keys::Between(lo, clock.now.0.max(1) as u64)
    };
    let expected = |bytes: u64| people.saturating_mul(bytes);
    vec![
        ("shopify customers", Keys::Hash, expected(1200)),
        ("shopify orders", time(380), expected(9000)),
        ("zendesk users", time(380), expected(500)),
        ("zendesk tickets", time(380), expected(300)),
        ("salesforce contacts", Keys::Hash, expected(350)),
        ("salesforce individuals", Keys::Hash, expected(200)),
        ("salesforce choices", Keys::Hash, expected(400)),
        ("salesforce members", Keys::Hash, expected(200)),
        ("warehouse customers", Keys::Hash, expected(600)),
        ("warehouse order lines", time(380), expected(6000)),
        ("app events", time(380), expected(30_000)),
        ("truth people", Keys::Hash, expected(500)),
        ("truth consent", Keys::Hash, expected(700)),
        ("truth tastes", Keys::Hash, expected(1000)),
        ("truth churn", Keys::Hash, expected(120)),
        ("truth purchases", Keys::Hash, expected(2000)),
    ]
}

/// The times that exports are made at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) end: Date,
    /// When Shopify was last synced: 06:00 UTC of the last day. What was ordered later is not in its export.
    pub(crate) synced: Timestamp,
    /// When the other exports were made: 04:00 UTC of the day after, when the warehouse's nightly load is through.
    pub(crate) now: Timestamp,
}

impl Clock {
    pub(crate) fn new(end: Date) -> Clock {
        let hour = 3600 * Timestamp::US_PER_S;
        let midnight = end.midnight();
        Clock { end, synced: Timestamp(midnight.0 + 6 * hour), now: Timestamp(midnight.0 + 28 * hour) }
    }

    /// When the warehouse loads what is ordered at `at`: in the hour after 03:00 UTC of the next day. `order` spreads
    /// orders over the hour; all lines of one load of one order have the same time.
    pub(crate) fn load(&self, at: Timestamp, order: u64, nights_late: i64) -> Timestamp {
        let spread = mix_bytes(0, For::RowOrder, &order.to_le_bytes()) % 3_500;
        let night = at.date().midnight().plus_days(1 + nights_late);
        Timestamp(night.0 + (3 * 3600 + spread as i64) * Timestamp::US_PER_S)
    }
}

/// What does not change from person to person.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    pub(crate) people: &'a People,
    pub(crate) ids: &'a Ids,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) clock: Clock,
    /// See [`crate::Written`].
    pub(crate) sessions_brief: bool,
}

/// Everything about one person that some system has a part of.
pub(crate) struct Subject<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) history: &'a History,
    pub(crate) records: &'a Records,
    pub(crate) consents: &'a Consents,
    pub(crate) sessions: &'a [Session],
    pub(crate) tickets: &'a [Ticket],
}

/// One thread's pen: rows go to its outbox, defects are counted.
pub(crate) struct Emitter<'a> {
    setup: &'a Setup<'a>,
    out: Outbox<'a>,
    pub(crate) counts: DefectCounts,
    row: Vec<u8>,
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(setup: &'a Setup<'a>, out: Outbox<'a>) -> Emitter<'a> {
        Emitter { setup, out, counts: DefectCounts::default(), row: Vec::with_capacity(4096) }
    }

    /// All rows of person `i`.
    pub(crate) fn person(&mut self, i: u64, history: &History) -> Result<(), WorldError> {
        let setup = self.setup;
        let (seed, now) = (setup.people.seed, setup.clock.now);
        let identity = setup.people.identity(i);
        let tickets = tickets::draw(seed, i, history, now);
        let setting = Setting { identity: &identity, history, ids: setup.ids, tickets: tickets.len(), now };
        let mut records = Records::draw(&setting);
        let consents = Consents::draw(&setting, &records, &mut self.counts);
        consents.sync_late(&mut records, &setting, &mut self.counts);
        let sessions = sessions::draw(&setting, &records, &consents, setup.catalogue);
        let subject = Subject {
            identity: &identity,
            history,
            records: &records,
            consents: &consents,
            sessions: &sessions,
            tickets: &tickets,
        };
        if identity.shares_phone() && i == identity.household.first {
            self.counts.add(Defect::SharedPhone);
        }
        let mut dice = Dice::new(seed, For::Broken, i);
        self.shopify(&subject, &mut dice);
        self.zendesk(&subject, &mut dice);
        self.salesforce(&subject, &mut dice);
        self.warehouse(&subject, &mut dice);
        self.app(&subject, &mut dice);
        self.truth(&subject, &setting);
        self.out.flush_if_full()
    }

    /// The order of a guest who is nobody in the world.
    pub(crate) fn guest(&mut self, i: u64, order: &Order) -> Result<(), WorldError> {
        let mut dice = Dice::new(self.setup.people.seed, For::Broken, u64::MAX - i);
        let market = kenal_types::Market::ALL[dice.below(4) as usize];
        self.shopify_order(order, market, None, None, &mut dice);
        self.warehouse_order(order, market, None, &mut dice);
        self.out.flush_if_full()
    }

    pub(crate) fn finish(mut self) -> Result<DefectCounts, WorldError> {
        self.out.flush()?;
        Ok(self.counts)
    }

    /// Sends the row that has been written, and starts the next.
    fn send(&mut self, stream: usize, key: u64) {
        self.out.push(stream, key, &self.row);
        self.row.clear();
    }

    /// Sends the row and, rarely, a broken copy of it: cut off, or with `edits` (what is missing, what has another
    /// type) made to it.
    fn send_breakable(&mut self, stream: usize, key: u64, edits: [(&str, &str); 2], json: bool, dice: &mut Dice) {
        if json && dice.chance(rates::BROKEN_JSON) {
            self.counts.add(Defect::BrokenJson);
            let cut = self.row.len() * 2 / 3;
            // Never inside a character: the row must be broken JSON, not broken text.
            let cut = (1..=cut).rev().find(|n| self.row[*n] < 0x80 && self.row[*n - 1] < 0x80).unwrap_or(cut);
            self.out.push(stream, key, &self.row[..cut]);
        }
        let defects = [(Defect::MissingField, rates::MISSING_FIELD), (Defect::WrongType, rates::WRONG_TYPE)];
        for ((defect, rate), (from, to)) in defects.into_iter().zip(edits) {
            if dice.chance(rate)
                && let Some(edited) = edited(&self.row, from, to)
            {
                self.counts.add(defect);
                self.out.push(stream, key, &edited);
            }
        }
        self.send(stream, key);
    }

    /// Where a row stands among others: nothing about the person shows in it.
    fn shuffled(&self, id: &str) -> u64 {
        mix_bytes(self.setup.people.seed, For::RowOrder, id.as_bytes())
    }
}

/// The bytes with the first `from` replaced.
fn edited(row: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    let at = row.windows(from.len()).position(|w| w == from.as_bytes())?;
    let (head, tail) = row.split_at(at);
    Some([head, to.as_bytes(), tail.get(from.len()..).unwrap_or_default()].concat())
}

/// A time's place among keys.
fn time_key(at: Timestamp) -> u64 {
    at.0.max(0) as u64
}
