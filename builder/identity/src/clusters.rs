//! From pairs to people: union in order of weight, with a guard that refuses implausible people.
//!
//! Links are taken strongest first (declared by a system, tier 1, then tier 2 by weight), so that a weak bridge between
//! two clusters is judged when both are already whole. A merge that would join conflicting birth dates, two verified
//! accounts of a one-account system or more different names than usual needs extra weight for each; one that would exceed
//! the limit on records is refused whatever its weight. Refused merges are not lost: they become review items.

use kenal_types::{Date, System};
use serde::{Deserialize, Serialize};

use crate::comparison::name;
use crate::config::GuardConfig;
use crate::deterministic::MERGED;
use crate::model::Weighed;
use crate::normalise::date::{self, DateAgreement};
use crate::pairs::{Pair, RULES_MAX};
use crate::table::{NO_DATE, Table};

/// A pair that the tiers propose to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub pair: Pair,
    pub weighed: Weighed,
}

impl Proposal {
    pub(crate) fn deterministic(&self) -> bool {
        usize::from(self.pair.rule()) >= RULES_MAX
    }

    fn declared(&self) -> bool {
        self.pair.rule() == MERGED
    }

    /// Strongest first, ties by records.
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        (!self.declared(), !self.deterministic(), -self.weighed.total(), self.pair)
    }
}

/// Why two clusters were not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    BirthDates,
    Accounts,
    TooManyRecords,
    TooManyNames,
}

impl Refusal {
    pub const ALL: [Refusal; 4] =
        [Refusal::BirthDates, Refusal::Accounts, Refusal::TooManyRecords, Refusal::TooManyNames];

    pub const fn name(self) -> &'static str {
        match self {
            Refusal::BirthDates => "conflicting birth dates",
            Refusal::Accounts => "two verified accounts of one system",
            Refusal::TooManyRecords => "too many records for one person",
            Refusal::TooManyNames => "too many different names for one person",
        }
    }
}

/// What a conflict within a person costs, in hundredths of a bit: how surprising it is by the fitted model. Where one
/// person's birth dates hardly ever differ, a difference weighs ten bits; in careless data, three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConflictCosts {
    pub birth_dates: i32,
    pub accounts: i32,
    /// For each name too many.
    pub name: i32,
}

/// Limits and costs of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    pub guard: &'a GuardConfig,
    /// Weight from which tier 2 links, in hundredths of a bit.
    pub threshold: i32,
    pub costs: ConflictCosts,
}

/// The partition, and what became of each proposal.
#[derive(Debug)]
pub(crate) struct Clusters {
    /// By record: the smallest record of its cluster.
    pub smallest: Vec<u32>,
    /// Proposals whose records are in one cluster.
    pub links: Vec<Proposal>,
    /// Proposals whose records ended in different clusters, with the reason of the last refusal.
    pub refused: Vec<(Proposal, Refusal)>,
}

/// Joins the records of the proposals, strongest first, as far as the guard permits.
pub(crate) fn join(table: &Table, mut proposals: Vec<Proposal>, limits: &Limits, one_account: &[bool; 5]) -> Clusters {
    proposals.sort_by_cached_key(Proposal::rank);
    let mut forest = Forest::new(table, one_account);
    let mut refusals = Vec::new();
    for (at, proposal) in proposals.iter().enumerate() {
        let (a, b) = (forest.root(proposal.pair.first()), forest.root(proposal.pair.second()));
        if a == b {
            continue;
        }
        match forest.objection(table, a, b, proposal, limits) {
            Some(refusal) => refusals.push((at, refusal)),
            None => forest.union(table, a, b),
        }
    }
    let smallest: Vec<u32> = (0..table.len()).map(|r| forest.root(r)).collect();
    let together = |p: &Proposal| smallest[p.pair.first() as usize] == smallest[p.pair.second() as usize];
    let refused = refusals.into_iter().map(|(at, why)| (proposals[at], why)).filter(|(p, _)| !together(p)).collect();
    let links = proposals.into_iter().filter(together).collect();
    Clusters { smallest, links, refused }
}

/// What is remembered of a cluster, in constant space.
#[derive(Debug, Clone, Copy)]
struct Summary {
    records: u32,
    /// Records with mutually incompatible names.
    names: [u32; GuardConfig::NAMES_MAX],
    names_len: u8,
    births_len: u8,
    /// Distinct birth dates, the first few.
    births: [i32; 3],
    /// Active accounts with a verified contact, by system, in one-account systems.
    accounts: [u8; 5],
}

impl Summary {
    fn of(table: &Table, one_account: &[bool; 5], record: u32) -> Summary {
        let mut summary =
            Summary { records: 1, names: [0; 4], names_len: 0, births_len: 0, births: [NO_DATE; 3], accounts: [0; 5] };
        if !table.names.words_of(record).is_empty() {
            (summary.names[0], summary.names_len) = (record, 1);
        }
        if let Some(birth) = table.birth_date(record) {
            (summary.births[0], summary.births_len) = (birth.0, 1);
        }
        let (system, standing) = (table.system[record as usize] as usize, table.standing[record as usize]);
        summary.accounts[system] = u8::from(one_account[system] && standing.active && standing.verified);
        summary
    }

    fn names(&self) -> &[u32] {
        &self.names[..usize::from(self.names_len)]
    }

    fn births(&self) -> &[i32] {
        &self.births[..usize::from(self.births_len)]
    }

    /// Names of `other` that no name of `self` covers.
    fn new_names<'a>(&'a self, table: &'a Table, other: &'a Summary) -> impl Iterator<Item = u32> + 'a {
        let known = |&n: &u32| self.names().iter().any(|&own| name::compatible(&table.names, own, n));
        other.names().iter().copied().filter(move |n| !known(n))
    }

    fn births_conflict(&self, other: &Summary) -> bool {
        let near = |x: i32, y: i32| date::agreement(Date(x), Date(y)) >= DateAgreement::Near;
        !self.births().is_empty()
            && !other.births().is_empty()
            && !self.births().iter().any(|&x| other.births().iter().any(|&y| near(x, y)))
    }

    fn accounts_conflict(&self, other: &Summary) -> bool {
        System::ALL.into_iter().any(|s| self.accounts[s as usize] > 0 && other.accounts[s as usize] > 0)
    }
}

/// Union–find whose roots are the smallest records of their sets, so that the forest does not remember how it grew.
struct Forest {
    parent: Vec<u32>,
    summaries: Vec<Summary>,
}

impl Forest {
    fn new(table: &Table, one_account: &[bool; 5]) -> Forest {
        let records = 0..table.len();
        Forest {
            parent: records.clone().collect(),
            summaries: records.map(|r| Summary::of(table, one_account, r)).collect(),
        }
    }

    fn root(&mut self, mut record: u32) -> u32 {
        while self.parent[record as usize] != record {
            let above = self.parent[record as usize];
            self.parent[record as usize] = self.parent[above as usize];
            record = above;
        }
        record
    }

    fn objection(&self, table: &Table, a: u32, b: u32, proposal: &Proposal, limits: &Limits) -> Option<Refusal> {
        if proposal.declared() {
            return None;
        }
        let (x, y) = (&self.summaries[a as usize], &self.summaries[b as usize]);
        if (x.records + y.records) as usize > limits.guard.records_per_person_max {
            return Some(Refusal::TooManyRecords);
        }
        let names = x.names().len() + x.new_names(table, y).count();
        if names > GuardConfig::NAMES_MAX {
            return Some(Refusal::TooManyNames);
        }
        let names_over = names.saturating_sub(limits.guard.names_per_person_max) as i32;
        let costs = [
            (Refusal::BirthDates, limits.costs.birth_dates * i32::from(x.births_conflict(y))),
            (Refusal::Accounts, limits.costs.accounts * i32::from(x.accounts_conflict(y))),
            (Refusal::TooManyNames, limits.costs.name * names_over),
        ];
        let cost: i32 = costs.iter().map(|c| c.1).sum();
        if cost == 0 || proposal.weighed.total() >= limits.threshold + cost {
            return None;
        }
        costs.into_iter().max_by_key(|c| c.1).map(|c| c.0)
    }

    fn union(&mut self, table: &Table, a: u32, b: u32) {
        let (root, child) = (a.min(b), a.max(b));
        let (mut joined, other) = (self.summaries[root as usize], self.summaries[child as usize]);
        let added: Vec<u32> = joined.new_names(table, &other).collect();
        for new in added {
            // A merge that a system declared may bring more names than there is room for; the first ones stay.
            if usize::from(joined.names_len) < GuardConfig::NAMES_MAX {
                joined.names[usize::from(joined.names_len)] = new;
                joined.names_len += 1;
            }
        }
        for &birth in other.births() {
            if !joined.births().contains(&birth) && usize::from(joined.births_len) < joined.births.len() {
                joined.births[usize::from(joined.births_len)] = birth;
                joined.births_len += 1;
            }
        }
        for (own, more) in joined.accounts.iter_mut().zip(other.accounts) {
            *own = own.saturating_add(more);
        }
        joined.records += other.records;
        self.summaries[root as usize] = joined;
        self.parent[child as usize] = root;
    }
}

#[cfg(test)]
mod tests {
    use kenal_types::{CustomerRecord, RecordKey};

    use super::*;
    use crate::comparison::Field;
    use crate::input::{Input, canonical_order};
    use crate::vocabulary::mix;

    fn table(rows: &[(&str, Option<&str>)]) -> Table {
        let records: Vec<CustomerRecord> = rows
            .iter()
            .enumerate()
            .map(|(at, (name, birth))| CustomerRecord {
                full_name: Some((*name).to_owned()),
                birth_date: birth.map(|d| d.parse().expect("a day")),
                ..crate::input::tests::empty(RecordKey::new(System::Warehouse, format!("{at:04}")))
            })
            .collect();
        let input = Input { records: &records, ..Input::default() };
        Table::build(&input, &canonical_order(&input).expect("distinct keys"))
    }

    fn proposal(a: u32, b: u32, bits: i16, rule: u8) -> Proposal {
        let mut weighed = Weighed::default();
        weighed.centibits[Field::Name as usize] = bits * 100;
        Proposal { pair: Pair::new(a, b, rule), weighed }
    }

    fn run(table: &Table, proposals: Vec<Proposal>, guard: &GuardConfig) -> Clusters {
        let costs = ConflictCosts { birth_dates: 600, accounts: 600, name: 600 };
        join(table, proposals, &Limits { guard, threshold: 2000, costs }, &[false; 5])
    }

    /// Without conflicts, the clusters are the connected components: a naive reference on random graphs.
    #[test]
    fn clusters_are_components() {
        for seed in 0..200_u64 {
            let n = 2 + mix(seed) % 60;
            let edges = mix(seed + 1000) % (2 * n);
            let table = table(&vec![("", None); n as usize]);
            let edge = |e: u64| ((mix(seed << 20 | e) % n) as u32, (mix(seed << 20 | e | 1 << 50) % n) as u32);
            let list: Vec<(u32, u32)> = (0..edges).map(edge).filter(|(a, b)| a != b).collect();
            let mut naive: Vec<u32> = (0..n as u32).collect();
            for _ in 0..n {
                for &(a, b) in &list {
                    let least = naive[a as usize].min(naive[b as usize]);
                    (naive[a as usize], naive[b as usize]) = (least, least);
                }
            }
            let weighed =
                list.iter().enumerate().map(|(at, &(a, b))| proposal(a, b, 20 + (at % 7) as i16, 0)).collect();
            let guard = GuardConfig { records_per_person_max: 1000, ..GuardConfig::default() };
            let found = run(&table, weighed, &guard);
            assert_eq!(found.smallest, naive, "seed {seed}");
            assert_eq!((found.links.len(), found.refused.len()), (list.len(), 0), "seed {seed}");
        }
    }

    #[test]
    fn conflicts_cost_and_limits_forbid() {
        let people = table(&[
            ("Mei Tan", Some("1980-02-03")),
            ("Mei Tan", None),
            ("Mei Tan", Some("1994-07-28")),
            ("Raju Muthu", None),
            ("Ali Hassan", None),
        ]);
        let guard = GuardConfig::default();
        // The bridge (1) joins the nearer neighbour first; the other would bring a second birth date.
        let found = run(&people, vec![proposal(1, 2, 25, 0), proposal(0, 1, 30, 0)], &guard);
        assert_eq!(found.smallest, [0, 0, 2, 3, 4]);
        assert_eq!(found.refused.iter().map(|r| r.1).collect::<Vec<_>>(), [Refusal::BirthDates]);
        let sure = run(&people, vec![proposal(1, 2, 26, 0), proposal(0, 1, 30, 0)], &guard);
        assert_eq!(sure.smallest, [0, 0, 0, 3, 4], "six bits over the threshold outweigh it");
        let names = run(&people, vec![proposal(0, 3, 30, 0), proposal(0, 4, 25, 0)], &guard);
        assert_eq!(names.refused.iter().map(|r| r.1).collect::<Vec<_>>(), [Refusal::TooManyNames]);
        let small = GuardConfig { records_per_person_max: 2, ..guard };
        let full = run(&people, vec![proposal(0, 1, 90, 0), proposal(1, 2, 90, 0)], &small);
        assert_eq!(full.refused.iter().map(|r| r.1).collect::<Vec<_>>(), [Refusal::TooManyRecords]);
        let declared = run(&people, vec![proposal(0, 1, 90, 0), proposal(1, 2, -90, MERGED)], &small);
        assert_eq!(
            declared.smallest,
            [0, 1, 1, 3, 4],
            "what the system has merged is merged first, and whatever it says"
        );
    }
}
