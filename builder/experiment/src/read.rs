//! Rows of exposures and of orders, from CSV or Parquet.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use kenal_tables::read::{Batch, Reader};
use rustc_hash::FxHashMap;

use crate::error::ExperimentFileError;

/// Refused rows that are kept to be shown; all are counted.
const SHOWN_MAX: usize = 5;

/// Microseconds of a day.
pub const DAY_US: f64 = 86_400e6;

/// Names as numbers, in the order in which they are first met.
#[derive(Debug, Clone, Default)]
pub struct Names {
    numbers: FxHashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&n) = self.numbers.get(name) {
            return n;
        }
        let n = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), n);
        n
    }

    pub fn get(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    pub fn all(&self) -> &[String] {
        &self.names
    }
}

/// Rows that could not be used.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    pub count: u64,
    /// The first of them: line and reason.
    pub shown: Vec<(u64, String)>,
}

impl Refused {
    fn add(&mut self, line: u64, why: impl Into<String>) {
        self.count += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push((line, why.into()));
        }
    }
}

/// Somebody was shown an arm, or would have been but for their missing consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    pub person: u32,
    /// Nothing: no consent, so no arm.
    pub arm: Option<u32>,
    pub market: Option<u32>,
    /// Microseconds since 1970.
    pub time: i64,
}

/// All exposures of one experiment.
#[derive(Debug, Clone, Default)]
pub struct Exposures {
    pub rows: Vec<Exposure>,
    pub people: Names,
    pub arms: Names,
    pub markets: Names,
    pub experiment: Option<String>,
    /// Rows of other experiments.
    pub others: u64,
    pub read: u64,
    pub refused: Refused,
}

/// What an arm is called when there is none: nobody has agreed.
const NO_ARM: [&str; 4] = ["", "none", "excluded", "no consent"];

/// Somebody paid, or got back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    pub person: u32,
    /// Microseconds since 1970.
    pub time: i64,
    /// Below zero: a refund, which takes from the revenue and is no order.
    pub amount: f64,
}

/// All orders of people who are on an arm.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    pub rows: Vec<Order>,
    /// Orders of people who are on no arm; nothing else is kept of them.
    pub others: u64,
    /// Rows that say again what another has said.
    pub repeated: u64,
    pub first: i64,
    pub last: i64,
    pub read: u64,
    pub refused: Refused,
}

/// Columns of a file, some of which may be missing.
struct Columns {
    reader: Reader,
    at: Vec<Option<usize>>,
}

impl Columns {
    fn open(path: &Path, needed: &[&str], optional: &[&str]) -> Result<Columns, ExperimentFileError> {
        let mut reader = Reader::open(path)?;
        let mut at = Vec::new();
        for name in needed {
            at.push(Some(reader.column(name)?));
        }
        for name in optional {
            at.push(reader.columns().iter().position(|c| c.eq_ignore_ascii_case(name)));
        }
        let used: Vec<usize> = at.iter().copied().flatten().collect();
        for &column in &used {
            reader.readable(column)?;
        }
        reader.select(&used);
        Ok(Columns { reader, at })
    }

    /// Calls `row` with the line and the columns' texts, in the order in which they were asked for.
    fn each(
        &mut self,
        refused: &mut Refused,
        mut row: impl FnMut(u64, &[Option<&str>], &mut Refused),
    ) -> Result<u64, ExperimentFileError> {
        let mut batch = Batch::new();
        while self.reader.next_batch(&mut batch)? {
            for rejected in batch.take_rejected() {
                refused.add(rejected.line, rejected.reason.to_string());
            }
            for n in 0..batch.rows_count() {
                let texts: Vec<Option<&str>> = self.at.iter().map(|c| c.and_then(|c| batch.get(n, c))).collect();
                row(batch.line(n), &texts, refused);
            }
        }
        for rejected in batch.take_rejected() {
            refused.add(rejected.line, rejected.reason.to_string());
        }
        Ok(self.reader.counts().read)
    }
}

fn nothing(path: &Path, refused: &Refused) -> ExperimentFileError {
    let first = refused.shown.first().map_or(String::new(), |(line, why)| format!(": line {line}: {why}"));
    ExperimentFileError::Nothing { path: path.to_owned(), refused: refused.count, first }
}

const BAD_TIME: &str = "`time` is no date, date and time, or number of seconds";

impl Exposures {
    /// Reads `person, arm, time[, experiment][, market]`. With several experiments, `experiment` says which.
    ///
    /// # Errors
    /// See [`ExperimentFileError`].
    pub fn read(path: &Path, experiment: Option<&str>) -> Result<Exposures, ExperimentFileError> {
        let mut columns = Columns::open(path, &["person", "arm", "time"], &["experiment", "market"])?;
        let named = columns.at.get(3).copied().flatten().is_some();
        let mut found = Exposures { experiment: experiment.map(str::to_owned), ..Exposures::default() };
        let (mut experiments, mut refused) = (Names::default(), Refused::default());
        found.read = columns.each(&mut refused, |line, texts, refused| {
            let &[person, arm, time, of, market] = texts else { return };
            let of = of.unwrap_or("").trim();
            if named && experiment.is_some_and(|wanted| wanted != of) {
                found.others += 1;
                return;
            }
            experiments.number(of);
            let Some(person) = person else { return refused.add(line, "no person") };
            let Some(time) = time.and_then(micros) else { return refused.add(line, BAD_TIME) };
            let arm = arm.unwrap_or("").trim();
            let none = NO_ARM.iter().any(|n| n.eq_ignore_ascii_case(arm));
            found.rows.push(Exposure {
                person: found.people.number(person),
                arm: (!none).then(|| found.arms.number(arm)),
                market: market.map(|m| found.markets.number(m.trim())),
                time,
            });
        })?;
        found.refused = refused;
        if experiments.all().len() > 1 {
            let names: Vec<&str> = experiments.all().iter().take(12).map(String::as_str).collect();
            return Err(ExperimentFileError::Several { count: experiments.all().len(), names: names.join(", ") });
        }
        if found.rows.is_empty() {
            return Err(nothing(path, &found.refused));
        }
        if named && found.experiment.is_none() {
            found.experiment = experiments.all().first().cloned();
        }
        Ok(found)
    }
}

impl Exposures {
    /// Takes people off their arms who do not agree to be measured, whatever the file says.
    pub fn exclude(&mut self, refuses: impl Fn(&str) -> bool) {
        let refused: Vec<bool> = self.people.all().iter().map(|p| refuses(p)).collect();
        for row in &mut self.rows {
            if refused[row.person as usize] {
                row.arm = None;
            }
        }
    }
}

impl Orders {
    /// Orders from elsewhere than a file: person, microseconds since 1970, amount; one row an order.
    pub fn of<'a>(rows: impl Iterator<Item = (&'a str, i64, f64)>, wanted: &dyn Fn(&str) -> Option<u32>) -> Orders {
        let mut found = Orders { first: i64::MAX, last: i64::MIN, ..Orders::default() };
        for (person, time, amount) in rows {
            found.read += 1;
            (found.first, found.last) = (found.first.min(time), found.last.max(time));
            match wanted(person) {
                Some(person) => found.rows.push(Order { person, time, amount }),
                None => found.others += 1,
            }
        }
        found.sort();
        found
    }

    fn sort(&mut self) {
        self.rows.sort_by(|a, b| (a.person, a.time).cmp(&(b.person, b.time)).then(a.amount.total_cmp(&b.amount)));
    }

    /// Reads `person, time, amount[, order]` of those people that `wanted` knows. Rows of one order are one order; a row
    /// that says the same as another of its order is counted once.
    ///
    /// # Errors
    /// See [`ExperimentFileError`].
    pub fn read(path: &Path, wanted: &dyn Fn(&str) -> Option<u32>) -> Result<Orders, ExperimentFileError> {
        let mut columns = Columns::open(path, &["person", "time", "amount"], &["order"])?;
        let mut found = Orders { first: i64::MAX, last: i64::MIN, ..Orders::default() };
        let mut by_order: FxHashMap<(u32, String), Vec<usize>> = FxHashMap::default();
        let (mut refused, mut used) = (Refused::default(), 0_u64);
        found.read = columns.each(&mut refused, |line, texts, refused| {
            let &[person, time, amount, order] = texts else { return };
            let Some(person) = person else { return refused.add(line, "no person") };
            let Some(time) = time.and_then(micros) else { return refused.add(line, BAD_TIME) };
            let Some(amount) = amount.and_then(|a| a.trim().parse::<f64>().ok()).filter(|a| a.is_finite()) else {
                return refused.add(line, "`amount` is no finite number");
            };
            used += 1;
            (found.first, found.last) = (found.first.min(time), found.last.max(time));
            let Some(person) = wanted(person) else {
                found.others += 1;
                return;
            };
            if let Some(order) = order {
                let same = by_order.entry((person, order.to_owned())).or_default();
                if same.iter().any(|&r| found.rows[r].time == time && found.rows[r].amount == amount) {
                    found.repeated += 1;
                    return;
                }
                same.push(found.rows.len());
            }
            found.rows.push(Order { person, time, amount });
        })?;
        found.refused = refused;
        if used == 0 {
            return Err(nothing(path, &found.refused));
        }
        join_lines(&mut found.rows, by_order);
        found.sort();
        Ok(found)
    }
}

/// Rows of one order become one, at the time of the first; a refund stays apart, since it may come much later.
fn join_lines(rows: &mut Vec<Order>, by_order: FxHashMap<(u32, String), Vec<usize>>) {
    let mut gone = vec![false; rows.len()];
    for lines in by_order.into_values() {
        let bought: Vec<usize> = lines.into_iter().filter(|&r| rows[r].amount >= 0.0).collect();
        let Some((&first, others)) = bought.split_first() else { continue };
        for &other in others {
            rows[first].amount += rows[other].amount;
            rows[first].time = rows[first].time.min(rows[other].time);
            gone[other] = true;
        }
    }
    let mut at = 0;
    rows.retain(|_| {
        at += 1;
        !gone[at - 1]
    });
}

/// Microseconds since 1970 of seconds, a date, or a date and time with or without a zone (UTC without).
pub fn micros(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds.abs() < 9e12).then_some((seconds * 1e6) as i64);
    }
    if let Ok(t) = text.parse::<Timestamp>() {
        return Some(t.as_microsecond());
    }
    let civil = text.parse::<DateTime>().ok().or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))?;
    Some(TimeZone::UTC.to_timestamp(civil).ok()?.as_microsecond())
}
