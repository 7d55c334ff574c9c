//! The stages, joined: each reads what the ones before it left in the lake, and leaves its own tables there.
//!
//! A stage's logic is in its crate; what is here is the reading, the writing and the table a person sees.
//! Read in the order of [`Stage::ALL`].

pub mod audit;
pub mod campaign;
pub mod card;
mod churn;
pub mod compile;
pub mod consent;
pub mod drift;
pub mod features;
pub mod freshness;
pub mod identity;
mod matter;
pub mod measured;
mod models;
pub mod people;
mod profile;
mod recommender;
pub mod sources;
mod timelines;
pub mod train_set;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use kenal_lake::{Fingerprint, GoldWrite, Lake};
use kenal_models::threads::Threads;
use kenal_types::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::gold::GoldRow;

/// The stages in the order in which data flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Stage {
    /// Five systems' exports into the lake.
    Sources,
    /// Completeness, freshness and consistency of what they sent.
    Audit,
    /// Who is the same person.
    Identity,
    /// What each person has agreed to.
    Consent,
    /// What each person who agreed has bought, done and asked.
    Profile,
    /// Numbers per person, point in time.
    Features,
    /// Recommender and churn model, evaluated.
    Models,
    /// The signed bundle.
    Compile,
}

impl Stage {
    pub const ALL: [Stage; 8] = [
        Stage::Sources,
        Stage::Audit,
        Stage::Identity,
        Stage::Consent,
        Stage::Profile,
        Stage::Features,
        Stage::Models,
        Stage::Compile,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Stage::Sources => "sources",
            Stage::Audit => "audit",
            Stage::Identity => "identity",
            Stage::Consent => "consent",
            Stage::Profile => "profile",
            Stage::Features => "features",
            Stage::Models => "models",
            Stage::Compile => "compile",
        }
    }
}

/// What every stage works with.
pub struct Company {
    pub lake: Lake,
    /// Folder of the exports; only [`Stage::Sources`] needs it.
    pub from: Option<PathBuf>,
    /// Folder of the bundle; only [`Stage::Compile`] needs it.
    pub out: Option<PathBuf>,
    /// File of the signing key.
    pub key: PathBuf,
    pub now: Timestamp,
    pub threads: Threads,
    pub publish: PublishPolicy,
    /// Fit the model of identity anew, even if that of the last run still holds.
    pub refit: bool,
}

/// What to do with a model that does not beat trending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishPolicy {
    OnlyIfBetter,
    /// The data scientist takes the responsibility; the model card says so.
    Regardless,
}

/// How a stage ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The model is not good enough; nothing was published.
    Refused(String),
}

/// Runs one stage and prints its table.
pub fn run(stage: Stage, company: &Company) -> Result<Outcome> {
    let outcome = match stage {
        Stage::Sources => sources::run(company).map(|()| Outcome::Done),
        Stage::Audit => audit::run(company).map(|()| Outcome::Done),
        Stage::Identity => identity::run(company).map(|()| Outcome::Done),
        Stage::Consent => consent::run(company).map(|()| Outcome::Done),
        Stage::Profile => profile::run(company).map(|()| Outcome::Done),
        Stage::Features => features::run(company).map(|()| Outcome::Done),
        Stage::Models => models::run(company),
        Stage::Compile => compile::run(company),
    };
    outcome.with_context(|| format!("stage {}", stage.name()))
}

impl Company {
    pub fn new(lake: Lake, key: PathBuf, now: Timestamp, threads: usize) -> Result<Self> {
        let threads = Threads::new(threads).context("--threads must be at least 1")?;
        let publish = PublishPolicy::OnlyIfBetter;
        Ok(Company { lake, from: None, out: None, key, now, threads, publish, refit: false })
    }

    /// Replaces a gold table, unless it was made from the same inputs.
    fn put<T: GoldRow + Serialize>(&self, rows: &[T], fingerprint: &Fingerprint) -> Result<GoldWrite> {
        Ok(self.lake.write_gold(T::TABLE, rows, fingerprint)?)
    }

    /// What an earlier stage left.
    pub fn get<T: GoldRow + DeserializeOwned>(&self, by: Stage) -> Result<Vec<T>> {
        self.lake.read_gold(T::TABLE).with_context(|| {
            format!("reading what the stage {0} leaves; has `kenal run {0}` run on this lake?", by.name())
        })
    }

    /// The newest moment any source speaks of: what is learnt from is everything known by then, and running again on
    /// the same exports gives the same answer on another day.
    pub fn cut(&self) -> Result<Timestamp> {
        let watermarks = self.lake.watermarks()?;
        watermarks.iter().filter_map(|w| w.watermark).max().context("no source says how far it is complete")
    }

    /// The least watermark: everything up to here is complete in every source.
    fn as_of(&self) -> Result<Timestamp> {
        let watermarks = self.lake.watermarks()?;
        watermarks.iter().filter_map(|w| w.watermark).min().context("no source says how far it is complete")
    }
}
