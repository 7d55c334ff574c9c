//! Who is the same person: records in, person ids with evidence out. Pure: no storage, clock, file or network.
//!
//! Three tiers. (1) *Deterministic*: a merge done in the CRM, a stored account id, or a trustworthy email or phone.
//! (2) *Probabilistic*: Fellegi–Sunter weights fitted by EM without truth, for a stated precision. (3) *Review*: likely
//! pairs below it, and merges that the evidence of two people as wholes speaks against, laid out for a steward.
//! What matches nothing stays apart ([`Tier::Unmatched`]).
//!
//! [`Records`] takes records in, batch by batch: [`Customer`]s of the five systems, or [`RawRecord`]s of any [`Schema`], after
//! [`Preparing`] has hashed and normalised them. Then read
//! in the order in which [`resolve`] runs: `row`, `texts` and `normalise`, `column` and `table`, `orders` and `purchases`, `trust` and
//! `deterministic` (tier 1), `keys` and `blocking` (candidate pairs) and `capture` (what it misses), `field` and `comparison` (levels
//! of agreement), `random_pairs`, `estimation`, `plan` (which rules are worth their pairs), `aliases` (what stands for what), `prior` and `model` (weights), `clusters`
//! and `groups` (people compared as wholes), `persons` (ids that stay), [`resolution`] and [`report`] (what comes out).
//!
//! Nothing that comes out depends on the order in which records came, or on the number of threads: records are told apart
//! by a hash of their keys, and sums are over integers or in fixed order.

mod ahead;
mod aliases;
mod blocking;
mod buckets;
mod capture;
mod clusters;
mod column;
mod comparison;
pub mod config;
mod customer;
mod dependence;
mod deterministic;
mod error;
mod estimation;
mod field;
mod frozen;
mod groups;
mod input;
mod keys;
mod live;
mod model;
pub mod normalise;
mod orders;
mod pairs;
mod past;
mod persons;
mod plan;
mod prepared;
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
mod texts;
mod trust;
mod vocabulary;

pub use blocking::{LeftOut, RuleReport};
pub use capture::Captures;
pub use clusters::Refusal;
pub use config::{BlockingConfig, BlockingRule, Config, FitConfig, GuardConfig, Part, TrustConfig};
pub use customer::{Contact, Customer};
pub use error::ResolveError;
pub use estimation::{Session, Stop};
pub use field::{Field, Kind};
pub use frozen::Frozen;
pub use input::{Basket, Input, PriorAssignment};
pub use live::{Change, Event, EventKind, Key, Live, Moved, Ruling, Update};
pub use model::{Alias, FieldModel, LevelModel, Model};
pub use orders::{FoundLines, FoundOrders, FoundReceipts, Line, Ordered, Orders, Receipt};
pub use past::two_people;
pub use persons::Redirect;
pub use prepared::{Prepared, Preparing};
pub use records::{Incoming, Put, Records};
pub use report::{Report, Trust};
pub use resolution::{Evidence, FieldEvidence, Link, Resolution, ReviewItem, RuleId, Tier};
pub use resolve::{Decision, Known, explain, resolve, resolve_under};
pub use row::RawRecord;
pub use schema::{Attribute, AttributeKind, SOURCES_MAX, Schema, Source};
pub use trust::TrustCounts;
