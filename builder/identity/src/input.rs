//! What a resolution of the five systems is made from.

use kenal_types::{CustomerRecord, Date, PersonId, RecordKey};
use serde::{Deserialize, Serialize};

use crate::error::ResolveError;
use crate::records::Records;
use crate::schema::Schema;

/// Everything a resolution looks at, in memory. For more records than fit as texts, push them to [`Records`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The latest version of each record, also deleted and merged ones. Their order does not matter.
    pub records: &'a [CustomerRecord],
    /// What the records bought, from every system that knows, by position in `records`.
    pub baskets: &'a [(u32, Basket)],
}

/// One order of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basket {
    /// The number on the receipt, the same in every system.
    pub order_number: Option<String>,
    pub day: Date,
    /// Items, by any numbering that the caller keeps for as long as the records, and a model that was fitted to them.
    pub items: Vec<u32>,
}

/// Whose a record was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorAssignment {
    pub record: RecordKey,
    pub person: PersonId,
}

impl Input<'_> {
    /// # Errors
    /// As [`Records::push_customers`] and [`Records::bought`].
    pub fn take(&self) -> Result<Records, ResolveError> {
        let mut records = Records::new(Schema::company())?;
        records.push_customers(self.records)?;
        self.baskets.iter().try_for_each(|(record, basket)| records.bought(*record, basket))?;
        Ok(records)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A record without any value.
    pub(crate) fn empty(key: RecordKey) -> CustomerRecord {
        CustomerRecord {
            key,
            given_name: None,
            family_name: None,
            full_name: None,
            emails: Vec::new(),
            phones: Vec::new(),
            birth_date: None,
            street: None,
            city: None,
            postcode: None,
            country: None,
            market: None,
            language: None,
            devices: Vec::new(),
            external_ids: Vec::new(),
            loyalty: None,
            merged_into: None,
            deleted: false,
            erase: false,
            created_at: None,
            updated_at: None,
            sequence: 0,
        }
    }
}
