//! The decision rules as a table, and the properties that hold for any set of signals.

use kenal_consent::{Cell, PersonSubject, Policy, Subject, decide};
use kenal_types::{
    Channel, ConsentSignal, Decision, Market, Mechanism, PersonId, Purpose, RecordKey, System, Timestamp,
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_000 * Timestamp::US_PER_DAY);
const PERSON: PersonId = PersonId(7);

fn day(n: i64) -> Option<Timestamp> {
    Some(Timestamp(n * Timestamp::US_PER_DAY))
}

/// An explicit, evidenced signal about personalisation on the site from the app, on day 500; cases change what they test.
fn signal(decision: Decision) -> ConsentSignal {
    ConsentSignal {
        signal_id: format!("s-{decision:?}"),
        subject: RecordKey::new(System::App, "user/1"),
        purpose: Purpose::Personalise,
        channel: Some(Channel::Onsite),
        market: None,
        decision,
        mechanism: Mechanism::PreferenceCentre,
        contact_point: None,
        decided_at: day(500),
        known_at: day(501),
        effective_to: None,
        evidence: Some("notice 3".to_owned()),
        sequence: 0,
    }
}

fn eligible(groups: &[&[RecordKey]], signals: &[ConsentSignal], cell: Cell) -> bool {
    let groups = groups.iter().map(|g| g.to_vec()).collect();
    let person = PersonSubject { person: PERSON, groups, doubtful: vec![], markets: vec![Market::Singapore] };
    decide(&[person], signals, NOW, &Policy::default()).snapshot.permits(PERSON, cell)
}

fn app() -> RecordKey {
    RecordKey::new(System::App, "user/1")
}

fn crm() -> RecordKey {
    RecordKey::new(System::Salesforce, "003000000000001AAA")
}

/// One subject with both records.
fn check(name: &str, signals: &[ConsentSignal], expected: bool) {
    assert_eq!(eligible(&[&[app(), crm()]], signals, Cell::PERSONALISE_ONSITE), expected, "{name}");
}

#[test]
fn one_subject() {
    use Decision::{Expired, OptIn, OptOut, Pending, Redacted, Unknown, Withdrawn};
    let yes = signal(OptIn);
    let no = signal(OptOut);
    let crm_no = ConsentSignal { subject: crm(), ..no.clone() };
    let later = |s: &ConsentSignal| ConsentSignal { decided_at: day(600), ..s.clone() };

    check("nothing said", &[], false);
    check("an explicit yes", std::slice::from_ref(&yes), true);
    for quiet in [Pending, Unknown, Expired] {
        check("no yes in it", &[signal(quiet)], false);
    }
    check("same moment: the no counts", &[yes.clone(), no.clone()], false);
    check("the same source changes its mind", &[later(&yes), no.clone()], true);
    check("and back", &[yes.clone(), later(&signal(Withdrawn))], false);
    check("a yes without a date is not now", &[ConsentSignal { decided_at: None, ..yes.clone() }], false);
    check("a yes from tomorrow", &[ConsentSignal { decided_at: day(1_001), ..yes.clone() }], false);
    check("a yes that ran out", &[ConsentSignal { effective_to: day(900), ..yes.clone() }], false);
    check("a bulk load alone", &[ConsentSignal { mechanism: Mechanism::Import, ..yes.clone() }], false);
    check("later and evidenced beats another system's no", &[later(&yes), crm_no.clone()], true);
    check("earlier does not", &[yes.clone(), later(&crm_no)], false);
    check("without evidence it does not", &[ConsentSignal { evidence: None, ..later(&yes) }, crm_no.clone()], false);
    check(
        "a later bulk load does not",
        &[ConsentSignal { mechanism: Mechanism::Import, ..later(&yes) }, crm_no.clone()],
        false,
    );
    check(
        "nothing is later than an undated no",
        &[later(&yes), ConsentSignal { decided_at: None, ..crm_no.clone() }],
        false,
    );
    let other_address = ConsentSignal { contact_point: Some("a@mail.example".to_owned()), ..later(&yes) };
    check("a yes for one address does not lift a no for all", &[other_address, crm_no.clone()], false);
    check("a no to another purpose", &[yes.clone(), ConsentSignal { purpose: Purpose::Market, ..later(&no) }], true);
    check(
        "a no on another channel",
        &[yes.clone(), ConsentSignal { channel: Some(Channel::Email), ..later(&no) }],
        true,
    );
    check("a no on every channel", &[yes.clone(), ConsentSignal { channel: None, ..later(&no) }], false);
    check(
        "a no in another market",
        &[yes.clone(), ConsentSignal { market: Some(Market::Thailand), ..later(&no) }],
        true,
    );

    let erased = signal(Redacted);
    check("an erasure", &[yes.clone(), erased.clone()], false);
    check(
        "an erasure through another purpose",
        &[yes.clone(), ConsentSignal { purpose: Purpose::Market, ..erased.clone() }],
        false,
    );
    check("the erased record cannot agree again", &[later(&yes), erased.clone()], false);
    check("a newer registration can", &[ConsentSignal { subject: crm(), ..later(&yes) }, erased.clone()], true);
    check("an older one cannot", &[ConsentSignal { subject: crm(), ..yes }, later(&erased)], false);
}

#[test]
fn a_merge_takes_the_intersection_and_an_unmerge_restores() {
    let yes = ConsentSignal { decided_at: day(600), ..signal(Decision::OptIn) };
    let no = ConsentSignal { subject: crm(), ..signal(Decision::OptOut) };
    let signals = [yes, no];
    let cell = Cell::PERSONALISE_ONSITE;
    assert!(eligible(&[&[app()]], &signals, cell), "the app's own");
    assert!(!eligible(&[&[crm()]], &signals, cell), "the CRM's own");
    assert!(!eligible(&[&[app()], &[crm()]], &signals, cell), "merged on a probable match");
    assert!(!eligible(&[&[crm()], &[app()]], &signals, cell), "merged the other way round");
    let pending = [signals[0].clone(), ConsentSignal { decision: Decision::Pending, ..signals[1].clone() }];
    assert!(!eligible(&[&[app()], &[crm()]], &pending, cell), "a side that has not finished agreeing has not agreed");
    assert!(eligible(&[&[app(), crm()]], &signals, cell), "one human for certain: the later evidenced yes answers");
}

#[test]
fn a_record_that_may_be_theirs_can_refuse_and_nothing_else() {
    let with = |signals: &[ConsentSignal]| {
        let (groups, doubtful) = (vec![vec![app()]], vec![vec![crm()]]);
        let person = PersonSubject { person: PERSON, groups, doubtful, markets: vec![Market::Singapore] };
        let decided = decide(&[person], signals, NOW, &Policy::default());
        decided.snapshot.permits(PERSON, Cell::PERSONALISE_ONSITE)
    };
    let yes = signal(Decision::OptIn);
    let other = |decision| ConsentSignal { subject: crm(), ..signal(decision) };
    assert!(!with(&[other(Decision::OptIn)]), "its yes is not theirs");
    assert!(with(&[yes.clone(), other(Decision::OptIn)]));
    assert!(with(&[yes.clone(), other(Decision::Pending)]));
    assert!(!with(&[yes.clone(), other(Decision::OptOut)]));
    assert!(!with(&[yes, other(Decision::Redacted)]));
}

#[test]
fn people_without_a_market_or_unknown_people_are_refused() {
    let person = PersonSubject { person: PERSON, groups: vec![vec![app()]], doubtful: vec![], markets: vec![] };
    let decided = decide(&[person], &[signal(Decision::OptIn)], NOW, &Policy::default());
    assert!(!decided.snapshot.permits(PERSON, Cell::PERSONALISE_ONSITE));
    assert_eq!(decided.report.people_without_market, 1);
    assert!(!decided.snapshot.permits(PersonId(8), Cell::PERSONALISE_ONSITE));
}

#[test]
fn admit_keeps_rows_of_those_who_agreed_and_counts_the_rest() {
    struct Row(u64);
    impl Subject for Row {
        fn person(&self) -> PersonId {
            PersonId(self.0)
        }
    }
    let person =
        PersonSubject { person: PERSON, groups: vec![vec![app()]], doubtful: vec![], markets: vec![Market::Singapore] };
    let decided = decide(&[person], &[signal(Decision::OptIn)], NOW, &Policy::default());
    let (rows, refused) = decided.snapshot.admit(Cell::PERSONALISE_ONSITE, vec![Row(7), Row(8), Row(7)]);
    assert_eq!((rows.get().len(), refused.rows), (2, 1));
    assert_eq!(rows.root(), decided.snapshot.root());
}

fn any_signal() -> impl Strategy<Value = ConsentSignal> {
    use Decision::{Expired, OptIn, OptOut, Pending, Redacted, Unknown, Withdrawn};
    let decision =
        prop::sample::select(vec![OptIn, OptIn, OptIn, OptOut, Withdrawn, Pending, Expired, Redacted, Unknown]);
    let mechanism = prop::sample::select(vec![Mechanism::PreferenceCentre, Mechanism::DoubleOptIn, Mechanism::Import]);
    let contact = prop::option::of(prop::sample::select(vec!["a".to_owned(), "b".to_owned()]));
    let when = prop::option::of(490_i64..500);
    (decision, mechanism, contact, when, any::<bool>(), any::<bool>(), 0..2_usize).prop_map(
        |(decision, mechanism, contact_point, when, evidenced, from_app, channel)| ConsentSignal {
            signal_id: "s".to_owned(),
            subject: if from_app { app() } else { crm() },
            decision,
            mechanism,
            contact_point,
            decided_at: when.and_then(day),
            evidence: evidenced.then(|| "e".to_owned()),
            channel: [None, Some(Channel::Onsite)][channel],
            ..signal(decision)
        },
    )
}

proptest! {
    #[test]
    fn an_opt_out_never_makes_anyone_eligible(
        signals in prop::collection::vec(any_signal(), 0..6),
        refusal in any_signal(),
        together in any::<bool>(),
    ) {
        let refusal = ConsentSignal { decision: Decision::OptOut, ..refusal };
        let groups: &[&[RecordKey]] = if together { &[&[app(), crm()]] } else { &[&[app()], &[crm()]] };
        let groups: Vec<&[RecordKey]> = groups.to_vec();
        let with: Vec<_> = signals.iter().cloned().chain([refusal]).collect();
        for cell in Cell::all() {
            prop_assert!(eligible(&groups, &signals, cell) || !eligible(&groups, &with, cell));
        }
    }

    #[test]
    fn neither_order_nor_repetition_matters(
        signals in prop::collection::vec(any_signal(), 0..6).prop_shuffle(),
        turn in 0..6_usize,
    ) {
        let person = |groups| PersonSubject { person: PERSON, groups, doubtful: vec![], markets: vec![Market::Singapore] };
        let root = |groups, signals: &[ConsentSignal]| {
            decide(&[person(groups)], signals, NOW, &Policy::default()).snapshot.root()
        };
        let one = || vec![vec![app()], vec![crm()]];
        let other = || vec![vec![crm()], vec![app()]];
        let mut turned = signals.clone();
        turned.rotate_left(turn.min(signals.len()));
        turned.extend(signals.clone());
        prop_assert_eq!(root(one(), &signals), root(one(), &turned));
        prop_assert_eq!(root(one(), &signals), root(other(), &turned));
    }

    #[test]
    fn certainty_can_only_widen_what_a_merge_permits(signals in prop::collection::vec(any_signal(), 0..6)) {
        let (app, crm) = (app(), crm());
        let apart: [&[RecordKey]; 2] = [std::slice::from_ref(&app), std::slice::from_ref(&crm)];
        let alone = |r: &RecordKey, cell| eligible(&[std::slice::from_ref(r)], &signals, cell);
        for cell in Cell::all() {
            let merged = eligible(&apart, &signals, cell);
            prop_assert!(!merged || alone(&app, cell) || alone(&crm, cell), "a merge gives nobody what neither side had");
        }
    }
}
