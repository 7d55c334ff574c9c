//! Person ids that stay: kept from the last run where people are recognisably the same, derived from content where new.

use kenal_types::{PersonId, Timestamp};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::error::ResolveError;
use crate::past::Past;
use crate::records::Records;

/// An id that is no longer used, and the id that stands for it now.
///
/// An id that appears in the assignments is in use, whatever redirect an earlier run wrote for it: a person who is
/// split off again gets their former id back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Redirect {
    pub from: PersonId,
    pub to: PersonId,
}

#[derive(Debug, Default)]
pub(crate) struct Persons {
    /// By the first record of each cluster of two or more.
    pub of: FxHashMap<u32, PersonId>,
    pub redirects: Vec<Redirect>,
    /// Earlier ids none of whose records belongs to a person any more.
    pub retired: Vec<PersonId>,
    pub kept: u64,
    pub new: u64,
}

/// A person of the last run, as seen in this one.
#[derive(Clone, Copy)]
struct Former {
    id: PersonId,
    /// When the first of their records was created: age of the person, not of the id, so that it survives a lost table.
    since: Timestamp,
    /// First record of the cluster that most of their records are in now.
    home: u32,
    overlap: u32,
    /// At home with another person of the last run that all their records there were once.
    branch: bool,
}

/// A record of the last run: whose it was, the first record of its cluster now, and itself.
type Place = (PersonId, u32, u32);

/// The clusters that ids are given to.
pub(crate) struct Homes<'a> {
    pub records: &'a Records,
    /// By record, the first record of its cluster.
    pub first: &'a dyn Fn(u32) -> u32,
    /// First records of the clusters that are people.
    pub people: Vec<u32>,
    /// Whether an id is in use elsewhere.
    pub taken: &'a dyn Fn(PersonId) -> bool,
    /// Ids that records had before the last run.
    pub past: &'a Past,
    /// The records of a cluster, by its first.
    pub members: &'a dyn Fn(u32) -> Vec<u32>,
}

/// `prior`: whose records were.
///
/// A person who was split lives on where most of the records are that had their id from the first (ties: most of all their
/// records, then the cluster whose first record has the smaller tie). Where several now live together, the oldest gives the id (ties: most records, then the smaller id) and the others
/// redirect. Who is split off gets the id back that they had before.
pub(crate) fn assign(prior: &[(u32, PersonId)], homes: &Homes<'_>) -> Result<Persons, ResolveError> {
    let records = homes.records;
    let mut persons = Persons::default();
    let people: FxHashSet<u32> = homes.people.iter().copied().collect();
    let formers = formers(prior, homes, &people, &mut persons.retired)?;
    for home in formers.chunk_by(|x, y| x.home == y.home) {
        let survivor = home[0].id;
        persons.of.insert(home[0].home, survivor);
        persons.redirects.extend(home[1..].iter().map(|f| Redirect { from: f.id, to: survivor }));
        persons.kept += 1;
    }
    let mut used: FxHashSet<PersonId> = prior.iter().map(|p| p.1).collect();
    let tie = |record: u32| records.table.tie[record as usize];
    let mut new: Vec<u32> = homes.people.iter().copied().filter(|r| !persons.of.contains_key(r)).collect();
    // Which of two people gets an id that both derive must not depend on who arrived first.
    new.sort_unstable_by(|&a, &b| records.table.by_tie(a, b));
    let firsts: Vec<PersonId> = new.par_iter().map(|&record| derived(records, record, 0)).collect();
    persons.of.reserve(new.len());
    used.reserve(new.len());
    for (record, first) in new.into_iter().zip(firsts) {
        let former = homes.past.ids((homes.members)(record).into_iter().map(tie));
        let others = (1..).map(|salt| derived(records, record, salt));
        let mut ids = former.into_iter().chain([first]).chain(others);
        let id = ids.find(|id| !used.contains(id) && !(homes.taken)(*id)).unwrap_or(PersonId(0));
        used.insert(id);
        persons.of.insert(record, id);
        persons.new += 1;
    }
    persons.redirects.sort_unstable();
    persons.retired.sort_unstable();
    Ok(persons)
}

/// Id of a new person: a hash of their first record's key. `salt` counts up only when an id is taken.
fn derived(records: &Records, first: u32, salt: u32) -> PersonId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"kenal person 1\0");
    hasher.update(&salt.to_le_bytes());
    hasher.update(records.key_text(first).as_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    PersonId(u64::from_le_bytes(head))
}

/// The people of the last run who still have a cluster, by home, the one whose id survives first.
fn formers(
    prior: &[(u32, PersonId)],
    homes: &Homes<'_>,
    people: &FxHashSet<u32>,
    retired: &mut Vec<PersonId>,
) -> Result<Vec<Former>, ResolveError> {
    let records = homes.records;
    let tie = |record: u32| records.table.tie[record as usize];
    let mut sorted = prior.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if let Some(twice) = sorted.windows(2).find(|w| w[0].0 == w[1].0) {
        return Err(ResolveError::PriorConflict { key: records.key_text(twice[0].0) });
    }
    // (person, first record of the cluster now, record): sorted, so that runs of one person and cluster are overlaps.
    let place = |(record, person): (u32, PersonId)| (person, (homes.first)(record), record);
    let mut places: Vec<Place> = sorted.into_iter().map(place).collect();
    places.sort_unstable();
    let mut found: Vec<(Former, &[Place])> = Vec::new();
    for person in places.chunk_by(|x, y| x.0 == y.0) {
        let since = person.iter().map(|p| records.created(p.2)).min().unwrap_or(Timestamp(i64::MAX));
        let clusters = person.chunk_by(|x, y| x.1 == y.1).filter(|c| people.contains(&c[0].1));
        let rank = |c: &&[Place]| {
            let own = c.iter().filter(|p| homes.past.is_first(tie(p.2), p.0)).count();
            (std::cmp::Reverse((own, c.len())), records.table.tie[c[0].1 as usize])
        };
        match clusters.min_by_key(rank) {
            Some(c) => {
                found
                    .push((Former { id: person[0].0, since, home: c[0].1, overlap: c.len() as u32, branch: false }, c));
            }
            None => retired.push(person[0].0),
        }
    }
    found.sort_unstable_by_key(|(f, _)| (f.home, f.since, std::cmp::Reverse(f.overlap), f.id));
    let branches = |(own, places): &(Former, &[Place]), home: &[(Former, &[_])]| {
        let from = |other: &PersonId| places.iter().all(|p| homes.past.had(tie(p.2), *other));
        home.iter().map(|(other, _)| other.id).filter(|id| *id != own.id).any(|id| from(&id))
    };
    let mut formers: Vec<Former> = Vec::with_capacity(found.len());
    for home in found.chunk_by(|x, y| x.0.home == y.0.home) {
        formers.extend(home.iter().map(|own| Former { branch: home.len() > 1 && branches(own, home), ..own.0 }));
    }
    formers.sort_by_key(|f| (f.home, f.branch));
    Ok(formers)
}
