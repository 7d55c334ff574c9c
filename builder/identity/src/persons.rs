//! Person ids that stay: kept from the last run where people are recognisably the same, derived from content where new.

use kenal_types::{PersonId, RecordKey, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::error::ResolveError;
use crate::input::Input;

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
    /// By the smallest record of each cluster of two or more.
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
    since: Option<Timestamp>,
    /// Cluster that most of their records are in now.
    home: u32,
    overlap: u32,
}

/// `smallest`: by record, the smallest record of its cluster. `is_person`: by smallest record.
///
/// A person who was split lives on where most of their records are (ties: the cluster of the smallest record). Where
/// several now live together, the oldest gives the id (ties: most records, then the smaller id) and the others redirect.
pub(crate) fn assign(
    input: &Input,
    order: &[u32],
    smallest: &[u32],
    is_person: impl Fn(u32) -> bool,
) -> Result<Persons, ResolveError> {
    let mut persons = Persons::default();
    let formers = formers(input, order, smallest, &is_person, &mut persons.retired)?;
    let taken: FxHashSet<PersonId> = input.prior.iter().map(|p| p.person).collect();
    let mut at = 0;
    while at < formers.len() {
        let next = at + formers[at..].iter().take_while(|f| f.home == formers[at].home).count();
        let survivor = formers[at].id;
        persons.of.insert(formers[at].home, survivor);
        persons.redirects.extend(formers[at + 1..next].iter().map(|f| Redirect { from: f.id, to: survivor }));
        persons.kept += 1;
        at = next;
    }
    let mut used = taken;
    for record in 0..smallest.len() as u32 {
        if smallest[record as usize] == record && is_person(record) && !persons.of.contains_key(&record) {
            let key = &input.records[order[record as usize] as usize].key;
            let id = (0..).map(|salt| derived(key, salt)).find(|id| !used.contains(id));
            let id = id.unwrap_or(PersonId(0));
            used.insert(id);
            persons.of.insert(record, id);
            persons.new += 1;
        }
    }
    persons.redirects.sort_unstable();
    persons.retired.sort_unstable();
    Ok(persons)
}

/// Id of a new person: a hash of their smallest record's key. `salt` counts up only when an id is taken.
fn derived(key: &RecordKey, salt: u32) -> PersonId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"kenal person 1\0");
    hasher.update(&salt.to_le_bytes());
    hasher.update(key.to_string().as_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    PersonId(u64::from_le_bytes(head))
}

/// The people of the last run who still have a cluster, by home, the one whose id survives first.
fn formers(
    input: &Input,
    order: &[u32],
    smallest: &[u32],
    is_person: &impl Fn(u32) -> bool,
    retired: &mut Vec<PersonId>,
) -> Result<Vec<Former>, ResolveError> {
    let mut prior: Vec<(&RecordKey, PersonId)> = input.prior.iter().map(|p| (&p.record, p.person)).collect();
    prior.sort_unstable();
    prior.dedup();
    if let Some(twice) = prior.windows(2).find(|w| w[0].0 == w[1].0) {
        return Err(ResolveError::PriorConflict { key: twice[0].0.clone() });
    }
    // (person, cluster now, record): sorted, so that runs of one person and one cluster are overlaps.
    let mut places: Vec<(PersonId, u32, u32)> = Vec::with_capacity(prior.len());
    for (key, person) in prior {
        if let Ok(record) = order.binary_search_by(|&at| input.records[at as usize].key.cmp(key)) {
            places.push((person, smallest[record], record as u32));
        }
    }
    places.sort_unstable();
    let mut found: Vec<Former> = Vec::new();
    for person in places.chunk_by(|x, y| x.0 == y.0) {
        let created = person.iter().filter_map(|p| input.records[order[p.2 as usize] as usize].created_at);
        let since = created.min();
        let clusters = person.chunk_by(|x, y| x.1 == y.1).filter(|c| is_person(c[0].1));
        // The first of equals is the smallest, since the runs are in order.
        let home = clusters.map(|c| (std::cmp::Reverse(c.len()), c[0].1)).min();
        match home {
            Some((std::cmp::Reverse(overlap), home)) => {
                found.push(Former { id: person[0].0, since, home, overlap: overlap as u32 });
            }
            None => retired.push(person[0].0),
        }
    }
    found
        .sort_unstable_by_key(|f| (f.home, f.since.unwrap_or(Timestamp(i64::MAX)), std::cmp::Reverse(f.overlap), f.id));
    Ok(found)
}
