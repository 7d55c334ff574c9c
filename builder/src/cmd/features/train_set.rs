//! `kenal features train-set`: labelled rows, point in time, kept with what they were made from.

use std::path::PathBuf;

use anyhow::Result;
use kenal_types::Timestamp;

use crate::cmd::build::CommonArgs;
use crate::stage::train_set::{self, TrainSet};
use crate::ui::{Align, Table, count, percent};

#[derive(clap::Args)]
pub struct TrainSetArgs {
    /// Folder of the lake.
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// Moments to stand at, RFC 3339, with commas; rows use only what was known then.
    #[arg(long, value_name = "TIME,…", value_delimiter = ',', required = true)]
    cuts: Vec<Timestamp>,
    /// Days after a cut in which the label is decided: left when nothing was bought.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    horizon: u16,
    /// The tables are gold_train_set_NAME and gold_train_set_NAME_manifest.
    #[arg(long, default_value = "default")]
    name: String,
    #[command(flatten)]
    common: CommonArgs,
}

impl TrainSetArgs {
    pub fn run(&self) -> Result<()> {
        let company = self.common.open(&self.lake)?;
        let set = TrainSet { name: &self.name, cuts: &self.cuts, horizon_days: self.horizon };
        let made = train_set::make(&company, &set)?;
        let mut table = Table::new(&[("cut", Align::Left), ("people", Align::Right), ("left", Align::Right)]);
        for cut in &made.cuts {
            table.row([&cut.cut.to_string(), &count(cut.people), &percent(cut.left, cut.people)]);
        }
        println!("{table}");
        println!("{} version {}{}", made.table, made.version, if made.changed { "" } else { ", unchanged" });
        for row in &made.manifest {
            println!("  {:<22} {}", row.name, row.value);
        }
        println!(
            "to learn from: kenal show sql 'SELECT * FROM {}' --lake {} --out rows.parquet, then kenal churn eval --table \
             rows.parquet --label left --time cut --id person",
            made.table,
            self.lake.display()
        );
        Ok(())
    }
}
