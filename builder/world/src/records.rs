//! The records that the five systems hold about one person, each with the slips of the system that took it down.
//!
//! Also which records share evidence, so that the truth can say which could be recognised at all.

use std::collections::BTreeSet;

use kenal_types::{Date, Timestamp};

use crate::dice::{Dice, For, mix_bytes};
use crate::identity::{CONTACTS_MAX, Identity};
use crate::names::{self, PhoneForm, Style, Written};
use crate::orders::{History, Order, Place};
use crate::permute::Permutation;
use crate::rates;
use crate::sessions::{self, Session};
use crate::sfid::{self, Object};
use crate::tickets::TICKETS_MAX;

/// What every system has: some of it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) name: Written,
    pub(crate) email: Option<String>,
    /// Which of the person's addresses it is, when written without a slip.
    pub(crate) email_slot: Option<usize>,
    pub(crate) email_typo: bool,
    pub(crate) phone: Option<String>,
    pub(crate) phone_slot: Option<usize>,
    pub(crate) phone_form: PhoneForm,
    pub(crate) birth: Option<Date>,
    /// The address is written, perhaps abbreviated.
    pub(crate) address: Option<bool>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct ShopifyRecord {
    pub(crate) record: Record,
    pub(crate) number: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct ZendeskRecord {
    pub(crate) record: Record,
    pub(crate) number: u64,
    pub(crate) external: Option<u64>,
    pub(crate) two_identities: bool,
    pub(crate) phone_shared: bool,
    /// Made by a call: the name is that of the number.
    pub(crate) caller: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct ContactRecord {
    pub(crate) record: Record,
    pub(crate) individual: String,
    pub(crate) account: String,
    /// The contact that was merged into this one.
    pub(crate) merged: Option<Record>,
    pub(crate) loyalty: Option<Loyalty>,
}

#[derive(Debug, Clone)]
pub(crate) struct Loyalty {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) since: Timestamp,
    pub(crate) active: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct AppRecord {
    pub(crate) record: Record,
    pub(crate) gives_phone: bool,
}

/// Everything held about a person.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    pub(crate) shopify: Vec<ShopifyRecord>,
    pub(crate) zendesk: Option<ZendeskRecord>,
    pub(crate) contact: Option<ContactRecord>,
    /// Current first, one for each address the person has had.
    pub(crate) warehouse: Vec<Record>,
    pub(crate) app: Option<AppRecord>,
    /// Uses the app without ever signing in: the first device is a record.
    pub(crate) anonymous_app: bool,
    /// When each address came into use; the last since the person joined.
    pub(crate) email_since: Vec<Timestamp>,
}

/// Permutations that ids come from, shared by all people.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    seed: u64,
    shopify: Permutation,
    zendesk: Permutation,
    salesforce: Permutation,
    member: Permutation,
    numbers: Permutation,
    tickets: Permutation,
}

impl Ids {
    /// `serials` bounds the serial numbers of orders.
    pub(crate) fn new(seed: u64, people: u64, serials: u64) -> Ids {
        Ids {
            seed,
            shopify: Permutation::new(people * CONTACTS_MAX, seed, 10),
            zendesk: Permutation::new(people * 2, seed, 11),
            salesforce: Permutation::new(people * 16, seed, 12),
            member: Permutation::new(people, seed, 13),
            numbers: Permutation::new(serials.max(1) * 2, seed, 14),
            tickets: Permutation::new(people * TICKETS_MAX, seed, 15),
        }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The number on the receipt: the same in every system.
    pub(crate) fn order_number(&self, order: &Order) -> u64 {
        1001 + self.numbers.at(order.serial * 2)
    }

    pub(crate) fn test_order_number(&self, serial: u64) -> u64 {
        1001 + self.numbers.at(serial * 2 + 1)
    }

    /// One of sixteen CRM numbers of a person.
    pub(crate) fn salesforce(&self, object: Object, person: u64, slot: u64) -> String {
        sfid::id(object, 90_000 + self.salesforce.at(person * 16 + slot))
    }

    pub(crate) fn shopify(&self, person: u64, slot: u64) -> u64 {
        5_100_000_000 + self.shopify.at(person * CONTACTS_MAX + slot)
    }

    pub(crate) fn ticket(&self, serial: u64) -> u64 {
        self.tickets.at(serial)
    }

    fn zendesk(&self, person: u64) -> u64 {
        360_000_000_000 + self.zendesk.at(person * 2)
    }
}

/// What is drawn about a person before records are.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) history: &'a History,
    pub(crate) ids: &'a Ids,
    pub(crate) tickets: usize,
    /// When the exports were made.
    pub(crate) now: Timestamp,
}

impl Records {
    pub(crate) fn draw(setting: &Setting<'_>) -> Records {
        let Setting { identity, history, ids, now, .. } = *setting;
        let i = identity.index;
        let mut dice = Dice::new(ids.seed, For::Records, i);
        let email_since = email_since(identity.emails.len(), history.joined, now, &mut dice);
        let bought = |place| history.orders.iter().any(|o| o.place == place);
        let has_app = bought(Place::App) || dice.chance(0.45);
        let online = bought(Place::Web) || bought(Place::App);
        let mut pen = Pen { setting, dice };
        let shopify = pen.shopify(online, &email_since);
        let warehouse = pen.warehouse(&email_since);
        let contact = pen.dice.chance(0.64).then(|| pen.contact());
        let zendesk = (setting.tickets > 0 || pen.dice.chance(0.12)).then(|| pen.zendesk(shopify.first()));
        let app = has_app.then(|| pen.app());
        let anonymous_app = !has_app && pen.dice.chance(rates::ANONYMOUS_DEVICE);
        Records { shopify, zendesk, contact, warehouse, app, anonymous_app, email_since }
    }

    /// Which of the person's addresses was in use at a time.
    pub(crate) fn email_at(&self, at: Timestamp) -> usize {
        self.email_since.iter().position(|since| at >= *since).unwrap_or(self.email_since.len() - 1)
    }

    /// The Shopify customer an order belongs to.
    pub(crate) fn shopify_at(&self, at: Timestamp) -> Option<&ShopifyRecord> {
        let slot = self.email_at(at);
        self.shopify.iter().find(|s| s.record.email_slot == Some(slot)).or_else(|| self.shopify.first())
    }

    pub(crate) fn warehouse_at(&self, at: Timestamp) -> &Record {
        &self.warehouse[self.email_at(at)]
    }
}

/// When each address came into use, newest first.
fn email_since(count: usize, joined: Timestamp, now: Timestamp, dice: &mut Dice) -> Vec<Timestamp> {
    let span = now.0.saturating_sub(joined.0).max(1) as f64;
    let mut since: Vec<Timestamp> =
        (1..count).map(|_| Timestamp(joined.0 + (span * (0.1 + 0.85 * dice.unit())) as i64)).collect();
    since.sort_unstable_by(|a, b| b.cmp(a));
    since.push(Timestamp(joined.0 - 1));
    since
}

/// Writes records of one person.
struct Pen<'a> {
    setting: &'a Setting<'a>,
    dice: Dice,
}

impl Pen<'_> {
    fn between(&mut self, from: Timestamp, to: Timestamp) -> Timestamp {
        Timestamp(self.dice.between(from.0, to.0.max(from.0)) / 1_000_000 * 1_000_000)
    }

    /// A record with the given address and number, each perhaps with a slip.
    fn record(&mut self, id: String, style: Style, email: Option<usize>, phone: Option<usize>) -> Record {
        let Setting { identity, history, now, .. } = *self.setting;
        let name = names::write(&identity.name, style, &mut self.dice);
        let slips = style != Style::Official && self.dice.chance(rates::EMAIL_TYPO);
        let written = email.map(|slot| {
            let email = &identity.emails[slot];
            match slips {
                true => names::email_typo(email, &mut self.dice),
                false if self.dice.chance(0.1) => capitalised(email),
                false => email.clone(),
            }
        });
        let email_typo = slips && email.is_some();
        let phone_form = phone_form(&mut self.dice);
        let phone = phone.map(|slot| slot.min(identity.phones.len() - 1));
        let number = phone.map(|slot| names::phone_written(identity.market(), &identity.phones[slot], phone_form));
        let created_at = self.between(history.joined, history.orders.first().map_or(now, |o| o.at));
        let updated_at = self.between(created_at.max(Timestamp(now.0 - 300 * Timestamp::US_PER_DAY)), now);
        Record {
            id,
            name,
            email: written,
            email_slot: email.filter(|_| !email_typo),
            email_typo,
            phone: number,
            phone_slot: phone,
            phone_form,
            birth: None,
            address: None,
            created_at,
            updated_at,
        }
    }

    /// Accounts: one for the current address, and for some who changed it the old ones.
    fn shopify(&mut self, online: bool, email_since: &[Timestamp]) -> Vec<ShopifyRecord> {
        let Setting { identity, ids, .. } = *self.setting;
        let mut accounts = Vec::new();
        if !online && !self.dice.chance(0.25) {
            return accounts;
        }
        for (slot, since) in email_since.iter().enumerate() {
            if slot > 0 && !self.dice.chance(0.5) {
                continue;
            }
            let number = ids.shopify(identity.index, slot as u64);
            let phone = self.dice.chance(0.55).then_some(slot);
            let mut record = self.record(number.to_string(), Style::Typed, Some(slot), phone);
            record.address = self.dice.chance(0.8).then(|| self.dice.chance(0.3));
            record.created_at = record.created_at.max(*since);
            record.updated_at = record.updated_at.max(record.created_at);
            accounts.push(ShopifyRecord { record, number });
        }
        accounts
    }

    /// The synthetic id is a hash of address and number, so a change makes a new row.
    fn warehouse(&mut self, email_since: &[Timestamp]) -> Vec<Record> {
        let Setting { identity, ids, .. } = *self.setting;
        let mut rows = Vec::with_capacity(identity.emails.len());
        for (slot, email) in identity.emails.iter().enumerate() {
            let phone = self.dice.chance(0.7).then_some(usize::from(slot > 0));
            let hash = mix_bytes(ids.seed, For::Warehouse, format!("{email}|{phone:?}").as_bytes());
            let mut row = self.record(format!("W{hash:016x}"), Style::Typed, Some(slot), phone);
            row.birth = self.dice.chance(0.4).then_some(identity.birth);
            row.address = self.dice.chance(0.85).then(|| self.dice.chance(0.5));
            row.created_at = row.created_at.max(email_since[slot]);
            row.updated_at = row.updated_at.max(row.created_at);
            rows.push(row);
        }
        rows
    }

    fn contact(&mut self) -> ContactRecord {
        let Setting { identity, ids, .. } = *self.setting;
        let i = identity.index;
        let any_email = self.dice.below(identity.emails.len() as u64) as usize;
        let slot = if self.dice.chance(0.75) { 0 } else { any_email };
        let email = self.dice.chance(0.95).then_some(slot);
        let phone = self.dice.chance(0.8).then(|| usize::from(self.dice.chance(0.2)));
        let mut record = self.record(ids.salesforce(Object::Contact, i, 0), Style::Official, email, phone);
        record.birth = self.dice.chance(0.6).then_some(identity.birth);
        record.address = self.dice.chance(0.7).then(|| self.dice.chance(0.3));
        let merged = self.dice.chance(rates::MERGED_CONTACT).then(|| {
            let email = self.dice.chance(0.5).then_some(identity.emails.len() - 1);
            let phone = self.dice.chance(0.6).then_some(identity.phones.len() - 1);
            let mut loser = self.record(ids.salesforce(Object::Contact, i, 1), Style::Heard, email, phone);
            loser.birth = self.dice.chance(0.2).then_some(identity.birth);
            loser
        });
        let loyalty = self.dice.chance(0.7).then(|| Loyalty {
            id: ids.salesforce(Object::Member, i, 2),
            number: format!("KL{:08}", 10_000_000 + ids.member.at(i)),
            since: record.created_at,
            active: self.setting.history.left_at.is_none() || self.dice.chance(0.6),
        });
        let account = ids.salesforce(Object::Account, i, 3);
        ContactRecord { record, individual: ids.salesforce(Object::Individual, i, 4), account, merged, loyalty }
    }

    fn zendesk(&mut self, shopify: Option<&ShopifyRecord>) -> ZendeskRecord {
        let Setting { identity, ids, .. } = *self.setting;
        let phone_only = self.dice.chance(rates::ZENDESK_NO_EMAIL);
        let slot = self.dice.below(identity.emails.len() as u64) as usize;
        let two_identities = !phone_only && self.dice.chance(rates::TWO_IDENTITIES);
        let phone = if phone_only || two_identities { Some(usize::from(self.dice.chance(0.2))) } else { None };
        let number = ids.zendesk(identity.index);
        let style = if phone_only { Style::Heard } else { Style::Typed };
        let record = self.record(number.to_string(), style, (!phone_only).then_some(slot), phone);
        let external = shopify.filter(|_| !phone_only && self.dice.chance(0.25)).map(|s| s.number);
        let shared = identity.shares_phone() && record.phone_slot == Some(0);
        ZendeskRecord {
            number,
            external,
            two_identities,
            phone_shared: shared && self.dice.chance(rates::SHARED_PHONE_MARKED),
            caller: phone_only && self.dice.chance(0.4),
            record,
        }
    }

    fn app(&mut self) -> AppRecord {
        let Setting { identity, ids, .. } = *self.setting;
        let gives_phone = self.dice.chance(0.5);
        let id = format!("u_{:012x}", crate::dice::mix(ids.seed, For::Message, identity.index) >> 16);
        let mut record = self.record(id, Style::Typed, Some(0), gives_phone.then_some(0));
        // The app verifies the address by a mail, so there is no slip in it.
        record.email = Some(identity.emails[0].clone());
        (record.email_slot, record.email_typo) = (Some(0), false);
        AppRecord { record, gives_phone }
    }
}

fn capitalised(email: &str) -> String {
    let mut letters = email.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn phone_form(dice: &mut Dice) -> PhoneForm {
    use PhoneForm::{Dashed, DoubleZero, E164, Plain, PlusSpaced, TrunkZero};
    let shares = [
        rates::PHONE_E164,
        rates::PHONE_SPACED,
        rates::PHONE_TRUNK_ZERO,
        rates::PHONE_DOUBLE_ZERO,
        rates::PHONE_PLAIN,
        rates::PHONE_DASHED,
    ];
    [E164, PlusSpaced, TrunkZero, DoubleZero, Plain, Dashed][dice.weighted(&shares)]
}

/// A piece of evidence, normalised: two records that share one could be recognised as one person.
type Evidence = BTreeSet<String>;

/// Every record of the person as `system:id`, and whether none of its evidence is in another.
pub(crate) fn evidence(setting: &Setting<'_>, records: &Records, sessions: &[Session]) -> Vec<(String, bool)> {
    let Setting { identity, history, ids, .. } = *setting;
    let mut found: Vec<(String, Evidence)> = Vec::new();
    let base = |record: &Record| -> Evidence {
        let mut evidence = Evidence::new();
        evidence.extend(record.email.as_ref().map(|e| format!("e{}", e.to_lowercase())));
        evidence.extend(record.phone_slot.map(|slot| format!("p{}", identity.phones[slot])));
        evidence.extend(record.birth.filter(|_| record.name.faithful).map(|birth| format!("b{birth}")));
        evidence
    };
    let numbers = |keep: &dyn Fn(&Order) -> bool| -> Vec<String> {
        history.orders.iter().filter(|o| keep(o)).map(|o| format!("o{}", ids.order_number(o))).collect()
    };
    for account in &records.shopify {
        let mut evidence = base(&account.record);
        evidence.insert(format!("x{}", account.number));
        evidence.extend(numbers(&|o| {
            let mine = records.shopify_at(o.at).is_some_and(|s| s.number == account.number);
            o.place != Place::Store && !o.guest && mine
        }));
        found.push((format!("shopify:{}", account.number), evidence));
    }
    if let Some(user) = &records.zendesk {
        let mut evidence = base(&user.record);
        evidence.extend(user.external.map(|x| format!("x{x}")));
        found.push((format!("zendesk:{}", user.number), evidence));
    }
    if let Some(contact) = &records.contact {
        let mut evidence = base(&contact.record);
        evidence.extend(contact.merged.as_ref().map(|m| format!("m{}", m.id)));
        found.push((format!("salesforce:{}", contact.record.id), evidence));
        if let Some(merged) = &contact.merged {
            let mut evidence = base(merged);
            evidence.insert(format!("m{}", merged.id));
            found.push((format!("salesforce:{}", merged.id), evidence));
        }
    }
    for row in &records.warehouse {
        let mut evidence = base(row);
        evidence.extend(numbers(&|o| !o.guest && records.warehouse_at(o.at).id == row.id));
        found.push((format!("warehouse:{}", row.id), evidence));
    }
    let in_app = || numbers(&|o| o.place == Place::App);
    let device = |n: usize| format!("d{}", identity.devices[n].id);
    let (account, devices) = sessions::seen(sessions, setting.now);
    if let Some(app) = records.app.as_ref().filter(|_| account) {
        let mut evidence = base(&app.record);
        evidence.extend(in_app());
        evidence.extend((0..identity.devices.len()).map(device));
        found.push((format!("app:user/{}", app.record.id), evidence));
    }
    // A device is a record when somebody used it without signing in; one that two people use is nobody's.
    for n in devices.into_iter().filter(|n| !identity.devices[*n].shared) {
        found.push((format!("app:device/{}", identity.devices[n].anonymous_id), Evidence::from([device(n)])));
    }
    (0..found.len())
        .map(|at| {
            let others = found.iter().enumerate().filter(|(other, _)| *other != at);
            let alone = others.map(|(_, (_, evidence))| evidence).all(|e| e.is_disjoint(&found[at].1));
            (found[at].0.clone(), alone)
        })
        .collect()
}
