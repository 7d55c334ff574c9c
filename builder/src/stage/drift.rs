//! Drift: the values served now beside those of a training set.

use anyhow::{Context as _, Result, bail};
use arrow::array::AsArray as _;
use arrow::datatypes::Float64Type;
use kenal_consent::Cell;
use kenal_features::{CODE_HASH, drift, registry, serving_rows};
use kenal_lake::Fingerprint;
use kenal_types::Timestamp;
use serde::Serialize;

use super::people::People;
use super::train_set::{self, table_of};
use super::{Company, consent};

const CODE: &str = "drift 1";
/// Name of the gold table.
const TABLE: &str = "feature_drift";
/// People whose values are looked at, at the most: shares of them are known to a thousandth.
const PEOPLE_MAX: usize = 1_000_000;

/// One feature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriftRow {
    pub feature: String,
    pub psi: f64,
    pub verdict: String,
    pub learnt_missing: f64,
    pub served_missing: f64,
    pub learnt_median: Option<f64>,
    pub served_median: Option<f64>,
}

/// Compares, keeps the table, and returns it: what moved most first.
///
/// # Errors
/// There is no such training set, it was made by other features than these, or nobody is served.
pub fn measure(company: &Company, name: &str) -> Result<Vec<DriftRow>> {
    let manifest = train_set::manifest(company, name)?;
    let code = manifest.iter().find(|row| row.name == "code").map_or("", |row| row.value.as_str());
    if code != CODE_HASH {
        bail!("the training set {name} was made by other features than these; make it again");
    }
    let learnt = learnt(company, name)?;
    let snapshot = consent::snapshot(company)?;
    let people = People::new(company, &snapshot, Cell::PERSONALISE_ONSITE, &company.lake.items()?);
    let served = served(&people, company.cut()?)?;
    if served.iter().all(Vec::is_empty) {
        bail!("nobody permits personalisation, so nothing is served");
    }
    let mut rows: Vec<DriftRow> = registry()
        .iter()
        .zip(learnt.iter().zip(&served))
        .map(|(feature, (learnt, served))| {
            let drift = drift(learnt, served);
            DriftRow {
                feature: feature.name.to_owned(),
                psi: drift.psi,
                verdict: drift.verdict().name().to_owned(),
                learnt_missing: drift.learnt_missing,
                served_missing: drift.served_missing,
                learnt_median: drift.learnt_median,
                served_median: drift.served_median,
            }
        })
        .collect();
    rows.sort_by(|a, b| b.psi.total_cmp(&a.psi).then(a.feature.cmp(&b.feature)));
    let mut fingerprint = Fingerprint::of(CODE).config(CODE_HASH);
    for table in [&format!("gold_{}", table_of(name)), "gold_features"] {
        fingerprint = fingerprint.table(&company.lake, table)?;
    }
    company.lake.write_gold(TABLE, &rows, &fingerprint.finish())?;
    Ok(rows)
}

/// What is served to some of the people, spread evenly, in columns in the order of the registry.
fn served(people: &People<'_>, cut: Timestamp) -> Result<Vec<Vec<f32>>> {
    people.in_parts(
        &people.sample(PEOPLE_MAX),
        |part| Ok(serving_rows(&people.timelines(part)?, cut)),
        |parts| {
            let mut columns = vec![Vec::new(); registry().len()];
            for part in parts {
                let part = part?;
                for (at, column) in columns.iter_mut().enumerate() {
                    column.extend(part.values.iter().skip(at).step_by(part.width.max(1)));
                }
            }
            Ok(columns)
        },
    )
}

/// The columns of the set, in the order of the registry.
fn learnt(company: &Company, name: &str) -> Result<Vec<Vec<f32>>> {
    let mut columns = vec![Vec::new(); registry().len()];
    let names: Vec<String> = registry().iter().map(|f| format!("\"{}\"", f.name)).collect();
    let query = format!("SELECT {} FROM gold_{}", names.join(", "), table_of(name));
    company.lake.sql_each(&query, |batch| -> Result<()> {
        for (column, values) in columns.iter_mut().zip(batch.columns()) {
            let values = values.as_primitive_opt::<Float64Type>().context("a feature of the set is not a number")?;
            column.extend(values.iter().map(|v| v.map_or(f32::NAN, |v| v as f32)));
        }
        Ok(())
    })?;
    Ok(columns)
}
