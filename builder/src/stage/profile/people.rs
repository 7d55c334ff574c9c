//! Who a record, an order or an address belongs to, and which item a line names.

use std::collections::{BTreeSet, HashMap};

use kenal_identity::normalise::email;
use kenal_types::{CustomerRecord, Item, PersonId, RecordKey, Variant};

use super::orders::Version;
use crate::gold::{AssignmentRow, ReviewRow};

/// Which person a record, an address or a line belongs to.
pub struct People<'a> {
    by_record: HashMap<&'a RecordKey, PersonId>,
    /// Addresses that all lead to one person; a shared one leads to nobody.
    by_email: HashMap<String, Option<PersonId>>,
    /// Who else a person, or a record that belongs to nobody, may be: what a steward is asked about.
    perhaps: HashMap<Owner, BTreeSet<PersonId>>,
}

/// Whose an order is: a person's, or a record's that is nobody's yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Owner {
    Person(PersonId),
    Record(RecordKey),
}

impl<'a> People<'a> {
    /// Without the addresses of records; see [`People::add`].
    pub fn new(assignments: &'a [AssignmentRow], reviews: &[ReviewRow]) -> Self {
        let by_record: HashMap<_, _> = assignments.iter().filter_map(|a| Some((&a.record, a.person?))).collect();
        let owner = |key: &RecordKey| {
            by_record.get(key).map_or_else(|| Owner::Record(key.clone()), |person| Owner::Person(*person))
        };
        let mut perhaps: HashMap<Owner, BTreeSet<PersonId>> = HashMap::new();
        for review in reviews {
            for (one, other) in [(&review.a, &review.b), (&review.b, &review.a)] {
                if let Owner::Person(person) = owner(other) {
                    perhaps.entry(owner(one)).or_default().insert(person);
                }
            }
        }
        People { by_record, by_email: HashMap::new(), perhaps }
    }

    /// Takes the addresses of a record in.
    pub fn add(&mut self, record: &CustomerRecord) {
        let person = self.by_record.get(&record.key).copied();
        for email in record.emails.iter().filter(|e| !e.shared) {
            let Some(email) = email::email(&email.value) else { continue };
            let known = self.by_email.entry(email.address).or_insert(person);
            // An address that an unmatched record or a second person also uses proves nothing.
            if *known != person {
                *known = None;
            }
        }
    }

    /// Everybody else whose the order may be: the people behind its other versions, and those of whom a steward is
    /// asked whether they are the same.
    pub fn doubtful(&self, versions: &[Version], owner: Option<PersonId>) -> BTreeSet<PersonId> {
        let mut others: BTreeSet<PersonId> = versions.iter().filter_map(|o| self.of_order(o)).collect();
        let records = versions.iter().filter_map(|o| o.customer.clone()).map(Owner::Record);
        for asked in records.chain(others.clone().into_iter().map(Owner::Person)) {
            others.extend(self.perhaps.get(&asked).into_iter().flatten());
        }
        others.retain(|person| Some(*person) != owner);
        others
    }

    pub fn of_record(&self, key: &RecordKey) -> Option<PersonId> {
        self.by_record.get(key).copied()
    }

    pub fn of_order(&self, order: &Version) -> Option<PersonId> {
        let by_address = || {
            let email = email::email(order.email.as_deref()?)?;
            self.by_email.get(&email.address).copied().flatten()
        };
        order.customer.as_ref().and_then(|key| self.of_record(key)).or_else(by_address)
    }
}

/// The catalogue, by every name a line may use.
pub struct Catalogue<'a> {
    items: HashMap<&'a str, &'a Item>,
    by_sku: HashMap<&'a str, &'a str>,
}

impl<'a> Catalogue<'a> {
    pub fn new(items: &'a [Item], variants: &'a [Variant]) -> Self {
        let by_sku = variants.iter().filter_map(|v| Some((v.sku.as_deref()?, v.item_id.as_str()))).collect();
        Catalogue { items: items.iter().map(|i| (i.item_id.as_str(), i)).collect(), by_sku }
    }

    /// The item a line names, by product id or else by SKU.
    pub fn item(&self, item_id: Option<&str>, sku: Option<&str>) -> Option<&'a Item> {
        let named = item_id.and_then(|id| self.items.get(id));
        named.or_else(|| self.items.get(self.by_sku.get(sku?)?)).copied()
    }
}
