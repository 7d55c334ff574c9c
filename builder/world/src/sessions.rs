//! What people do in the app: look, search, fill the cart, buy; consistent with what they bought.

use std::collections::BTreeSet;

use kenal_types::Timestamp;

use crate::catalogue::Catalogue;
use crate::consent::{Consents, Form, Holder};
use crate::dice::{Dice, For};
use crate::orders::{History, Place};
use crate::rates;
use crate::records::{Records, Setting};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Identify,
    Home,
    List(usize),
    /// Searches for the last word of an item's title.
    Search(u32),
    View(u32, u8),
    Add(u32, u8, i64),
    Remove(u32, u8, i64),
    Wish(u32, u8),
    Cart,
    Checkout,
    /// Position of the order.
    Completed(usize),
    Consent {
        personalisation: bool,
        advertising: bool,
        analytics: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Event {
    pub(crate) at: Timestamp,
    pub(crate) kind: Kind,
}

/// Events of one sitting, on one device.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) device: usize,
    pub(crate) signed_in: bool,
    /// The queue was sent so much later.
    pub(crate) late_us: i64,
    pub(crate) batched: bool,
    pub(crate) old_names: bool,
    pub(crate) events: Vec<Event>,
}

impl Session {
    /// Whether an event says something of who it was that no event before it in the session does: that they were here,
    /// their name, their market (of the first thing with a price), what they bought or chose.
    pub(crate) fn tells(&self, at: usize) -> bool {
        let priced = |e: &Event| matches!(e.kind, Kind::View(..) | Kind::Add(..) | Kind::Remove(..) | Kind::Wish(..));
        let event = &self.events[at];
        let always = matches!(event.kind, Kind::Identify | Kind::Completed(_) | Kind::Consent { .. });
        at == 0 || always || priced(event) && !self.events[..at].iter().any(priced)
    }
}

/// Items looked at of one order; others are in the cart from before.
const SHOWN_MAX: usize = 10;
/// Between logging in and choosing.
const LOGIN_US: i64 = 20_000_000;

pub(crate) fn draw(
    setting: &Setting<'_>,
    records: &Records,
    consents: &Consents,
    catalogue: &Catalogue,
) -> Vec<Session> {
    if records.app.is_none() && !records.anonymous_app {
        return Vec::new();
    }
    let dice = Dice::new(setting.ids.seed(), For::Sessions, setting.identity.index);
    let mut visitor = Visitor { setting, catalogue, has_account: records.app.is_some(), dice, sessions: Vec::new() };
    let history = setting.history;
    for order in 0..history.orders.len() {
        visitor.around(history, order);
    }
    // People who look and do not buy.
    let from = history.joined.max(setting.now.plus_days(-365));
    let until = history.left_at.unwrap_or(setting.now).max(from);
    for _ in 0..visitor.dice.geometric(3.0) {
        let at = Timestamp(visitor.dice.between(from.0, until.0));
        visitor.browse(at);
    }
    for act in consents.acts.iter().filter(|a| a.holder == Holder::App) {
        if let Form::Switches { personalisation, advertising, analytics } = act.form {
            let kind = Kind::Consent { personalisation, advertising, analytics };
            // The page of switches is behind the login, which names the person: a choice is never of a bare account.
            let login = Event { at: Timestamp(act.at.0 - LOGIN_US), kind: Kind::Identify };
            visitor.sessions.push(Session {
                device: 0,
                signed_in: true,
                late_us: 0,
                batched: false,
                old_names: false,
                events: vec![login, Event { at: act.at, kind }],
            });
        }
    }
    visitor.sessions
}

/// Whether anything done while signed in has reached the server, and the devices that something was done on without.
pub(crate) fn seen(sessions: &[Session], now: Timestamp) -> (bool, BTreeSet<usize>) {
    // A second is more than any latency. A batch arrives with its last event, the first arrives first otherwise.
    let arrived = |s: &&Session| {
        let decisive = if s.batched { s.events.last() } else { s.events.first() };
        decisive.is_some_and(|e| e.at.0 + s.late_us + Timestamp::US_PER_S <= now.0)
    };
    let mut arrived = sessions.iter().filter(arrived).map(|s| (s.signed_in, s.device)).collect::<Vec<_>>();
    let account = arrived.iter().any(|(signed_in, _)| *signed_in);
    arrived.retain(|(signed_in, _)| !signed_in);
    (account, arrived.into_iter().map(|(_, device)| device).collect())
}

struct Visitor<'a> {
    setting: &'a Setting<'a>,
    catalogue: &'a Catalogue,
    has_account: bool,
    dice: Dice,
    sessions: Vec<Session>,
}

impl Visitor<'_> {
    /// The sessions an order comes with: the purchase itself when it was made in the app, and looking around before.
    fn around(&mut self, history: &History, position: usize) {
        let order = &history.orders[position];
        if order.place == Place::App {
            self.purchase(history, position);
        } else if self.dice.chance(0.35) {
            let hours = 1.0 + self.dice.exponential(20.0);
            self.look_before(history, position, hours);
        }
        let days = self.dice.exponential(9.0);
        if self.dice.chance(0.4) {
            self.browse(Timestamp(order.at.0 - (days * Timestamp::US_PER_DAY as f64) as i64));
        }
    }

    fn similar(&mut self, item: u32) -> (u32, u8) {
        let category = self.catalogue.items[item as usize].category;
        (self.catalogue.popular(category, &mut self.dice), 0)
    }

    fn looks(&mut self, bought: &[(u32, u8, i64)], add: bool) -> Vec<Kind> {
        let mut kinds = vec![Kind::Home];
        for (item, variant, quantity) in bought {
            match self.dice.below(4) {
                0 => kinds.push(Kind::Search(*item)),
                1 => kinds.push(Kind::List(self.catalogue.items[*item as usize].category)),
                _ => {}
            }
            if self.dice.chance(0.5) {
                let (other, other_variant) = self.similar(*item);
                kinds.push(Kind::View(other, other_variant));
            }
            kinds.push(Kind::View(*item, *variant));
            if add {
                kinds.push(Kind::Add(*item, *variant, *quantity));
            } else if self.dice.chance(0.1) {
                kinds.push(Kind::Wish(*item, *variant));
            }
        }
        kinds
    }

    fn bought(history: &History, position: usize) -> Vec<(u32, u8, i64)> {
        let items = history.orders[position].items().take(SHOWN_MAX);
        items.map(|(line, item, variant)| (item, variant, line.quantity)).collect()
    }

    fn purchase(&mut self, history: &History, position: usize) {
        let mut kinds = self.looks(&Self::bought(history, position), true);
        kinds.extend([Kind::Cart, Kind::Checkout, Kind::Completed(position)]);
        // The order's own time is when it is completed; everything before is counted back from there.
        let at = history.orders[position].at;
        self.session(at, kinds, true);
    }

    fn look_before(&mut self, history: &History, position: usize, hours: f64) {
        let kinds = self.looks(&Self::bought(history, position), false);
        let at = Timestamp(history.orders[position].at.0 - (hours * 3.6e9) as i64);
        self.session(at, kinds, false);
    }

    fn browse(&mut self, at: Timestamp) {
        let mut wanted = Vec::new();
        for _ in 0..self.dice.geometric(2.0).min(8) {
            let category = self.dice.weighted(&self.setting.history.tastes);
            wanted.push((self.catalogue.popular(category, &mut self.dice), 0, 1));
        }
        let mut kinds = self.looks(&wanted, false);
        if self.dice.chance(0.25) {
            let (item, variant, quantity) = wanted[0];
            kinds.push(Kind::Add(item, variant, quantity));
            kinds.push(if self.dice.chance(0.5) { Kind::Cart } else { Kind::Remove(item, variant, quantity) });
        }
        self.session(at, kinds, false);
    }

    /// A session whose last event is at `end`.
    fn session(&mut self, end: Timestamp, mut kinds: Vec<Kind>, buys: bool) {
        if end < self.setting.history.joined.min(self.setting.now.plus_days(-380)) || end > self.setting.now {
            return;
        }
        let devices = self.setting.identity.devices.len() as u64;
        let device = if self.has_account { self.dice.below(devices) as usize } else { 0 };
        let signed_in = self.has_account && (buys || self.dice.chance(0.85));
        // The first session of an account on a device, and a few later ones, name the person.
        let first = !self.sessions.iter().any(|s| s.device == device && s.signed_in);
        if signed_in && (first || self.dice.chance(0.05)) {
            kinds.insert(0, Kind::Identify);
        }
        let late = self.dice.chance(rates::OFFLINE_QUEUE);
        let late_us = if late { self.dice.between(6 * 3_600_000_000, 3 * Timestamp::US_PER_DAY) } else { 0 };
        let mut at = Timestamp(end.0 / 1000 * 1000);
        let mut events = Vec::with_capacity(kinds.len());
        for kind in kinds.into_iter().rev() {
            events.push(Event { at, kind });
            at = Timestamp(at.0 - self.dice.between(2_000, 90_000) * 1000);
        }
        events.reverse();
        let (batched, old_names) = (self.dice.chance(rates::BATCHED_EVENTS), self.dice.chance(rates::OLD_EVENT_NAME));
        self.sessions.push(Session { device, signed_in, late_us, batched, old_names, events });
    }
}
