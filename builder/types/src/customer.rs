//! A customer row as one system holds it.

use serde::{Deserialize, Serialize};

use crate::ids::RecordKey;
use crate::market::Market;
use crate::time::{Date, Timestamp};

/// One version of a customer record, as the system wrote it: values are trimmed, not normalised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CustomerRecord {
    pub key: RecordKey,
    /// Name parts where the system has them; otherwise only `full_name`.
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub full_name: Option<String>,
    pub emails: Vec<ContactPoint>,
    pub phones: Vec<ContactPoint>,
    pub birth_date: Option<Date>,
    pub street: Option<String>,
    pub city: Option<String>,
    pub postcode: Option<String>,
    /// As written by the system: a code or a name.
    pub country: Option<String>,
    /// Where the record belongs, when the system says so.
    pub market: Option<Market>,
    /// BCP 47 tag as written.
    pub language: Option<String>,
    /// Devices seen with this record.
    pub devices: Vec<String>,
    /// Ids of the same customer in other systems, where this system stores them (Zendesk `external_id`).
    pub external_ids: Vec<String>,
    pub loyalty: Option<Loyalty>,
    /// The survivor of a merge done in the system itself (Salesforce `MasterRecordId`).
    pub merged_into: Option<RecordKey>,
    /// The system marks the record as deleted.
    pub deleted: bool,
    /// The system demands that the person be forgotten (REDACTED, ShouldForget, permanently_deleted).
    pub erase: bool,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    /// Orders versions of one record: the highest wins. `generated_timestamp`, `SystemModstamp`, `updatedAt`…
    pub sequence: i64,
}

/// An email address or a phone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    pub value: String,
    pub verified: bool,
    /// The system says that several people use it (Zendesk `shared_phone_number`, identity `ownership: shared`).
    pub shared: bool,
}

/// Membership of the loyalty programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loyalty {
    pub number: String,
    pub status: String,
    pub enrolled_on: Option<Date>,
}
