//! What a resolution is made from, and its canonical order.

use kenal_types::{CustomerRecord, Date, PersonId, RecordKey};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ResolveError;
use crate::pairs::RECORDS_MAX;

/// Everything a resolution looks at. The order of the records does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The latest version of each record, also deleted and merged ones.
    pub records: &'a [CustomerRecord],
    /// What the records bought, from every system that knows.
    pub baskets: &'a [Basket],
    /// The assignments of the last run; empty on the first.
    pub prior: &'a [PriorAssignment],
}

/// One order of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basket {
    /// Position in [`Input::records`].
    pub record: u32,
    /// The number on the receipt, the same in every system.
    pub order_number: Option<String>,
    pub day: Date,
    /// Items, by any numbering that the caller keeps for one call.
    pub items: Vec<u32>,
}

/// Whose a record was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorAssignment {
    pub record: RecordKey,
    pub person: PersonId,
}

/// Positions of the records in the order of their keys. Everything inside the crate counts records in this order, which
/// is what makes every result independent of the order of the input.
pub(crate) fn canonical_order(input: &Input) -> Result<Vec<u32>, ResolveError> {
    let records = input.records;
    if records.len() > RECORDS_MAX {
        return Err(ResolveError::TooManyRecords { records: records.len(), max: RECORDS_MAX });
    }
    if let Some((at, basket)) = input.baskets.iter().enumerate().find(|(_, b)| b.record as usize >= records.len()) {
        return Err(ResolveError::BasketOutOfRange { basket: at, record: basket.record, records: records.len() });
    }
    let mut order: Vec<u32> = (0..records.len() as u32).collect();
    order.par_sort_unstable_by(|&a, &b| records[a as usize].key.cmp(&records[b as usize].key));
    if let Some(twice) = order.windows(2).find(|w| records[w[0] as usize].key == records[w[1] as usize].key) {
        return Err(ResolveError::DuplicateRecord { key: records[twice[0] as usize].key.clone() });
    }
    Ok(order)
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

    #[test]
    fn the_order_is_that_of_the_keys() {
        use kenal_types::System;
        let keys = [(System::App, "1"), (System::Shopify, "2"), (System::Shopify, "10")];
        let records: Vec<CustomerRecord> = keys.iter().map(|&(s, id)| empty(RecordKey::new(s, id))).collect();
        let order = canonical_order(&Input { records: &records, ..Input::default() });
        assert_eq!(order, Ok(vec![2, 1, 0]));
    }
}
