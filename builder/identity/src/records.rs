//! The records of a resolution, taken in batch by batch: what is kept of them are numbers, not texts.
//!
//! Records are counted in the order in which they are pushed. Nothing that comes out depends on that order: wherever two
//! records must be told apart, it is by a hash of their keys (`Table::tie`).

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use kenal_types::{CustomerRecord, RecordKey, System, Timestamp};
use rayon::prelude::*;

use crate::customer::Customer;
use crate::error::ResolveError;
use crate::input::Basket;
use crate::orders::Orders;
use crate::pairs::RECORDS_MAX;
use crate::prepared::{Claim, Prepared, Preparing, claims};
use crate::purchases::{Keep, PurchaseLog, Purchases};
use crate::row::{Normalised, RawRecord};
use crate::schema::Schema;
use crate::table::{Measures, Table};
use crate::vocabulary::{hash_text, mix, slice};

/// Records prepared at a time.
const CHUNK_RECORDS: usize = 1 << 14;
/// Records of a chunk that one thread prepares at a time.
const PART_RECORDS: usize = 1 << 10;

/// Records that were pushed, and what they bought.
#[derive(Debug)]
pub struct Records {
    pub(crate) schema: Schema,
    pub(crate) keys: Keys,
    pub(crate) table: Table,
    log: PurchaseLog,
    keep: Keep,
    /// All are there: see [`Records::complete`].
    measured: bool,
    /// Merges and account ids that records state.
    pub(crate) claims: Vec<Claim>,
    /// When each record was created, in microseconds; [`i64::MAX`] when nobody says.
    pub(crate) created: Vec<i64>,
}

impl Records {
    /// # Errors
    /// [`ResolveError::BadSetting`] for a schema with too many sources or attributes.
    pub fn new(schema: Schema) -> Result<Records, ResolveError> {
        schema.check()?;
        Ok(Records {
            table: Table::new(&schema),
            schema,
            keys: Keys::default(),
            log: PurchaseLog::default(),
            keep: Keep::Shared,
            measured: false,
            claims: Vec::new(),
            created: Vec::new(),
        })
    }

    /// Records that more will come to (see [`crate::Live`]): keeps every order, also those that only one record has.
    ///
    /// # Errors
    /// As [`Records::new`].
    pub fn growing(schema: Schema) -> Result<Records, ResolveError> {
        Ok(Records { keep: Keep::All, ..Records::new(schema)? })
    }

    /// What prepares records for [`Records::take`], in any thread.
    pub fn preparing(&self) -> Preparing {
        Preparing::new(&self.schema)
    }

    /// Records of the five systems; the schema must be [`Schema::company`].
    ///
    /// # Errors
    /// As [`Records::take`].
    pub fn push_customers(&mut self, records: &[CustomerRecord]) -> Result<(), ResolveError> {
        let preparing = self.preparing();
        records.chunks(CHUNK_RECORDS).try_for_each(|chunk| {
            let prepare = |part: &[CustomerRecord]| {
                preparing.customers(&part.iter().map(Customer::from).collect::<Vec<Customer<'_>>>())
            };
            let parts: Vec<Prepared> = chunk.par_chunks(PART_RECORDS).map(prepare).collect();
            self.take(&parts)
        })
    }

    /// Records of any schema.
    ///
    /// # Errors
    /// As [`Records::take`].
    pub fn push(&mut self, records: &[RawRecord<'_>]) -> Result<(), ResolveError> {
        let preparing = self.preparing();
        records.chunks(CHUNK_RECORDS).try_for_each(|chunk| {
            let parts: Vec<Prepared> = chunk.par_chunks(PART_RECORDS).map(|part| preparing.raws(part)).collect();
            self.take(&parts)
        })
    }

    /// Numbers records that were prepared for the schema of these; many at once, so that threads number a column each.
    ///
    /// # Errors
    /// A key that was pushed before, a source that the schema does not have, or too many records.
    ///
    /// # Panics
    /// When they were prepared for a schema with other attributes.
    pub fn take(&mut self, prepared: &[Prepared]) -> Result<(), ResolveError> {
        self.check_open()?;
        for Prepared { heads, values } in prepared {
            let first = self.len() as u32;
            for (&source, (id, hash)) in values.source.iter().zip(heads.keys()) {
                self.push_key(source, id, hash)?;
            }
            self.created.extend_from_slice(&heads.created);
            let claims = heads.claims.iter().map(|claim| Claim { record: first + claim.record, ..claim.clone() });
            self.claims.extend(claims);
        }
        self.table.push(&prepared.iter().map(|part| &part.values).collect::<Vec<_>>());
        Ok(())
    }

    /// What a record bought.
    ///
    /// # Errors
    /// [`ResolveError::NoSuchRecord`] for a record that was not pushed.
    pub fn bought(&mut self, record: u32, basket: &Basket) -> Result<(), ResolveError> {
        self.check_open()?;
        if record as usize >= self.len() {
            return Err(ResolveError::NoSuchRecord { record, what: "a basket", records: self.len() });
        }
        self.log.push(record, basket);
        Ok(())
    }

    /// What records bought, of many orders.
    ///
    /// # Errors
    /// As [`Records::bought`].
    pub fn bought_all(&mut self, orders: Orders) -> Result<(), ResolveError> {
        self.check_open()?;
        if let Some(record) = orders.log.record_above(self.len()) {
            return Err(ResolveError::NoSuchRecord { record, what: "an order", records: self.len() });
        }
        self.log.append(orders.log);
        Ok(())
    }

    fn check_open(&self) -> Result<(), ResolveError> {
        if self.measured { Err(ResolveError::AlreadyResolved) } else { Ok(()) }
    }

    /// Measures what the records have; after it, records come in by [`Records::put`] alone. `measures`: those of a model.
    pub(crate) fn complete(&mut self, measures: Option<&Measures>) {
        let purchases = (!std::mem::replace(&mut self.measured, true)).then(|| std::mem::take(&mut self.log));
        let (records, keep, table) = (self.table.len(), self.keep, &mut self.table);
        let build = |log| Purchases::build(log, records, keep, measures.map(|m| &m.purchases));
        let (purchases, ()) = rayon::join(|| purchases.map(build), || table.complete_columns(measures));
        if let Some(purchases) = purchases {
            table.purchases = purchases;
        }
        table.choose_active(measures);
    }

    /// Appends a record to measured records, in place of the one with its key, if there is one, which is returned. The
    /// number of the new one is the last. Its values are to be put afterwards.
    pub(crate) fn put(&mut self, put: &Put<'_>) -> Result<Option<u32>, ResolveError> {
        let (source, id) = (put.source(), put.id());
        let former = self.keys.forget(source, id);
        let number = self.push_key(source, id, hash_key(source, id))?;
        match put.record {
            Incoming::Customer(record) => {
                self.created.push(record.created_at.map_or(i64::MAX, |t| t.0));
                self.claims.extend(claims(number, &record.into()));
            }
            Incoming::Raw(_) => self.created.push(i64::MAX),
        }
        self.table.purchases.push(put.baskets);
        Ok(former)
    }

    /// Appends the values of the records that were put. What is measured of them is to be completed afterwards.
    pub(crate) fn put_values(&mut self, parts: &[Normalised]) {
        self.table.push(&parts.iter().collect::<Vec<_>>());
    }

    fn push_key(&mut self, source: u8, id: &str, hash: u64) -> Result<u32, ResolveError> {
        let number = self.keys.push(&self.schema, source, id, hash, &self.table.tie)?;
        self.table.tie.push(hash);
        Ok(number)
    }

    /// Forgets the key of a record; what it said stays until the records are read again.
    pub(crate) fn forget(&mut self, source: u8, id: &str) -> Option<u32> {
        self.keys.forget(source, id)
    }

    /// The record whose key has this hash.
    pub(crate) fn of_tie(&self, tie: u64) -> Option<u32> {
        self.keys.of_hash(tie)
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record of a source with an id.
    pub fn find(&self, source: u8, id: &str) -> Option<u32> {
        self.keys.find(source, id)
    }

    pub fn source(&self, record: u32) -> u8 {
        self.table.source[record as usize]
    }

    pub fn id(&self, record: u32) -> &str {
        self.keys.id(record)
    }

    /// `source:id`, as in [`RecordKey`].
    pub fn key_text(&self, record: u32) -> String {
        format!("{}:{}", self.schema.sources[usize::from(self.source(record))].name, self.id(record))
    }

    /// The key, when the sources are the five systems.
    pub fn key(&self, record: u32) -> Option<RecordKey> {
        let system: System = self.schema.sources[usize::from(self.source(record))].name.parse().ok()?;
        Some(RecordKey::new(system, self.id(record)))
    }

    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn created(&self, record: u32) -> Timestamp {
        Timestamp(self.created[record as usize])
    }
}

/// Ids of the records, one after another, with an index.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    text: String,
    ends: Vec<u64>,
    sources: Vec<u8>,
    index: HashTable<u32>,
}

/// A record that comes in after the others were resolved.
#[derive(Debug, Clone, Copy)]
pub struct Put<'a> {
    pub record: Incoming<'a>,
    /// All that it has bought.
    pub baskets: &'a [Basket],
}

/// A record as it comes in.
#[derive(Debug, Clone, Copy)]
pub enum Incoming<'a> {
    /// Of the five systems.
    Customer(&'a CustomerRecord),
    /// Of any schema.
    Raw(&'a RawRecord<'a>),
}

impl<'a> Put<'a> {
    pub(crate) fn source(&self) -> u8 {
        match self.record {
            Incoming::Customer(record) => record.key.system as u8,
            Incoming::Raw(record) => record.source,
        }
    }

    pub(crate) fn id(&self) -> &'a str {
        match self.record {
            Incoming::Customer(record) => &record.key.id,
            Incoming::Raw(record) => record.id,
        }
    }
}

/// A number for the key of a record; two keys with one number are as good as impossible.
pub(crate) fn hash_key(source: u8, id: &str) -> u64 {
    mix(hash_text(id) ^ mix(u64::from(source)))
}

impl Keys {
    /// `hash`: of the key; `hashes`: of the keys that were pushed before.
    fn push(&mut self, schema: &Schema, source: u8, id: &str, hash: u64, hashes: &[u64]) -> Result<u32, ResolveError> {
        let Some(named) = schema.sources.get(usize::from(source)) else {
            return Err(ResolveError::UnknownSource { source_number: source, sources: schema.sources.len() });
        };
        if self.len() >= RECORDS_MAX {
            return Err(ResolveError::TooManyRecords { records: self.len() + 1, max: RECORDS_MAX });
        }
        let (text, ends, sources) = (&self.text, &self.ends, &self.sources);
        let same = |&n: &u32| sources[n as usize] == source && slice(text, ends, n) == id;
        let Entry::Vacant(free) = self.index.entry(hash, same, |&n| hashes[n as usize]) else {
            return Err(ResolveError::DuplicateRecord { key: format!("{}:{id}", named.name) });
        };
        let number = self.ends.len() as u32;
        free.insert(number);
        self.text.push_str(id);
        self.ends.push(self.text.len() as u64);
        self.sources.push(source);
        Ok(number)
    }

    /// The record that had the key.
    fn forget(&mut self, source: u8, id: &str) -> Option<u32> {
        let number = self.find(source, id)?;
        let entry = self.index.find_entry(hash_key(source, id), |&n| n == number).ok()?;
        Some(entry.remove().0)
    }

    fn of_hash(&self, hash: u64) -> Option<u32> {
        self.index.find(hash, |&n| hash_key(self.sources[n as usize], self.id(n)) == hash).copied()
    }

    fn find(&self, source: u8, id: &str) -> Option<u32> {
        let same = |&n: &u32| self.sources[n as usize] == source && self.id(n) == id;
        self.index.find(hash_key(source, id), same).copied()
    }

    fn id(&self, record: u32) -> &str {
        slice(&self.text, &self.ends, record)
    }

    fn len(&self) -> usize {
        self.ends.len()
    }
}
