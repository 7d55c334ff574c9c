//! Accounts and devices: what is known of each so far, and the entities an event makes of it.
//!
//! A record is written again only when something about it changes, and then completely: traits of the last `identify`
//! and all devices seen. So the newest version of a record is the whole of it.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use kenal_types::{
    AppEvent, ContactPoint, CustomerRecord, Entity, Market, Order, OrderLine, OrderStatus, RecordKey, System, Timestamp,
};

use super::consent::Choices;
use super::event::{Happened, Thing, Traits};
use super::message::{Header, Message};

/// Devices kept per account; more are a shared test account or a broken client that makes up a new id each time.
const DEVICES_MAX: usize = 32;

/// Small, since there is one for each device that ever opened the app: about 100 bytes and its share of the texts.
#[derive(Debug, Default)]
struct Actor {
    /// When they were given too: a late `identify` does not undo a newer one.
    traits: Option<Box<(Timestamp, Traits)>>,
    devices: Vec<Rc<str>>,
    market: Option<Market>,
    language: Option<Rc<str>>,
    first_seen: Option<Timestamp>,
    /// Of the last version written.
    sequence: i64,
    choices: Choices,
}

/// Everybody seen, by the id in their record key.
#[derive(Debug, Default)]
pub(super) struct Actors {
    actors: HashMap<Box<str>, Actor>,
    texts: Texts,
}

/// Each device id and language once, however many actors have it.
#[derive(Debug, Default)]
struct Texts(HashSet<Rc<str>>);

impl Texts {
    fn shared(&mut self, text: &str) -> Rc<str> {
        if let Some(known) = self.0.get(text) {
            return Rc::clone(known);
        }
        let text: Rc<str> = text.into();
        self.0.insert(Rc::clone(&text));
        text
    }
}

impl Actors {
    /// The entities of one event, and what it changes about who did it.
    pub(super) fn entities(
        &mut self,
        message: &Message<'_>,
        header: &Header<'_>,
        happened: Happened<'_>,
        message_id: &str,
    ) -> Vec<Entity> {
        let device = happened.context.device_id().map(str::to_owned).or_else(|| header.anonymous.clone());
        let platform = message.platform(&happened.context);
        if !self.actors.contains_key(header.actor.id.as_str()) {
            self.actors.insert(header.actor.id.as_str().into(), Actor::default());
        }
        let mut entities = Vec::with_capacity(happened.things.len() + 1);
        if let Some(actor) = self.actors.get_mut(header.actor.id.as_str()) {
            if actor.learn(header, &happened, &mut self.texts) {
                entities.push(Entity::Customer(Box::new(actor.record(header))));
            }
            let preferences = happened.context.preferences();
            entities.extend(actor.choices.signals(preferences, happened.kind, header, message_id));
        }
        order(&mut entities, &happened, header, device.as_deref());
        let numbered = happened.kind == kenal_types::EventKind::Purchased;
        let nothing = [Thing::default()];
        let things = if happened.things.is_empty() { &nothing[..] } else { &happened.things };
        for (n, thing) in things.iter().enumerate() {
            let event = AppEvent {
                message_id: if numbered { format!("{message_id}#{}", n + 1) } else { message_id.to_owned() },
                kind: happened.kind,
                actor: header.actor.clone(),
                device: device.clone(),
                happened_at: header.happened_at,
                known_at: header.received_at,
                item_id: thing.item_id.clone(),
                sku: thing.sku.clone(),
                order_number: happened.order.as_ref().map(|o| o.number.clone()),
                quantity: thing.quantity,
                market: happened.market,
                platform: platform.clone(),
            };
            entities.push(Entity::Event(Box::new(event)));
        }
        entities
    }
}

impl Actor {
    /// Takes what the event says about its actor; tells whether the record changes by it.
    ///
    /// Market and language go along with the next change: a traveller's phone is no reason to write the record.
    fn learn(&mut self, header: &Header<'_>, happened: &Happened<'_>, texts: &mut Texts) -> bool {
        let (device, traits) = (happened.context.device_id(), happened.traits.as_ref());
        self.market = happened.market.or(self.market);
        if let Some(language) = crate::json::filled(&happened.context.locale)
            && self.language.as_deref() != Some(language)
        {
            self.language = Some(texts.shared(language));
        }
        let mut changed = self.first_seen.is_none();
        self.first_seen = Some(self.first_seen.map_or(header.happened_at, |t| t.min(header.happened_at)));
        for id in [device, header.anonymous.as_deref()].into_iter().flatten() {
            if self.devices.len() < DEVICES_MAX && self.devices.iter().all(|d| **d != *id) {
                self.devices.push(texts.shared(id));
                changed = true;
            }
        }
        if let Some(traits) = traits.filter(|t| **t != Traits::default())
            && self.traits.as_ref().is_none_or(|known| known.0 <= header.happened_at)
        {
            changed |= self.traits.as_ref().is_none_or(|known| known.1 != *traits);
            self.traits = Some(Box::new((header.happened_at, traits.clone())));
        }
        changed
    }

    fn record(&mut self, header: &Header<'_>) -> CustomerRecord {
        // By receipt, since each version holds all that was known when it was written; events of a batch share theirs.
        self.sequence = header.received_at.0.max(self.sequence.saturating_add(1));
        let traits = self.traits.as_ref().map(|known| known.1.clone()).unwrap_or_default();
        let point = |value: Option<Box<str>>| {
            value.map(|v| ContactPoint { value: v.into(), verified: false, shared: false }).into_iter().collect()
        };
        CustomerRecord {
            key: header.actor.clone(),
            given_name: traits.given_name.map(Into::into),
            family_name: traits.family_name.map(Into::into),
            full_name: traits.full_name.map(Into::into),
            emails: point(traits.email),
            phones: point(traits.phone),
            birth_date: None,
            street: None,
            city: None,
            postcode: None,
            country: None,
            market: self.market,
            language: self.language.as_deref().map(str::to_owned),
            devices: self.devices.iter().map(ToString::to_string).collect(),
            external_ids: Vec::new(),
            loyalty: None,
            merged_into: None,
            deleted: false,
            erase: false,
            created_at: self.first_seen,
            updated_at: Some(header.happened_at),
            sequence: self.sequence,
        }
    }
}

/// The order and its lines, when the event says what was paid. Hours before the shop's own sync.
fn order(entities: &mut Vec<Entity>, happened: &Happened<'_>, header: &Header<'_>, device: Option<&str>) {
    let Some((bought, (currency, total))) = happened.order.as_ref().and_then(|o| Some((o, o.paid?))) else { return };
    let order = Order {
        system: System::App,
        order_id: bought.number.clone(),
        number: bought.number.clone(),
        customer: Some(RecordKey::new(System::App, header.actor.id.clone())),
        email: None,
        phone: None,
        ordered_at: header.happened_at,
        known_at: header.received_at,
        market: happened.market,
        currency,
        total,
        status: OrderStatus::Completed,
        device: device.map(str::to_owned),
        sequence: header.received_at.0,
    };
    entities.push(Entity::Order(Box::new(order)));
    for (n, thing) in happened.things.iter().enumerate() {
        let Some(unit_price) = thing.price else { continue };
        let line = OrderLine {
            system: System::App,
            order_id: bought.number.clone(),
            line_id: (n + 1).to_string(),
            item_id: thing.item_id.clone(),
            sku: thing.sku.clone(),
            title: thing.title.clone(),
            quantity: thing.quantity.unwrap_or(1),
            unit_price,
            discount: None,
            sequence: header.received_at.0,
        };
        entities.push(Entity::OrderLine(Box::new(line)));
    }
}
