//! Ids that records had, so that who is split off again gets theirs back.

use kenal_types::PersonId;
use rustc_hash::FxHashMap;

/// Ids of the past, by the hash of a record's key.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// The latest last.
    trails: FxHashMap<u64, Vec<PersonId>>,
    /// The first id of those that have had several.
    first: FxHashMap<u64, PersonId>,
}

impl Past {
    /// Notes that a record has an id no more.
    pub(crate) fn note(&mut self, tie: u64, id: PersonId) {
        self.first.entry(tie).or_insert(id);
        let trail = self.trails.entry(tie).or_default();
        trail.retain(|&had| had != id);
        trail.push(id);
    }

    /// Whether an id that a record has now is the first it had.
    pub(crate) fn is_first(&self, tie: u64, id: PersonId) -> bool {
        self.first.get(&tie).is_none_or(|&first| first == id)
    }

    pub(crate) fn had(&self, tie: u64, id: PersonId) -> bool {
        self.trails.get(&tie).is_some_and(|trail| trail.contains(&id))
    }

    /// Ids that records had, those of most of them first, then those they had last.
    pub(crate) fn ids(&self, ties: impl Iterator<Item = u64>) -> Vec<PersonId> {
        let mut had: FxHashMap<PersonId, (u32, usize)> = FxHashMap::default();
        for trail in ties.filter_map(|tie| self.trails.get(&tie)) {
            for (age, &id) in trail.iter().rev().enumerate() {
                let own = had.entry(id).or_insert((0, age));
                *own = (own.0 + 1, own.1.min(age));
            }
        }
        let mut ids: Vec<(PersonId, (u32, usize))> = had.into_iter().collect();
        ids.sort_unstable_by_key(|&(id, (count, age))| (std::cmp::Reverse(count), age, id));
        ids.into_iter().map(|(id, _)| id).collect()
    }
}

/// Decisions that make two people of what became one: the records of each are one person, and a record of one is not the
/// other's; nor are those of which it was said, `said_same`. Empty when one of them has no record.
pub fn two_people<K: Clone + PartialEq>(own: &[K], others: &[K], said_same: &[(K, K)]) -> Vec<(K, K, bool)> {
    let (Some(first), Some(other)) = (own.first(), others.first()) else { return Vec::new() };
    let one = |records: &[K], first: &K| -> Vec<(K, K, bool)> {
        records[1..].iter().map(|record| (first.clone(), record.clone(), true)).collect()
    };
    let mut decisions = one(own, first);
    decisions.append(&mut one(others, other));
    decisions.push((first.clone(), other.clone(), false));
    let across = |(a, b): &&(K, K)| (own.contains(a) && others.contains(b)) || (own.contains(b) && others.contains(a));
    decisions.extend(said_same.iter().filter(across).map(|(a, b)| (a.clone(), b.clone(), false)));
    decisions
}
