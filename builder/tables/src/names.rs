//! Columns by name, as people write names: nearly; and numbers as people read them.

use crate::limits::COLUMNS_LISTED;

/// Position of a name: the same, or the only one that differs in capitals alone.
pub(crate) fn position(columns: &[String], name: &str) -> Option<usize> {
    let name = name.trim();
    if let Some(at) = columns.iter().position(|c| c == name) {
        return Some(at);
    }
    let lower = name.to_lowercase();
    let mut alike = (0..columns.len()).filter(|&at| columns.get(at).is_some_and(|c| c.to_lowercase() == lower));
    alike.next().filter(|_| alike.next().is_none())
}

/// The name most like it, when one is like it at all.
pub(crate) fn nearest<'a>(columns: &'a [String], name: &str) -> Option<&'a str> {
    let lower = name.trim().to_lowercase();
    // A third of the letters may differ: `rec_di` is `rec_id`, `cluster` is not `customer`.
    let most = lower.chars().count().max(3) / 3;
    let distance = |c: &String| strsim::damerau_levenshtein(&c.to_lowercase(), &lower);
    let best = columns.iter().map(|c| (distance(c), c)).min_by_key(|(d, _)| *d);
    best.filter(|(d, _)| *d <= most).map(|(_, c)| c.as_str())
}

/// `; did you mean …`, or what there is.
pub(crate) fn hint(near: Option<&str>, columns: &[String]) -> String {
    if let Some(near) = near {
        return format!("; did you mean `{near}`?");
    }
    let listed: Vec<&str> = columns.iter().take(COLUMNS_LISTED).map(String::as_str).collect();
    let more = columns.len().saturating_sub(listed.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("; it has {}{more}", listed.join(", "))
}

/// `12,345`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
