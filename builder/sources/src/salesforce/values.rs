//! Fields of a record, by column name, as the types they stand for.

use std::collections::HashMap;

use kenal_types::{Date, Timestamp};

use crate::json::Fault;

use super::csv::Record;
use super::header::Header;
use super::id::SfId;

/// Columns that are read, of all objects.
const NAMES: [&str; 45] = [
    "Id",
    "IsDeleted",
    "MasterRecordId",
    "FirstName",
    "LastName",
    "Name",
    "Email",
    "Phone",
    "MobilePhone",
    "HomePhone",
    "Birthdate",
    "MailingStreet",
    "MailingCity",
    "MailingPostalCode",
    "MailingCountry",
    "HasOptedOutOfEmail",
    "DoNotCall",
    "IndividualId",
    "CreatedDate",
    "LastModifiedDate",
    "SystemModstamp",
    "HasOptedOutTracking",
    "HasOptedOutProfiling",
    "HasOptedOutProcessing",
    "HasOptedOutSolicit",
    "ShouldForget",
    "PartyId",
    "ContactPointType",
    "CaptureDate",
    "CaptureSource",
    "DataUsePurposeId",
    "EngagementChannelTypeId",
    "DoubleConsentCaptureDate",
    "EffectiveFrom",
    "EffectiveTo",
    "PrivacyConsentStatus",
    "ContactId",
    "MembershipNumber",
    "MemberStatus",
    "EnrollmentDate",
    "CanReceivePromotions",
    "EmailBouncedDate",
    "Language__c",
    "PreferredLanguage",
    "LanguagePreference",
];

/// Where each column that is read stands in one file.
#[derive(Debug)]
pub(super) struct Columns(HashMap<&'static str, usize>);

impl Columns {
    pub(super) fn of(header: &Header) -> Columns {
        let positions = header.columns(NAMES);
        Columns(NAMES.into_iter().zip(positions).filter_map(|(name, at)| Some((name, at?))).collect())
    }
}

/// One record with the columns of its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'r> {
    pub(super) record: &'r Record,
    pub(super) columns: &'r Columns,
}

impl<'r> Row<'r> {
    /// Trimmed; `None` when empty or not exported: Salesforce writes null and the empty text alike.
    pub(super) fn text(&self, name: &'static str) -> Option<&'r str> {
        let at = *self.columns.0.get(name)?;
        self.record.field(at).map(str::trim).filter(|t| !t.is_empty())
    }

    pub(super) fn owned(&self, name: &'static str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    pub(super) fn id(&self, name: &'static str) -> Result<SfId, Fault> {
        self.id_if_any(name)?.ok_or_else(|| Fault::missing(name))
    }

    pub(super) fn id_if_any(&self, name: &'static str) -> Result<Option<SfId>, Fault> {
        self.text(name).map(|t| SfId::parse(name, t)).transpose()
    }

    /// `None` when empty or not exported.
    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, Fault> {
        match self.text(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Fault::bad(name, "expected true or false")),
        }
    }

    pub(super) fn is(&self, name: &'static str) -> Result<bool, Fault> {
        Ok(self.flag(name)? == Some(true))
    }

    pub(super) fn date(&self, name: &'static str) -> Result<Option<Date>, Fault> {
        self.text(name).map(|t| t.parse().map_err(|e| Fault::bad(name, e))).transpose()
    }

    /// A datetime in either form, or a day, which is its midnight in UTC.
    pub(super) fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Fault> {
        let Some(text) = self.text(name) else { return Ok(None) };
        if text.len() == "2024-05-06".len() {
            return Ok(self.date(name)?.map(Date::midnight));
        }
        text.parse().map(Some).map_err(|e| Fault::bad(name, e))
    }

    /// When the row last changed, by the stamp that moves with every change, the system's own included.
    pub(super) fn modified(&self) -> Result<Option<Timestamp>, Fault> {
        match self.time("SystemModstamp")? {
            Some(stamp) => Ok(Some(stamp)),
            None => Ok(self.time("LastModifiedDate")?.or(self.time("CreatedDate")?)),
        }
    }

    /// The same for an object that is versioned by it.
    pub(super) fn sequence(&self) -> Result<i64, Fault> {
        self.modified()?.map(|t| t.0).ok_or_else(|| Fault::missing("SystemModstamp"))
    }
}
