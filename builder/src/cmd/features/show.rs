//! `kenal features show PERSON`: every value of one person, computed as serving computes it.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use kenal_consent::{Cell, Subject as _};
use kenal_features::{Feature, registry, serving_row};
use kenal_types::{PersonId, Timestamp};
use serde_json::{Map, Value, json};

use super::registry::{freshness, known, window};
use crate::cmd::build::CommonArgs;
use crate::stage::people::People;
use crate::stage::{Company, consent};
use crate::ui::{Align, Table};

#[derive(clap::Args)]
pub struct ShowArgs {
    /// As the tables of the lake write it: p and sixteen hexadecimal digits.
    person: PersonId,
    /// Folder of the lake.
    #[arg(long, value_name = "DIR")]
    lake: PathBuf,
    /// What was known at this moment, RFC 3339 [default: the newest that any source speaks of].
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// Only this family, such as orders or support.
    #[arg(long)]
    family: Option<String>,
    /// Print one JSON object instead of a table; a value that is not there is null.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: CommonArgs,
}

impl ShowArgs {
    pub fn run(&self) -> Result<()> {
        let company = self.common.open(&self.lake)?;
        let cut = self.as_of.map_or_else(|| company.cut(), Ok)?;
        let values = self.values(&company, cut)?;
        let wanted = |f: &Feature| self.family.as_deref().is_none_or(|family| f.family.name == family);
        let listed: Vec<(&Feature, f32)> = registry().iter().zip(values).filter(|(f, _)| wanted(f)).collect();
        if listed.is_empty() {
            bail!("there is no such family; `kenal features list` has them all");
        }
        let mut out = std::io::stdout().lock();
        if self.json {
            let value = |v: f32| if v.is_nan() { Value::Null } else { json!(v) };
            let values: Map<String, Value> = listed.iter().map(|(f, v)| (f.name.to_owned(), value(*v))).collect();
            let whole = json!({ "person": self.person.to_string(), "as_of": cut.to_string(), "features": values });
            writeln!(out, "{whole}")?;
            return Ok(());
        }
        let fresh = freshness(&self.lake)?;
        let mut table = Table::new(&[
            ("feature", Align::Left),
            ("value", Align::Right),
            ("unit", Align::Left),
            ("window", Align::Left),
            ("complete up to", Align::Left),
        ]);
        for (f, value) in &listed {
            let value = if value.is_nan() { "–".to_owned() } else { number(*value) };
            let complete = known(f.fresh_to(|table| fresh.of_table(table)));
            table.row([f.name, &value, f.unit.name(), &window(f), &complete]);
        }
        writeln!(out, "{table}")?;
        let missing = listed.iter().filter(|(_, v)| v.is_nan()).count();
        writeln!(out, "{} as of {cut}: {} features, {missing} without a value", self.person, listed.len())?;
        Ok(())
    }

    /// The person's row, for the purpose that serving has.
    fn values(&self, company: &Company, cut: Timestamp) -> Result<Vec<f32>> {
        let snapshot = consent::snapshot(company)?;
        let cell = Cell::PERSONALISE_ONSITE;
        if !snapshot.permits(self.person, cell) {
            // Whether the person exists at all is nobody's business either.
            bail!("{} has not agreed to onsite personalisation, or is nobody: nothing is computed", self.person);
        }
        let people =
            People::new(company, &snapshot, cell, &company.lake.items()?).timelines((self.person, self.person))?;
        match people.get().iter().position(|timeline| timeline.person() == self.person) {
            Some(at) => Ok(serving_row(&people, at, cut)),
            None => bail!("nothing is known of {} but that they agreed", self.person),
        }
    }
}

/// Whole numbers as such, others with as many digits as say something.
fn number(value: f32) -> String {
    if value == value.trunc() && value.abs() < 1e7 { format!("{value:.0}") } else { format!("{value:.4}") }
}
