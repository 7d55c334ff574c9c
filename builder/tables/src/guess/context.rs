//! What a column means beside others: numbers before a street, words before a postcode, one of three parts of a date.

use super::assemble::Column;
use super::header::Meaning;
use super::verdict::Verdict;
use crate::mapping::{AttributeKind, Role};

/// Columns away at which a neighbour still says something.
const REACH: usize = 2;

/// Gives numbers and words without a name a meaning by the street or the postcode beside them.
pub(super) fn streets_and_cities(columns: &[Column<'_>], verdicts: &mut [Verdict]) {
    let has = |v: &Verdict, role| v.meaning == Some(Meaning::Role(role));
    for at in 0..columns.len() {
        let near = |role| around(at, columns.len()).any(|i| has(&verdicts[i], role));
        if verdicts[at].meaning == Some(Meaning::HouseNumber) && !verdicts[at].is_named && !near(Role::Street) {
            verdicts[at].meaning = Some(Meaning::Attribute(AttributeKind::Number));
            verdicts[at].why.push_str(", but no street is beside them");
        }
    }
    if verdicts.iter().any(|v| has(v, Role::City)) {
        return;
    }
    let families = verdicts.iter().filter(|v| has(v, Role::FamilyName)).count();
    let may_be_city = |at: usize| {
        let (v, p) = (&verdicts[at], &columns[at].profile);
        let free = match v.meaning {
            Some(Meaning::Attribute(AttributeKind::Text)) => true,
            // A country has few towns beside its people; a dozen short words are rather its states.
            Some(Meaning::Attribute(AttributeKind::Category)) => p.distinct > 12 && p.mean_chars() > 4.0,
            // Towns bear names of people; a family name is rarely in two columns.
            Some(Meaning::Role(Role::FamilyName)) => families > 1,
            _ => false,
        };
        free && !v.is_named && p.share(p.words) >= 0.7
    };
    let postcodes: Vec<usize> = (0..columns.len()).filter(|&at| has(&verdicts[at], Role::Postcode)).collect();
    let distance = |at: usize| postcodes.iter().map(|&p| (p.abs_diff(at), p < at)).min();
    let candidates = (0..columns.len()).filter(|&at| may_be_city(at));
    let ranked = candidates.filter_map(|at| Some((distance(at).filter(|d| d.0 <= REACH)?, at)));
    let Some((_, city)) = ranked.min() else { return };
    let street = (0..city).rev().find(|&at| has(&verdicts[at], Role::Street));
    let between: Vec<usize> =
        street.map(|street| (street + 1..city).filter(|&at| may_be_city(at)).collect()).unwrap_or_default();
    verdicts[city].meaning = Some(Meaning::Role(Role::City));
    verdicts[city].why.push_str("; words beside a postcode");
    for at in between {
        verdicts[at].meaning = Some(Meaning::Role(Role::Street));
        verdicts[at].why.push_str("; words between a street and a city");
    }
}

/// Positions beside another.
fn around(at: usize, columns_count: usize) -> impl Iterator<Item = usize> {
    (at.saturating_sub(REACH)..(at + REACH + 1).min(columns_count)).filter(move |i| *i != at)
}

/// Parts of a birth date count when all three are there and no whole date is.
pub(super) fn one_birth_date(columns: &[Column<'_>], verdicts: &mut [Verdict]) {
    let find = |verdicts: &[Verdict], meaning| verdicts.iter().position(|v| v.meaning == Some(meaning));
    let has_whole = find(verdicts, Meaning::Role(Role::BirthDate)).is_some();
    let parts = [Meaning::BirthYear, Meaning::BirthMonth, Meaning::BirthDay];
    let complete = !has_whole && parts.iter().all(|&part| find(verdicts, part).is_some());
    for verdict in verdicts.iter_mut().filter(|v| v.meaning.is_some_and(|m| parts.contains(&m))) {
        if complete {
            verdict.why.push_str(", one of year, month and day");
        } else if verdict.meaning == Some(Meaning::BirthYear) && !has_whole {
            verdict.meaning = Some(Meaning::Attribute(AttributeKind::Number));
            verdict.why.push_str(", a year without month and day");
        } else {
            *verdict =
                Verdict::ignore("a part of a birth date, of which another column has the whole or the rest is missing");
        }
    }
    // Of several whole dates found by their values alone, the one that reaches back furthest is a birth.
    let whole = |v: &Verdict| v.meaning == Some(Meaning::Role(Role::BirthDate));
    let least = |at: usize| columns[at].profile.years.map_or(u32::MAX, |(least, _)| least);
    let found: Vec<usize> = (0..columns.len()).filter(|&at| whole(&verdicts[at])).collect();
    let best = found.iter().copied().min_by_key(|&at| (!verdicts[at].is_named, least(at), at));
    let same_file =
        |a: usize, b: usize| columns[a].places.iter().any(|(f, _)| columns[b].places.iter().any(|(g, _)| f == g));
    for at in found {
        if let Some(best) = best.filter(|&best| best != at && same_file(best, at)) {
            verdicts[at].meaning = Some(Meaning::Attribute(AttributeKind::Date));
            verdicts[at].why.push_str(&format!(", but `{}` is the likelier birth date", columns[best].name));
        }
    }
}
