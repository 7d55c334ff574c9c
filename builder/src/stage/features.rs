//! features: the registry's numbers for every person who permits personalisation, at one moment.

use anyhow::Result;
use kenal_consent::Cell;
use kenal_features::{CODE_HASH, ServingRows, registry, serving_rows};
use kenal_lake::{Columns, Fingerprint};
use kenal_types::{PersonId, Timestamp};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::people::People;
use super::{Company, consent};
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
    let people = People::new(company, &snapshot, Cell::PERSONALISE_ONSITE, &company.lake.items()?);
    let cut = company.cut()?;
    let columns = names.iter().fold(Columns::new().text("person").time("as_of"), |columns, name| columns.real(name));
    let mut shown = Shown::default();
    people.in_parts(
        &people.parts(),
        |part| Ok(serving_rows(&people.timelines(part)?, cut)),
        |parts| {
            let rows = parts.flat_map(|part| match part {
                Ok(part) => {
                    shown.add(&part);
                    let values = part.values.chunks_exact(part.width).map(<[f32]>::to_vec);
                    let rows =
                        part.people.iter().zip(values).map(|(&person, values)| Ok(Wide { person, as_of: cut, values }));
                    rows.collect::<Vec<Result<Wide>>>()
                }
                Err(error) => vec![Err(error)],
            });
            company.lake.write_gold_of(TABLE, &columns, rows, &fingerprint)
        },
    )?;
    progress.finish(&format!("{} features of {} people", names.len(), count(shown.people)));
    println!("{}", shown.table());
    println!("point in time {cut}; complete up to {} in every source", company.as_of()?);
    Ok(())
}

/// A row of the table: a value that is not there is null.
struct Wide {
    person: PersonId,
    as_of: Timestamp,
    values: Vec<f32>,
}

impl Serialize for Wide {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("Wide", self.values.len() + 2)?;
        row.serialize_field("person", &self.person)?;
        row.serialize_field("as_of", &self.as_of)?;
        serialize_values(&mut row, &self.values)?;
        row.end()
    }
}

/// The values of a row under the names of the registry. As fields of a struct: their places are looked up once and not
/// by name with every row, which took a sixth of the stage.
pub fn serialize_values<S: SerializeStruct>(row: &mut S, values: &[f32]) -> Result<(), S::Error> {
    registry().iter().zip(values).try_for_each(|(feature, value)| {
        row.serialize_field(feature.name, &(!value.is_nan()).then_some(f64::from(*value)))
    })
}

/// How many have a value, and their sum, of a dozen features spread over the registry: enough to see that the numbers make
/// sense.
#[derive(Default)]
struct Shown {
    people: u64,
    sums: [(u64, f64); SHOWN_MAX],
}

const SHOWN_MAX: usize = 13;

impl Shown {
    /// Places in the registry.
    fn places() -> impl Iterator<Item = usize> {
        (0..registry().len()).step_by(registry().len().div_ceil(SHOWN_MAX).max(1))
    }

    fn add(&mut self, rows: &ServingRows) {
        self.people += rows.people.len() as u64;
        for (at, (n, sum)) in Shown::places().zip(&mut self.sums) {
            let values = rows.values.iter().skip(at).step_by(rows.width.max(1)).filter(|v| !v.is_nan());
            values.for_each(|value| {
                *n += 1;
                *sum += f64::from(*value);
            });
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&[
            ("feature", Align::Left),
            ("unit", Align::Left),
            ("has a value", Align::Right),
            ("mean", Align::Right),
        ]);
        for (feature, (n, sum)) in Shown::places().map(|at| &registry()[at]).zip(&self.sums) {
            let mean = if *n == 0 { "–".to_owned() } else { format!("{:.2}", sum / *n as f64) };
            table.row([feature.name, feature.unit.name(), &percent(*n, self.people), &mean]);
        }
        table
    }
}
