//! One record as it is pushed, and its normalised values.

use kenal_types::{CustomerRecord, Market, System};

use crate::field::Field;
use crate::normalise::date::Written;
use crate::normalise::{attribute, date, device, email, name, phone, place};
use crate::schema::{AttributeKind, Schema};

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

/// The normalised values of one record.
pub(crate) struct Row {
    pub source: u8,
    pub name: Vec<String>,
    pub birth: Option<Written>,
    /// With whether the system says that several people use it.
    pub emails: Vec<(email::Email, bool)>,
    pub phones: Vec<(String, bool)>,
    pub street: Vec<String>,
    pub postcode: Option<String>,
    pub city: Option<String>,
    pub devices: Vec<String>,
    pub number: Option<String>,
    pub attributes: Vec<Cell>,
    pub standing: Standing,
}

/// A normalised attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Text(String),
    Words(Vec<String>),
    Date(Written),
    Place([f32; 2]),
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

impl Row {
    pub(crate) fn of_customer(record: &CustomerRecord) -> Row {
        let market = record.market.or_else(|| record.country.as_deref().and_then(Market::from_country));
        let mut emails: Vec<(email::Email, bool)> = Vec::with_capacity(record.emails.len().min(VALUES_MAX));
        for point in record.emails.iter().take(VALUES_MAX) {
            if let Some(found) = email::email(&point.value) {
                let shared = point.shared || found.role;
                emails.push((found, shared));
            }
        }
        let phones = record.phones.iter().take(VALUES_MAX);
        let phones = phones.filter_map(|p| Some((phone::phone(&p.value, market)?, p.shared))).collect();
        let mut devices: Vec<String> =
            record.devices.iter().take(VALUES_MAX).filter_map(|d| device::device(d)).collect();
        // A record of a device that nobody has signed in on is its device.
        let own_device = record.key.id.strip_prefix(DEVICE_RECORD).filter(|_| record.key.system == System::App);
        devices.extend(own_device.and_then(device::device));
        let verified = record.emails.iter().chain(&record.phones).any(|p| p.verified);
        let active = !record.deleted && record.merged_into.is_none();
        Row {
            source: record.key.system as u8,
            name: name::name_words(
                record.given_name.as_deref(),
                record.family_name.as_deref(),
                record.full_name.as_deref(),
            ),
            birth: record.birth_date.and_then(date::from_day),
            emails,
            phones,
            street: record.street.as_deref().and_then(place::street).unwrap_or_default(),
            postcode: record.postcode.as_deref().and_then(|p| place::postcode_in(p, market)),
            city: record.city.as_deref().and_then(place::city),
            devices,
            number: record.loyalty.as_ref().and_then(|l| place::code(&l.number)),
            attributes: Vec::new(),
            standing: Standing { active, verified, device: own_device.is_some() },
        }
    }

    pub(crate) fn of_raw(record: &RawRecord<'_>, schema: &Schema) -> Row {
        let market = record.country.and_then(Market::from_country);
        let emails = record.emails.iter().take(VALUES_MAX).filter_map(|e| email::email(e));
        let phones = record.phones.iter().take(VALUES_MAX).filter_map(|p| phone::phone(p, market));
        let cells = schema.attributes.iter().take(Field::ATTRIBUTES_MAX).enumerate();
        let cell = |(n, attribute): (usize, &crate::schema::Attribute)| {
            let text = record.attributes.get(n).copied().flatten();
            text.map_or(Cell::Missing, |text| Cell::of(attribute.kind, text))
        };
        Row {
            source: record.source,
            name: name::name_words(record.given_name, record.family_name, record.full_name),
            birth: record.birth_date.and_then(date::written),
            emails: emails.map(|e| (e.role, e)).map(|(role, e)| (e, role)).collect(),
            phones: phones.map(|p| (p, false)).collect(),
            street: record.street.and_then(place::street).unwrap_or_default(),
            postcode: record.postcode.and_then(|p| place::postcode_in(p, market)),
            city: record.city.and_then(place::city),
            devices: record.devices.iter().take(VALUES_MAX).filter_map(|d| device::device(d)).collect(),
            number: record.number.and_then(place::code),
            attributes: cells.map(cell).collect(),
            standing: Standing { active: true, verified: false, device: false },
        }
    }
}

impl Cell {
    fn of(kind: AttributeKind, text: &str) -> Cell {
        let found = match kind {
            AttributeKind::Category => attribute::category(text).map(Cell::Text),
            AttributeKind::Text => place::street(text).map(Cell::Words),
            AttributeKind::Number => place::code(text).map(Cell::Text),
            AttributeKind::Date => date::written(text).map(Cell::Date),
            AttributeKind::Place => attribute::coordinates(text).map(Cell::Place),
        };
        found.unwrap_or(Cell::Missing)
    }
}
