//! From scores to a retention campaign: whom a budget reaches, who is held out to measure it, and what the CRM is sent.
//!
//! The budget sets the threshold: people who may be contacted are taken from the most likely to leave downwards until the
//! budget is spent. A share of those above the threshold is *held out* by a salted hash, the same people every week as
//! long as the salt stays: without them nobody can say whether those who stayed would have stayed anyway.
//!
//! Each person has exactly one outcome, so the counts add up to the people scored.
//!
//! Deliberately not here: who has agreed to what (the caller asks the ledger, at the moment of sending), files, clocks.

use kenal_core::experiment::{BUCKETS, Key};
use serde::Serialize;

/// What a person lets be done, at the moment of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// Agreed to this channel and purpose.
    Agreed,
    /// Has not, as far as can be shown.
    Silent,
    /// Has refused, withdrawn or been erased, or is on a do-not-contact list.
    Refused,
}

/// Somebody scored.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The person's id: what holdout and experiments know them by.
    pub person: String,
    /// The record that the CRM knows them by.
    pub crm_id: Option<String>,
    pub market: Option<String>,
    /// Of leaving.
    pub probability: f64,
    pub decile: u8,
    pub reasons: Vec<String>,
    pub contact: Contact,
    /// Agreed to be counted and compared. Who has not is never held out: nothing could be learnt from it.
    pub measured: bool,
}

/// What became of somebody scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Exported,
    HeldOut,
    DoNotContact,
    NoConsent,
    NoCrmId,
    UnderThreshold,
}

impl Outcome {
    pub const ALL: [Outcome; 6] = [
        Outcome::Exported,
        Outcome::HeldOut,
        Outcome::DoNotContact,
        Outcome::NoConsent,
        Outcome::NoCrmId,
        Outcome::UnderThreshold,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Exported => "exported",
            Outcome::HeldOut => "held out",
            Outcome::DoNotContact => "do not contact",
            Outcome::NoConsent => "no consent",
            Outcome::NoCrmId => "no record in the CRM",
            Outcome::UnderThreshold => "under the threshold",
        }
    }
}

/// What the campaign may cost, and what is kept back to measure it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// People to contact, at most.
    pub budget: usize,
    /// Share of people above the threshold who are held out, 0 to 1.
    pub holdout: f64,
    /// The same salt every week keeps the same people held out.
    pub salt: String,
}

/// Everybody's outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Campaign {
    /// One for each candidate, in their order.
    pub outcomes: Vec<Outcome>,
    /// Positions of those exported, the most likely to leave first.
    pub exported: Vec<usize>,
    /// Positions of those held out, the most likely to leave first.
    pub held_out: Vec<usize>,
    /// The least probability that is still in the campaign; none when nobody is.
    pub threshold: Option<f64>,
}

impl Campaign {
    pub fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|o| **o == outcome).count()
    }
}

/// Decides everybody's outcome. Ties of probability go by person, so that the order of the input does not matter; a
/// probability that is no number is under every threshold.
pub fn choose(candidates: &[Candidate], settings: &Settings) -> Campaign {
    let mut outcomes = vec![Outcome::UnderThreshold; candidates.len()];
    let mut reachable = Vec::new();
    for (at, (candidate, outcome)) in candidates.iter().zip(&mut outcomes).enumerate() {
        *outcome = match (candidate.contact, &candidate.crm_id) {
            (Contact::Refused, _) => Outcome::DoNotContact,
            (Contact::Silent, _) => Outcome::NoConsent,
            (Contact::Agreed, None) => Outcome::NoCrmId,
            (Contact::Agreed, Some(_)) => Outcome::UnderThreshold,
        };
        if *outcome == Outcome::UnderThreshold && !candidate.probability.is_nan() {
            reachable.push(at);
        }
    }
    reachable.sort_by(|&a, &b| {
        let (a, b) = (&candidates[a], &candidates[b]);
        b.probability.total_cmp(&a.probability).then_with(|| a.person.cmp(&b.person))
    });
    let key = Key::new("retention holdout", &settings.salt);
    let buckets = (settings.holdout.clamp(0.0, 1.0) * f64::from(BUCKETS)).round() as u16;
    let (mut exported, mut held_out, mut threshold) = (Vec::new(), Vec::new(), None);
    for at in reachable {
        if exported.len() >= settings.budget {
            break;
        }
        let candidate = &candidates[at];
        if candidate.measured && key.bucket(&candidate.person) < buckets {
            outcomes[at] = Outcome::HeldOut;
            held_out.push(at);
        } else {
            outcomes[at] = Outcome::Exported;
            exported.push(at);
        }
        threshold = Some(candidate.probability);
    }
    Campaign { outcomes, exported, held_out, threshold }
}

/// Bytes of a file of a Bulk API 2.0 job: uploads may be 150 MB after base64, which makes four bytes of three; Salesforce
/// advises to stay at 100 MB before it.
pub const JOB_BYTES_MAX: usize = 100_000_000;

/// Characters of a text field in the CRM.
const TEXT_MAX: usize = 255;

/// What the CRM is to be told besides who.
#[derive(Debug, Clone, PartialEq)]
pub struct Job<'a> {
    pub campaign_id: &'a str,
    /// A status that the campaign has, such as `Sent`.
    pub status: &'a str,
    /// When the scores were made, `2026-11-26T04:00:00.000Z`.
    pub scored_at: &'a str,
    pub bytes_max: usize,
}

/// The files of jobs that insert `CampaignMember` rows, each complete with its header, in the order of `members`.
///
/// Of the Bulk API 2.0: UTF-8, commas, lines that end in LF, every value quoted, a quote within doubled. `CampaignId`,
/// `ContactId`, `LeadId` and `Status` are the object's own fields; those ending in `__c` are to be made by an
/// administrator, as text of 255, number and date-time. Contacts and leads go to files of their own, since a row names one
/// of them.
pub fn files<'a>(members: impl Iterator<Item = &'a Candidate>, job: &Job<'_>) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let mut contacts = Jobs::new("ContactId", job.bytes_max);
    let mut leads = Jobs::new("LeadId", job.bytes_max);
    for member in members {
        let Some(id) = &member.crm_id else { continue };
        let to = if id.starts_with(LEAD) { &mut leads } else { &mut contacts };
        to.add(&line(&[
            job.campaign_id,
            id,
            job.status,
            &format!("{:.4}", member.probability),
            &member.decile.to_string(),
            &shortened(&member.reasons.join("; ")),
            job.scored_at,
        ]));
    }
    [("contacts", contacts), ("leads", leads)].into_iter().map(|(name, jobs)| (name, jobs.files)).collect()
}

/// The prefix of a lead's id.
const LEAD: &str = "00Q";

struct Jobs {
    header: Vec<u8>,
    bytes_max: usize,
    files: Vec<Vec<u8>>,
}

impl Jobs {
    fn new(id: &str, bytes_max: usize) -> Jobs {
        let header = line(&[
            "CampaignId",
            id,
            "Status",
            "Kenal_Churn_Score__c",
            "Kenal_Churn_Decile__c",
            "Kenal_Churn_Reasons__c",
            "Kenal_Scored_At__c",
        ]);
        Jobs { header, bytes_max, files: Vec::new() }
    }

    fn add(&mut self, line: &[u8]) {
        if self.files.last().is_none_or(|f| f.len() + line.len() > self.bytes_max) {
            self.files.push(self.header.clone());
        }
        if let Some(file) = self.files.last_mut() {
            file.extend_from_slice(line);
        }
    }
}

fn line(values: &[&str]) -> Vec<u8> {
    let quoted: Vec<String> = values.iter().map(|v| format!("\"{}\"", v.replace('"', "\"\""))).collect();
    format!("{}\n", quoted.join(",")).into_bytes()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= TEXT_MAX {
        return text.to_owned();
    }
    text.chars().take(TEXT_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(n: usize, probability: f64) -> Candidate {
        Candidate {
            person: format!("p{n}"),
            crm_id: Some(format!("003{n:015}")),
            market: None,
            probability,
            decile: 10,
            reasons: vec!["gap 90".to_owned()],
            contact: Contact::Agreed,
            measured: true,
        }
    }

    fn settings(budget: usize, holdout: f64) -> Settings {
        Settings { budget, holdout, salt: "spring".to_owned() }
    }

    #[test]
    fn everybody_has_one_outcome_and_the_budget_sets_the_threshold() {
        let mut people: Vec<Candidate> =
            (0..2_000).map(|n| candidate(n, (n * 7919 % 2_000) as f64 / 2_000.0)).collect();
        for (n, person) in people.iter_mut().enumerate() {
            match n % 10 {
                0 => person.contact = Contact::Silent,
                1 => person.contact = Contact::Refused,
                2 => person.crm_id = None,
                3 => person.measured = false,
                _ => {}
            }
        }
        people[4].probability = f64::NAN;
        let found = choose(&people, &settings(300, 0.2));
        assert_eq!(found.count(Outcome::Exported), 300);
        assert_eq!(Outcome::ALL.map(|o| found.count(o)).iter().sum::<usize>(), 2_000);
        let threshold = found.threshold.expect("somebody");
        for (person, outcome) in people.iter().zip(&found.outcomes) {
            let reachable = person.contact == Contact::Agreed && person.crm_id.is_some();
            let inside = matches!(outcome, Outcome::Exported | Outcome::HeldOut);
            assert_eq!(inside, reachable && person.probability >= threshold, "{person:?} {outcome:?}");
            assert!(*outcome != Outcome::HeldOut || person.measured);
        }
        assert!((40..90).contains(&found.held_out.len()), "{}", found.held_out.len());
        // The next week, with other scores, the same people are held out.
        let mut later = people.clone();
        later.reverse();
        later.iter_mut().for_each(|p| p.probability = 1.0 - p.probability);
        let later_found = choose(&later, &settings(2_000, 0.2));
        let names = |people: &[Candidate], at: &[usize]| -> Vec<String> {
            at.iter().map(|&a| people[a].person.clone()).collect()
        };
        let everybody = names(&later, &later_found.held_out);
        assert!(names(&people, &found.held_out).iter().all(|p| everybody.contains(p)));
        let other = Settings { salt: "autumn".to_owned(), ..settings(2_000, 0.2) };
        assert_ne!(choose(&later, &other).held_out, later_found.held_out);
    }

    #[test]
    fn the_least_and_the_most() {
        let people: Vec<Candidate> = (0..50).map(|n| candidate(n, 0.5)).collect();
        assert_eq!(choose(&people, &settings(0, 0.5)).threshold, None);
        assert_eq!(choose(&[], &settings(9, 0.5)).outcomes, []);
        assert_eq!(choose(&people, &settings(99, 0.0)).exported.len(), 50);
        let held = choose(&people, &settings(9, 1.0));
        assert_eq!((held.exported.len(), held.held_out.len()), (0, 50));
        let tie: Vec<String> =
            choose(&people, &settings(2, 0.0)).exported.iter().map(|&a| people[a].person.clone()).collect();
        assert_eq!(tie, ["p0", "p1"]);
    }

    #[test]
    fn files_are_as_the_bulk_api_takes_them() {
        let mut people = [candidate(1, 0.987_654), candidate(2, 0.5), candidate(3, 0.4)];
        people[0].reasons = vec!["said \"no, thanks\"".to_owned(), "two\nlines".to_owned()];
        people[1].reasons = vec!["é".repeat(400)];
        people[2].crm_id = Some("00Q000000000003AAA".to_owned());
        let job = Job {
            campaign_id: "701xx000001",
            status: "Sent",
            scored_at: "2026-11-26T04:00:00.000Z",
            bytes_max: JOB_BYTES_MAX,
        };
        let found = files(people.iter(), &job);
        assert_eq!(found.iter().map(|(name, f)| (*name, f.len())).collect::<Vec<_>>(), [("contacts", 1), ("leads", 1)]);
        let contacts = std::str::from_utf8(&found[0].1[0]).expect("UTF-8");
        assert!(contacts.starts_with(
            "\"CampaignId\",\"ContactId\",\"Status\",\"Kenal_Churn_Score__c\",\"Kenal_Churn_Decile__c\",\
             \"Kenal_Churn_Reasons__c\",\"Kenal_Scored_At__c\"\n\"701xx000001\",\"003000000000000001\",\"Sent\",\"0.9877\",\
             \"10\",\"said \"\"no, thanks\"\"; two\nlines\",\"2026-11-26T04:00:00.000Z\"\n"
        ));
        assert!(contacts.contains(&format!("\"{}…\"", "é".repeat(254))));
        assert!(!contacts.contains('\r') && contacts.ends_with('\n'));
        assert!(std::str::from_utf8(&found[1].1[0]).expect("UTF-8").contains("\"LeadId\""));
        // As many files as it takes, none larger than allowed, each with its header.
        let many: Vec<Candidate> = (0..100).map(|n| candidate(n, 0.5)).collect();
        let parts = files(many.iter(), &Job { bytes_max: 1_000, ..job });
        let parts = &parts[0].1;
        assert!(parts.len() > 5 && parts.iter().all(|p| p.len() <= 1_000 && p.starts_with(b"\"CampaignId\"")));
        let rows: usize = parts.iter().map(|p| p.iter().filter(|b| **b == b'\n').count() - 1).sum();
        assert_eq!(rows, 100);
    }
}
