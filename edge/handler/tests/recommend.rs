//! The edge over the test shop: the shared cases, what is missing, what is refused.

mod shop;

use std::collections::BTreeSet;

use kenal_bundle::{BundleError, File, VisitorKey, verify, write_revocation_update};
use kenal_edge::{
    Consent, Edge, EdgeError, FallbackReason, Kind, LiveEvent, LiveKind, MANIFEST_NAME, REVOCATIONS_NAME, Request,
    RequestError, Store, StoreError,
};
use shop::cases::{self, Case, Expected};
use shop::{NOW, Shop, visitors};

/// The files of a bundle in memory; a test changes them as it needs.
struct Memory(Vec<File>);

impl Memory {
    fn new() -> Self {
        Memory(Shop::default().files())
    }

    fn file(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.0.iter_mut().find(|file| file.name == name).expect("such a file").bytes
    }

    fn manifest(&mut self) -> Vec<u8> {
        self.file(MANIFEST_NAME).clone()
    }

    fn open(&self) -> Edge {
        kenal_edge::store::open(self, &shop::key(), NOW).expect("the shop opens")
    }

    fn refusal(&self) -> EdgeError {
        kenal_edge::store::open(self, &shop::key(), NOW).expect_err("refused")
    }
}

impl Store for Memory {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.iter().find(|file| file.name == name).map(|file| file.bytes.clone()))
    }
}

/// The visitor's shard, as a host would fetch it.
fn shard(edge: &Edge, store: &Memory, visitor: &str) -> Vec<u8> {
    let name = edge.shard_for(visitor).expect("the bundle has users").section_name();
    let shard = store.get(&name).expect("memory").expect("a shard");
    edge.verify_shard(&shard, visitor).expect("the shard verifies");
    shard
}

fn answer(edge: &Edge, store: &Memory, case: &Case) -> kenal_edge::Response {
    let visitor = case.request.visitor.as_deref().filter(|_| case.row);
    let shard = visitor.map(|visitor| (shard(edge, store, visitor), visitor));
    let row = shard.as_ref().and_then(|(shard, visitor)| edge.row_from_shard(shard, visitor).expect("a shard"));
    edge.recommend(&case.request, row.as_deref()).expect(&case.name)
}

fn granted(visitor: &str) -> Request {
    Request { visitor: Some(visitor.into()), consent: Consent::Granted, ..Request::new("SG", NOW) }
}

#[test]
fn the_cases_are_answered_as_written_down() {
    let store = Memory::new();
    let edge = store.open();
    let list = cases::load();
    for case in &list.cases {
        let response = answer(&edge, &store, case);
        assert_eq!(Expected::of(&response), case.expected, "{}", case.name);
        assert_eq!(response.personalised, response.fallback_reason.is_none(), "{}", case.name);
        assert!(response.items.len() <= case.request.k as usize, "{}", case.name);
        let distinct: BTreeSet<&str> = response.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(distinct.len(), response.items.len(), "{}: an item twice", case.name);
    }
    let reasons: BTreeSet<&str> =
        list.cases.iter().filter_map(|c| c.expected.fallback_reason).map(FallbackReason::name).collect();
    let all = "bundle_expired consent_denied gpc no_consent no_history no_visitor revoked shard_unreadable";
    assert_eq!(reasons.into_iter().collect::<Vec<_>>().join(" "), all, "the list covers every reason a host can cause");
}

#[test]
fn an_answer_says_what_it_rests_on() {
    let store = Memory::new();
    let edge = store.open();
    let response = edge.recommend(&Request::new("MY", NOW), None).expect("an answer");
    assert_eq!(response.as_of, "2025-12-31T22:00:00Z", "the least watermark");
    assert_eq!((response.bundle.version, response.bundle.id.len()), (7, 16));
    let item = &response.items[0];
    let price = item.price.as_ref().expect("sold in Malaysia");
    assert_eq!(price.currency, "MYR");
    assert!(price.amount.len() > 3 && price.amount.as_bytes()[price.amount.len() - 3] == b'.', "{}", price.amount);
    assert!(item.title.is_some() && item.category.is_some());
}

#[test]
fn nothing_bought_carted_or_excluded_is_shown() {
    let store = Memory::new();
    let edge = store.open();
    let event = |n, kind| LiveEvent { item: shop::id(n), kind, time: NOW - 5 };
    let mut request = granted(visitors::SHIRTS);
    request.k = 50;
    request.events = vec![event(12, LiveKind::Cart), event(20, LiveKind::Purchase)];
    request.exclude = vec![shop::id(24)];
    let case = Case { name: "all exclusions".into(), row: true, request, expected: Expected::default() };
    let response = answer(&edge, &store, &case);
    assert!(response.personalised && response.items.len() > 40);
    for hidden in [0, 4, 12, 20, 24] {
        assert!(response.items.iter().all(|item| item.id != shop::id(hidden)), "{hidden}");
    }
}

#[test]
fn without_sections_there_is_still_an_answer() {
    let mut store = Memory::new();
    let mut edge = Edge::open(&store.manifest(), &shop::key(), NOW).expect("the manifest opens");
    let needs = edge.needs();
    let kinds: Vec<Kind> = needs.iter().map(|need| need.kind).collect();
    assert_eq!(kinds, [Kind::Items, Kind::Blend, Kind::Catalogue, Kind::Users, Kind::Trending, Kind::Revocations]);
    let empty = edge.recommend(&granted(visitors::SHIRTS), None).expect("an answer");
    assert_eq!((empty.items.len(), empty.fallback_reason), (0, Some(FallbackReason::SectionMissing)));
    assert!(edge.is_revoked(visitors::SHIRTS), "fail closed while the filter is missing");
    for need in needs.iter().filter(|need| need.required).rev() {
        assert!(edge.items().is_none());
        edge.add_section(store.get(&need.hash.section_name()).expect("memory").expect("there")).expect("taken");
    }
    let response = edge.recommend(&Request::new("SG", NOW), None).expect("an answer");
    assert_eq!((response.items.len(), response.items[0].title.as_deref()), (12, None), "no catalogue, so no titles");
    assert_eq!(edge.shard_for(visitors::SHIRTS), None);
    assert_eq!(edge.needs().len(), 2);
}

#[test]
fn a_row_that_does_not_parse_costs_personalisation_only() {
    let edge = Memory::new().open();
    for row in [&[][..], &[9; 40]] {
        let response = edge.recommend(&granted(visitors::SHIRTS), Some(row)).expect("an answer");
        assert_eq!(response.fallback_reason, Some(FallbackReason::RowUnreadable));
        assert_eq!(response.items.len(), 12);
    }
}

#[test]
fn a_clock_set_back_does_not_refresh_a_bundle() {
    let store = Memory::new();
    let late = shop::BUILT_AT + 60 * 86_400;
    let edge = kenal_edge::store::open(&store, &shop::key(), late).expect("an expired bundle opens");
    assert!(edge.is_expired(NOW));
    let response = edge.recommend(&granted(visitors::SHIRTS), None).expect("an answer");
    assert_eq!(response.fallback_reason, Some(FallbackReason::BundleExpired));
}

#[test]
fn a_withdrawal_after_the_build_reaches_serving() {
    let mut store = Memory::new();
    let trust = kenal_bundle::Trust::new(shop::signer().public().expect("a key"));
    let manifest = verify(&store.manifest(), &trust).expect("the manifest verifies");
    let update = |issued_at: i64, visitors: &[&str]| {
        let keys: Vec<VisitorKey> = visitors.iter().map(|v| VisitorKey::new(&shop::salt(), v)).collect();
        write_revocation_update(&shop::signer(), &manifest, issued_at as u64, &keys).expect("an update")
    };
    let newer = update(NOW, &[visitors::REVOKED, visitors::LAMPS]);
    store.0.push(File { name: REVOCATIONS_NAME.into(), bytes: newer.clone() });
    let edge = store.open();
    for (visitor, revoked) in [(visitors::LAMPS, true), (visitors::REVOKED, true), (visitors::SHIRTS, false)] {
        assert_eq!(edge.is_revoked(visitor), revoked, "{visitor}");
    }
    edge.add_revocations(&update(NOW - 10, &[])).expect("valid, but older");
    assert!(edge.is_revoked(visitors::LAMPS), "the newest counts");
    let mut damaged = newer;
    damaged[40] ^= 1;
    let refused = edge.add_revocations(&damaged).expect_err("damaged");
    assert!(matches!(refused, EdgeError::Revocations(BundleError::Signature)), "{refused}");
    assert!(edge.is_revoked(visitors::LAMPS));
    // One that was made for another bundle does not take back what this bundle's own section says.
    edge.add_revocations(&update(NOW + 10, &[visitors::SHIRTS])).expect("valid, and newer");
    for (visitor, revoked) in [(visitors::SHIRTS, true), (visitors::REVOKED, true), (visitors::LAMPS, false)] {
        assert_eq!(edge.is_revoked(visitor), revoked, "{visitor}");
    }
}

#[test]
fn damaged_bundles_are_refused_by_name() {
    let names: Vec<(Kind, String)> =
        Memory::new().open().manifest().sections.iter().map(|s| (s.kind, s.hash.section_name())).collect();
    for (kind, name) in &names {
        let mut store = Memory::new();
        store.file(name)[50] ^= 0x10;
        let refused = store.refusal().to_string();
        assert!(refused.contains(kind.name()) && refused.contains("changed"), "{refused}");
        store.0.retain(|file| file.name != *name);
        let refused = store.refusal();
        assert!(matches!(&refused, EdgeError::Missing { name: missing } if missing == name), "{refused}");
    }
    let mut store = Memory::new();
    store.file(MANIFEST_NAME)[100] ^= 1;
    assert!(matches!(store.refusal(), EdgeError::Manifest(BundleError::Signature)));
    let mut edge = Memory::new().open();
    let foreign = edge.add_section(b"another bundle's".to_vec()).expect_err("foreign");
    assert!(matches!(foreign, EdgeError::NotListed { .. }), "{foreign}");
    let stranger = shard(&edge, &Memory::new(), visitors::SHIRTS);
    let other = (0..).map(|n| n.to_string()).find(|v| edge.shard_for(v) != edge.shard_for(visitors::SHIRTS));
    let refused = edge.verify_shard(&stranger, &other.expect("some visitor of another shard"));
    assert!(matches!(refused, Err(EdgeError::Shard(BundleError::Hash { .. }))), "{refused:?}");
    assert!(matches!(edge.row_from_shard(b"?", "v"), Err(EdgeError::Shard(_))));
}

#[test]
fn bad_requests_say_what_is_wrong() {
    let edge = Memory::new().open();
    let check = |change: fn(&mut Request), expected: &str| {
        let mut request = granted(visitors::SHIRTS);
        change(&mut request);
        let checked = edge.check(&request).expect_err(expected).to_string();
        assert_eq!(checked, edge.recommend(&request, None).expect_err(expected).to_string());
        assert!(checked.contains(expected), "{checked}");
        assert!(!checked.contains(visitors::SHIRTS), "{checked}");
    };
    check(|r| r.market = "PH".into(), "unknown market \"PH\"; this bundle has SG, MY, TH, ID");
    check(|r| r.category = Some("Sofas".into()), "unknown category \"Sofas\"; this bundle has Shirts, Lamps");
    check(|r| r.k = 0, "k is 0; ask for 1 to 50 items");
    check(|r| r.k = 51, "k is 51");
    check(|r| r.item = Some(String::new()), "item is empty");
    check(|r| r.visitor = Some("v".repeat(129)), "visitor has 129 bytes; at most 128");
    check(|r| r.exclude = vec!["x".into(); 201], "exclude has 201 entries; at most 200");
    check(
        |r| r.events = vec![LiveEvent { item: "i".into(), kind: LiveKind::View, time: 0 }; 65],
        "events has 65 entries; at most 64",
    );
}

#[test]
fn json_requests_are_strict_and_their_errors_have_positions() {
    let full = br#"{"visitor":null,"market":"SG","k":3,"slot":"cart","item":null,"category":null,"consent":"granted",
        "gpc":false,"now":5,"events":[{"item":"a","kind":"view","time":4}],"exclude":["b"]}"#;
    let request = Request::from_json(full).expect("the contract's own form");
    assert_eq!((request.k, request.events.len(), request.exclude.len()), (3, 1, 1));
    let least = Request::from_json(br#"{"market":"SG","now":5}"#).expect("the least");
    assert_eq!(least, Request::new("SG", 5));
    for (json, line, expected) in [
        ("{\"market\":\"SG\",\n\"now\":5,\n\"consnet\":\"denied\"}", 3, "consnet"),
        ("{\"market\":\"SG\"}", 1, "now"),
        ("{\"market\":\"SG\",\"now\":5,\"consent\":\"maybe\"}", 1, "maybe"),
        ("{", 1, "EOF"),
    ] {
        match Request::from_json(json.as_bytes()) {
            Err(RequestError::Json { line: at, what, .. }) => assert!(at == line && what.contains(expected), "{what}"),
            other => panic!("{json}: {other:?}"),
        }
    }
}

#[test]
fn a_newer_bundle_is_made_of_the_older_one_and_what_changed() {
    let old = Memory::new().open();
    let mut other = shop::Shop::default();
    other.expires_at += 60;
    other.items += 1;
    let mut files = Memory(other.files());
    let mut newer = Edge::open(&files.manifest(), &shop::key(), NOW).expect("opens");
    let mut same = 0;
    for need in newer.needs() {
        let whole = files.get(&need.hash.section_name()).expect("memory").expect("there");
        let before = newer.hash_before(&old, &need.hash).expect("both have all kinds");
        let delta = (before != need.hash).then(|| {
            let section = Memory::new().get(&before.section_name()).expect("memory").expect("there");
            kenal_bundle::write_delta(&section, &whole)
        });
        same += usize::from(delta.is_none());
        if let Some(delta) = &delta {
            let mut damaged = delta.clone();
            *damaged.last_mut().expect("bytes") ^= 1;
            let refused = newer.add_changed(&old, &need.hash, Some(&damaged));
            assert!(matches!(refused, Err(EdgeError::Section(_))), "{refused:?}");
        }
        newer.add_changed(&old, &need.hash, delta.as_deref()).expect("comes out right");
    }
    assert!(same > 0, "the revocations have not changed");
    let whole = files.open();
    let ask = Request::new("SG", NOW);
    assert_eq!(newer.recommend(&ask, None).expect("an answer"), whole.recommend(&ask, None).expect("an answer"));
}

#[test]
fn what_the_program_carries_is_not_fetched_and_what_another_version_carries_is() {
    let mut store = Memory::new();
    let carried = |store: &mut Memory, sections: &[Vec<u8>]| {
        let sections: Vec<&[u8]> = sections.iter().map(Vec::as_slice).collect();
        let table: &'static [u8] = kenal_bundle::write_table(&sections).expect("a table").leak();
        let mut edge = Edge::open(&store.manifest(), &shop::key(), NOW).expect("the manifest opens");
        edge.add_carried(kenal_edge::Table::parse(table).expect("it reads"));
        edge
    };
    let own: Vec<Vec<u8>> = store.open().section_bytes().map(<[u8]>::to_vec).collect();
    let edge = carried(&mut store, &own);
    assert!(edge.needs().is_empty());
    let (whole, request) = (store.open(), granted(visitors::SHIRTS));
    let row = whole.row_from_shard(&shard(&whole, &store, visitors::SHIRTS), visitors::SHIRTS).expect("a shard");
    let response = edge.recommend(&request, row.as_deref()).expect("an answer");
    assert!(response.personalised);
    assert_eq!(response, whole.recommend(&request, row.as_deref()).expect("an answer"));

    // Of another version only what has not changed is there, and the rest is fetched and checked as always.
    let other = Memory(Shop { items: 61, ..Shop::default() }.files());
    let others: Vec<Vec<u8>> = other.open().section_bytes().map(<[u8]>::to_vec).collect();
    let mut edge = carried(&mut store, &others);
    assert!(edge.items().is_none() && edge.needs().iter().any(|need| need.kind == Kind::Items));
    for need in edge.needs() {
        let mut section = store.get(&need.hash.section_name()).expect("memory").expect("there");
        section[40] ^= 1;
        assert!(edge.add_section_of(need.kind, section.clone()).is_err(), "{:?}", need.kind);
        section[40] ^= 1;
        edge.add_section_of(need.kind, section).expect("taken");
    }
    assert_eq!(edge.recommend(&request, row.as_deref()).expect("an answer"), response);
}
