//! Values worked out by hand, and the rows made for training.

use crate::people::day;
use kenal_consent::{Cell, Consented, PersonSubject, Policy, Snapshot, decide};
use kenal_features::registry::position;
use kenal_features::rows::ChurnLabel;
use kenal_features::{
    Activity, Device, Extractor, Loyalty, LoyaltyStatus, Presence, Profile, Purchase, Rating, RowsError, TicketFact,
    Timeline, When, compute, registry, serving_rows, training_rows,
};
use kenal_types::{
    Channel, ConsentSignal, Decision, EventKind, Market, Mechanism, PersonId, Purpose, RecordKey, System,
    TicketChannel, TicketPriority, Timestamp,
};

fn at(days: i64, hours: i64) -> When {
    let t = Timestamp::from_seconds(day(days).seconds() + hours * 3600);
    When { happened_at: t, known_at: t }
}

fn purchase(when: When, order: u32, item: u32, category: u16, quantity: i32, price_sgd: f32) -> Purchase {
    Purchase {
        when,
        order,
        item: Some(item),
        category: Some(category),
        quantity,
        price_sgd,
        discount_sgd: Some(0.0),
        device: Some(Device::Ios),
        voided: None,
    }
}

fn view(when: When, category: u16, kind: EventKind) -> Activity {
    Activity { when, kind, item: Some(7), category: Some(category), device: Some(Device::Android) }
}

/// Orders on days 0, 10 and 30; a cancelled one on day 31; a return; two visits; two tickets. The cut is day 40.
fn somebody(person: u64) -> Timeline {
    let purchases = vec![
        purchase(at(0, 2), 1, 100, 1, 2, 10.0),
        Purchase { item: None, discount_sgd: None, ..purchase(at(0, 2), 1, 101, 2, 1, 20.0) },
        Purchase { discount_sgd: Some(8.0), ..purchase(at(10, 2), 2, 100, 1, 1, 40.0) },
        purchase(at(30, 2), 3, 102, 2, 1, 20.0),
        Purchase { voided: Some(at(32, 0)), ..purchase(at(31, 2), 4, 103, 3, 9, 99.0) },
        purchase(at(35, 2), 5, 101, 2, -1, 20.0),
    ];
    let tickets = vec![
        TicketFact {
            when: at(12, 0),
            channel: TicketChannel::Phone,
            priority: TicketPriority::Urgent,
            escalated: None,
            solved: Some(at(13, 12)),
            rating: Some(Rating { when: at(14, 0), good: false }),
        },
        TicketFact {
            when: at(39, 0),
            channel: TicketChannel::Email,
            priority: TicketPriority::Normal,
            escalated: Some(at(39, 6)),
            solved: Some(at(41, 0)),
            rating: Some(Rating { when: at(42, 0), good: true }),
        },
    ];
    let activities = vec![
        view(at(36, 12), 1, EventKind::ItemViewed),
        view(at(36, 12), 2, EventKind::ItemViewed),
        view(at(38, 20), 1, EventKind::ItemViewed),
        view(at(38, 20), 1, EventKind::CartAdded),
    ];
    let profile = Profile {
        presences: vec![
            Presence { when: at(-20, 0), system: System::Shopify, market: Some(Market::Thailand) },
            Presence { when: at(5, 0), system: System::App, market: None },
            Presence { when: at(50, 0), system: System::Zendesk, market: Some(Market::Singapore) },
        ],
        loyalty: Some(Loyalty { joined: at(20, 0), status: Some(LoyaltyStatus { when: at(25, 0), active: true }) }),
    };
    Timeline::new(PersonId(person), purchases, tickets, activities, profile)
}

#[test]
fn values_by_hand() {
    let mut out = vec![0.0; registry().len()];
    compute(&somebody(1), day(40), &mut out);
    for (name, expected) in [
        ("orders_ever", 3.0),
        ("orders_7d", 0.0),
        ("orders_30d", 2.0),
        ("spend_ever", 100.0),
        ("spend_30d", 60.0),
        ("order_value_mean_ever", 100.0 / 3.0),
        ("order_value_last", 20.0),
        ("order_value_max", 40.0),
        ("order_value_last_to_mean", 0.6),
        ("units_90d", 5.0),
        ("returned_units_90d", 1.0),
        ("return_share_365d", 0.2),
        ("returned_spend_365d", 20.0),
        ("cancelled_orders_90d", 1.0),
        ("recency_days", 10.0 - 2.0 / 24.0),
        ("tenure_days", 40.0 - 2.0 / 24.0),
        ("gap_mean_days", 15.0),
        ("gap_last_days", 20.0),
        ("gap_longest_days", 20.0),
        ("gap_spread", 50f64.sqrt() / 15.0),
        ("gap_last_to_mean", 20.0 / 15.0),
        ("orders_change_90", 3.0),
        ("items_ever", 2.0),
        ("items_30d", 2.0),
        ("lines_per_order_90d", 4.0 / 3.0),
        // 60 of 100 in category 1.
        ("category_top_share_365d", 0.6),
        ("category_entropy_365d", -(0.6 * 0.6f64.log2() + 0.4 * 0.4f64.log2())),
        ("category_view_match_365d", 2.0 / 3.0),
        ("category_last_is_top_365d", 0.0),
        // Pairs of item and order: (100, 1) (100, 2) (102, 3); one of the three is a repeat.
        ("repeat_item_share", 1.0 / 3.0),
        ("sessions_7d", 2.0),
        ("views_30d", 3.0),
        ("viewed_items_30d", 1.0),
        ("carts_per_view_90d", 1.0 / 3.0),
        ("cart_left_behind", 1.0),
        ("session_recency_days", 40.0 - 38.0 - 20.0 / 24.0),
        ("orders_ios_share_365d", 1.0),
        ("sessions_android_share_365d", 1.0),
        // Bangkok is 7 hours ahead: orders at 9, visits at 19 on day 36 and at 3 on day 39.
        ("morning_share_365d", 0.6),
        ("evening_share_365d", 0.2),
        ("night_share_365d", 0.2),
        // Days 0 (1 January 2023) and 35 are Sundays; the order of day 0 counts, the return of day 35 does not.
        ("weekend_share_365d", 0.2),
        ("tickets_90d", 2.0),
        ("urgent_tickets_90d", 1.0),
        ("phone_ticket_share_365d", 0.5),
        ("tickets_open", 1.0),
        ("bad_ratings_365d", 1.0),
        ("good_rating_share_365d", 0.0),
        ("resolution_hours_mean_365d", 36.0),
        ("ticket_recency_days", 1.0),
        ("loyalty_tenure_days", 20.0),
        ("records", 2.0),
        ("systems", 2.0),
        ("record_age_days", 60.0),
        ("days_from_record_to_order", 20.0 + 2.0 / 24.0),
        ("in_app", 1.0),
        ("never_ordered", 0.0),
        ("discount_90d", 8.0),
        // 80 of the 100 SGD are of lines that say what they were reduced by.
        ("discount_share_365d", 0.1),
        ("discounted_order_share_365d", 1.0 / 3.0),
        ("discount_last_share", 0.0),
        ("unit_price_max_365d", 40.0),
        ("return_recency_days", 5.0 - 2.0 / 24.0),
        ("cancelled_order_share_365d", 0.25),
        ("escalated_tickets_90d", 1.0),
        ("ticket_open_age_days", 1.0),
        ("resolution_hours_last", 36.0),
        ("resolution_hours_max_365d", 36.0),
        ("rating_last_good", 0.0),
        ("unrated_ticket_share_365d", 0.5),
        ("tickets_change_90", 2.0),
        ("active_days_30d", 2.0),
        ("session_share_7_of_30", 1.0),
        ("gap_shortest_days", 10.0),
        ("recency_to_longest_gap", (10.0 - 2.0 / 24.0) / 20.0),
        ("spend_share_90_of_365", 1.0),
        ("category_view_top_share_365d", 2.0 / 3.0),
        ("categories_new_90d", 2.0),
        ("order_weekend_share_365d", 1.0 / 3.0),
        ("devices_365d", 2.0),
        ("loyalty_active", 1.0),
        // Of three orders, that of day 30: 20 SGD in 20 days.
        ("loyalty_orders", 1.0),
        ("loyalty_order_share", 1.0 / 3.0),
        ("loyalty_spend_per_day", 1.0),
        ("new_customer_90", 1.0),
        ("lapsed_365", 0.0),
        ("came_back", 0.0),
        ("item_unknown_share_365d", 0.25),
        ("category_unknown_share_365d", 0.0),
        ("order_device_unknown_share_365d", 0.0),
        ("market_unknown", 0.0),
    ] {
        let got = f64::from(out[position(name).unwrap_or_else(|| panic!("no feature {name}"))]);
        assert!((got - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{name}: {got} is not {expected}");
    }
}

#[test]
fn nobody_has_zeros_and_nothing_else() {
    let nobody = Timeline::new(PersonId(0), vec![], vec![], vec![], Profile::default());
    let mut out = vec![1.0; registry().len()];
    compute(&nobody, day(40), &mut out);
    for (f, v) in registry().iter().zip(&out) {
        let never_null = f.null.starts_with("never null");
        assert_eq!(never_null, !v.is_nan(), "{}: {v}, but its null means {:?}", f.name, f.null);
        let flag = f.name.starts_with("never_") || f.name == "market_unknown";
        assert!(v.is_nan() || *v == if flag { 1.0 } else { 0.0 }, "{}: {v}", f.name);
    }
}

/// Everybody but person 3 agrees to training; nobody to being personalised.
fn snapshot(people: u64) -> Snapshot {
    snapshot_of(&(1..=people).collect::<Vec<_>>(), Purpose::Train)
}

/// Everybody but person 3 agrees to one purpose, on every channel.
fn snapshot_of(people: &[u64], purpose: Purpose) -> Snapshot {
    let key = |id: u64| RecordKey::new(System::App, format!("user/{id}"));
    let subject = |id| PersonSubject {
        person: PersonId(id),
        doubtful: vec![],
        groups: vec![vec![key(id)]],
        markets: vec![Market::Singapore],
    };
    let subjects: Vec<PersonSubject> = people.iter().map(|&id| subject(id)).collect();
    let signal = |id: u64| ConsentSignal {
        signal_id: format!("s{id}"),
        subject: key(id),
        purpose,
        channel: None,
        market: None,
        decision: if id == 3 { Decision::OptOut } else { Decision::OptIn },
        mechanism: Mechanism::PreferenceCentre,
        contact_point: None,
        decided_at: Some(day(0)),
        known_at: Some(day(0)),
        effective_to: None,
        evidence: Some("notice 1".into()),
        sequence: 1,
    };
    let signals: Vec<ConsentSignal> = people.iter().map(|&id| signal(id)).collect();
    decide(&subjects, &signals, day(200), &Policy::default()).snapshot
}

#[test]
fn a_reader_for_advertising_learns_nothing_of_complaints() {
    let (personalised, advertised) =
        (Cell::PERSONALISE_ONSITE, Cell { purpose: Purpose::Market, channel: Channel::Email });
    let everybody = |cell| {
        let mut snapshot = snapshot_of(&[1], Purpose::Personalise);
        if cell == advertised {
            snapshot = snapshot_of(&[1], Purpose::Market);
        }
        snapshot.admit(cell, vec![somebody(1)]).0
    };
    let tickets = position("tickets_90d").expect("there");
    let orders = position("orders_ever").expect("there");
    let page = serving_rows(&everybody(personalised), day(40));
    let mail = serving_rows(&everybody(advertised), day(40));
    assert_eq!((page.values[tickets], page.values[orders]), (2.0, 3.0));
    assert!(mail.values[tickets].is_nan());
    assert_eq!(mail.values[orders], 3.0);
    let mut row = vec![0.0; registry().len()];
    Extractor::new().compute_for(&somebody(1), day(40), Purpose::Market, &mut row);
    assert_eq!(crate::people::bits(&row), crate::people::bits(&mail.values));
}

#[test]
fn training_rows_are_of_consenting_buyers_with_known_labels() {
    let moved = |person: u64, days: &[i64]| {
        let purchases = days.iter().zip(1..).map(|(&d, order)| purchase(at(d, 0), order, 1, 1, 1, 5.0)).collect();
        Timeline::new(PersonId(person), purchases, vec![], vec![], Profile::default())
    };
    let timelines = vec![
        moved(1, &[5, 45]),
        moved(2, &[5, 95]),
        moved(3, &[5, 45]),
        moved(4, &[45]),
        moved(5, &[5, 40]),
        moved(6, &[5, 70]),
    ];
    let (consented, refused) = snapshot(6).admit(Cell::TRAIN, timelines.clone());
    assert_eq!((consented.get().len(), refused.rows), (5, 1));
    let label = ChurnLabel { horizon_days: 30, complete_until: day(100) };
    let rows = training_rows(&consented, &[day(40), day(60)], label).expect("labels are known");
    let got: Vec<_> = rows.people.iter().zip(&rows.cuts).zip(&rows.labels).map(|((p, c), l)| (p.0, *c, *l)).collect();
    let (a, b) = (day(40), day(60));
    // Person 5's second purchase is at the first cut itself, so in its horizon; person 6's on day 70 is not, by a moment.
    let expected = [
        (1, a, false),
        (2, a, true),
        (5, a, false),
        (6, a, true),
        (1, b, true),
        (2, b, true),
        (4, b, true),
        (5, b, true),
        (6, b, false),
    ];
    assert_eq!(got, expected);
    assert_eq!((rows.values.len(), rows.consent_root), (9 * registry().len(), consented.root()));

    let mut row = vec![0.0; registry().len()];
    compute(&timelines[3], b, &mut row);
    assert_eq!(crate::people::bits(&rows.values[6 * rows.width..][..rows.width]), crate::people::bits(&row));
    let served = serving_rows(&consented, b);
    assert_eq!(served.people.iter().map(|p| p.0).collect::<Vec<_>>(), [1, 2, 4, 5, 6]);
    assert_eq!(crate::people::bits(&served.values[2 * served.width..][..served.width]), crate::people::bits(&row));

    let late = ChurnLabel { complete_until: Timestamp(day(90).0 - 1), ..label };
    let error = training_rows(&consented, &[day(40), day(60)], late).expect_err("not known");
    assert!(matches!(error, RowsError::LabelNotKnown { cut, until, .. } if cut == b && until == day(90)), "{error}");
    let none = ChurnLabel { horizon_days: 0, ..label };
    assert_eq!(training_rows(&consented, &[a], none), Err(RowsError::NoHorizon));
    let other: Consented<Vec<Timeline>> = snapshot(6).admit_any(&[Cell::TRAIN, Cell::PERSONALISE_ONSITE], timelines).0;
    assert_eq!(training_rows(&other, &[a], label), Err(RowsError::NotForTraining));
}

#[test]
fn a_purchase_that_arrives_late_labels_but_does_not_explain() {
    let mut late = purchase(at(38, 0), 2, 1, 1, 1, 5.0);
    late.when.known_at = day(80);
    let mut after = purchase(at(50, 0), 3, 1, 1, 1, 5.0);
    after.when.known_at = day(90);
    let first = purchase(at(5, 0), 1, 1, 1, 1, 5.0);
    let timeline = Timeline::new(PersonId(1), vec![first, late, after], vec![], vec![], Profile::default());
    let (consented, _) = snapshot(1).admit(Cell::TRAIN, vec![timeline]);
    let label = ChurnLabel { horizon_days: 30, complete_until: day(100) };
    let rows = training_rows(&consented, &[day(40)], label).expect("labels are known");
    assert_eq!(rows.labels, [false], "the truth, whenever it was learnt");
    assert_eq!(rows.values[position("orders_ever").expect("there")], 1.0, "what was known on day 40");
}
