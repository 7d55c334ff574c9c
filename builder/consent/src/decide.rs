//! All people: rules 1–4 within each subject, the intersection over subjects merged into one person (rule 5).
//!
//! A person comes as *groups* of records: within a group the records are certain to be one human (tier 1 links), so
//! a later evidenced opt-in made through one record answers an older refusal made through another.
//! Groups joined by a probable match are a profile merge: each keeps its own standing, a refusal of any refuses all,
//! and since nothing is combined, an un-merge restores each side's own.

use std::collections::{BTreeMap, HashMap};

use kenal_types::{ConsentSignal, Market, PersonId, Purpose, RecordKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cell::{Cell, CellSet};
use crate::policy::Policy;
use crate::snapshot::{Ruling, Snapshot};
use crate::standing::{Standing, Why, speaks_about, standing};

/// A person as identity resolution hands them over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonSubject {
    pub person: PersonId,
    /// Records, grouped by certainty; every record once.
    pub groups: Vec<Vec<RecordKey>>,
    /// Groups of records that may be theirs, about which a steward is asked. Until the answer is in, a refusal among
    /// them refuses, and nothing else that they say counts.
    pub doubtful: Vec<Vec<RecordKey>>,
    /// Markets the person is a customer in. Without one no law is known, so nothing is permitted.
    pub markets: Vec<Market>,
}

/// A person whose merged records disagree: not eligible until somebody looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictItem {
    pub person: PersonId,
    pub market: Market,
    pub purpose: Purpose,
    /// Cells of this purpose in which one group agrees and another does not.
    pub cells_count: u32,
}

/// Counts for the stage's table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DecideReport {
    pub people: u64,
    pub people_without_market: u64,
    pub signals: u64,
    /// Signals whose subject belongs to nobody: unmatched records stay apart.
    pub signals_apart: u64,
    /// Grids by purpose: people with at least one eligible channel.
    pub eligible: BTreeMap<Purpose, u64>,
    /// Reasons in the cell that matters most, personalisation on the site.
    pub personalise_onsite: BTreeMap<Why, u64>,
    pub conflicts: u64,
}

/// What the stage hands on.
#[derive(Debug, Clone)]
pub struct Decided {
    pub snapshot: Snapshot,
    pub conflicts: Vec<ConflictItem>,
    pub report: DecideReport,
}

/// Decides every cell of every person at `now`. The result depends on the sets of people and signals alone.
pub fn decide(people: &[PersonSubject], signals: &[ConsentSignal], now: Timestamp, policy: &Policy) -> Decided {
    let mut by_subject: HashMap<&RecordKey, Vec<&ConsentSignal>> = HashMap::new();
    for signal in signals {
        by_subject.entry(&signal.subject).or_default().push(signal);
    }
    let mut report = DecideReport { signals: signals.len() as u64, ..DecideReport::default() };
    let (mut rulings, mut conflicts, mut used) = (Vec::new(), Vec::new(), 0_u64);
    for person in people {
        report.people += 1;
        report.people_without_market += u64::from(person.markets.is_empty());
        let signals_of = |groups: &[Vec<RecordKey>]| -> Vec<Vec<&ConsentSignal>> {
            let of = |records: &Vec<RecordKey>| {
                records.iter().filter_map(|r| by_subject.get(r)).flatten().copied().collect()
            };
            groups.iter().map(of).collect()
        };
        let (groups, doubtful) = (signals_of(&person.groups), signals_of(&person.doubtful));
        used += groups.iter().map(Vec::len).sum::<usize>() as u64;
        let record_hash = signals_hash(groups.iter().chain(&doubtful));
        let mut reached = [false; Purpose::ALL.len()];
        for &market in &person.markets {
            let grid = grid(&groups, &doubtful, market, now, policy);
            *report.personalise_onsite.entry(grid.onsite).or_default() += 1;
            for cell in Cell::all().filter(|c| grid.eligible.contains(*c)) {
                reached[cell.purpose as usize] = true;
            }
            for purpose in Purpose::ALL {
                let cells_count = Cell::all().filter(|c| c.purpose == purpose && grid.conflicts.contains(*c)).count();
                if cells_count > 0 {
                    let cells_count = cells_count as u32;
                    conflicts.push(ConflictItem { person: person.person, market, purpose, cells_count });
                }
            }
            rulings.push(Ruling { person: person.person, market, eligible: grid.eligible, record_hash });
        }
        for purpose in Purpose::ALL {
            *report.eligible.entry(purpose).or_default() += u64::from(reached[purpose as usize]);
        }
    }
    report.signals_apart = report.signals - used;
    report.conflicts = conflicts.len() as u64;
    conflicts.sort_by_key(|c| (c.person, c.market, c.purpose));
    Decided { snapshot: Snapshot::new(rulings, now), conflicts, report }
}

struct Grid {
    eligible: CellSet,
    conflicts: CellSet,
    onsite: Why,
}

fn grid(
    groups: &[Vec<&ConsentSignal>],
    doubtful: &[Vec<&ConsentSignal>],
    market: Market,
    now: Timestamp,
    policy: &Policy,
) -> Grid {
    let mut grid = Grid { eligible: CellSet::default(), conflicts: CellSet::default(), onsite: Why::NoSignal };
    for cell in Cell::all() {
        let (mut worst, mut why, mut agreed) = (Standing::Silent, Why::NoSignal, false);
        let own = groups.iter().map(|group| (group, true));
        for (group, certain) in own.chain(doubtful.iter().map(|group| (group, false))) {
            let about: Vec<_> = group.iter().copied().filter(|s| speaks_about(s, cell, market)).collect();
            let (stands, reason) = standing(&about, now, policy);
            if !certain && stands < Standing::Refused {
                continue;
            }
            agreed |= stands == Standing::Agreed;
            // Rule 5: the intersection. A merged side that said something but not yes holds the others back (rule 4).
            if stands > worst {
                (worst, why) = (stands, reason);
            }
        }
        if worst == Standing::Agreed {
            grid.eligible.insert(cell);
        }
        if agreed && worst > Standing::Agreed {
            grid.conflicts.insert(cell);
        }
        if cell == Cell::PERSONALISE_ONSITE {
            grid.onsite = why;
        }
    }
    grid
}

/// Hash over the set of signals that decided: what a proof points at. Sorted, so arrival order does not show.
fn signals_hash<'a>(groups: impl Iterator<Item = &'a Vec<&'a ConsentSignal>>) -> [u8; 32] {
    let mut hashes: Vec<[u8; 32]> = groups.flatten().map(|s| signal_hash(s)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let mut hasher = blake3::Hasher::new_derive_key("kenal 2026-11 consent signals of a person");
    for hash in &hashes {
        hasher.update(hash);
    }
    *hasher.finalize().as_bytes()
}

fn signal_hash(s: &ConsentSignal) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("kenal 2026-11 consent signal");
    let mut text = |t: Option<&str>| {
        // Length first, and a marker for absence: no two different signals give the same bytes.
        hasher.update(&t.map_or(u64::MAX, |t| t.len() as u64).to_le_bytes());
        hasher.update(t.unwrap_or("").as_bytes());
    };
    text(Some(&s.signal_id));
    text(Some(s.subject.system.name()));
    text(Some(&s.subject.id));
    text(s.contact_point.as_deref());
    text(s.evidence.as_deref());
    text(s.market.map(Market::code));
    text(s.channel.map(kenal_types::Channel::name));
    hasher.update(&[s.purpose as u8, s.decision as u8, s.mechanism as u8]);
    for time in [s.decided_at, s.effective_to] {
        hasher.update(&time.map_or(i64::MIN, |t| t.0).to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}
