//! Properties on generated people: the same partition and ids for any order and number of threads, limits that hold,
//! accuracy, ids that stay, and time and memory at 200,000 records.

mod support;

use std::collections::{BTreeMap, HashMap, HashSet};

use kenal_identity::{Basket, Config, Input, PriorAssignment, Resolution, Tier, resolve};
use kenal_types::{CustomerRecord, PersonId, RecordKey};
use proptest::prelude::*;
use support::{Company, Dice, company, partition, score};

fn solve(company: &Company, prior: &[PriorAssignment]) -> Resolution {
    let input = Input { records: &company.records, baskets: &company.baskets, prior };
    resolve(&input, &Config::default()).expect("a resolution")
}

fn prior_of(resolution: &Resolution) -> Vec<PriorAssignment> {
    let of = |a: &kenal_identity::Assignment| Some(PriorAssignment { record: a.record.clone(), person: a.person? });
    resolution.assignments.iter().filter_map(of).collect()
}

fn persons(resolution: &Resolution) -> BTreeMap<RecordKey, Option<PersonId>> {
    resolution.assignments.iter().map(|a| (a.record.clone(), a.person)).collect()
}

/// The same company with its records in another order.
fn shuffled(company: &Company, seed: u64) -> Company {
    let mut order: Vec<usize> = (0..company.records.len()).collect();
    Dice(seed).shuffle(&mut order);
    let mut place = vec![0_u32; order.len()];
    order.iter().enumerate().for_each(|(now, &was)| place[was] = now as u32);
    let mut baskets: Vec<Basket> =
        company.baskets.iter().map(|b| Basket { record: place[b.record as usize], ..b.clone() }).collect();
    Dice(seed + 1).shuffle(&mut baskets);
    Company {
        records: order.iter().map(|&at| company.records[at].clone()).collect(),
        truth: order.iter().map(|&at| company.truth[at]).collect(),
        baskets,
    }
}

#[test]
fn people_are_found() {
    let company = company(20_000, 11);
    let found = solve(&company, &[]);
    let result = score(&partition(&found, &company.records), &company.truth);
    println!("{result:?}\n{}\n{}", found.report, found.model);
    assert!(result.precision >= 0.995, "{result:?}");
    assert!(result.recall >= 0.93, "{result:?}");
}

#[test]
fn every_record_is_assigned_once_and_links_explain_every_person() {
    let company = company(3000, 5);
    let found = solve(&company, &[]);
    let keys: HashSet<&RecordKey> = found.assignments.iter().map(|a| &a.record).collect();
    assert_eq!((keys.len(), found.assignments.len()), (company.records.len(), company.records.len()));
    for a in &found.assignments {
        assert_eq!(a.person.is_some(), matches!(a.tier, Tier::Deterministic | Tier::Probabilistic), "{a:?}");
    }
    // The partition is exactly the connected components of the links: the naive reference.
    let mut component: Vec<usize> = (0..company.records.len()).collect();
    loop {
        let mut moved = false;
        for link in &found.links {
            let (a, b) = (link.a as usize, link.b as usize);
            let least = component[a].min(component[b]);
            moved |= component[a] != least || component[b] != least;
            (component[a], component[b]) = (least, least);
        }
        if !moved {
            break;
        }
    }
    let by_person = partition(&found, &company.records);
    let mut paired: HashMap<usize, u64> = HashMap::new();
    for (at, &c) in component.iter().enumerate() {
        assert_eq!(*paired.entry(c).or_insert(by_person[at]), by_person[at]);
    }
    assert_eq!(paired.len(), paired.values().collect::<HashSet<_>>().len());
    for row in found.link_rows(&company.records) {
        let sum: f64 = row.evidence.iter().map(|e| e.bits).sum();
        assert!((sum - row.weight_bits).abs() < 1e-6, "{row:?}");
        assert!(!row.rule.is_empty());
    }
    for row in found.review_rows(&company.records) {
        let (a, b) = (persons(&found)[&row.a], persons(&found)[&row.b]);
        assert!(a.is_none() || a != b, "a question about one person: {row:?}");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let company = company(2000, 3);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| solve(&company, &[]))
    };
    assert_eq!(on(1), on(7));
}

#[test]
fn a_second_run_keeps_every_id() {
    let company = company(2000, 8);
    let first = solve(&company, &[]);
    let second = solve(&company, &prior_of(&first));
    assert_eq!(persons(&first), persons(&second));
    assert_eq!((second.report.persons_new, second.redirects.len(), second.retired.len()), (0, 0, 0));
}

/// A tenth of the records is new in the second run: nobody who is still somebody changes id without a redirect.
#[test]
fn new_records_leave_old_people_their_ids() {
    let whole = company(2000, 21);
    let old: Vec<CustomerRecord> =
        whole.records.iter().enumerate().filter(|(at, _)| at % 10 != 3).map(|(_, r)| r.clone()).collect();
    let before = resolve(&Input { records: &old, ..Input::default() }, &Config::default()).expect("a resolution");
    let prior = prior_of(&before);
    let after = solve(&Company { baskets: Vec::new(), ..whole }, &prior);
    let redirect: HashMap<PersonId, PersonId> = after.redirects.iter().map(|r| (r.from, r.to)).collect();
    let now = persons(&after);
    let mut kept = 0;
    let former: HashSet<PersonId> = prior.iter().map(|p| p.person).collect();
    let current: HashSet<PersonId> = now.values().flatten().copied().collect();
    for person in &former {
        let still = current.contains(person);
        let led = redirect.get(person).is_some_and(|to| current.contains(to));
        assert!(still || led || after.retired.contains(person), "{person} is lost");
        assert!(!(still && led), "{person} is in use and redirected");
        kept += usize::from(still);
    }
    assert!(kept * 100 >= former.len() * 98, "{kept} of {}", former.len());
}

/// Time and memory are printed for the record. What is asserted is the work, which no crowded machine changes.
#[test]
fn two_hundred_thousand_records() {
    let company = company(81_000, 4);
    let start = std::time::Instant::now();
    let found = solve(&company, &[]);
    let seconds = start.elapsed().as_secs_f64();
    let result = score(&partition(&found, &company.records), &company.truth);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM unknown");
    println!("{} records: {seconds:.1} s, {peak}, {result:?}\n{}", company.records.len(), found.report);
    assert!(company.records.len() > 190_000);
    assert!(result.precision >= 0.995 && result.recall >= 0.93, "{result:?}");
    assert!(
        found.report.candidates < 5 * found.report.records,
        "work grows with the records: {}",
        found.report.candidates
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_order_gives_the_same_people(seed in 0_u64..1 << 40, people in 1_usize..400) {
        let company = company(people, seed);
        let found = solve(&company, &[]);
        let other = solve(&shuffled(&company, seed), &[]);
        prop_assert_eq!(&found.assignments, &other.assignments);
        prop_assert_eq!(&found.model, &other.model);
        prop_assert_eq!(found.links.len(), other.links.len());
        prop_assert_eq!(found.report, other.report);
    }

    #[test]
    fn no_person_exceeds_the_guard(seed in 0_u64..1 << 40, limit in 2_usize..5) {
        let company = company(300, seed);
        let mut config = Config::default();
        config.guard.records_per_person_max = limit;
        let input = Input { records: &company.records, baskets: &company.baskets, prior: &[] };
        let found = resolve(&input, &config).expect("a resolution");
        for &(size, _) in &found.report.persons_by_size {
            prop_assert!(size as usize <= limit);
        }
    }
}
