//! Identity as records come, change and go, without resolving everything again.
//!
//! Under a [`Frozen`] model, who is who follows from the records alone, so an update has only to find what depends on the
//! records that changed: their own pairs, and the pairs of the records that `index` names (a block that became too large,
//! an email that another person uses too). Proposals (`edges`) make a graph; the clusters in it that were touched are
//! joined again by the same code as in a batch (`region`, `clusters`), and all others stay as they are. Whatever the order
//! in which records came, the partition is that of all of them at once.
//!
//! Ids do depend on history: `people` keeps them, and `history` tells what happened, so that a merge can be undone.

mod edges;
mod history;
mod index;
mod people;
mod postings;
mod region;
mod rulings;

use kenal_types::PersonId;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

pub use self::history::{Event, EventKind};
pub use self::people::Moved;

use self::edges::{Edge, Finder};
use self::index::{Index, Own, own_blocks};
use self::people::{People, Regrouped};
use self::region::{Partition, RecordSet, Region, Seeds};
use self::rulings::Rulings;
use crate::clusters::{self, Apart, Joined, Proposal, Refusal};
use crate::error::ResolveError;
use crate::frozen::{Frozen, Proposed};
use crate::pairs::{Pair, RECORDS_MAX};
use crate::past::two_people;
use crate::persons::Redirect;
use crate::records::{Put, Records, hash_key};
use crate::resolution::{Link, ReviewItem, RuleId, Tier};
use crate::resolve::{Judge, Known, link, past};

/// A record's source and id.
pub type Key<'a> = (u8, &'a str);

/// Something that happened to the records, or that a steward said of them.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// A new record, or the new state of a known one.
    Put(Put<'a>),
    /// A record that is no more.
    Remove(Key<'a>),
    /// Two records are one person, or two; `None` takes back what was said of them.
    Decide { a: Key<'a>, b: Key<'a>, same: Option<bool> },
}

/// What an update changed. Lists of records' keys and of ids are in their order, the others in no order that means
/// anything.
#[derive(Debug, Default)]
pub struct Update {
    /// Records whose person is another now.
    pub moved: Vec<Moved>,
    /// Ids that stand for another now.
    pub redirects: Vec<Redirect>,
    /// Ids that are in use and were not before.
    pub created: Vec<PersonId>,
    /// Ids without records.
    pub retired: Vec<PersonId>,
    /// Records that were to be removed and are not known.
    pub unknown: u64,
    /// Records whose pairs were looked at again.
    pub compared: u64,
    /// Records whose clusters were made again, by number.
    pub regrouped: Vec<u32>,
    /// Links of the records that were regrouped, instead of those they had.
    pub links: Vec<Link>,
    /// Questions that name a record that was regrouped, instead of those that did.
    pub review: Vec<ReviewItem>,
}

/// Records that leave and records that come.
#[derive(Debug, Default)]
struct Turnover {
    leaving: Vec<u32>,
    coming: Vec<u32>,
    /// By record that comes: the one whose place it takes.
    replaced: FxHashMap<u32, u32>,
}

/// Records resolved under a frozen model, open to change.
#[derive(Debug)]
pub struct Live {
    records: Records,
    frozen: Frozen,
    index: Index,
    rulings: Rulings,
    /// By record: neither removed nor replaced by a later version.
    alive: Vec<bool>,
    edges: Vec<Vec<Edge>>,
    clusters: Partition,
    tiers: Vec<Tier>,
    people: People,
    /// The memory of the last region.
    region: RecordSet,
}

impl Live {
    /// Resolves `records` under `frozen`, all at once. What they bought counts only where they are
    /// [`Records::growing`] or bought nothing.
    ///
    /// # Errors
    /// As [`crate::resolve`].
    pub fn start(mut records: Records, frozen: Frozen, known: &Known) -> Result<Live, ResolveError> {
        known.check(&records)?;
        let Proposed { proposals, emails, phones, .. } = frozen.propose(&mut records, known);
        let index = Index::new(&records, &frozen, emails, phones);
        let mut rulings = Rulings::default();
        let tie = |record: u32| records.table.tie[record as usize];
        known.decisions.iter().for_each(|d| rulings.decide(tie(d.a), tie(d.b), Some(d.same)));
        let count = records.len();
        let mut edges: Vec<Vec<Edge>> = vec![Vec::new(); count];
        for &Proposal { pair, centibits } in &proposals {
            for (own, other) in [(pair.first(), pair.second()), (pair.second(), pair.first())] {
                edges[own as usize].push(Edge::new(other, centibits, pair.rule()));
            }
        }
        let mut live = Live {
            records,
            frozen,
            index,
            rulings,
            alive: vec![true; count],
            edges,
            clusters: Partition::of_singles(count),
            tiers: vec![Tier::Unmatched; count],
            people: People::default(),
            region: RecordSet::default(),
        };
        let mut persons = vec![None; count];
        known.prior.iter().for_each(|&(record, person)| persons[record as usize] = Some(person));
        live.people = People::new(persons, past(&live.records, known.past));
        let all: Vec<u32> = (0..count as u32).collect();
        live.regroup(
            &Seeds { changed: all.iter().copied().collect(), records: all },
            &[],
            &FxHashMap::default(),
            &mut Update::default(),
        )?;
        Ok(live)
    }

    /// Makes changes, as one: of several to one record, the last counts.
    ///
    /// # Errors
    /// [`ResolveError::UnknownSource`] and [`ResolveError::TooManyRecords`], before anything is changed.
    ///
    /// Cost: for each record that changes, the pairs of its blocks and of those that share its values; then the clusters that can
    /// change.
    pub fn apply(&mut self, changes: &[Change<'_>]) -> Result<Update, ResolveError> {
        self.check(changes)?;
        let mut update = Update::default();
        let mut again: Vec<u32> = Vec::new();
        let Turnover { leaving, coming, replaced } = self.take(changes, &mut update)?;
        self.decide(changes, &mut again);
        let changed: Vec<u32> = leaving.iter().chain(&coming).copied().collect();
        let (table, frozen) = (&self.records.table, &self.frozen);
        let own: Vec<Own> = changed.par_iter().map(|&record| own_blocks(table, frozen, record)).collect();
        let touched = self.index.touched(&self.records, &self.frozen, &changed, &own);
        let before = self.index.before(&self.records.table, &self.frozen, &self.alive, &touched);
        let (own_leaving, own_coming) = own.split_at(leaving.len());
        for (&record, own) in leaving.iter().zip(own_leaving) {
            self.alive[record as usize] = false;
            self.index.remove(&self.records, &self.frozen, record, own);
        }
        for (&record, own) in coming.iter().zip(own_coming) {
            self.alive[record as usize] = true;
            self.index.add(&self.records, &self.frozen, record, own);
        }
        again.extend(&coming);
        self.index.settle(&mut self.records, &self.frozen, &self.alive, &touched, &before, &mut again);
        let came = own_coming.iter().flatten().copied();
        self.index.split_touched(&self.records, &self.frozen, &self.alive, &touched, came);
        again.retain(|&record| self.alive[record as usize]);
        again.sort_unstable();
        again.dedup();
        update.compared = again.len() as u64;
        let seeds = self.renew(&again, &leaving, &coming);
        self.regroup(&seeds, &leaving, &replaced, &mut update)?;
        Ok(update)
    }

    fn check(&self, changes: &[Change<'_>]) -> Result<(), ResolveError> {
        let sources = self.records.schema().sources.len();
        let mut coming = 0;
        for change in changes {
            let named = match change {
                Change::Put(put) => {
                    coming += 1;
                    [put.source(), put.source()]
                }
                Change::Remove(key) => [key.0, key.0],
                Change::Decide { a, b, .. } => [a.0, b.0],
            };
            if let Some(&source_number) = named.iter().find(|&&source| usize::from(source) >= sources) {
                return Err(ResolveError::UnknownSource { source_number, sources });
            }
        }
        let records = self.records.len() + coming;
        if records > RECORDS_MAX {
            return Err(ResolveError::TooManyRecords { records, max: RECORDS_MAX });
        }
        Ok(())
    }

    /// Takes records in and out.
    fn take(&mut self, changes: &[Change<'_>], update: &mut Update) -> Result<Turnover, ResolveError> {
        let mut last: FxHashMap<(u8, &str), usize> = FxHashMap::default();
        for (at, change) in changes.iter().enumerate() {
            match change {
                Change::Put(put) => drop(last.insert((put.source(), put.id()), at)),
                Change::Remove(key) => drop(last.insert(*key, at)),
                Change::Decide { .. } => {}
            }
        }
        let mut last: Vec<usize> = last.into_values().collect();
        last.sort_unstable();
        let puts = last.iter().filter_map(|&at| if let Change::Put(put) = &changes[at] { Some(put) } else { None });
        let rows = self.records.preparing().puts(&puts.collect::<Vec<&Put<'_>>>());
        let mut turnover = Turnover::default();
        for at in last {
            match &changes[at] {
                Change::Put(put) => {
                    let number = self.records.len() as u32;
                    if let Some(former) = self.records.put(put)? {
                        turnover.leaving.push(former);
                        turnover.replaced.insert(number, former);
                    }
                    turnover.coming.push(number);
                }
                Change::Remove((source, id)) => match self.records.forget(*source, id) {
                    Some(former) => turnover.leaving.push(former),
                    None => update.unknown += 1,
                },
                Change::Decide { .. } => {}
            }
        }
        self.records.put_values(&rows);
        self.frozen.measure(&mut self.records);
        let count = self.records.len();
        self.alive.resize(count, false);
        self.edges.resize(count, Vec::new());
        self.clusters.extend(count);
        self.tiers.resize(count, Tier::Unmatched);
        self.people.of.resize(count, None);
        Ok(turnover)
    }

    /// Notes decisions; the records they are about are looked at again.
    fn decide(&mut self, changes: &[Change<'_>], again: &mut Vec<u32>) {
        for change in changes {
            let Change::Decide { a, b, same } = *change else { continue };
            self.rulings.decide(hash_key(a.0, a.1), hash_key(b.0, b.1), same);
            again.extend([a, b].into_iter().filter_map(|(source, id)| self.records.find(source, id)));
        }
    }

    /// Finds the proposals of the records `again` anew; those that leave have none. Returns whose clusters are to be made
    /// again.
    fn renew(&mut self, again: &[u32], leaving: &[u32], coming: &[u32]) -> Seeds {
        let finder = Finder {
            records: &self.records,
            frozen: &self.frozen,
            index: &self.index,
            rulings: &self.rulings,
            alive: &self.alive,
        };
        let mut found: Vec<Vec<Edge>> = again.par_iter().map(|&record| finder.edges(record)).collect();
        let renewed: FxHashSet<u32> = again.iter().chain(leaving).copied().collect();
        let mut seeds = Seeds { records: again.to_vec(), changed: coming.iter().chain(leaving).copied().collect() };
        found.resize(again.len() + leaving.len(), Vec::new());
        for (&record, mut edges) in again.iter().chain(leaving).zip(found) {
            let former = std::mem::take(&mut self.edges[record as usize]);
            for old in former.iter().filter(|old| !renewed.contains(&old.other)) {
                self.edges[old.other as usize].retain(|edge| edge.other != record);
            }
            // What is asked about the other may have been about this.
            let gone = former.iter().filter(|old| !edges.iter().any(|new| old.proposes(new)));
            seeds.records.extend(gone.map(|old| old.other));
            for new in &mut edges {
                match former.iter().find(|old| old.proposes(new)) {
                    Some(old) => new.refused = old.refused,
                    None => seeds.records.push(new.other),
                }
                if !renewed.contains(&new.other) {
                    self.edges[new.other as usize].push(Edge { other: record, ..*new });
                }
            }
            self.edges[record as usize] = edges;
        }
        seeds.records.extend(leaving);
        seeds
    }

    /// Makes the clusters of the seeds again, and gives their people ids.
    fn regroup(
        &mut self,
        seeds: &Seeds,
        leaving: &[u32],
        replaced: &FxHashMap<u32, u32>,
        update: &mut Update,
    ) -> Result<(), ResolveError> {
        let set = std::mem::take(&mut self.region);
        let mut region = Region::of(self, seeds, set);
        region.join(self);
        while region.grow(self, seeds) {
            region.join(self);
        }
        let joined = std::mem::take(&mut region.joined);
        let looked_at = region.records();
        let former: Vec<u32> = looked_at.iter().map(|&record| self.clusters.first(record)).collect();
        self.clusters.dissolve(&looked_at);
        for component in joined {
            self.clusters.set(&component);
            self.note(&component);
            update.links.extend(component.links.iter().map(link));
        }
        self.ask(&looked_at, update);
        let now = |record: u32| self.clusters.first(record);
        let clusters = region.changed_clusters(&looked_at, &former, now, seeds);
        self.region = region.into_set();
        let first = |record: u32| self.clusters.first(record);
        let groups = Regrouped { records: &self.records, leaving, clusters: &clusters, first: &first, replaced };
        let found = self.people.reassign(&groups)?;
        update.moved = found.moved;
        update.redirects = found.redirects;
        update.created = found.created;
        update.retired = found.retired;
        update.regrouped = looked_at;
        Ok(())
    }

    /// Notes with the proposals of a component what became of them.
    fn note(&mut self, component: &Joined) {
        let links = component.links.iter().map(|p| (p.pair, None));
        let refused = component.refused.iter().map(|(p, centibits, why)| (p.pair, Some((*centibits, *why))));
        for (pair, refused) in links.chain(refused) {
            for (own, other) in [(pair.first(), pair.second()), (pair.second(), pair.first())] {
                let edge = self.edges[own as usize].iter_mut().find(|edge| edge.other == other);
                edge.into_iter().for_each(|edge| edge.refused = refused);
            }
        }
    }

    /// Sets the tiers of records that were looked at, and asks stewards what is doubtful about them.
    fn ask(&mut self, looked_at: &[u32], update: &mut Update) {
        let judge = Judge {
            table: &self.records.table,
            scorer: &self.frozen.scorer,
            model: &self.frozen.model,
            review_bits: self.frozen.review_bits,
            fields_min: self.frozen.config.review_fields_min,
        };
        let mut refused: Vec<(Proposal, i32, Refusal)> = Vec::new();
        for &record in looked_at {
            for edge in &self.edges[record as usize] {
                let Some((centibits, why)) = edge.refused else { continue };
                let pair = Pair::new(record, edge.other, edge.rule);
                refused.push((Proposal { pair, centibits: edge.centibits }, centibits, why));
            }
        }
        refused.sort_unstable_by_key(|(p, ..)| p.pair);
        refused.dedup_by_key(|(p, ..)| p.pair);
        update.review = judge.review(&refused, |record| self.clusters.first(record));
        looked_at.iter().for_each(|&record| self.tiers[record as usize] = Tier::Unmatched);
        for record in update.review.iter().flat_map(|item| [item.a, item.b]) {
            let own = &mut self.tiers[record as usize];
            *own = (*own).min(Tier::Review);
        }
        for link in &update.links {
            for record in [link.a, link.b] {
                let own = &mut self.tiers[record as usize];
                *own = link.tier.min(*own);
            }
        }
    }

    /// Who of the records must stay apart.
    fn apart(&self, records: &[u32]) -> Apart {
        if self.rulings.is_empty() {
            return Apart::default();
        }
        let own = records.iter().flat_map(|&record| {
            let others = self.rulings.of(self.records.table.tie[record as usize]).filter(|r| !r.1);
            others.filter_map(move |(tie, _)| Some((record, self.records.of_tie(tie)?))).filter(|(a, b)| a < b)
        });
        clusters::apart(own)
    }

    /// Undoes the merge by which `person` became another: its records and those of the other are decided to be two
    /// people, as they were. Returns these decisions, which are to be kept, and what they changed.
    ///
    /// # Errors
    /// [`ResolveError::Unknown`] when the id does not stand for another.
    pub fn unmerge(&mut self, person: PersonId) -> Result<(Vec<Ruling>, Update), ResolveError> {
        let merge = self.people.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Merged { records, others, .. } if event.person == person => Some((records, others)),
            _ => None,
        });
        let still = self.people.redirects.contains_key(&person);
        let Some((own, others)) = merge.filter(|_| still) else {
            return Err(ResolveError::Unknown { what: "a merge of person", key: person.to_string() });
        };
        let hash = |key: &(u8, String)| hash_key(key.0, &key.1);
        let mut said: Vec<((u8, String), (u8, String))> = Vec::new();
        for a in own {
            let same: FxHashSet<u64> = self.rulings.of(hash(a)).filter(|r| r.1).map(|r| r.0).collect();
            said.extend(others.iter().filter(|b| same.contains(&hash(b))).map(|b| (a.clone(), b.clone())));
        }
        let ruling = |(a, b, same)| Ruling { a, b, same };
        let rulings: Vec<Ruling> = two_people(own, others, &said).into_iter().map(ruling).collect();
        let changes: Vec<Change<'_>> = rulings.iter().map(Ruling::change).collect();
        let update = self.apply(&changes)?;
        Ok((rulings, update))
    }

    /// Records, with earlier versions and those that are gone; see [`Live::is_alive`].
    pub fn records(&self) -> &Records {
        &self.records
    }

    pub fn is_alive(&self, record: u32) -> bool {
        self.alive[record as usize]
    }

    /// The record that stands for a record's cluster; itself where it is alone.
    pub fn cluster(&self, record: u32) -> u32 {
        self.clusters.first(record)
    }

    pub fn person(&self, record: u32) -> Option<PersonId> {
        self.people.of[record as usize]
    }

    pub fn tier(&self, record: u32) -> Tier {
        self.tiers[record as usize]
    }

    /// People there are.
    pub fn persons(&self) -> usize {
        self.people.len()
    }

    /// The id that stands for an earlier one.
    pub fn redirect(&self, person: PersonId) -> Option<PersonId> {
        let mut at = *self.people.redirects.get(&person)?;
        // A chain has no more links than there are redirects.
        for _ in 0..self.people.redirects.len() {
            match self.people.redirects.get(&at) {
                Some(&next) => at = next,
                None => break,
            }
        }
        Some(at)
    }

    /// What happened to people since the start, in order.
    pub fn history(&self) -> &[Event] {
        &self.people.events
    }

    pub fn frozen(&self) -> &Frozen {
        &self.frozen
    }

    pub fn rule_name(&self, rule: RuleId) -> &str {
        crate::resolution::rule_name(rule, self.frozen.config.blocking.rules.iter().map(|r| r.name.as_str()))
    }
}

/// A decision about two records, by their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    pub a: (u8, String),
    pub b: (u8, String),
    pub same: bool,
}

impl Ruling {
    pub fn change(&self) -> Change<'_> {
        Change::Decide { a: (self.a.0, &self.a.1), b: (self.b.0, &self.b.1), same: Some(self.same) }
    }
}
