//! Consent: from what five systems say about a subject to what may be done with a person's rows.
//!
//! Signals come in, one decision per person, purpose, channel and market comes out, and from then on the only way to
//! hold a row about a person is a [`Consented`] value, which only [`Snapshot::admit`] makes.
//! Everything that is missing, pending, unknown, expired or contradictory means *no*.
//!
//! Not here: reading the systems (`kenal-sources`), who is the same person (`kenal-identity`), storage, the clock.
//!
//! Read in this order: [`policy`] (each market's law as data), [`standing`] (the rules for one subject and one cell),
//! [`decide`] (all people, and what goes to review), [`snapshot`] (the Merkle root signed into every bundle),
//! [`consented`] (the gate).

pub mod cell;
pub mod consented;
pub mod decide;
pub mod policy;
pub mod snapshot;
pub mod standing;

pub use cell::{Cell, CellSet};
pub use consented::{Consented, Refused, Subject};
pub use decide::{ConflictItem, DecideReport, Decided, PersonSubject, decide};
pub use policy::{MarketLaw, Policy};
pub use snapshot::{InclusionStep, Ruling, Snapshot, SnapshotError, verify_inclusion};
pub use standing::{Standing, Why};
