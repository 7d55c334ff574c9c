//! The stages in order: trust, tier 1, blocking, fit, weights, clusters, review, ids.

use std::collections::BTreeMap;

use kenal_types::PersonId;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::ahead;
use crate::aliases::Differences;
use crate::blocking::{self, Candidates, Sample};
use crate::capture::Captures;
use crate::clusters::{self, Clusters, Limits, Proposal, Refusal, root};
use crate::comparison::compare;
use crate::config::Config;
use crate::dependence;
use crate::deterministic::{self, DECIDED};
use crate::error::ResolveError;
use crate::estimation::{self, Learnt, Patterns, Stop};
use crate::field::Field;
use crate::frozen::{Frozen, Proposed};
use crate::keys;
use crate::model::{Levels, Model, Parameters, Scorer};
use crate::pairs::Pair;
use crate::past::Past;
use crate::persons::{self, Homes, Persons};
use crate::plan;
use crate::prior::Histogram;
use crate::random_pairs::RandomPairs;
use crate::records::Records;
use crate::report::{Report, Trust};
use crate::resolution::{Evidence, Link, Resolution, ReviewItem, RuleId, Tier};
use crate::table::Table;
use crate::trust;

/// Up to this many records, matches are a share of random pairs that `u` must be cleared of, which takes some rounds.
const CLEARED_RECORDS_MAX: u32 = 100_000;
const CLEARING_ROUNDS: usize = 3;
/// Below this many bits under the logarithm of the number of records, no prior that data can have makes a pair likely.
const FLOOR_BITS: f64 = 12.0;
/// Pairs weighed by one thread at a time.
const CHUNK_PAIRS: usize = 1 << 14;
/// Above the logarithm of the number of records by this many bits, a pair is of one person whatever one field says.
const CONFIDENT_BITS: f64 = 7.0;

/// Fewer doubtful pairs are not worth another thread.
const QUESTIONS_PER_THREAD_MIN: usize = 256;

/// What the first fit sees, which only serves to find confident pairs.
const FIRST_PAIRS_PER_RULE: u64 = 10_000;
const FIRST_RANDOM_SHARE: u64 = 4;

/// What is known beforehand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Whose records were in the last run; empty on the first.
    pub prior: &'a [(u32, PersonId)],
    /// Ids that records had before those, in the order in which they lost them; empty where that was not kept. Who is
    /// split off gets an id of theirs back.
    pub past: &'a [(u32, PersonId)],
    /// What stewards have decided.
    pub decisions: &'a [Decision],
}

impl Known<'_> {
    /// # Errors
    /// [`ResolveError::NoSuchRecord`] when something is known of a record that is not there.
    pub(crate) fn check(&self, records: &Records) -> Result<(), ResolveError> {
        let of = |known: &[(u32, PersonId)]| known.iter().map(|k| k.0).collect::<Vec<u32>>();
        check_records(records, "an earlier assignment", &of(self.prior))?;
        check_records(records, "an earlier id", &of(self.past))?;
        check_records(records, "a decision", &self.decisions.iter().flat_map(|d| [d.a, d.b]).collect::<Vec<u32>>())
    }
}

/// A steward's word about two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    pub a: u32,
    pub b: u32,
    /// One person, or two.
    pub same: bool,
}

/// Resolves the records: who is the same person, with evidence.
///
/// The result depends on the records, what they bought, what is known and the settings; not on the order of the records,
/// nor on the number of threads of the rayon pool it runs in.
///
/// # Errors
/// [`ResolveError`] for settings out of range, earlier assignments that contradict each other, or what is known of
/// records that are not there.
///
/// Cost: `O(n log n)` for `n` records and candidate pairs together; 10 bytes per candidate pair, 32 per likely one.
pub fn resolve(records: &mut Records, known: &Known, config: &Config) -> Result<Resolution, ResolveError> {
    config.check()?;
    known.check(records)?;
    records.complete(None);
    let (trust, emails, phones) = judge_values(&mut records.table, config);
    let decided = decided(records, known, &emails, &phones, config);
    let (found, fitted) = fit(records, config);
    let lambda = fitted.model.match_probability;
    let least = fitted.model.threshold_bits(config.link_probability_min);
    let link_bits = fitted.weights.threshold(config.precision_min, lambda, least);
    let review_bits = fitted.model.threshold_bits(config.review_probability_min);
    let least = centibits(link_bits - config.guard.group_bits);
    let proposals = proposals(&records.table, &fitted.scorer, &fitted.weighed, &decided, least);
    let report = Report {
        trust,
        link_bits,
        review_bits,
        candidates: found.pairs.len() as u64,
        captures: captures(&fitted.model, &fitted.weighed, &found),
        blocking: found.reports,
        expected_precision: fitted.weights.precision_above(link_bits, lambda).0,
        sessions: fitted.learnt.iter().map(|l| l.session.clone()).collect(),
        ..Report::default()
    };
    let stop = estimation::stop(&fitted.learnt);
    // Joining needs the room.
    drop((fitted.weighed, found.pairs, found.kinds));
    let judged = Judged { model: fitted.model, scorer: fitted.scorer, stop, proposals, report };
    conclude(records, known, config, judged)
}

/// Resolves the records under a model that was fitted before: who is who follows from the records and the decisions
/// alone, so whoever is not touched by a change stays as they were. It is what [`crate::Live`] comes to, for any order of
/// arrival.
///
/// # Errors
/// As [`resolve`].
///
/// Cost: as [`resolve`], without the fit.
pub fn resolve_under(records: &mut Records, known: &Known, frozen: &Frozen) -> Result<Resolution, ResolveError> {
    known.check(records)?;
    let Proposed { proposals, trust, candidates, weighed, weights, .. } = frozen.propose(records, known);
    let Frozen { model, scorer, config, link_bits, review_bits, stop, .. } = frozen.clone();
    let report = Report {
        trust,
        link_bits,
        review_bits,
        candidates: candidates.pairs.len() as u64,
        captures: captures(&model, &weighed, &candidates),
        blocking: candidates.reports,
        expected_precision: weights.precision_above(link_bits, model.match_probability).0,
        ..Report::default()
    };
    drop((weighed, candidates.pairs, candidates.kinds));
    conclude(records, known, &config, Judged { model, scorer, stop, proposals, report })
}

/// What a model says of the records, before they are joined.
struct Judged {
    model: Model,
    scorer: Scorer,
    stop: Stop,
    proposals: Vec<Proposal>,
    /// As far as it is known.
    report: Report,
}

/// Joins what is proposed, asks what is doubtful, and gives people ids.
fn conclude(records: &Records, known: &Known, config: &Config, judged: Judged) -> Result<Resolution, ResolveError> {
    let Judged { model, scorer, stop, proposals, mut report } = judged;
    let table = &records.table;
    let records_per_person_max = config.guard.records_per_person_max;
    let limits = Limits { records_per_person_max, threshold: centibits(report.link_bits) };
    let apart = clusters::apart(known.decisions.iter().filter(|d| !d.same).map(|d| (d.a, d.b)));
    let joined = clusters::join(table, &scorer, proposals, &apart, &limits);
    let (review_bits, fields_min) = (report.review_bits, config.review_fields_min);
    let judge = Judge { table, scorer: &scorer, model: &model, review_bits, fields_min };
    let review = judge.review(&joined.refused, |record| joined.first[record as usize]);
    let sizes = sizes(&joined.first);
    let members = if known.past.is_empty() { FxHashMap::default() } else { members(&joined.first) };
    let homes = Homes {
        records,
        first: &|record| joined.first[record as usize],
        people: (0..table.len()).filter(|&first| sizes[first as usize] > 1).collect(),
        taken: &|_| false,
        past: &past(records, known.past),
        members: &|first| members.get(&first).cloned().unwrap_or_default(),
    };
    let persons = persons::assign(known.prior, &homes)?;
    let tiers = tiers(table, &joined, &review);
    report.aliases = table.aliases.len() as u64;
    report.review_items = review.len() as u64;
    count(&mut report, table, &joined, &sizes, &persons, &tiers);
    let of = |first: &u32| persons.of.get(first).copied();
    Ok(Resolution {
        persons: joined.first.par_iter().map(of).collect(),
        tiers,
        links: joined.links.iter().map(link).collect(),
        clusters: joined.first,
        review,
        redirects: persons.redirects,
        retired: persons.retired,
        stop,
        model,
        report,
        scorer,
    })
}

fn check_records(records: &Records, what: &'static str, named: &[u32]) -> Result<(), ResolveError> {
    match named.iter().find(|&&r| r as usize >= records.len()) {
        Some(&record) => Err(ResolveError::NoSuchRecord { record, what, records: records.len() }),
        None => Ok(()),
    }
}

pub(crate) fn centibits(bits: f64) -> i32 {
    (bits * 100.0).ceil() as i32
}

pub(crate) fn judge_values(table: &mut Table, config: &Config) -> (Trust, Vec<bool>, Vec<bool>) {
    let (email_people, emails, email_counts) = trust::judge(table, &table.emails, &config.trust);
    let (phone_people, phones, phone_counts) = trust::judge(table, &table.phones, &config.trust);
    let (device_people, _, device_counts) = trust::judge(table, &table.devices, &config.trust);
    table.emails.people = email_people;
    table.phones.people = phone_people;
    table.devices.people = device_people;
    (Trust { emails: email_counts, phones: phone_counts, devices: device_counts }, emails, phones)
}

/// Tier 1 and what stewards have decided to be one person.
pub(crate) fn decided(
    records: &Records,
    known: &Known,
    emails: &[bool],
    phones: &[bool],
    config: &Config,
) -> Vec<Pair> {
    let mut pairs = deterministic::pairs(records, emails, phones, &config.trust);
    let same = known.decisions.iter().filter(|d| d.same && d.a != d.b);
    pairs.extend(same.map(|d| Pair::new(d.a, d.b, DECIDED)));
    pairs.sort_unstable();
    pairs.dedup_by_key(|pair| pair.records());
    pairs
}

struct Fitted {
    model: Model,
    scorer: Scorer,
    learnt: Vec<Learnt>,
    weights: Histogram,
    /// Candidates that some prior could make likely, in the order of the candidates.
    weighed: Vec<Proposal>,
}

/// Fits the model on samples of the rules' pairs, chooses the rules, and weighs their pairs.
fn fit(records: &mut Records, config: &Config) -> (Candidates, Fitted) {
    let schema = records.schema.clone();
    let table = &mut records.table;
    let rules = &config.blocking.rules;
    let learn = |random: &RandomPairs,
                 patterns: &[Patterns],
                 m: &Levels<f64>,
                 lambda: f64,
                 dependent: &[Vec<Field>]| {
        let u = random.u(&schema, m, lambda);
        let learnt: Vec<Learnt> = (rules.iter().zip(patterns))
            .map(|(rule, patterns)| {
                estimation::learn(&schema, &rule.name, patterns, &keys::conditioned(rule), dependent, &u, &config.fit)
            })
            .collect();
        let (m, fitted_on) = estimation::average(&schema, &learnt, &config.fit);
        let household_name_u = estimation::household_name_u(&learnt, &config.fit);
        let (base_rarity, dependent) = (random.base_rarity(), dependent.to_vec());
        (Parameters { m, u, base_rarity, household_name_u, fitted_on, dependent }, learnt)
    };
    let n = table.len();
    let defaults = crate::model::default_m(&schema);
    let mut samples = blocking::samples(table, &config.blocking, config.fit.pairs_per_rule_max, config.seed);
    // First to learn what stands for what; then, with that known, what the levels are worth.
    let few = samples.iter().map(|s| blocking::fewer(table, &s.pairs, FIRST_PAIRS_PER_RULE, config.seed + 1));
    let few: Vec<Vec<Pair>> = few.collect();
    let random = RandomPairs::draw(table, config.fit.random_pairs / FIRST_RANDOM_SHARE, config.seed);
    let patterns: Vec<Patterns> = few.iter().map(|pairs| estimation::patterns(table, pairs)).collect();
    let (first, _) = learn(&random, &patterns, &defaults, 0.0, &[]);
    let scorer = Scorer::of(&Model::new(&schema, &first, 0.0, n));
    let dependent = dependence::find(table, &scorer, config.seed);
    let first = Parameters { dependent: dependent.clone(), ..first };
    let scorer = Scorer::of(&Model::new(&schema, &first, 0.0, n));
    let left_out = plan::choose(table, &scorer, rules, &samples);
    let used: Vec<bool> = left_out.iter().map(Option::is_none).collect();
    samples.iter_mut().zip(&used).filter(|(_, used)| !**used).for_each(|(sample, _)| sample.pairs.clear());
    table.aliases = differences(table, &scorer, &samples).aliases();
    let random = RandomPairs::draw(table, config.fit.random_pairs, config.seed);
    let patterns: Vec<Patterns> = samples.iter().map(|s| estimation::patterns(table, &s.pairs)).collect();
    drop(samples);
    let mut found = blocking::candidates(table, &config.blocking, &used);
    found.reports.iter_mut().zip(left_out).for_each(|(report, left_out)| report.left_out = left_out);
    let (mut m, mut lambda) = (defaults, 0.0);
    let rounds = if n <= CLEARED_RECORDS_MAX { CLEARING_ROUNDS } else { 1 };
    let floor = centibits(f64::from(n.max(2)).log2() - FLOOR_BITS);
    let mut round = 0;
    loop {
        round += 1;
        let (parameters, learnt) = learn(&random, &patterns, &m, lambda, &dependent);
        m = parameters.m;
        let mut model = Model::new(&schema, &parameters, lambda, n);
        let scorer = Scorer::of(&model);
        let (weighed, weights) = weigh(table, &scorer, &found.pairs, floor);
        lambda = weights.match_probability(n);
        if round == rounds {
            model.match_probability = lambda;
            model.aliases = table.aliases.written(table);
            return (found, Fitted { model, scorer, learnt, weights, weighed });
        }
    }
}

/// What speaks for and against two records being one person, under a model that was fitted before.
///
/// # Errors
/// [`ResolveError::NoSuchRecord`] for a record that is not there.
pub fn explain(records: &mut Records, frozen: &Frozen, a: u32, b: u32) -> Result<Evidence, ResolveError> {
    check_records(records, "the question", &[a, b])?;
    frozen.prepare(records);
    Ok(Evidence::of(records, &frozen.scorer.weigh(&compare(&records.table, a, b))))
}

/// What differs within pairs that are of one person whatever the differing field says.
fn differences(table: &Table, scorer: &Scorer, samples: &[Sample]) -> Differences {
    let sure = centibits(f64::from(table.len().max(2)).log2() + CONFIDENT_BITS);
    let mut pairs: Vec<Pair> = samples.iter().flat_map(|s| s.pairs.iter().copied()).collect();
    pairs.par_sort_unstable();
    pairs.dedup_by_key(|pair| pair.records());
    let confident = |pair: &Pair| {
        let weighed = scorer.weigh(&compare(table, pair.first(), pair.second()));
        let strongest = [Field::NAME, Field::LOCALITY].map(|f| i32::from(weighed.centibits[f.at()]).max(0));
        weighed.total() - strongest[0].max(strongest[1]) >= sure
    };
    let mut confident: Vec<Pair> = pairs.into_par_iter().filter(confident).collect();
    let mut parent: Vec<u32> = (0..table.len()).collect();
    for pair in &confident {
        let (a, b) = (root(&mut parent, pair.first()), root(&mut parent, pair.second()));
        parent[a.max(b) as usize] = a.min(b);
    }
    confident.sort_by_cached_key(|pair| (root(&mut parent, pair.first()), *pair));
    let mut differences = Differences::default();
    for pair in confident {
        let (a, b) = (pair.first(), pair.second());
        differences.add(table, &compare(table, a, b), a, b, root(&mut parent, a));
    }
    differences
}

/// Weighs all pairs; keeps those of at least `floor`, and counts all.
pub(crate) fn weigh(table: &Table, scorer: &Scorer, pairs: &[Pair], floor: i32) -> (Vec<Proposal>, Histogram) {
    let chunks: Vec<(Vec<Proposal>, Histogram)> = pairs
        .par_chunks(CHUNK_PAIRS.max(pairs.len() / 256))
        // Else one thread is left with a half that nobody can take from it.
        .with_max_len(1)
        .map(|chunk| {
            let mut weights = Histogram::new();
            let mut kept = Vec::new();
            ahead::for_each_pair(table, chunk, |pair| {
                let centibits = scorer.weigh(&compare(table, pair.first(), pair.second())).total();
                weights.add(centibits);
                if centibits >= floor {
                    kept.push(Proposal { pair, centibits });
                }
            });
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

/// True pairs by how many kinds of rules made them.
fn captures(model: &Model, weighed: &[Proposal], found: &Candidates) -> Captures {
    // Both are in the order of the candidates.
    let mut captures = Captures::default();
    let mut at = 0;
    for proposal in weighed {
        while found.pairs[at].records() != proposal.pair.records() {
            at += 1;
        }
        captures.add(found.kinds[at], model.probability(f64::from(proposal.centibits) / 100.0));
    }
    captures
}

/// Tier 1, and the candidates of at least `least` hundredths of a bit that tier 1 has not decided.
pub(crate) fn proposals(
    table: &Table,
    scorer: &Scorer,
    weighed: &[Proposal],
    decided: &[Pair],
    least: i32,
) -> Vec<Proposal> {
    // Both are sorted by their records. Most of what tier 1 decides was weighed as a candidate.
    let likely = weighed.iter().filter(|p| p.centibits >= least);
    let mut proposals: Vec<Proposal> = Vec::with_capacity(decided.len() + likely.clone().count());
    let mut open: Vec<Pair> = Vec::new();
    let mut ahead = weighed.iter().peekable();
    for &pair in decided {
        while ahead.next_if(|p| p.pair.records() < pair.records()).is_some() {}
        match ahead.peek().filter(|p| p.pair.records() == pair.records()) {
            Some(&&Proposal { centibits, .. }) => proposals.push(Proposal { pair, centibits }),
            None => open.push(pair),
        }
    }
    proposals.append(&mut weigh(table, scorer, &open, i32::MIN).0);
    let mut ahead = decided.iter().map(|pair| pair.records()).peekable();
    proposals.extend(likely.filter(|p| {
        while ahead.next_if(|&decided| decided < p.pair.records()).is_some() {}
        ahead.peek() != Some(&p.pair.records())
    }));
    proposals
}

/// What asks and answers about the clusters of a model.
pub(crate) struct Judge<'a> {
    pub table: &'a Table,
    pub scorer: &'a Scorer,
    pub model: &'a Model,
    pub review_bits: f64,
    pub fields_min: usize,
}

impl Judge<'_> {
    /// The strongest open question between each two clusters. `first`: by record, the first of its cluster.
    pub(crate) fn review(&self, refused: &[(Proposal, i32, Refusal)], first: impl Fn(u32) -> u32) -> Vec<ReviewItem> {
        let least = centibits(self.review_bits);
        let asked = |&&(proposal, centibits, why): &&(Proposal, i32, Refusal)| match why {
            Refusal::Decided => false,
            Refusal::TooManyRecords => true,
            _ => centibits >= least || proposal.deterministic(),
        };
        let mut strongest: FxHashMap<(u32, u32), (Proposal, i32, Refusal)> = FxHashMap::default();
        for &(proposal, centibits, why) in refused.iter().filter(asked) {
            let (a, b) = (first(proposal.pair.first()), first(proposal.pair.second()));
            let best = strongest.entry((a.min(b), a.max(b))).or_insert((proposal, centibits, why));
            if proposal.rank(self.table) < best.0.rank(self.table) {
                *best = (proposal, centibits, why);
            }
        }
        // One agreeing field is a coincidence, not a question.
        let weigh = |p: &Proposal| self.scorer.weigh(&compare(self.table, p.pair.first(), p.pair.second()));
        let items: Vec<(Proposal, i32, Refusal)> = strongest.into_values().collect();
        let is_question =
            |(p, ..): &(Proposal, i32, Refusal)| p.deterministic() || weigh(p).fields_for() >= self.fields_min;
        let mut items: Vec<(Proposal, i32, Refusal)> =
            items.into_par_iter().with_min_len(QUESTIONS_PER_THREAD_MIN).filter(is_question).collect();
        items.sort_unstable_by_key(|(p, centibits, _)| (-centibits, self.table.pair_tie(p.pair)));
        let item = |(p, centibits, reason): (Proposal, i32, Refusal)| {
            let weight_bits = f64::from(centibits) / 100.0;
            let probability = self.model.probability(weight_bits);
            let (a, b) = (p.pair.first(), p.pair.second());
            ReviewItem { a, b, rule: RuleId(p.pair.rule()), reason, weight_bits, probability }
        };
        items.into_iter().map(item).collect()
    }
}

/// The past of the records of this resolution.
pub(crate) fn past(records: &Records, known: &[(u32, PersonId)]) -> Past {
    let mut past = Past::default();
    known.iter().for_each(|&(record, id)| past.note(records.table.tie[record as usize], id));
    past
}

/// By first record: the records of its cluster.
fn members(first: &[u32]) -> FxHashMap<u32, Vec<u32>> {
    let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    first.iter().enumerate().for_each(|(record, &first)| members.entry(first).or_default().push(record as u32));
    members
}

/// By first record: records in its cluster.
fn sizes(first: &[u32]) -> Vec<u32> {
    let mut sizes = vec![0; first.len()];
    first.iter().for_each(|&f| sizes[f as usize] += 1);
    sizes
}

fn tiers(table: &Table, joined: &Clusters, review: &[ReviewItem]) -> Vec<Tier> {
    let mut tiers = vec![Tier::Unmatched; table.len() as usize];
    for item in review {
        tiers[item.a as usize] = Tier::Review;
        tiers[item.b as usize] = Tier::Review;
    }
    for link in &joined.links {
        let tier = if link.deterministic() { Tier::Deterministic } else { Tier::Probabilistic };
        for record in [link.pair.first(), link.pair.second()] {
            let own = &mut tiers[record as usize];
            *own = tier.min(*own);
        }
    }
    tiers
}

pub(crate) fn link(p: &Proposal) -> Link {
    Link {
        a: p.pair.first(),
        b: p.pair.second(),
        tier: if p.deterministic() { Tier::Deterministic } else { Tier::Probabilistic },
        rule: RuleId(p.pair.rule()),
        weight_bits: f64::from(p.centibits) / 100.0,
    }
}

fn count(report: &mut Report, table: &Table, joined: &Clusters, sizes: &[u32], persons: &Persons, tiers: &[Tier]) {
    report.records = u64::from(table.len());
    report.persons = persons.of.len() as u64;
    (report.persons_kept, report.persons_new) = (persons.kept, persons.new);
    report.redirects = persons.redirects.len() as u64;
    report.passes = joined.passes as u64;
    report.largest_component = joined.largest_component as u64;
    let mut by_size: BTreeMap<u32, u64> = BTreeMap::new();
    for &size in sizes.iter().filter(|&&size| size > 1) {
        *by_size.entry(size).or_default() += 1;
    }
    report.persons_by_size = by_size.into_iter().collect();
    for (tier, standing) in tiers.iter().zip(&table.standing) {
        report.records_by_tier[*tier as usize] += 1;
        report.unmatched_verified += u64::from(*tier == Tier::Unmatched && standing.verified);
    }
    let deterministic = joined.links.iter().filter(|l| l.deterministic()).count();
    report.links_deterministic = deterministic as u64;
    report.links_probabilistic = (joined.links.len() - deterministic) as u64;
    for (_, _, why) in &joined.refused {
        report.refused[*why as usize] += 1;
    }
}
