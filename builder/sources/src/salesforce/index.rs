//! What must be known of all pages before rows of one can be understood.

use std::collections::{HashMap, HashSet};

use kenal_types::{Date, Loyalty};

use crate::report::FileKind;

use super::id::SfId;
use super::values::Row;

/// Ids of all objects that refer to each other.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Sorted, once each.
    contacts: Vec<SfId>,
    /// (individual, contact), sorted, once each.
    of_individual: Vec<(SfId, SfId)>,
    forgotten: HashSet<SfId>,
    names: HashMap<SfId, String>,
    memberships: HashMap<SfId, Membership>,
}

/// A membership without its owner; the newest version stays.
#[derive(Debug)]
struct Membership {
    number: Box<str>,
    status: Status,
    enrolled_on: Option<Date>,
    sequence: i64,
}

/// Statuses seen in exports, to keep a byte instead of a text for each of millions of members.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Status {
    Active,
    Inactive,
    Other(Box<str>),
}

impl Status {
    fn of(text: &str) -> Status {
        match text {
            "Active" => Status::Active,
            "Inactive" => Status::Inactive,
            other => Status::Other(other.into()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Status::Active => "Active",
            Status::Inactive => "Inactive",
            Status::Other(name) => name,
        }
    }
}

impl Index {
    /// Takes what others refer to. Faults are left to the second reading.
    pub(super) fn add(&mut self, kind: FileKind, row: &Row<'_>) {
        let id = |name| row.id_if_any(name).ok().flatten();
        match kind {
            FileKind::Contact => {
                let Some(contact) = id("Id") else { return };
                self.contacts.push(contact);
                if let Some(individual) = id("IndividualId") {
                    self.of_individual.push((individual, contact));
                }
            }
            FileKind::Individual if matches!(row.flag("ShouldForget"), Ok(Some(true))) => {
                self.forgotten.extend(id("Id"));
            }
            FileKind::LoyaltyProgramMember => {
                if let (Some(contact), Some(membership)) = (id("ContactId"), Membership::of(row)) {
                    let known = self.memberships.get(&contact).map(|m| m.sequence);
                    if known.is_none_or(|sequence| sequence <= membership.sequence) {
                        self.memberships.insert(contact, membership);
                    }
                }
            }
            FileKind::Names => {
                if let (Some(id), Some(name)) = (id("Id"), row.owned("Name")) {
                    self.names.insert(id, name);
                }
            }
            _ => {}
        }
    }

    /// No more rows will be added.
    pub(super) fn seal(&mut self) {
        self.contacts.sort_unstable();
        self.contacts.dedup();
        self.contacts.shrink_to_fit();
        self.of_individual.sort_unstable();
        self.of_individual.dedup();
        self.of_individual.shrink_to_fit();
    }

    pub(super) fn has_contact(&self, contact: SfId) -> bool {
        self.contacts.binary_search(&contact).is_ok()
    }

    /// Contacts that name this individual; mostly one.
    pub(super) fn contacts_of(&self, individual: SfId) -> impl Iterator<Item = SfId> {
        let start = self.of_individual.partition_point(|(i, _)| *i < individual);
        let rest = self.of_individual.get(start..).unwrap_or_default();
        rest.iter().take_while(move |(i, _)| *i == individual).map(|(_, contact)| *contact)
    }

    pub(super) fn is_forgotten(&self, individual: SfId) -> bool {
        self.forgotten.contains(&individual)
    }

    /// Name of a purpose or of an engagement channel.
    pub(super) fn name(&self, id: SfId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    pub(super) fn loyalty(&self, contact: SfId) -> Option<Loyalty> {
        self.memberships.get(&contact).map(|m| Loyalty {
            number: m.number.to_string(),
            status: m.status.name().to_owned(),
            enrolled_on: m.enrolled_on,
        })
    }
}

impl Membership {
    fn of(row: &Row<'_>) -> Option<Membership> {
        Some(Membership {
            number: row.text("MembershipNumber")?.into(),
            status: Status::of(row.text("MemberStatus").unwrap_or_default()),
            enrolled_on: row.date("EnrollmentDate").ok().flatten(),
            sequence: row.sequence().unwrap_or(i64::MIN),
        })
    }
}
