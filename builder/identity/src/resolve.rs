//! The stages in order: columns, trust, tier 1, blocking, fit, weights, clusters, review, ids.

use std::collections::BTreeMap;

use kenal_types::System;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::blocking::{self, Candidates};
use crate::clusters::{self, Clusters, ConflictCosts, Limits, Proposal, Refusal};
use crate::comparison::{Field, compare};
use crate::config::Config;
use crate::deterministic;
use crate::error::ResolveError;
use crate::estimation::{self, Learnt, Patterns};
use crate::input::{Input, canonical_order};
use crate::model::{Levels, Model, Scorer};
use crate::pairs::Pair;
use crate::persons::{self, Persons};
use crate::prior::Histogram;
use crate::random_pairs::RandomPairs;
use crate::report::{Report, Trust};
use crate::resolution::{Assignment, Evidence, Link, Resolution, ReviewItem, ReviewReason, RuleId, Tier};
use crate::table::Table;
use crate::trust;

/// Below this weight less twelve bits under the number of records, no prior that data can have makes a pair likely.
const FLOOR_BITS: f64 = 12.0;
/// Up to this many records, matches are a share of random pairs that `u` must be cleared of, which takes some rounds.
const CLEARED_RECORDS_MAX: u32 = 100_000;
const CLEARING_ROUNDS: usize = 3;
/// Pairs weighed by one thread at a time.
const CHUNK_PAIRS: usize = 1 << 14;

/// Resolves the records: who is the same person, with evidence.
///
/// The result depends on the records, baskets, earlier assignments and settings; not on their order, nor on the number
/// of threads of the rayon pool it runs in.
///
/// # Errors
/// [`ResolveError`] for settings out of range, too many records, a key that occurs twice, a basket of no record, or
/// earlier assignments that contradict each other.
///
/// Cost: `O(n log n)` for `n` records and candidate pairs together; 8 bytes per candidate pair, 40 per likely one.
pub fn resolve(input: &Input, config: &Config) -> Result<Resolution, ResolveError> {
    config.check()?;
    let order = canonical_order(input)?;
    let mut table = Table::build(input, &order);
    let one_account = one_account(config);
    let (trust, emails, phones) = judge_values(&mut table, config);
    let decided = deterministic::pairs(input, &order, &table, &emails, &phones, &config.trust);
    let found = blocking::candidates(&table, &config.blocking, config.fit.pairs_per_rule_max, config.seed);
    let fitted = fit(&table, &one_account, &found, config);
    let link_bits = fitted.model.threshold_bits(config.link_probability_min);
    let review_bits = fitted.model.threshold_bits(config.review_probability_min);
    let (likely, doubtful) = split(&fitted, &decided, link_bits, review_bits, config);
    let tier_1 = weigh_all(&table, &one_account, &fitted.scorer, &decided);
    let costs = conflict_costs(&fitted.scorer, config);
    let limits = Limits { guard: &config.guard, threshold: centibits(link_bits), costs };
    let proposals = tier_1.into_iter().chain(likely).collect();
    let joined = clusters::join(&table, proposals, &limits, &one_account);
    let review = review(&joined, doubtful, &fitted.model, &order);
    let sizes = sizes(&joined.smallest);
    let persons = persons::assign(input, &order, &joined.smallest, |smallest| sizes[smallest as usize] > 1)?;
    let assignments = assignments(input, &order, &table, &joined, &review, &persons);
    let mut report = Report { trust, link_bits, review_bits, blocking: found.reports, ..Report::default() };
    report.candidates = found.pairs.len() as u64;
    report.expected_precision = fitted.weights.precision_above(link_bits, fitted.model.match_probability).0;
    report.sessions = fitted.learnt.iter().map(|l| l.session.clone()).collect();
    count(&mut report, &table, &joined, &sizes, &persons, &assignments);
    report.review_items = review.len() as u64;
    let links = links(&joined, &order);
    let (stop, model) = (estimation::stop(&fitted.learnt), fitted.model);
    let Persons { redirects, retired, .. } = persons;
    let by_key = assignments.into_iter().map(|(a, _)| a).collect();
    Ok(Resolution { assignments: by_key, links, review, redirects, retired, model, stop, report })
}

fn one_account(config: &Config) -> [bool; 5] {
    System::ALL.map(|system| config.guard.one_account_systems.contains(&system))
}

fn conflict_costs(scorer: &Scorer, config: &Config) -> ConflictCosts {
    let cost = |field| centibits(f64::from(scorer.conflict_bits(field)).min(config.guard.conflict_bits_max));
    ConflictCosts { birth_dates: cost(Field::BirthDate), accounts: cost(Field::Accounts), name: cost(Field::Name) }
}

fn centibits(bits: f64) -> i32 {
    (bits * 100.0).ceil() as i32
}

fn judge_values(table: &mut Table, config: &Config) -> (Trust, Vec<bool>, Vec<bool>) {
    let (email_people, emails, email_counts) = trust::judge(table, &table.emails, &config.trust);
    let (phone_people, phones, phone_counts) = trust::judge(table, &table.phones, &config.trust);
    let (device_people, _, device_counts) = trust::judge(table, &table.devices, &config.trust);
    table.emails.people = email_people;
    table.phones.people = phone_people;
    table.devices.people = device_people;
    (Trust { emails: email_counts, phones: phone_counts, devices: device_counts }, emails, phones)
}

struct Fitted {
    model: Model,
    scorer: Scorer,
    learnt: Vec<Learnt>,
    weights: Histogram,
    /// Candidates that some prior could make likely, in the order of the candidates.
    weighed: Vec<Proposal>,
}

fn fit(table: &Table, one_account: &[bool; 5], found: &Candidates, config: &Config) -> Fitted {
    let random = RandomPairs::draw(table, one_account, config.fit.random_pairs, config.seed);
    let base_rarity = random.base_rarity();
    let patterns: Vec<Patterns> = found.samples.iter().map(|s| estimation::patterns(table, one_account, s)).collect();
    let mut m: Levels<f64> = crate::model::default_m();
    let mut match_probability = 0.0;
    let rounds = if table.len() <= CLEARED_RECORDS_MAX { CLEARING_ROUNDS } else { 1 };
    let mut round = 0;
    loop {
        round += 1;
        let u = random.u(&m, match_probability);
        let rules = config.blocking.rules.iter().zip(&patterns);
        let learnt: Vec<Learnt> = rules
            .map(|(rule, patterns)| {
                estimation::learn(&rule.name, patterns, &blocking::conditioned(rule), &u, &config.fit)
            })
            .collect();
        let (next, fitted_on) = estimation::average(&learnt, &config.fit);
        let household_name_u = estimation::household_name_u(&learnt, &config.fit);
        m = next;
        let scorer = Scorer::new(&m, &u, &base_rarity, &household_name_u, table.len());
        let floor = centibits(f64::from(table.len().max(2)).log2() - FLOOR_BITS);
        let (weighed, weights) = weigh(table, one_account, &scorer, &found.pairs, floor);
        match_probability = weights.match_probability(table.len());
        if round == rounds {
            let model = Model::new(&m, &u, &fitted_on, &household_name_u, match_probability, table.len());
            return Fitted { model, scorer, learnt, weights, weighed };
        }
    }
}

/// Weighs all pairs; keeps those of at least `floor`, and counts all.
fn weigh(
    table: &Table,
    one_account: &[bool; 5],
    scorer: &Scorer,
    pairs: &[Pair],
    floor: i32,
) -> (Vec<Proposal>, Histogram) {
    let chunks: Vec<(Vec<Proposal>, Histogram)> = pairs
        .par_chunks(CHUNK_PAIRS.max(pairs.len() / 256))
        .map(|chunk| {
            let mut weights = Histogram::new();
            let mut kept = Vec::new();
            for &pair in chunk {
                let weighed = scorer.weigh(&compare(table, one_account, pair.first(), pair.second()));
                let total = weighed.total();
                weights.add(total);
                if total >= floor {
                    kept.push(Proposal { pair, weighed });
                }
            }
            (kept, weights)
        })
        .collect();
    let mut weights = Histogram::new();
    let mut kept = Vec::with_capacity(chunks.iter().map(|c| c.0.len()).sum());
    for (mut proposals, counted) in chunks {
        kept.append(&mut proposals);
        weights = weights.plus(&counted);
    }
    (kept, weights)
}

fn weigh_all(table: &Table, one_account: &[bool; 5], scorer: &Scorer, pairs: &[Pair]) -> Vec<Proposal> {
    let weighed = |&pair: &Pair| Proposal {
        pair,
        weighed: scorer.weigh(&compare(table, one_account, pair.first(), pair.second())),
    };
    pairs.par_iter().map(weighed).collect()
}

/// Tier 2 and tier 3 among the weighed candidates that tier 1 has not decided.
fn split(
    fitted: &Fitted,
    decided: &[Pair],
    link_bits: f64,
    review_bits: f64,
    config: &Config,
) -> (Vec<Proposal>, Vec<Proposal>) {
    let is_decided = |p: &Proposal| decided.binary_search_by_key(&p.pair.records(), |d| d.records()).is_ok();
    let (link, ask) = (centibits(link_bits), centibits(review_bits));
    let mut likely = Vec::new();
    let mut doubtful = Vec::new();
    for proposal in fitted.weighed.iter().filter(|p| p.weighed.total() >= ask) {
        if proposal.weighed.total() >= link {
            if !is_decided(proposal) {
                likely.push(*proposal);
            }
        } else if proposal.weighed.fields_for() >= config.review_fields_min {
            doubtful.push(*proposal);
        }
    }
    (likely, doubtful)
}

/// The strongest open question between each two clusters.
fn review(joined: &Clusters, doubtful: Vec<Proposal>, model: &Model, order: &[u32]) -> Vec<ReviewItem> {
    let refused = joined.refused.iter().map(|&(p, why)| (p, ReviewReason::from(why)));
    let doubtful = doubtful.into_iter().map(|p| (p, ReviewReason::Doubtful));
    let mut strongest: FxHashMap<(u32, u32), (Proposal, ReviewReason)> = FxHashMap::default();
    for (proposal, reason) in refused.chain(doubtful) {
        let (a, b) = (proposal.pair.first() as usize, proposal.pair.second() as usize);
        let (a, b) = (joined.smallest[a], joined.smallest[b]);
        if a == b {
            continue;
        }
        let best = strongest.entry((a.min(b), a.max(b))).or_insert((proposal, reason));
        if proposal.rank() < best.0.rank() {
            *best = (proposal, reason);
        }
    }
    let mut items: Vec<(Proposal, ReviewReason)> = strongest.into_values().collect();
    items.sort_unstable_by_key(|(p, _)| (-p.weighed.total(), p.pair));
    let item = |(p, reason): (Proposal, ReviewReason)| ReviewItem {
        a: order[p.pair.first() as usize],
        b: order[p.pair.second() as usize],
        rule: RuleId(p.pair.rule()),
        reason,
        probability: model.probability(f64::from(p.weighed.total()) / 100.0),
        evidence: Evidence(p.weighed),
    };
    items.into_iter().map(item).collect()
}

/// By smallest record: records in its cluster.
fn sizes(smallest: &[u32]) -> Vec<u32> {
    let mut sizes = vec![0; smallest.len()];
    for &s in smallest {
        sizes[s as usize] += 1;
    }
    sizes
}

/// Assignments by key, each with whether the record has a verified contact.
fn assignments(
    input: &Input,
    order: &[u32],
    table: &Table,
    joined: &Clusters,
    review: &[ReviewItem],
    persons: &Persons,
) -> Vec<(Assignment, bool)> {
    let mut tiers = vec![Tier::Unmatched; order.len()];
    let mut place = vec![0_u32; order.len()];
    for (at, &original) in order.iter().enumerate() {
        place[original as usize] = at as u32;
    }
    for item in review {
        tiers[place[item.a as usize] as usize] = Tier::Review;
        tiers[place[item.b as usize] as usize] = Tier::Review;
    }
    for link in &joined.links {
        let tier = if link.deterministic() { Tier::Deterministic } else { Tier::Probabilistic };
        for record in [link.pair.first(), link.pair.second()] {
            let own = &mut tiers[record as usize];
            *own = tier.min(*own);
        }
    }
    let assign = |(at, &original): (usize, &u32)| {
        let record = input.records[original as usize].key.clone();
        let person = persons.of.get(&joined.smallest[at]).copied();
        (Assignment { record, person, tier: tiers[at] }, table.standing[at].verified)
    };
    order.iter().enumerate().map(assign).collect()
}

fn links(joined: &Clusters, order: &[u32]) -> Vec<Link> {
    let link = |p: &Proposal| Link {
        a: order[p.pair.first() as usize],
        b: order[p.pair.second() as usize],
        tier: if p.deterministic() { Tier::Deterministic } else { Tier::Probabilistic },
        rule: RuleId(p.pair.rule()),
        evidence: Evidence(p.weighed),
    };
    joined.links.iter().map(link).collect()
}

fn count(
    report: &mut Report,
    table: &Table,
    joined: &Clusters,
    sizes: &[u32],
    persons: &Persons,
    assignments: &[(Assignment, bool)],
) {
    report.records = u64::from(table.len());
    report.persons = persons.of.len() as u64;
    (report.persons_kept, report.persons_new) = (persons.kept, persons.new);
    report.redirects = persons.redirects.len() as u64;
    let mut by_size: BTreeMap<u32, u64> = BTreeMap::new();
    for &size in sizes.iter().filter(|&&size| size > 1) {
        *by_size.entry(size).or_default() += 1;
    }
    report.persons_by_size = by_size.into_iter().collect();
    for (assignment, verified) in assignments {
        report.records_by_tier[assignment.tier as usize] += 1;
        report.unmatched_verified += u64::from(assignment.tier == Tier::Unmatched && *verified);
    }
    let deterministic = joined.links.iter().filter(|l| l.deterministic()).count();
    report.links_deterministic = deterministic as u64;
    report.links_probabilistic = (joined.links.len() - deterministic) as u64;
    for (_, why) in &joined.refused {
        report.refused[Refusal::ALL.iter().position(|r| r == why).unwrap_or_default()] += 1;
    }
}
