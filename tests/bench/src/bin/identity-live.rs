//! How fast records that come later are taken into a resolution, clusters and ids included:
//! `identity-live PEOPLE [--check]`.
//!
//! One record in twenty of a people file (see `kenal_bench::people`) is held back; the others are resolved, and their model
//! frozen. Then the held-back records come in batches of several sizes, each a part of them. The baseline is what it would
//! cost to resolve everything again under the same model for each batch. `--check` compares the people with those of all
//! records at once.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use kenal_bench::measured;
use kenal_bench::people::COLUMNS;
use kenal_identity::{
    BlockingConfig, Change, Config, Frozen, Incoming, Known, Live, Put, RawRecord, Records, Schema, Source, resolve,
};
use kenal_tables::read::{Batch, Reader};

const HELD_BACK: usize = 20;
/// Records that come at once, and the share of the held-back records that come so.
const BATCHES: [(usize, usize); 4] = [(20_000, 45), (1_000, 45), (20, 9), (1, 1)];

/// The values of a row, in the order of [`COLUMNS`].
type Row = [Option<String>; COLUMNS.len()];

fn main() -> Result<()> {
    kenal_allocator::keep_freed_memory();
    let mut args = std::env::args().skip(1);
    let people = args.next().context("usage: identity-live PEOPLE [--check]")?;
    let check = args.next().is_some();
    let schema = Schema { sources: vec![Source { name: "people".to_owned(), one_record: false }], attributes: vec![] };
    let rows = read(Path::new(&people))?;
    let (later, first): (Vec<_>, Vec<_>) = rows.iter().enumerate().partition(|(at, _)| at % HELD_BACK == 0);
    let later: Vec<RawRecord<'_>> = later.into_iter().map(|row| raw(row.1)).collect();
    let first: Vec<RawRecord<'_>> = first.into_iter().map(|row| raw(row.1)).collect();
    let config = Config { blocking: BlockingConfig::automatic(&schema), ..Config::outside() };
    let mut records = Records::new(schema.clone())?;
    records.push(&first)?;
    let (found, cost) = measured(|| resolve(&mut records, &Known::default(), &config));
    let found = found?;
    println!("{} records resolved: {cost}", first.len());
    let frozen = Frozen::of(&mut records, &found, &config);
    drop(found);
    let (live, again) = measured(|| Live::start(records, frozen.clone(), &Known::default()));
    let mut live = live?;
    println!("resolved again under the frozen model, and indexed: {again}");
    let mut rest = later.as_slice();
    println!(
        "{:>8} {:>9} {:>12} {:>12} {:>12} {:>12}",
        "at once", "records", "records/s", "µs CPU each", "compared", "regrouped"
    );
    for (size, percent) in BATCHES {
        let (now, later) = rest.split_at((first.len() / HELD_BACK * percent / 100).min(rest.len()));
        rest = later;
        let (mut compared, mut regrouped) = (0, 0);
        let (done, cost) = measured(|| -> Result<()> {
            for batch in now.chunks(size) {
                let changes: Vec<Change<'_>> = batch
                    .iter()
                    .map(|record| Change::Put(Put { record: Incoming::Raw(record), baskets: &[] }))
                    .collect();
                let update = live.apply(&changes)?;
                compared += update.compared;
                regrouped += update.regrouped.len() as u64;
            }
            Ok(())
        });
        done?;
        let records = now.len().max(1) as f64;
        println!(
            "{size:>8} {:>9} {:>12.0} {:>12.1} {:>12.2} {:>12.2}",
            now.len(),
            records / cost.wall.as_secs_f64(),
            1e6 * cost.cpu_s / records,
            compared as f64 / records,
            regrouped as f64 / records
        );
        println!(
            "         {:.0} times the speed of resolving all again",
            again.wall.as_secs_f64() * records / size as f64 / cost.wall.as_secs_f64()
        );
    }
    if check {
        let put: Vec<Change<'_>> =
            rest.iter().map(|record| Change::Put(Put { record: Incoming::Raw(record), baskets: &[] })).collect();
        live.apply(&put)?;
        let mut all = Records::new(schema)?;
        all.push(&later)?;
        all.push(&first)?;
        let at_once = Live::start(all, frozen, &Known::default())?;
        let mut of: HashMap<u32, u32> = HashMap::new();
        for record in 0..live.records().len() as u32 {
            let other = at_once.records().find(0, live.records().id(record)).context("a record is lost")?;
            let (own, other) = (live.cluster(record), at_once.cluster(other));
            ensure!(*of.entry(own).or_insert(other) == other, "{} is elsewhere", live.records().id(record));
        }
        let clusters = (0..at_once.records().len() as u32).filter(|&r| at_once.cluster(r) == r).count();
        ensure!(clusters == of.len(), "{} clusters are not {clusters}", of.len());
        println!("the {clusters} clusters are those of all records at once");
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Row>> {
    let mut reader = Reader::open(path)?;
    let mut at = [0; COLUMNS.len()];
    for (at, name) in at.iter_mut().zip(COLUMNS) {
        *at = reader.column(name)?;
    }
    reader.select(&at);
    let (mut rows, mut batch) = (Vec::new(), Batch::new());
    while reader.next_batch(&mut batch)? {
        let row = |row: usize| at.map(|column| batch.get(row, column).map(str::to_owned));
        rows.extend((0..batch.rows_count()).map(row));
    }
    Ok(rows)
}

fn raw(row: &Row) -> RawRecord<'_> {
    let [id, given, family, birth, city, postcode, email, phone] = row.each_ref().map(Option::as_deref);
    RawRecord {
        id: id.unwrap_or_default(),
        given_name: given,
        family_name: family,
        birth_date: birth,
        city,
        postcode,
        emails: email.into_iter().collect(),
        phones: phone.into_iter().collect(),
        ..RawRecord::default()
    }
}
