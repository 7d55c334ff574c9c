//! Numbers and findings in words, the same in every rendering.

use kenal_types::System;

use crate::report::{Agreement, Check, DeadLetters, Freshness};

/// A system's name as a title.
pub(crate) fn title(system: System) -> &'static str {
    match system {
        System::Shopify => "Shopify",
        System::Zendesk => "Zendesk",
        System::Salesforce => "Salesforce",
        System::Warehouse => "Warehouse",
        System::App => "App",
    }
}

/// `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `23.0 %`; a share that rounds to nothing or to all but is neither says so.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        p if p > 0.0 && p < 0.05 => "< 0.1 %".to_owned(),
        p if p < 100.0 && p > 99.95 => "> 99.9 %".to_owned(),
        p => format!("{p:.1} %"),
    }
}

/// `3 h`, `2 d 4 h`.
pub(crate) fn age(hours: f64) -> String {
    let hours = hours.max(0.0).round() as u64;
    match (hours / 24, hours % 24) {
        (0, h) => format!("{h} h"),
        (d, 0) => format!("{d} d"),
        (d, h) => format!("{d} d {h} h"),
    }
}

/// `1 row`, `2 rows`.
pub(crate) fn rows(n: u64) -> String {
    if n == 1 { "1 row".to_owned() } else { format!("{} rows", count(n)) }
}

pub(crate) fn freshness(f: &Freshness) -> String {
    match (f.age_hours, f.age_hours_max) {
        (Some(hours), Some(max)) => format!("{} old; its limit is {}", age(hours), age(f64::from(max))),
        (Some(hours), None) => format!("{} old; no limit is set", age(hours)),
        (None, _) => "no file says how far it is complete".to_owned(),
    }
}

pub(crate) fn dead_letters(d: &DeadLetters) -> String {
    let field = if d.field.is_empty() { String::new() } else { format!(" in {}", d.field) };
    format!("{} rejected: {}{field}", rows(d.rows), d.reason.replace('_', " "))
}

pub(crate) fn check(c: &Check) -> String {
    if c.checked == 0 {
        return "nothing to compare".to_owned();
    }
    let failed =
        format!("does not hold for {} of {} ({})", count(c.failed), count(c.checked), percent(c.failed_share()));
    // One or two exceptions are all in the samples.
    let all = c.samples.len() as u64 == c.failed && c.failed > 0;
    if all { format!("{failed}: {}", c.samples.join(", ")) } else { failed }
}

pub(crate) fn agreement(a: &Agreement) -> String {
    let differ = a.both - a.same;
    format!(
        "{} differs in {} of {} shared emails ({})",
        a.field,
        count(differ),
        count(a.both),
        percent(1.0 - a.share())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (n, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (64_000_000, "64,000,000")] {
            assert_eq!(count(n), expected);
        }
        for (share, expected) in
            [(0.0, "0.0 %"), (0.0001, "< 0.1 %"), (0.23, "23.0 %"), (0.9999, "> 99.9 %"), (1.0, "100.0 %")]
        {
            assert_eq!(percent(share), expected);
        }
        for (hours, expected) in [(0.2, "0 h"), (26.0, "1 d 2 h"), (48.0, "2 d"), (-3.0, "0 h")] {
            assert_eq!(age(hours), expected);
        }
    }
}
