//! Customer of the warehouse, under its synthetic id.

use kenal_types::{
    ConsentSignal, ContactPoint, CustomerRecord, Decision, Entity, Mechanism, Purpose, RecordKey, System,
};

use crate::country;
use crate::json::Fault;

use super::columns::Batch;

pub(super) fn parse(batch: &Batch, row: usize) -> Result<Vec<Entity>, Fault> {
    let key = RecordKey::new(System::Warehouse, batch.text_required("customer_id", row)?);
    let updated_at = batch.time_required("updated_at", row)?;
    let point = |name| {
        batch.owned(name, row).map(|value| ContactPoint { value, verified: false, shared: false }).into_iter().collect()
    };
    let country = batch.text("country", row);
    let consents = signals(batch, row, &key, updated_at.0)?;
    let record = CustomerRecord {
        given_name: None,
        family_name: None,
        full_name: batch.owned("full_name", row),
        emails: point("email"),
        phones: point("phone"),
        birth_date: batch.day("birth_date", row),
        street: batch.owned("street", row),
        city: batch.owned("city", row),
        postcode: batch.owned("postcode", row),
        country: country.map(str::to_owned),
        market: country::market(country, batch.text("phone", row)),
        language: None,
        devices: Vec::new(),
        external_ids: Vec::new(),
        loyalty: None,
        merged_into: None,
        deleted: false,
        erase: false,
        created_at: batch.time("first_seen_at", row),
        updated_at: Some(updated_at),
        sequence: updated_at.0,
        key,
    };
    let mut entities = vec![Entity::Customer(Box::new(record))];
    entities.extend(consents);
    Ok(entities)
}

/// The two flags. Both share one column for where they come from.
fn signals(batch: &Batch, row: usize, key: &RecordKey, sequence: i64) -> Result<Vec<Entity>, Fault> {
    let source = batch.text("opt_in_source", row);
    let mechanism = match source {
        Some("checkbox") => Mechanism::CheckboxUnticked,
        Some("agent") => Mechanism::Agent,
        Some("import") | None => Mechanism::Import,
        Some(_) => return Err(Fault::bad("opt_in_source", "expected import, checkbox or agent")),
    };
    let mut signals = Vec::new();
    for (flag, at, purpose) in [
        ("marketing_opt_in", "marketing_opt_in_at", Purpose::Market),
        ("personalisation_opt_in", "personalisation_opt_in_at", Purpose::Personalise),
    ] {
        let Some(agreed) = batch.flag(flag, row) else { continue };
        let evidence = source.filter(|_| agreed && mechanism != Mechanism::Import);
        signals.push(Entity::Consent(Box::new(ConsentSignal {
            signal_id: format!("{}/{flag}", key.id),
            subject: key.clone(),
            purpose,
            channel: None,
            market: None,
            decision: if agreed { Decision::OptIn } else { Decision::OptOut },
            mechanism,
            contact_point: None,
            decided_at: batch.time(at, row),
            known_at: batch.time("updated_at", row),
            effective_to: None,
            evidence: evidence.map(|s| format!("opt_in_source {s}")),
            sequence,
        })));
    }
    Ok(signals)
}
