//! Zendesk's cases.

use kenal_sources::{FileKind, FileState};
use kenal_types::{
    Channel, Decision, Market, Mechanism, Purpose, Satisfaction, System, TicketChannel, TicketPriority, TicketStatus,
    Timestamp,
};

use crate::harness::{at, fixture, gzip, read, read_fixtures};

#[test]
fn users_with_their_identities() {
    let reading = read_fixtures(System::Zendesk);
    let customers = reading.customers();
    assert_eq!(customers.iter().map(|c| c.key.id.as_str()).collect::<Vec<_>>(), ["6001", "6002", "6003", "6001"]);
    // Both versions of the user have the two addresses, and the phone that the identity calls shared.
    for ana in [customers[0], customers[3]] {
        assert_eq!(
            ana.emails.iter().map(|e| (e.value.as_str(), e.verified)).collect::<Vec<_>>(),
            [("ana@example.com", true), ("ana.second@example.com", false)]
        );
        assert_eq!((ana.phones.len(), ana.phones[0].shared, ana.phones[0].verified), (1, true, true));
        assert_eq!((ana.external_ids.as_slice(), ana.market), (&["1001".to_owned()][..], Some(Market::Singapore)));
    }
    assert!(customers[3].sequence > customers[0].sequence);
    // Named after the number that called: no name.
    let caller = customers[1];
    assert_eq!((caller.full_name.as_deref(), caller.emails.len(), caller.phones[0].shared), (None, 0, true));
    assert_eq!((caller.phones[0].value.as_str(), caller.market), ("(513) 555-7611", None));
    assert!(customers[2].deleted && customers[2].erase);
}

#[test]
fn notes_about_consent_have_no_date() {
    let reading = read_fixtures(System::Zendesk);
    let consents = reading.consents();
    let said: Vec<_> = consents
        .iter()
        .filter(|c| c.decision != Decision::Redacted)
        .map(|c| (c.subject.id.as_str(), c.purpose, c.channel, c.decision))
        .collect();
    assert_eq!(
        said,
        [
            ("6001", Purpose::Personalise, Some(Channel::Onsite), Decision::OptOut),
            ("6001", Purpose::Market, None, Decision::OptOut),
            ("6003", Purpose::Personalise, Some(Channel::Onsite), Decision::OptIn),
        ]
    );
    assert!(consents.iter().all(|c| c.decided_at.is_none() && c.mechanism == Mechanism::Agent));
    assert_eq!(consents.iter().filter(|c| c.decision == Decision::Redacted).count(), Purpose::ALL.len());
}

#[test]
fn tickets_by_generated_timestamp() {
    let reading = read_fixtures(System::Zendesk);
    let tickets = reading.tickets();
    let [first, touched, deleted, custom] = &tickets[..] else { panic!("{} tickets", tickets.len()) };
    assert_eq!(
        (first.channel, first.priority, first.status),
        (TicketChannel::Phone, TicketPriority::High, TicketStatus::Open)
    );
    assert_eq!(first.satisfaction, Satisfaction::Good);
    // The system touched it: the sequence moves and the time of the update does not.
    assert_eq!((first.updated_at, first.ticket_id.as_str()), (touched.updated_at, touched.ticket_id.as_str()));
    assert_eq!(touched.sequence - first.sequence, Timestamp::US_PER_DAY);
    assert_eq!(
        (deleted.status, deleted.priority, deleted.satisfaction),
        (TicketStatus::Deleted, TicketPriority::Unset, Satisfaction::None)
    );
    assert_eq!(
        (custom.channel, custom.requester.id.as_str(), custom.sequence),
        (TicketChannel::Other, "6003", custom.updated_at.0)
    );
    let file = reading.file("tickets-0001.json");
    assert_eq!((file.kind, file.watermark), (FileKind::ZendeskTickets, Some(Timestamp::from_seconds(1_791_244_800))));
    assert_eq!(reading.file("users-0001.json").watermark, Some(at("2026-11-04T00:00:00Z")));
}

#[test]
fn bad_elements_are_rejected_alone() {
    assert_eq!(
        read_fixtures(System::Zendesk).faults(),
        [
            "tickets-0001.json:5 status bad_value",
            "tickets-0001.json:6 requester_id missing_field",
            "tickets-0001.json:7  unknown_kind",
            "users-0001.json:6 updated_at bad_value",
            "users-0001.json:7 user_fields.personalisation_consent bad_value",
            "users-0001.json:8  syntax",
            "users-0001.json:13 user_id orphan",
            "users-0001.json:14 value missing_field",
        ]
    );
}

#[test]
fn a_page_that_breaks_off_is_quarantined_whole() {
    let page = fixture(System::Zendesk, "tickets-0001.json");
    let users = fixture(System::Zendesk, "users-0001.json");
    let reading =
        read(System::Zendesk, &[("tickets-0001.json", &page[..page.len() - 400]), ("users-0001.json", &users)]);
    let message = reading.quarantine("tickets-0001.json");
    assert!(message.contains("the page breaks off after 3 readable elements"), "{message}");
    assert!(reading.tickets().is_empty());
    assert_eq!(reading.customers().len(), 4, "the other file is read");
}

#[test]
fn packed_pages_and_several_pages_in_one_file() {
    let (users, tickets) = (fixture(System::Zendesk, "users-0001.json"), fixture(System::Zendesk, "tickets-0001.json"));
    let both = gzip(&[&users[..], &tickets[..]].concat());
    let reading = read(System::Zendesk, &[("all.json.gz", &both)]);
    assert_eq!((reading.customers().len(), reading.tickets().len()), (4, 4));
    let page = br#"{"users":[],"count":0,"end_time":1791244860,"end_of_stream":true}"#;
    let reading = read(System::Zendesk, &[("users.json", page)]);
    let file = reading.file("users.json");
    // Zendesk leaves out what changed in the last minute.
    assert_eq!((file.state.clone(), file.watermark), (FileState::Whole, Some(Timestamp::from_seconds(1_791_244_800))));
}
