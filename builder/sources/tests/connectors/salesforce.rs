//! Salesforce's cases.

use kenal_sources::{FileKind, FileState};
use kenal_types::{Channel, Decision, Market, Mechanism, Purpose, System};

use crate::harness::{Kept, at, fixture, fixtures, gzip, read, read_dir, read_fixtures};

#[test]
fn contacts_with_quotes_short_ids_and_merges() {
    let reading = read_fixtures(System::Salesforce);
    let customers = reading.customers();
    let [mei, old, nam, oni] = &customers[..] else { panic!("{} contacts", customers.len()) };
    assert_eq!(mei.key.to_string(), "salesforce:003xx000004TmiQAAS");
    assert_eq!(mei.street.as_deref(), Some("1 \"Test\" Street\nLevel 2"));
    assert_eq!(
        (mei.birth_date.map(|d| d.to_string()).as_deref(), mei.market),
        (Some("1990-01-02"), Some(Market::Singapore))
    );
    assert_eq!(mei.loyalty.as_ref().map(|l| (l.number.as_str(), l.status.as_str())), Some(("M-1", "Active")));
    // 15 characters become 18, here and in what it was merged into; both forms of a datetime.
    assert_eq!(old.key.id, "003xx000004TmiRAAS");
    assert_eq!((old.deleted, old.merged_into.as_ref()), (true, Some(&mei.key)));
    assert_eq!(old.sequence - mei.sequence, 1_000_000);
    assert_eq!((old.market, nam.market), (Some(Market::Singapore), None));
    // The address bounced.
    assert_eq!((nam.emails.len(), nam.loyalty.as_ref().map(|l| l.status.as_str())), (0, Some("Lapsed")));
    assert!(oni.erase && !mei.erase);
}

#[test]
fn rows_that_are_none_cost_one_row_each_and_repeated_headers_none() {
    let reading = read_fixtures(System::Salesforce);
    let faults: Vec<_> = reading.faults();
    assert_eq!(
        faults,
        [
            "Contact-0002.csv:4 Id bad_value",
            "Contact-0002.csv:5 IsDeleted bad_value",
            "Contact-0002.csv:6  syntax",
            "Contact-0002.csv:7  syntax",
            "ContactPointTypeConsent-0001.csv:7 DataUsePurposeId missing_field",
            "ContactPointTypeConsent-0001.csv:8 PartyId orphan",
            "ContactPointTypeConsent-0001.csv:9 DataUsePurposeId orphan",
            "ContactPointTypeConsent-0001.csv:10 ContactPointType bad_value",
            "Individual-0001.csv:5 Id orphan",
            "LoyaltyProgramMember-0001.csv:4 ContactId orphan",
            "LoyaltyProgramMember-0001.csv:5 ContactId missing_field",
        ]
    );
    let file = reading.file("Contact-0002.csv");
    assert_eq!((file.kind, file.read, file.accepted), (FileKind::Contact, 5, 1));
    assert_eq!(reading.file("Contact-0001.csv").watermark, Some(at("2024-05-07T07:08:10Z")));
}

#[test]
fn consents_are_about_the_contact() {
    let reading = read_fixtures(System::Salesforce);
    let consents = reading.consents();
    let of = |prefix: &str| {
        let mut said: Vec<_> = consents
            .iter()
            .filter(|c| c.signal_id.starts_with(prefix))
            .map(|c| (c.subject.id.as_str(), c.purpose, c.channel, c.decision, c.mechanism))
            .collect();
        said.sort();
        said
    };
    let (mei, nam) = ("003xx000004TmiQAAS", "003xx000004TmiSAAS");
    use {Channel as C, Decision as D, Mechanism as M, Purpose as P};
    assert_eq!(of("0ZTxx0000000001"), [(mei, P::Market, Some(C::Email), D::OptIn, M::DoubleOptIn)]);
    assert_eq!(
        of("0ZTxx0000000002"),
        [
            (mei, P::Market, Some(C::Sms), D::OptOut, M::Agent),
            (mei, P::Market, Some(C::Voice), D::OptOut, M::Agent),
            (mei, P::Market, Some(C::Whatsapp), D::OptOut, M::Agent),
        ]
    );
    // The engagement channel narrows a phone to its messages; an import is no act.
    assert_eq!(of("0ZTxx0000000003"), [(nam, P::Market, Some(C::Sms), D::OptIn, M::Import)]);
    // A permission that was deleted has ended.
    assert_eq!(of("0ZTxx0000000004"), [(nam, P::Personalise, Some(C::Onsite), D::Expired, M::PreferenceCentre)]);
    // A refusal for nothing in particular.
    assert_eq!(of("0ZTxx0000000005").len(), P::ALL.len());
    let double = consents.iter().find(|c| c.signal_id.starts_with("0ZTxx0000000001")).expect("a signal");
    assert_eq!(
        (double.decided_at, double.effective_to),
        (Some(at("2024-01-02T00:00:00Z")), Some(at("2027-01-01T00:00:00Z")))
    );
}

#[test]
fn flags_of_contacts_individuals_and_members() {
    let reading = read_fixtures(System::Salesforce);
    let mut said: Vec<_> = reading
        .consents()
        .iter()
        .filter(|c| !c.signal_id.starts_with("0ZT"))
        .map(|c| {
            assert_eq!(c.decided_at, None, "a flag has no date of its own");
            let field = c.signal_id.split('/').nth(1).expect("a field").to_owned();
            (c.subject.id[14..15].to_owned(), field, c.purpose, c.channel, c.decision)
        })
        .collect();
    said.sort();
    let expected = [
        ("Q", "CanReceivePromotions", Purpose::Market, None, Decision::OptIn),
        ("Q", "DoNotCall", Purpose::Market, Some(Channel::Voice), Decision::OptOut),
        ("Q", "HasOptedOutProfiling", Purpose::Personalise, None, Decision::OptOut),
        ("Q", "HasOptedOutProfiling", Purpose::Train, None, Decision::OptOut),
        ("Q", "HasOptedOutSolicit", Purpose::Market, None, Decision::OptOut),
        ("Q", "HasOptedOutTracking", Purpose::Measure, None, Decision::OptOut),
        ("R", "HasOptedOutOfEmail", Purpose::Market, Some(Channel::Email), Decision::OptOut),
        ("S", "CanReceivePromotions", Purpose::Market, None, Decision::OptOut),
        ("S", "HasOptedOutProcessing", Purpose::Personalise, None, Decision::OptOut),
        ("S", "HasOptedOutProcessing", Purpose::Market, None, Decision::OptOut),
        ("S", "HasOptedOutProcessing", Purpose::Train, None, Decision::OptOut),
        ("S", "HasOptedOutProcessing", Purpose::Measure, None, Decision::OptOut),
        ("T", "ShouldForget", Purpose::Personalise, None, Decision::Redacted),
        ("T", "ShouldForget", Purpose::Market, None, Decision::Redacted),
        ("T", "ShouldForget", Purpose::Train, None, Decision::Redacted),
        ("T", "ShouldForget", Purpose::Measure, None, Decision::Redacted),
    ];
    let expected: Vec<_> = expected.map(|(s, f, p, c, d)| (s.to_owned(), f.to_owned(), p, c, d)).into();
    assert_eq!(said, expected);
}

#[test]
fn declined_contacts_still_answer_for_later_pages() {
    let names = ["Contact-0001.csv", "Contact-0002.csv"].map(str::to_owned).to_vec();
    let kept = Kept { declined: names, ..Kept::default() };
    let reading = read_dir(System::Salesforce, &fixtures(System::Salesforce), kept).expect("the fixtures can be read");
    assert_eq!(reading.file("Contact-0001.csv").state, FileState::Declined);
    assert!(reading.customers().is_empty());
    assert_eq!(reading.file("Individual-0001.csv").accepted, 3);
}

#[test]
fn every_delimiter_line_end_and_compression() {
    let contact = String::from_utf8(fixture(System::Salesforce, "Contact-0001.csv")).expect("UTF-8");
    let whole = read(System::Salesforce, &[("c.csv", contact.as_bytes())]);
    for delimiter in ["\t", "|", ";", "^", "`"] {
        let other = contact.replace("\",\"", &format!("\"{delimiter}\""));
        for (name, bytes) in [
            ("c.csv", other.clone().into_bytes()),
            ("c.csv", other.replace("\"\n", "\"\r\n").into_bytes()),
            ("c.csv.gz", gzip(other.as_bytes())),
        ] {
            let reading = read(System::Salesforce, &[(name, &bytes)]);
            assert_eq!(reading.customers(), whole.customers(), "{delimiter:?} {name}");
            assert!(reading.kept.rejected.is_empty());
        }
    }
    let foreign = contact.replace("\",\"", "\":\"");
    let reading = read(System::Salesforce, &[("Contact-0001.csv", foreign.as_bytes())]);
    let message = reading.quarantine("Contact-0001.csv");
    let start = "Contact-0001.csv: quarantined: line 1: no column named Id; the header has 1 column when split by ','";
    assert!(message.starts_with(start) && message.contains("is the delimiter something else?"), "{message}");
}
