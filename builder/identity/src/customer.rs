//! What resolution reads of a customer of the five systems.

use kenal_types::{ContactPoint, CustomerRecord, Date, KeyRef, Market, Timestamp};

/// A [`CustomerRecord`] without what no resolution reads, and with texts that stay where they are: in the record, or in a
/// batch of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer<'a> {
    pub key: KeyRef<'a>,
    pub given_name: Option<&'a str>,
    pub family_name: Option<&'a str>,
    pub full_name: Option<&'a str>,
    pub emails: Vec<Contact<'a>>,
    pub phones: Vec<Contact<'a>>,
    pub birth_date: Option<Date>,
    pub street: Option<&'a str>,
    pub city: Option<&'a str>,
    pub postcode: Option<&'a str>,
    pub country: Option<&'a str>,
    pub market: Option<Market>,
    pub devices: Vec<&'a str>,
    pub external_ids: Vec<&'a str>,
    pub loyalty_number: Option<&'a str>,
    pub merged_into: Option<KeyRef<'a>>,
    pub deleted: bool,
    pub created_at: Option<Timestamp>,
}

/// A [`ContactPoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact<'a> {
    pub value: &'a str,
    pub verified: bool,
    pub shared: bool,
}

impl<'a> From<&'a CustomerRecord> for Customer<'a> {
    fn from(record: &'a CustomerRecord) -> Customer<'a> {
        let contacts = |points: &'a [ContactPoint]| points.iter().map(Contact::from).collect();
        Customer {
            key: record.key.as_ref(),
            given_name: record.given_name.as_deref(),
            family_name: record.family_name.as_deref(),
            full_name: record.full_name.as_deref(),
            emails: contacts(&record.emails),
            phones: contacts(&record.phones),
            birth_date: record.birth_date,
            street: record.street.as_deref(),
            city: record.city.as_deref(),
            postcode: record.postcode.as_deref(),
            country: record.country.as_deref(),
            market: record.market,
            devices: record.devices.iter().map(String::as_str).collect(),
            external_ids: record.external_ids.iter().map(String::as_str).collect(),
            loyalty_number: record.loyalty.as_ref().map(|loyalty| loyalty.number.as_str()),
            merged_into: record.merged_into.as_ref().map(kenal_types::RecordKey::as_ref),
            deleted: record.deleted,
            created_at: record.created_at,
        }
    }
}

impl<'a> From<&'a ContactPoint> for Contact<'a> {
    fn from(point: &'a ContactPoint) -> Contact<'a> {
        Contact { value: &point.value, verified: point.verified, shared: point.shared }
    }
}
