//! LoyaltyProgramMember: the membership is on the contact's record already; what is left is the promotions flag.

use kenal_types::{Decision, Entity, Purpose, Reason, RecordKey, System};

use crate::json::Fault;

use super::contact::flag_signal;
use super::index::Index;
use super::values::Row;

pub(super) fn parse(row: &Row<'_>, index: &Index) -> Result<Vec<Entity>, Fault> {
    row.id("Id")?;
    let contact = row.id("ContactId")?;
    if row.text("MembershipNumber").is_none() {
        return Err(Fault::missing("MembershipNumber"));
    }
    row.date("EnrollmentDate")?;
    if !index.has_contact(contact) {
        return Err(Fault::new(Reason::Orphan, "ContactId", "no Contact has this id"));
    }
    let Some(may) = row.flag("CanReceivePromotions")? else { return Ok(Vec::new()) };
    let decision = if may { Decision::OptIn } else { Decision::OptOut };
    let subject = RecordKey::new(System::Salesforce, contact.long());
    let signal = flag_signal(&subject, "CanReceivePromotions", Purpose::Market, None, decision, row)?;
    Ok(vec![Entity::Consent(Box::new(signal))])
}
