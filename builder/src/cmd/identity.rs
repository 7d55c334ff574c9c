//! `kenal identity`: who is the same person, on a lake and on anybody's files.

mod explain;
mod model;
mod resolve;
mod review;
mod score;
mod unmerge;

use std::process::ExitCode;

use anyhow::Result;

#[derive(clap::Args)]
pub struct IdentityArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Resolve CSV or Parquet files from anywhere: one file is deduplicated, several are linked as well.
    Resolve(resolve::ResolveArgs),
    /// Compare clusters with a truth.
    Score(score::ScoreArgs),
    /// What speaks for and against two records of a lake being one person.
    Explain(explain::ExplainArgs),
    /// The model that the last run went by: m and u probabilities of every level, and what they weigh.
    Model(model::ModelArgs),
    /// The questions that stewards are asked, and their answers.
    Review(review::ReviewArgs),
    /// Undo a merge: two people of a lake who became one are two again, as they were.
    Unmerge(unmerge::UnmergeArgs),
}

impl IdentityArgs {
    pub fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Resolve(args) => args.run(),
            What::Score(args) => args.run(),
            What::Explain(args) => args.run(),
            What::Model(args) => args.run(),
            What::Review(args) => args.run(),
            What::Unmerge(args) => args.run(),
        }
    }
}
