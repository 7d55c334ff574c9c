//! Records before they are numbered: their keys hashed and their values normalised. That needs nothing of other records, so
//! some can be prepared while those before them are numbered.

use kenal_types::{RecordKey, System};
use rayon::prelude::*;

use crate::customer::Customer;
use crate::normalise::{bounded, is_non_value};
use crate::records::{Put, hash_key};
use crate::row::{Normalised, RawRecord};
use crate::schema::Schema;

/// Records that are put, of which one thread prepares the values at a time.
const PART_RECORDS_PUT: usize = 1 << 7;

/// Prepares records of one schema; see [`crate::Records::preparing`].
#[derive(Debug, Clone)]
pub struct Preparing {
    schema: Schema,
}

/// Records that were prepared.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) heads: Heads,
    pub(crate) values: Normalised,
}

/// What some records have beside their values.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    /// One after another.
    ids: String,
    /// By record: the end of its id, and the hash of its key.
    keys: Vec<(usize, u64)>,
    /// In microseconds; [`i64::MAX`] when nobody says.
    pub created: Vec<i64>,
    /// With the place of the record among these.
    pub claims: Vec<Claim>,
}

/// What a record says of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claim {
    pub record: u32,
    pub kind: ClaimKind,
    pub source: Option<u8>,
    pub id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ClaimKind {
    /// The system has merged the record into the other.
    Merged,
    /// The record stores the other's id; without a source, it is that of the only other system that has the id.
    Account,
}

impl Preparing {
    pub(crate) fn new(schema: &Schema) -> Preparing {
        Preparing { schema: schema.clone() }
    }

    /// Records of the five systems; the schema must be [`Schema::company`].
    pub fn customers(&self, records: &[Customer<'_>]) -> Prepared {
        Prepared { heads: Heads::of_customers(records), values: Normalised::of_customers(records, &self.schema) }
    }

    /// Records of any schema.
    pub fn raws(&self, records: &[RawRecord<'_>]) -> Prepared {
        Prepared { heads: Heads::of_raws(records), values: Normalised::of_raws(records, &self.schema) }
    }

    /// The values of records that will be put, in parts.
    pub(crate) fn puts(&self, puts: &[&Put<'_>]) -> Vec<Normalised> {
        let of_part = |part| Normalised::of_puts(part, &self.schema);
        puts.par_chunks(PART_RECORDS_PUT).map(of_part).collect()
    }
}

impl Heads {
    fn of_customers(records: &[Customer<'_>]) -> Heads {
        let mut heads = Heads::default();
        for (record, customer) in (0..).zip(records) {
            heads.add(customer.key.system as u8, customer.key.id, customer.created_at.map_or(i64::MAX, |t| t.0));
            heads.claims.extend(claims(record, customer));
        }
        heads
    }

    fn of_raws(records: &[RawRecord<'_>]) -> Heads {
        let mut heads = Heads::default();
        records.iter().for_each(|raw| heads.add(raw.source, raw.id, i64::MAX));
        heads
    }

    fn add(&mut self, source: u8, id: &str, created: i64) {
        self.ids.push_str(id);
        self.keys.push((self.ids.len(), hash_key(source, id)));
        self.created.push(created);
    }

    /// The id of each record, and the hash of its key.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&str, u64)> {
        let mut start = 0;
        self.keys.iter().map(move |&(end, hash)| (&self.ids[std::mem::replace(&mut start, end)..end], hash))
    }
}

/// What a record of the five systems says of others.
pub(crate) fn claims(record: u32, customer: &Customer<'_>) -> impl Iterator<Item = Claim> {
    let merged = customer.merged_into.iter().map(move |survivor| {
        let (source, id) = (Some(survivor.system as u8), survivor.id.to_owned());
        Claim { record, kind: ClaimKind::Merged, source, id }
    });
    let accounts = customer.external_ids.iter().filter_map(move |text| {
        let text = bounded(text);
        if is_non_value(&text.to_lowercase()) {
            return None;
        }
        let (source, id) = match (text.parse::<RecordKey>(), customer.key.system) {
            (Ok(key), _) => (Some(key.system as u8), key.id),
            // What Zendesk stores is the shop's customer.
            (Err(_), System::Zendesk) => (Some(System::Shopify as u8), text.to_owned()),
            (Err(_), _) => (None, text.to_owned()),
        };
        Some(Claim { record, kind: ClaimKind::Account, source, id })
    });
    merged.chain(accounts)
}
