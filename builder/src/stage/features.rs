//! features: the registry's numbers for every person who permits personalisation, at one moment.

use std::collections::BTreeSet;

use anyhow::Result;
use kenal_consent::{Cell, Consented, Snapshot};
use kenal_features::{CODE_HASH, ServingRows, Timeline, registry, serving_rows};
use kenal_lake::{Columns, Fingerprint};
use kenal_types::{Item, PersonId, Timestamp};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::matter::ItemNumbers;
use super::timelines::GoldRows;
use super::{Company, Stage, consent};
use crate::ui::{Align, Progress, Table, count, percent};

const CODE: &str = "features 2";
/// Name of the gold table: one row a person, one column a feature.
pub const TABLE: &str = "features";

pub fn run(company: &Company) -> Result<()> {
    let names: Vec<&str> = registry().iter().map(|f| f.name).collect();
    let mut fingerprint = Fingerprint::of(CODE).config(CODE_HASH);
    for table in
        ["gold_purchases", "gold_events", "gold_tickets", "gold_presences", "gold_consent_snapshot", "silver_items"]
    {
        fingerprint = fingerprint.table(&company.lake, table)?;
    }
    let fingerprint = fingerprint.finish();
    if company.lake.gold_fingerprint(TABLE)? == Some(fingerprint) {
        eprintln!("{:>10}  unchanged", "features");
        return Ok(());
    }
    let progress = Progress::start("features");
    let snapshot = consent::snapshot(company)?;
    let people = timelines(company, &snapshot, Cell::PERSONALISE_ONSITE, &company.lake.items()?)?;
    let cut = company.cut()?;
    let rows = serving_rows(&people, cut);
    let wide: Vec<Wide<'_>> = rows
        .people
        .iter()
        .zip(rows.values.chunks_exact(rows.width))
        .map(|(&person, values)| Wide { person, as_of: cut, values })
        .collect();
    let columns = names.iter().fold(Columns::new().text("person").time("as_of"), |columns, name| columns.real(name));
    company.put_as(TABLE, &columns, &wide, &fingerprint)?;
    progress.finish(&format!("{} features of {} people", names.len(), count(rows.people.len() as u64)));
    println!("{}", shown(&rows));
    println!("point in time {cut}; complete up to {} in every source", company.as_of()?);
    Ok(())
}

/// Timelines of everybody who permits `cell`, from what the profile stage left.
pub fn timelines(
    company: &Company,
    snapshot: &Snapshot,
    cell: Cell,
    items: &[Item],
) -> Result<Consented<Vec<Timeline>>> {
    let categories: BTreeSet<String> = items.iter().filter_map(|i| i.category.clone()).collect();
    let categories: Vec<String> = categories.into_iter().collect();
    let rows = GoldRows {
        purchases: company.get(Stage::Profile)?,
        events: company.get(Stage::Profile)?,
        tickets: company.get(Stage::Profile)?,
        presences: company.get(Stage::Profile)?,
    };
    Ok(super::timelines::timelines(rows, snapshot, cell, &ItemNumbers::new(items), &categories))
}

/// A row of the table: a value that is not there is null.
struct Wide<'a> {
    person: PersonId,
    as_of: Timestamp,
    values: &'a [f32],
}

impl Serialize for Wide<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len() + 2))?;
        map.serialize_entry("person", &self.person)?;
        map.serialize_entry("as_of", &self.as_of)?;
        for (feature, value) in registry().iter().zip(self.values) {
            map.serialize_entry(feature.name, &(!value.is_nan()).then_some(f64::from(*value)))?;
        }
        map.end()
    }
}

/// A dozen features spread over the registry: enough to see that the numbers make sense.
fn shown(rows: &ServingRows) -> Table {
    let mut table = Table::new(&[
        ("feature", Align::Left),
        ("unit", Align::Left),
        ("has a value", Align::Right),
        ("mean", Align::Right),
    ]);
    let step = (registry().len() / 12).max(1);
    for (at, feature) in registry().iter().enumerate().step_by(step) {
        let values = rows.values.iter().skip(at).step_by(rows.width.max(1)).filter(|v| !v.is_nan());
        let (n, sum) = values.fold((0_u64, 0.0), |(n, sum), v| (n + 1, sum + f64::from(*v)));
        let mean = if n == 0 { "–".to_owned() } else { format!("{:.2}", sum / n as f64) };
        table.row([feature.name, feature.unit.name(), &percent(n, rows.people.len() as u64), &mean]);
    }
    table
}
