//! Person ids that stay: kept from the last run where people are recognisably the same, derived from content where new.

use kenal_types::{PersonId, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::error::ResolveError;
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
struct Former {
    id: PersonId,
    /// When the first of their records was created: age of the person, not of the id, so that it survives a lost table.
    since: Timestamp,
    /// First record of the cluster that most of their records are in now.
    home: u32,
    overlap: u32,
}

/// `first`: by record, the first record of its cluster. `is_person`: by first record. `prior`: whose records were.
///
/// A person who was split lives on where most of their records are (ties: the cluster whose first record has the smaller
/// tie). Where several now live together, the oldest gives the id (ties: most records, then the smaller id) and the others
/// redirect.
pub(crate) fn assign(
    records: &Records,
    prior: &[(u32, PersonId)],
    first: &[u32],
    is_person: impl Fn(u32) -> bool,
) -> Result<Persons, ResolveError> {
    let mut persons = Persons::default();
    let formers = formers(records, prior, first, &is_person, &mut persons.retired)?;
    for home in formers.chunk_by(|x, y| x.home == y.home) {
        let survivor = home[0].id;
        persons.of.insert(home[0].home, survivor);
        persons.redirects.extend(home[1..].iter().map(|f| Redirect { from: f.id, to: survivor }));
        persons.kept += 1;
    }
    let mut used: FxHashSet<PersonId> = prior.iter().map(|p| p.1).collect();
    let new = (0..first.len() as u32).filter(|&r| first[r as usize] == r && is_person(r));
    let mut new: Vec<u32> = new.filter(|r| !persons.of.contains_key(r)).collect();
    // Which of two people gets an id that both derive must not depend on who arrived first.
    new.sort_unstable_by(|&a, &b| records.table.by_tie(a, b));
    for record in new {
        let key = records.key_text(record);
        let id = (0..).map(|salt| derived(&key, salt)).find(|id| !used.contains(id));
        let id = id.unwrap_or(PersonId(0));
        used.insert(id);
        persons.of.insert(record, id);
        persons.new += 1;
    }
    persons.redirects.sort_unstable();
    persons.retired.sort_unstable();
    Ok(persons)
}

/// Id of a new person: a hash of their first record's key. `salt` counts up only when an id is taken.
fn derived(key: &str, salt: u32) -> PersonId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"kenal person 1\0");
    hasher.update(&salt.to_le_bytes());
    hasher.update(key.as_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    PersonId(u64::from_le_bytes(head))
}

/// The people of the last run who still have a cluster, by home, the one whose id survives first.
fn formers(
    records: &Records,
    prior: &[(u32, PersonId)],
    first: &[u32],
    is_person: &impl Fn(u32) -> bool,
    retired: &mut Vec<PersonId>,
) -> Result<Vec<Former>, ResolveError> {
    let mut sorted = prior.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if let Some(twice) = sorted.windows(2).find(|w| w[0].0 == w[1].0) {
        return Err(ResolveError::PriorConflict { key: records.key_text(twice[0].0) });
    }
    // (person, first record of the cluster now, record): sorted, so that runs of one person and cluster are overlaps.
    let mut places: Vec<(PersonId, u32, u32)> = sorted.into_iter().map(|(r, p)| (p, first[r as usize], r)).collect();
    places.sort_unstable();
    let mut found: Vec<Former> = Vec::new();
    for person in places.chunk_by(|x, y| x.0 == y.0) {
        let since = person.iter().map(|p| records.created(p.2)).min().unwrap_or(Timestamp(i64::MAX));
        let clusters = person.chunk_by(|x, y| x.1 == y.1).filter(|c| is_person(c[0].1));
        let rank = |c: &&[(PersonId, u32, u32)]| (std::cmp::Reverse(c.len()), records.table.tie[c[0].1 as usize]);
        match clusters.min_by_key(rank) {
            Some(c) => found.push(Former { id: person[0].0, since, home: c[0].1, overlap: c.len() as u32 }),
            None => retired.push(person[0].0),
        }
    }
    found.sort_unstable_by_key(|f| (f.home, f.since, std::cmp::Reverse(f.overlap), f.id));
    Ok(found)
}
