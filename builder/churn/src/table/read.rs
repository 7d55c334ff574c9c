//! A table in memory, column by column: numbers as f32, texts as numbers of their distinct values.

use std::hash::Hasher as _;
use std::path::{Path, PathBuf};

use kenal_tables::read::{Batch, Reader};
use rustc_hash::{FxHashMap, FxHasher};

use crate::error::ChurnFileError;
use crate::table::Counts;
use crate::table::label::Labels;
use crate::time;

/// No text.
pub(crate) const NONE: u32 = u32::MAX;
/// Rows from which a column's kind is told.
const SAMPLE_ROWS: usize = 50_000;
/// Share of a sample's values that must be of a kind.
const KIND_SHARE: f64 = 0.98;
/// A column of texts that differ in this share of the rows names rows.
const NAMES_SHARE: f64 = 0.9;

/// Which columns mean what.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    /// None when rows are only to be scored.
    pub label: Option<String>,
    /// The value of the label that means leaving; guessed when none.
    pub positive: Option<String>,
    pub time: Option<String>,
    /// Names rows in scores, and is no feature.
    pub id: Option<String>,
    /// Columns that are no features.
    pub drop: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// NaN where missing. Times are days since 1970.
    Numbers(Vec<f32>),
    /// Number of the text, [`NONE`] where missing, and the texts.
    Texts(Vec<u32>, Vec<String>),
}

#[derive(Debug, Clone)]
pub(crate) struct TableColumn {
    pub(crate) name: String,
    pub(crate) data: Data,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    pub(crate) path: PathBuf,
    pub(crate) columns: Vec<TableColumn>,
    /// Empty when no label was asked for.
    pub(crate) labels: Vec<bool>,
    /// Seconds since 1970, or the column's numbers; empty without a column of times.
    pub(crate) times: Vec<i64>,
    /// The id's value, or the row's line.
    pub(crate) ids: Vec<String>,
    /// Same for rows that are the same in all features.
    pub(crate) hashes: Vec<u64>,
    pub counts: Counts,
    pub warnings: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Number,
    Time,
    Text,
}

/// A column while it is read.
struct Growing {
    place: usize,
    kind: Kind,
    numbers: Vec<f32>,
    codes: Vec<u32>,
    names: FxHashMap<String, u32>,
    not_numbers: u64,
    infinite: u64,
    example: Option<(u64, String)>,
}

impl Growing {
    fn push(&mut self, value: Option<&str>, line: u64) {
        match (self.kind, value) {
            (Kind::Text, None) => self.codes.push(NONE),
            (Kind::Text, Some(text)) => {
                let next = self.names.len() as u32;
                let code = match self.names.get(text) {
                    Some(&code) => code,
                    None => *self.names.entry(text.to_owned()).or_insert(next),
                };
                self.codes.push(code);
            }
            (_, None) => self.numbers.push(f32::NAN),
            (Kind::Time, Some(text)) => {
                let read = time::seconds(text).map(|s| (s as f64 / time::DAY_S as f64) as f32);
                self.number(read, text, line);
            }
            (Kind::Number, Some(text)) => {
                let read = text.parse::<f32>().ok();
                if read.is_some_and(f32::is_infinite) {
                    self.infinite += 1;
                    self.numbers.push(f32::NAN);
                } else {
                    self.number(read, text, line);
                }
            }
        }
    }

    fn number(&mut self, read: Option<f32>, text: &str, line: u64) {
        if read.is_none() {
            self.not_numbers += 1;
            self.example.get_or_insert_with(|| (line, text.to_owned()));
        }
        self.numbers.push(read.unwrap_or(f32::NAN));
    }
}

impl Table {
    /// Reads a table; every column without a role becomes a feature, as numbers, times or categories by its values.
    ///
    /// # Errors
    /// The file cannot be read, a column is missing, the label is no label, or no column is left.
    pub fn read(path: &Path, roles: &Roles) -> Result<Table, ChurnFileError> {
        let reader = Reader::open(path)?;
        let place = |name: &Option<String>| name.as_deref().map(|n| reader.column(n)).transpose();
        let (label, at, id) = (place(&roles.label)?, place(&roles.time)?, place(&roles.id)?);
        let dropped: Vec<usize> = roles.drop.iter().map(|n| reader.column(n)).collect::<Result<_, _>>()?;
        let names = reader.columns().to_vec();
        let special: Vec<usize> = [label, at, id].into_iter().flatten().chain(dropped).collect();
        let kinds = kinds(path, &names)?;
        let mut growing: Vec<Growing> = (0..names.len())
            .filter(|place| !special.contains(place))
            .map(|place| Growing {
                place,
                kind: kinds[place],
                numbers: Vec::new(),
                codes: Vec::new(),
                names: FxHashMap::default(),
                not_numbers: 0,
                infinite: 0,
                example: None,
            })
            .collect();
        let mut table = Table {
            path: path.to_owned(),
            columns: Vec::new(),
            labels: Vec::new(),
            times: Vec::new(),
            ids: Vec::new(),
            hashes: Vec::new(),
            counts: Counts::default(),
            warnings: Vec::new(),
        };
        let mut labels = Labels::default();
        table.rows(reader, label, at, id, &mut growing, &mut labels)?;
        if let Some(column) = &roles.label {
            let (truth, positive) = labels.decide(path, column, roles.positive.as_deref())?;
            (table.labels, table.counts.positive) = (truth, positive);
        }
        let rows = table.ids.len();
        table.counts.kept = rows as u64;
        if rows == 0 {
            let what = table.counts.examples.first().cloned().unwrap_or_else(|| "it has no rows".to_owned());
            return Err(ChurnFileError::NoRows { path: path.to_owned(), what });
        }
        for column in growing {
            table.take(column, &names, rows);
        }
        if table.columns.is_empty() {
            let what = table.counts.left_out.join("; ");
            return Err(ChurnFileError::NoColumns { path: path.to_owned(), what });
        }
        Ok(table)
    }

    fn rows(
        &mut self,
        mut reader: Reader,
        label: Option<usize>,
        at: Option<usize>,
        id: Option<usize>,
        growing: &mut [Growing],
        labels: &mut Labels,
    ) -> Result<(), ChurnFileError> {
        let mut batch = Batch::new();
        while reader.next_batch(&mut batch)? {
            for row in 0..batch.rows_count() {
                let line = batch.line(row);
                let moment = match at.map(|place| batch.get(row, place)) {
                    None => None,
                    Some(text) => match text.and_then(moment) {
                        Some(moment) => Some(moment),
                        None => {
                            self.unreadable(line, &format!("time: {:?} is no moment", text.unwrap_or("")));
                            continue;
                        }
                    },
                };
                if let Some(place) = label {
                    let Some(text) = batch.get(row, place) else {
                        self.counts.without_label += 1;
                        continue;
                    };
                    labels.push(text, line);
                }
                self.times.extend(moment);
                self.ids.push(match id.map(|place| batch.get(row, place)) {
                    Some(Some(text)) => text.to_owned(),
                    _ => line.to_string(),
                });
                let mut hasher = FxHasher::default();
                for column in &mut *growing {
                    let value = batch.get(row, column.place);
                    hasher.write(value.unwrap_or("").as_bytes());
                    hasher.write_u8(0xff);
                    column.push(value, line);
                }
                self.hashes.push(hasher.finish());
            }
            for rejected in batch.take_rejected() {
                self.unreadable(rejected.line, &rejected.reason.to_string());
            }
        }
        self.counts.rows = self.ids.len() as u64 + self.counts.without_label + self.counts.unreadable;
        Ok(())
    }

    fn unreadable(&mut self, line: u64, what: &str) {
        self.counts.unreadable += 1;
        if self.counts.examples.len() < 3 {
            self.counts.examples.push(format!("{}: line {line}: {what}", self.path.display()));
        }
    }

    /// Keeps a column, or says why not.
    fn take(&mut self, column: Growing, names: &[String], rows: usize) {
        let name = names[column.place].clone();
        let mut left = |why: &str| self.counts.left_out.push(format!("{name}: {why}"));
        if column.kind == Kind::Text {
            let known = column.codes.iter().filter(|c| **c != NONE).count();
            match column.names.len() {
                0 => return left("empty in every row"),
                1 if known == rows => return left("the same in every row"),
                n if rows > 100 && n as f64 > NAMES_SHARE * known as f64 => {
                    return left("a different text in nearly every row: it names rows");
                }
                _ => {}
            }
            let mut texts: Vec<(u32, String)> = column.names.into_iter().map(|(t, n)| (n, t)).collect();
            texts.sort_unstable();
            self.counts.categories += 1;
            let texts = texts.into_iter().map(|(_, t)| t).collect();
            self.columns.push(TableColumn { name, data: Data::Texts(column.codes, texts) });
            return;
        }
        let known = || column.numbers.iter().copied().filter(|v| !v.is_nan());
        let Some(first) = known().next() else { return left("empty in every row") };
        if known().all(|v| v == first) && known().count() == rows {
            return left("the same in every row");
        }
        if rows > 100 && is_row_number(&name, &column.numbers) {
            return left("a different whole number in every row, named like an id");
        }
        if column.not_numbers > 0 {
            let (line, text) = column.example.unwrap_or_default();
            let what = if column.kind == Kind::Time { "times" } else { "numbers" };
            self.warnings.push(format!(
                "{name}: {} values are no {what} and count as missing; the first is {text:?} in line {line}",
                column.not_numbers
            ));
        }
        if column.infinite > 0 {
            self.warnings.push(format!("{name}: {} infinite values count as missing", column.infinite));
        }
        let counted = if column.kind == Kind::Time { &mut self.counts.times } else { &mut self.counts.numbers };
        *counted += 1;
        self.columns.push(TableColumn { name, data: Data::Numbers(column.numbers) });
    }
}

/// A time, or any whole number that orders rows (a month, a year, a cut).
fn moment(text: &str) -> Option<i64> {
    time::seconds(text).or_else(|| text.parse().ok())
}

fn is_row_number(name: &str, values: &[f32]) -> bool {
    let lower = name.to_ascii_lowercase();
    let like = lower == "id"
        || lower.ends_with("_id")
        || lower.ends_with("id") && name.ends_with("ID")
        || name.ends_with("Id")
        || lower.ends_with("number")
        || lower.ends_with("_no")
        || lower.starts_with("column_1");
    if !like || values.iter().any(|v| v.is_nan() || v.fract() != 0.0) {
        return false;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    // Above 2²⁴ neighbours share an f32, so a few repetitions do not speak against it.
    sorted.windows(2).filter(|w| w[0] == w[1]).count() * 10 < sorted.len() || sorted.iter().all(|v| *v > 16_777_216.0)
}

/// The kind of each column, by a sample of its values.
fn kinds(path: &Path, names: &[String]) -> Result<Vec<Kind>, ChurnFileError> {
    let mut reader = Reader::open(path)?;
    let mut batch = Batch::new();
    let mut seen = vec![(0u64, 0u64, 0u64); names.len()];
    let mut rows = 0;
    while rows < SAMPLE_ROWS && reader.next_batch(&mut batch)? {
        rows += batch.rows_count();
        for row in 0..batch.rows_count() {
            for (place, (known, numbers, times)) in seen.iter_mut().enumerate() {
                let Some(text) = batch.get(row, place) else { continue };
                *known += 1;
                if text.parse::<f32>().is_ok() {
                    *numbers += 1;
                } else if time::seconds(text).is_some() {
                    *times += 1;
                }
            }
        }
    }
    let most = |n: u64, known: u64| known > 0 && n as f64 >= KIND_SHARE * known as f64;
    let kind = |&(known, numbers, times): &(u64, u64, u64)| {
        if most(numbers, known) || known == 0 {
            Kind::Number
        } else if most(times, known) {
            Kind::Time
        } else {
            Kind::Text
        }
    };
    Ok(seen.iter().map(kind).collect())
}
