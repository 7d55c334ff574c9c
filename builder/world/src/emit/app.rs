//! The mobile app: events in Segment's shape, by the time they were received.
//!
//! A device's clock may be off: `originalTimestamp` and `sentAt` are by that clock, `receivedAt` by the server's, and
//! `timestamp` is corrected as Segment does it: `receivedAt − (sentAt − originalTimestamp)`.

use kenal_types::Timestamp;

use crate::catalogue::price_in;
use crate::dice::{Dice, For, mix};
use crate::identity::Device;
use crate::json::{self, Object};
use crate::orders::What;
use crate::rates::{self, Defect};
use crate::sessions::{Event, Kind, Session};

use super::{Emitter, Setup, Subject, stream, time_key};

const BROKEN: [(&str, &str); 2] =
    [("\"messageId\":", "\"message\":"), ("\"originalTimestamp\":\"", "\"originalTimestamp\":\"circa ")];

/// The four times of an event.
struct Times {
    original: Timestamp,
    sent: Timestamp,
    received: Timestamp,
}

impl Times {
    fn of(event: &Event, session: &Session, device: &Device, dice: &mut Dice) -> Times {
        let latency = dice.between(40, 900) * 1000;
        let truly_sent = event.at.0 + session.late_us;
        let ms = |t: i64| Timestamp(t / 1000 * 1000);
        Times {
            original: ms(event.at.0 + device.skew_us),
            sent: ms(truly_sent + device.skew_us),
            received: ms(truly_sent + latency),
        }
    }

    fn corrected(&self) -> Timestamp {
        Timestamp(self.received.0 - (self.sent.0 - self.original.0))
    }
}

impl Emitter<'_> {
    pub(super) fn app(&mut self, subject: &Subject<'_>, dice: &mut Dice) {
        let identity = subject.identity;
        if subject.records.anonymous_app {
            self.counts.add(Defect::AnonymousDevice);
        }
        if !subject.sessions.is_empty() {
            for device in &identity.devices {
                if device.shared && identity.index == identity.household.first {
                    self.counts.add(Defect::SharedDevice);
                }
                if device.skew_us != 0 {
                    self.counts.add(Defect::ClockSkew);
                }
            }
        }
        let mut serial = 0;
        for session in subject.sessions {
            self.session(subject, session, &mut serial, dice);
        }
    }

    fn session(&mut self, subject: &Subject<'_>, session: &Session, serial: &mut u64, dice: &mut Dice) {
        let device = &subject.identity.devices[session.device];
        let now = self.setup.clock.now;
        if session.late_us > 0 {
            self.counts.add(Defect::OfflineQueue);
        }
        if session.old_names {
            self.counts.add(Defect::OldEventName);
        }
        if session.batched {
            self.batch(subject, session, device, serial, dice);
            return;
        }
        for (at, event) in session.events.iter().enumerate() {
            let mut times = Times::of(event, session, device, dice);
            *serial += 1;
            // Still in the device's queue.
            if times.received > now {
                continue;
            }
            let consent = matches!(event.kind, Kind::Consent { .. });
            if !consent && dice.chance(rates::FUTURE_EVENT) {
                self.counts.add(Defect::FutureEvent);
                times.sent = Timestamp(times.original.0 - dice.between(1, 30) * Timestamp::US_PER_DAY);
            }
            if self.setup.sessions_brief && !session.tells(at) {
                continue;
            }
            let id = message_id(self.setup, subject, *serial);
            let view = View { subject, session, device, event, times: &times, id: &id, alter: false };
            view.write(self.setup, &mut self.row, true);
            let key = time_key(times.received);
            let again = key + dice.between(1, 36 * 3600) as u64 * 1_000_000;
            if dice.chance(rates::DUPLICATE_EVENT) && again <= time_key(now) {
                self.counts.add(Defect::DuplicateEvent);
                self.out.push(stream::EVENTS, again, &self.row);
            }
            self.send_breakable(stream::EVENTS, key, BROKEN, true, dice);
            if !consent && dice.chance(rates::ALTERED_EVENT) {
                self.counts.add(Defect::AlteredEvent);
                View { alter: true, ..view }.write(self.setup, &mut self.row, true);
                self.send(stream::EVENTS, key + 1000);
            }
        }
    }

    /// All events of a session in one object; the server's times stand on it.
    fn batch(&mut self, subject: &Subject<'_>, session: &Session, device: &Device, serial: &mut u64, dice: &mut Dice) {
        let Some(last) = session.events.last() else { return };
        let end = Times::of(last, session, device, dice);
        let first = *serial;
        *serial += session.events.len() as u64;
        if end.received > self.setup.clock.now {
            return;
        }
        self.counts.add(Defect::BatchedEvents);
        self.row.extend_from_slice(b"{\"batch\":[");
        let brief = self.setup.sessions_brief;
        for (at, event) in session.events.iter().enumerate().filter(|(at, _)| !brief || session.tells(*at)) {
            if at > 0 {
                self.row.push(b',');
            }
            let id = message_id(self.setup, subject, first + 1 + at as u64);
            // The whole batch is sent at its end, so each event waited in the queue until then.
            let original = Timestamp((event.at.0 + device.skew_us) / 1000 * 1000);
            let times = Times { original, sent: end.sent, received: end.received };
            let view = View { subject, session, device, event, times: &times, id: &id, alter: false };
            view.write(self.setup, &mut self.row, false);
        }
        let tail = format!("],\"sentAt\":\"{}\",\"receivedAt\":\"{}\",\"context\":{{}}}}", end.sent, end.received);
        self.row.extend_from_slice(tail.as_bytes());
        self.send(stream::EVENTS, time_key(end.received));
    }
}

fn message_id(setup: &Setup<'_>, subject: &Subject<'_>, serial: u64) -> String {
    let index = subject.identity.index.wrapping_mul(1 << 20).wrapping_add(serial);
    let (a, b) = (mix(setup.people.seed, For::Message, index), mix(!setup.people.seed, For::Message, index));
    format!("{a:016x}{b:016x}")
}

/// One event, ready to be written.
#[derive(Clone, Copy)]
struct View<'e> {
    subject: &'e Subject<'e>,
    session: &'e Session,
    device: &'e Device,
    event: &'e Event,
    times: &'e Times,
    id: &'e str,
    /// The same message with another payload, as a retried client with a bug sends it.
    alter: bool,
}

impl View<'_> {
    fn write(&self, setup: &Setup<'_>, row: &mut Vec<u8>, alone: bool) {
        let (subject, device, times) = (self.subject, self.device, self.times);
        let user = subject.records.app.as_ref().filter(|_| self.session.signed_in);
        json::object(row, |o| {
            let (kind, name) = self.name();
            o.text("type", kind);
            match kind {
                "track" => {
                    o.text("event", name);
                }
                "screen" => {
                    o.text("name", name);
                }
                _ => {}
            }
            o.text("messageId", self.id).text("anonymousId", &device.anonymous_id);
            o.maybe("userId", user.map(|u| u.record.id.as_str())).text("channel", "mobile");
            self.context(o);
            if let (Kind::Identify, Some(user)) = (self.event.kind, user) {
                o.object("traits", |o| {
                    o.maybe("email", user.record.email.as_deref());
                    o.maybe("phone", user.record.phone.as_deref().filter(|_| user.gives_phone));
                    o.text("firstName", &user.record.name.given).text("lastName", &user.record.name.family);
                });
            } else {
                o.object("properties", |o| self.properties(setup, o));
            }
            o.quoted("originalTimestamp", times.original);
            if alone {
                o.quoted("sentAt", times.sent);
            }
            o.quoted("receivedAt", times.received).quoted("timestamp", times.corrected()).text("version", "2");
        });
    }

    fn context(&self, o: &mut Object<'_>) {
        let device = self.device;
        o.object("context", |o| {
            o.object("app", |o| {
                o.text("name", "Kedai").text("version", "5.12.0");
            });
            o.object("device", |o| {
                let (kind, maker, model) =
                    if device.ios { ("ios", "Apple", "iPhone15,2") } else { ("android", "Samsung", "SM-A546E") };
                o.text("id", &device.id).text("type", kind).text("manufacturer", maker).text("model", model);
            });
            o.text("locale", self.subject.identity.language);
            o.text(
                "timezone",
                ["Asia/Singapore", "Asia/Kuala_Lumpur", "Asia/Bangkok", "Asia/Jakarta"]
                    [self.subject.identity.market() as usize],
            );
            if let Kind::Consent { personalisation, advertising, analytics } = self.event.kind {
                o.object("consent", |o| {
                    o.object("categoryPreferences", |o| {
                        o.bare("Personalisation", personalisation).bare("Advertising", advertising);
                        o.bare("Analytics", analytics);
                    });
                });
            }
        });
    }

    fn name(&self) -> (&'static str, &'static str) {
        let old = self.session.old_names;
        match self.event.kind {
            Kind::Identify => ("identify", ""),
            Kind::Home => ("screen", "Home"),
            Kind::List(_) => ("track", "Product List Viewed"),
            Kind::Search(_) => ("track", "Products Searched"),
            Kind::View(..) => ("track", if old { "Viewed Product" } else { "Product Viewed" }),
            Kind::Add(..) => ("track", if old { "Added Product" } else { "Product Added" }),
            Kind::Remove(..) => ("track", "Product Removed"),
            Kind::Wish(..) => ("track", "Product Added to Wishlist"),
            Kind::Cart => ("track", "Cart Viewed"),
            Kind::Checkout => ("track", "Checkout Started"),
            Kind::Completed(_) => ("track", if old { "Completed Order" } else { "Order Completed" }),
            Kind::Consent { .. } => ("track", "Segment Consent Preference Updated"),
        }
    }

    fn properties(&self, setup: &Setup<'_>, o: &mut Object<'_>) {
        let market = self.subject.identity.market();
        let currency = market.currency();
        let catalogue = setup.catalogue;
        let product = |o: &mut Object<'_>, item: u32, variant: u8, quantity: i64| {
            let item = &catalogue.items[item as usize];
            o.quoted("product_id", item.id).text("sku", &item.sku(variant)).text("name", &item.title);
            o.text("category", catalogue.categories[item.category]).bare("price", price_in(market, item.pence).units());
            o.bare("quantity", quantity);
        };
        match self.event.kind {
            Kind::List(category) => {
                o.text("list_id", catalogue.categories[category]).text("category", catalogue.categories[category]);
            }
            Kind::Search(item) => {
                let title = &catalogue.items[item as usize].title;
                o.text("query", title.split(' ').next_back().unwrap_or(title));
            }
            Kind::View(item, variant) | Kind::Wish(item, variant) => {
                product(o, item, variant, if self.alter { 2 } else { 1 });
                o.text("currency", currency.code());
            }
            Kind::Add(item, variant, quantity) | Kind::Remove(item, variant, quantity) => {
                product(o, item, variant, quantity + i64::from(self.alter));
                o.quoted("cart_id", format_args!("{:x}", mix(self.event.at.0 as u64, For::Message, 1)));
            }
            Kind::Completed(position) => {
                let order = &self.subject.history.orders[position];
                let number = setup.ids.order_number(order);
                let total = super::shopify::total(order, market).units() + f64::from(u8::from(self.alter));
                o.quoted("order_id", number).quoted("checkout_id", format_args!("c{:x}", mix(number, For::Message, 2)));
                o.bare("total", total).bare("revenue", total).text("currency", currency.code());
                let sold = order.lines.iter().filter_map(|line| match line.what {
                    What::Item { item, variant } => Some((item, variant, line.quantity)),
                    What::Custom(_) => None,
                });
                o.list("products", sold, |o, (item, variant, quantity)| product(o, item, variant, quantity));
            }
            _ if self.alter => {
                o.bare("retry", true);
            }
            _ => {}
        }
    }
}
