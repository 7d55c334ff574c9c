//! Contact: the customer record of the CRM, with the two refusals written on it.

use kenal_types::{
    Channel, ConsentSignal, ContactPoint, CustomerRecord, Decision, Entity, Mechanism, Purpose, RecordKey, System,
};

use crate::country;
use crate::json::Fault;

use super::index::Index;
use super::values::Row;

pub(super) fn parse(row: &Row<'_>, index: &Index) -> Result<Vec<Entity>, Fault> {
    let id = row.id("Id")?;
    let key = RecordKey::new(System::Salesforce, id.long());
    let sequence = row.sequence()?;
    let deleted = row.is("IsDeleted")?;
    let individual = row.id_if_any("IndividualId")?;
    let master = row.id_if_any("MasterRecordId")?;
    let given_name = row.owned("FirstName");
    let family_name = row.owned("LastName");
    // An address that bounced is not one to recognise a person by.
    let email = row.text("Email").filter(|_| row.text("EmailBouncedDate").is_none());
    let point = |value: &str| ContactPoint { value: value.to_owned(), verified: false, shared: false };
    let mut phones: Vec<ContactPoint> = Vec::new();
    for phone in ["MobilePhone", "Phone", "HomePhone"].into_iter().filter_map(|name| row.text(name)) {
        if phones.iter().all(|p| p.value != phone) {
            phones.push(point(phone));
        }
    }
    let country = row.text("MailingCountry");
    let full_name = if given_name.is_none() && family_name.is_none() { row.owned("Name") } else { None };
    let record = CustomerRecord {
        given_name,
        family_name,
        full_name,
        emails: email.map(point).into_iter().collect(),
        birth_date: row.date("Birthdate")?,
        street: row.owned("MailingStreet"),
        city: row.owned("MailingCity"),
        postcode: row.owned("MailingPostalCode"),
        country: country.map(str::to_owned),
        market: country::market(country, phones.iter().map(|p| p.value.as_str())),
        phones,
        language: ["Language__c", "PreferredLanguage", "LanguagePreference"].into_iter().find_map(|n| row.owned(n)),
        devices: Vec::new(),
        external_ids: Vec::new(),
        loyalty: index.loyalty(id),
        merged_into: master.filter(|_| deleted).map(|m| RecordKey::new(System::Salesforce, m.long())),
        deleted,
        erase: individual.is_some_and(|i| index.is_forgotten(i)),
        created_at: row.time("CreatedDate")?,
        updated_at: row.time("LastModifiedDate")?,
        sequence,
        key,
    };
    let mut entities = Vec::with_capacity(1);
    for (name, channel) in [("HasOptedOutOfEmail", Channel::Email), ("DoNotCall", Channel::Voice)] {
        if row.is(name)? {
            let signal = flag_signal(&record.key, name, Purpose::Market, Some(channel), Decision::OptOut, row)?;
            entities.push(Entity::Consent(Box::new(signal)));
        }
    }
    entities.insert(0, Entity::Customer(Box::new(record)));
    Ok(entities)
}

/// A signal from a flag. A flag has no date of its own: the row's dates move with any change of the row.
pub(super) fn flag_signal(
    subject: &RecordKey,
    name: &str,
    purpose: Purpose,
    channel: Option<Channel>,
    decision: Decision,
    row: &Row<'_>,
) -> Result<ConsentSignal, Fault> {
    // A permission that somebody ticked in a form is of unknown origin; a refusal is honoured whoever wrote it.
    let mechanism = if decision == Decision::OptIn { Mechanism::Import } else { Mechanism::Agent };
    Ok(ConsentSignal {
        signal_id: format!("{}/{name}/{purpose}/{}", row.id("Id")?.long(), subject.id),
        subject: subject.clone(),
        purpose,
        channel,
        market: None,
        decision,
        mechanism,
        contact_point: None,
        decided_at: None,
        known_at: row.modified()?,
        effective_to: None,
        evidence: None,
        sequence: row.sequence()?,
    })
}
