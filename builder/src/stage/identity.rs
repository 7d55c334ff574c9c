//! identity: which records are the same person.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use kenal_columns::{BatchRow as _, read as rows};
use kenal_identity::{
    Config, Customer, Decision, Evidence, FoundLines, FoundOrders, FoundReceipts, Frozen, Known, Line, Model, Ordered,
    Orders, Prepared, Receipt, Records, Resolution, Schema, explain as weigh, resolve, resolve_under,
};
use kenal_lake::{CurrentBatch, Fingerprint, Lake, LakeError, SilverRow};
use kenal_types::{AppEvent, CustomerRecord, Market, Order, OrderLine, PersonId, RecordKey};

use super::Company;
use crate::gold::{AssignmentRow, DecisionRow, GoldRow, IdentityModelRow, LinkRow, PastRow, ReviewRow};
use crate::ui::{Progress, count};

/// Digits of a model's version: enough to tell models of one lake apart.
const MODEL_VERSION_CHARS: usize = 12;

/// Raise when the meaning of the tables below changes.
const CODE: &str = "identity 5";

/// A model that was fitted to this share fewer or more records than there are is fitted anew.
const CHANGED_SHARE_MAX: f64 = 0.2;

pub fn run(company: &Company) -> Result<()> {
    let lake = &company.lake;
    let config = Config::default();
    let mut fingerprint = Fingerprint::of(CODE).config(&serde_json::to_string(&config)?);
    for table in ["silver_customers", "silver_orders", "silver_order_lines", "silver_events"] {
        fingerprint = fingerprint.table(lake, table)?;
    }
    let decisions = decisions(lake)?;
    let inputs = fingerprint.config(&serde_json::to_string(&decisions)?);
    // Under another model, the same records may be other people.
    let under = |model: &str| inputs.clone().config(model).finish();
    let stored = if company.refit { None } else { stored_model(lake)? };
    let done = lake.gold_fingerprint(AssignmentRow::TABLE)?;
    if stored.as_ref().is_some_and(|row| done == Some(under(&row.version))) {
        eprintln!("{:>10}  unchanged", "identity");
        return Ok(());
    }
    let progress = Progress::start("identity");
    let (mut records, markets) = records(lake)?;
    progress.set("records", 0, records.len() as u64);
    let prior = prior(company, &records)?;
    let decided: Vec<Decision> = decisions.iter().filter_map(|row| decision(&records, row)).collect();
    let mut history = history(lake)?;
    let past: Vec<(u32, PersonId)> = history
        .iter()
        .filter_map(|row| Some((records.find(row.record.system as u8, &row.record.id)?, row.person)))
        .collect();
    let known = Known { prior: &prior, past: &past, decisions: &decided };
    let kept = stored.map(|row| still_good(row, &config, records.len() as u64)).transpose()?.flatten();
    let (resolution, version, said) = match kept {
        Some((version, frozen)) => {
            let resolution = resolve_under(&mut records, &known, &frozen)?;
            let said = format!("model {version} of an earlier run; --refit fits a new one");
            (resolution, version, said)
        }
        None => {
            let resolution = resolve(&mut records, &known, &config)?;
            let row = model_row(&Frozen::of(&mut records, &resolution, &config), &config)?;
            let version = row.version.clone();
            company.put(&[row], &under(&version))?;
            let said = format!("model {version}, fitted to {} records", count(resolution.report.records));
            (resolution, version, said)
        }
    };
    let fingerprint = under(&version);

    company.put(&links(&resolution, &records, &version)?, &fingerprint)?;
    company.put(&reviews(&resolution, &records, &version)?, &fingerprint)?;
    let lost = lost(&resolution, &records, &prior, &history)?;
    if !lost.is_empty() {
        history.extend(lost);
        company.put(&history, &fingerprint)?;
    }
    // Last: its fingerprint says that the stage is done.
    company.put(&assignments(&resolution, &records, &markets)?, &fingerprint)?;
    progress.finish(&format!(
        "{} records are {} people",
        count(resolution.report.records),
        count(resolution.report.persons)
    ));
    println!("{}\n{said}", resolution.report);
    Ok(())
}

/// The model of the last run; none where no run has left one that this release reads.
fn stored_model(lake: &Lake) -> Result<Option<IdentityModelRow>> {
    if lake.gold_fingerprint(IdentityModelRow::TABLE)?.is_none() {
        return Ok(None);
    }
    match lake.read_gold::<IdentityModelRow>(IdentityModelRow::TABLE) {
        Ok(rows) => Ok(rows.into_iter().next().filter(|row| row.code == CODE)),
        // The columns of an older release.
        Err(LakeError::Rows { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A stored model and its version, while it is one of these settings and of about as many records: under it whoever is not
/// touched by what changed stays as they were, and nothing has to be fitted.
fn still_good(row: IdentityModelRow, config: &Config, records: u64) -> Result<Option<(String, Frozen)>> {
    if row.config != serde_json::to_string(config)? {
        return Ok(None);
    }
    let frozen = row.frozen().context("`kenal run identity --refit` fits a new one")?;
    let fitted_to = frozen.fitted_to() as f64;
    let changed = (records as f64 - fitted_to).abs() > CHANGED_SHARE_MAX * fitted_to;
    Ok((!changed).then_some((row.version, frozen)))
}

/// Whose records were in runs before the last; nothing in a lake where nobody's ever changed.
pub fn history(lake: &Lake) -> Result<Vec<PastRow>> {
    Ok(match lake.gold_fingerprint(PastRow::TABLE)? {
        Some(_) => lake.read_gold(PastRow::TABLE)?,
        None => Vec::new(),
    })
}

/// The records of the last run's people that are somebody else's now, or nobody's.
fn lost(
    resolution: &Resolution,
    records: &Records,
    prior: &[(u32, PersonId)],
    history: &[PastRow],
) -> Result<Vec<PastRow>> {
    let run = history.iter().map(|row| row.run).max().unwrap_or(0) + 1;
    let moved = prior.iter().filter(|(record, person)| resolution.persons[*record as usize] != Some(*person));
    let row = |&(record, person): &(u32, PersonId)| {
        Ok(PastRow { record: key(records, record)?, person, then: resolution.persons[record as usize], run })
    };
    let rows: Result<Vec<PastRow>> = moved.map(row).collect();
    let mut rows = rows?;
    rows.sort_unstable_by(|x, y| x.record.cmp(&y.record));
    Ok(rows)
}

/// The customers of the lake and what they bought, as the engine takes them; and the market of each.
fn records(lake: &Lake) -> Result<(Records, Vec<Option<Market>>)> {
    let (mut records, mut markets) = (Records::new(Schema::company())?, Vec::new());
    let preparing = records.preparing();
    let prepare = |rows: &mut dyn Iterator<Item = Customer<'_>>| {
        let rows: Vec<Customer<'_>> = rows.collect();
        let markets: Vec<Option<Market>> = rows.iter().map(|customer| customer.market).collect();
        (markets, preparing.customers(&rows))
    };
    let prepare = |batch: &CurrentBatch<'_>| batch.read(|part| rows(part, prepare));
    each::<CustomerRecord, _>(lake, Customer::COLUMNS, "", prepare, |parts| {
        let (of_parts, customers): (Vec<Vec<Option<Market>>>, Vec<Prepared>) = parts.into_iter().unzip();
        markets.extend(of_parts.into_iter().flatten());
        Ok(records.take(&customers)?)
    })?;
    let (placed, lines) = (lake.versions_in::<Order>()?, lake.versions_in::<OrderLine>()?);
    let mut orders = Orders::with_room(placed as usize, lines as usize);
    let find = |batch: &CurrentBatch<'_>| batch.read(|part| rows(part, |rows| FoundOrders::of(&records, rows)));
    each::<Order, _>(lake, Ordered::COLUMNS, "", find, |found| {
        orders.open_all(&found);
        Ok(())
    })?;
    let find = |batch: &CurrentBatch<'_>| batch.read(|part| rows(part, |rows| FoundLines::of(rows)));
    each::<OrderLine, _>(lake, Line::COLUMNS, "", find, |found| {
        orders.add_all(&found);
        Ok(())
    })?;
    let find = |batch: &CurrentBatch<'_>| batch.read(|part| rows(part, |rows| FoundReceipts::of(&records, rows)));
    each::<AppEvent, _>(lake, Receipt::COLUMNS, "kind = 'purchased'", find, |found| {
        orders.add_receipts(&found);
        Ok(())
    })?;
    records.bought_all(orders)?;
    Ok((records, markets))
}

/// Takes the current rows of a table, after `find` has made of them what is taken.
fn each<T: SilverRow, M: Send>(
    lake: &Lake,
    columns: &[&str],
    only: &str,
    find: impl Fn(&CurrentBatch<'_>) -> Result<M, LakeError> + Send,
    take: impl FnMut(M) -> Result<()>,
) -> Result<()> {
    let found = move |batch: &CurrentBatch<'_>| Ok(find(batch)?);
    lake.each_current_batch::<T, M, anyhow::Error>(columns, only, found, take)
}

/// One customer of the lake.
fn customer(lake: &Lake, key: &RecordKey) -> Result<CustomerRecord> {
    let mut found = None;
    let quoted = key.to_string().replace('\'', "''");
    let columns = CustomerRecord::columns();
    let columns: Vec<&str> = columns.names().collect();
    let rows = |batch: &CurrentBatch<'_>| batch.rows::<CustomerRecord>();
    each::<CustomerRecord, _>(lake, &columns, &format!("key = '{quoted}'"), rows, |rows| {
        found = rows.into_iter().next().or(found.take());
        Ok(())
    })?;
    found.with_context(|| format!("no record {key} in this lake"))
}

/// What stewards have decided, the last word on each pair; none in a lake where nobody has.
pub fn decisions(lake: &Lake) -> Result<Vec<DecisionRow>> {
    if lake.gold_fingerprint(DecisionRow::TABLE)?.is_none() {
        return Ok(Vec::new());
    }
    let rows: Vec<DecisionRow> = lake.read_gold(DecisionRow::TABLE)?;
    let mut last: BTreeMap<(RecordKey, RecordKey), DecisionRow> = BTreeMap::new();
    for row in rows {
        let pair = if row.a < row.b { (row.a.clone(), row.b.clone()) } else { (row.b.clone(), row.a.clone()) };
        last.insert(pair, row);
    }
    Ok(last.into_values().collect())
}

/// Decisions about records that are gone, and those that decide nothing, have no say.
fn decision(records: &Records, row: &DecisionRow) -> Option<Decision> {
    let same = match row.verdict.as_str() {
        "same" => true,
        "different" => false,
        _ => return None,
    };
    let number = |key: &RecordKey| records.find(key.system as u8, &key.id);
    Some(Decision { a: number(&row.a)?, b: number(&row.b)?, same })
}

fn model_row(frozen: &Frozen, config: &Config) -> Result<IdentityModelRow> {
    let (model, config) = (serde_json::to_string(frozen.model())?, serde_json::to_string(config)?);
    let frozen = BASE64.encode(rmp_serde::to_vec_named(frozen).context("storing the model")?);
    let version = Fingerprint::of(CODE).config(&frozen).config(&config).finish().to_string();
    let version = version.chars().take(MODEL_VERSION_CHARS).collect();
    Ok(IdentityModelRow { version, code: CODE.to_owned(), model, config, frozen })
}

impl IdentityModelRow {
    fn frozen(&self) -> Result<Frozen> {
        let bytes =
            BASE64.decode(&self.frozen).with_context(|| format!("reading the stored model {}", self.version))?;
        rmp_serde::from_slice(&bytes).with_context(|| format!("reading the stored model {}", self.version))
    }
}

/// Two records of a lake, and what speaks for and against their being one person.
pub struct Explained {
    pub a: CustomerRecord,
    pub b: CustomerRecord,
    pub evidence: Evidence,
    pub model: Model,
    pub version: String,
}

/// The model of the last run, and its version.
pub fn last_model(lake: &Lake) -> Result<(String, Frozen)> {
    let row = stored_model(lake)?.context("no run has left a model; run `kenal run identity` on this lake")?;
    let frozen = row.frozen()?;
    Ok((row.version, frozen))
}

/// Weighs two records under the model of the last run.
pub fn explain(lake: &Lake, a: &RecordKey, b: &RecordKey) -> Result<Explained> {
    let (version, frozen) = last_model(lake)?;
    let (mut records, _) = records(lake)?;
    let number = |key: &RecordKey| {
        records.find(key.system as u8, &key.id).with_context(|| format!("no record {key} in this lake"))
    };
    let (x, y) = (number(a)?, number(b)?);
    let evidence = weigh(&mut records, &frozen, x, y)?;
    let (a, b) = (customer(lake, a)?, customer(lake, b)?);
    Ok(Explained { a, b, evidence, model: frozen.model().clone(), version })
}

/// Who belonged to whom in the last run, so that ids stay; records that are gone have no say.
fn prior(company: &Company, records: &Records) -> Result<Vec<(u32, PersonId)>> {
    if company.lake.gold_fingerprint(AssignmentRow::TABLE)?.is_none() {
        return Ok(Vec::new());
    }
    let rows: Vec<AssignmentRow> = company.lake.read_gold(AssignmentRow::TABLE)?;
    let kept = |row: AssignmentRow| Some((records.find(row.record.system as u8, &row.record.id)?, row.person?));
    Ok(rows.into_iter().filter_map(kept).collect())
}

fn key(records: &Records, record: u32) -> Result<RecordKey> {
    records.key(record).context("a record of none of the five systems")
}

/// Whose each record is, by key. `markets`: by record.
fn assignments(resolution: &Resolution, records: &Records, markets: &[Option<Market>]) -> Result<Vec<AssignmentRow>> {
    let certain = resolution.certain(records);
    let row = |at: usize| {
        Ok(AssignmentRow {
            record: key(records, at as u32)?,
            person: resolution.persons[at],
            tier: resolution.tiers[at].name().to_owned(),
            certain_group: key(records, certain[at])?,
            market: markets[at],
        })
    };
    let rows: Result<Vec<AssignmentRow>> = (0..records.len()).map(row).collect();
    let mut rows = rows?;
    rows.sort_unstable_by(|x, y| x.record.cmp(&y.record));
    Ok(rows)
}

fn links(resolution: &Resolution, records: &Records, model: &str) -> Result<Vec<LinkRow>> {
    let row = |l: &kenal_identity::Link| {
        Ok(LinkRow {
            a: key(records, l.a)?,
            b: key(records, l.b)?,
            tier: l.tier.name().to_owned(),
            rule: resolution.rule_name(l.rule).to_owned(),
            weight_bits: l.weight_bits,
            evidence: resolution.evidence(records, l.a, l.b).to_string(),
            model: model.to_owned(),
        })
    };
    resolution.links.iter().map(row).collect()
}

fn reviews(resolution: &Resolution, records: &Records, model: &str) -> Result<Vec<ReviewRow>> {
    let mut sizes: HashMap<u32, u32> = HashMap::new();
    resolution.clusters.iter().for_each(|&first| *sizes.entry(first).or_default() += 1);
    let size = |record: u32| f64::from(sizes[&resolution.clusters[record as usize]]);
    let row = |r: &kenal_identity::ReviewItem| {
        Ok(ReviewRow {
            a: key(records, r.a)?,
            b: key(records, r.b)?,
            weight_bits: r.weight_bits,
            probability: r.probability,
            reason: r.reason.name().to_owned(),
            evidence: resolution.evidence(records, r.a, r.b).to_string(),
            value: r.probability.min(1.0 - r.probability) * size(r.a) * size(r.b),
            model: model.to_owned(),
        })
    };
    resolution.review.iter().map(row).collect()
}
