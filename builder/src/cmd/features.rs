//! `kenal features`: the registry, one person's values, training sets, and whether what is served is still what was
//! learnt from.

mod drift;
mod registry;
mod show;
mod train_set;

use std::process::ExitCode;

use anyhow::Result;

#[derive(clap::Args)]
pub struct FeaturesArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// All features, or those of one family.
    List(registry::ListArgs),
    /// Everything the registry says about one feature.
    Describe(registry::DescribeArgs),
    /// The values of one person who agreed, as of any moment.
    Show(show::ShowArgs),
    /// Labelled rows of one or more cuts, as a table of the lake with a manifest.
    TrainSet(train_set::TrainSetArgs),
    /// How far what is served has moved from what a training set had.
    Drift(drift::DriftArgs),
}

impl FeaturesArgs {
    pub fn run(self) -> Result<ExitCode> {
        match self.what {
            What::List(args) => registry::list(&args)?,
            What::Describe(args) => registry::describe(&args)?,
            What::Show(args) => args.run()?,
            What::TrainSet(args) => args.run()?,
            What::Drift(args) => args.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
