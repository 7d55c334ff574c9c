//! What people and systems get wrong: empty and hostile input, crowds on one value, contradictions. One case, one rule.

mod support;

use std::ops::Deref;

use kenal_identity::{Basket, Config, Input, Known, Refusal, Resolution, ResolveError, Tier, resolve};
use kenal_types::{ContactPoint, CustomerRecord, Date, PersonId, RecordKey, System};
use support::{Solved, contact, named, record};

impl Deref for Solved {
    type Target = Resolution;
    fn deref(&self) -> &Resolution {
        &self.found
    }
}

fn solve(records: &[CustomerRecord]) -> Solved {
    Solved::of(records, &[], &Config::default())
}

fn person(solved: &Solved, record: &CustomerRecord) -> Option<PersonId> {
    solved.persons()[&record.key]
}

fn together(found: &Solved, a: &CustomerRecord, b: &CustomerRecord) -> bool {
    person(found, a).is_some() && person(found, a) == person(found, b)
}

fn with_email(mut row: CustomerRecord, email: &str) -> CustomerRecord {
    row.emails.push(contact(email));
    row
}

fn with_phone(mut row: CustomerRecord, phone: &str) -> CustomerRecord {
    row.phones.push(contact(phone));
    row
}

fn born(mut row: CustomerRecord, day: &str) -> CustomerRecord {
    row.birth_date = Some(day.parse().expect("a day"));
    row
}

#[test]
fn nothing_and_next_to_nothing() {
    let found = solve(&[]);
    assert!(found.tiers.is_empty() && found.links.is_empty() && found.review.is_empty());
    assert_eq!(found.report.unified_share(), 0.0);
    let found = solve(&[named(System::Shopify, "1", "Mei Tan")]);
    assert_eq!((found.tiers[0], found.found.persons[0]), (Tier::Unmatched, None));
    let empty: Vec<CustomerRecord> = (0..50).map(|n| record(System::App, &n.to_string())).collect();
    let found = solve(&empty);
    assert_eq!(found.report.records_by_tier, [0, 0, 0, 50]);
    assert!(!found.report.to_string().is_empty() && !found.model.to_string().is_empty());
}

#[test]
fn non_values_match_nobody() {
    let row = |id: &str| {
        let mut row = named(System::Zendesk, id, "n/a");
        row.emails = vec![contact("n/a"), contact("test@shop.sg"), contact("none@none.com")];
        row.phones = vec![contact("0000000"), contact("+65 0000 0000")];
        row.devices = vec!["00000000-0000-0000-0000-000000000000".to_owned()];
        row.birth_date = Some(Date(0));
        row.postcode = Some("00000".to_owned());
        row.external_ids = vec!["0".to_owned(), "N/A".to_owned(), String::new()];
        row
    };
    let found = solve(&[row("1"), row("2"), row("3")]);
    assert_eq!(found.report.records_by_tier, [0, 0, 0, 3]);
    assert_eq!(found.report.candidates, 0);
}

#[test]
fn a_trustworthy_email_or_phone_decides_whatever_its_spelling() {
    let rows = [
        with_email(named(System::Shopify, "1", "Mei Ling Tan"), "Mei.Tan+shop@gmail.com"),
        with_email(named(System::Warehouse, "2", "TAN MEI LING"), "meitan@googlemail.com"),
        with_phone(named(System::Zendesk, "3", "Raju a/l Muthu"), "+65 9123 4567"),
        with_phone(record(System::App, "4"), "0065 91234567"),
    ];
    let found = solve(&rows);
    assert!(together(&found, &rows[0], &rows[1]) && together(&found, &rows[2], &rows[3]));
    assert!(found.tiers.iter().all(|&t| t == Tier::Deterministic));
    assert!(!together(&found, &rows[0], &rows[2]));
    assert_eq!(found.rule_name(found.links[0].rule).split(' ').next(), Some("trustworthy"));
}

#[test]
fn a_shared_phone_or_a_flagged_one_is_no_proof() {
    let flagged = ContactPoint { value: "+6591234567".to_owned(), verified: true, shared: true };
    let mut caller = record(System::Zendesk, "1");
    caller.phones.push(flagged);
    let rows = [caller, with_phone(record(System::Warehouse, "2"), "+6591234567")];
    assert_eq!(solve(&rows).report.links_deterministic, 0);
    let rows = [
        with_phone(named(System::Shopify, "1", "Mei Tan"), "+6598765432"),
        with_phone(named(System::Warehouse, "2", "Ah Kow Lim"), "+6598765432"),
        with_phone(record(System::Zendesk, "3"), "+6598765432"),
    ];
    let found = solve(&rows);
    assert_eq!((found.report.links_deterministic, found.report.trust.phones.several_people), (0, 1));
    assert!(!together(&found, &rows[0], &rows[1]));
}

#[test]
fn parent_and_child_of_one_name_and_email_are_two() {
    let rows = [
        born(with_email(named(System::Shopify, "1", "Ali Hassan"), "ali@hassan.my"), "1960-05-17"),
        born(with_email(named(System::Warehouse, "2", "Ali Hassan"), "ali@hassan.my"), "1992-11-03"),
    ];
    let found = solve(&rows);
    assert!(!together(&found, &rows[0], &rows[1]));
    assert_eq!(found.report.trust.emails.several_people, 1);
}

#[test]
fn merges_and_account_ids_of_the_systems_are_honoured() {
    let mut merged = named(System::Salesforce, "old", "M Tan-Lee");
    (merged.merged_into, merged.deleted) = (Some(RecordKey::new(System::Salesforce, "new")), true);
    let survivor = named(System::Salesforce, "new", "Mei Tan");
    let mut ticket = record(System::Zendesk, "7");
    ticket.external_ids.push("12".to_owned());
    let shop = named(System::Shopify, "12", "Raju Muthu");
    let mut other = record(System::Zendesk, "8");
    other.external_ids.push("404".to_owned());
    let mut twin = record(System::Zendesk, "9");
    twin.external_ids.push("shopify:404".to_owned());
    let rows = [merged, survivor, ticket, shop, other, twin];
    let found = solve(&rows);
    assert!(together(&found, &rows[0], &rows[1]), "a merge in the CRM");
    assert!(together(&found, &rows[2], &rows[3]), "an account id");
    assert!(together(&found, &rows[4], &rows[5]), "two records that name one absent account");
    assert_eq!(found.report.persons, 3);
}

#[test]
fn a_device_alone_never_joins() {
    let mut a = named(System::App, "user/1", "Mei Tan");
    a.devices.push("b5372db0-c21e-11e4".to_owned());
    let mut b = record(System::App, "user/2");
    b.devices.push("B5372DB0-C21E-11E4".to_owned());
    let rows = [a, b];
    let found = solve(&rows);
    assert!(!together(&found, &rows[0], &rows[1]));
    assert_eq!(found.report.candidates, 1);
}

#[test]
fn a_device_belongs_to_the_only_account_that_was_signed_in_on_it() {
    let with = |mut row: CustomerRecord| {
        row.devices.push("b5372db0-c21e-11e4".to_owned());
        row
    };
    let device = with(record(System::App, "device/anonymous-1"));
    let rows = [device, with(named(System::App, "user/1", "Mei Tan"))];
    assert!(together(&solve(&rows), &rows[0], &rows[1]));
    let rows = [rows[0].clone(), rows[1].clone(), with(named(System::App, "user/2", "Wei Tan"))];
    let found = solve(&rows);
    assert!(!together(&found, &rows[0], &rows[1]) && !together(&found, &rows[0], &rows[2]), "two accounts: nobody's");
}

#[test]
fn a_hundred_thousand_records_on_one_phone_do_not_explode() {
    let row = |n: u32| {
        with_phone(named(System::Warehouse, &n.to_string(), &format!("Person{} Number{}", n % 700, n)), "91234567")
    };
    let mut rows: Vec<CustomerRecord> = (0..100_000).map(row).collect();
    for row in &mut rows {
        row.country = Some("Singapore".to_owned());
    }
    let found = solve(&rows);
    assert_eq!(found.report.trust.phones.too_many_records, 1);
    assert!(found.report.candidates < 2_000_000, "{}", found.report.candidates);
    assert!(found.report.persons_by_size.iter().all(|&(size, _)| size <= 64));
    let rule = found.report.blocking.iter().find(|r| r.rule == "phone").expect("the rule");
    assert_eq!((rule.capped_blocks, rule.largest_block_records), (1, 100_000));
    assert!(rule.pairs_left_out > 4_000_000_000);
}

#[test]
fn a_hundred_thousand_records_without_names_on_one_phone_stay_apart() {
    let rows: Vec<CustomerRecord> =
        (0..100_000).map(|n| with_phone(record(System::App, &n.to_string()), "+6591234567")).collect();
    let found = solve(&rows);
    assert_eq!(found.report.links_deterministic, 0);
    assert_eq!(found.report.persons, 0);
}

#[test]
fn very_long_and_strange_texts() {
    let long = "é\u{301}".repeat(2_000_000);
    let strange =
        ["\u{202E}محمد \u{200F}علي", "e\u{301}\u{301}\u{301} Z̷̛a̷l̷g̷o̷", "👩‍👩‍👧‍👦 \u{0}\u{FFFF}", "שָׁלוֹם", &long, "((((((((("];
    let rows: Vec<CustomerRecord> = strange
        .iter()
        .flat_map(|text| {
            [1, 2].map(|copy| CustomerRecord {
                given_name: Some((*text).to_owned()),
                family_name: Some((*text).to_owned()),
                street: Some((*text).to_owned()),
                city: Some((*text).to_owned()),
                postcode: Some((*text).to_owned()),
                emails: vec![contact(text), contact(&format!("{text}@{text}.sg"))],
                phones: vec![contact(text)],
                devices: vec![(*text).to_owned()],
                external_ids: vec![(*text).to_owned()],
                ..record(System::Shopify, &format!("{copy}{}", text.len()))
            })
        })
        .collect();
    assert_eq!(solve(&rows).tiers.len(), rows.len());
}

#[test]
fn declared_mistakes_are_errors() {
    let rows = [named(System::Shopify, "1", "A B"), named(System::Shopify, "1", "A B")];
    let key = "shopify:1".to_owned();
    let take = |records: &[CustomerRecord], baskets: &[(u32, Basket)]| Input { records, baskets }.take();
    assert_eq!(take(&rows, &[]).expect_err("a mistake"), ResolveError::DuplicateRecord { key: key.clone() });
    let basket = (1, Basket { order_number: None, day: Date(0), items: vec![] });
    let expected = ResolveError::NoSuchRecord { record: 1, what: "a basket", records: 1 };
    assert_eq!(take(&rows[..1], &[basket]).expect_err("a mistake"), expected);
    let run = |known: &Known, config: &Config| {
        resolve(&mut take(&rows[..1], &[]).expect("one record"), known, config).expect_err("a mistake")
    };
    let prior = [(0, PersonId(1)), (0, PersonId(2))];
    let known = Known { prior: &prior, ..Known::default() };
    assert_eq!(run(&known, &Config::default()), ResolveError::PriorConflict { key });
    let known = Known { prior: &[(7, PersonId(1))], ..Known::default() };
    assert!(matches!(run(&known, &Config::default()), ResolveError::NoSuchRecord { record: 7, .. }));
    let config = Config { link_probability_min: 2.0, ..Config::default() };
    assert!(matches!(run(&Known::default(), &config), ResolveError::BadSetting { .. }));
}

#[test]
fn a_bridge_between_two_verified_accounts_goes_to_review() {
    let verified = |id: &str, email: &str, day: &str| {
        let mut row = born(named(System::Shopify, id, "Mei Ling Tan"), day);
        row.emails.push(ContactPoint { value: email.to_owned(), verified: true, shared: false });
        row
    };
    let mut bridge = named(System::Zendesk, "3", "Mei Ling Tan");
    bridge.emails = vec![contact("mei.tan@one.sg"), contact("tanmeiling@two.sg")];
    let rows =
        [verified("1", "mei.tan@one.sg", "1980-02-03"), verified("2", "tanmeiling@two.sg", "1994-07-28"), bridge];
    let found = solve(&rows);
    assert!(!together(&found, &rows[0], &rows[1]));
    let refused: Vec<Refusal> = found.review.iter().map(|r| r.reason).collect();
    assert!(refused.iter().any(|r| matches!(r, Refusal::BirthDates | Refusal::Accounts)), "{refused:?}");
}

#[test]
fn ids_survive_merges_and_splits() {
    let a = with_email(named(System::Shopify, "1", "Mei Tan"), "mei.tan@tanfamily.sg");
    let b = with_email(named(System::Warehouse, "2", "Mei Tan"), "mei.tan@tanfamily.sg");
    let c = with_phone(named(System::Zendesk, "3", "Mei Tan"), "+6591234567");
    let d = with_phone(named(System::Salesforce, "4", "Mei Tan"), "+6591234567");
    let apart = [a.clone(), b.clone(), c.clone(), d.clone()];
    let first = solve(&apart);
    let (left, right) = (person(&first, &a).expect("left"), person(&first, &c).expect("right"));
    assert_ne!(left, right);
    // The Zendesk user adds the email: one person now. The older keeps the id.
    let mut joined = apart.clone();
    joined[2].emails.push(contact("mei.tan@tanfamily.sg"));
    joined[3].created_at = Some(kenal_types::Timestamp(5));
    let run = |records: &[CustomerRecord], prior: &[(RecordKey, PersonId)]| {
        Solved::knowing(records, &[], &Config::default(), prior)
    };
    let second = run(&joined, &first.prior());
    assert_eq!(person(&second, &a), Some(right), "the older id survives");
    assert_eq!(second.redirects, [kenal_identity::Redirect { from: left, to: right }]);
    // The email is withdrawn again: both are who they were.
    let third = run(&apart, &second.prior());
    let now = [person(&third, &a), person(&third, &c)];
    assert!(now.contains(&Some(right)) && now[0] != now[1], "{now:?}");
    // Everybody gone.
    let last = run(&[], &second.prior());
    assert!(last.tiers.is_empty() && last.redirects.is_empty());
}
