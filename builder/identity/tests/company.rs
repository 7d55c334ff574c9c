//! Properties on generated people: the same partition and ids for any order and number of threads, limits that hold,
//! accuracy, ids that stay, and time and memory at 200,000 records.

mod support;

use std::collections::{HashMap, HashSet};

use kenal_identity::{Basket, Config, Decision, Evidence, Input, Known, Tier, resolve, two_people};
use kenal_types::{CustomerRecord, PersonId};
use proptest::prelude::*;
use support::{Company, Dice, Solved, company, partition, score};

fn solve(company: &Company) -> Solved {
    Solved::of(&company.records, &company.baskets, &Config::default())
}

/// The same company with its records in another order.
fn shuffled(company: &Company, seed: u64) -> Company {
    let mut order: Vec<usize> = (0..company.records.len()).collect();
    Dice(seed).shuffle(&mut order);
    let mut place = vec![0_u32; order.len()];
    order.iter().enumerate().for_each(|(now, &was)| place[was] = now as u32);
    let mut baskets: Vec<(u32, Basket)> =
        company.baskets.iter().map(|(record, basket)| (place[*record as usize], basket.clone())).collect();
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
    let found = solve(&company).found;
    let result = score(&partition(&found), &company.truth);
    println!("{result:?}\n{}\n{}", found.report, found.model);
    assert!(result.precision >= 0.998, "{result:?}");
    assert!(result.recall >= 0.94, "{result:?}");
}

#[test]
fn links_explain_every_person() {
    let company = company(3000, 5);
    let Solved { records, found } = solve(&company);
    assert_eq!((found.persons.len(), found.tiers.len()), (company.records.len(), company.records.len()));
    for (person, tier) in found.persons.iter().zip(&found.tiers) {
        assert_eq!(person.is_some(), matches!(tier, Tier::Deterministic | Tier::Probabilistic), "{tier:?}");
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
    let by_person = partition(&found);
    let mut paired: HashMap<usize, u64> = HashMap::new();
    for (at, &c) in component.iter().enumerate() {
        assert_eq!(*paired.entry(c).or_insert(by_person[at]), by_person[at]);
    }
    assert_eq!(paired.len(), paired.values().collect::<HashSet<_>>().len());
    for link in &found.links {
        let Evidence { weight_bits, fields } = found.evidence(&records, link.a, link.b);
        let sum: f64 = fields.iter().map(|e| e.bits).sum();
        assert!((sum - weight_bits).abs() < 1e-6 && weight_bits == link.weight_bits, "{fields:?}");
        assert!(!found.rule_name(link.rule).is_empty());
    }
    for item in &found.review {
        let (a, b) = (found.persons[item.a as usize], found.persons[item.b as usize]);
        assert!(a.is_none() || a != b, "a question about one person: {item:?}");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let company = company(2000, 3);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let found = pool.install(|| solve(&company)).found;
        (found.persons, found.links, found.review, found.model, found.report)
    };
    assert_eq!(on(1), on(7));
}

#[test]
fn a_second_run_keeps_every_id() {
    let company = company(2000, 8);
    let first = solve(&company);
    let second = Solved::knowing(&company.records, &company.baskets, &Config::default(), &first.prior());
    assert_eq!(first.persons(), second.persons());
    let found = second.found;
    assert_eq!((found.report.persons_new, found.redirects.len(), found.retired.len()), (0, 0, 0));
}

/// A tenth of the records is new in the second run: nobody who is still somebody changes id without a redirect.
#[test]
fn new_records_leave_old_people_their_ids() {
    let whole = company(2000, 21);
    let old: Vec<CustomerRecord> =
        whole.records.iter().enumerate().filter(|(at, _)| at % 10 != 3).map(|(_, r)| r.clone()).collect();
    let config = Config::default();
    let prior = Solved::of(&old, &[], &config).prior();
    let after = Solved::knowing(&whole.records, &[], &config, &prior);
    let redirect: HashMap<PersonId, PersonId> = after.found.redirects.iter().map(|r| (r.from, r.to)).collect();
    let former: HashSet<PersonId> = prior.iter().map(|p| p.1).collect();
    let current: HashSet<PersonId> = after.found.persons.iter().flatten().copied().collect();
    let mut kept = 0;
    for person in &former {
        let still = current.contains(person);
        let led = redirect.get(person).is_some_and(|to| current.contains(to));
        assert!(still || led || after.found.retired.contains(person), "{person} is lost");
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
    let found = solve(&company).found;
    let seconds = start.elapsed().as_secs_f64();
    let result = score(&partition(&found), &company.truth);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM unknown");
    println!("{} records: {seconds:.1} s, {peak}, {result:?}\n{}", company.records.len(), found.report);
    assert!(company.records.len() > 190_000);
    assert!(result.precision >= 0.998 && result.recall >= 0.94, "{result:?}");
    assert!(
        found.report.candidates < 5 * found.report.records,
        "work grows with the records: {}",
        found.report.candidates
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_gives_the_same_people(seed in 0_u64..1 << 40, people in 1_usize..400) {
        let company = company(people, seed);
        let (found, other) = (solve(&company), solve(&shuffled(&company, seed)));
        prop_assert_eq!(found.persons(), other.persons());
        let (found, other) = (found.found, other.found);
        prop_assert_eq!(&found.model, &other.model);
        prop_assert_eq!(found.links.len(), other.links.len());
        prop_assert_eq!(found.report, other.report);
    }

    #[test]
    fn no_person_exceeds_the_guard(seed in 0_u64..1 << 40, limit in 2_usize..5) {
        let company = company(300, seed);
        let mut config = Config::default();
        config.guard.records_per_person_max = limit;
        let found = Solved::of(&company.records, &company.baskets, &config).found;
        for &(size, _) in &found.report.persons_by_size {
            prop_assert!(size as usize <= limit);
        }
    }
}

/// A steward joins two people and undoes it, with runs in between: everybody has the id again that they had.
#[test]
fn a_merge_is_undone_over_runs() {
    let company = company(400, 17);
    let run = |prior: &[(u32, PersonId)], past: &[(u32, PersonId)], decisions: &[Decision]| {
        let mut records = Input { records: &company.records, baskets: &company.baskets }.take().expect("records");
        resolve(&mut records, &Known { prior, past, decisions }, &Config::default()).expect("a resolution").persons
    };
    let assigned = |persons: &[Option<PersonId>]| -> Vec<(u32, PersonId)> {
        persons.iter().enumerate().filter_map(|(record, person)| Some((record as u32, (*person)?))).collect()
    };
    let before = run(&[], &[], &[]);
    let of = |persons: &[Option<PersonId>], person: Option<PersonId>| -> Vec<u32> {
        (0..persons.len() as u32).filter(|&r| person.is_some() && persons[r as usize] == person).collect()
    };
    let mut undone = 0;
    for seed in 0..30_u64 {
        let mut dice = Dice(seed);
        let (a, b) = (dice.below(before.len()), dice.below(before.len()));
        if before[a].is_none() || before[b].is_none() || before[a] == before[b] {
            continue;
        }
        let same = Decision { a: a as u32, b: b as u32, same: true };
        let merged = run(&assigned(&before), &[], &[same]);
        let lost = if merged[a] == before[a] { before[b] } else { before[a] };
        let own = of(&before, lost);
        let others: Vec<u32> = of(&merged, merged[a]).into_iter().filter(|r| !own.contains(r)).collect();
        if own.iter().any(|&r| merged[r as usize] != merged[a]) {
            continue;
        }
        let past: Vec<(u32, PersonId)> =
            assigned(&before).into_iter().filter(|&(record, person)| merged[record as usize] != Some(person)).collect();
        let decisions = two_people(&own, &others, &[(same.a, same.b)]);
        let decisions: Vec<Decision> = decisions.into_iter().map(|(a, b, same)| Decision { a, b, same }).collect();
        let after = run(&assigned(&merged), &past, &decisions);
        let different: Vec<usize> = (0..before.len()).filter(|&r| after[r] != before[r]).collect();
        assert!(different.is_empty(), "seed {seed}: {different:?}");
        undone += 1;
    }
    assert!(undone >= 5, "{undone}");
}
