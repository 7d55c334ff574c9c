//! All rulings at one moment, under one Merkle root.
//!
//! The root is signed into every bundle built from the snapshot; an inclusion proof shows that a person's ruling was
//! among those in force, without showing anybody else's.

use std::collections::HashMap;

use kenal_types::{Market, PersonId, Timestamp};

use crate::cell::{Cell, CellSet};
use crate::consented::{Consented, Refused, Subject};

/// What one person permits in one market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    pub person: PersonId,
    pub market: Market,
    pub eligible: CellSet,
    /// Hash of the signals it rests on.
    pub record_hash: [u8; 32],
}

/// One step of an inclusion proof: the sibling, and whether it stands on the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InclusionStep {
    pub sibling: [u8; 32],
    pub left: bool,
}

/// Rulings of all people, immutable.
#[derive(Debug, Clone)]
pub struct Snapshot {
    rulings: Vec<Ruling>,
    by_person: HashMap<PersonId, (u32, u32)>,
    root: [u8; 32],
    decided_at: Timestamp,
}

impl Snapshot {
    pub(crate) fn new(mut rulings: Vec<Ruling>, decided_at: Timestamp) -> Self {
        rulings.sort_by_key(|r| (r.person, r.market));
        let mut by_person: HashMap<PersonId, (u32, u32)> = HashMap::with_capacity(rulings.len());
        for (position, ruling) in rulings.iter().enumerate() {
            let range = by_person.entry(ruling.person).or_insert((position as u32, position as u32));
            range.1 = position as u32 + 1;
        }
        let root = *levels(&rulings).last().and_then(|top| top.first()).unwrap_or(&EMPTY_ROOT);
        Snapshot { rulings, by_person, root, decided_at }
    }

    /// A snapshot as it was stored. The root is computed again, so a ruling changed in storage is found out.
    ///
    /// # Errors
    /// [`SnapshotError::RootDiffers`] when the rulings are not those the root was made from.
    pub fn restore(rulings: Vec<Ruling>, decided_at: Timestamp, root: [u8; 32]) -> Result<Self, SnapshotError> {
        let snapshot = Snapshot::new(rulings, decided_at);
        if snapshot.root == root { Ok(snapshot) } else { Err(SnapshotError::RootDiffers) }
    }

    /// Merkle root over all rulings; that of an empty snapshot is all zeros.
    pub fn root(&self) -> [u8; 32] {
        self.root
    }

    pub fn decided_at(&self) -> Timestamp {
        self.decided_at
    }

    /// Sorted by person and market.
    pub fn rulings(&self) -> &[Ruling] {
        &self.rulings
    }

    /// The rulings of one person, one per market; empty for somebody unknown.
    pub fn of(&self, person: PersonId) -> &[Ruling] {
        let (from, to) = self.by_person.get(&person).copied().unwrap_or((0, 0));
        self.rulings.get(from as usize..to as usize).unwrap_or(&[])
    }

    /// Permitted in *every* market the person belongs to: rows are not split by market, so the strictest decides.
    pub fn permits(&self, person: PersonId, cell: Cell) -> bool {
        let rulings = self.of(person);
        !rulings.is_empty() && rulings.iter().all(|r| r.eligible.contains(cell))
    }

    /// Keeps the rows of people who permit `cell`, in their order, and counts the others.
    pub fn admit<T: Subject>(&self, cell: Cell, rows: Vec<T>) -> (Consented<Vec<T>>, Refused) {
        self.admit_any(&[cell], rows)
    }

    /// Keeps the rows of people who permit at least one of `cells`: what is stored for several purposes. Whoever uses
    /// such rows for one of them admits them again under that one.
    pub fn admit_any<T: Subject>(&self, cells: &[Cell], rows: Vec<T>) -> (Consented<Vec<T>>, Refused) {
        let before = rows.len();
        let permitted = |row: &T| cells.iter().any(|&cell| self.permits(row.person(), cell));
        let kept: Vec<T> = rows.into_iter().filter(permitted).collect();
        let refused = Refused { rows: (before - kept.len()) as u64 };
        (Consented::new(kept, cells.iter().copied().collect(), self.root), refused)
    }

    /// Proof that the ruling at `position` of [`Snapshot::rulings`] is under the root; `None` past the end.
    pub fn prove(&self, position: usize) -> Option<Vec<InclusionStep>> {
        if position >= self.rulings.len() {
            return None;
        }
        let (mut steps, mut at) = (Vec::new(), position);
        for level in levels(&self.rulings) {
            if let Some(&sibling) = level.get(at ^ 1) {
                steps.push(InclusionStep { sibling, left: at & 1 == 1 });
            }
            at /= 2;
        }
        Some(steps)
    }
}

/// Why stored rulings are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The stored rulings were changed after they were decided; decide again.
    #[error(
        "the stored consent rulings do not lead to their stored root: they were changed; run the consent stage again"
    )]
    RootDiffers,
}

/// Does `ruling` with `proof` lead to `root`?
pub fn verify_inclusion(ruling: &Ruling, proof: &[InclusionStep], root: [u8; 32]) -> bool {
    let top = proof.iter().fold(leaf(ruling), |hash, step| {
        if step.left { node(&step.sibling, &hash) } else { node(&hash, &step.sibling) }
    });
    top == root
}

const EMPTY_ROOT: [u8; 32] = [0; 32];

/// Bottom to top. An odd last node moves up unchanged, as in RFC 6962 §2.1, so no leaf is counted twice.
fn levels(rulings: &[Ruling]) -> Vec<Vec<[u8; 32]>> {
    let mut levels = vec![rulings.iter().map(leaf).collect::<Vec<_>>()];
    while let Some(below) = levels.last().filter(|l| l.len() > 1) {
        let above = below
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node(left, right),
                rest => rest.first().copied().unwrap_or(EMPTY_ROOT),
            })
            .collect();
        levels.push(above);
    }
    levels
}

/// Leaves and nodes are hashed in different domains, so a node cannot be passed off as a leaf.
fn leaf(r: &Ruling) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("kenal 2026-11 consent ruling");
    hasher.update(&r.person.0.to_le_bytes());
    hasher.update(r.market.code().as_bytes());
    hasher.update(&r.eligible.0.to_le_bytes());
    hasher.update(&r.record_hash);
    *hasher.finalize().as_bytes()
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("kenal 2026-11 consent node");
    hasher.update(left);
    hasher.update(right);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(people: u64) -> Snapshot {
        let ruling = |n| Ruling {
            person: PersonId(n),
            market: Market::Singapore,
            eligible: CellSet(n as u32),
            record_hash: [n as u8; 32],
        };
        Snapshot::new((0..people).map(ruling).collect(), Timestamp(0))
    }

    #[test]
    fn every_ruling_is_provable_and_nothing_else_is() {
        for people in [1, 2, 3, 7, 8, 33] {
            let snapshot = snapshot(people);
            for (position, ruling) in snapshot.rulings().iter().enumerate() {
                let proof = snapshot.prove(position).expect("a proof for each ruling");
                assert!(verify_inclusion(ruling, &proof, snapshot.root()), "{position} of {people}");
                let forged = Ruling { eligible: CellSet(ruling.eligible.0 ^ 1), ..*ruling };
                assert!(!verify_inclusion(&forged, &proof, snapshot.root()), "{position} of {people}");
            }
            assert_eq!(snapshot.prove(people as usize), None);
        }
    }

    #[test]
    fn a_changed_ruling_is_not_restored() {
        let kept = snapshot(5);
        let mut rulings = kept.rulings().to_vec();
        assert!(Snapshot::restore(rulings.clone(), kept.decided_at(), kept.root()).is_ok());
        rulings[3].eligible = CellSet(u32::MAX);
        let error = Snapshot::restore(rulings, kept.decided_at(), kept.root()).expect_err("changed");
        assert_eq!(error, SnapshotError::RootDiffers);
    }

    #[test]
    fn nobody_is_an_empty_root() {
        assert_eq!(snapshot(0).root(), EMPTY_ROOT);
        assert!(!snapshot(0).permits(PersonId(0), Cell::TRAIN));
    }
}
