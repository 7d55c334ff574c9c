//! Records that come, change and go one after another: the same people as all at once, ids that stay, merges undone.

mod support;

use std::collections::{BTreeMap, HashMap};

use kenal_identity::{
    Basket, Change, Config, Decision, EventKind, Frozen, Incoming, Known, Live, Put, Records, ResolveError, Schema,
    resolve, resolve_under,
};
use kenal_types::{CustomerRecord, PersonId, RecordKey, System};
use proptest::prelude::*;
use support::{Company, Dice, company, contact, named};

/// A model fitted to a company, as it is fitted in a first run.
fn frozen(company: &Company, config: &Config) -> Frozen {
    let mut records = Records::new(Schema::company()).expect("a schema");
    records.push_customers(&company.records).expect("distinct keys");
    company.baskets.iter().for_each(|(record, basket)| records.bought(*record, basket).expect("a record"));
    let found = resolve(&mut records, &Known::default(), config).expect("a resolution");
    Frozen::of(&mut records, &found, config)
}

/// A state of records and decisions, by key.
#[derive(Clone, Default)]
struct State {
    records: BTreeMap<RecordKey, (CustomerRecord, Vec<Basket>)>,
    decisions: BTreeMap<(RecordKey, RecordKey), bool>,
}

impl State {
    fn of(company: &Company) -> State {
        let mut state = State::default();
        for (at, record) in company.records.iter().enumerate() {
            let own = company.baskets.iter().filter(|b| b.0 as usize == at).map(|b| b.1.clone()).collect();
            state.records.insert(record.key.clone(), (record.clone(), own));
        }
        state
    }

    /// Everything at once, by the code of a batch.
    fn at_once(&self, frozen: &Frozen) -> Live {
        let mut records = Records::growing(Schema::company()).expect("a schema");
        let customers: Vec<CustomerRecord> = self.records.values().map(|r| r.0.clone()).collect();
        records.push_customers(&customers).expect("distinct keys");
        for (at, (_, baskets)) in self.records.values().enumerate() {
            baskets.iter().for_each(|basket| records.bought(at as u32, basket).expect("a record"));
        }
        let number = |key: &RecordKey| records.find(key.system as u8, &key.id);
        let decisions = self.decisions.iter();
        let decisions: Vec<Decision> =
            decisions.filter_map(|((a, b), &same)| Some(Decision { a: number(a)?, b: number(b)?, same })).collect();
        let known = Known { decisions: &decisions, ..Known::default() };
        Live::start(records, frozen.clone(), &known).expect("a start")
    }
}

fn put(live: &mut Live, records: &[(CustomerRecord, Vec<Basket>)]) -> kenal_identity::Update {
    let changes: Vec<Change<'_>> = records
        .iter()
        .map(|(record, baskets)| Change::Put(Put { record: Incoming::Customer(record), baskets }))
        .collect();
    live.apply(&changes).expect("records are taken")
}

fn empty(frozen: &Frozen) -> Live {
    let records = Records::growing(Schema::company()).expect("a schema");
    Live::start(records, frozen.clone(), &Known::default()).expect("a start")
}

/// The partition: each record's cluster, named by the smallest key in it.
fn partition(live: &Live, state: &State) -> BTreeMap<RecordKey, RecordKey> {
    let number = |key: &RecordKey| live.records().find(key.system as u8, &key.id).expect("the record is there");
    let mut names: HashMap<u32, RecordKey> = HashMap::new();
    let mut found = BTreeMap::new();
    for key in state.records.keys() {
        let name = names.entry(live.cluster(number(key))).or_insert_with(|| key.clone()).clone();
        found.insert(key.clone(), name);
    }
    found
}

/// Fails with the first record of which two partitions say different things.
fn assert_same(one: &Live, other: &Live, state: &State, what: &str) {
    let (own, others) = (partition(one, state), partition(other, state));
    let different: Vec<&RecordKey> = own.keys().filter(|key| own[*key] != others[*key]).collect();
    if let Some(&key) = different.first() {
        panic!("{what}: {} records differ: {key} is with {} or with {}", different.len(), own[key], others[key]);
    }
    for key in state.records.keys() {
        let tier =
            |live: &Live| live.tier(live.records().find(key.system as u8, &key.id).expect("the record is there"));
        assert_eq!(tier(one), tier(other), "{what}: {key}");
    }
}

fn persons(live: &Live, state: &State) -> BTreeMap<RecordKey, Option<PersonId>> {
    let number = |key: &RecordKey| live.records().find(key.system as u8, &key.id).expect("the record is there");
    state.records.keys().map(|key| (key.clone(), live.person(number(key)))).collect()
}

/// Splits a list into runs of up to `most`.
fn runs<'a, T>(dice: &mut Dice, mut list: &'a [T], most: usize) -> Vec<&'a [T]> {
    let mut found = Vec::new();
    while !list.is_empty() {
        let (run, rest) = list.split_at((1 + dice.below(most)).min(list.len()));
        found.push(run);
        list = rest;
    }
    found
}

/// What happens on the way: records come in versions that are corrected later, others come and go, and stewards decide.
fn check(seed: u64, people: usize, block_records_max: usize) {
    let mut dice = Dice(seed);
    let company = company(people, seed);
    let mut config = Config::default();
    config.blocking.block_records_max = block_records_max;
    config.trust.records_per_value_max = 3 + dice.below(30);
    config.guard.group_bits = 4.0 + dice.below(10) as f64;
    let frozen = frozen(&company, &config);
    let mut state = State::of(&company);
    // One phone of many, which grows into a crowd and shrinks again.
    for (n, (record, _)) in state.records.values_mut().enumerate() {
        if n % 9 == 0 {
            record.phones.push(contact("+65 6777 1234"));
        }
    }
    let keys: Vec<RecordKey> = state.records.keys().cloned().collect();
    let mut wrong = state.clone();
    for key in &keys {
        let other = dice.pick(&keys).clone();
        let from = state.records[&other].clone();
        let (own, baskets) = wrong.records.get_mut(key).expect("a record");
        match dice.below(5) {
            0 => own.emails = from.0.emails,
            1 => own.phones = from.0.phones,
            2 => own.full_name = from.0.full_name,
            3 => *baskets = from.1,
            _ => own.external_ids = vec![other.id],
        }
    }
    let mut live = empty(&frozen);
    let mut order: Vec<RecordKey> = keys.clone();
    dice.shuffle(&mut order);
    let first: Vec<(CustomerRecord, Vec<Basket>)> = order.iter().map(|key| wrong.records[key].clone()).collect();
    for run in runs(&mut dice, &first, 40) {
        put(&mut live, run);
    }
    assert_same(&live, &wrong.at_once(&frozen), &wrong, "before corrections");
    // Some go, and come again; pairs are decided, and some decisions are taken back.
    for _ in 0..people / 10 {
        let (a, b) = (dice.pick(&keys).clone(), dice.pick(&keys).clone());
        if a == b {
            continue;
        }
        let (a, b) = (a.clone().min(b.clone()), a.max(b));
        let same = dice.chance(0.5);
        let said = if dice.chance(0.3) { None } else { Some(same) };
        for same in [Some(!same), said] {
            let (a, b) = ((a.system as u8, a.id.as_str()), (b.system as u8, b.id.as_str()));
            live.apply(&[Change::Decide { a, b, same }]).expect("a decision");
        }
        match said {
            Some(same) => drop(state.decisions.insert((a.clone(), b.clone()), same)),
            None => drop(state.decisions.remove(&(a.clone(), b.clone()))),
        }
        if dice.chance(0.5) {
            live.apply(&[Change::Remove((a.system as u8, &a.id))]).expect("a removal");
        }
    }
    dice.shuffle(&mut order);
    let corrected: Vec<(CustomerRecord, Vec<Basket>)> = order.iter().map(|key| state.records[key].clone()).collect();
    for run in runs(&mut dice, &corrected, 7) {
        put(&mut live, run);
    }
    assert_same(&live, &state.at_once(&frozen), &state, "after corrections");
    // And half of them go.
    let (gone, kept): (Vec<_>, Vec<_>) = order.iter().partition(|_| dice.chance(0.5));
    for run in runs(&mut dice, &gone, 20) {
        let removed: Vec<Change<'_>> = run.iter().map(|key| Change::Remove((key.system as u8, &key.id))).collect();
        assert_eq!(live.apply(&removed).expect("removals").unknown, 0);
    }
    let rest = State {
        records: kept.into_iter().map(|key| (key.clone(), state.records[key].clone())).collect(),
        decisions: state.decisions,
    };
    assert_same(&live, &rest.at_once(&frozen), &rest, "half of them gone");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_gives_the_people_of_one_batch(
        seed in 0_u64..1 << 40, people in 20_usize..160, block_records_max in 3_usize..70,
    ) {
        check(seed, people, block_records_max);
    }
}

/// A model that is stored and read again finds the same people, in a batch and as records come.
#[test]
fn a_run_under_a_kept_model_gives_what_live_and_the_first_run_give() {
    for seed in [4, 5] {
        let company = company(700, seed);
        let take = || {
            let mut records = Records::new(Schema::company()).expect("a schema");
            records.push_customers(&company.records).expect("distinct keys");
            company.baskets.iter().for_each(|(record, basket)| records.bought(*record, basket).expect("a record"));
            records
        };
        let mut records = take();
        let first = resolve(&mut records, &Known::default(), &Config::default()).expect("a resolution");
        let frozen = Frozen::of(&mut records, &first, &Config::default());
        let bytes = rmp_serde::to_vec_named(&frozen).expect("a model is stored");
        let stored: Frozen = rmp_serde::from_slice(&bytes).expect("and read");
        assert_eq!(rmp_serde::to_vec_named(&stored).expect("again"), bytes);
        assert_eq!(stored.fitted_to(), company.records.len() as u64);
        let again = resolve_under(&mut take(), &Known::default(), &stored).expect("a resolution");
        assert_eq!(again.clusters, first.clusters);
        assert_eq!((&again.tiers, &again.persons), (&first.tiers, &first.persons));
        let pairs = |links: &[kenal_identity::Link]| links.iter().map(|l| (l.a, l.b, l.tier)).collect::<Vec<_>>();
        assert_eq!(pairs(&again.links), pairs(&first.links));
        assert_eq!(again.review.len(), first.review.len());
        assert!(again.report.sessions.is_empty() && !first.report.sessions.is_empty());

        // Records that came since, in a batch and one after another.
        let (late, early): (Vec<u32>, Vec<u32>) = (0..company.records.len() as u32).partition(|n| n % 5 == 0);
        let mut state = State::of(&company);
        let removed: Vec<RecordKey> = late.iter().map(|&n| company.records[n as usize].key.clone()).collect();
        let later: Vec<_> = removed.iter().map(|key| state.records.remove(key).expect("a record")).collect();
        let mut live = state.at_once(&stored);
        put(&mut live, &later);
        let number = |n: u32| {
            let key = &company.records[n as usize].key;
            live.records().find(key.system as u8, &key.id).expect("the record is there")
        };
        let all: Vec<u32> = early.into_iter().chain(late).collect();
        let mut of: HashMap<u32, u32> = HashMap::new();
        for &n in &all {
            let other = again.clusters[n as usize];
            assert_eq!(*of.entry(live.cluster(number(n))).or_insert(other), other, "record {n}");
            assert_eq!(live.tier(number(n)), again.tiers[n as usize]);
        }
        let mut clusters = again.clusters.clone();
        clusters.sort_unstable();
        clusters.dedup();
        assert_eq!(of.len(), clusters.len());
    }
}

/// A company whose first records were resolved in a batch, and its other records.
fn half(people: usize, seed: u64) -> (Frozen, State, Live, Vec<(CustomerRecord, Vec<Basket>)>) {
    let company = company(people, seed);
    let frozen = frozen(&company, &Config::default());
    let mut state = State::of(&company);
    let keys: Vec<RecordKey> = state.records.keys().cloned().collect();
    let later = keys.iter().step_by(7).map(|key| state.records.remove(key).expect("a record")).collect();
    let live = state.at_once(&frozen);
    (frozen, state, live, later)
}

#[test]
fn whoever_is_not_touched_keeps_their_id() {
    let (_, state, mut live, later) = half(2000, 3);
    let before = persons(&live, &state);
    let of: HashMap<PersonId, usize> = before.values().flatten().fold(HashMap::new(), |mut of, &person| {
        *of.entry(person).or_default() += 1;
        of
    });
    let (mut joined, mut redirected) = (0, 0);
    for run in later.chunks(50) {
        let before = persons(&live, &state);
        let update = put(&mut live, run);
        let after = persons(&live, &state);
        let moved: HashMap<RecordKey, Option<PersonId>> = update
            .moved
            .iter()
            .map(|m| (RecordKey::new(System::ALL[usize::from(m.source)], m.id.clone()), m.after))
            .collect();
        for (key, person) in &before {
            // What the update does not name has not changed.
            assert_eq!(after[key], *moved.get(key).unwrap_or(person), "{key}");
            if let (Some(was), Some(now)) = (person, after[key])
                && *was != now
            {
                let stands = live.redirect(*was) == Some(now);
                let split = live.history().iter().any(|e| e.kind == EventKind::Split { from: *was });
                assert!(stands || split, "{key} was {was} and is {now}");
                redirected += usize::from(stands);
            }
        }
        joined +=
            run.iter().filter(|r| moved.get(&r.0.key).is_some_and(|m| m.is_some_and(|p| of.contains_key(&p)))).count();
        let reached = update.regrouped.len();
        assert!(reached < 50 * 40, "an update of 50 records looked at {reached}");
    }
    assert!(joined > later.len() / 2, "{joined} of {} records joined people who were there", later.len());
    println!("{joined} of {} records joined people who were there; {redirected} records were redirected", later.len());
}

/// Fails with the first record whose person is another.
fn assert_restored(live: &Live, state: &State, before: &BTreeMap<RecordKey, Option<PersonId>>, what: &str) {
    let after = persons(live, state);
    if let Some(key) = before.keys().find(|key| before[*key] != after[*key]) {
        let last: Vec<_> = live.history().iter().rev().take(6).collect();
        panic!("{what}: {key} was {:?} and is {:?}; {last:?}", before[key], after[key]);
    }
}

fn person(system: System, id: &str, name: &str, email: &str, phone: &str, created: i64) -> CustomerRecord {
    let mut record = named(system, id, name);
    record.emails = vec![contact(email)];
    record.phones = vec![contact(phone)];
    record.created_at = Some(kenal_types::Timestamp(created));
    record
}

/// Two people of two records each, and what a third record makes of them.
#[test]
fn a_merge_keeps_the_older_id_and_can_be_undone_exactly() {
    let (_, state, mut live, _) = half(300, 8);
    let two = |name: &str, email: &str, phone: &str, created: i64| {
        [System::Warehouse, System::Zendesk]
            .map(|system| (person(system, &format!("{name}{created}"), name, email, phone, created), Vec::new()))
    };
    let older = two("Siti Nurhaliza binti Ahmad", "siti.n@gmail.com", "+60 12-345 6789", 1_000);
    let younger = two("Siti Nurhaliza", "siti.nurhaliza@yahoo.com", "+60 13-998 8776", 2_000);
    put(&mut live, &older);
    put(&mut live, &younger);
    let id = |live: &Live, record: &CustomerRecord| {
        live.person(live.records().find(record.key.system as u8, &record.key.id).expect("the record is there"))
    };
    let (first, second) = (id(&live, &older[0].0).expect("a person"), id(&live, &younger[0].0).expect("a person"));
    assert_ne!(first, second, "nothing says that they are one");
    let before = persons(&live, &state);
    let all = |live: &Live| [&older[0], &older[1], &younger[0], &younger[1]].map(|r| id(live, &r.0));
    let apart = all(&live);

    // A record with the contacts of both.
    let mut bridge = person(System::Warehouse, "w1", "Siti Nurhaliza", "siti.n@gmail.com", "+60 13-998 8776", 3_000);
    bridge.emails.push(contact("siti.nurhaliza@yahoo.com"));
    let update = put(&mut live, &[(bridge.clone(), Vec::new())]);
    assert_eq!(all(&live), [Some(first); 4], "{update:?}");
    assert_eq!(update.redirects.iter().map(|r| (r.from, r.to)).collect::<Vec<_>>(), [(second, first)]);
    assert_eq!(live.redirect(second), Some(first));

    let (rulings, update) = live.unmerge(second).expect("it was merged");
    assert_eq!(all(&live), apart, "{rulings:?}");
    assert_eq!((update.created.as_slice(), live.redirect(second)), ([second].as_slice(), None));
    assert_restored(&live, &state, &before, "somebody else has moved");
    assert!(live.history().iter().any(|e| e.person == second && matches!(e.kind, EventKind::Merged { .. })));
    assert!(live.history().iter().any(|e| e.person == second && e.kind == EventKind::Split { from: first }));
    assert!(matches!(live.unmerge(second), Err(ResolveError::Unknown { .. })), "it is undone already");

    // The record that made the trouble is corrected, and what was said is taken back: still two.
    bridge.emails.truncate(1);
    bridge.phones.clear();
    put(&mut live, &[(bridge, Vec::new())]);
    let changes: Vec<Change<'_>> =
        rulings.iter().map(|r| Change::Decide { a: (r.a.0, &r.a.1), b: (r.b.0, &r.b.1), same: None }).collect();
    live.apply(&changes).expect("decisions are taken back");
    assert_eq!(all(&live), apart);
}

#[test]
fn a_decision_merges_and_taking_it_back_restores_everything() {
    let (_, state, mut live, _) = half(400, 21);
    let before = persons(&live, &state);
    let mut firsts: BTreeMap<PersonId, RecordKey> = BTreeMap::new();
    for (key, person) in &before {
        person.iter().for_each(|&p| _ = firsts.entry(p).or_insert_with(|| key.clone()));
    }
    let keys: Vec<RecordKey> = firsts.into_values().collect();
    let mut merged = 0;
    for pair in keys.chunks(2).take(60) {
        let [a, b] = pair else { continue };
        let (x, y) = ((a.system as u8, a.id.as_str()), (b.system as u8, b.id.as_str()));
        live.apply(&[Change::Decide { a: x, b: y, same: Some(true) }]).expect("a decision");
        let after = persons(&live, &state);
        assert_eq!(after[a], after[b]);
        let gone = if after[a] == before[a] { before[b] } else { before[a] }.expect("a person");
        // The other record may have left its person behind.
        let whole = live.redirect(gone).is_some();
        assert!(!whole || live.redirect(gone) == after[a]);
        merged += usize::from(whole);
        live.apply(&[Change::Decide { a: x, b: y, same: None }]).expect("and not");
        assert_restored(&live, &state, &before, &format!("{a} and {b}"));
        if whole {
            live.apply(&[Change::Decide { a: x, b: y, same: Some(true) }]).expect("a decision");
            live.unmerge(gone).expect("it was merged");
            assert_restored(&live, &state, &before, &format!("{a} and {b}, unmerged"));
        }
    }
    assert!(merged > 40, "{merged}");
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let (_, state, mut live, later) = half(100, 2);
    let before = persons(&live, &state);
    let mut changes: Vec<Change<'_>> =
        later.iter().map(|(r, b)| Change::Put(Put { record: Incoming::Customer(r), baskets: b })).collect();
    changes.push(Change::Remove((99, "x")));
    let refused = live.apply(&changes).expect_err("there is no such source");
    assert_eq!(refused, ResolveError::UnknownSource { source_number: 99, sources: 5 });
    assert_eq!(persons(&live, &state), before);
    assert_eq!(live.apply(&[Change::Remove((0, "nobody"))]).expect("nothing").unknown, 1);
    assert_eq!(persons(&live, &state), before);
    assert_eq!(live.apply(&[]).expect("nothing").regrouped, []);
    let unknown = Known { prior: &[(0, PersonId(1))], ..Known::default() };
    let records = Records::growing(Schema::company()).expect("a schema");
    let refused = Live::start(records, live.frozen().clone(), &unknown).expect_err("there is no record");
    assert_eq!(refused, ResolveError::NoSuchRecord { record: 0, what: "an earlier assignment", records: 0 });
}
