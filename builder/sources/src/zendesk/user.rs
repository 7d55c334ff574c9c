//! User and identity.

use std::collections::HashMap;

use kenal_types::{
    Channel, ConsentSignal, ContactPoint, CustomerRecord, Decision, Entity, Mechanism, Purpose, RecordKey, System,
    Timestamp,
};

use crate::country;
use crate::json::{Fault, Scalar, Text, decode, filled, owned, tags, time};

#[derive(serde::Deserialize)]
struct UserNode<'a> {
    #[serde(borrow)]
    id: Option<Scalar<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(borrow)]
    phone: Option<Text<'a>>,
    shared_phone_number: Option<bool>,
    #[serde(borrow)]
    role: Option<Text<'a>>,
    verified: Option<bool>,
    #[serde(borrow)]
    external_id: Option<Scalar<'a>>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow)]
    updated_at: Option<Text<'a>>,
    generated_timestamp: Option<i64>,
    #[serde(borrow)]
    locale: Option<Text<'a>>,
    #[serde(default, deserialize_with = "tags")]
    tags: Vec<String>,
    #[serde(borrow)]
    user_fields: Option<UserFields<'a>>,
    active: Option<bool>,
    permanently_deleted: Option<bool>,
}

#[derive(serde::Deserialize)]
struct UserFields<'a> {
    #[serde(borrow)]
    personalisation_consent: Option<Text<'a>>,
}

#[derive(serde::Deserialize)]
struct IdentityNode<'a> {
    #[serde(borrow)]
    user_id: Option<Scalar<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    verified: Option<bool>,
    #[serde(borrow)]
    ownership: Option<Text<'a>>,
}

/// An address of a user, as side-loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) user: u64,
    kind: IdentityKind,
    point: ContactPoint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IdentityKind {
    Email,
    Phone,
    /// Social accounts and forwarding addresses: no key that another system has.
    Other,
}

fn number(field: &'static str, id: &Option<Scalar<'_>>) -> Result<u64, Fault> {
    let id = id.as_ref().ok_or_else(|| Fault::missing(field))?;
    let number = id.id().ok_or_else(|| Fault::missing(field))?.parse();
    number.map_err(|_| Fault::bad(field, "expected a number such as 6596848315901"))
}

pub(super) fn parse_identity(raw: &[u8]) -> Result<Identity, Fault> {
    let node: IdentityNode<'_> = decode(raw)?;
    let kind = match filled(&node.kind).ok_or_else(|| Fault::missing("type"))? {
        "email" => IdentityKind::Email,
        "phone_number" => IdentityKind::Phone,
        _ => IdentityKind::Other,
    };
    let point = ContactPoint {
        value: owned(&node.value).ok_or_else(|| Fault::missing("value"))?,
        verified: node.verified == Some(true),
        shared: filled(&node.ownership) == Some("shared"),
    };
    Ok(Identity { user: number("user_id", &node.user_id)?, kind, point })
}

/// Adds a contact point, or what it says more about one that is there.
fn merge(points: &mut Vec<ContactPoint>, point: ContactPoint) {
    match points.iter_mut().find(|p| p.value.eq_ignore_ascii_case(&point.value)) {
        Some(known) => {
            known.verified |= point.verified;
            known.shared |= point.shared;
        }
        None => points.push(point),
    }
}

type ParsedUser = (u64, Option<Timestamp>, Vec<Entity>);

/// One user, completed by its identities.
pub(super) fn parse(raw: &[u8], identities: &HashMap<u64, Vec<Identity>>) -> Result<ParsedUser, Fault> {
    let node: UserNode<'_> = decode(raw)?;
    let id = number("id", &node.id)?;
    let created_at = time("created_at", &node.created_at)?;
    let updated_at = time("updated_at", &node.updated_at)?;
    if matches!(filled(&node.role), Some("agent" | "admin")) {
        // Staff: the row is kept as received, and is nobody's customer record.
        return Ok((id, updated_at, Vec::new()));
    }
    let sequence = node
        .generated_timestamp
        .map(Timestamp::from_seconds)
        .or(updated_at)
        .or(created_at)
        .ok_or_else(|| Fault::missing("updated_at"))?;
    let (mut emails, mut phones) = (Vec::new(), Vec::new());
    let verified = node.verified == Some(true);
    if let Some(value) = owned(&node.email) {
        merge(&mut emails, ContactPoint { value, verified, shared: false });
    }
    if let Some(value) = owned(&node.phone) {
        let shared = node.shared_phone_number == Some(true);
        merge(&mut phones, ContactPoint { value, verified: false, shared });
    }
    // Not taken out of the map: a page may hold two versions of a user.
    for identity in identities.get(&id).into_iter().flatten() {
        match identity.kind {
            IdentityKind::Email => merge(&mut emails, identity.point.clone()),
            IdentityKind::Phone => merge(&mut phones, identity.point.clone()),
            IdentityKind::Other => {}
        }
    }
    let erase = node.permanently_deleted == Some(true);
    let record = CustomerRecord {
        key: RecordKey::new(System::Zendesk, id.to_string()),
        given_name: None,
        family_name: None,
        // Zendesk names the unknown caller after the number: that is a phone, not a name.
        full_name: owned(&node.name).filter(|n| !n.starts_with("Caller:")),
        birth_date: None,
        street: None,
        city: None,
        postcode: None,
        country: None,
        market: country::market(None, phones.iter().map(|p| p.value.as_str())),
        emails,
        phones,
        language: owned(&node.locale),
        devices: Vec::new(),
        external_ids: node.external_id.as_ref().and_then(Scalar::id).into_iter().collect(),
        loyalty: None,
        merged_into: None,
        deleted: erase || node.active == Some(false),
        erase,
        created_at,
        updated_at,
        sequence: sequence.0,
    };
    let consents = signals(&node, &record)?;
    let mut entities = vec![Entity::Customer(Box::new(record))];
    entities.extend(consents.into_iter().map(|s| Entity::Consent(Box::new(s))));
    Ok((id, updated_at, entities))
}

/// What agents noted about consent. The fields have no date of their own, and `updated_at` moves with any change of
/// the user: taken as the date of a choice it would let a new phone number outdate a refusal. So there is none.
fn signals(node: &UserNode<'_>, record: &CustomerRecord) -> Result<Vec<ConsentSignal>, Fault> {
    let signal = |name: &str, purpose, channel, decision| ConsentSignal {
        signal_id: format!("{}/{name}", record.key.id),
        subject: record.key.clone(),
        purpose,
        channel,
        market: None,
        decision,
        mechanism: Mechanism::Agent,
        contact_point: None,
        decided_at: None,
        known_at: record.updated_at,
        effective_to: None,
        evidence: None,
        sequence: record.sequence,
    };
    let mut signals = Vec::new();
    match node.user_fields.as_ref().and_then(|f| filled(&f.personalisation_consent)) {
        None => {}
        Some(choice) => {
            let decision = match choice {
                "opt_in" => Decision::OptIn,
                "opt_out" => Decision::OptOut,
                _ => return Err(Fault::bad("user_fields.personalisation_consent", "expected opt_in, opt_out or null")),
            };
            signals.push(signal("personalisation_consent", Purpose::Personalise, Some(Channel::Onsite), decision));
        }
    }
    if node.tags.iter().any(|t| t == "do_not_contact") {
        signals.push(signal("do_not_contact", Purpose::Market, None, Decision::OptOut));
    }
    if record.erase {
        for purpose in Purpose::ALL {
            signals.push(signal(&format!("permanently_deleted/{purpose}"), purpose, None, Decision::Redacted));
        }
    }
    Ok(signals)
}
