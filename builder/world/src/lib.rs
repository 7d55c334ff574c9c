//! A whole company made up: the exports of its five systems, with every defect that such exports have, and apart from
//! them the truth. Or half of it made up: with a file of real purchases, each real customer becomes a person with a
//! generated identity who buys what the customer bought.
//!
//! Deliberately not here: anything that reads the exports. The truth is read by [`truth`] alone, to score what the
//! pipeline made of the exports; no other stage may see it, and nothing in the exports leads to it: ids go through
//! permutations, rows are ordered by hashes of their own ids or by time.
//!
//! Read in this order: [`generate`] and [`WorldConfig`]; [`rates`], the table of defects; then the private modules
//! `identity` (people), `model` and `retail` (what they buy), `records` (what systems hold), `consent`, `sessions`,
//! `tickets`, and `emit` and `files`, which write it all down; [`truth`] at last.

mod catalogue;
pub mod category;
mod consent;
mod dice;
mod emit;
mod error;
pub mod excerpt;
mod files;
mod generate;
mod identity;
mod json;
mod model;
mod names;
mod orders;
mod permute;
pub mod rates;
mod records;
mod retail;
mod schema;
mod sessions;
mod sfid;
mod spool;
mod summary;
mod tickets;
pub mod truth;

pub use error::{PurchasesError, WorldError};
pub use generate::{PEOPLE_MAX, WorldConfig, Written, generate, generate_with, truth_dir};
pub use summary::{Files, WorldSummary};
