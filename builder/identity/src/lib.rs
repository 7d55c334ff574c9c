//! Who is the same person: customer records of five systems in, person ids with evidence out. Pure: no storage, clock,
//! file or network.
//!
//! Three tiers. (1) *Deterministic*: a merge done in the CRM, a stored account id, or a trustworthy email or phone.
//! (2) *Probabilistic*: Fellegi–Sunter weights over ten fields, fitted by EM without truth, above a stated probability.
//! (3) *Review*: likely pairs below it, and merges that the guard refused, with the evidence laid out for a steward.
//! What matches nothing stays apart ([`Tier::Unmatched`]).
//!
//! Read in the order in which [`resolve`] runs: `normalise`, `table` (columns), `trust` and `deterministic` (tier 1),
//! `blocking` (candidate pairs), `comparison` (levels per field), `random_pairs`, `estimation`, `prior` and `model`
//! (weights), `clusters` (union with a guard), `persons` (ids that stay), [`resolution`] and [`report`] (what comes out).
//!
//! Records are handled in the order of their keys and sums are over integers or in fixed order, so that the result is
//! the same for any order of the input and any number of threads.

mod aliases;
mod blocking;
mod capture;
mod clusters;
mod column;
mod comparison;
pub mod config;
mod deterministic;
mod error;
mod estimation;
mod field;
mod groups;
mod input;
mod model;
pub mod normalise;
mod pairs;
mod persons;
mod prior;
mod purchases;
mod random_pairs;
mod records;
pub mod report;
pub mod resolution;
mod resolve;
mod row;
mod schema;
mod table;
mod trust;
mod vocabulary;

pub use blocking::RuleReport;
pub use capture::Captures;
pub use clusters::Refusal;
pub use config::{BlockingConfig, BlockingRule, Config, FitConfig, GuardConfig, Part, TrustConfig};
pub use error::ResolveError;
pub use estimation::{Session, Stop};
pub use field::{Field, Kind};
pub use input::{Basket, Input, PriorAssignment};
pub use model::{Alias, FieldModel, LevelModel, Model};
pub use persons::Redirect;
pub use records::Records;
pub use report::{Report, Trust};
pub use resolution::{Evidence, FieldEvidence, Link, Resolution, ReviewItem, RuleId, Tier};
pub use resolve::{Decision, Known, explain, resolve};
pub use row::RawRecord;
pub use schema::{Attribute, AttributeKind, SOURCES_MAX, Schema, Source};
pub use trust::TrustCounts;
