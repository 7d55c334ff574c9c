//! Who has which id, who had it before, and how that came about.

use kenal_types::PersonId;
use rustc_hash::{FxHashMap, FxHashSet};

use super::history::{Event, EventKind};
use crate::error::ResolveError;
use crate::past::Past;
use crate::persons::{self, Homes, Redirect};
use crate::records::Records;

/// A record that belongs to somebody else now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub source: u8,
    pub id: String,
    pub before: Option<PersonId>,
    pub after: Option<PersonId>,
}

/// The ids of the people and their past.
#[derive(Debug, Default)]
pub(super) struct People {
    /// By record.
    pub of: Vec<Option<PersonId>>,
    /// Records of each id in use.
    records: FxHashMap<PersonId, u32>,
    past: Past,
    pub redirects: FxHashMap<PersonId, PersonId>,
    pub events: Vec<Event>,
    sequence: u64,
}

/// What became of the ids in one update.
#[derive(Debug, Default)]
pub(super) struct Reassigned {
    pub moved: Vec<Moved>,
    pub redirects: Vec<Redirect>,
    pub retired: Vec<PersonId>,
    pub created: Vec<PersonId>,
}

/// The clusters that were looked at.
pub(super) struct Regrouped<'a> {
    pub records: &'a Records,
    /// Records that are gone, or have a new version.
    pub leaving: &'a [u32],
    /// Records that were looked at, by cluster, each cluster under its first record.
    pub clusters: &'a FxHashMap<u32, Vec<u32>>,
    /// By record, the first of its cluster.
    pub first: &'a dyn Fn(u32) -> u32,
    /// By record that came: the one whose place it took.
    pub replaced: &'a FxHashMap<u32, u32>,
}

impl People {
    /// `of`: by record.
    pub(super) fn new(of: Vec<Option<PersonId>>, past: Past) -> People {
        let mut people = People { of, past, ..People::default() };
        for person in people.of.iter().flatten() {
            *people.records.entry(*person).or_default() += 1;
        }
        people
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Gives ids to the clusters that were looked at.
    pub(super) fn reassign(&mut self, groups: &Regrouped<'_>) -> Result<Reassigned, ResolveError> {
        let Regrouped { records, clusters, first, .. } = *groups;
        let mut before: Vec<(u32, Option<PersonId>)> = Vec::new();
        for &record in clusters.values().flatten() {
            let own = groups.replaced.get(&record).map_or(record, |&old| old);
            before.push((record, self.of[own as usize]));
        }
        let replaced: FxHashSet<u32> = groups.replaced.values().copied().collect();
        let gone: Vec<(u32, PersonId)> = groups
            .leaving
            .iter()
            .filter(|r| !replaced.contains(r))
            .filter_map(|&r| Some((r, self.of[r as usize]?)))
            .collect();
        before.sort_unstable();
        let prior: Vec<(u32, PersonId)> = before.iter().filter_map(|&(r, p)| Some((r, p?))).collect();
        let homes = Homes {
            records,
            first,
            people: clusters.iter().filter(|(_, own)| own.len() > 1).map(|(&first, _)| first).collect(),
            taken: &|id| self.records.contains_key(&id),
            past: &self.past,
            members: &|first| clusters[&first].clone(),
        };
        let assigned = persons::assign(&prior, &homes)?;
        self.sequence += 1;
        let mut found = Reassigned::default();
        self.note_merges(records, &prior, &assigned.redirects);
        let mut split: FxHashMap<PersonId, FxHashSet<PersonId>> = FxHashMap::default();
        for &(record, was) in &before {
            let home = first(record);
            let now = if clusters[&home].len() > 1 { assigned.of.get(&home).copied() } else { None };
            self.of[record as usize] = now;
            if was != now {
                self.leave(records.table.tie[record as usize], was);
                now.into_iter().for_each(|id| *self.records.entry(id).or_default() += 1);
                if let (Some(was), Some(now)) = (was, now) {
                    split.entry(now).or_default().insert(was);
                }
                found.moved.push(moved(records, record, was, now));
            }
        }
        for (record, was) in gone {
            self.leave(records.table.tie[record as usize], Some(was));
            found.moved.push(moved(records, record, Some(was), None));
        }
        groups.leaving.iter().for_each(|&record| self.of[record as usize] = None);
        self.note_others(&before, &prior, split, &assigned.redirects, &mut found);
        found.redirects = assigned.redirects;
        found.moved.sort_unstable_by(|x, y| (x.source, &x.id).cmp(&(y.source, &y.id)));
        Ok(found)
    }

    /// Notes that a record is not `was`'s any more.
    fn leave(&mut self, tie: u64, was: Option<PersonId>) {
        let Some(was) = was else { return };
        if let Some(count) = self.records.get_mut(&was) {
            *count -= 1;
            if *count == 0 {
                self.records.remove(&was);
            }
        }
        self.past.note(tie, was);
    }

    fn note_merges(&mut self, records: &Records, prior: &[(u32, PersonId)], redirects: &[Redirect]) {
        let mut of: FxHashMap<PersonId, Vec<u32>> =
            redirects.iter().flat_map(|r| [(r.from, Vec::new()), (r.to, Vec::new())]).collect();
        for &(record, person) in prior {
            of.entry(person).and_modify(|own| own.push(record));
        }
        let of = |person: PersonId| -> Vec<(u8, String)> {
            of[&person].iter().map(|&record| (records.source(record), records.id(record).to_owned())).collect()
        };
        for &Redirect { from, to } in redirects {
            let kind = EventKind::Merged { into: to, records: of(from), others: of(to) };
            self.events.push(Event { sequence: self.sequence, person: from, kind });
            self.redirects.insert(from, to);
        }
    }

    /// Notes who is new, who was split off, and who is no more.
    fn note_others(
        &mut self,
        before: &[(u32, Option<PersonId>)],
        prior: &[(u32, PersonId)],
        split: FxHashMap<PersonId, FxHashSet<PersonId>>,
        redirects: &[Redirect],
        found: &mut Reassigned,
    ) {
        let known: FxHashSet<PersonId> = prior.iter().map(|p| p.1).collect();
        let now: FxHashSet<PersonId> = before.iter().filter_map(|b| self.of[b.0 as usize]).collect();
        let mut new: Vec<PersonId> = now.iter().copied().filter(|id| !known.contains(id)).collect();
        new.sort_unstable();
        for person in new {
            self.redirects.remove(&person);
            let from = split.get(&person).and_then(|from| from.iter().min().copied());
            let kind = from.map_or(EventKind::Created, |from| EventKind::Split { from });
            self.events.push(Event { sequence: self.sequence, person, kind });
            found.created.push(person);
        }
        let redirected: FxHashSet<PersonId> = redirects.iter().map(|r| r.from).collect();
        let mut gone: Vec<PersonId> =
            known.iter().copied().chain(found.moved.iter().filter_map(|m| m.before)).collect();
        gone.sort_unstable();
        gone.dedup();
        for person in gone {
            if !self.records.contains_key(&person) && !redirected.contains(&person) {
                self.events.push(Event { sequence: self.sequence, person, kind: EventKind::Retired });
                found.retired.push(person);
            }
        }
    }
}

fn moved(records: &Records, record: u32, before: Option<PersonId>, after: Option<PersonId>) -> Moved {
    Moved { source: records.source(record), id: records.id(record).to_owned(), before, after }
}
