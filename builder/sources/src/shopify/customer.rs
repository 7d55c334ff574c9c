//! Customer, with the consents written on its line.

use kenal_types::{Channel, ContactPoint, CustomerRecord, Decision, Entity, Purpose, RecordKey, System, Timestamp};

use crate::country;
use crate::json::{Fault, Text, decode, filled, nulls_dropped, owned, time};

use super::Operation;
use super::marketing::{Marketing, Subject, settle};

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomerNode<'a> {
    #[serde(borrow)]
    first_name: Option<Text<'a>>,
    #[serde(borrow)]
    last_name: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(borrow)]
    phone: Option<Text<'a>>,
    verified_email: Option<bool>,
    #[serde(borrow)]
    locale: Option<Text<'a>>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow)]
    updated_at: Option<Text<'a>>,
    #[serde(borrow)]
    email_marketing_consent: Option<Marketing<'a>>,
    #[serde(borrow)]
    sms_marketing_consent: Option<Marketing<'a>>,
    #[serde(borrow)]
    default_email_address: Option<Marketing<'a>>,
    #[serde(borrow)]
    default_phone_number: Option<Marketing<'a>>,
    data_sale_opt_out: Option<bool>,
    #[serde(borrow)]
    default_address: Option<Address<'a>>,
    #[serde(borrow, default, deserialize_with = "nulls_dropped")]
    addresses: Vec<Address<'a>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Address<'a> {
    #[serde(borrow)]
    address1: Option<Text<'a>>,
    #[serde(borrow)]
    address2: Option<Text<'a>>,
    #[serde(borrow)]
    city: Option<Text<'a>>,
    #[serde(borrow)]
    zip: Option<Text<'a>>,
    #[serde(borrow)]
    country: Option<Text<'a>>,
    #[serde(borrow)]
    country_code_v2: Option<Text<'a>>,
}

impl Address<'_> {
    fn street(&self) -> Option<String> {
        match (filled(&self.address1), filled(&self.address2)) {
            (Some(one), Some(two)) => Some(format!("{one}, {two}")),
            (one, two) => one.or(two).map(str::to_owned),
        }
    }

    fn country(&self) -> Option<&str> {
        filled(&self.country_code_v2).or_else(|| filled(&self.country))
    }
}

/// One contact point per different value, the first first.
fn points<'t>(values: impl IntoIterator<Item = Option<&'t str>>, verified: bool) -> Vec<ContactPoint> {
    let mut points: Vec<ContactPoint> = Vec::new();
    for value in values.into_iter().flatten() {
        if points.iter().all(|p| !p.value.eq_ignore_ascii_case(value)) {
            // `verifiedEmail` speaks of the customer's own address, which stands first.
            let verified = verified && points.is_empty();
            points.push(ContactPoint { value: value.to_owned(), verified, shared: false });
        }
    }
    points
}

pub(super) fn parse(number: u64, raw: &[u8], operation: &Operation) -> Result<Vec<Entity>, Fault> {
    let node: CustomerNode<'_> = decode(raw)?;
    let created_at = time("createdAt", &node.created_at)?;
    let updated_at = time("updatedAt", &node.updated_at)?;
    let sequence = updated_at.or(created_at).map_or(0, |t| t.0);
    let (default_email, default_phone) = (node.default_email_address.as_ref(), node.default_phone_number.as_ref());
    let emails = [filled(&node.email), default_email.and_then(|d| filled(&d.email_address))];
    let phones = [filled(&node.phone), default_phone.and_then(|d| filled(&d.phone_number))];
    let key = RecordKey::new(System::Shopify, number.to_string());
    let known_at = updated_at.or(created_at).map(|t| operation.known_at(t));
    let (signals, erase) = signals(&node, &key, known_at, sequence)?;

    let address = node.default_address.as_ref().or(node.addresses.first());
    let country = address.and_then(Address::country);
    let record = CustomerRecord {
        given_name: owned(&node.first_name),
        family_name: owned(&node.last_name),
        full_name: None,
        emails: points(emails, node.verified_email == Some(true)),
        phones: points(phones, false),
        birth_date: None,
        street: address.and_then(Address::street),
        city: address.and_then(|a| owned(&a.city)),
        postcode: address.and_then(|a| owned(&a.zip)),
        country: country.map(str::to_owned),
        market: country::market(country, phones.into_iter().flatten()),
        language: owned(&node.locale),
        devices: Vec::new(),
        external_ids: Vec::new(),
        loyalty: None,
        merged_into: None,
        deleted: false,
        erase,
        created_at,
        updated_at,
        sequence,
        key,
    };
    let mut entities = vec![Entity::Customer(Box::new(record))];
    entities.extend(signals);
    Ok(entities)
}

/// The consents of a line, and whether the person is to be forgotten.
fn signals(
    node: &CustomerNode<'_>,
    key: &RecordKey,
    known_at: Option<Timestamp>,
    sequence: i64,
) -> Result<(Vec<Entity>, bool), Fault> {
    let subject = Subject { key, known_at, sequence };
    let (email, phone) = (node.default_email_address.as_ref(), node.default_phone_number.as_ref());
    let channels = [
        (
            Channel::Email,
            "emailMarketingConsent",
            settle(
                node.email_marketing_consent.as_ref(),
                email,
                Channel::Email,
                ["emailMarketingConsent.consentUpdatedAt", "defaultEmailAddress.marketingUpdatedAt"],
            )?,
            email.and_then(|d| owned(&d.email_address)).or_else(|| owned(&node.email)),
        ),
        (
            Channel::Sms,
            "smsMarketingConsent",
            settle(
                node.sms_marketing_consent.as_ref(),
                phone,
                Channel::Sms,
                ["smsMarketingConsent.consentUpdatedAt", "defaultPhoneNumber.marketingUpdatedAt"],
            )?,
            phone.and_then(|d| owned(&d.phone_number)).or_else(|| owned(&node.phone)),
        ),
    ];
    let (mut signals, mut erase) = (Vec::new(), false);
    for (channel, name, stated, contact_point) in channels {
        let Some(stated) = stated else { continue };
        if stated.decision == Decision::Redacted {
            if !erase {
                signals.extend(subject.erasure(&stated));
            }
            erase = true;
        } else {
            let mut signal = subject.signal(name, Purpose::Market, Some(channel), stated);
            signal.contact_point = contact_point;
            signals.push(signal);
        }
    }
    if node.data_sale_opt_out == Some(true) {
        signals.push(subject.sale_opt_out());
    }
    Ok((signals.into_iter().map(|s| Entity::Consent(Box::new(s))).collect(), erase))
}
