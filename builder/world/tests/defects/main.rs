//! Every defect of the table is in the exports of a generated world: found there, not taken from the counts.

mod identity;
mod orders;
mod said;
mod time;
mod world;

use kenal_world::rates::Defect;

/// Each defect, by the test that looks for it in the files. A new defect without a line here fails.
const FOUND_BY: &[(&str, &[Defect])] = {
    use Defect as D;
    &[
        ("identity::records", &[D::ZendeskNoEmail, D::WarehouseDuplicate, D::TwoIdentities, D::RepeatedOnPage]),
        ("identity::sharing", &[D::SharedDevice, D::SharedPhone, D::SharedPhoneMarked, D::AnonymousDevice]),
        ("identity::crm", &[D::MergedContact, D::ShortId, D::HeaderRepeated, D::EmbeddedNewline, D::EmbeddedQuote]),
        ("identity::names", &[D::Nickname, D::OtherRomanisation, D::NameTypo, D::EmailTypo]),
        (
            "identity::phones",
            &[D::PhoneE164, D::PhoneSpaced, D::PhoneTrunkZero, D::PhoneDoubleZero, D::PhonePlain, D::PhoneDashed],
        ),
        (
            "said::shopify",
            &[D::PendingOptIn, D::NullConsentTime, D::Redacted, D::LegacyConsentShape, D::NewConsentShape],
        ),
        ("said::others", &[D::ImportedOptIn, D::ShouldForget]),
        ("said::conflicts", &[D::ConflictingConsent, D::StaleOptInSyncedLater]),
        ("time::events", &[D::OfflineQueue, D::ClockSkew, D::FutureEvent, D::BatchedEvents, D::OldEventName]),
        ("time::copies", &[D::DuplicateEvent, D::AlteredEvent]),
        ("time::nightly", &[D::OrderBeforeSync, D::LateLoad]),
        ("time::tickets", &[D::TouchOnly, D::TicketDeleted]),
        ("orders::guests", &[D::GuestOrder, D::EmptyEmail, D::TestOrder, D::CustomItem]),
        ("orders::children", &[D::FarChild, D::ChildWithoutId, D::RefundInline]),
        ("orders::broken", &[D::BrokenJson, D::MissingField, D::WrongType]),
    ]
};

#[test]
fn every_defect_is_looked_for_and_counted() {
    let looked_for: Vec<Defect> = FOUND_BY.iter().flat_map(|(_, defects)| *defects).copied().collect();
    for defect in Defect::ALL {
        assert_eq!(looked_for.iter().filter(|d| *d == defect).count(), 1, "{defect}");
        assert!(world::world().summary.defects.of(*defect) > 0, "{defect} never occurred");
    }
}
