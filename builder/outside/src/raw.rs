//! Rows of a batch as raw records.

use kenal_identity::{RawRecord, Records, ResolveError};
use kenal_tables::mapping::{Positions, Role};
use kenal_tables::read::{Batch, Reader, RejectReason, Rejected};

/// Roles of which several columns make one value.
const JOINED: [Role; 4] = [Role::GivenName, Role::FamilyName, Role::BirthDate, Role::Street];

/// Values that are put together from several columns: texts one after another, and where each row's begin and end.
#[derive(Default)]
struct Joined {
    text: String,
    spans: Vec<Option<(usize, usize)>>,
}

impl Joined {
    fn add(&mut self, value: Option<&str>) {
        let start = self.text.len();
        self.spans.push(value.map(|value| {
            self.text.push_str(value);
            (start, self.text.len())
        }));
    }

    fn get(&self, row: usize) -> Option<&str> {
        let (start, end) = (*self.spans.get(row)?)?;
        self.text.get(start..end)
    }
}

/// Pushes the rows of a batch; gives those that have no id.
pub fn push(
    records: &mut Records,
    source: u8,
    batch: &Batch,
    positions: &Positions,
    reader: &Reader,
) -> Result<Vec<Rejected>, ResolveError> {
    let rows = batch.rows_count();
    let mut scratch = String::new();
    let joined = JOINED.map(|role| {
        let mut joined = Joined::default();
        if positions.role(role).len() > 1 {
            (0..rows).for_each(|row| joined.add(positions.joined(role, batch, row, &mut scratch)));
        }
        joined
    });
    let places: Vec<Joined> = positions
        .attributes
        .iter()
        .map(|columns| {
            let mut joined = Joined::default();
            if let [latitude, longitude] = columns[..] {
                for row in 0..rows {
                    let both = batch.get(row, latitude).zip(batch.get(row, longitude));
                    joined.add(both.map(|(x, y)| format!("{x} {y}")).as_deref());
                }
            }
            joined
        })
        .collect();
    let first = |row: usize, role: Role| positions.role(role).iter().find_map(|&column| batch.get(row, column));
    let value = |row: usize, at: usize| match positions.role(JOINED[at]) {
        [column] => batch.get(row, *column),
        _ => joined[at].get(row),
    };
    let all = |row: usize, role: Role| positions.role(role).iter().filter_map(|&c| batch.get(row, c)).collect();
    let attribute = |row: usize, n: usize| match positions.attributes[n][..] {
        [column] => batch.get(row, column),
        _ => places[n].get(row),
    };
    let mut raws = Vec::with_capacity(rows);
    let mut rejected = Vec::new();
    for row in 0..rows {
        let Some(id) = batch.get(row, positions.id) else {
            rejected.push(no_id(batch, row, reader));
            continue;
        };
        raws.push(RawRecord {
            source,
            id,
            given_name: value(row, 0),
            family_name: value(row, 1),
            full_name: first(row, Role::FullName),
            birth_date: value(row, 2),
            emails: all(row, Role::Email),
            phones: all(row, Role::Phone),
            street: value(row, 3),
            city: first(row, Role::City),
            postcode: first(row, Role::Postcode),
            country: first(row, Role::Country),
            devices: all(row, Role::Device),
            number: first(row, Role::Number),
            attributes: (0..positions.attributes.len()).map(|n| attribute(row, n)).collect(),
        });
    }
    records.push(&raws)?;
    Ok(rejected)
}

fn no_id(batch: &Batch, row: usize, reader: &Reader) -> Rejected {
    let cells: Vec<&str> = (0..batch.columns_count()).map(|column| batch.get(row, column).unwrap_or("")).collect();
    let raw = cells.join(",").into_bytes();
    Rejected {
        file: reader.path().file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        line: batch.line(row),
        reason: RejectReason::NoId,
        raw_bytes: raw.len() as u64,
        raw,
    }
}
