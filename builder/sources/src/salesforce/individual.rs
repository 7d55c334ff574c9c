//! Individual: a person's wishes about their data, which become signals about the contacts that name it.

use kenal_types::{Decision, Entity, Purpose, Reason, RecordKey, System};

use crate::json::Fault;

use super::contact::flag_signal;
use super::index::Index;
use super::values::Row;

/// Which flag refuses which purposes. Flags that are not set say nothing.
const FLAGS: [(&str, &[Purpose], Decision); 5] = [
    ("ShouldForget", &Purpose::ALL, Decision::Redacted),
    ("HasOptedOutProcessing", &Purpose::ALL, Decision::OptOut),
    ("HasOptedOutProfiling", &[Purpose::Personalise, Purpose::Train], Decision::OptOut),
    ("HasOptedOutSolicit", &[Purpose::Market], Decision::OptOut),
    ("HasOptedOutTracking", &[Purpose::Measure], Decision::OptOut),
];

pub(super) fn parse(row: &Row<'_>, index: &Index) -> Result<Vec<Entity>, Fault> {
    let individual = row.id("Id")?;
    row.sequence()?;
    let mut entities = Vec::new();
    let mut contacts = index.contacts_of(individual).peekable();
    if contacts.peek().is_none() {
        return Err(Fault::new(Reason::Orphan, "Id", "no Contact names this Individual"));
    }
    for contact in contacts {
        let subject = RecordKey::new(System::Salesforce, contact.long());
        for (name, purposes, decision) in FLAGS {
            if row.is(name)? {
                for purpose in purposes {
                    let signal = flag_signal(&subject, name, *purpose, None, decision, row)?;
                    entities.push(Entity::Consent(Box::new(signal)));
                }
            }
        }
    }
    Ok(entities)
}
