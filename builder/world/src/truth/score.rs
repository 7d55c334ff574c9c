//! How right the pipeline is: pairs of records, consent, and purchases that were recommended again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kenal_types::{Channel, Purpose, RecordKey, Timestamp};

use super::{Consent, Person, Purchase};

/// Pairs of records, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pairs {
    /// Pairs said to be one person.
    pub found: u64,
    /// Those of them that are.
    pub correct: u64,
    /// Pairs that are one person.
    pub truth: u64,
}

impl Pairs {
    /// 1 when nothing was found: nothing wrong was said.
    pub fn precision(self) -> f64 {
        if self.found == 0 { 1.0 } else { self.correct as f64 / self.found as f64 }
    }

    /// 1 when there was nothing to find.
    pub fn recall(self) -> f64 {
        if self.truth == 0 { 1.0 } else { self.correct as f64 / self.truth as f64 }
    }

    pub fn f1(self) -> f64 {
        let (p, r) = (self.precision(), self.recall());
        if p + r == 0.0 { 0.0 } else { 2.0 * p * r / (p + r) }
    }
}

/// Pairs whose weaker record was placed by this tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierScore<T> {
    pub tier: T,
    /// `truth` is that of the whole world, so recalls of tiers add up to the overall one.
    pub pairs: Pairs,
}

/// How well records were told to be of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityScore<T> {
    pub overall: Pairs,
    /// Only pairs of records that share evidence with some record of their person.
    pub with_evidence: Pairs,
    /// By tier, the strongest first.
    pub tiers: Vec<TierScore<T>>,
    /// Assigned records that the truth does not name: devices that two people share.
    pub unknown_records: u64,
    /// Records of the truth that were not assigned at all.
    pub missing_records: u64,
}

fn pairs_of(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

/// Scores clusters by pairs. `assignments` are (record, cluster, tier); a record in no cluster is given with `None` or
/// left out. Tiers order from the strongest. `O(n log n)`; the pairs are never listed.
pub fn identity<'r, C: Ord + Copy, T: Ord + Copy>(
    truth: &[Person],
    assignments: impl IntoIterator<Item = (&'r RecordKey, Option<C>, T)>,
) -> IdentityScore<T> {
    let known: HashMap<&RecordKey, &Person> = truth.iter().map(|p| (&p.record, p)).collect();
    let mut placed: Vec<(&Person, C, T)> = Vec::new();
    let (mut unknown_records, mut seen) = (0, 0);
    for (record, cluster, tier) in assignments {
        match known.get(record) {
            None => unknown_records += 1,
            Some(person) => {
                seen += 1;
                placed.extend(cluster.map(|c| (*person, c, tier)));
            }
        }
    }
    let evident = |p: &&Person| !p.no_evidence;
    let truth_pairs = true_pairs(truth.iter());
    let with_evidence = Pairs {
        truth: true_pairs(truth.iter().filter(evident)),
        ..count(placed.iter().filter(|(p, _, _)| evident(p)).map(|(p, c, _)| (p.person, *c)))
    };
    let all: BTreeSet<T> = placed.iter().map(|(_, _, tier)| *tier).collect();
    let mut tiers = Vec::new();
    let mut before = Pairs::default();
    for tier in all {
        // A pair belongs to the weaker of its records' tiers: what is found up to a tier, less what was found before.
        let upto = count(placed.iter().filter(|(_, _, t)| *t <= tier).map(|(p, c, _)| (p.person, *c)));
        let (found, correct) = (upto.found - before.found, upto.correct - before.correct);
        tiers.push(TierScore { tier, pairs: Pairs { found, correct, truth: truth_pairs } });
        before = upto;
    }
    let overall = Pairs { truth: truth_pairs, ..before };
    IdentityScore { overall, with_evidence, tiers, unknown_records, missing_records: truth.len() as u64 - seen }
}

fn true_pairs<'p>(people: impl Iterator<Item = &'p Person>) -> u64 {
    let mut sizes: HashMap<u64, u64> = HashMap::new();
    people.for_each(|p| *sizes.entry(p.person).or_default() += 1);
    sizes.into_values().map(pairs_of).sum()
}

fn count<C: Ord>(placed: impl Iterator<Item = (u64, C)>) -> Pairs {
    let mut cells: BTreeMap<(C, u64), u64> = BTreeMap::new();
    placed.for_each(|(person, cluster)| *cells.entry((cluster, person)).or_default() += 1);
    let (mut pairs, mut sum, mut last) = (Pairs::default(), 0, None);
    for ((cluster, _), n) in cells {
        if last.as_ref() != Some(&cluster) {
            pairs.found += pairs_of(sum);
            (sum, last) = (0, Some(cluster));
        }
        sum += n;
        pairs.correct += pairs_of(n);
    }
    pairs.found += pairs_of(sum);
    pairs
}

/// Somebody who was admitted and has not consented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation<C> {
    pub cluster: C,
    pub person: u64,
    /// They said no; otherwise they never said anything.
    pub refused: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentScore<C> {
    /// True people behind what was admitted.
    pub admitted: u64,
    /// True people who consent, admitted or not.
    pub consenting: u64,
    /// Sorted; empty is the only good answer.
    pub violations: Vec<Violation<C>>,
}

/// Checks who was admitted to one purpose over one channel. `admitted` are (cluster, its records); every true person
/// behind any of the records must have consented.
pub fn consent_violations<'r, C: Ord + Copy>(
    truth: &[Person],
    consents: &[Consent],
    purpose: Purpose,
    channel: Channel,
    admitted: impl IntoIterator<Item = (C, &'r RecordKey)>,
) -> ConsentScore<C> {
    let known: HashMap<&RecordKey, u64> = truth.iter().map(|p| (&p.record, p.person)).collect();
    let cell = consents.iter().filter(|c| c.purpose == purpose && c.channel == channel);
    let said: HashMap<u64, (bool, bool)> =
        cell.map(|c| (c.person, (c.consents, !c.consents && c.decided_at.is_some()))).collect();
    let (mut people, mut violations) = (BTreeSet::new(), BTreeSet::new());
    for (cluster, record) in admitted {
        let Some(&person) = known.get(record) else { continue };
        people.insert(person);
        let (consents, refused) = said.get(&person).copied().unwrap_or((false, false));
        if !consents {
            violations.insert(Violation { cluster, person, refused });
        }
    }
    ConsentScore {
        admitted: people.len() as u64,
        consenting: said.values().filter(|(yes, _)| *yes).count() as u64,
        violations: violations.into_iter().collect(),
    }
}

/// An item that was recommended to who has it already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bought<C> {
    pub cluster: C,
    pub person: u64,
    pub item: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoughtScore<C> {
    /// Items recommended to somebody the truth knows.
    pub recommended: u64,
    /// Sorted; empty is the only good answer.
    pub bought: Vec<Bought<C>>,
}

/// Checks recommendations against everything their people bought before `before`, signed in, and did not send back.
/// `clusters` are (cluster, its records), `recommended` are (cluster, item).
pub fn already_bought<'r, C: Ord + Copy>(
    truth: &[Person],
    purchases: &[Purchase],
    before: Timestamp,
    clusters: impl IntoIterator<Item = (C, &'r RecordKey)>,
    recommended: impl IntoIterator<Item = (C, &'r str)>,
) -> BoughtScore<C> {
    let known: HashMap<&RecordKey, u64> = truth.iter().map(|p| (&p.record, p.person)).collect();
    let mut behind: BTreeMap<C, BTreeSet<u64>> = BTreeMap::new();
    for (cluster, record) in clusters {
        if let Some(&person) = known.get(record) {
            behind.entry(cluster).or_default().insert(person);
        }
    }
    let kept = purchases.iter().filter(|p| p.quantity > 0 && !p.guest && p.ordered_at < before);
    let owned: BTreeSet<(u64, &str)> = kept.map(|p| (p.person, p.item.as_str())).collect();
    let (mut count, mut bought) = (0, BTreeSet::new());
    for (cluster, item) in recommended {
        let Some(people) = behind.get(&cluster) else { continue };
        count += 1;
        for &person in people.iter().filter(|p| owned.contains(&(**p, item))) {
            bought.insert(Bought { cluster, person, item: item.to_owned() });
        }
    }
    BoughtScore { recommended: count, bought: bought.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use kenal_types::{Market, System};

    use super::*;

    fn key(n: u64) -> RecordKey {
        RecordKey::new(System::Shopify, n.to_string())
    }

    /// Person 1 has records 1 to 3, person 2 has 4 and 5; record 3 shares no evidence.
    fn truth() -> Vec<Person> {
        let person = |(n, person, no_evidence)| Person { record: key(n), person, no_evidence };
        [(1, 1, false), (2, 1, false), (3, 1, true), (4, 2, false), (5, 2, false)].map(person).to_vec()
    }

    fn check(clusters: &[(u64, Option<u32>, u8)]) -> IdentityScore<u8> {
        let keys: Vec<_> = clusters.iter().map(|(n, c, t)| (key(*n), *c, *t)).collect();
        identity(&truth(), keys.iter().map(|(k, c, t)| (k, *c, *t)))
    }

    #[test]
    fn pairs() {
        for (name, clusters, found, correct) in [
            (
                "all right",
                vec![(1, Some(1), 1), (2, Some(1), 1), (3, Some(1), 1), (4, Some(2), 1), (5, Some(2), 1)],
                4,
                4,
            ),
            (
                "all one",
                vec![(1, Some(1), 1), (2, Some(1), 1), (3, Some(1), 1), (4, Some(1), 1), (5, Some(1), 1)],
                10,
                4,
            ),
            ("all apart", vec![(1, None, 1), (2, None, 1), (3, Some(7), 1)], 0, 0),
            ("nothing", vec![], 0, 0),
        ] {
            let score = check(&clusters);
            assert_eq!(score.overall, Pairs { found, correct, truth: 4 }, "{name}");
        }
        let one = check(&[(1, Some(1), 1), (2, Some(1), 1), (3, Some(1), 1), (4, Some(1), 1), (5, Some(1), 1)]);
        assert_eq!((one.overall.precision(), one.overall.recall()), (0.4, 1.0));
        assert_eq!(one.with_evidence, Pairs { found: 6, correct: 2, truth: 2 });
    }

    #[test]
    fn tiers_add_up_and_strangers_are_counted() {
        let score = check(&[(1, Some(1), 1), (2, Some(1), 1), (3, Some(1), 3), (4, Some(2), 2), (9, Some(2), 1)]);
        let tiers: Vec<_> = score.tiers.iter().map(|t| (t.tier, t.pairs.found, t.pairs.correct)).collect();
        assert_eq!(tiers, [(1, 1, 1), (2, 0, 0), (3, 2, 2)]);
        assert_eq!((score.unknown_records, score.missing_records), (1, 1));
        assert_eq!(score.overall, Pairs { found: 3, correct: 3, truth: 4 });
    }

    #[test]
    fn refusals_and_silence_are_violations() {
        let consent = |(person, consents, at): (u64, bool, Option<i64>)| Consent {
            person,
            purpose: Purpose::Train,
            channel: Channel::Onsite,
            market: Market::Thailand,
            consents,
            decided_at: at.map(Timestamp),
        };
        let consents = [(1, true, Some(3)), (2, false, Some(4))].map(consent);
        let keys = [key(1), key(2), key(4), key(5), key(99)];
        let admitted = [(7, &keys[0]), (7, &keys[1]), (8, &keys[2]), (8, &keys[3]), (9, &keys[4])];
        let score = consent_violations(&truth(), &consents, Purpose::Train, Channel::Onsite, admitted);
        assert_eq!((score.admitted, score.consenting), (2, 1));
        assert_eq!(score.violations, [Violation { cluster: 8, person: 2, refused: true }]);
        let score = consent_violations(&truth(), &consents, Purpose::Market, Channel::Onsite, [(7, &keys[0])]);
        assert_eq!(score.violations, [Violation { cluster: 7, person: 1, refused: false }]);
    }

    #[test]
    fn only_what_was_kept_and_known_counts_as_bought() {
        let purchase = |(person, item, at, quantity, guest): (u64, &str, i64, i64, bool)| Purchase {
            person,
            item: item.to_owned(),
            ordered_at: Timestamp(at),
            order_number: "1".to_owned(),
            quantity,
            guest,
        };
        let purchases =
            [(1, "a", 1, 1, false), (1, "b", 1, 0, false), (1, "c", 9, 1, false), (1, "d", 1, 1, true)].map(purchase);
        let keys = [key(1), key(3)];
        let clusters = [(7, &keys[0]), (7, &keys[1])];
        let recommended = [(7, "a"), (7, "b"), (7, "c"), (7, "d"), (7, "e"), (8, "a")];
        let score = already_bought(&truth(), &purchases, Timestamp(5), clusters, recommended);
        assert_eq!(score.recommended, 5);
        assert_eq!(score.bought, [Bought { cluster: 7, person: 1, item: "a".to_owned() }]);
    }
}
