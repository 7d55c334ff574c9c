//! Experiments: who is on which arm, and what an arm has brought, honestly.
//!
//! People are randomised, so people are what is counted: everything rests on six values of each randomised person, and
//! their means, covariances and powers by arm and market. People without consent are on no arm: they are counted as a group of
//! their own, and nothing of theirs is looked at.
//!
//! Deliberately not here: the hash that assigns (`kenal_core::experiment`, the same at every host), and what a command
//! line prints.
//!
//! Read [`plan`] (what is decided beforehand), [`read`] and [`people`] (files to values of people), [`moments`],
//! [`estimate`] (delta method, CUPED, strata), [`sequence`] (intervals that may be looked at every day), [`checks`] (may
//! it be believed), [`mod@analysis`] (all of it together), [`power`].

pub mod analysis;
pub mod checks;
pub mod correction;
mod error;
pub mod estimate;
pub mod moments;
pub mod people;
pub mod plan;
pub mod power;
pub mod read;
pub mod sequence;

pub use analysis::{Analysis, analyse};
pub use error::ExperimentFileError;
pub use plan::{Assignment, Plan, Twice};
pub use read::{Exposures, Orders};
