//! Rows `user, item[, time][, weight][, part]` of a CSV or Parquet file.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use kenal_models::TrainError;
use kenal_models::interactions::Row;
use kenal_tables::read::{Batch, ReadError, Reader};
use rustc_hash::FxHashMap;

/// Refused rows that are kept to be shown; all are counted.
const SHOWN_MAX: usize = 10;

/// The files cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The file is missing, of another kind or broken, or lacks the column `user` or `item`.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Every row was refused, or there are none.
    #[error("{}: no row can be used ({refused} refused){}", path.display(), first.as_deref().unwrap_or(""))]
    Nothing { path: PathBuf, refused: u64, first: Option<String> },
    /// A protocol needs what the file does not have, or leaves nobody to test on.
    #[error("{0}")]
    Protocol(String),
    /// A setting of the trainer's is out of range, or ALS finds no solution.
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// A row that was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Line of the file, in Parquet the row, from 1.
    pub line: u64,
    pub why: String,
}

/// A file's rows, names turned into numbers in the order in which they are first met.
#[derive(Debug, Default)]
pub struct Dataset {
    pub rows: Vec<Row>,
    pub users: Vec<String>,
    pub items: Vec<String>,
    pub has_time: bool,
    pub has_weight: bool,
    /// Part of each row, as positions in `part_names`; empty when the file has no column `part`.
    pub parts: Vec<u8>,
    pub part_names: Vec<String>,
    pub read_count: u64,
    pub refused_count: u64,
    /// The first of them.
    pub refused: Vec<Refused>,
}

#[derive(Default)]
struct Numbers(FxHashMap<String, u32>);

impl Numbers {
    fn number(&mut self, names: &mut Vec<String>, name: &str) -> u32 {
        if let Some(&n) = self.0.get(name) {
            return n;
        }
        let n = names.len() as u32;
        names.push(name.to_owned());
        self.0.insert(name.to_owned(), n);
        n
    }
}

impl Dataset {
    /// Reads a file. Columns are found by name, whatever their capitals; rows without a user, an item or a readable time,
    /// and those whose weight is negative or no number, are refused and counted: read = used + refused.
    ///
    /// # Errors
    /// See [`InputError`].
    pub fn read(path: &Path) -> Result<Dataset, InputError> {
        let mut reader = Reader::open(path)?;
        let (user, item) = (reader.column("user")?, reader.column("item")?);
        let optional = |name: &str| reader.columns().iter().position(|c| c.eq_ignore_ascii_case(name));
        let (time, weight, part) = (optional("time"), optional("weight"), optional("part"));
        let used: Vec<usize> = [Some(user), Some(item), time, weight, part].into_iter().flatten().collect();
        for &column in &used {
            reader.readable(column)?;
        }
        reader.select(&used);
        let mut data = Dataset { has_time: time.is_some(), has_weight: weight.is_some(), ..Dataset::default() };
        let (mut users, mut items, mut parts) = (Numbers::default(), Numbers::default(), Numbers::default());
        let mut batch = Batch::new();
        while reader.next_batch(&mut batch)? {
            for rejected in batch.take_rejected() {
                data.refuse(rejected.line, rejected.reason.to_string());
            }
            for row in 0..batch.rows_count() {
                let get = |column: Option<usize>| column.and_then(|c| batch.get(row, c));
                let line = batch.line(row);
                let (Some(who), Some(what)) = (get(Some(user)), get(Some(item))) else {
                    data.refuse(line, format!("no {}", if get(Some(user)).is_none() { "user" } else { "item" }));
                    continue;
                };
                let at = match (time, get(time).map(micros)) {
                    (None, _) => 0,
                    (_, Some(Some(t))) => t,
                    (_, Some(None)) => {
                        data.refuse(line, "`time` is no date, date and time, or number of seconds".to_owned());
                        continue;
                    }
                    (_, None) => {
                        data.refuse(line, "no time".to_owned());
                        continue;
                    }
                };
                let strength = match (weight, get(weight).map(str::parse::<f32>)) {
                    (None, _) => 1.0,
                    (_, Some(Ok(w))) if w.is_finite() && w >= 0.0 => w,
                    _ => {
                        data.refuse(line, "`weight` is no finite number of at least 0".to_owned());
                        continue;
                    }
                };
                if strength == 0.0 {
                    data.refuse(line, "`weight` is 0, which is no interaction".to_owned());
                    continue;
                }
                let user = users.number(&mut data.users, who);
                let item = items.number(&mut data.items, what);
                data.rows.push(Row { user, item, time: at, weight: strength });
                if part.is_some() {
                    let n = parts.number(&mut data.part_names, get(part).unwrap_or(""));
                    data.parts.push(u8::try_from(n).unwrap_or(u8::MAX));
                }
            }
        }
        for rejected in batch.take_rejected() {
            data.refuse(rejected.line, rejected.reason.to_string());
        }
        data.read_count = reader.counts().read;
        if data.rows.is_empty() {
            let first = data.refused.first().map(|r| format!(": line {}: {}", r.line, r.why));
            return Err(InputError::Nothing { path: path.to_owned(), refused: data.refused_count, first });
        }
        Ok(data)
    }

    fn refuse(&mut self, line: u64, why: String) {
        self.refused_count += 1;
        if self.refused.len() < SHOWN_MAX {
            self.refused.push(Refused { line, why });
        }
    }

    /// Rows of a part; `None` when the file has no such part.
    pub fn part(&self, name: &str) -> Option<Vec<Row>> {
        let at = self.part_names.iter().position(|p| p == name)? as u8;
        Some(self.rows.iter().zip(&self.parts).filter(|(_, p)| **p == at).map(|(r, _)| *r).collect())
    }
}

/// Microseconds since 1970 of seconds, a date, or a date and time with or without a zone (UTC without).
fn micros(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds.abs() < 9e12).then_some((seconds * 1e6) as i64);
    }
    if let Ok(t) = text.parse::<Timestamp>() {
        return Some(t.as_microsecond());
    }
    let civil = text.parse::<DateTime>().ok().or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))?;
    Some(TimeZone::UTC.to_timestamp(civil).ok()?.as_microsecond())
}
