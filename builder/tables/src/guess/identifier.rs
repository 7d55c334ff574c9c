//! Which column tells the records of a file apart.

use super::header::{self, Meaning};
use super::profile::Profile;
use crate::mapping::Role;

/// A column as it is looked at here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) name: &'a str,
    /// None when it cannot be read as text.
    pub(super) profile: Option<&'a Profile>,
}

/// Names of ids that are surely of records, the surest first; other names may be of people.
const SURE: [&str; 9] = ["uniqueid", "recid", "recordid", "rid", "rowid", "id", "recordno", "recordnumber", "uid"];

/// The column of a file that tells its records apart: named like an id and unique, or else unique and no value that
/// people have. None when no column is unique.
pub(super) fn choose(columns: &[Candidate<'_>]) -> Option<usize> {
    let ranked = columns.iter().enumerate().filter_map(|(at, column)| rank(column).map(|rank| (rank, at)));
    ranked.min().map(|(_, at)| at)
}

/// The column that comes nearest, with how many of its rows repeat a value or have none.
pub(super) fn nearest(columns: &[Candidate<'_>]) -> Option<(usize, usize)> {
    let missing = |p: &Profile| p.rows - p.distinct.min(p.rows);
    let named = |column: &Candidate<'_>| header::named(column.name).is_some_and(|n| n.meaning == Meaning::Id);
    let allowed = |column: &Candidate<'_>| match header::named(column.name).map(|n| n.meaning) {
        Some(meaning) => matches!(meaning, Meaning::Id | Meaning::Role(Role::Number)),
        None => true,
    };
    let all = columns.iter().enumerate().filter(|(_, column)| allowed(column));
    // A name or an address that happens to be unique is no id, and there is nothing to mend in it.
    let best = all.filter_map(|(at, c)| c.profile.map(|p| (!named(c), missing(p), at))).filter(|c| c.1 > 0).min()?;
    Some((best.2, best.1))
}

/// Lower is better; none for a column that is no id.
fn rank(column: &Candidate<'_>) -> Option<usize> {
    let p = column.profile?;
    // A file without rows contradicts nothing.
    if !p.is_unique() && p.rows > 0 {
        return None;
    }
    let words = header::words(column.name);
    let whole = words.concat();
    if let Some(at) = SURE.iter().position(|name| *name == whole) {
        return Some(at);
    }
    let of_people = p.share(p.email).max(p.share(p.date)).max(p.share(p.street)).max(p.share(p.phone_marked));
    match header::named(column.name).map(|named| named.meaning) {
        Some(Meaning::Id) => return Some(20),
        Some(Meaning::Truth) => return None,
        Some(Meaning::Technical) if p.share(p.date) < 0.5 => return Some(70),
        Some(_) => return None,
        None => {}
    }
    if words.last().is_some_and(|w| matches!(w.as_str(), "id" | "key" | "no" | "number" | "code")) {
        return Some(30);
    }
    if p.rows == 0 || of_people > 0.5 || p.share(p.multiword) > 0.3 || p.share(p.decimal) > 0.1 {
        return None;
    }
    Some(match () {
        () if p.share(p.code) > 0.8 || p.share(p.machine_code) > 0.8 => 40,
        () if p.followed > 0 && p.stepping == p.followed => 45,
        () if p.share(p.integer) > 0.8 => 50,
        () => 60,
    })
}
