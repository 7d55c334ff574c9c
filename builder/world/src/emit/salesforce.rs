//! Salesforce: rows of Bulk API 2.0 query results, every value quoted.

use kenal_types::Timestamp;

use crate::consent::{Act, CrmPurpose, Flag, Form, Holder};
use crate::dice::Dice;
use crate::rates::{self, Defect};
use crate::records::{ContactRecord, Record};
use crate::sfid::{self, Object};

use super::shopify::forgets;
use super::{Emitter, Subject, stream};

/// Stream, file stem and header of each object.
pub(crate) const OBJECTS: [(usize, &str, &str); 4] = [
    (
        stream::CONTACTS,
        "Contact",
        "Id,IsDeleted,MasterRecordId,AccountId,FirstName,LastName,Email,Phone,MobilePhone,HomePhone,Birthdate,\
         MailingStreet,MailingCity,MailingPostalCode,MailingCountry,HasOptedOutOfEmail,HasOptedOutOfFax,DoNotCall,\
         EmailBouncedDate,EmailBouncedReason,IndividualId,Description,CreatedDate,LastModifiedDate,SystemModstamp",
    ),
    (
        stream::INDIVIDUALS,
        "Individual",
        "Id,FirstName,LastName,BirthDate,HasOptedOutTracking,HasOptedOutProfiling,HasOptedOutProcessing,\
         HasOptedOutSolicit,HasOptedOutGeoTracking,SendIndividualData,ShouldForget,CanStorePiiElsewhere,CreatedDate,\
         LastModifiedDate,SystemModstamp",
    ),
    (
        stream::CHOICES,
        "ContactPointTypeConsent",
        "Id,Name,PartyId,ContactPointType,CaptureContactPointType,CaptureDate,CaptureSource,DataUsePurposeId,\
         EngagementChannelTypeId,BusinessBrandId,DoubleConsentCaptureDate,EffectiveFrom,EffectiveTo,\
         PrivacyConsentStatus,IsDeleted,CreatedDate,LastModifiedDate,SystemModstamp",
    ),
    (
        stream::MEMBERS,
        "LoyaltyProgramMember",
        "Id,ProgramId,AccountId,ContactId,MembershipNumber,MemberType,MemberStatus,EnrollmentDate,EnrollmentChannel,\
         MembershipEndDate,MembershipLastRenewalDate,LastActivityDate,CanReceivePromotions,\
         CanReceivePartnerPromotions,ReferredBy,StatementFrequency,StatementMethod,CreatedDate,LastModifiedDate,\
         SystemModstamp",
    ),
];

const YES_NO: [&str; 2] = ["false", "true"];

/// One row, field by field.
struct Csv<'r> {
    row: &'r mut Vec<u8>,
}

impl Csv<'_> {
    /// A value in quotes, with quotes in it doubled.
    fn value(&mut self, value: &str) -> &mut Self {
        if !self.row.is_empty() {
            self.row.push(b',');
        }
        self.row.push(b'"');
        for b in value.bytes() {
            if b == b'"' {
                self.row.push(b'"');
            }
            self.row.push(b);
        }
        self.row.push(b'"');
        self
    }

    fn flag(&mut self, value: bool) -> &mut Self {
        self.value(YES_NO[usize::from(value)])
    }

    fn none(&mut self) -> &mut Self {
        self.value("")
    }

    /// `2024-05-06T07:08:09.000Z`, or with `+0000`.
    fn time(&mut self, at: Timestamp, zulu: bool) -> &mut Self {
        let text = Timestamp::from_seconds(at.seconds()).to_string();
        let text = text.trim_end_matches('Z');
        self.value(&format!("{text}.000{}", if zulu { "Z" } else { "+0000" }))
    }

    fn maybe_time(&mut self, at: Option<Timestamp>) -> &mut Self {
        match at {
            Some(at) => self.time(at, true),
            None => self.none(),
        }
    }
}

impl Emitter<'_> {
    pub(super) fn salesforce(&mut self, subject: &Subject<'_>, dice: &mut Dice) {
        let Some(contact) = &subject.records.contact else { return };
        self.contact(subject, contact, dice);
        if let Some(merged) = &contact.merged {
            self.counts.add(Defect::MergedContact);
            self.merged(contact, merged);
        }
        self.individual(subject, contact, dice);
        self.choices(subject, contact, dice);
        self.member(subject, contact, dice);
    }

    /// A reference to another row, sometimes in its short form.
    fn reference(&mut self, id: &str, dice: &mut Dice) -> String {
        if dice.chance(rates::SHORT_ID) {
            self.counts.add(Defect::ShortId);
            return sfid::short(id).to_owned();
        }
        id.to_owned()
    }

    fn contact(&mut self, subject: &Subject<'_>, contact: &ContactRecord, dice: &mut Dice) {
        let record = &contact.record;
        self.count_slips(record);
        let individual = self.reference(&contact.individual, dice);
        let home = &subject.identity.household.address;
        let consents = subject.consents;
        let street = match record.address {
            Some(short) if dice.chance(rates::EMBEDDED_NEWLINE) => {
                self.counts.add(Defect::EmbeddedNewline);
                format!("{}\nc/o reception", home.street(short))
            }
            Some(short) => home.street(short),
            None => String::new(),
        };
        let remark = if dice.chance(rates::EMBEDDED_QUOTE) {
            self.counts.add(Defect::EmbeddedQuote);
            "Prefers to be called \"auntie\""
        } else {
            ""
        };
        let lives = record.address.map(|_| home);
        let country = record.address.map_or("", |_| subject.identity.market().name());
        let touched = told_at(subject).fold(record.updated_at, Timestamp::max);
        let id = if dice.chance(rates::SHORT_ID) { sfid::short(&record.id) } else { &record.id };
        let mut csv = Csv { row: &mut self.row };
        csv.value(id).flag(false).none().value(&contact.account);
        // The CRM wants a last name, so people of one name have it there.
        let (given, family) = match record.name.family.as_str() {
            "" => ("", record.name.given.as_str()),
            family => (record.name.given.as_str(), family),
        };
        csv.value(given).value(family).value(record.email.as_deref().unwrap_or_default());
        csv.none().value(record.phone.as_deref().unwrap_or_default()).none();
        csv.value(&record.birth.map_or_else(String::new, |b| b.to_string())).value(&street);
        csv.value(lives.map_or("", |h| h.city)).value(lives.map_or("", |h| &h.postcode)).value(country);
        csv.flag(consents.flag(Flag::EmailOut).is_some()).flag(false).flag(consents.flag(Flag::NoCalls).is_some());
        csv.none().none().value(&individual).value(remark);
        csv.time(record.created_at, true).time(touched, dice.chance(0.5)).time(touched, true);
        let broken = [(record.id.as_str(), ""), (".000Z\"", " o'clock\"")];
        let broken = if id == record.id { broken } else { [(id, ""), broken[1]] };
        let key = self.shuffled(&record.id);
        self.send_breakable(stream::CONTACTS, key, broken, false, dice);
    }

    /// The loser of a merge: deleted, naming the survivor.
    fn merged(&mut self, contact: &ContactRecord, merged: &Record) {
        let mut csv = Csv { row: &mut self.row };
        csv.value(&merged.id).flag(true).value(&contact.record.id).value(&contact.account);
        let family = if merged.name.family.is_empty() { &merged.name.given } else { &merged.name.family };
        csv.value(&merged.name.given).value(family).value(merged.email.as_deref().unwrap_or_default());
        csv.value(merged.phone.as_deref().unwrap_or_default()).none().none();
        csv.value(&merged.birth.map_or_else(String::new, |b| b.to_string()));
        for _ in 0..4 {
            csv.none();
        }
        csv.flag(false).flag(false).flag(false).none().none().none().none();
        csv.time(merged.created_at, true).time(merged.updated_at, true).time(merged.updated_at, true);
        let key = self.shuffled(&merged.id);
        self.send(stream::CONTACTS, key);
    }

    fn individual(&mut self, subject: &Subject<'_>, contact: &ContactRecord, dice: &mut Dice) {
        let record = &contact.record;
        let has = |flag| subject.consents.flag(flag).is_some();
        if forgets(subject) {
            self.counts.add(Defect::ShouldForget);
        }
        let touched = told_at(subject).fold(record.created_at, Timestamp::max);
        let mut csv = Csv { row: &mut self.row };
        csv.value(&contact.individual).value(&record.name.given).value(&record.name.family);
        csv.value(&record.birth.map_or_else(String::new, |b| b.to_string()));
        csv.flag(has(Flag::NoTracking)).flag(has(Flag::NoProfiling)).flag(has(Flag::NoProcessing));
        csv.flag(has(Flag::NoSolicit)).flag(false).flag(false).flag(forgets(subject)).flag(false);
        csv.time(record.created_at, true).time(touched, true).time(touched, true);
        let key = self.shuffled(&contact.individual);
        let broken = [(contact.individual.as_str(), ""), (".000Z\"", " o'clock\"")];
        self.send_breakable(stream::INDIVIDUALS, key, broken, false, dice);
    }

    /// Choices that the person made, and some that nobody made: notices seen, bulk loads.
    fn choices(&mut self, subject: &Subject<'_>, contact: &ContactRecord, dice: &mut Dice) {
        let i = subject.identity.index;
        // Each act is a row of its own, as the CRM keeps them; at most eight of them fit a person's numbers.
        let acts = subject.consents.acts.iter().filter(|a| a.holder == Holder::Contact);
        let choices: Vec<(Act, CrmPurpose, &str)> = acts
            .filter_map(|a| match a.form {
                Form::Choice(purpose, point) => Some((*a, purpose, point)),
                _ => None,
            })
            .collect();
        for (slot, (act, purpose, point)) in choices.into_iter().take(8).enumerate() {
            let status = if act.yes == 0 { "OptOut" } else { "OptIn" };
            let source = *dice.pick(&["Preference centre", "Checkout checkbox", "Web form", "Recorded call"]);
            let double = (act.yes != 0 && dice.chance(0.3)).then_some(act.at);
            let id = self.setup.ids.salesforce(Object::Consent, i, 5 + slot as u64);
            self.choice(contact, &id, (purpose, point), (status, source), (Some(act.at), double), dice);
        }
        if dice.chance(0.05) {
            let id = self.setup.ids.salesforce(Object::Consent, i, 13);
            let said = [("NotSeen", "Web form"), ("Seen", "Web form"), ("OptIn", "Bulk import 2023")];
            let said = *dice.pick(&said);
            let at = contact.record.created_at;
            self.choice(contact, &id, (CrmPurpose::Personalisation, "Web"), said, (Some(at), None), dice);
        }
    }

    fn choice(
        &mut self,
        contact: &ContactRecord,
        id: &str,
        (purpose, point): (CrmPurpose, &str),
        (status, source): (&str, &str),
        (captured, double): (Option<Timestamp>, Option<Timestamp>),
        dice: &mut Dice,
    ) {
        let party = self.reference(&contact.individual, dice);
        let purpose_id = self.reference(&purpose_id(purpose), dice);
        let zulu = dice.chance(0.5);
        let at = captured.unwrap_or(contact.record.created_at);
        let mut csv = Csv { row: &mut self.row };
        csv.value(id).value(&format!("{} {point}", purpose.name())).value(&party).value(point).value(point);
        csv.time(at, zulu).value(source).value(&purpose_id).none().none().maybe_time(double);
        csv.time(at, true).none().value(status).flag(false);
        csv.time(at, true).time(at, true).time(at, true);
        let key = self.shuffled(id);
        let broken = [(status, ""), (status, "Perhaps")];
        self.send_breakable(stream::CHOICES, key, broken, false, dice);
    }

    fn member(&mut self, subject: &Subject<'_>, contact: &ContactRecord, dice: &mut Dice) {
        let Some(loyalty) = &contact.loyalty else { return };
        let contact_id = self.reference(&contact.record.id, dice);
        let refused = subject.consents.last(Holder::Contact, |f| f == Form::Promotions);
        let touched = refused.map_or(loyalty.since, |a| a.at.max(loyalty.since));
        let channel = *dice.pick(&["Web", "POS", "Email"]);
        let seen = subject.history.orders.last().map_or(loyalty.since, |o| o.at);
        let mut csv = Csv { row: &mut self.row };
        csv.value(&loyalty.id).value(&sfid::id(Object::Program, 7)).value(&contact.account).value(&contact_id);
        csv.value(&loyalty.number).value("Individual").value(if loyalty.active { "Active" } else { "Inactive" });
        csv.value(&loyalty.since.date().to_string()).value(channel).none().none();
        csv.value(&seen.date().to_string()).flag(refused.is_none()).flag(false).none().none().none();
        csv.time(loyalty.since, true).time(touched, true).time(touched, true);
        let key = self.shuffled(&loyalty.id);
        let broken = [(loyalty.number.as_str(), ""), (".000Z\"", " o'clock\"")];
        self.send_breakable(stream::MEMBERS, key, broken, false, dice);
    }
}

/// When flags of the CRM's rows were set.
fn told_at<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = Timestamp> + 's {
    let flags = subject.consents.acts.iter().filter(|a| matches!(a.form, Form::Flag(_)));
    flags.map(|a| a.at)
}

/// Id of a row of DataUsePurpose.
pub(super) fn purpose_id(purpose: CrmPurpose) -> String {
    sfid::id(Object::Purpose, 100 + purpose as u64)
}

/// The file that tells what the ids of purposes stand for.
pub(crate) fn purposes_csv() -> String {
    let rows = CrmPurpose::ALL.map(|p| format!("\"{}\",\"{}\"\n", purpose_id(p), p.name()));
    format!("\"Id\",\"Name\"\n{}", rows.concat())
}
