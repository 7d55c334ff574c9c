//! `kenal identity explain`: the waterfall of match weights of two records.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use kenal_lake::Lake;
use kenal_types::RecordKey;

use super::review::waterfall;
use crate::stage::identity::explain;

#[derive(clap::Args)]
pub struct ExplainArgs {
    /// A record, as `kenal show` writes it: shopify:56501169.
    a: RecordKey,
    /// Another.
    b: RecordKey,
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl ExplainArgs {
    pub fn run(self) -> Result<ExitCode> {
        let explained = explain(&Lake::open_existing(&self.lake)?, &self.a, &self.b)?;
        if self.json {
            let evidence = serde_json::to_value(&explained.evidence)?;
            let probability = explained.model.probability(explained.evidence.weight_bits);
            let object = serde_json::json!({
                "a": self.a, "b": self.b, "evidence": evidence,
                "match_probability": explained.model.match_probability, "probability": probability,
                "model": explained.version,
            });
            println!("{object}");
        } else {
            print!("{}", waterfall(&explained));
        }
        Ok(ExitCode::SUCCESS)
    }
}
