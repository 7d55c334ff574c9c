//! A record as it is pushed, and the normalised values of some.

use kenal_types::{Market, System};

use crate::customer::Customer;
use crate::normalise::date::Written;
use crate::normalise::{attribute, date, device, email, name, phone, place};
use crate::records::{Incoming, Put};
use crate::schema::{AttributeKind, Schema};
use crate::texts::Texts;

/// Values kept per record and kind: more emails than this are a mailing list, and every pair compares all of them.
const VALUES_MAX: usize = 8;
/// How the key of a device that was used without signing in begins; see [`kenal_types::RecordKey`].
const DEVICE_RECORD: &str = "device/";

/// A record of any schema, as it is written. Empty texts and texts that say nothing (`n/a`) count as missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawRecord<'a> {
    /// Position in [`Schema::sources`].
    pub source: u8,
    /// Unique within the source.
    pub id: &'a str,
    pub given_name: Option<&'a str>,
    pub family_name: Option<&'a str>,
    pub full_name: Option<&'a str>,
    pub birth_date: Option<&'a str>,
    pub emails: Vec<&'a str>,
    pub phones: Vec<&'a str>,
    pub street: Option<&'a str>,
    pub city: Option<&'a str>,
    pub postcode: Option<&'a str>,
    /// Code or name; decides how phone numbers without a country are read.
    pub country: Option<&'a str>,
    pub devices: Vec<&'a str>,
    pub number: Option<&'a str>,
    /// In the order of [`Schema::attributes`].
    pub attributes: Vec<Option<&'a str>>,
}

/// The normalised values of some records, in their order; column by column, as they are numbered.
#[derive(Debug)]
pub(crate) struct Normalised {
    pub source: Vec<u8>,
    /// Words with a space between two.
    pub name: Texts,
    pub birth: Vec<Option<Written>>,
    /// With whether the system says that several people use it.
    pub emails: Texts,
    pub phones: Texts,
    /// As `name`.
    pub street: Texts,
    pub postcode: Texts,
    pub city: Texts,
    pub devices: Texts,
    pub number: Texts,
    /// In the order of [`Schema::attributes`].
    pub attributes: Vec<Cells>,
    pub standing: Vec<Standing>,
}

/// Normalised values of an attribute.
#[derive(Debug)]
pub(crate) enum Cells {
    /// Of a text, words with a space between two.
    Texts(Texts),
    Dates(Vec<Option<Written>>),
    Places(Vec<Option<[f32; 2]>>),
}

/// What a record is in its own system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// Neither deleted nor merged into another record.
    pub active: bool,
    /// The system has verified an email or phone of it.
    pub verified: bool,
    /// A device that was used without signing in, not an account.
    pub device: bool,
}

impl Normalised {
    pub(crate) fn of_customers(records: &[Customer<'_>], schema: &Schema) -> Normalised {
        let mut all = Normalised::with_room(records.len(), schema);
        records.iter().for_each(|record| all.add_customer(record));
        all
    }

    pub(crate) fn of_raws(records: &[RawRecord<'_>], schema: &Schema) -> Normalised {
        let mut all = Normalised::with_room(records.len(), schema);
        records.iter().for_each(|record| all.add_raw(record, schema));
        all
    }

    pub(crate) fn of_puts(puts: &[&Put<'_>], schema: &Schema) -> Normalised {
        let mut all = Normalised::with_room(puts.len(), schema);
        puts.iter().for_each(|put| match put.record {
            Incoming::Customer(record) => all.add_customer(&record.into()),
            Incoming::Raw(record) => all.add_raw(record, schema),
        });
        all
    }

    fn with_room(records: usize, schema: &Schema) -> Normalised {
        let texts = || Texts::with_room(records);
        Normalised {
            source: Vec::with_capacity(records),
            name: texts(),
            birth: Vec::with_capacity(records),
            emails: texts(),
            phones: texts(),
            street: texts(),
            postcode: texts(),
            city: texts(),
            devices: texts(),
            number: texts(),
            attributes: schema.attributes.iter().map(|a| Cells::with_room(records, a.kind)).collect(),
            standing: Vec::with_capacity(records),
        }
    }

    fn add_customer(&mut self, record: &Customer<'_>) {
        let market = record.market.or_else(|| record.country.and_then(Market::from_country));
        self.source.push(record.key.system as u8);
        self.add_name(record.given_name, record.family_name, record.full_name);
        self.birth.push(record.birth_date.and_then(date::from_day));
        self.add_emails(record.emails.iter().map(|p| (p.value, p.shared)));
        self.add_phones(record.phones.iter().map(|p| (p.value, p.shared)), market);
        self.add_place(record.street, record.postcode, record.city, market);
        // A record of a device that nobody has signed in on is its device.
        let own_device = record.key.id.strip_prefix(DEVICE_RECORD).filter(|_| record.key.system == System::App);
        self.add_devices(record.devices.iter().copied().take(VALUES_MAX).chain(own_device));
        self.number.row_of(record.loyalty_number.and_then(place::code).as_deref());
        self.attributes.iter_mut().for_each(|cells| cells.add(AttributeKind::Text, None));
        self.standing.push(Standing {
            active: !record.deleted && record.merged_into.is_none(),
            verified: record.emails.iter().chain(&record.phones).any(|p| p.verified),
            device: own_device.is_some(),
        });
    }

    fn add_raw(&mut self, record: &RawRecord<'_>, schema: &Schema) {
        let market = record.country.and_then(Market::from_country);
        self.source.push(record.source);
        self.add_name(record.given_name, record.family_name, record.full_name);
        self.birth.push(record.birth_date.and_then(date::written));
        self.add_emails(record.emails.iter().map(|&e| (e, false)));
        self.add_phones(record.phones.iter().map(|&p| (p, false)), market);
        self.add_place(record.street, record.postcode, record.city, market);
        self.add_devices(record.devices.iter().copied().take(VALUES_MAX));
        self.number.row_of(record.number.and_then(place::code).as_deref());
        for (n, (cells, attribute)) in self.attributes.iter_mut().zip(&schema.attributes).enumerate() {
            cells.add(attribute.kind, record.attributes.get(n).copied().flatten());
        }
        self.standing.push(Standing { active: true, verified: false, device: false });
    }

    fn add_name(&mut self, given: Option<&str>, family: Option<&str>, full: Option<&str>) {
        name::for_each_word(given, family, full, |word| self.name.add_word(word));
        self.name.end_words();
    }

    fn add_emails<'a>(&mut self, emails: impl Iterator<Item = (&'a str, bool)>) {
        for (text, shared) in emails.take(VALUES_MAX) {
            if let Some(found) = email::email(text) {
                self.emails.add(&found.address, shared || found.role);
            }
        }
        self.emails.end_row();
    }

    fn add_phones<'a>(&mut self, phones: impl Iterator<Item = (&'a str, bool)>, market: Option<Market>) {
        for (text, shared) in phones.take(VALUES_MAX) {
            if let Some(found) = phone::phone(text, market) {
                self.phones.add(&found, shared);
            }
        }
        self.phones.end_row();
    }

    fn add_place(&mut self, street: Option<&str>, postcode: Option<&str>, city: Option<&str>, market: Option<Market>) {
        add_street(&mut self.street, street);
        self.postcode.row_of(postcode.and_then(|p| place::postcode_in(p, market)).as_deref());
        self.city.row_of(city.and_then(place::city).as_deref());
    }

    fn add_devices<'a>(&mut self, devices: impl Iterator<Item = &'a str>) {
        devices.filter_map(device::device).for_each(|device| self.devices.add(&device, false));
        self.devices.end_row();
    }
}

fn add_street(streets: &mut Texts, text: Option<&str>) {
    if let Some(words) = text.and_then(place::street) {
        words.iter().for_each(|word| streets.add_word(word));
    }
    streets.end_words();
}

impl Cells {
    fn with_room(records: usize, kind: AttributeKind) -> Cells {
        match kind {
            AttributeKind::Date => Cells::Dates(Vec::with_capacity(records)),
            AttributeKind::Place => Cells::Places(Vec::with_capacity(records)),
            _ => Cells::Texts(Texts::with_room(records)),
        }
    }

    fn add(&mut self, kind: AttributeKind, text: Option<&str>) {
        match (self, kind) {
            (Cells::Texts(texts), AttributeKind::Category) => {
                texts.row_of(text.and_then(attribute::category).as_deref());
            }
            (Cells::Texts(texts), AttributeKind::Number) => texts.row_of(text.and_then(place::code).as_deref()),
            (Cells::Texts(texts), _) => add_street(texts, text),
            (Cells::Dates(dates), _) => dates.push(text.and_then(date::written)),
            (Cells::Places(places), _) => places.push(text.and_then(attribute::coordinates)),
        }
    }
}
