//! Training sets: labelled rows at chosen cuts, as a table, with a manifest of what they were made from.
//!
//! Rows are those of people who permit training, with what was known at each cut and nothing later; the same cuts on the
//! same tables give the same bytes, so a set that has not changed keeps its version.

use anyhow::{Result, bail};
use kenal_consent::Cell;
use kenal_features::rows::{ChurnLabel, TrainingRows};
use kenal_features::{CODE_HASH, registry, training_rows};
use kenal_lake::{Columns, Fingerprint};
use kenal_types::{PersonId, Timestamp};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use super::Company;
use super::consent::{self, hex};
use super::features::serialize_values;
use super::people::People;

const CODE: &str = "train set 1";
/// Tables that rows rest on.
const SOURCES: [&str; 6] =
    ["gold_purchases", "gold_events", "gold_tickets", "gold_presences", "gold_consent_snapshot", "silver_items"];

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct TrainSet<'a> {
    pub name: &'a str,
    pub cuts: &'a [Timestamp],
    pub horizon_days: u16,
}

/// What was made.
pub struct Made {
    pub table: String,
    pub version: u64,
    pub changed: bool,
    pub cuts: Vec<CutCount>,
    pub manifest: Vec<ManifestRow>,
}

/// Rows of one cut.
pub struct CutCount {
    pub cut: Timestamp,
    pub people: u64,
    pub left: u64,
}

/// A line of the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestRow {
    pub name: String,
    pub value: String,
}

/// Name of the table of a set.
pub fn table_of(name: &str) -> String {
    format!("train_set_{name}")
}

/// Makes the set, unless it was made from the same tables.
///
/// # Errors
/// A cut is there twice, or its labels are not known yet; nobody agreed to training; the lake's own errors.
pub fn make(company: &Company, set: &TrainSet<'_>) -> Result<Made> {
    let mut cuts = set.cuts.to_vec();
    cuts.sort_unstable();
    if let Some(twice) = cuts.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!("--cuts names {} twice", twice[0]);
    }
    let complete_until = company.cut()?;
    let mut manifest: Vec<ManifestRow> = Vec::new();
    let mut told = |name: &str, value: String| manifest.push(ManifestRow { name: name.to_owned(), value });
    told("label", format!("nothing bought in {} days from the cut", set.horizon_days));
    told("population", "people with a purchase before the cut who permit training".to_owned());
    told("cuts", cuts.iter().map(Timestamp::to_string).collect::<Vec<_>>().join(", "));
    told("features", registry().len().to_string());
    told("code", CODE_HASH.to_owned());
    told("purchases up to", complete_until.to_string());
    let mut fingerprint = Fingerprint::of(CODE).config(&format!("{CODE_HASH} {cuts:?} {}", set.horizon_days));
    for table in SOURCES {
        fingerprint = fingerprint.table(&company.lake, table)?;
        let version = company.lake.version(table)?;
        told(table, version.map_or_else(|| "none".to_owned(), |v| format!("version {v}")));
    }
    let fingerprint = fingerprint.finish();

    let snapshot = consent::snapshot(company)?;
    told("consent snapshot", hex(&snapshot.root()));
    let people = People::new(company, &snapshot, Cell::TRAIN, &company.lake.items()?);
    let label = ChurnLabel { horizon_days: set.horizon_days, complete_until };
    let columns = Columns::new().text("person").time("cut").flag("left");
    let columns = registry().iter().fold(columns, |columns, feature| columns.real(feature.name));
    let table = table_of(set.name);
    let mut counts: Vec<CutCount> = cuts.iter().map(|&cut| CutCount { cut, people: 0, left: 0 }).collect();
    let written = people.in_parts(
        &people.parts(),
        |part| Ok(training_rows(&people.timelines(part)?, &cuts, label)?),
        |parts| {
            let mut rows = parts.flat_map(|part| counted(part, &mut counts)).peekable();
            if rows.peek().is_none() {
                bail!("nobody who permits training bought anything before these cuts");
            }
            let written = company.lake.write_gold_of(&table, &columns, rows.by_ref(), &fingerprint)?;
            // Of a set that is there already no row was written, but they are counted.
            rows.try_for_each(|row| row.map(drop))?;
            Ok(written)
        },
    )?;
    let total: u64 = counts.iter().map(|count| count.people).sum();
    manifest.push(ManifestRow { name: "rows".to_owned(), value: total.to_string() });
    company.lake.write_gold(&format!("{table}_manifest"), &manifest, &fingerprint)?;
    Ok(Made {
        table: format!("gold_{table}"),
        version: written.version,
        changed: written.changed,
        cuts: counts,
        manifest,
    })
}

/// The rows of a part for the table, counted by cut.
fn counted(part: Result<TrainingRows>, counts: &mut [CutCount]) -> Vec<Result<Wide>> {
    let rows = match part {
        Ok(rows) => rows,
        Err(error) => return vec![Err(error)],
    };
    let each = rows.values.chunks_exact(rows.width).zip(&rows.people).zip(rows.cuts.iter().zip(&rows.labels));
    each.map(|((values, &person), (&cut, &left))| {
        for count in counts.iter_mut().filter(|count| count.cut == cut) {
            count.people += 1;
            count.left += u64::from(left);
        }
        Ok(Wide { person, cut, left, values: values.to_vec() })
    })
    .collect()
}
/// The manifest of a set that was made.
///
/// # Errors
/// There is no such set.
pub fn manifest(company: &Company, name: &str) -> Result<Vec<ManifestRow>> {
    let rows = company.lake.read_gold(&format!("{}_manifest", table_of(name)));
    rows.map_err(|e| {
        anyhow::Error::new(e)
            .context(format!("no training set {name}; `kenal features train-set --name {name}` makes it"))
    })
}

/// A row of the table: a value that is not there is null.
struct Wide {
    person: PersonId,
    cut: Timestamp,
    left: bool,
    values: Vec<f32>,
}

impl Serialize for Wide {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("Wide", self.values.len() + 3)?;
        row.serialize_field("person", &self.person)?;
        row.serialize_field("cut", &self.cut)?;
        row.serialize_field("left", &self.left)?;
        serialize_values(&mut row, &self.values)?;
        row.end()
    }
}
