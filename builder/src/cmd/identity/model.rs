//! `kenal identity model`: the Fellegi–Sunter model that a lake's last run went by.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use kenal_lake::Lake;

use crate::stage::identity::last_model;
use crate::ui::count;

#[derive(clap::Args)]
pub struct ModelArgs {
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl ModelArgs {
    pub fn run(self) -> Result<ExitCode> {
        let (version, frozen) = last_model(&Lake::open_existing(&self.lake)?)?;
        let (model, fitted_to) = (frozen.model(), frozen.fitted_to());
        if self.json {
            println!("{}", serde_json::json!({ "version": version, "fitted_to": fitted_to, "model": model }));
        } else {
            println!("model {version}, fitted to {} records\n\n{model}", count(fitted_to));
        }
        Ok(ExitCode::SUCCESS)
    }
}
