//! ContactPointTypeConsent: one choice of one person, for a purpose and a way of reaching them.

use kenal_types::{Channel, ConsentSignal, Decision, Entity, Mechanism, Purpose, Reason, RecordKey, System};

use crate::json::Fault;

use super::index::Index;
use super::values::Row;

/// `None` stands for every channel.
type Channels = Vec<Option<Channel>>;

pub(super) fn parse(row: &Row<'_>, index: &Index) -> Result<Vec<Entity>, Fault> {
    let id = row.id("Id")?;
    let sequence = row.sequence()?;
    let decision = decision(row)?;
    let purposes = purposes(row, index, decision)?;
    let channels = channels(row, index, decision)?;
    let captured_at = row.time("CaptureDate")?;
    let confirmed_at = row.time("DoubleConsentCaptureDate")?;
    let effective_from = row.time("EffectiveFrom")?;
    // A yes counts from when it was confirmed and in force, a no from when it was said.
    let decided_at = match decision {
        Decision::OptIn => captured_at.max(confirmed_at).map(|t| t.max(effective_from.unwrap_or(t))),
        _ => captured_at.or(effective_from),
    };
    let mechanism = if confirmed_at.is_some() && decision == Decision::OptIn {
        Mechanism::DoubleOptIn
    } else {
        mechanism(row.text("CaptureSource").unwrap_or_default())
    };
    let evidence = (mechanism != Mechanism::Import).then(|| row.owned("CaptureSource")).flatten();
    let individual = row.id("PartyId")?;
    let mut entities = Vec::new();
    for contact in index.contacts_of(individual) {
        for &purpose in &purposes {
            for &channel in &channels {
                let named = channel.map_or("any", Channel::name);
                entities.push(Entity::Consent(Box::new(ConsentSignal {
                    signal_id: format!("{}/{purpose}/{named}/{}", id.long(), contact.long()),
                    subject: RecordKey::new(System::Salesforce, contact.long()),
                    purpose,
                    channel,
                    market: None,
                    decision,
                    mechanism,
                    contact_point: None,
                    decided_at,
                    known_at: row.time("CreatedDate")?.or(row.modified()?),
                    effective_to: row.time("EffectiveTo")?,
                    evidence: evidence.clone(),
                    sequence,
                })));
            }
        }
    }
    if entities.is_empty() {
        return Err(Fault::new(Reason::Orphan, "PartyId", "no Contact names this Individual"));
    }
    Ok(entities)
}

fn decision(row: &Row<'_>) -> Result<Decision, Fault> {
    let status = row.text("PrivacyConsentStatus").ok_or_else(|| Fault::missing("PrivacyConsentStatus"))?;
    Ok(match (status, row.is("IsDeleted")?) {
        ("OptIn", false) => Decision::OptIn,
        // The permission was taken out of the CRM; a refusal that was taken out stays one.
        ("OptIn", true) => Decision::Expired,
        ("OptOut", _) => Decision::OptOut,
        ("Pending", _) => Decision::Pending,
        // A notice that was shown, or not, is no choice.
        ("Seen" | "NotSeen", _) => Decision::Unknown,
        _ => return Err(Fault::bad("PrivacyConsentStatus", "expected OptIn, OptOut, Pending, Seen or NotSeen")),
    })
}

fn purposes(row: &Row<'_>, index: &Index, decision: Decision) -> Result<Vec<Purpose>, Fault> {
    let field = "DataUsePurposeId";
    let Some(id) = row.id_if_any(field)? else {
        // A refusal of nothing in particular refuses all; a permission for nothing in particular permits nothing.
        return match decision {
            Decision::OptOut => Ok(Purpose::ALL.to_vec()),
            _ => Err(Fault::missing(field)),
        };
    };
    let Some(name) = index.name(id) else {
        return Err(Fault::new(Reason::Orphan, field, "no DataUsePurpose row has this id; export that object too"));
    };
    let name = name.to_ascii_lowercase();
    let purpose = if name.contains("personali") {
        Purpose::Personalise
    } else if name.contains("train") {
        Purpose::Train
    } else if name.contains("measure") || name.contains("analytic") {
        Purpose::Measure
    } else if name.contains("market") || name.contains("advertis") {
        Purpose::Market
    } else {
        return Err(Fault::bad(field, "its name tells none of personalisation, marketing, training and measurement"));
    };
    Ok(vec![purpose])
}

fn channels(row: &Row<'_>, index: &Index, decision: Decision) -> Result<Channels, Fault> {
    let field = "EngagementChannelTypeId";
    let engagement = row.id_if_any(field)?.and_then(|id| index.name(id)).map(str::to_ascii_lowercase);
    let engagement = engagement.unwrap_or_default();
    for (word, channel) in [
        ("whatsapp", Channel::Whatsapp),
        ("sms", Channel::Sms),
        ("text", Channel::Sms),
        ("push", Channel::Push),
        ("voice", Channel::Voice),
        ("call", Channel::Voice),
        ("email", Channel::Email),
    ] {
        if engagement.contains(word) {
            return Ok(vec![Some(channel)]);
        }
    }
    Ok(match row.text("ContactPointType") {
        None => vec![None],
        Some("Email") => vec![Some(Channel::Email)],
        Some("MailingAddress") => vec![Some(Channel::Post)],
        Some("Web") => vec![Some(Channel::Onsite)],
        // A number is called and texted; who refuses it refuses the messenger that runs on it, who permits it does not.
        Some("Phone") if decision == Decision::OptIn => vec![Some(Channel::Sms), Some(Channel::Voice)],
        Some("Phone") => vec![Some(Channel::Sms), Some(Channel::Voice), Some(Channel::Whatsapp)],
        Some("Social") => vec![Some(Channel::Whatsapp)],
        Some(_) => {
            return Err(Fault::bad("ContactPointType", "expected Email, MailingAddress, Phone, Social or Web"));
        }
    })
}

/// How it was captured, from free text. What is not understood is taken for an import, which is the weakest.
fn mechanism(source: &str) -> Mechanism {
    let source = source.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|w| source.contains(w));
    if any(&["import", "migrat", "bulk", "batch", "legacy"]) {
        Mechanism::Import
    } else if any(&["verbal", "recorded"]) {
        Mechanism::VerbalRecorded
    } else if any(&["preference"]) {
        Mechanism::PreferenceCentre
    } else if any(&["gpc", "privacy control"]) {
        Mechanism::Gpc
    } else if any(&["agent", "call cent", "callcent", "support", "store"]) {
        Mechanism::Agent
    } else if any(&["checkbox", "form", "checkout", "sign-up", "signup", "web", "app"]) {
        Mechanism::CheckboxUnticked
    } else {
        Mechanism::Import
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capture_sources() {
        for (source, expected) in [
            ("", Mechanism::Import),
            ("Bulk import 2023", Mechanism::Import),
            ("web form imported", Mechanism::Import),
            ("Preference centre", Mechanism::PreferenceCentre),
            ("Recorded call", Mechanism::VerbalRecorded),
            ("Call center", Mechanism::Agent),
            ("Checkout checkbox", Mechanism::CheckboxUnticked),
            ("tea leaves", Mechanism::Import),
        ] {
            assert_eq!(mechanism(source), expected, "{source}");
        }
    }
}
