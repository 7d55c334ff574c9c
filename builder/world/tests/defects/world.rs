//! One world for all tests of this crate, and its files as text.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, TimeUnit, TimestampMicrosecondType};
use kenal_types::Timestamp;
use kenal_world::{WorldConfig, WorldSummary, generate};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

pub(crate) const PEOPLE: u64 = 4000;

pub(crate) struct World {
    /// Kept, so that the files are.
    _dir: tempfile::TempDir,
    pub(crate) out: PathBuf,
    pub(crate) summary: WorldSummary,
}

pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a folder");
        let out = dir.path().join("company");
        let config = WorldConfig {
            out: out.clone(),
            people: PEOPLE,
            purchases: None,
            seed: 20_261,
            end: kenal_types::Date(20_770),
            written: kenal_world::Written::default(),
        };
        let summary = generate(&config, &|_, _, _| {}).expect("a world");
        World { _dir: dir, out, summary }
    })
}

impl World {
    /// Files of a folder whose name begins so, in order.
    pub(crate) fn files(&self, folder: &str, stem: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.out.join(folder)).expect("the folder");
        let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
        paths.retain(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(stem)));
        paths.sort();
        assert!(!paths.is_empty(), "{folder}/{stem}");
        paths
    }

    pub(crate) fn text(&self, folder: &str, stem: &str) -> String {
        self.files(folder, stem).iter().map(|p| fs::read_to_string(p).expect("text")).collect()
    }

    /// Lines that are JSON, and how many are not.
    pub(crate) fn lines(&self, folder: &str, stem: &str) -> (Vec<Value>, usize) {
        let text = self.text(folder, stem);
        let parsed: Vec<Option<Value>> = text.lines().map(|l| serde_json::from_str(l).ok()).collect();
        let broken = parsed.iter().filter(|v| v.is_none()).count();
        (parsed.into_iter().flatten().collect(), broken)
    }

    /// Elements of all pages' lists of that name.
    pub(crate) fn pages(&self, stem: &str, list: &str) -> Vec<Value> {
        let pages = self.files("zendesk", stem);
        let page = |p: &PathBuf| -> Value { serde_json::from_slice(&fs::read(p).expect("bytes")).expect("a page") };
        pages.iter().flat_map(|p| page(p)[list].as_array().expect("a list").clone()).collect()
    }

    /// Events, those in batches too.
    pub(crate) fn events(&self) -> Vec<Value> {
        let (lines, _) = self.lines("app", "events-");
        lines.into_iter().flat_map(|v| v["batch"].as_array().cloned().unwrap_or_else(|| vec![v])).collect()
    }

    /// Rows of the CRM as lists of values, the header first and again wherever it stands.
    pub(crate) fn crm(&self, stem: &str) -> Vec<Vec<String>> {
        let text = self.text("salesforce", &format!("{stem}-"));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|r| r.expect("a row").iter().map(str::to_owned).collect()).collect()
    }

    pub(crate) fn table(&self, folder: &str, stem: &str) -> Vec<Value> {
        self.files(folder, stem).iter().flat_map(|path| rows(path)).collect()
    }
}

/// Rows as objects; nulls are left out.
fn rows(path: &Path) -> Vec<Value> {
    let file = fs::File::open(path).expect("a file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
    let mut all = Vec::new();
    for batch in reader.map(|b| b.expect("a batch")) {
        all.extend((0..batch.num_rows()).map(|row| {
            let fields = batch.schema();
            let columns = fields.fields().iter().zip(batch.columns()).filter(|(_, c)| c.is_valid(row));
            Value::Object(columns.map(|(f, c)| (f.name().clone(), value(c, row))).collect())
        }));
    }
    all
}

fn value(column: &ArrayRef, row: usize) -> Value {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Date32 => column.as_primitive::<Date32Type>().value(row).into(),
        DataType::Decimal128(12, 2) => column.as_primitive::<Decimal128Type>().value_as_string(row).into(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if zone.as_ref() == "UTC" => {
            Timestamp(column.as_primitive::<TimestampMicrosecondType>().value(row)).to_string().into()
        }
        other => panic!("{other} is none of the plan's types"),
    }
}

pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// Shares are those of the table, within what 4,000 people allow.
pub(crate) fn near(name: &str, found: usize, of: usize, rate: f64) {
    let share = found as f64 / of as f64;
    let error = 4.0 * (rate * (1.0 - rate) / of as f64).sqrt() + 0.1 * rate;
    assert!((share - rate).abs() < error, "{name}: {found} of {of} is {share}, not {rate}");
}
