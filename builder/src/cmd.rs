//! The subcommands, one file each.

mod audit;
mod build;
mod bundle;
mod churn;
mod clock;
mod experiment;
mod features;
mod identity;
mod model;
mod publish;
mod recommend;
mod run;
mod serve;
mod show;
mod world;
mod world_check;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Know your customers, with their permission, where they are.
#[derive(Parser)]
#[command(name = "kenal", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a company to run on: the exports of five systems, and the truth about them apart.
    World(world::WorldArgs),
    /// Five systems' exports in, a signed bundle out: every stage in order.
    Build(build::BuildArgs),
    /// One stage alone, from what the stages before it left in the lake.
    Run(run::RunArgs),
    /// Completeness, freshness and consistency of what the five systems sent.
    Audit(audit::AuditArgs),
    /// Who is the same person: on anybody's files, and what a lake's links rest on.
    Identity(identity::IdentityArgs),
    /// Who is about to leave: on any table with a label, or a bare log of transactions.
    Churn(churn::ChurnArgs),
    /// What the models know of a person: the registry of features.
    Features(features::FeaturesArgs),
    /// What an arm of an experiment has brought, who is on which arm, and how many people it takes.
    Experiment(experiment::ExperimentArgs),
    /// Model cards: is the new model better than the old one?
    Model(model::ModelArgs),
    /// What a recommender is worth on anybody's interactions.
    Recommend(recommend::RecommendArgs),
    /// Look at what a stage left: people, dead letters, visitors, tables.
    Show(show::ShowArgs),
    /// Look into a bundle, and verify it.
    Bundle(bundle::BundleArgs),
    /// Put a bundle where its readers are; or withdrawals alone.
    Publish(publish::PublishArgs),
    /// Back to an older model, which readers see as a new version.
    Rollback(publish::RollbackArgs),
    /// Answer pages on this machine with the Wasm core.
    Serve(serve::ServeArgs),
}

impl Cli {
    pub fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::World(args) => args.run(),
            Command::Build(args) => args.run(),
            Command::Run(args) => args.run(),
            Command::Audit(args) => args.run(),
            Command::Identity(args) => args.run(),
            Command::Churn(args) => args.run(),
            Command::Features(args) => args.run(),
            Command::Experiment(args) => args.run(),
            Command::Model(args) => args.run(),
            Command::Recommend(args) => args.run(),
            Command::Show(args) => args.run(),
            Command::Bundle(args) => args.run(),
            Command::Publish(args) => args.run(),
            Command::Rollback(args) => args.run(),
            Command::Serve(args) => args.run(),
        }
    }
}
