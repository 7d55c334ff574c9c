//! All columns together: one mapping for all files, with a reason for each column.

use rustc_hash::FxHashMap;

use super::context;
use super::header::{self, Meaning};
use super::identifier::{self, Candidate};
use super::profile::Profile;
use super::sample::Sample;
use super::verdict::{Verdict, verdict};
use super::words::Words;
use crate::limits::ATTRIBUTES_MAX;
use crate::mapping::{Attribute, AttributeKind, Mapping, Reasons, Role};
use crate::names::grouped;

/// A mapping that is proposed, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// What each column most likely means.
    pub mapping: Mapping,
    /// A line for each column.
    pub reasons: Reasons,
    /// Rows that were looked at, of all files.
    pub rows_count: usize,
}

impl Guess {
    /// The mapping as TOML, each column with its reason above it.
    pub fn to_toml(&self) -> String {
        self.mapping.to_toml(&self.reasons)
    }
}

/// No mapping can be proposed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuessError {
    /// Nothing to look at.
    #[error("no file to look at")]
    NoFiles,
    /// No column tells the records of a file apart.
    #[error(
        "{file}: no column is an id with a value of its own in each row, so no record can be named; {}add a column of row numbers \
         called `record_id`",
        advice(nearest.as_ref(), *rows)
    )]
    NoId {
        file: String,
        /// The column that comes nearest, and how many rows repeat one of its values or have none.
        nearest: Option<(String, usize)>,
        /// Rows that were looked at.
        rows: usize,
    },
}

fn advice(nearest: Option<&(String, usize)>, rows: usize) -> String {
    let told = |(column, repeated): &(String, usize)| {
        format!(
            "`{column}` comes nearest, but {repeated} of {rows} rows repeat a value of it or have none: mend these, or "
        )
    };
    nearest.map(told).unwrap_or_default()
}

/// A column of one file or several, which share its name but for capitals.
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    /// File, and position in it.
    pub(super) places: Vec<(usize, usize)>,
    unreadable: Option<&'a str>,
    pub(super) profile: Profile,
}

/// Proposes a mapping for files that are resolved together.
///
/// Columns of one name are taken for one column, whatever the file. Cost: one pass over the samples.
///
/// # Errors
/// No file is given, or one has no column that tells its records apart.
pub fn guess(samples: &[Sample]) -> Result<Guess, GuessError> {
    if samples.is_empty() {
        return Err(GuessError::NoFiles);
    }
    let words = Words::new();
    let columns = columns(samples, &words);
    let ids = ids(samples, &columns, &words)?;
    let mut verdicts: Vec<Verdict> = columns.iter().map(|c| judge(c, samples, &ids)).collect();
    context::streets_and_cities(&columns, &mut verdicts);
    context::one_birth_date(&columns, &mut verdicts);
    let rows_count = samples.iter().map(Sample::rows_count).sum();
    let (mut mapping, mut reasons) = (Mapping::default(), Reasons::new());
    for (sample, &id) in samples.iter().zip(&ids) {
        let name = sample.columns.get(id).cloned().unwrap_or_default();
        let rows = sample.rows_count();
        reasons.entry(name.clone()).or_insert_with(|| match rows {
            0 => "by its name; the file has no rows".to_owned(),
            _ => format!("a value of its own in each of {} rows", grouped(rows as u64)),
        });
        if !mapping.id.contains(&name) {
            mapping.id.push(name);
        }
    }
    // Of each file the first of the names that it has counts, so names that few files have come first.
    mapping.id.sort_by_key(|name| samples.iter().filter(|s| s.columns.contains(name)).count());
    for (column, verdict) in columns.iter().zip(&verdicts) {
        if !column.is_id(&ids) {
            place(column, verdict, &mut mapping);
            reasons.insert(column.name.to_owned(), verdict.why.clone());
        }
    }
    attributes(&columns, &verdicts, &ids, &mut mapping, &mut reasons);
    Ok(Guess { mapping, reasons, rows_count })
}

fn columns<'a>(samples: &'a [Sample], words: &Words) -> Vec<Column<'a>> {
    let mut columns: Vec<Column<'a>> = Vec::new();
    let mut by_name: FxHashMap<String, usize> = FxHashMap::default();
    for (file, sample) in samples.iter().enumerate() {
        for (at, name) in sample.columns.iter().enumerate() {
            let key = name.to_lowercase();
            // Two columns of one file that differ in capitals alone stay two.
            let known = by_name.get(&key).copied().filter(|&c| columns[c].places.iter().all(|(f, _)| *f != file));
            let unreadable = sample.unreadable.get(at).and_then(Option::as_deref);
            match known {
                Some(known) => {
                    columns[known].places.push((file, at));
                    columns[known].unreadable = columns[known].unreadable.or(unreadable);
                }
                None => {
                    by_name.insert(key, columns.len());
                    columns.push(Column { name, places: vec![(file, at)], unreadable, profile: Profile::default() });
                }
            }
        }
    }
    for column in &mut columns {
        let values = column.places.iter().flat_map(|&(file, at)| samples[file].values(at));
        column.profile = Profile::of(values, words);
    }
    columns
}

/// For each file the position of its id.
fn ids(samples: &[Sample], columns: &[Column<'_>], words: &Words) -> Result<Vec<usize>, GuessError> {
    let mut ids = Vec::new();
    for (file, sample) in samples.iter().enumerate() {
        let profile = |at| match columns.iter().find(|c| c.places == [(file, at)]) {
            Some(column) => column.profile.clone(),
            None => Profile::of(sample.values(at), words),
        };
        let profiles: Vec<Profile> = (0..sample.columns.len()).map(profile).collect();
        let candidate = |(at, name): (usize, &'_ String)| (at, name.clone());
        let named: Vec<(usize, String)> = sample.columns.iter().enumerate().map(candidate).collect();
        let candidates: Vec<Candidate<'_>> = named
            .iter()
            .map(|(at, name)| Candidate {
                name,
                profile: profiles.get(*at).filter(|_| sample.unreadable.get(*at) == Some(&None)),
            })
            .collect();
        match identifier::choose(&candidates) {
            Some(id) => ids.push(id),
            None => {
                let nearest = identifier::nearest(&candidates);
                let nearest = nearest.and_then(|(at, repeated)| Some((sample.columns.get(at)?.clone(), repeated)));
                return Err(GuessError::NoId { file: sample.file.clone(), nearest, rows: sample.rows_count() });
            }
        }
    }
    Ok(ids)
}

impl Column<'_> {
    fn is_id(&self, ids: &[usize]) -> bool {
        self.places.iter().any(|&(file, at)| ids.get(file) == Some(&at))
    }

    /// Nearly every value is a whole part of its row's id, as `Q42` is of `Q42-7`.
    fn is_part_of_id(&self, samples: &[Sample], ids: &[usize]) -> bool {
        let (mut parts, mut all) = (0, 0);
        for &(file, at) in &self.places {
            for (value, id) in samples[file].values(at).zip(samples[file].values(ids[file])) {
                let (Some(value), Some(id)) = (value, id) else { continue };
                all += 1;
                let ends = |rest: &str| !rest.starts_with(char::is_alphanumeric);
                let starts = |before: &str| !before.ends_with(char::is_alphanumeric);
                let whole = id.match_indices(value).any(|(i, _)| starts(&id[..i]) && ends(&id[i + value.len()..]));
                parts += usize::from(whole && value.len() < id.len());
            }
        }
        all >= 10 && parts * 10 >= all * 9
    }
}

fn judge(column: &Column<'_>, samples: &[Sample], ids: &[usize]) -> Verdict {
    if let Some(kind) = column.unreadable {
        return Verdict::ignore(format!("of type {kind}, which holds no text, number or date"));
    }
    let named = header::named(column.name);
    // An id may hold a country or a source, of which there are few, or an address, which its name says.
    let p = &column.profile;
    let may_be_truth = match named.map(|n| n.meaning) {
        Some(Meaning::Truth) => false,
        Some(Meaning::Role(role)) => matches!(role, Role::Number | Role::Device),
        _ => p.distinct > 12 && p.distinct * 100 > p.filled,
    };
    if may_be_truth && column.is_part_of_id(samples, ids) {
        return Verdict::ignore("a part of each row's id, which looks like a truth label; never map it");
    }
    verdict(named, p)
}

/// Puts a column with a role, or one to be ignored, into the mapping.
fn place(column: &Column<'_>, verdict: &Verdict, mapping: &mut Mapping) {
    let name = column.name.to_owned();
    match verdict.meaning {
        None | Some(Meaning::Id | Meaning::Truth | Meaning::Technical) => mapping.ignore.push(name),
        Some(Meaning::Role(role)) => mapping.role_mut(role).push(name),
        Some(Meaning::HouseNumber) => mapping.street.push(name),
        Some(part @ (Meaning::BirthYear | Meaning::BirthMonth | Meaning::BirthDay)) => {
            if mapping.birth_date.is_empty() {
                mapping.birth_date = vec![String::new(); 3];
            }
            let at = match part {
                Meaning::BirthYear => 0,
                Meaning::BirthMonth => 1,
                _ => 2,
            };
            if let Some(to) = mapping.birth_date.get_mut(at) {
                *to = name;
            }
        }
        Some(Meaning::Latitude | Meaning::Longitude | Meaning::Attribute(_)) => {}
    }
}

/// Adds attributes, those first whose names say what they are; more than the engine compares are ignored.
fn attributes(
    columns: &[Column<'_>],
    verdicts: &[Verdict],
    ids: &[usize],
    mapping: &mut Mapping,
    reasons: &mut Reasons,
) {
    let of = |meaning: Meaning| {
        let all = columns.iter().zip(verdicts).enumerate();
        all.filter(move |(_, (c, v))| v.meaning == Some(meaning) && !c.is_id(ids)).map(|(at, _)| at)
    };
    let mut wanted: Vec<(bool, usize, Attribute)> = Vec::new();
    let (mut latitudes, mut longitudes): (Vec<usize>, Vec<usize>) =
        (of(Meaning::Latitude).collect(), of(Meaning::Longitude).collect());
    // Two columns of small degrees are both taken for latitudes: the second of a pair is the longitude.
    if longitudes.is_empty() && latitudes.len() == 2 {
        longitudes.extend(latitudes.pop());
    }
    let alone = latitudes.len().min(longitudes.len());
    for at in latitudes.drain(alone..).chain(longitudes.drain(alone..)) {
        mapping.ignore.push(columns[at].name.to_owned());
        reasons.insert(columns[at].name.to_owned(), "degrees without the other coordinate".to_owned());
    }
    for (place, (latitude, longitude)) in latitudes.into_iter().zip(longitudes).enumerate() {
        let name = if place == 0 { "place".to_owned() } else { format!("place_{}", place + 1) };
        let names = [latitude, longitude].map(|at| columns[at].name.to_owned());
        wanted.push((true, latitude, Attribute { name, kind: AttributeKind::Place, columns: names.to_vec() }));
    }
    for kind in [AttributeKind::Category, AttributeKind::Text, AttributeKind::Number, AttributeKind::Date] {
        for at in of(Meaning::Attribute(kind)) {
            let name = columns[at].name.to_owned();
            let attribute = Attribute { name: name.clone(), kind, columns: vec![name] };
            wanted.push((verdicts[at].is_named, at, attribute));
        }
    }
    wanted.sort_by_key(|(named, at, _)| (!named, *at));
    let kept = wanted.len().min(ATTRIBUTES_MAX);
    for (_, _, attribute) in wanted.drain(kept..) {
        for column in attribute.columns {
            let why = format!("would be a {}, but {ATTRIBUTES_MAX} attributes are the most", attribute.kind);
            reasons.insert(column.clone(), why);
            mapping.ignore.push(column);
        }
    }
    wanted.sort_by_key(|(_, at, _)| *at);
    mapping.attributes = wanted.into_iter().map(|(_, _, attribute)| attribute).collect();
}
