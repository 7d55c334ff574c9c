//! A retention campaign from the newest scores and the newest ledger: no stage of a build, but what is run each week.
//!
//! Consent and do-not-contact are asked at the moment of sending: the ledger in the lake is decided again, whatever the
//! scores were made under.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use kenal_churn::campaign::{Candidate, Contact};
use kenal_consent::{Cell, Policy, Standing, standing};
use kenal_tables::read::{Batch, Reader};
use kenal_types::{Channel, CustomerRecord, Market, PersonId, Purpose, System, Timestamp};

use super::consent::{Ledger, ledger};
use super::measured::MEASURE;
use super::{Company, Stage};
use crate::gold::{AssignmentRow, ChurnScoreRow};

/// Everybody scored with what they let be done now.
pub fn candidates(company: &Company, channel: Channel, list: &DoNotContact) -> Result<Vec<Candidate>> {
    let scores: Vec<ChurnScoreRow> = company.get(Stage::Models)?;
    let ledger = ledger(company)?;
    let refused = refused(&ledger, Cell { purpose: Purpose::Market, channel }, company.now);
    let crm = crm_records(company, channel)?;
    let snapshot = &ledger.decided.snapshot;
    let candidate = |score: ChurnScoreRow| {
        let person = score.person;
        let records = crm.get(&person).map(Vec::as_slice).unwrap_or_default();
        let listed = list.names(&person.to_string()) || records.iter().any(|r| list.names_record(r));
        let contact = if listed || refused.contains(&person) {
            Contact::Refused
        } else if snapshot.permits(person, Cell { purpose: Purpose::Market, channel }) {
            Contact::Agreed
        } else {
            Contact::Silent
        };
        let market: Option<Market> = snapshot.of(person).first().map(|r| r.market);
        Candidate {
            person: person.to_string(),
            crm_id: records.iter().find(|r| r.reachable).map(|r| r.id.clone()),
            market: market.map(|m| m.code().to_owned()),
            probability: score.probability,
            decile: score.decile,
            reasons: score.reasons,
            contact,
            measured: snapshot.permits(person, MEASURE),
        }
    };
    Ok(scores.into_iter().map(candidate).collect())
}

/// When the scores were made.
pub fn scored_at(company: &Company) -> Result<Timestamp> {
    let tables = company.lake.tables()?;
    let scores = tables.iter().find(|t| t.name.to_string() == "gold_churn_scores");
    scores.and_then(|t| t.committed_at).context("the lake does not say when its scores were made")
}

/// People of whom something in the ledger refuses the cell in one of their markets, or demands to be forgotten.
fn refused(ledger: &Ledger, cell: Cell, now: Timestamp) -> HashSet<PersonId> {
    let mut by_subject: HashMap<_, Vec<_>> = HashMap::new();
    for signal in &ledger.signals {
        by_subject.entry(&signal.subject).or_default().push(signal);
    }
    let policy = Policy::default();
    let refuses = |person: &&kenal_consent::PersonSubject| {
        let mut groups = person.groups.iter().chain(&person.doubtful);
        groups.any(|group| {
            person.markets.iter().any(|&market| {
                let signals = group.iter().filter_map(|record| by_subject.get(record)).flatten().copied();
                let about: Vec<_> =
                    signals.filter(|s| kenal_consent::standing::speaks_about(s, cell, market)).collect();
                standing::standing(&about, now, &policy).0 >= Standing::Refused
            })
        })
    };
    ledger.people.iter().filter(refuses).map(|p| p.person).collect()
}

/// A person's record in the CRM.
struct CrmRecord {
    id: String,
    emails: Vec<String>,
    phones: Vec<String>,
    /// It has what the channel needs.
    reachable: bool,
    updated_at: Option<Timestamp>,
}

/// Records in the CRM by person, the one changed last first. Those merged away or deleted are no longer there to be
/// written to.
fn crm_records(company: &Company, channel: Channel) -> Result<HashMap<PersonId, Vec<CrmRecord>>> {
    let person_of: HashMap<_, _> = company
        .get::<AssignmentRow>(Stage::Identity)?
        .into_iter()
        .filter(|row| row.record.system == System::Salesforce)
        .filter_map(|row| Some((row.record, row.person?)))
        .collect();
    let mut found: HashMap<PersonId, Vec<CrmRecord>> = HashMap::new();
    company.lake.each_current(|record: CustomerRecord| {
        let usable = !record.deleted && !record.erase && record.merged_into.is_none();
        if let Some(&person) = person_of.get(&record.key).filter(|_| usable) {
            let values = |points: Vec<kenal_types::ContactPoint>| points.into_iter().map(|p| p.value).collect();
            let (emails, phones): (Vec<String>, Vec<String>) = (values(record.emails), values(record.phones));
            let reachable = match channel {
                Channel::Email => !emails.is_empty(),
                Channel::Sms | Channel::Voice | Channel::Whatsapp => !phones.is_empty(),
                Channel::Push | Channel::Post | Channel::Onsite => true,
            };
            let record = CrmRecord { id: record.key.id, emails, phones, reachable, updated_at: record.updated_at };
            found.entry(person).or_default().push(record);
        }
        Ok(())
    })?;
    for records in found.values_mut() {
        records.sort_by(|a, b| b.updated_at.cmp(&a.updated_at).then_with(|| a.id.cmp(&b.id)));
    }
    Ok(found)
}

/// People whom a list says not to contact: persons, ids of the CRM, addresses and numbers.
#[derive(Debug, Default)]
pub struct DoNotContact(HashSet<String>);

/// Columns of a list that are looked at.
const LISTED: [&str; 6] = ["person", "id", "contactid", "leadid", "email", "phone"];

impl DoNotContact {
    /// Reads a list with at least one of the columns person, id, ContactId, LeadId, email and phone.
    pub fn read(path: &Path) -> Result<DoNotContact> {
        let mut reader = Reader::open(path)?;
        let wanted = |name: &String| LISTED.contains(&name.to_lowercase().as_str());
        let columns: Vec<usize> = (0..reader.columns().len()).filter(|&c| wanted(&reader.columns()[c])).collect();
        // A list that is not understood must not pass for an empty one.
        anyhow::ensure!(!columns.is_empty(), "{}: none of the columns {}", path.display(), LISTED.join(", "));
        columns.iter().try_for_each(|&c| reader.readable(c))?;
        reader.select(&columns);
        let (mut names, mut batch) = (HashSet::new(), Batch::new());
        while reader.next_batch(&mut batch)? {
            for row in 0..batch.rows_count() {
                names.extend(columns.iter().filter_map(|&c| batch.get(row, c)).map(plain));
            }
            let rejected = batch.take_rejected();
            if let Some(first) = rejected.first() {
                return Err(anyhow::anyhow!("line {}: {}", first.line, first.reason))
                    .with_context(|| format!("{}: a list with a broken line is not used", path.display()));
            }
        }
        Ok(DoNotContact(names))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn names(&self, text: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&plain(text))
    }

    fn names_record(&self, record: &CrmRecord) -> bool {
        let texts = std::iter::once(&record.id).chain(&record.emails).chain(&record.phones);
        !self.0.is_empty() && texts.into_iter().any(|t| self.names(t))
    }
}

/// As lists are compared: without capitals; numbers as their last eight digits, with or without the country; ids of the
/// CRM as the fifteen letters that the longer form adds a checksum to. All of it errs on the side of not contacting.
fn plain(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let number = text.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
    if number && digits.len() >= 8 {
        return digits[digits.len() - 8..].to_owned();
    }
    let id = text.len() == 18 && text.chars().all(|c| c.is_ascii_alphanumeric()) && text.starts_with("00");
    if id { text[..15].to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_people_however_they_are_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list.csv");
        std::fs::write(&path, "Email,Phone,Id,note\nMei@X.sg,,,a\n,+65 9123 4567,,b\n,,003xx000004TmiQAAS,c\n")
            .expect("written");
        let list = DoNotContact::read(&path).expect("a list");
        assert_eq!(list.len(), 3);
        for text in ["mei@x.sg ", "91234567", "6591234567", "003xx000004TmiQ", "003xx000004TmiQAAS"] {
            assert!(list.names(text), "{text}");
        }
        for text in ["mei@x.my", "91234568", "003xx000004TmiR", ""] {
            assert!(!list.names(text), "{text}");
        }
        std::fs::write(&path, "address\nmei@x.sg\n").expect("written");
        assert!(DoNotContact::read(&path).expect_err("no column").to_string().contains("columns"));
    }
}
